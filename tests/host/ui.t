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
