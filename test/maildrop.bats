#!/usr/bin/env bats
# maildrop.bats - the recipe in share/recipes/maildrop, run by maildrop: no mail is lost, and none slips through.

bats_require_minimum_version 1.5.0
load helper
load delivery

setup_file() {
	command -v maildrop >/dev/null || skip "no maildrop"
	open_delivery
}

teardown_file() {
	stop_scanner
}

setup() {
	command -v maildrop >/dev/null || skip "no maildrop"
	open_place
	inbox=$place/mail/inbox infected=$place/mail/infected unscanned=$place/mail/unscanned
	local folder
	for folder in "$inbox" "$infected" "$unscanned"; do
		mkdir -p "$folder/new" "$folder/cur" "$folder/tmp"
	done
	cp "$ROOT/share/recipes/maildrop/csapi.mailfilter" "$place"
	# With a shell like that of many mail users, by which no program starts.
	cat >"$place/filter" <<-END
		SHELL="/usr/sbin/nologin"
		DEFAULT="$inbox"
		CSAPI_SCAN="$bin/csapi-scan"
		CSAPI_INFECTED="$infected"
		CSAPI_UNSCANNED="$unscanned"
		include "$place/csapi.mailfilter"
	END
	chmod 600 "$place/filter"
}

# By whoever runs the tests: maildrop takes the user from passwd, and "nobody" has no home.
deliver() {
	status=0
	env -i HOME="$place/home" PATH=/usr/bin:/bin maildrop "$place/filter" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- || status=$?
}

@test "maildrop: clean, infected and unscannable go where they belong, with the verdict in the header" {
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

@test "maildrop: a forged field is gone, an empty body does no harm, a huge message comes whole" {
	send forged
	went_to "$infected" forged
	marked infected
	send empty
	went_to "$inbox" empty
	marked clean
	send huge
	went_to "$inbox" huge
	marked clean
}

@test "maildrop: line ends of the network, and bodies that look like a header" {
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

@test "maildrop: a From line of a mailbox does no harm" {
	send from-line
	went_to "$inbox" from-line
	marked clean
}

@test "maildrop: a folder that cannot be written keeps the message, and nothing goes to the inbox instead" {
	rm -rf "$infected"/* "$unscanned"/*
	send infected
	kept_for_later
	send unscannable
	kept_for_later
}

@test "maildrop: what is left alone by the configuration is delivered" {
	printf 'antivirus "a" { csapi "c" { enabled = false } }\n' >"$place/csapi.conf"
	printf '#!/bin/sh\nexec %s --config=%s "$@"\n' "'$programs/csapi-scan'" "'$place/csapi.conf'" >"$bin/csapi-scan"
	send infected
	went_to "$inbox" infected
}

@test "maildrop: whatever goes wrong, the message is kept and comes again" {
	# A message that brings its own "clean" is the one that would slip through.
	local wrong
	for wrong in missing none later crash crash-early failed partial half half-later silent; do
		stand_in $wrong
		send forged
		kept_for_later || fail "$wrong"
	done
}

@test "maildrop: a scanner that hangs" {
	kill -STOP "$scanner"
	ln -s "$socket" "$BATS_TEST_TMPDIR/deaf"
	stand_in deaf
	send infected
	kill -CONT "$scanner"
	kept_for_later
}
