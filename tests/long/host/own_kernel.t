#!/usr/bin/env bash
# Your own kernel: types the commands in chapter 14 of the guide, and solves its first exercise. It builds a kernel, which takes
# many minutes.

. "$(dirname "$0")/../../tap.sh" || exit
. "$(dirname "$0")/../../shown.sh"
cd "$(dirname "$0")/../../.." || exit

# (It uses another name, so that a reader's own kernel stays.)
commands_from() { sh_commands docs/guide/14-own-kernel.md "$1" | sed 's/\bmine\b/guide-test/g'; }
mapfile -t commands < <(commands_from "cp ")
remove_kernel() { rm -rf guide-test.config build/{kernels,modules}/*guide-test* build/log/source-kernel-guide-test.log; }
trap 'remove_kernel; rm -rf "${temporary[@]}"' EXIT
remove_kernel

run bash -c "${commands[0]}"
is "$status $(cmp tests/sanitized.config guide-test.config)" "0 " "the fragment is copied: ${commands[0]}"
sed -i 's/^CONFIG_HZ_250=y$/CONFIG_HZ_1000=y/' guide-test.config
is "$(diff tests/sanitized.config guide-test.config | grep -c '^[<>]')" 2 "the first exercise changes one option"
run bash -c "${commands[1]}"
is "$status ${#commands[@]}" "0 2" "the kernel is built: ${commands[1]}"
((status == 0)) || diag "$(tail -n 20 <<<"$stderr")"
release=$(cat "$stdout/include/config/kernel.release")
like "$release" '^[0-9]+\.[0-9.]+-guide-test$' "its release is the source's version and the file's name"
is "$stdout" "$PWD/build/kernels/$release/build" "the build tree is printed"

command=$(commands_from KERNEL= | sed -E "s/[0-9.]+-guide-test/$release/")
like "$command" "^KERNEL=$release make vm\$" "KERNEL chooses it"
screen=$(echo 'uname -r; insmod simple.ko; dmesg | tail -n 1; exit' | script -qec "$command" /dev/null | tr -d '\r')
like "$screen" "${release//./[.]}"$'\n' "it boots in the virtual machine"
like "$screen" 'simple: HZ = 1000'$'\n' "… and simple says that HZ is 1000"
done_testing
