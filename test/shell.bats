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

@test "shell: whatever goes wrong, the message is kept and comes again" {
	local wrong
	for wrong in missing none later crash crash-early failed partial silent; do
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
