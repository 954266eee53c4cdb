# shellcheck shell=bash
# Module parameters, for a report of a crash. Sourced in the virtual machine.

[[ $0 != "${BASH_SOURCE[0]}" ]] || { echo "${0##*/}: error: other scripts source this file; by itself it does nothing" >&2 && exit 2; }

# tell_parameters: writes the parameters of our modules into the log, for decode.sh. It takes two seconds at most: if a rule has
# panicked, whoever reads a parameter of that module waits for ever.
tell_parameters() {
	local tenths=0
	write_parameters &
	while kill -0 "$!" 2>/dev/null && ((++tenths < 20)); do sleep 0.1; done
}

write_parameters() {
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
