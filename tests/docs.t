#!/usr/bin/env bash
# vm: --smp 1
#
# Types the commands that README.md and docs/ show at a root prompt, and compares the output with what they show.
#
# It types the blocks that begin with ```console. With TAG=… in the environment, it types only the blocks that begin with
# ```console and this tag; tests/host/docs.t, tests/host/crashes.t and tests/sanitized/crashes.t prepare a machine for them. With
# BLOCKS=REGEX, it types only the blocks that match.

. "$(dirname "$0")/kernel.sh" || exit
. "$(dirname "$0")/shown.sh"

tag=${TAG:-}
scratch=$(mktemp -d)

# type_command COMMAND: runs it in this shell, so that files that it opens stay open. Sets output.
type_command() {
	eval "$1" >"$scratch/output" 2>&1 </dev/null
	# (If a process is killed, a shell at a terminal prints neither its number nor its command.)
	output=$(sed -E "s,^$0: (eval: )?line [0-9]+: +[0-9]+ (Segmentation fault|Killed) .*,\\2,; s,^$0: (eval: )?line [0-9]+: ,bash: ," "$scratch/output")
}

check_command() {
	type_command "$2"
	is_as_shown "$output" "$3" "$1: $2"
}

# For the first foreign module, the kernel prints more than for those that follow.
insmod hello_world.ko
rmmod hello_world

# typed FILE: prints the path of a copy that has only the blocks to type.
typed() {
	perl -0777 -pe 's/^```console.*?^```$/my $block = $&; $block =~ m{$ENV{BLOCKS}} ? $block : ""/gmse if $ENV{BLOCKS}' "$1" >"$scratch/page"
	echo "$scratch/page"
}
check_on_page() { check_command "$file" "${@:2}"; }
for file in README.md docs/*.md docs/guide/*.md; do each_command "$(typed "$file")" "console${tag:+ $tag}" '# ' check_on_page; done

# Type the commands in the table of the modules.
if [[ -z $tag ]]; then
	while IFS='|' read -r name command; do
		type_command "$command"
		# The output of the last command comes from the module: from its file, or from the log.
		like "${output##*$'\n'}" "^(Hello World|hello|[0-9]+|\\[.*\\] $name: .+)\$" "README.md: $command"
		[[ ! -d /sys/module/$name ]] || modprobe -r "$name"
	done < <(sed -n 's/\\|/\a/g; s/^| \[\([a-z_]*\)\][^|]*|[^|]*| `\([^`]*\)` |.*/\1|\2/p' README.md | tr '\a' '|')
fi

rm -r "$scratch"
# docs/troubleshooting.md registers a name in /proc twice.
[[ -n $tag ]] || expect_splat "proc_dir_entry '/proc/hello' already registered"
kmsg >/dev/null
# After a crash, the machine is not as before. So leave out the gates.
case $tag in crashes | sanitized) tap_end ;; esac
done_testing
