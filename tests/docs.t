#!/usr/bin/env bash
# vm: --smp 1
#
# Types what README.md and docs/ show at a root prompt, and compares what comes with what they show.
#
# These are the blocks that begin with ```console; with TAG=… in the environment, only those that begin with ```console
# and that; tests/host/docs.t, tests/host/crashes.t and tests/sanitized/crashes.t have what it takes to run them. With
# BLOCKS=REGEX, only the blocks that match it are typed.

. "$(dirname "$0")/kernel.sh" || exit
. "$(dirname "$0")/shown.sh"

tag=${TAG:-}
scratch=$(mktemp -d)

# type COMMAND: in this shell, so that what it opens stays open.
type_command() {
	eval "$1" >"$scratch/output" 2>&1 </dev/null
	# (What ends a process, a shell at a terminal says without its number and its command.)
	output=$(sed -E "s,^$0: (eval: )?line [0-9]+: +[0-9]+ (Segmentation fault|Killed) .*,\\2,; s,^$0: (eval: )?line [0-9]+: ,bash: ," "$scratch/output")
}

check_command() {
	type_command "$2"
	is_as_shown "$output" "$3" "$1: $2"
}

# The first foreign module makes the kernel say more than those that follow.
insmod hello_world.ko
rmmod hello_world

# typed FILE: a copy of it with the blocks that are typed.
typed() {
	perl -0777 -pe 's/^```console.*?^```$/my $block = $&; $block =~ m{$ENV{BLOCKS}} ? $block : ""/gmse if $ENV{BLOCKS}' "$1" >"$scratch/page"
	echo "$scratch/page"
}
check_on_page() { check_command "$file" "${@:2}"; }
for file in README.md docs/*.md docs/guide/*.md; do each_command "$(typed "$file")" "console${tag:+ $tag}" '# ' check_on_page; done

# What the table of the modules says to type.
if [[ -z $tag ]]; then
	while IFS='|' read -r name command; do
		type_command "$command"
		# What the last command prints comes from the module: from its file, or from the log.
		like "${output##*$'\n'}" "^(Hello World|hello|[0-9]+|\\[.*\\] $name: .+)\$" "README.md: $command"
		[[ ! -d /sys/module/$name ]] || modprobe -r "$name"
	done < <(sed -n 's/\\|/\a/g; s/^| \[\([a-z_]*\)\][^|]*|[^|]*| `\([^`]*\)` |.*/\1|\2/p' README.md | tr '\a' '|')
fi

rm -r "$scratch"
# docs/troubleshooting.md takes a name in /proc twice.
[[ -n $tag ]] || expect_splat "proc_dir_entry '/proc/hello' already registered"
kmsg >/dev/null
# Nothing is as before a crash.
case $tag in crashes | sanitized) tap_end ;; esac
done_testing
