# SPDX-License-Identifier: GPL-2.0

# Reads the crate after rustc has expanded its macros, and refuses items that only an object file can hold. A crate that is
# compiled only to metadata would lose them, some of them without a message. Macros for modules are left out, because their
# code becomes part of the module.

/^ *(pub )?macro_rules! / { depth = match($0, /[^ ]/); if (!/}$/) in_macro = 1; next }
in_macro { if (match($0, /[^ ]/) == depth && /^ *[})]/) in_macro = 0; next }
/^ *(pub(\([^)]*\))? )?static (mut )?[A-Za-z_]/ ||
/#\[(unsafe\()?(used|no_mangle|export_name|link_section)/ ||
/global_asm!/ {
	print "lkm: error: this needs an object file, and the crate has none:"
	print "lkm:   " $0
	bad = 1
}
END { exit bad }
