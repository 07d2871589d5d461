#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# mutants.pl - breaks what decides, one small thing at a time, and prints what no unit test noticed.
#
# A mutant is one operator, constant or statement of one line changed; the file is compiled anew and linked
# before the library with each test that should see it. "make check-mutants" runs MUTANTS of them (60), chosen
# by SEED (1): the same seed and sources, the same mutants. FILES=REGEX limits where. Each test has 10 s.
# A survivor is a question, not a failure: it may change nothing that can be seen (then say so where it
# stands), else a row of a test is missing. Exit status: 0; 2 when nothing could be built.
use strict;
use warnings;
use File::Path qw(make_path);

my @judge = qw(judge judge_place operator repair stale not_accepting queue jitter match);
my @merge = qw(intent merge conflicts intent_diff intent_tools stale);
my %rooms = (
	'userspace/judge/preflight' => ['preflight'],
	'userspace/judge/queue'     => [ 'queue', 'not_accepting' ],
	'userspace/judge/match'     => [ 'match', 'preflight' ],
	'userspace/judge/'          => \@judge,
	'userspace/intent/merge/'   => \@merge,
);
my ($out, $cc) = ($ENV{OUT} // 'build', $ENV{CC} // 'gcc');
my ($count, $seed) = ($ENV{MUTANTS} || 60, $ENV{SEED} // 1);
my $files = $ENV{FILES} // '.';
my $flags = ($ENV{CPPFLAGS} // '') . ' -std=gnu17 -w -O0 -fPIE';
my $dir = "$out/mutants";

my @changes = (    # what is found, what it becomes
	[ qr/ < /,    ' <= ' ], [ qr/ <= /, ' < ' ], [ qr/ > /,  ' >= ' ], [ qr/ >= /, ' > ' ],
	[ qr/ == /,   ' != ' ], [ qr/ != /, ' == ' ], [ qr/ && /, ' || ' ], [ qr/ \|\| /, ' && ' ],
	[ qr/ \+ /,   ' - ' ],  [ qr/ - /,  ' + ' ],  [ qr/ \+= /, ' -= ' ], [ qr/\btrue\b/, 'false' ],
	[ qr/\bfalse\b/, 'true' ], [ qr/(?<=[(\s])!(?=[a-z(*])/, '' ], [ qr/(?<= )\b0;/, '1;' ],
);

sub tests_of {
	my ($file) = @_;
	for my $room (sort { length $b <=> length $a } keys %rooms) {
		return @{ $rooms{$room} } if index($file, $room) == 0;
	}
	return ();
}

# Comments, directives and what only says words are no decisions.
sub is_dull {
	my ($line) = @_;
	return $line =~ m{^\s*(/\*|\*|//|#|static const|")} || $line =~ /assert|text_format|text_append|sanitize/;
}

sub mutants_of {
	my ($file) = @_;
	my @found;
	open(my $in, '<', $file) or die "$file: $!";
	my @lines = <$in>;
	my $is_in_function = 0;
	for my $i (0 .. $#lines) {
		$is_in_function = 1 if $lines[$i] =~ /^\{/;
		$is_in_function = 0 if $lines[$i] =~ /^\}/;
		next if !$is_in_function || is_dull($lines[$i]);
		(my $code = $lines[$i]) =~ s{/\*.*}{}s;
		for my $change (@changes) {
			while ($code =~ /$change->[0]/g) {
				my $to = substr($lines[$i], 0, $-[0]) . $change->[1] . substr($lines[$i], $+[0]);
				push @found, { file => $file, at => $i, to => $to };
			}
		}
		# A statement that stands on one line: what if it were not there?
		push @found, { file => $file, at => $i, to => "\t;\n" }
			if $code =~ /^\t+(\(void\))?[a-z_][\w\->.\[\]]*(\(.*\)| [-+|&]?= .*|\+\+|--);\s*$/;
	}
	return @found;
}

sub run { return system(@_) == 0 }

sub build_tests {
	my %is_wanted = map { $_ => 1 } @_;
	for my $path (glob('tests/support/*.c'), map { "tests/test_$_.c" } sort keys %is_wanted) {
		my ($name) = $path =~ m{([^/]+)\.c$};
		run("$cc $flags -c -o $dir/$name.o $path") or exit 2;
	}
	run("rm -f $dir/support.a && ar rcs $dir/support.a " . join(' ', map { s{.*/}{$dir/}r =~ s{c$}{o}r } glob('tests/support/*.c')))
		or exit 2;
}

# 'killed', 'survived', or 'no code' where the compiler refuses it.
sub try {
	my ($mutant) = @_;
	open(my $in, '<', $mutant->{file}) or die;
	my @lines = <$in>;
	$mutant->{from} = $lines[ $mutant->{at} ];
	$lines[ $mutant->{at} ] = $mutant->{to};
	open(my $to, '>', "$dir/mutant.c") or die;
	print $to @lines;
	close $to;
	return 'no code' if !run("$cc $flags -c -o $dir/mutant.o $dir/mutant.c 2>/dev/null");
	for my $test (tests_of($mutant->{file})) {
		return 'no code' if !run("$cc -pie -o $dir/test $dir/test_$test.o $dir/mutant.o $dir/support.a "
			. "$out/userspace.a $ENV{LDLIBS} -lcmocka 2>/dev/null");
		return 'killed' if !run("timeout -k 1 10 $dir/test >/dev/null 2>&1");
	}
	return 'survived';
}

# A generator of our own, so that a seed means the same everywhere.
sub chance {
	$seed = ($seed * 1103515245 + 12345) % 2147483648;
	return ($seed >> 8) % $_[0];
}

make_path($dir);
my @all = map { mutants_of($_) } grep { /$files/ } sort map { glob("$_*.c") } 'userspace/judge/', 'userspace/intent/merge/';
for my $i (reverse 1 .. $#all) {
	my $j = chance($i + 1);
	@all[ $i, $j ] = @all[ $j, $i ];
}
splice(@all, $count) if @all > $count;
build_tests(map { tests_of($_->{file}) } @all);
my %n = map { $_ => 0 } 'killed', 'survived', 'no code';
for my $mutant (@all) {
	my $end = try($mutant);
	$n{$end}++;
	next if $end ne 'survived';
	chomp(my ($from, $to) = map { s/^\s+//r } @$mutant{qw(from to)});
	print "survived: $mutant->{file}:" . ($mutant->{at} + 1) . ": $from  ->  $to\n";
}
print scalar(@all) . " mutants: $n{killed} killed, $n{survived} survived, $n{'no code'} did not compile\n";
