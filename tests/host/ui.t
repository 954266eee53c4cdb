#!/usr/bin/env bash
# The files in tests/ui/ must not compile. The compiler's messages, which say what is wrong and what to write instead, must be
# those in the files beside them. tests/ui.sh --help says how to accept messages that have changed.

. "$(dirname "$0")/../tap.sh" || exit
cd "$(dirname "$0")/../.." || exit

out=build/ui
kdir=$(scripts/sandbox.sh scripts/rust-headers.sh)
built=build/modules/$(<"$kdir/include/config/kernel.release")
run scripts/sandbox.sh tests/ui.sh "$built" "$out"
is "$status $stderr" "0 " "the files are compiled"

for file in tests/ui/*.rs; do
	name=$(basename "$file" .rs)
	is "$(cat "$out/$name.status")" 1 "$file is refused"
	same "$(cat "$out/$name.stderr")" "$(cat "tests/ui/$name.stderr")" "… with the message in $name.stderr"
done
same "$(printf '%s\n' tests/ui/*.stderr | sed 's/stderr$/rs/')" "$(printf '%s\n' tests/ui/*.rs)" "every file has a message, and every message has a file"

run scripts/sandbox.sh tests/ui.sh "$built" "$out-control" module_param.rs
is "$(cat "$out-control/module_param".{status,stderr})" 0 "correct code compiles in the same way, without a message"

# The longest text of each type says how many elements an array may have whose text fits into a page.
declare -A longest=([bool]=Y [byte]=255 [short]=-32768 [ushort]=65535 [int]=-2147483648 [uint]=4294967295 [hexint]=0xffffffff
	[long]=-9223372036854775808 [ulong]=18446744073709551615 [ullong]=18446744073709551615)
mkdir -p "$out-sources"
rm -f "$out-sources"/*
for type in "${!longest[@]}"; do
	most=$((4095 / (${#longest[$type]} + 1)))
	for n in "$most" "$((most + 1))"; do
		name=$([[ $n == "$most" ]] && echo fits || echo over)
		printf 'use lkm::module_param;\nmodule_param! {\n\tnumbers: [%s; %d] = [], 0o444, "Numbers";\n}\n' "$type" "$n" >"$out-sources/${name}_$type.rs"
	done
done
run scripts/sandbox.sh tests/ui.sh "$built" "$out-arrays" "$out-sources"/*.rs
is "$(cat "$out-arrays"/fits_*.status | sort | uniq -c | xargs)" "${#longest[@]} 0" "an array of each type may have as many elements as fit into a page"
is "$(cat "$out-arrays"/over_*.status | sort | uniq -c | xargs)" "${#longest[@]} 1" "… and no more"
is "$(grep -L 'write a smaller N, or the mode 0' "$out-arrays"/over_*.stderr)" "" "… for this reason"

# The conditions of each refusal, from both sides. (The files in tests/ui/ show the messages, with one value each.)
mkdir -p "$out-edges-sources"
rm -f "$out-edges-sources"/*
# edges KIND ACCEPTED REFUSED TEXT…: makes files of TEXT, with each value instead of VALUE.
edges() {
	local value
	for value in $2; do printf '%s\n' "${@:4}" | sed "s/VALUE/$value/g" >"$out-edges-sources/$1_accepted_$value.rs"; done
	for value in $3; do printf '%s\n' "${@:4}" | sed "s/VALUE/$value/g" >"$out-edges-sources/$1_refused_$value.rs"; done
}
edges param "0 0o400 0o440 0o444 0o200 0o600 0o620 0o640 0o644 0o660 0o664 0o555" \
	"0o004 0o040 0o044 0o404 0o020 0o060 0o464 0o002 0o222 0o646 0o666 0o1000 0o1444" \
	'lkm::module_param! { number: int = 1, VALUE, "A number"; }'
edges array "0 0o400 0o444" "0o044 0o200 0o600 0o644 0o220" 'lkm::module_param! { numbers: [int; 2] = [1, 2], VALUE, "Numbers"; }'
edges elements "0 1 2" "3" 'lkm::module_param! { numbers: [int; 2] = [7; VALUE], 0o444, "Numbers"; }'
edges string "1024" "1025" 'const BYTES: [u8; VALUE + 1] = { let mut bytes = [1; VALUE + 1]; bytes[VALUE] = 0; bytes };' \
	'const LONG: &core::ffi::CStr = match core::ffi::CStr::from_bytes_with_nul(&BYTES) { Ok(text) => text, Err(_) => panic!() };' \
	'lkm::module_param! { name: charp = LONG, 0o444, "A name"; }'

text="use kernel::{prelude::*, seq_file::SeqFile}; use lkm::proc_fs; struct None;"
show="impl proc_fs::Show for None { const MODE: u16 = VALUE; fn show(&self, _m: &SeqFile) -> Result { Ok(()) } }"
write="impl proc_fs::Write for None { const MODE: u16 = VALUE; fn write(&self, _text: &[u8]) -> Result { Ok(()) } }"
list="impl proc_fs::List for None { const MODE: u16 = VALUE; type Key = u64; fn next(&self, _: Option<u64>, _: &SeqFile) -> Result<Option<u64>> { Ok(Option::None) } }"
keyed="impl proc_fs::List for None { const MODE: u16 = 0o444; type Key = [u8; VALUE];
	fn next(&self, _: Option<[u8; VALUE]>, _: &SeqFile) -> Result<Option<[u8; VALUE]>> { Ok(Option::None) } }"
stream="impl proc_fs::Stream for None { const MODE: u16 = VALUE; type Open = (); fn open(&self) -> Result { Ok(()) } }"
alone='pub fn file() -> Result<proc_fs::File> { proc_fs::File::new(c"none", proc_fs::KIND(None)) }'
below='pub fn file() -> Result<proc_fs::File> { proc_fs::Dir::new(c"some")?.file(c"none", proc_fs::KIND(None)) }'
edges show "0o400 0o440 0o444" "0 0o200 0o020 0o002 0o100 0o644 0o1444" "$text$show" "${alone/KIND/read_only}"
edges write "0o200 0o220 0o222" "0 0o400 0o040 0o004 0o100 0o644 0o1222" "$text$write" "${alone/KIND/write_only}"
edges read_write_show 0o444 "0 0o644" "$text$show${write/VALUE/0o200}" "${alone/KIND/read_write}"
edges read_write_write 0o222 "0 0o644" "$text$write${show/VALUE/0o400}" "${alone/KIND/read_write}"
edges list "0o400 0o440 0o444" "0 0o200 0o020 0o002 0o100 0o644 0o1444" "$text$list" "${alone/KIND/list}"
edges key 1024 1025 "$text$keyed" "${alone/KIND/list}"
edges stream "0o400 0o444 0o200 0o222 0o666" "0 0o100 0o010 0o001 0o1666" "$text$stream" "${alone/KIND/stream}"
edges show_in_a_directory 0o444 "0 0o644" "$text$show" "${below/KIND/read_only}"
# What any thread may use, or get from another one.
printf '%s\n' '//! Threads.' 'use lkm::{chardev, module_param::types::Charp, proc_fs};' 'fn shared<T: Send + Sync>() {}' '/// All of these.' \
	'pub fn all<T: chardev::Device>() { shared::<Charp>(); shared::<proc_fs::File>(); shared::<proc_fs::Dir>(); shared::<chardev::Registration<T>>() }' \
	>"$out-edges-sources/shared.rs"
run scripts/sandbox.sh tests/ui.sh "$built" "$out-edges" "$out-edges-sources"/*.rs
is "$status $stderr" "0 " "they are compiled"
is "$(cat "$out-edges/shared".{status,stderr})" 0 "threads may share strings, files and devices"
# edges_with TEXT FILE…: prints how many of the files have this line.
edges_with() { cat -- "${@:2}" | grep -cx -- "$1"; }
for kind in "$out-edges-sources"/*_accepted_*; do
	kind=${kind##*/} kind=${kind%_accepted_*}
	[[ $kind != "${seen:-}" ]] || continue
	seen=$kind
	accepted=("$out-edges-sources/$kind"_accepted_*) refused=("$out-edges-sources/$kind"_refused_*)
	same "$(edges_with 0 "$out-edges/$kind"_accepted_*.status)" "${#accepted[@]}" "${kind//_/ }: correct values are accepted"
	is "$(edges_with 1 "$out-edges/$kind"_refused_*.status) $(edges_with 'error\[E0080\]: .*' "$out-edges/$kind"_refused_*.stderr)" \
		"${#refused[@]} ${#refused[@]}" "… and others refused while the constants are computed"
done

run scripts/sandbox.sh tests/ui.sh --without CONFIG_64BIT "$built" "$out-without" lkm/lib.rs
like "$(cat "$out-without/lib".{status,stderr})" '^1.error: lkm is for 64-bit kernels' "a 32-bit kernel is refused"

# Check that there is a file for each refusal of the crate. A refusal is a text in one of these macros or attributes. Where it has
# {}, the compiler puts in something.
mapfile -t sources < <(find lkm -name '*.rs')
run perl -0777 -ne '
	s/^\s*\/\/.*//gm;
	my $string = qr/"((?:[^"\\]|\\.)*)"/s;
	my $arguments = qr/(\((?:[^()"]|$string|(?-2))*\))/s;
	while (/\b(assert|panic|compile_error|build_assert|build_error|on_unimplemented)!?$arguments/g) {
		my ($kind, $text) = ($1, $2);
		my @strings;
		push @strings, $1 while $text =~ /$string/g;
		# In an assertion, the compared values come first.
		@strings = $strings[-1] if $kind =~ /assert/ && @strings;
		for (@strings) { s/\\\n\s*//g; s/\\"/"/g; print "$_\n" }
	}' "${sources[@]}"
mapfile -t refusals <<<"$stdout"
ok $((${#refusals[@]} < 5)) "the crate has ${#refusals[@]} refusals"
for refusal in "${refusals[@]}"; do
	pattern=$(sed 's/[][\.*^$]/\\&/g; s/{[^}]*}/.*/g' <<<"$refusal")
	grep -q -- "$pattern" tests/ui/*.stderr "$out-without/lib.stderr"
	ok "$?" "a file has this refusal: $refusal"
done

# A public trait says what is wrong with a type that lacks it, and what to write instead. (That there is a file for what it says, is
# checked above.)
mapfile -t traits < <(perl -00 -ne '
	next if !/^pub (?:unsafe )?trait (\w+)/m || /^#\[doc\(hidden\)\]/m;
	my $trait = $1;
	printf "%d trait %s\n", !/^#\[diagnostic::on_unimplemented\(\s*message = .*?\s*note = /ms, $trait' "${sources[@]}")
ok $((${#traits[@]} < 5)) "the crate has ${#traits[@]} public traits"
for trait in "${traits[@]}"; do
	ok "${trait%% *}" "a type without the ${trait#* } is refused with our message"
done

# Private fields stay private.
run grep -nE '^\s*pub [a-z_]+:|^\s*pub struct [^;{]*\(pub ' -r lkm --include='*.rs'
is "$stdout" "" "no field of the crate is public"

done_testing
