# email_mime.pl - what Perl's Email::MIME gets out of mail; see readers.py.
use strict;
use warnings;
use Email::MIME;
use MIME::Base64;

while (my $path = <STDIN>) {
    chomp $path;
    eval {
        local $SIG{ALRM} = sub { die "too long\n" };
        local $SIG{__WARN__} = sub { };
        alarm 20;
        open my $file, '<:raw', $path or die;
        my $text = do { local $/; <$file> };
        Email::MIME->new($text)->walk_parts(sub {
            my ($part) = @_;
            my $body = eval { $part->body };
            print "$path\t", encode_base64($body, ''), "\n" if defined $body;
        });
        alarm 0;
    };
    alarm 0;
}
