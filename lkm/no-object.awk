# SPDX-License-Identifier: GPL-2.0

# Reads the crate as rustc expands it, and refuses what only an object file can hold: a crate that is compiled to
# metadata alone would lose it, partly without a word. Macros for modules are left out: what they make is the module's.

/^ *(pub )?macro_rules! / { depth = match($0, /[^ ]/); if (!/}$/) in_macro = 1; next }
in_macro { if (match($0, /[^ ]/) == depth && /^ *[})]/) in_macro = 0; next }
/^ *(pub(\([^)]*\))? )?static (mut )?[A-Za-z_]/ ||
/#\[(unsafe\()?(used|no_mangle|export_name|link_section)/ ||
/global_asm!/ {
	print "lkm: error: the crate has no object file, in which this would have to be:"
	print "lkm:   " $0
	bad = 1
}
END { exit bad }
