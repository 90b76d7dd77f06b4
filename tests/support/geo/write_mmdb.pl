#!/usr/bin/perl
# Writes the small geolocation databases that tests and the quickstart use, from networks.csv:
#
#   city.mmdb           nested schema (GeoIP2-City), IPv4 and IPv6
#   city-flat.mmdb      flat schema (country_code, latitude as float), IPv4 and IPv6
#   city-flat-ipv4.mmdb the same, IPv4 only
#   asn.mmdb            autonomous systems
#   anonymous.mmdb      hosting, proxies, VPN and Tor exits
#
# usage: write_mmdb.pl NETWORKS.csv DIRECTORY
use strict;
use warnings;
use utf8;

use MaxMind::DB::Writer::Tree;

my %TYPE = (
    autonomous_system_number       => 'uint32',
    autonomous_system_organization => 'utf8_string',
    city                           => 'map',
    country                        => 'map',
    country_code                   => 'utf8_string',
    en                             => 'utf8_string',
    is_anonymous                   => 'boolean',
    is_anonymous_vpn               => 'boolean',
    is_hosting_provider            => 'boolean',
    is_public_proxy                => 'boolean',
    is_tor_exit_node               => 'boolean',
    iso_code                       => 'utf8_string',
    latitude                       => 'double',
    location                       => 'map',
    longitude                      => 'double',
    names                          => 'map',
);
my %FLAT_TYPE = (
    city         => 'utf8_string',
    country_code => 'utf8_string',
    latitude     => 'float',
    longitude    => 'float',
);
my %FLAG = (
    hosting => 'is_hosting_provider',
    proxy   => 'is_public_proxy',
    tor     => 'is_tor_exit_node',
    vpn     => 'is_anonymous_vpn',
);

sub nested {
    my ($row) = @_;
    return {
        city     => { names => { en => $row->{city} } },
        country  => { iso_code => $row->{country} },
        location => { latitude => $row->{latitude}, longitude => $row->{longitude} },
    };
}

sub flat {
    my ($row) = @_;
    return {
        city         => $row->{city},
        country_code => $row->{country},
        latitude     => $row->{latitude},
        longitude    => $row->{longitude},
    };
}

sub asn {
    my ($row) = @_;
    return {
        autonomous_system_number       => $row->{asn},
        autonomous_system_organization => $row->{organisation},
    };
}

sub anonymous {
    my ($row) = @_;
    return if $row->{anonymous} eq '';
    my $flag = $FLAG{ $row->{anonymous} } or die "unknown kind of network: $row->{anonymous}\n";
    return { is_anonymous => 1, $flag => 1 };
}

sub rows_of {
    my ($file) = @_;
    open my $in, '<:encoding(UTF-8)', $file or die "cannot read $file: $!\n";
    chomp(my $head = <$in>);
    my @columns = split /,/, $head;
    my @rows;
    while (my $line = <$in>) {
        chomp $line;
        my %row;
        @row{@columns} = split /,/, $line, -1;
        die "$file, line $.: not " . @columns . " columns\n"
            if grep { !defined } @row{@columns};
        push @rows, \%row;
    }
    return @rows;
}

sub write_database {
    my ($path, $type, $version, $types, $entry, @rows) = @_;
    my $tree = MaxMind::DB::Writer::Tree->new(
        ip_version            => $version,
        record_size           => 24,
        database_type         => $type,
        languages             => ['en'],
        description           => { en => 'A few networks for tests' },
        map_key_type_callback => sub { $types->{ $_[0] } },
    );
    for my $row (@rows) {
        next if $version == 4 && $row->{network} =~ /:/;
        my $values = $entry->($row);
        $tree->insert_network($row->{network}, $values) if $values;
    }
    open my $out, '>:raw', "$path.new" or die "cannot write $path: $!\n";
    $tree->write_tree($out);
    close $out or die "cannot write $path: $!\n";
    rename "$path.new", $path or die "cannot rename $path.new: $!\n";
    return;
}

@ARGV == 2 or die "usage: write_mmdb.pl NETWORKS.csv DIRECTORY\n";
my ($table, $directory) = @ARGV;
my @rows = rows_of($table);

write_database("$directory/city.mmdb", 'Test-City', 6, \%TYPE, \&nested, @rows);
write_database("$directory/city-flat.mmdb", 'Test-City-Flat', 6, \%FLAT_TYPE, \&flat, @rows);
write_database("$directory/city-flat-ipv4.mmdb", 'Test-City-Flat-IPv4',
    4, \%FLAT_TYPE, \&flat, @rows);
write_database("$directory/asn.mmdb", 'Test-ASN', 6, \%TYPE, \&asn, @rows);
write_database("$directory/anonymous.mmdb", 'Test-Anonymous-IP', 6, \%TYPE, \&anonymous, @rows);
