# csapi_process.sieve - acts on the verdict: files away what is infected, and what could not be scanned.
#
# A message is delivered only with the verdict "clean", or "unscanned" where the configuration of csapi wants no scan. There is no "try again later"
# at this point, so trouble ends in a folder of its own. Nothing is rejected: the sender of such mail is mostly forged.
require ["variables", "include", "fileinto", "mailbox", "editheader"];

include :global "csapi_scan";
global ["csapi_status", "csapi_status_info"];

# Anybody can write these fields.
deleteheader "X-CSAPI-Status";
deleteheader "X-CSAPI-Info";
deleteheader "X-CSAPI-Code";
deleteheader "X-CSAPI-Engine";
deleteheader "X-CSAPI-Definitions";
addheader "X-CSAPI-Status" "${csapi_status}";
if not string "${csapi_status_info}" "" {
	addheader "X-CSAPI-Info" "${csapi_status_info}";
}

if string "${csapi_status}" "infected" {
	fileinto :create "Infected";
	stop;
} elsif not string "${csapi_status}" ["clean", "unscanned"] {
	fileinto :create "Unscanned";
	stop;
}

# if we got here, there was no virus detected
