#!/usr/bin/env bash
# Every command in the documents is tried: the list below has each sh block of the documents, with the test that types it, or with
# the reason why no test does. (guide.t compares the blocks of the guide that show a file with that file. tests/docs.t types the
# console blocks in the virtual machine.)

. "$(dirname "$0")/../tap.sh" || exit
. "$(dirname "$0")/../shown.sh"
cd "$(dirname "$0")/../.." || exit

# DOCUMENT | THE FIRST LINE OF THE BLOCK | TEST, which reads the block from the document
# DOCUMENT | THE FIRST LINE OF THE BLOCK | not typed: WHY, and which tests try the same
list=$(
	cat <<'LIST'
README.md | sudo apt-get install git make mmdebstrap | all/host/ordinary_user.t
README.md | scripts/new-module.sh ../number | host/new_module.t
README.md | sudo apt-get install make gcc | debian/readme.sh
docs/crashes.md | scripts/decode.sh build/log/crash-….log | not typed: the name differs from run to run. host/crashes.t gives decode.sh such a file
docs/reliability.md | make test-sanitized | not typed: these are the tests themselves. host/test_runner.t tries each of the options
docs/rust-headers.md | sudo apt install "$(scripts/sandbox.sh scripts/rust-headers.sh --deb)" | not typed: sudo installs it on this machine. all/host/packages.t does it in a Debian made for it
docs/rust-headers.md | make -C /lib/modules/$(uname -r)/build M=$PWD | not typed: it needs the headers of the running kernel. all/host/packages.t does it in a Debian made for it
docs/rust-headers.md | sudo apt install "$(scripts/sandbox.sh scripts/rust-headers.sh --deb-hook)" | not typed: sudo installs it on this machine. all/host/packages.t does it in a Debian made for it
docs/rust-headers.md | sudo apt install "$(scripts/dkms.sh)" | not typed: sudo installs it on this machine. all/host/dkms.t does it in a Debian made for it
docs/rust-headers.md | sudo dpkg --configure -a | debian/upgrade.t
docs/secure-boot.md | sudo apt-get install mokutil openssl | not typed: it enrols a key in this machine's firmware. debian/secure_boot.t does it in a virtual machine
docs/your-own-module.md | scripts/new-module.sh ../number | host/new_module.t
docs/your-own-module.md | . "$RUST_LKM/tests/kernel.sh" | host/new_module.t
docs/your-own-module.md | …/scripts/decode.sh --source DIR | not typed: the paths are those of a crash. host/own_directory.t types what is shown after one
docs/guide/12-own-machine.md | make KDIR=/path/to/build/tree | host/guide.t
docs/guide/14-own-kernel.md | cp tests/sanitized.config | long/host/own_kernel.t
docs/guide/14-own-kernel.md | KERNEL=7.3.4-mine make vm | long/host/own_kernel.t
docs/guide/14-own-kernel.md | scripts/sandbox.sh make modules_install | host/guide.t
docs/guide/15-testing.md | make test-sanitized | not typed: these are the tests themselves. host/test_runner.t tries the option
tests/README.md | make test | not typed: these are the tests themselves. host/test_runner.t and host/generated_mutants.t try each of the targets
tests/README.md | #!/usr/bin/env bash | host/docs.t
LIST
)

# unlisted DOCUMENT…: prints the sh blocks that are not in the list.
unlisted() {
	local document first line known
	for document; do
		while IFS= read -r first; do
			known=''
			while IFS= read -r line; do
				line=${line#"$document | "}
				[[ "$first " != "${line% | *} "* ]] || known=1
			done < <(grep -F "$document | " <<<"$list")
			[[ -n $known ]] || echo "$document: $first"
		done < <(awk '
			/^ *```/ { if (!inside) { first = /^ *```sh$/ && shown !~ /^<!-- code: / } inside = !inside; shown = ""; next }
			inside && first { print; first = 0 }
			{ shown = $0 }' "$document")
	done
}

documents=(README.md docs/*.md docs/guide/*.md tests/README.md)
is "$(unlisted "${documents[@]}")" "" "each sh block of the documents is in the list"

# Check that the list is right: that the document has the block, that the test reads it from there, and that a reason names tests.
no_block='' not_taken='' no_reason=''
while IFS= read -r line; do
	document=${line%% | *} what=${line##* | } first=${line#*" | "}
	first=${first%" | $what"}
	[[ -n $(sh_block "$document" "$first") ]] || no_block+="$line"$'\n'
	if [[ $what == "not typed: "* ]]; then
		named=$(grep -oE '[a-z_/]+\.t\b' <<<"$what")
		[[ -n $named ]] || no_reason+="$line"$'\n'
	else
		named=$what
		grep -qE "(sh_block|sh_commands) $document " "tests/$what" || not_taken+="$line"$'\n'
	fi
	for test in $named; do [[ -e tests/$test ]] || not_taken+="$test is not there: $line"$'\n'; done
done <<<"$list"
is "$no_block" "" "each block in the list is in its document"
is "$not_taken" "" "the test that types a block reads it from the document"
is "$no_reason" "" "a block that no test types has a reason, which names tests that try the same"

# Check that a new block would be noticed, and a changed one, too.
printf '# A page\n\n```sh\nmake never\n```\n\n<!-- code: tests/startstop.t -->\n```sh\n#!/usr/bin/env bash\n```\n' >"$tap_directory/page.md"
is "$(unlisted "$tap_directory/page.md")" "$tap_directory/page.md: make never" "a new block that is not in the list is noticed"
is "$(sh_block docs/guide/12-own-machine.md 'make KDIR=/path/to/no/tree')" "" "… and one that has changed is not found"

done_testing
