#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# random-config.pl SERVER DIR SEED - writes DIR/dovecot.conf, DIR/etc/{main,master}.cf, DIR/exim.conf and
# DIR/default, DIR/nginx.conf or DIR/smtpd.conf: a configuration by chance, the same for the same seed. Ports of 40000 and above are those of listeners that are
# not mail's. DIR/../cert.pem and key.pem are there.
use strict;
use warnings;
my ($server, $dir, $seed) = @ARGV;
srand($seed);
my @out;

sub pick { return $_[int(rand(@_))] }
sub one_of { return int(rand($_[0])) == 0 }
sub some { return grep { one_of(2) } @_ }
sub port { return 20000 + int(rand(10000)) }
sub odd_port { return 40000 + int(rand(100)) }
sub say_ { push @out, @_ }
sub save {
	my ($path) = @_;
	open(my $file, '>', $path) or die "$path: $!\n";
	print $file map { "$_\n" } @out;
	close($file) or die "$path: $!\n";
	@out = ();
}

# ---- Dovecot 2.3 ----

sub listener { # some of its settings; what is left out is built in, or zero
	my ($name) = @_;
	say_ "  inet_listener $name {";
	say_ "    port = " . pick(0, 0, port(), port(), port(), 587, 143, 993, 110, 24) unless one_of(2);
	say_ "    ssl = " . pick('yes', 'no') if one_of(3);
	say_ "    address = " . pick('127.0.0.1', '::1', '127.0.0.1 ::1', '*', '::', '[::1]', '127.0.0.2, 127.0.0.3', 'localhost')
		if one_of(4);
	say_ "    haproxy = yes" if one_of(5);
	say_ "  }";
}

sub dovecot {
	my @protocols = some('imap', 'pop3', 'submission', 'sieve', 'lmtp');
	@protocols = ('imap') unless @protocols;
	my %services = ('imap-login' => 'imap', 'pop3-login' => 'pop3', 'submission-login' => 'submission',
		'managesieve-login' => 'sieve', 'lmtp' => 'lmtp');
	say_ "base_dir = $dir/run", "state_dir = $dir/state", "log_path = $dir/log", "protocols = @protocols",
		"listen = " . pick('*', '*, ::', '*,::', '127.0.0.1', '::1', '127.0.0.1, ::1', '::', '[::]', '127.0.0.2 127.0.0.3'),
		"ssl = " . pick('yes', 'yes', 'no', 'required'), "ssl_cert = <$dir/../cert.pem", "ssl_key = <$dir/../key.pem",
		"first_valid_uid = 1", "submission_relay_host = 127.0.0.1";
	foreach my $service (sort keys %services) {
		next if one_of(3); # its block is left out: what is built in stays
		my $name = $services{$service};
		say_ "service $service {";
		foreach my $listener ($name, "${name}s") { listener($listener) unless one_of(3) }
		listener('extra-' . int(rand(1000))) if one_of(4);
		listener('"a b"') if one_of(5);
		say_ "  client_limit = 100" if one_of(4);
		say_ "}";
	}
	if (one_of(4)) {
		say_ "service own-imap {", "  executable = imap-login", "  type = login", "  user = dovenull", "  chroot = login";
		say_ "  protocol = " . pick('imap', 'pop3') if one_of(2);
		say_ "  inet_listener own {", "    port = " . port(), "  }", "}";
	}
	say_ "service " . pick('doveadm', 'auth') . " {", "  inet_listener {", "    port = " . odd_port(), "  }", "}" if one_of(3);
	say_ "local_name b.example.test {", "  ssl_cert = <$dir/../cert.pem", "}" if one_of(4);
	say_ "protocol imap {", "  mail_max_userip_connections = 3", "}" if one_of(4);
	# A second time, further down: the last one counts.
	say_ "ssl = " . pick('yes', 'no', 'required') if one_of(5);
	say_ "listen = 127.0.0.1" if one_of(6);
	save("$dir/dovecot.conf");
}

# ---- Dovecot 2.4 ----

sub listener24 {
	my ($name) = @_;
	say_ "  inet_listener $name {";
	say_ "    port = " . pick(0, port(), port(), port(), 587, 143, 993, 110, 24) unless one_of(2);
	say_ "    ssl = " . pick('yes', 'no') if one_of(3);
	say_ "    listen = " . pick('127.0.0.1', '::1', '127.0.0.1 ::1', '*', '::', '127.0.0.2, 127.0.0.3', 'localhost') if one_of(4);
	say_ "    haproxy = yes" if one_of(5);
	say_ "  }";
}

sub dovecot24 {
	my @protocols = some('imap', 'pop3', 'submission', 'sieve', 'lmtp');
	@protocols = ('imap') unless @protocols;
	my %services = ('imap-login' => 'imap', 'pop3-login' => 'pop3', 'submission-login' => 'submission',
		'managesieve-login' => 'sieve', 'lmtp' => 'lmtp');
	my $certificate = one_of(8) ? "$dir/gone.pem" : "$dir/../cert.pem";
	say_ "dovecot_config_version = 2.4.1", "dovecot_storage_version = 2.4.0", "base_dir = $dir/run", "state_dir = $dir/state",
		"log_path = $dir/log", "mail_driver = maildir", "mail_path = ~/Maildir", "first_valid_uid = 1",
		"submission_relay_host = 127.0.0.1", "ssl = " . pick('yes', 'yes', 'no', 'required');
	if (one_of(2)) { say_ "protocols = @protocols" } else { say_ "protocols {", (map { "  $_ = yes" } @protocols), "}" }
	say_ "listen = " . pick('*', '*, ::', '127.0.0.1', '::1', '127.0.0.1, ::1', '::', '127.0.0.2 127.0.0.3', 'localhost') if one_of(2);
	if (one_of(2)) {
		say_ "ssl_server_cert_file = $certificate", "ssl_server_key_file = $dir/../key.pem";
	} else {
		say_ "ssl_server {", "  cert_file = $certificate", "  key_file = $dir/../key.pem", "}";
	}
	foreach my $service (sort keys %services) {
		next if one_of(2);
		my $name = $services{$service};
		say_ "service $service {";
		foreach my $listener ($name, "${name}s") { listener24($listener) unless one_of(3) }
		listener24('extra-' . int(rand(1000))) if one_of(4);
		say_ "}";
	}
	say_ "local_name b.example.test {", "  ssl_server_cert_file = " . pick("$dir/../cert.pem", "$dir/../cert.pem", "$dir/gone.pem"), "}" if one_of(4);
	say_ "protocol imap {", "  ssl_server {", "    cert_file = $dir/../cert.pem", "  }", "}" if one_of(4);
	say_ "listen = 127.0.0.1" if one_of(6);
	save("$dir/dovecot.conf");
}

# ---- Postfix ----

sub options { # some -o lines, with comments between
	while (one_of(2)) {
		say_ '  ' . pick('-o smtpd_tls_wrappermode=yes', '-o smtpd_tls_security_level=encrypt', '-o inet_interfaces=127.0.0.9',
			'-o { smtpd_client_restrictions = permit_mynetworks, reject }', '-o syslog_name=postfix/x',
			'-o smtpd_sasl_auth_enable=yes', '-o inet_protocols=ipv6', '-o smtpd_upstream_proxy_protocol=haproxy');
		say_ '#  -o smtpd_tls_security_level=may' if one_of(4);
	}
}

sub service {
	my ($name, $command) = @_;
	say_ "$name inet n " . pick('-', 'n', 'y') . " n - - " . ($command || 'smtpd');
	options();
}

sub postfix {
	say_ "compatibility_level = 3.6", "queue_directory = $dir/spool", "data_directory = $dir/data",
		"daemon_directory = /usr/lib/postfix/sbin", "command_directory = /usr/sbin", "shlib_directory = /usr/lib/postfix",
		"mail_owner = postfix", "setgid_group = postdrop", "myhostname = mail.example.test", "maillog_file = $dir/log",
		"maillog_file_prefixes = $dir", 'loop = 127.0.0.1', 'both = $loop, ::1',
		"inet_interfaces = " . pick('all', 'all', 'all', 'loopback-only', '127.0.0.1', '127.0.0.1, ::1', '192.0.2.2 192.0.2.3',
			'$loop', '$both', 'localhost', 'ALL'),
		"inet_protocols = " . pick('all', 'all', 'all', 'all', 'ipv4', 'ipv6', 'ipv4, ipv6'),
		"smtpd_tls_security_level = " . pick('', 'may', 'encrypt', 'none');
	say_ "master_service_disable = " . pick('inet', 'submission/inet', 'submission.inet 465/inet', '!smtp/inet, inet', 'unix', '2525/inet')
		if one_of(4);
	say_ "smtpd_tls_cert_file = $dir/../cert.pem" if one_of(2);
	save("$dir/etc/main.cf");

	service('smtp', pick('smtpd', 'smtpd', 'smtpd', 'postscreen')) unless one_of(5);
	foreach my $name ('submission', 'submissions', '2525', '10587') {
		if (one_of(3)) {
			say_ "#$name inet n - y - - smtpd";
			options() if one_of(3);
		} else {
			service($name);
		}
	}
	foreach my $name ('127.0.0.1:10025', '[::1]:10026', 'localhost:10027', '[127.0.0.5]:2526') { service($name) if one_of(3) }
	# Collisions: two names for one port, the same name again, one address twice; and a name that no port has.
	service(pick('smtps', '465', 'ssmtp', '587', '25')) if one_of(8);
	service('submission') if one_of(10);
	service('127.0.0.4:smtp') if one_of(8);
	service('no-such-port') if one_of(15);
	service(odd_port(), pick('qmqpd', 'spawn user=nobody argv=/bin/true')) if one_of(3);
	say_ 'postlog unix-dgram n - n - 1 postlogd', 'pickup unix n - n 60 1 pickup', 'cleanup unix n - n - 0 cleanup',
		'qmgr unix n - n 300 1 qmgr', 'rewrite unix - - n - - trivial-rewrite', 'smtpd pass - - n - - smtpd';
	save("$dir/etc/master.cf");
}

# ---- Exim ----

sub exim {
	say_ "spool_directory = $dir/spool", "log_file_path = $dir/%slog", "pid_file_path = $dir/pid", "exim_user = root",
		"exim_group = root", "never_users =", "daemon_startup_retries = 0", "keep_environment =";
	say_ "daemon_smtp_ports = " . pick('25', 'smtp', 'smtp : 587', '25 : submission : 465', '<; 25 ; 587', '2525', '465 : 587',
		'25 : submissions', '<, 25, 2525', '25 : no-such-port') unless one_of(4);
	say_ "tls_on_connect_ports = " . pick('465', '465', '465 : 587', '<; 465 ; 2525', '9999', 'smtps', 'submissions', '25') if one_of(2);
	say_ "local_interfaces = " . pick('127.0.0.1', '<; 127.0.0.1 ; ::1', '127.0.0.1 : 127.0.0.2', '127.0.0.1.2525', '<; [127.0.0.2]:2525 ; ::1',
		'0.0.0.0', '<; ::0', '<; ::0 ; 0.0.0.0', '192.0.2.2', '<; 192.0.2.2 ; 192.0.2.3 ; ::1', '::::1', '127.0.0.1 : 0.0.0.0.2526') if one_of(2);
	say_ "disable_ipv6 = true" if one_of(6);
	say_ "tls_certificate = $dir/../cert.pem", "tls_privatekey = $dir/../key.pem" if one_of(2);
	say_ "hosts_proxy = *" if one_of(8);
	save("$dir/exim.conf");
	my $over = pick('', '', '', ' -oX 2527', ' -oX 25:587', ' -oX 127.0.0.3', ' -oX 25:127.0.0.4', ' -oX 127.0.0.5.2528', ' -oX 465:587:25 -oP ' . $dir . '/pid2');
	if (-e "$dir/native") { # as Debian 13's unit has it
		say_ "EXIMSERVICE='" . pick('-bdf -q30m', '-bdf', '-bdf -q30m', '-bdf', '-bd -q10m') . $over . "'" unless $over eq '' && one_of(2);
		say_ "SMTPLISTENEROPTIONS='-oX 2529'" if one_of(3); # which it does not read
	} else {
		say_ "QUEUERUNNER='" . pick('combined', 'combined', 'separate', 'ppp') . "'", "QUEUEINTERVAL='30m'";
		say_ "SMTPLISTENEROPTIONS='" . substr($over, length($over) ? 1 : 0) . "'" if length($over) || one_of(2);
		say_ "EXIMSERVICE='-bdf -oX 2529'" if one_of(3);
	}
	save("$dir/default");
}

# ---- nginx ----

sub nginx_listen {
	my ($more, $tls) = @_;
	my $port = one_of(3) ? pick(25, 110, 143, 465, 587, 993, 995) : port();
	return 'listen ' . (one_of(20) ? 'localhost:' : pick('', '', '*:', '127.0.0.1:', '[::]:', '[::1]:', '127.0.0.2:'))  . $port . ($tls ? ' ssl' : '') . (one_of(6) ? $more : '') . ';';
}

sub nginx {
	say_ "load_module /usr/lib/nginx/modules/ngx_mail_module.so;", "load_module /usr/lib/nginx/modules/ngx_stream_module.so;",
		"pid $dir/pid;", "error_log $dir/log;", "events { }";
	say_ "mail {", "  auth_http 127.0.0.1:9/;", "  server_name mail.example.test;", "  ssl_certificate $dir/../cert.pem;", "  ssl_certificate_key $dir/../key.pem;";
	say_ "  protocol imap;" if one_of(15);
	for (1 .. 1 + int(rand(4))) {
		my $tls = one_of(3);
		say_ "  server {", map { "    " . nginx_listen(' proxy_protocol', $tls) } 1 .. 1 + int(rand(2));
		say_ "    protocol " . pick('smtp', 'imap', 'pop3') . ";" unless one_of(15);
		say_ "    starttls " . pick('on', 'only', 'off') . ";" if one_of($tls ? 15 : 3);
		say_ "    # listen 2599;" if one_of(5);
		say_ "  }";
	}
	say_ "  include $dir/mail.d/*.conf;", "}";
	if (one_of(2)) {
		say_ "stream {";
		say_ "  upstream behind { server 127.0.0.9:143; server 127.0.0.10:9; }" if one_of(2);
		for (1 .. 1 + int(rand(2))) {
			say_ "  server { " . nginx_listen(' proxy_protocol', one_of(3)) . " proxy_pass " . pick('behind', '127.0.0.9:587', '127.0.0.9:993', '127.0.0.9:25') . ";",
				"    ssl_certificate $dir/../cert.pem; ssl_certificate_key $dir/../key.pem;", "    proxy_protocol on;", "  }";
		}
		say_ "  server { listen " . odd_port() . "; proxy_pass 127.0.0.9:80; }", "  server { listen 127.0.0.1:53 udp; proxy_pass behind; }",
			grep({ /upstream/ } @out) ? () : "  upstream behind { server 127.0.0.9:143; }", "}";
	}
	say_ "http { access_log off; server { listen " . odd_port() . "; } }" if one_of(3);
	save("$dir/nginx.conf");
	mkdir "$dir/mail.d";
	say_ "server { listen 127.0.0.8:" . pick(143, 587) . "; protocol " . pick('imap', 'smtp') . "; }" if one_of(2);
	save("$dir/mail.d/one.conf");
}

# ---- OpenSMTPD ----

sub opensmtpd {
	say_ "here = \"127.0.0.1\"", "pki x cert \"$dir/../cert.pem\"", "pki x key \"$dir/../key.pem\"", "queue ttl 4d";
	say_ "include \"$dir/more.conf\"" if one_of(3);
	for (1 .. 1 + int(rand(4))) {
		my $line = "listen on " . pick('localhost', 'lo', '127.0.0.1', '::1', '0.0.0.0', '::', '192.0.2.2', '$here', '"127.0.0.2"', 'all', 'socket');
		if ($line =~ /socket$/) { say_ $line; next }
		$line .= pick('', '', ' inet4', ' inet6') unless $line =~ /[.:\$]|localhost/;
		$line .= " port " . pick(25, 587, 465, 'submission', 'smtps', port(), port(), 'no-such-port') unless one_of(3);
		$line .= pick('', '', ' tls pki x', ' tls-require pki x', ' smtps pki x', ' smtps pki x auth', ' tls pki x auth-optional', ' tag here', ' hostname mail.example.test',
			' tls', ' smtps pki x tls pki x');
		say_ one_of(5) ? map { $_ } ("$line \\", "  mask-src") : $line;
		say_ "# listen on lo port 2599" if one_of(4);
	}
	say_ 'action "out" relay', 'match for any action "out"';
	save("$dir/smtpd.conf");
	say_ "listen on 127.0.0.6 port 2526" if one_of(2);
	save("$dir/more.conf");
	chmod 0600, "$dir/smtpd.conf", "$dir/more.conf";
}

my %servers = (dovecot => \&dovecot, dovecot24 => \&dovecot24, postfix => \&postfix, exim => \&exim, nginx => \&nginx, opensmtpd => \&opensmtpd);
($servers{$server} or die join(', ', sort keys %servers) . "\n")->();
