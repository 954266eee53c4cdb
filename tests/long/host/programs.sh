# shellcheck shell=bash
# Gets programs for the virtual machine, in build/programs/bin and lib. Sourced after tap.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# The package of stress-ng would install a graphics stack in the sandbox. The programs and the libraries that they are linked with
# are enough.
programs=$PWD/build/programs
if [[ ! -e $programs/complete ]]; then
	rm -rf "$programs"
	mkdir -p "$programs"/{deb,bin,lib}
	# shellcheck disable=SC2016 # it is the sandbox's shell that expands them
	scripts/sandbox.sh bash -euc '
		names="stress-ng socat pv"
		apt-get -qq -o Debug::NoLocking=1 -o Dir::Cache::archives="$0/deb" --download-only -y install $names
		for package in "$0"/deb/*.deb; do dpkg-deb -x "$package" "$0/root"; done
		LD_LIBRARY_PATH=$(find "$0/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
		export LD_LIBRARY_PATH
		for name in $names; do
			ldd "$0/root/usr/bin/$name" | while read -r library _ path _; do
				[[ $path != /* ]] || cp -L "$path" "$0/lib/$library"
			done
			cp -L "$0/root/usr/bin/$name" "$0/bin/"
		done
		rm -r "$0"/{deb,root}
		touch "$0/complete"' "$programs" >build/log/programs.log 2>&1 || {
		echo "Bail out! the programs could not be unpacked; see build/log/programs.log"
		exit 1
	}
fi
