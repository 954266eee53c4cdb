#!/usr/bin/env bash
# Usage: scripts/dkms.sh
#        scripts/dkms.sh --may-build RELEASE KDIR
#        scripts/dkms.sh --make RELEASE KDIR
#        scripts/dkms.sh --built
#        scripts/dkms.sh --installing|--installed RELEASE DKMS-TREE MODULES
#
# Makes the Debian package rust-lkm-dkms, build/packages/rust-lkm-dkms_VERSION_all.deb, and prints its path. When it is installed,
# dkms builds, signs and installs the modules for each kernel that can load them, and does so again for every new kernel. See
# docs/rust-headers.md. dkms itself uses five options:
#
#   --may-build  check if the modules can be built for kernel RELEASE with the build tree KDIR. If not, say why, and what to do
#   --make       build the modules for it, in built/ in the working directory
#   --built      write to the disk what dkms has built
#   --installing  remove what an installation for kernel RELEASE has left below MODULES, if it was interrupted. DKMS-TREE is where
#                dkms keeps its records
#   --installed  write to the disk what it has installed there, and let modprobe find it
#   --help       this text
#
# The exit status is 0, 1 if something failed or the modules cannot be built, 2 if the arguments are wrong.

. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh" || exit
. "$top/scripts/kdir.sh"
. "$top/scripts/platform.sh"
. "$top/scripts/packages.sh"

# dkms_modules: prints the modules in Kbuild, without those for tests. (make test sets TESTS.)
dkms_modules() {
	printf '%s\n' 'all: ; @:' "src := $top" 'obj := .' "include $top/Kbuild" '$(foreach o,$(sort $(obj-m)),$(info $(o:.o=)))' |
		make --no-print-directory -s -f - TESTS= BENCH=
}

# may_build RELEASE KDIR: prints preflight.sh's message. If the metadata is missing, it names the package for that instead.
may_build() {
	local release=$1 kdir=$2 said headers=linux-headers-$1
	# (apt configures an image before its headers, and dkms comes with both. The metadata come with the headers.)
	if [[ ${DPKG_MAINTSCRIPT_PACKAGE:-$headers} != "$headers" &&
		$(dpkg-query -W -f '${db:Status-Status}' "$headers" 2>/dev/null) =~ ^(unpacked|half-configured)$ ]]; then
		say "rust-lkm: the modules for kernel $release come after its headers"
		return 1
	elif [[ -f $kdir/include/config/auto.conf && $(kdir_config "$kdir" RUST) == y && -n $(missing_metadata "$kdir") ]]; then
		say "rust-lkm: not built for kernel $release: its headers lack the Rust metadata"
		say "  With the package rust-headers: sudo rust-headers --install $release && sudo dkms autoinstall -k $release"
		return 1
	elif ! said=$("$top/scripts/preflight.sh" "$kdir" 2>&1 >/dev/null); then
		say "rust-lkm: not built for kernel $release: $(sed -n 's/.*error: //p' <<<"$said")"
		say "$(sed '/error: /d; /make /d' <<<"$said")"
		return 1
	fi
}

make_dkms_package() {
	local source=$packaging/rust-lkm-dkms name version stage=$packages/partial file tree modules lines='' number=0 module series
	name=$(sed -n '1s/^\([^ ]*\) (\(.*\)).*/\1_\2_all/p' "$source/changelog")
	version=${name%_all} version=${version#*_}
	file=$packages/$name.deb
	lock "$packages/lock" "it is making packages"
	rm -rf "$stage"
	tree=$stage/usr/src/rust-lkm-$version
	mkdir -p "$tree/scripts" "$stage/DEBIAN"
	modules=$(dkms_modules)
	for module in $modules; do
		lines+="BUILT_MODULE_NAME[$number]=\"$module\" BUILT_MODULE_LOCATION[$number]=\"built/\" DEST_MODULE_LOCATION[$number]=\"/updates/dkms\""$'\n'
		number=$((number + 1))
	done
	series=$(sed -n 's/^kernel-series := //p' "$top/lkm/kernels.mk")
	cp -r "$top"/{Makefile,Kbuild,lkm,startstop} "$top"/*.rs "$tree/"
	cp "$top"/scripts/{common,kdir,platform,packages,preflight,secure-boot,check-modules,dkms}.sh "$tree/scripts/"
	fill rust-lkm-dkms/dkms.conf VERSION="$version" MODULES="$lines" SERIES="${series// /|}" >"$tree/dkms.conf"
	install -D -m 644 "$source/copyright" "$stage/usr/share/doc/rust-lkm-dkms/copyright"
	install -D -m 644 "$source/lintian-overrides" "$stage/usr/share/lintian/overrides/rust-lkm-dkms"
	cp "$source/changelog" "$stage/usr/share/doc/rust-lkm-dkms/"
	gzip -9n "$stage/usr/share/doc/rust-lkm-dkms/changelog"
	for script in postinst prerm; do fill "rust-lkm-dkms/$script" VERSION="$version" >"$stage/DEBIAN/$script"; done
	fill rust-lkm-dkms/control VERSION="$version" MAINTAINER="$maintainer" SIZE="$(installed_size "$stage")" >"$stage/DEBIAN/control"
	SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ -- .*>  //p' "$source/changelog" | head -n 1)" +%s)
	pack "$stage" "$packages/new.deb" >&2
	mv "$packages/new.deb" "$file"
	rm -rf "$stage"
	unlock
	echo "$file"
}

case ${1:-} in
-h | --help) usage ;;
'') make_dkms_package ;;
--may-build | --make)
	(($# == 3)) || bad_usage "$1 takes RELEASE and KDIR"
	if [[ $1 == --make ]]; then exec make -C "$top" --no-print-directory modules TESTS= BENCH= "KDIR=$3" "MO=$PWD/built"; fi
	may_build "$2" "$3" || exit
	;;
--built)
	(($# == 1)) || bad_usage "$1 takes no argument"
	# (dkms does not write it. After a power cut it would take a module for built although its file is empty.)
	sync
	;;
--installing | --installed)
	(($# == 4)) || bad_usage "$1 takes RELEASE, DKMS-TREE and MODULES"
	link=$(echo "$3/rust-lkm/kernel-$2"-*)
	if [[ $1 == --installing ]]; then
		# (dkms does not replace a file of which it has no record.)
		[[ -L $link ]] || for module in $(dkms_modules); do
			module=${module##*/}
			# (This one is in the record of another package.)
			! compgen -G "$3/*/kernel-$2-$(uname -m)/module/$module.ko*" >/dev/null || continue
			rm -f "$4/$2/updates/dkms/$module".ko{,.gz,.xz,.zst}
		done
		exit
	fi
	[[ -L $link ]] || die "dkms has installed nothing for kernel $2"
	# For dkms this link means that all is done. It makes the link before it calls depmod.
	active=$(readlink "$link")
	rm "$link"
	[[ ! -e $4/$2/modules.dep ]] || depmod "$2"
	sync
	ln -s "$active" "$link"
	sync
	;;
*) bad_usage "unknown argument $1" ;;
esac
