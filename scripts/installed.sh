# shellcheck shell=bash disable=SC2154
# Puts metadata beside the headers that are installed on this machine, for rust-headers.sh --install. The files and their places
# are those of the package linux-librust-RELEASE. They are recorded here and not by dpkg, because a hook of a package cannot
# install another package. Sourced by rust-headers.sh after packages.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# For each release that has such files, a file with the version of its headers.
records=/var/lib/rust-headers
# Says where ready packages are: see packaging/rust-headers/rust-headers.conf.
settings=/etc/rust-headers.conf

headers_of() { echo "/usr/src/linux-headers-$1"; }

# package_version PACKAGE: prints the version that is unpacked here. (While the hook runs, dpkg has not configured the headers
# yet.)
package_version() {
	dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
		sed -nE 's/^(unpacked|half-configured|triggers-[a-z]*|installed) //p' || :
}

# is_installed RELEASE VERSION: succeeds if the headers of this version have complete metadata that fits the kernel, from
# whatever source. (Metadata for another version of the headers has the same symbols, but may have other types.)
is_installed() {
	[[ $(cat "$records/$1" 2>/dev/null || echo "$2") == "$2" ]] && fits_installed "$1"
}

fits_installed() {
	local headers rustc
	headers=$(headers_of "$1")
	rustc=$(fitting_rustc "$headers") && [[ -z $(all_missing "$headers" "$rustc") ]] && compare_symbols "$headers" >/dev/null
}

# take_out RELEASE: removes the files that place has installed, and the directories that are then empty.
take_out() {
	local headers mine=/usr/lib/linux-librust/$1
	[[ -e $records/$1 ]] || return 0
	headers=$(headers_of "$1")
	rm -rf "$headers/rust.partial"
	# Use one rename, so that there is never a part that looks complete.
	[[ ! -d $headers/rust ]] || mv "$headers/rust" "$headers/rust.partial"
	[[ ! -e $mine/links ]] || sh "$mine/links" remove
	rm -rf "$headers/rust.partial" "$mine"
	rmdir --ignore-fail-on-non-empty "${mine%/*}" 2>/dev/null || :
	[[ ! -d $headers ]] || rmdir --ignore-fail-on-non-empty "$headers"
	rm "$records/$1"
}

# place RELEASE VERSION STAGE: installs the files that stage_tree has made in STAGE.
place() {
	local headers mine=/usr/lib/linux-librust/$1
	headers=$(headers_of "$1")
	mkdir -p "$records" "${mine%/*}"
	echo "$2" >"$records/$1"
	rm -rf "$mine" "$headers/rust.partial"
	cp -r "$3$mine" "$mine"
	sh "$mine/links" add
	cp -r "$3$headers/rust" "$headers/rust.partial"
	# Even after a power cut, either all of it is there or nothing.
	sync -f "$headers" "$mine" "$records"
	mv "$headers/rust.partial" "$headers/rust"
}

# ready_package RELEASE VERSION STAGE: unpacks the ready package from the directory of the settings, or from apt's
# archives. Fails if there is none, or none that is complete and belongs to the kernel.
ready_package() {
	local name=linux-librust-$1 PACKAGES='' file check=$work/check
	# shellcheck disable=SC1090 # the user writes it
	[[ ! -r $settings ]] || . "$settings"
	mkdir "$work/ready"
	file=$PACKAGES/${name}_$2_$debian_arch.deb
	if [[ -n $PACKAGES && -r $file ]]; then
		[[ $(stat -Lc %U "$PACKAGES" "$file" | sort -u) == root && -z $(find -L "$PACKAGES" "$file" -maxdepth 0 -perm /022) ]] || {
			warn "the ready package is not used, because others than root can write to it: $file"
			return 1
		}
		cp "$file" "$work/ready/"
	elif apt-cache madison "$name" | awk '{ print $3 }' | grep -xF "$2" >/dev/null; then
		(cd "$work/ready" && apt-get download "$name=$2" >&2) || return 1
	else
		return 1
	fi
	file=$(echo "$work"/ready/*.deb)
	if ! dpkg-deb -x "$file" "$3" || [[ $(dpkg-deb -f "$file" Package Version) != "Package: $name"$'\n'"Version: $2" ]]; then
		warn "the ready package is damaged or the wrong one, or the disk is full: ${file##*/}"
		return 1
	fi
	mkdir "$check"
	ln -s "$(headers_of "$1")/Module.symvers" "$3$(headers_of "$1")/rust" "$check/"
	if ! compare_symbols "$check" >&2; then
		warn "the ready package does not fit the kernel: ${file##*/}"
		return 1
	fi
}

# install_metadata RELEASE: makes sure that the installed headers have their metadata.
install_metadata() {
	local headers stage
	# (Everybody must be able to read the files, whatever root's umask is.)
	umask 022
	release=$1
	headers=$(headers_of "$release")
	((EUID == 0)) || die "only root can write to $headers" "sudo $tool --install $release"
	installed=$(package_version "linux-headers-$release")
	[[ -n $installed && -d $headers ]] || die "the headers of kernel $release are not installed" \
		"sudo apt-get install linux-headers-$release"
	[[ $(kdir_config "$headers" RUST) == y ]] || die "kernel $release was built without Rust (CONFIG_RUST is off)"
	fitting_rustc "$headers" >/dev/null || die_of_rustc "$headers"

	lock "$build/install.lock" "it is installing metadata"
	if is_installed "$release" "$installed"; then
		say "The headers of kernel $release have their Rust metadata."
		return
	fi
	# If apt is just installing both packages, linux-librust is unpacked, but has not made its links yet.
	if [[ $(package_version "linux-librust-$release") == "$installed" ]] && sh "/usr/lib/linux-librust/$release/links" add &&
		fits_installed "$release"; then
		say "The package linux-librust-$release brings the Rust metadata."
		return
	fi
	[[ -z $(package_version "linux-librust-$release") ]] ||
		die "the package linux-librust-$release is installed, but damaged or of another version" \
			"sudo apt-get install --reinstall linux-librust-$release"
	take_out "$release"
	[[ ! -e $headers/rust ]] || die "$headers/rust exists already, and neither dpkg nor $tool made it" "Remove it, or use it as it is."

	# However this ends, remove the large files. (If this is killed, the next run removes them.)
	work=$build/install
	made='' whole=''
	trap 'rm -rf "$build/install" "$kernels/$release.partial" ${made:+"${kernels:?}/$release"}
		[[ -n $whole ]] || take_out "$release"' EXIT
	rm -rf "$work"
	mkdir -p "$work"
	stage=$work/stage
	if ready_package "$release" "$installed" "$stage"; then
		say "Taking the ready package of version $installed."
	else
		rm -rf "$stage"
		is_complete "$release" || { made=1 && complete; }
		work=$build/install
		stage_tree "$release" "$stage"
	fi
	place "$release" "$installed" "$stage"
	fits_installed "$release" || die "what was put into $headers is not complete"
	whole=1
	say "The headers of kernel $release have their Rust metadata now."
	unlock
}

# remove_metadata [RELEASE]: removes the metadata of RELEASE; without it, of all kernels whose headers are gone.
remove_metadata() {
	local file
	((EUID == 0)) || die "only root can remove that" "sudo $tool --remove $*"
	lock "$build/install.lock" "it is installing metadata"
	for file in "$records"/*; do
		[[ -f $file ]] || continue
		file=${file##*/}
		if [[ $file == "${1:-}" ]] || { (($# == 0)) && [[ -z $(package_version "linux-headers-$file") ]]; }; then
			take_out "$file"
			say "The Rust metadata of kernel $file has been removed."
		fi
	done
	# What the hook has written about headers that are gone.
	for file in /var/log/rust-headers/*.log; do
		[[ -f $file ]] || continue
		file=${file##*/} file=${file%.log}
		[[ -n $(package_version "linux-headers-$file") ]] || rm -f "/var/log/rust-headers/$file.log"
	done
	unlock
}
