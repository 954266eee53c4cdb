# shellcheck shell=bash disable=SC2154
# Metadata beside the headers that are installed on this machine, for rust-headers.sh --install: the same files at the same
# places as in the package linux-librust-RELEASE, but written down here and not by dpkg, as a hook of a package cannot
# install another package. Sourced by rust-headers.sh after packages.sh.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# Of each release that has such files: the version of its headers.
records=/var/lib/rust-headers
# Where ready packages are: see packaging/rust-headers/rust-headers.conf.
settings=/etc/rust-headers.conf

headers_of() { echo "/usr/src/linux-headers-$1"; }

# package_version PACKAGE: of what is unpacked here. (While the hook runs, dpkg has not configured the headers yet.)
package_version() {
	dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
		sed -nE 's/^(unpacked|half-configured|triggers-[a-z]*|installed) //p' || :
}

# Whether the headers of this version have metadata that are whole and the kernel's, wherever they are from. (What was put
# there for another version of the headers has the same symbols, but need not have the same types.)
is_installed() {
	[[ $(cat "$records/$1" 2>/dev/null || echo "$2") == "$2" ]] && fits_installed "$1"
}

fits_installed() {
	local headers rustc
	headers=$(headers_of "$1")
	rustc=$(fitting_rustc "$headers") && [[ -z $(all_missing "$headers" "$rustc") ]] && compare_symbols "$headers" >/dev/null
}

# take_out RELEASE: removes what place has put there, and the directories that only this kept.
take_out() {
	local headers mine=/usr/lib/linux-librust/$1
	[[ -e $records/$1 ]] || return 0
	headers=$(headers_of "$1")
	rm -rf "$headers/rust.partial"
	# From one moment to the next there is nothing that looks complete.
	[[ ! -d $headers/rust ]] || mv "$headers/rust" "$headers/rust.partial"
	[[ ! -e $mine/links ]] || sh "$mine/links" remove
	rm -rf "$headers/rust.partial" "$mine"
	rmdir --ignore-fail-on-non-empty "${mine%/*}" 2>/dev/null || :
	[[ ! -d $headers ]] || rmdir --ignore-fail-on-non-empty "$headers"
	rm "$records/$1"
}

# place RELEASE VERSION STAGE: puts there what stage_tree has made in STAGE.
place() {
	local headers mine=/usr/lib/linux-librust/$1
	headers=$(headers_of "$1")
	mkdir -p "$records" "${mine%/*}"
	echo "$2" >"$records/$1"
	rm -rf "$mine" "$headers/rust.partial"
	cp -r "$3$mine" "$mine"
	sh "$mine/links" add
	cp -r "$3$headers/rust" "$headers/rust.partial"
	# After a power cut, too, it is all there or not there.
	sync -f "$headers" "$mine"
	mv "$headers/rust.partial" "$headers/rust"
}

# ready_package RELEASE VERSION STAGE: unpacks the ready package from the directory of the settings, or from apt's
# archives. Fails if there is none, or none that is whole and belongs to the kernel.
ready_package() {
	local name=linux-librust-$1 PACKAGES='' file check=$work/check
	# shellcheck disable=SC1090 # the user writes it
	[[ ! -r $settings ]] || . "$settings"
	mkdir "$work/ready"
	file=$PACKAGES/${name}_$2_$debian_arch.deb
	if [[ -n $PACKAGES && -r $file ]]; then
		cp "$file" "$work/ready/"
	elif apt-cache madison "$name" | awk '{ print $3 }' | grep -xF "$2" >/dev/null; then
		(cd "$work/ready" && apt-get download "$name=$2" >&2) || return 1
	else
		return 1
	fi
	file=$(echo "$work"/ready/*.deb)
	if ! dpkg-deb -x "$file" "$3" || [[ $(dpkg-deb -f "$file" Package Version) != "Package: $name"$'\n'"Version: $2" ]]; then
		warn "the ready package is damaged, or another one, or there is no room on the disk: ${file##*/}"
		return 1
	fi
	mkdir "$check"
	ln -s "$(headers_of "$1")/Module.symvers" "$3$(headers_of "$1")/rust" "$check/"
	if ! compare_symbols "$check" >&2; then
		warn "the ready package does not fit the kernel: ${file##*/}"
		return 1
	fi
}

# install_metadata RELEASE: makes sure that the headers which are installed have theirs.
install_metadata() {
	local headers stage
	release=$1
	headers=$(headers_of "$release")
	((EUID == 0)) || die "only root can write to $headers" "sudo $tool --install $release"
	installed=$(package_version "linux-headers-$release")
	[[ -n $installed && -d $headers ]] || die "the headers of kernel $release are not installed" \
		"sudo apt-get install linux-headers-$release"
	[[ $(kdir_config "$headers" RUST) == y ]] || die "kernel $release was built without Rust (CONFIG_RUST is off)"
	fitting_rustc "$headers" >/dev/null || die_of_rustc "$headers"

	lock "$build/install.lock" "it installs metadata"
	if is_installed "$release" "$installed"; then
		say "The headers of kernel $release have their Rust metadata."
		return
	fi
	# In the middle of a run of apt that brings both packages, this one is unpacked and has not made its links yet.
	if [[ $(package_version "linux-librust-$release") == "$installed" ]] && sh "/usr/lib/linux-librust/$release/links" add &&
		fits_installed "$release"; then
		say "The package linux-librust-$release brings the Rust metadata."
		return
	fi
	[[ -z $(package_version "linux-librust-$release") ]] ||
		die "the package linux-librust-$release is installed, but damaged or of another version" \
			"sudo apt-get install --reinstall linux-librust-$release"
	take_out "$release"
	[[ ! -e $headers/rust ]] || die "$headers/rust is there already, and nobody knows what it is" "Remove it, or use it as it is."

	# Nothing that fills the disk is left behind, unless it is killed; then the next run removes it.
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

# remove_metadata [RELEASE]: without one, for all whose headers are gone.
remove_metadata() {
	local file
	((EUID == 0)) || die "only root can remove that" "sudo $tool --remove $*"
	lock "$build/install.lock" "it installs metadata"
	for file in "$records"/*; do
		[[ -f $file ]] || continue
		file=${file##*/}
		if [[ $file == "${1:-}" ]] || { (($# == 0)) && [[ -z $(package_version "linux-headers-$file") ]]; }; then
			take_out "$file"
			say "The Rust metadata of kernel $file are removed."
		fi
	done
	unlock
}
