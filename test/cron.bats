#!/usr/bin/env bats
# cron.bats - the nightly scan of a Maildir in share/recipes/cron, started as cron starts it.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	open_file
	start_scanner -j 2
}

teardown_file() {
	stop_scanner
}

setup() {
	place=$BATS_TEST_TMPDIR
	mail=$place/Maildir/new
	mkdir -p "$mail" "$place/tmp"
	cp "$FIXTURES/codes/clean.eml" "$mail/1"
	wrap "exec '$SCAN' --socket='$socket' \"\$@\""
}

wrap() {
	printf '#!/bin/sh\n%s\n' "$1" >"$place/scan"
	chmod +x "$place/scan"
}

# With cron's environment, and not even its PATH.
nightly() {
	run --separate-stderr /usr/bin/env -i HOME="$place" TMPDIR="$place/tmp" CSAPI_SCAN="$place/scan" LOGNAME=ann SHELL=/bin/sh \
		"$ROOT/share/recipes/cron/csapi-nightly" "$@"
}

@test "cron: all is clean, and nothing is said" {
	nightly
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ] || fail "cron would mail this"
	[ -z "$(ls -A "$place/tmp")" ] || fail "files were left"
}

@test "cron: what was found is said, and what could not be scanned" {
	cp "$FIXTURES/codes/eicar.eml" "$mail/2 with a blank"
	cp "$ROOT/share/samples/encrypted-zip.eml" "$mail/3"
	nightly
	[ "$status" -eq 1 ]
	[[ $output == *"2 with a blank: EC_AV_INFECTED Eicar-Test-Signature"* ]]
	[[ $output == *"3: EC_AV_UNSCANNABLE"* ]]
	[[ $output != *"/1: EC_AV_CLEAN"* ]]
	rm "$mail/2 with a blank"
	nightly "$place/Maildir"
	[ "$status" -eq 1 ] || fail "unscannable passes"
}

@test "cron: a scan that fails is said, whatever it failed of" {
	local wrong
	for wrong in 'exit 2' 'kill -SEGV $$' 'exit 127' 'exit 75'; do
		wrap "$wrong"
		nightly
		[ "$status" -eq 2 ] || fail "$wrong: $status"
		[[ $stderr == *"the scan failed"* ]] || fail "$wrong: $stderr"
	done
	rm "$place/scan"
	nightly
	[ "$status" -eq 2 ]
}

@test "cron: definitions that are a week old are trouble" {
	cp -rp "$DEFINITIONS" "$place/definitions"
	touch -d '10 days ago' "$place/definitions"/*
	wrap "exec '$SCAN' --definitions='$place/definitions' \"\$@\""
	nightly
	[ "$status" -eq 2 ] || fail "old definitions say clean"
}

@test "cron: the one before still runs" {
	wrap "sleep 3; exec '$SCAN' --socket='$socket' \"\$@\""
	env -i HOME="$place" TMPDIR="$place/tmp" CSAPI_SCAN="$place/scan" "$ROOT/share/recipes/cron/csapi-nightly" 3>&- &
	sleep 0.5
	nightly
	[ "$status" -eq 2 ]
	[[ $stderr == *"one is still running"* ]]
	wait $!
	nightly
	[ "$status" -eq 0 ] || fail "the lock stays"
}
