#!/usr/bin/env bash
# stress-ng, which knows nothing of our modules, at work on them: gets it, and runs stress_ng.sh in the virtual machine.

. "$(dirname "$0")/../../tap.sh" || exit
cd "$(dirname "$0")/../../.." || exit

# Its package would bring a graphics stack into the sandbox. The program and the libraries that it is linked with will do.
unpacked=$PWD/build/stress-ng
if [[ ! -x $unpacked/bin/stress-ng ]]; then
	rm -rf "$unpacked"
	mkdir -p "$unpacked"/{deb,bin,lib}
	# shellcheck disable=SC2016 # it is the sandbox's shell that expands them
	scripts/sandbox.sh bash -euc '
		apt-get -qq -o Debug::NoLocking=1 -o Dir::Cache::archives="$0/deb" --download-only -y install stress-ng
		for package in "$0"/deb/*.deb; do dpkg-deb -x "$package" "$0/root"; done
		LD_LIBRARY_PATH=$(find "$0/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
		export LD_LIBRARY_PATH
		ldd "$0/root/usr/bin/stress-ng" | while read -r name _ path _; do
			[[ $path != /* ]] || cp -L "$path" "$0/lib/$name"
		done
		cp "$0/root/usr/bin/stress-ng" "$0/bin/"
		rm -r "$0"/{deb,root}' "$unpacked" >build/log/stress-ng.log 2>&1 || {
		echo "Bail out! stress-ng could not be unpacked; see build/log/stress-ng.log"
		exit 1
	}
fi

scripts/vm.sh --strip --add "$unpacked" bash tests/long/host/stress_ng.sh
