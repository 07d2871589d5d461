# SPDX-License-Identifier: LGPL-2.1-or-later
# relay.pl ADDRESS PORT TO-ADDRESS [strip|header] - passes TCP connections on to the same port elsewhere, as
# docker-proxy does; "strip" takes STARTTLS out of what the server says, "header" begins with a PROXY header, as a
# load balancer does. Ends by a signal.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($address, $port, $to, $how) = @ARGV;
$how //= '';
my $listener = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => 50, ReuseAddr => 1)
	or die "cannot listen on $address port $port: $!";
my $select = IO::Select->new($listener);
my (%peer, %is_server);
$SIG{PIPE} = 'IGNORE';
while (1) {
	for my $socket ($select->can_read) {
		if ($socket == $listener) {
			my $client = $listener->accept or next;
			my $server = IO::Socket::INET->new(PeerAddr => $to, PeerPort => $port);
			if (!$server) {
				close $client;
				next;
			}
			syswrite $server, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0" if $how eq 'header';
			($peer{$client}, $peer{$server}) = ($server, $client);
			$is_server{$server} = 1;
			$select->add($client, $server);
			next;
		}
		my $other = delete $peer{$socket} or next;
		my $n = sysread $socket, my $bytes, 65536;
		if (!$n) {
			$select->remove($socket, $other);
			delete $peer{$other};
			delete @is_server{ $socket, $other };
			close $socket;
			close $other;
			next;
		}
		$peer{$socket} = $other;
		$bytes =~ s/STARTTLS/XXXXXXXX/g if $how eq 'strip' && $is_server{$socket};
		syswrite $other, $bytes;
	}
}
