#!/usr/bin/env perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Check that code of certain sections refers only to code that may run there.
#
#	check-sections.pl [--unused] LIST CONFIG OBJECT...
#
# LIST describes the sections, see sections.txt.  CONFIG is include/config/auto.conf.  With
# --unused, an entry of LIST for this kernel that no object needs is an error; this requires
# the objects of both folders.  OBJDUMP names the tool to use.
#
# A branch within a section has no relocation.  So the relocations are the references that
# leave the section, or that read data.  An indirect branch has none: the functions that
# make one are listed by name.
use strict;
use warnings;

my $objdump = $ENV{OBJDUMP} || 'aarch64-linux-gnu-objdump';
my %complaints;

sub complain {
	my ($text) = @_;
	print STDERR "check-sections: $text\n" unless $complaints{$text}++;
}

sub lines_of {
	my (@command) = @_;
	open(my $pipe, '-|', @command) or die "check-sections: $command[0]: $!\n";
	my @lines = <$pipe>;
	close($pipe) or die "check-sections: @command: exit status $?\n";
	return @lines;
}

# The options of this kernel that are y or m.
sub read_config {
	my ($file) = @_;
	open(my $in, '<', $file) or die "check-sections: $file: $!\n";
	return map { /^(CONFIG_\w+)=[ym]/ ? ($1 => 1) : () } <$in>;
}

# A world: { name, object, alone, entries => [ { kind, name, used, line } ] }.
sub read_list {
	my ($file, $config) = @_;
	my (@worlds, %seen);
	open(my $in, '<', $file) or die "check-sections: $file: $!\n";
	while (<$in>) {
		next if /^\s*(#|$)/;
		if (/^(section|copied)\s+(\S+)(?:\s+of\s+(\S+))?$/) {
			push @worlds, { name => $2, object => $3, alone => $1 eq 'copied',
					entries => [] };
			%seen = ();
		} elsif (@worlds &&
			 /^(own|call|address|indirect|without)\s+(\S+)(?:\s+if\s+(!?)(\w+))?\s+:\s+\S/) {
			complain("$file:$.: $1 $2 is listed twice") if $seen{"$1 $2"}++;
			push @{$worlds[-1]{entries}}, { kind => $1, name => $2, line => $. }
				if !$4 || !$config->{$4} == !!$3;
		} else {
			complain("$file:$.: not understood, or without a reason");
		}
	}
	return @worlds;
}

# The symbols and the sections of an object.
sub read_object {
	my ($file) = @_;
	my %object = (file => $file, symbol => {}, section => {});
	for (lines_of($objdump, '-h', '-t', '-w', $file)) {
		if (/^\s*\d+\s+(\S+)\s+[0-9a-f]{8}\s(.*\b(?:CONTENTS|ALLOC)\b.*)/) {
			my ($section, $flags) = ($1, $2);
			$object{section}{$section} = $flags =~ /\bCODE\b/ ? 'code' : 'data';
		} elsif (/^([0-9a-f]{16}) (.{7}) (\S+)\t[0-9a-f]+\s(?:\.\w+\s)?(\S+)$/) {
			my ($at, $flags, $section, $name) = (hex $1, $2, $3, $4);
			next if $section eq '*UND*' || $name eq $section || $name =~ /^\$/;
			my $global = $flags =~ /^l/ ? 0 : 1;
			$object{symbol}{$name} = { section => $section, at => $at,
						   global => $global };
		}
	}
	return \%object;
}

# The function of an object at an address of a section.
sub function_at {
	my ($object, $section, $at) = @_;
	my ($best, $best_at) = ($section, -1);
	for my $name (sort keys %{$object->{symbol}}) {
		my $s = $object->{symbol}{$name};
		($best, $best_at) = ($name, $s->{at})
			if $s->{section} eq $section && $s->{at} <= $at && $s->{at} > $best_at;
	}
	return $best;
}

# The entry of a world for a reference, or undef.
sub entry_for {
	my ($world, $kinds, $name) = @_;
	for my $e (@{$world->{entries}}) {
		next unless $e->{kind} =~ /^($kinds)$/;
		my $pattern = join('.*', map { quotemeta } split(/\*/, $e->{name}, -1));
		if ($name =~ /^$pattern$/) {
			$e->{used} = 1;
			return $e;
		}
	}
	return undef;
}

sub is_freed {
	my ($section) = @_;
	return $section =~ /^\.(init|exit|meminit|memexit)\./;
}

# Where a reference of an object goes: (name, section or undef, 'code' or 'data').
sub resolve {
	my ($object, $all, $target) = @_;
	my ($name, $plus) = $target =~ /^(\S+?)(?:[+-](0x[0-9a-f]+))?$/;
	my $at = defined $plus ? hex $plus : 0;
	if (exists $object->{section}{$name}) {
		my $kind = $object->{section}{$name};
		my $function = $kind eq 'code' ? function_at($object, $name, $at) : $name;
		return ($function, $name, $kind);
	}
	my $s = $object->{symbol}{$name};
	for my $other ($s ? () : @$all) {
		my $found = $other->{symbol}{$name};
		next unless $found && $found->{global};
		$s = $found;
		$object = $other;
		last;
	}
	return ($name, undef, undef) unless $s;
	return ($name, $s->{section}, $object->{section}{$s->{section}} // 'data');
}

# One reference from a function of a world.
sub check_reference {
	my ($world, $object, $all, $function, $type, $target) = @_;
	my ($name, $section, $kind) = resolve($object, $all, $target);
	my $branch = 'CALL26|JUMP26|CONDBR19|TSTBR14';
	my $is_call = $type =~ /^R_AARCH64_($branch)$/;
	my $listed = entry_for($world, $is_call ? 'own|call' : 'own|address', $name);
	return if defined $section && $section eq $world->{name} &&
		(!$world->{alone} || $type =~ /^R_AARCH64_($branch|ADR_PREL_LO21|PREL32)$/);
	return if $listed && !($listed->{kind} eq 'own' && defined $section);
	return if !$world->{alone} && defined $section && $kind eq 'data' && !is_freed($section);
	my $where = defined $section ? " of $section" : '';
	complain(sprintf('%s: %s(): %s %s%s, which %s does not allow', $object->{file}, $function,
			 $is_call ? 'calls' : 'refers to', $name, $where, $world->{name}));
}

sub check_code {
	my ($world, $object, $all, $section) = @_;
	my $function = $section;
	for (lines_of($objdump, '-D', '-r', '-j', $section, $object->{file})) {
		if (/^[0-9a-f]+ <(\S+)>:$/) {
			$function = $1 unless $1 =~ /^\./;
		} elsif (/^\s+[0-9a-f]+:\s+(R_\w+)\s+(\S+)/) {
			check_reference($world, $object, $all, $function, $1, $2);
		} elsif (/^\s+[0-9a-f]+:\s+[0-9a-f]{8}\s+bl?ra?[ab]?z?\s/) {
			entry_for($world, 'indirect', $function) or
				complain("$object->{file}: $function(): indirect branch, which " .
					 "$world->{name} does not allow");
		}
	}
}

# Functions that a list names as own must not be elsewhere.
sub check_own {
	my ($world, $object) = @_;
	for my $e (grep { $_->{kind} eq 'own' } @{$world->{entries}}) {
		my $s = $object->{symbol}{$e->{name}};
		next unless $s && $s->{global};
		$e->{used} = 1;
		complain("$object->{file}: $e->{name}() is in $s->{section} instead of $world->{name}")
			if $s->{section} ne $world->{name};
	}
}

sub check_object {
	my ($world, $object, $all) = @_;
	return if $world->{object} && $object->{file} !~ m{(^|/)\Q$world->{object}\E$};
	check_own($world, $object);
	return unless exists $object->{section}{$world->{name}};
	$world->{found} = 1;
	check_code($world, $object, $all, $world->{name});
	for my $e (grep { $_->{kind} eq 'without' } @{$world->{entries}}) {
		complain("$object->{file}: has $e->{name}, which $world->{name} does not allow")
			if exists $object->{section}{$e->{name}};
		$e->{used} = 1;
	}
	# Instructions that replace some of the section at boot.
	check_code($world, $object, $all, '.altinstr_replacement')
		if exists $object->{section}{'.altinstr_replacement'};
}

sub check_unused {
	my ($list, @worlds) = @_;
	for my $world (@worlds) {
		complain("$list: no object has $world->{name}") unless $world->{found};
		for my $e (@{$world->{entries}}) {
			complain("$list:$e->{line}: $e->{kind} $e->{name} is not needed")
				unless $e->{used};
		}
	}
}

my $unused = @ARGV && $ARGV[0] eq '--unused' && shift @ARGV;
die "usage: check-sections.pl [--unused] LIST CONFIG OBJECT...\n" if @ARGV < 3;
my ($list, $config_file, @files) = @ARGV;
my %config = read_config($config_file);
my @worlds = read_list($list, \%config);
my @objects = map { read_object($_) } @files;

for my $world (@worlds) {
	check_object($world, $_, \@objects) for @objects;
}
check_unused($list, @worlds) if $unused;
exit(%complaints ? 1 : 0);
