# shellcheck shell=bash
# Module parameters, for a report of a crash. Sourced in the virtual machine.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# tell_parameters: writes the parameters of our modules into the log, for decode.sh.
tell_parameters() {
	local module taint value text values
	for module in /sys/module/*/parameters; do
		module=${module%/parameters} values=''
		taint=''
		read -r taint 2>/dev/null <"$module/taint" || [[ -n $taint ]] || continue
		for value in "$module"/parameters/*; do
			text=''
			read -r text 2>/dev/null <"$value" || [[ -n $text ]] || continue
			values+=" ${value##*/}=$text"
		done
		echo "<4>parameters of ${module##*/}:$values" >/dev/kmsg
	done
}
