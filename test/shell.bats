#!/usr/bin/env bats
# shell.bats - the delivery in share/recipes/shell: no mail is lost, and none slips through.

bats_require_minimum_version 1.5.0
load helper
load delivery

setup_file() {
	open_delivery
}

teardown_file() {
	stop_scanner
}

setup() {
	open_place
	inbox=$place/mail infected=$place/mail/.Infected unscanned=$place/mail/.Unscanned
	cp "$ROOT/share/recipes/shell/deliver" "$place"
	give_place
}

deliver() {
	as_user CSAPI_SCAN="$bin/csapi-scan" "$place/deliver" "$place/mail"
}

@test "shell: each verdict has its folder, and the message stays as it was" {
	send clean
	went_to "$inbox" clean
	send infected
	went_to "$infected" infected
	send unscannable
	went_to "$unscanned" unscannable
	send forged
	went_to "$infected" forged
	send huge
	went_to "$inbox" huge
}

@test "shell: line ends of the network, and bodies that look like a header" {
	local message
	for message in crlf nothing empty from-line; do
		send $message
		went_to "$inbox" $message
	done
	for message in crlf-forged torn headless; do
		send $message
		went_to "$infected" $message
	done
}

@test "shell: a folder that cannot be written keeps the message, and nothing goes to the inbox instead" {
	shut "$infected"
	as_user test ! -w "$infected"
	[ "$status" -eq 0 ] || skip "this user can write everywhere"
	send infected
	kept_for_later
	[ -z "$(ls "$place/mail/tmp")" ] || fail "something is left"
	shut "$place/mail"
	send clean
	kept_for_later
}

@test "shell: what is left alone by the configuration is delivered" {
	printf 'antivirus "a" { csapi "c" { enabled = false } }\n' >"$place/csapi.conf"
	printf '#!/bin/sh\nexec %s --config=%s "$@"\n' "'$programs/csapi-scan'" "'$place/csapi.conf'" >"$bin/csapi-scan"
	give_place
	send infected
	went_to "$inbox" infected
}

@test "shell: wrong use, and an answer that is no shell text, end in 75 and nothing else" {
	as_user CSAPI_SCAN="$bin/csapi-scan" "$place/deliver" </dev/null
	kept_for_later
	local text
	for text in "echo \"'\"" "echo ')'" 'echo exit' 'echo exit 1' 'echo unset av_status' "echo 'set -e; false'"; do
		printf '#!/bin/sh\ncat >/dev/null\n%s\n' "$text" >"$bin/csapi-scan"
		give_place
		send infected
		kept_for_later || fail "$text"
	done
}

@test "shell: whatever goes wrong, the message is kept and comes again" {
	local wrong
	for wrong in missing none later crash crash-early failed partial half half-later silent; do
		stand_in $wrong
		give_place
		send infected
		kept_for_later || fail "$wrong"
	done
	kill -STOP "$scanner"
	ln -s "$socket" "$BATS_TEST_TMPDIR/deaf"
	stand_in deaf
	give_place
	send infected
	kill -CONT "$scanner"
	kept_for_later
}
