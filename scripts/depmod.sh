#!/usr/bin/env bash
# Usage: scripts/depmod.sh RELEASE
#
# Runs depmod for kernel RELEASE, so that modprobe finds the modules that make modules_install has just copied.
# kbuild calls it. (kbuild has its own depmod.sh, which does nothing without a System.map. Packaged headers do not have one.)
#
#   --help   this text
#
# INSTALL_MOD_PATH in the environment is the directory that contains lib/modules, as for kbuild. If the kernel itself is not
# installed there, it does nothing, because there is no list of the kernel's modules.
#
# The exit status is 0, 1 if depmod failed, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit

case ${1:-} in
-h | --help) usage && exit ;;
-*) bad_usage "unknown option $1" ;;
esac
(($# == 1)) || bad_usage "one RELEASE"

modules=${INSTALL_MOD_PATH:-}/lib/modules/$1
if [[ ! -e $modules/modules.order || ! -e $modules/modules.builtin ]]; then
	say "kernel $1 itself is not installed in $modules, so depmod is not run"
	exit
fi
# (It is in /usr/sbin, which is not in everyone's PATH.)
PATH=$PATH:/usr/sbin:/sbin
depmod ${INSTALL_MOD_PATH:+-b "$INSTALL_MOD_PATH"} "$1" || die "depmod failed for kernel $1"
