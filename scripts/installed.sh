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

# only_root PATH: succeeds if nobody but root can change the file, or put another one in its place. (In a directory like /tmp nobody
# can rename what belongs to root. But anybody can make a file there first.)
only_root() {
	local path=$1
	while [[ $(stat -c %u "$path") == 0 ]]; do
		[[ -z $(find "$path" -maxdepth 0 -perm /022) || (-k $path && $path != "${1%/*}") ]] || return
		[[ $path != / ]] || return 0
		path=$(dirname "$path")
	done
	return 1
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
		{ file=$(realpath -- "$file") && only_root "$file"; } || {
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

# make_metadata RELEASE STAGE: makes the metadata of the installed version on this machine, and puts the files into STAGE.
make_metadata() {
	rm -rf "$2"
	if ! is_complete "$1" "$installed"; then
		made=1
		complete
	elif [[ ! -e $kernels/$1/vmlinuz ]]; then
		# A run that was killed has made it. (A tree for other uses has an image.)
		made=1
	fi
	work=$build/install
	steps 1 "$build/log/stage-$1.log"
	step "Choosing the files" "the files could not be copied (is there room on the disk?)" stage_tree "$1" "$2"
}

# place_stage: installs the files in $stage, with the reason if that fails.
place_stage() {
	steps 1 "$build/log/install-$release.log"
	step "Installing the metadata" "the metadata could not be put into $headers (is there room on the disk?)" \
		place "$release" "$installed" "$stage"
}

# install_metadata RELEASE: makes sure that the installed headers have their metadata.
install_metadata() {
	local headers stage
	# (Everybody must be able to read the files, whatever root's umask is.)
	umask 022
	release=$1
	headers=$(headers_of "$release")
	((EUID == 0)) || die "only root can write to $headers" "sudo $tool --install $release"
	needs_temporary
	installed=$(package_version "linux-headers-$release")
	[[ -n $installed && -d $headers ]] || die "the headers of kernel $release are not installed" \
		"sudo apt-get install linux-headers-$release"
	[[ $(kdir_config "$headers" RUST) == y ]] || die "kernel $release was built without Rust (CONFIG_RUST is off)"
	fitting_rustc "$headers" >/dev/null || die_of_rustc "$headers"

	lock "$build/install.lock" "it is installing metadata"
	# (Another run may be completing or packing the same headers.)
	lock "$kernels/$release.lock" "it is completing the headers of $release"
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
	made='' whole='' ready=''
	trap 'rm -rf "$build/install" "$kernels/$release.partial" ${made:+"${kernels:?}/$release"}
		[[ -n $whole ]] || take_out "$release"' EXIT
	rm -rf "$work"
	mkdir -p "$work"
	stage=$work/stage
	if ready_package "$release" "$installed" "$stage"; then
		ready=1
		say "Taking the ready package of version $installed."
	else
		make_metadata "$release" "$stage"
	fi
	place_stage
	if [[ -n $ready ]] && ! fits_installed "$release"; then
		warn "the ready package is not complete, so it is not used"
		take_out "$release"
		make_metadata "$release" "$stage"
		place_stage
	fi
	fits_installed "$release" || die "what was put into $headers is not complete"
	whole=1
	say "The headers of kernel $release have their Rust metadata now."
	unlock
	unlock
}

# remove_metadata [RELEASE]: removes the metadata of RELEASE; without it, of all kernels whose headers are gone.
remove_metadata() {
	local file
	((EUID == 0)) || die "only root can remove that" "sudo $tool --remove $*"
	(($# == 0)) || [[ -e $records/$1 ]] || die "$tool --install has installed no metadata for kernel $1"
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
