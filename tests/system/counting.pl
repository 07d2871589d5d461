# SPDX-License-Identifier: LGPL-2.1-or-later
# counting.pl LOG PORT... - an SMTP server without TLS, slow to greet, that writes down each connection as
# "PORT open N-ON-THIS-PORT N-IN-ALL" and each command as "PORT said COMMAND". From port 2100 on it never greets.
# Ends by a signal.
use strict;
use warnings;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes 'time';

my ($path, @ports) = @ARGV;
open my $log, '>>', $path or die "cannot write $path: $!";
$log->autoflush;
my $select = IO::Select->new;
my (%listener, %port, %open, %greet_at);
$SIG{PIPE} = 'IGNORE';
for my $port (@ports) {
	my $socket = IO::Socket::INET->new(LocalPort => $port, Listen => 50, ReuseAddr => 1) or die "port $port: $!";
	$select->add($socket);
	$listener{$socket} = $port;
}
my $all = 0;
while (1) {
	# Who has hung up goes before who comes, and was there no later: look again.
	my @ready = $select->can_read(0.02) ? $select->can_read(0) : ();
	for my $socket (sort { !!$listener{$a} <=> !!$listener{$b} } @ready) {
		if (my $port = $listener{$socket}) {
			my $client = $socket->accept or next;
			$select->add($client);
			($port{$client}, $greet_at{$client}) = ($port, [ time + ($port < 2100 ? 0.15 : 1e6), $client ]);
			$all++;
			print $log "$port open ", ++$open{$port}, " $all\n";
			next;
		}
		my $port = $port{$socket};
		my $n = sysread $socket, my $bytes, 4096;
		if ($n) {
			print $log "$port said $_\n" for split /\r\n/, $bytes;
			next if $port >= 2100;
			syswrite $socket, $bytes =~ /^QUIT/m ? "221 bye\r\n" : "250 hello\r\n";
		}
		if (!$n || ($port < 2100 && $bytes =~ /^QUIT/m)) {
			$select->remove($socket);
			delete $greet_at{$socket};
			close $socket;
			$open{$port}--;
			$all--;
		}
	}
	for my $key (grep { $greet_at{$_}[0] <= time } keys %greet_at) {
		my (undef, $client) = @{ delete $greet_at{$key} };
		syswrite $client, "220 mail.example.test ready\r\n";
	}
}
