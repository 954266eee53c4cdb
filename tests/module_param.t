#!/usr/bin/env bash
# The parameters of module_param: which values it accepts, how it refuses others, and what can be read and changed later.

. "$(dirname "$0")/kernel.sh" || exit

parameters=/sys/module/module_param/parameters

# load ARGUMENTS: loads the module with ARGUMENTS, as typed in a shell, and unloads it again. Sets status, stderr, log and sysfs.
load() {
	local arguments
	eval "arguments=($1)"
	kmsg_mark
	status=0 sysfs=''
	stderr=$(insmod module_param.ko "${arguments[@]}" 2>&1) || status=$?
	if [[ -d $parameters ]]; then
		sysfs=$(cd "$parameters" && grep '' -- *)
		rmmod module_param
	fi
	echo "<6>(end)" >/dev/kmsg # a line that was cut short is shown only when the next one begins
	log=$(kmsg)
	log=${log%"(end)"} log=${log%$'\n'}
}

# cut_line LINE: prints as much of it as the kernel's log keeps.
cut_line() { printf '%s' "${1:0:1021}"; }

# good ARGUMENTS [NAME=VALUE…]: checks that the module loads with ARGUMENTS, and that the log and sysfs have these values, and
# defaults for the others. VALUE is "SAID|SHOWN" where the log and sysfs differ. $first is a line that the kernel prints before.
good() {
	local arguments=$1 change name value element lines='' i=0
	local -A said=([my_bool]=false [my_short]=1 [my_int]=420 [my_long]=9999 [my_str]=blah [my_limit]=10)
	local -A shown=([my_bool]=N [my_short]=1 [my_int]=420 [my_long]=9999 [my_str]=blah [my_limit]=10)
	local elements=(420 420)
	shift
	for change; do
		name=${change%%=*} value=${change#*=}
		said[$name]=${value%%|*} shown[$name]=${value#*|}
		[[ $name != my_int_array ]] || IFS=, read -ra elements <<<"$value"
	done
	for element in "${elements[@]}"; do lines+="module_param: my_int_array[$((i++))] = $element"$'\n'; done

	load "$arguments"
	arguments=${arguments:0:100}
	is "$status $stderr" "0 " "'$arguments' is accepted"
	is "$log" "${first:+$first$'\n'}module_param: my_bool = ${said[my_bool]}
module_param: my_short = ${said[my_short]}
module_param: my_int = ${said[my_int]}
module_param: my_long = ${said[my_long]}
$(cut_line "module_param: my_str = ${said[my_str]}")
${lines}module_param: my_limit = ${said[my_limit]}" "'$arguments': the log has the values"
	is "$sysfs" "my_bool:${shown[my_bool]}
my_int:${shown[my_int]}
my_int_array:$(IFS=, && echo "${elements[*]}")
my_limit:${shown[my_limit]}
my_long:${shown[my_long]}
my_short:${shown[my_short]}
my_str:${shown[my_str]}" "'$arguments': sysfs has the values"
}

# bad ARGUMENTS ERROR LOG: checks that insmod fails with ERROR, and that the log has LOG.
bad() {
	load "$1"
	is "$status $stderr" "1 insmod: ERROR: could not insert module module_param.ko: $2" "'${1:0:60}' fails: $2"
	same "$log" "$3" "'${1:0:60}': the log has the reason"
	is "$sysfs" "" "'${1:0:60}' leaves nothing in sysfs"
}

invalid() { bad "$1=$2" "Invalid parameters" "<err> module_param: \`$2' invalid for parameter \`$1'"; }
too_large() { bad "$1=$2" "Numerical result out of range" "<err> module_param: \`$2' invalid for parameter \`$1'"; }

# write FILE TEXT: writes the text with one call, and prints nothing, or the error.
write() {
	perl -e 'open(my $file, ">", $ARGV[0]) or print("open: $!"), exit;
		defined(syswrite($file, $ARGV[1])) or print($!)' "$parameters/$1" "$2"
}

is "$(modinfo --parameters module_param.ko | sort)" "my_bool:A boolean (bool)
my_int:An integer (int)
my_int_array:An array of up to 4 integers (array of int)
my_limit:A number from 1 to 100, can be changed (int)
my_long:A long integer (long)
my_short:A short integer (short)
my_str:A character string (charp)" "modinfo lists the parameters"

good ""

# The limits of the types, and the ways to write numbers, strings and booleans.
good 'my_bool my_short=32767 my_int=2147483647 my_long=9223372036854775807' \
	'my_bool=true|Y' my_short=32767 my_int=2147483647 my_long=9223372036854775807
good 'my_bool=y my_short=-32768 my_int=-2147483648 my_long=-9223372036854775808' \
	'my_bool=true|Y' my_short=-32768 my_int=-2147483648 my_long=-9223372036854775808
good 'my_bool=Y my_short=0x7fff my_int=0X7FFFFFFF my_long=0x7fffffffffffffff' \
	'my_bool=true|Y' my_short=32767 my_int=2147483647 my_long=9223372036854775807
good 'my_bool=1 my_short=-0x8000 my_int=-0x10 my_long=-0' 'my_bool=true|Y' my_short=-32768 my_int=-16 my_long=0
good 'my_bool=on my_short=010 my_int=+7 my_long=-017' 'my_bool=true|Y' my_short=8 my_int=7 my_long=-15
good 'my_bool=On my_short=00 my_int=0 my_str=' 'my_bool=true|Y' my_short=0 my_int=0 my_str=
good 'my_bool=yes my_str=x my_limit=1' 'my_bool=true|Y' my_str=x my_limit=1
good 'my_bool=true my_str="Hello world" my_limit=100' 'my_bool=true|Y' 'my_str=Hello world' my_limit=100
good 'my_bool=n my_str="  " my_limit=0x20' 'my_str=  ' my_limit=32
good "my_bool=N my_str=it\\'s" "my_str=it's"
good 'my_bool=0 my_str=a=b,c' 'my_str=a=b,c'
good 'my_bool=off my_str=ä%s' 'my_str=\xc3\xa4%s|ä%s'
good 'my_bool=oF my_int_array=4,5,6,7' my_int_array=4,5,6,7
good 'my_bool=no my_int_array=1' my_int_array=1
good 'my_bool=false my_int_array=-1,0x10,017' my_int_array=-1,16,15
good 'my-short=2 my_int=\"3\"' my_short=2 my_int=3
good 'my_bool my_short=2 my_int=3 my_long=4 my_str=s my_int_array=5,6 my_limit=7' \
	'my_bool=true|Y' my_short=2 my_int=3 my_long=4 my_str=s my_int_array=5,6 my_limit=7

# If a parameter is given twice, the last value counts.
good 'my_bool=1 my_bool=0 my_int=1 my_int=2 my_str=a my_str=b my_int_array=1,2,3 my_int_array=4 my_limit=20 my_limit=30' \
	my_int=2 my_str=b my_int_array=4 my_limit=30

# One step beyond the limits.
too_large my_short 32768
too_large my_short -32769
too_large my_int 2147483648
too_large my_int -2147483649
too_large my_int 0x80000000
too_large my_int 99999999999999999999
too_large my_long 9223372036854775808
too_large my_long -9223372036854775809
too_large my_limit 2147483648
bad my_int_array=1,2147483648 "Numerical result out of range" "<err> module_param: \`1' invalid for parameter \`my_int_array'"

# Texts that are no value of the type.
for value in "" 2 o ok -1; do invalid my_bool "$value"; done
for value in "" abc 1a 08 0x 0xg 1.5 1,2 -- - + ++1 +-1; do invalid my_int "$value"; done
bad my_int "Invalid parameters" "<err> module_param: \`' invalid for parameter \`my_int'"
bad 'my_int="1 2"' "Invalid parameters" "<err> module_param: \`1 2' invalid for parameter \`my_int'"
for value in 0 101 -1 "" x; do invalid my_limit "$value"; done

long=$(printf '%01024d' 7)
good "my_str=$long" "my_str=$long"
bad "my_str=0$long" "No space left on device" "<err> my_str: string parameter too long
<err> $(cut_line "module_param: \`0$long' too large for parameter \`my_str'")"
bad my_str "Invalid parameters" "<err> module_param: \`' invalid for parameter \`my_str'"

bad my_int_array=1,2,3,4,5 "Invalid parameters" "<err> my_int_array: can only take 4 arguments
<err> module_param: \`1' invalid for parameter \`my_int_array'"
for value in '1,' '1,,2' '1,x' '1,2,3,x'; do
	# C's parser has put a NUL after the first element.
	bad "my_int_array=$value" "Invalid parameters" "<err> module_param: \`1' invalid for parameter \`my_int_array'"
done
for value in "" ',' ',1'; do
	bad "my_int_array=$value" "Invalid parameters" "<err> module_param: \`' invalid for parameter \`my_int_array'"
done

# One wrong value among others, and unknown names.
bad 'my_int=1 my_limit=0' "Invalid parameters" "<err> module_param: \`0' invalid for parameter \`my_limit'"
bad 'my_int=x my_limit=0 my_short=32768' "Numerical result out of range" "<err> module_param: \`x' invalid for parameter \`my_int'
<err> module_param: \`0' invalid for parameter \`my_limit'
<err> module_param: \`32768' invalid for parameter \`my_short'"
first="<warn> module_param: unknown parameter 'my_other' ignored" good 'my_other=1 my_int=3' my_int=3
first="<warn> module_param: unknown parameter 'MY_INT' ignored" good MY_INT=1
first="<warn> module_param: unknown parameter 'b' ignored" good "my_str=\$'a\tb'" my_str=a
first="<warn> module_param: parameters 'my_int=1' after \`--' ignored" good '-- my_short=2 -- my_int=1' my_short=2

# Reading and writing while it is loaded.

kmsg_mark
insmod module_param.ko my_int=1 my_limit=20
loaded=$(kmsg)

is "$(stat -c '%a %u %n' "$parameters"/* | sed 's,/.*/,,')" "444 0 my_bool
444 0 my_int
444 0 my_int_array
644 0 my_limit
444 0 my_long
444 0 my_short
444 0 my_str" "only my_limit can be written, and only by root"

run insmod module_param.ko my_int=2 my_limit=30
is "$status $stderr" "1 insmod: ERROR: could not insert module module_param.ko: File exists" "it cannot be loaded twice"
is "$(<$parameters/my_int) $(<$parameters/my_limit)" "1 20" "the second attempt changes no parameter"

# limit TEXT ERROR VALUE: checks that writing TEXT gives this error, and that my_limit is VALUE after that.
limit() {
	is "$(write my_limit "$1") $(<$parameters/my_limit)" "$2 $3" "writing '${1//$'\n'/\\n}' to my_limit: ${2:-taken}"
}
limit 1 "" 1
limit $'100\n' "" 100
limit 0x20 "" 32
limit 0 "Invalid argument" 32
limit $'101\n' "Invalid argument" 32
limit -1 "Invalid argument" 32
limit 50,60 "Invalid argument" 32
limit "5 0" "Invalid argument" 32
limit " 5" "Invalid argument" 32
limit $'5\n\n' "Invalid argument" 32
limit $'\n' "Invalid argument" 32
limit "" "" 32 # the kernel does not even call the module
limit 2147483647 "Invalid argument" 32
limit 2147483648 "Numerical result out of range" 32
limit 18446744073709551616 "Numerical result out of range" 32
limit $'077\n' "" 63

for name in my_bool my_short my_int my_long my_str my_int_array; do
	before=$(<$parameters/$name)
	is "$(write $name 1)" "open: Permission denied" "not even root can write to $name"
	chmod u+w $parameters/$name
	is "$(write $name 1)" "Input/output error" "… nor after a chmod"
	same "$(<$parameters/$name)" "$before" "… and $name has not changed"
done

user() { perl -e '$) = "65534 65534"; $> = 65534; exec @ARGV' -- "$@"; }
is "$(user cat $parameters/my_str $parameters/my_limit)" $'blah\n63' "other users can read"
is "$(user perl -e 'open(my $f, ">", $ARGV[0]) or print $!' $parameters/my_limit)" "Permission denied" "… but not write"

same "$(kmsg)" "$loaded" "reading and writing parameters prints nothing"
rmmod module_param
is "$(ls -d /sys/module/module_param 2>&1)" "ls: cannot access '/sys/module/module_param': No such file or directory" \
	"unloading removes the parameters"

# Unloading while others read and write the parameter.

kmsg_mark
busy=$(mktemp -d)
for process in 1 2; do
	perl -e '
		my ($file, $stop) = @ARGV;
		my ($written, @bad) = 0;
		until (-e $stop) {
			for my $value (1, 100) {
				open(my $f, ">", $file) or select(undef, undef, undef, 0.001), next;
				if (defined syswrite($f, $value)) { $written++ } else { push @bad, $! unless $!{ENODEV} }
			}
		}
		print "$written @bad\n"' $parameters/my_limit "$busy/stop" >"$busy/writer$process" &
	perl -e '
		my ($file, $stop) = @ARGV;
		my ($read, @bad) = 0;
		until (-e $stop) {
			open(my $f, "<", $file) or select(undef, undef, undef, 0.001), next;
			if (defined sysread($f, my $value, 100)) { $value =~ /^(1|10|100)\n\z/ ? $read++ : push @bad, $value }
			else { push @bad, $! unless $!{ENODEV} }
		}
		print "$read @bad\n"' $parameters/my_limit "$busy/stop" >"$busy/reader$process" &
done
failed=$(perl -I tests -Msyscalls -e '
	for (1 .. 20) {
		my $load = insmod("module_param.ko");
		select(undef, undef, undef, 0.02);
		my $unload = rmmod("module_param");
		print "$load, $unload\n" if "$load $unload" ne "done done";
	}' 2>&1)
touch "$busy/stop"
wait
is "$failed" "" "it is loaded and unloaded 20 times while 4 processes read and write my_limit"
for process in "$busy"/{reader,writer}?; do
	like "$(<"$process")" '^[1-9][0-9]+ $' "${process##*/} was at work, and saw only permitted results"
done
is "$(kmsg | sed 's/my_limit = .*/my_limit = 10/' | sort | uniq -c | tr -s ' ' | cut -d ' ' -f 2 | sort -u)" 20 "the log has only the 20 loads"
rm -r "$busy"

done_testing
