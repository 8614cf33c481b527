# mime_parser.pl - what MIME::Parser of MIME-tools, which amavisd and MIMEDefang use, gets out of mail; see readers.py.
use strict;
use warnings;
use MIME::Base64;
use MIME::Parser;

$| = 1;

sub leaves {
    my ($path, $entity) = @_;
    if (my @parts = $entity->parts) {
        leaves($path, $_) for @parts;
        return;
    }
    my $body = $entity->bodyhandle or return;
    print "$path\t", encode_base64($body->as_string, ''), "\n";
}

while (my $path = <STDIN>) {
    chomp $path;
    eval {
        local $SIG{ALRM} = sub { die "too long\n" };
        alarm 20;
        my $parser = MIME::Parser->new;
        $parser->output_to_core(1);
        $parser->tmp_to_core(1);
        $parser->extract_uuencode(1);
        leaves($path, $parser->parse_open($path));
        alarm 0;
    };
    alarm 0;
}
