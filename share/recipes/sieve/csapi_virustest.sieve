# csapi_virustest.sieve - the same by the standard test for viruses (RFC 5235), with the message marked in its header.
#
# The filter puts X-CSAPI-Status into the message, and virustest reads it by the settings in dovecot.conf: 0 not scanned, 1 clean, 5 infected.
require ["variables", "fileinto", "mailbox", "virustest", "relational", "comparator-i;ascii-numeric", "vnd.dovecot.filter"];

if not filter "csapi-scan" ["--format=filter", "--exit=mda", "--hook", "--deadline=20"] {
	fileinto :create "Unscanned";
	stop;
}
if virustest :value "eq" :comparator "i;ascii-numeric" "5" {
	fileinto :create "Infected";
	stop;
} elsif header :is "X-CSAPI-Status" "unscanned" {
	# The configuration of csapi wants no scan.
	keep;
} elsif not virustest :value "eq" :comparator "i;ascii-numeric" "1" {
	fileinto :create "Unscanned";
	stop;
}
