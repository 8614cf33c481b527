#!/usr/bin/env bats
# csapi-update and the scanner that runs: it is told, the result says what it uses then, and trouble with it is not hidden.
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash
load update.bash

teardown() {
	[ -z "${stopped-}" ] || kill -CONT "$stopped"
	stop_scanner
	stop_mirrors
}

# scanner [OPTION]...: one that uses the store.
scanner() {
	start_scanner -j 1 --definitions="$store" "$@"
}

# tell [OPTION]...: an update that tells it.
tell() {
	run --separate-stderr "${under[@]}" "$UPDATE" --config="$config" -d "$store" --format=json -o databases=test -o private_mirrors="$mirror" \
		-o request_timeout=1 -o max_attempts=1 --socket="$socket" "$@"
	echo "$output" >>"$BATS_FILE_TMPDIR/updates"
}

# serves_set: the scanner itself says that it uses the set in use.
serves_set() {
	[ "$("$BUILD/csapi-scanner" status --format=json --socket="$socket" | jq -r .definitions.source)" = "$(readlink -f "$store/current")" ] ||
		fail "it uses $("$BUILD/csapi-scanner" status --format=json --socket="$socket" | jq -c .definitions)"
}

@test "a scanner that runs loads the new definitions, and the result says which it uses" {
	have 5
	scanner
	tell
	ends updated
	is '.scanner | "\(.reloaded) \(.current)"' "true true"
	is '.scanner.version == .after.version' true
	is '.text | test("also by the scanner that runs")' true
	uses 6
	serves_set
	# Nothing new: it is left alone, and asked.
	tell
	ends current
	is '.scanner | "\(.reloaded) \(.current)"' "false true"
	tell --rollback
	ends rolled_back
	is '.scanner | "\(.reloaded) \(.current)"' "true true"
	uses 5
	serves_set
}

@test "one that fell behind is told by the next run, though that brings nothing new" {
	have 5
	scanner
	update
	ends updated
	is .scanner null
	tell
	ends current
	is '.scanner | "\(.reloaded) \(.current)"' "true true"
	serves_set
}

@test "no scanner is no trouble" {
	have 5
	socket=$place/none
	tell
	ends updated
	is .scanner null
	uses 6
	# Nor one that is gone and left its socket.
	have 5
	scanner
	kill -KILL "$scanner"
	wait "$scanner" 2>/dev/null || true
	[ -S "$socket" ]
	scanner=
	tell
	ends updated
	is .scanner null
	uses 6
}

@test "a scanner with definitions elsewhere does not use these, and the result says so" {
	have 5
	start_scanner -j 1
	tell
	ends partial 'the scanner that runs does not use them: it uses .*share/definitions'
	is '.scanner | "\(.reloaded) \(.current)"' "true false"
	uses 6
	# It is not asked again and again.
	tell
	ends current
	is '.scanner | "\(.reloaded) \(.current)"' "false false"
}

@test "a scanner that refuses: partial, with its reason, and the definitions are in place" {
	have 5
	cp "$BUILD/csapi-worker" "$place/worker"
	scanner --worker-path="$place/worker"
	cp /bin/false "$place/false"
	mv "$place/false" "$place/worker"
	tell
	ends partial 'in place, but the scanner that runs does not use them: .*'
	is '.scanner | "\(.reloaded) \(.current)"' "true false"
	is '.scanner.text | length > 10' true
	uses 6
	tell
	ends partial 'the scanner that runs does not use them'
	# It serves on with what it has.
	[ "$("$BUILD/csapi-scanner" status --format=json --socket="$socket" | jq -r .definitions.version)" = "$(value .scanner.version)" ]
	cp "$BUILD/csapi-worker" "$place/true"
	mv "$place/true" "$place/worker"
	tell
	ends current
	is '.scanner | "\(.reloaded) \(.current)"' "true true"
	serves_set
}

@test "a scanner that does not answer: partial, and the definitions are in place" {
	have 5
	scanner
	stopped=$scanner
	kill -STOP "$stopped"
	tell
	ends partial 'in place, but the scanner that runs does not use them: '
	is '.scanner | "\(.reloaded) \(.current)"' "false false"
	uses 6
	kill -CONT "$stopped"
	stopped=
	tell
	ends current
	serves_set
}

@test "another user's scanner: said with news, and nothing to complain about without" {
	as_root || skip "only root can be two users"
	have 5
	scanner
	ordinary
	chown -R root "$scanner_base"
	chmod 666 "$socket"
	tell
	ends partial 'the scanner that runs does not use them: '
	uses 6
	tell
	ends current
}
