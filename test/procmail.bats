#!/usr/bin/env bats
# procmail.bats - the recipes in share/recipes/procmail, run by procmail: no mail is lost, and none slips through.

bats_require_minimum_version 1.5.0
load helper
load delivery

setup_file() {
	command -v procmail >/dev/null || skip "no procmail"
	open_delivery
}

teardown_file() {
	stop_scanner
}

setup() {
	command -v procmail >/dev/null || skip "no procmail"
	open_place
	inbox=$place/mail/inbox infected=$place/mail/infected unscanned=$place/mail/unscanned
	cp "$ROOT"/share/recipes/procmail/*.rc "$place"
	use csapi.rc
}

# The user's own file, around one of the recipes: use RECIPE
use() {
	cat >"$place/rc" <<-END
		MAILDIR=$place/mail
		DEFAULT=$place/mail/inbox/
		LOGFILE=$place/log
		TIMEOUT=3
		CSAPI_SCAN=$bin/csapi-scan
		INCLUDERC=$place/$1
		:0
		$place/mail/inbox/
	END
	give_place
}

deliver() {
	as_user procmail -t -m "$place/rc"
}

@test "procmail: clean, infected and unscannable go where they belong, with the verdict in the header" {
	send clean
	went_to "$inbox" clean
	marked clean
	send infected
	went_to "$infected" infected
	marked infected
	send unscannable
	went_to "$unscanned" unscannable
	marked unscannable
}

@test "procmail: what is repaired and clean then is delivered, and nothing is lost that cannot be repaired" {
	sed -i 's|^CSAPI_SCAN=.*|CSAPI_SCAN="&"|; s|="CSAPI_SCAN=\(.*\)"|="\1 --disinfect"|' "$place/rc"
	send infected
	[ "$status" -eq 0 ]
	local file
	file=$(find "$inbox/new" -type f)
	grep -q '^X-CSAPI-Disinfected: clean; 1 removed' "$file"
	rm "$file"
	send unscannable
	went_to "$unscanned" unscannable
	send clean
	went_to "$inbox" clean
	{ printf 'From: a@example.org\nSubject: csapi-marker-''body-6f1d\n\nA body.\n'; } >"$messages/in-subject"
	send in-subject
	[ "$status" -eq 0 ]
	file=$(find "$inbox/new" -type f -newer "$messages/in-subject")
	grep -q '^X-CSAPI-Disinfected: clean; 1 removed' "$file"
	! grep -q '^Subject:' "$file"
	rm "$file"
	{ printf 'From: csapi-marker-''body-6f1d <a@example.org>\n\nA body.\n'; } >"$messages/in-address"
	send in-address
	kept_for_later
}

@test "procmail: a forged field is gone, a From line and an empty body do no harm, a huge message comes whole" {
	send forged
	went_to "$infected" forged
	marked infected
	send from-line
	went_to "$inbox" from-line
	marked clean
	send empty
	went_to "$inbox" empty
	marked clean
	send huge
	went_to "$inbox" huge
	marked clean
}

@test "procmail: line ends of the network, and bodies that look like a header" {
	send crlf
	went_to "$inbox" crlf
	marked clean
	send crlf-forged
	went_to "$infected" crlf-forged
	send torn
	went_to "$infected" torn
	marked infected
	send headless
	went_to "$infected" headless
	marked infected
	send nothing
	went_to "$inbox" nothing
}

@test "procmail: a folder that cannot be written keeps the message, and nothing goes to the inbox instead" {
	local recipe message
	shut "$infected"
	shut "$unscanned"
	as_user test ! -w "$infected"
	[ "$status" -eq 0 ] || skip "this user can write everywhere"
	for recipe in csapi.rc csapi-variables.rc; do
		use $recipe
		for message in infected unscannable; do
			send $message
			kept_for_later || fail "$recipe, $message"
		done
	done
}

@test "procmail: what is left alone by the configuration is delivered and marked" {
	printf 'antivirus "a" { csapi "c" { enabled = false } }\n' >"$place/csapi.conf"
	printf '#!/bin/sh\nexec %s --config=%s "$@"\n' "'$programs/csapi-scan'" "'$place/csapi.conf'" >"$bin/csapi-scan"
	give_place
	send infected
	went_to "$inbox" infected
}

@test "procmail: whatever goes wrong, the message is kept and comes again" {
	# A message that brings its own "clean" is the one that would slip through.
	local recipe wrong
	for recipe in csapi.rc csapi-variables.rc; do
		use $recipe
		for wrong in missing none later crash crash-early failed partial half half-later silent; do
			stand_in $wrong
			give_place
			send forged
			kept_for_later || fail "$recipe, $wrong"
			[ $wrong = none ] || continue
			send huge
			kept_for_later || fail "$recipe, $wrong, huge"
		done
	done
}

@test "procmail: a program that hangs is ended, and one whose scanner hangs ends by itself" {
	stand_in hang
	give_place
	send infected
	kept_for_later
	mkfifo "$BATS_TEST_TMPDIR/deaf" && rm "$BATS_TEST_TMPDIR/deaf"
	kill -STOP "$scanner"
	ln -s "$socket" "$BATS_TEST_TMPDIR/deaf"
	stand_in deaf
	give_place
	send infected
	kill -CONT "$scanner"
	kept_for_later
}

@test "procmail: the verdict in variables; the message stays as it was" {
	use csapi-variables.rc
	# In front of the recipe that delivers.
	sed -i '/^INCLUDERC/a LOG="verdict: $CSAPI_STATUS, $CSAPI_INFO.\n"' "$place/rc"
	send clean
	went_to "$inbox" clean
	grep -qx 'verdict: clean, .' "$place/log"
	send infected
	went_to "$infected" infected
	send unscannable
	went_to "$unscanned" unscannable
	send forged
	went_to "$infected" forged
	send crlf-forged
	went_to "$infected" crlf-forged
	send crlf
	went_to "$inbox" crlf
	send from-line
	went_to "$inbox" from-line
	send huge
	went_to "$inbox" huge
}
