#!/usr/bin/env bash
# source-kernel.sh: which fragments it refuses. (make test-sanitized shows that the kernel that it builds works.)

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

directory=$(mktemp -d "$PWD/build/source-kernel-test.XXXXXX")
temporary+=("$directory")
kernel() { run scripts/sandbox.sh scripts/source-kernel.sh "$@"; }

# An option that no longer exists, one whose dependencies are not met, one that another option turns on, a number.
cat >"$directory/refused.config" <<-'CONFIG'
	CONFIG_EXPERT=y
	CONFIG_NO_SUCH_OPTION=y
	CONFIG_MODULE_SIG=y
	CONFIG_DEBUG_KERNEL=y
	CONFIG_PROVE_LOCKING=y
	# CONFIG_LOCKDEP is not set
	# CONFIG_NO_SUCH_OPTION_EITHER is not set
	CONFIG_NR_CPUS=3
CONFIG
kernel "$directory/refused.config"
is "$status" 1 "a fragment is refused if an option of it is lost"
is "$(sed -n 's/: the result has.*//p' build/log/source-kernel-refused.log)" "CONFIG_NO_SUCH_OPTION=y
CONFIG_MODULE_SIG=y
# CONFIG_LOCKDEP is not set
CONFIG_NR_CPUS=3" "… and each lost option is named"
like "$stderr" "the configuration is not what ${directory#"$PWD"/}/refused.config asks for" "… with what to do about it"
kernel "$directory/refused.config" linux-source-0.0=1
like "$status $stderr" '^1 .*apt-get could not download linux-source-0.0=1' "a source that does not exist is an error"
is "$(ls -d build/kernels/*-refused 2>&1)" "ls: cannot access 'build/kernels/*-refused': No such file or directory" "none of this built a kernel"
rm -rf build/kernels/refused.*

done_testing
