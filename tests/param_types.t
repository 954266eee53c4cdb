#!/usr/bin/env bash
# vm: --smp 1
#
# Compares parameters of every type with C's: param_types (Rust) and param_types_c (C) declare the same parameters. Whatever
# values they get, both must give the same result, error, log and sysfs, except for their names.

. "$(dirname "$0")/kernel.sh" || exit

types=(bool byte short ushort int uint hexint long ulong ullong charp)
declare -A least=([byte]=0 [short]=-32768 [ushort]=0 [int]=-2147483648 [uint]=0 [hexint]=0
	[long]=-9223372036854775808 [ulong]=0 [ullong]=0)
declare -A below=([byte]=-1 [short]=-32769 [ushort]=-1 [int]=-2147483649 [uint]=-1 [hexint]=-1
	[long]=-9223372036854775809 [ulong]=-1 [ullong]=-1)
declare -A greatest=([byte]=255 [short]=32767 [ushort]=65535 [int]=2147483647 [uint]=4294967295 [hexint]=4294967295
	[long]=9223372036854775807 [ulong]=18446744073709551615 [ullong]=18446744073709551615)
declare -A above=([byte]=256 [short]=32768 [ushort]=65536 [int]=2147483648 [uint]=4294967296 [hexint]=4294967296
	[long]=9223372036854775808 [ulong]=18446744073709551616 [ullong]=18446744073709551616)

# The settings that the modules are loaded with. The kernel goes on after a wrong setting, and returns the last error.
settings=('' 'no_sysfs=3 secret=s3cret' 'r_bool w_bool' 'r_bool=off w_bool=on a_bool=n,y,oN' a_bool w_int r_charp
	'r_charp="a b" a_charp=a,b' 'a_charp=a,b,c a_charp=d' 'r_charp=a r_charp=b' 'r_charp= a_charp=,,' 'a_charp=a,b,c,d'
	"r_charp=$(printf '%01024d' 1)" "r_charp=$(printf '%01025d' 1)" "a_charp=a,$(printf '%01025d' 1)")
for list in least greatest; do
	declare -n value=$list
	line=''
	for type in "${!value[@]}"; do
		line+=" r_$type=${value[$type]} w_$type=${value[$type]} a_$type=${value[$type]},1,${value[$type]}"
	done
	settings+=("$line")
done
line=''
for type in "${types[@]}"; do
	line+=" r_$type=7 a_$type=1"
	settings+=("r_$type" "w_$type" "a_$type")
	settings+=("r_$type= r_$type=x w_$type= w_$type=x a_$type= a_$type=,1 a_$type=1,x a_$type=1,1,1,1")
done
settings+=("${line/r_bool=7/r_bool=1}")
for type in "${!below[@]}"; do
	settings+=("r_$type=${below[$type]} w_$type=${above[$type]} a_$type=1,${above[$type]}")
	settings+=("r_$type=${above[$type]} w_$type=${below[$type]} a_$type=1,${below[$type]}")
done

# The texts that are then written to the writable parameters.
texts=(0 1 -1 +1 10 0x10 0X1f 010 08 -0x10 0x '' ' ' $'\n' $'1\n' $'1\n\n' ' 1' '1 ' 1x x '1,1' - + -- '1 1' y n Y N yes no on off o ok t f e d
	"${least[@]}" "${below[@]}" "${greatest[@]}" "${above[@]}" 0xff 0x100 -128 1e1 99999999999999999999999)

# results MODULE: loads the module with each setting and writes each text. Prints the results, each after a line "= SETTING".
results() {
	local module=$1 setting arguments parameters=/sys/module/$1/parameters
	kmsg_mark
	for setting in "${settings[@]}"; do
		echo "= insmod ${setting:0:80}"
		echo "= log of ${setting:0:80}" >/dev/kmsg
		eval "arguments=($setting)"
		insmod "tests/$module.ko" "${arguments[@]}" 2>&1
		if [[ -d $parameters ]]; then
			(cd "$parameters" && grep -a '' -- *)
			rmmod "$module"
		fi
	done

	insmod "tests/$module.ko"
	echo "= modes"
	stat -c '%a %n' "$parameters"/* | sed 's,/.*/,,'
	# shellcheck disable=SC2016 # it is perl's
	perl -e '
		my ($directory, @texts) = @ARGV;
		chdir $directory or die;
		for my $name (glob "w_*") {
			print "= write $name\n";
			for my $text (@texts) {
				open(my $file, "+<", $name) or die "$name: $!";
				my $result = defined syswrite($file, $text) ? "taken" : $!;
				seek($file, 0, 0);
				printf "%s: %s, %s", $text =~ s/\n/\\n/gr, $result, scalar <$file>;
			}
		}' "$parameters" "${texts[@]}"
	echo "= log of unloading" >/dev/kmsg
	rmmod "$module"
	kmsg
}

# Compare the results, block by block. First check that the module can be loaded; its messages are compared with C's below.
kmsg_mark
insmod tests/param_types.ko && rmmod param_types || exit
kmsg >/dev/null
# The log cuts long lines, and cuts them earlier if the module's name is longer.
rust=$'\n'$(results param_types | cut -c 1-1000)
c=$'\n'$(results param_types_c | sed 's/param_types_c/param_types/g' | cut -c 1-1000)

readarray -t -d $'\x1e' rust_blocks <<<"${rust//$'\n= '/$'\n\x1e'}"
readarray -t -d $'\x1e' c_blocks <<<"${c//$'\n= '/$'\n\x1e'}"
same "${#rust_blocks[@]}" "${#c_blocks[@]}" "both gave the same number of results"
for ((i = 1; i < ${#c_blocks[@]}; i++)); do
	same "${rust_blocks[i]-}" "${c_blocks[i]}" "as in C: ${c_blocks[i]%%$'\n'*}"
done

same "$(modinfo --parameters tests/param_types.ko | sort)" "$(modinfo --parameters tests/param_types_c.ko | sort)" "as in C: modinfo --parameters"

# More strings, or longer ones, do not compile (tests/ui/param_array_long.rs): C would write beyond the page of the file.
longest=$(printf '%01024d' 1)
kmsg_mark
insmod tests/param_types.ko "a_charp=$longest,$longest,$longest"
same "$(cat /sys/module/param_types/parameters/a_charp)" "$longest,$longest,$longest" "the longest text of an array fits into its file"
rmmod param_types
kmsg >/dev/null

# This differs from C, which never frees the second and the third string.
kilobytes() {
	local name active rest total=0
	while read -r name active rest; do [[ $name != kmalloc-*1k ]] || ((total += active)); done </proc/slabinfo
	echo "$total"
}
string=$(printf '%0900d' 1)
before=$(kilobytes)
kmsg_mark
for ((i = 0; i < 40; i++)); do
	insmod tests/param_types.ko "a_charp=$string,$string,$string" a_charp=short
	rmmod param_types
done
kmsg >/dev/null
grown=$(($(kilobytes) - before))
# (On the sanitized kernel, fault_injection.t does the same, and kmemleak checks it.)
[[ -z $sanitized ]] || grown=0
ok $((grown >= 40)) "if a shorter list overrides a list, all strings of the old one are freed"
diag "80 strings were left over, $grown allocations of that size remain"

done_testing
