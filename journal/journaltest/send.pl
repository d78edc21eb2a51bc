# send.pl COMM PRI IDENTIFIER: sends each line of standard input to /dev/log as a process named COMM would. A line that
# journald could not take is sent again. It says "sent" at the end of the input and stays until its output is closed,
# so that journald can still ask who it was.
use Socket;
my ($comm, $pri, $identifier) = @ARGV;
$0 = $comm;
$| = 1;
sub reach {
	socket($log, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
	return connect($log, sockaddr_un("/dev/log"));
}
reach();
while (my $line = <STDIN>) {
	chomp $line;
	until (defined send($log, "<$pri>$identifier\[$$]: $line", 0)) {
		select(undef, undef, undef, 0.01);
		reach();
	}
}
print "sent\n";
$SIG{PIPE} = "DEFAULT";
while (1) { select(undef, undef, undef, 0.05); print "\n"; }
