# csapi_scan.sieve - scans the message, and leaves the verdict in two variables. Scans nothing twice.
#
# csapi_status is clean, infected, unscannable, error or unscanned; csapi_status_info is the name of the virus, or the reason. Whatever goes wrong, a
# program that is missing or hangs included, csapi_status is "error": nothing here means "clean" but the word itself.
#
# Included by csapi_process.sieve. The program is started by its name in sieve_execute_bin_dir, see dovecot.conf.
require ["variables", "include", "vnd.dovecot.execute"];

global ["csapi_status", "csapi_status_info"];

if string "${csapi_status}" "" {
	set "csapi_status" "error";
	set "csapi_status_info" "csapi-scan gave no verdict";

	# The deadline is shorter than the patience of Dovecot, which does not bear a program that it has to kill.
	if execute :pipe :output "verdict" "csapi-scan" ["--format=sieve", "--exit=mda", "--hook", "--deadline=20"] {
		if string :matches "${verdict}" ["clean", "infected", "unscannable", "unscanned"] {
			set "csapi_status" "${verdict}";
			set "csapi_status_info" "";
		} elsif string :matches "${verdict}" ["infected *", "unscannable *", "unscanned *"] {
			set "csapi_status_info" "${1}";
			if string :matches "${verdict}" "* *" {
				set "csapi_status" "${1}";
			}
		}
	}
}
