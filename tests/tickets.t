#!/usr/bin/env bash
# One module uses another: next_ticket and tests/tickets_c.c use tickets. (tests/long/host/exports.t changes only one of them.)

. "$(dirname "$0")/kernel.sh" || exit
. "$(dirname "$0")/perl.sh"

file=/proc/next_ticket
# readable: prints symbols as the source has them, without the hash.
readable() { c++filt | sed 's/\[[0-9a-f]*\]//g' | sort; }
used_by() { lsmod | awk '$1 == "tickets" { print $3, $4 }'; }

# --- Its metadata, and its exports.

is "$(modinfo -F depends next_ticket.ko)" tickets "modinfo says what it depends on"
is "$(modinfo -F depends tickets.ko)" "" "… and that the other depends on nothing"
is "$(modinfo -F depends tests/tickets_c.ko)" tickets "… and that a module in C depends on it, too"
is "$(sed -n 's,^updates/next_ticket.ko: ,,p' "/lib/modules/$(uname -r)/modules.dep")" updates/tickets.ko "depmod lists it"
is "$(awk '$3 == "tickets" { print $4, $2 }' "build/modules/$(uname -r)/Module.symvers" | readable)" \
	"EXPORT_SYMBOL_GPL <tickets::Ticket>::number
EXPORT_SYMBOL_GPL <tickets::Ticket>::take
EXPORT_SYMBOL_GPL tickets_take" "all that is pub is exported, only to modules under the GPL, and nothing else is"

# --- Alone.

kmsg_mark
run insmod next_ticket.ko
is "$status $stderr" "1 insmod: ERROR: could not insert module next_ticket.ko: Unknown symbol in module" "insmod refuses next_ticket alone"
is "$(kmsg | readable)" "<warn> next_ticket: Unknown symbol <tickets::Ticket>::number (err -2)
<warn> next_ticket: Unknown symbol <tickets::Ticket>::take (err -2)" "the log names the missing symbols"
not_there $file "… and nothing is left behind"

# --- Both.

kmsg_mark
run modprobe next_ticket
is "$status $stderr" "0 " "modprobe loads it"
is "$(used_by)" "1 next_ticket" "… and the module that it uses; lsmod names the user"
is "$(cat $file $file)" $'1\n2' "each reading takes a ticket"
is "$(perl '$f = openf("/proc/next_ticket"); print readn($f, 1), readn($f, 9), readn($f, 9), pread($f, 9, 0)')" $'3\n4' "reading in pieces takes one ticket"
run rmmod tickets
is "$status $stderr" "1 rmmod: ERROR: Module tickets is in use by: next_ticket" "rmmod refuses a module that is in use"
rmmod next_ticket
is "$(used_by)" "0 " "after that, nobody uses it"
insmod next_ticket.ko
is "$(<$file)" 5 "the numbers go on when next_ticket is loaded again, because tickets has kept them"

# --- In C, and several at once.

insmod tests/tickets_c.ko
is "$(kmsg)" "tickets_c: 6" "a module in C takes one, too"
kmsg_mark
like "$(used_by)" '^2 (next_ticket,tickets_c|tickets_c,next_ticket)$' "lsmod names both users"
is "$(perl '
	for my $reader (1 .. 4) {
		pipe(my $from, my $to);
		if (fork) { push @from, $from; next }
		my $f = openf("/proc/next_ticket");
		print $to pread($f, 30, 0) for 1 .. 5000;
		close $to;
		POSIX::_exit(0);
	}
	local $/ = "\n";
	my %count;
	for my $from (@from) { chomp, $count{$_}++ while <$from> }
	1 while wait > 0;
	my @numbers = sort { $a <=> $b } keys %count;
	print "$numbers[0] to $numbers[-1], ", scalar(@numbers), " numbers, ", scalar(grep { $_ > 1 } values %count), " of them twice"')" \
	"7 to 20006, 20000 numbers, 0 of them twice" "four readers at once get each number once"
rmmod tickets_c
is "$(kmsg)" "" "none of this logs a message"
# (Reading takes much longer than taking a ticket, so the readers seldom meet.)
kmsg_mark
insmod tests/tickets_c.ko each=200000
is "$(kmsg)" "tickets_c: $((20007 + $(nproc) * 200000))" "none is lost if all CPUs take them at the same time"
kmsg_mark
rmmod tickets_c
run modprobe -r next_ticket
is "$status $stderr" "0 " "modprobe -r unloads it"
is "$(used_by)" "" "… and the module that nobody else uses"
is "$(kmsg)" "" "… without a message"
modprobe next_ticket
is "$(<$file)" 1 "the numbers begin at 1 when tickets is loaded"
modprobe -r next_ticket
done_testing
