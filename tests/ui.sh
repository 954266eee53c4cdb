#!/usr/bin/env bash
# Usage: tests/ui.sh [--bless | --without NAME] MO OUT [FILE...]
#
# Compiles each FILE (default: all of tests/ui/) as kbuild compiles a module. MO is the directory where modules were built.
# rustc's messages about NAME.rs go to OUT/NAME.stderr, its status to OUT/NAME.status. It is called by: tests/host/ui.t
#
#   --bless  also write the messages to tests/ui/NAME.stderr, with which the test compares them. Read the difference
#            before you commit it: users of the crate lkm see these messages
#   --without NAME  compile as for a kernel without the option NAME, for example CONFIG_64BIT
#   --help   this text
#
# Run it in the sandbox. To accept messages after a change: make test T=ui, then
# scripts/sandbox.sh tests/ui.sh --bless build/modules/RELEASE build/ui
#
# The exit status is 0 if all files were compiled, whatever the result; 1 if not, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/common.sh" || exit
. "$top/scripts/kdir.sh"

bless='' without=''
case ${1:-} in
-h | --help) usage && exit ;;
--bless) bless=1 && shift ;;
--without)
	without=${2:-}
	[[ -n $without ]] || bad_usage "--without needs a name"
	shift 2
	;;
-*) bad_usage "unknown option $1" ;;
esac
(($# >= 2)) || bad_usage "it needs the directory of the modules, and one for the results"
mo=$(realpath "$1")
[[ -r $mo/.jiffies.o.cmd ]] || die "nothing is built in $mo" "make"
mkdir -p "$2"
out=$(realpath "$2")
rm -rf "${out:?}"/*
if (($# > 2)); then mapfile -t files < <(realpath "${@:3}"); else files=("$top"/tests/ui/*.rs); fi
cd "$mo"
export RUSTC_BOOTSTRAP=1
rustc=$(rustc_command "$mo")
kdir=${rustc#OBJTREE=} kdir=${kdir%% *}
if [[ -n $without ]]; then
	flags=$kdir/include/generated/rustc_cfg
	grep -v -- "$without" "$flags" >"$out/rustc_cfg"
	rustc=${rustc/"@$flags"/"@$out/rustc_cfg"}
fi

# normalise FILE: normalises messages as trybuild does. It removes the paths of this machine, rustc's summary, and the line
# numbers in other files (LL). The column of numbers has the same width everywhere.
normalise() {
	export own=${1#"$top"/} top kdir
	perl -00 -ne '
		s/\Q$ENV{kdir}\E/\$KDIR/g;
		s/\Q$ENV{top}\E\///g;
		s/\/usr\/lib\/rustlib\/src\/rust/\$RUST/g;
		s/((?:(?:lkm|\$KDIR|\$RUST)\/[\w\/.]+|\btickets)\.rs):\d+:\d+/$1/g;
		s/^ *= note: this compiler was built on[^\n]*\n//gm;
		next if /^(error: aborting due to|Some errors have detailed|For more information about)/;
		my ($width, $file) = (/^( *)--> /m ? length $1 : 0, "");
		for (split /\n/) {
			$file = $1 if /^ *(?:-->|:::) ([^:]*)/;
			s/^(?=[ \d]{$width})(\d*) *?(?<=^.{$width})/sprintf "%-2s", $1 && ($file eq $ENV{own} ? $1 : "LL")/e if $width;
			print "$_\n";
		}
		print "\n"' | sed '$d'
}

# compile FILE: compiles it to an object, because rustc checks some assertions only in code that is compiled. (Without -Z, rustc
# would shorten types whose names are long. The path of this checkout is in some.)
compile() {
	local name=${1##*/} status=0 said
	said=$(eval "$rustc" --crate-name "${name%.rs}" -Zwrite-long-types-to-disk=no --emit=obj="$out/${name%.rs}.o" "$1" 2>&1) || status=$?
	echo "$status" >"$out/${name%.rs}.status"
	normalise "$1" <<<"$said" >"$out/${name%.rs}.stderr"
}

for file in "${files[@]}"; do
	while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n; done
	compile "$file" &
done
wait
[[ -z $bless ]] || cp "$out"/*.stderr "$top/tests/ui/"
