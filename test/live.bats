#!/usr/bin/env bats
# Updates of the definitions under the feet of a scanner that is never idle: every message is answered, and each verdict rests on one set
# and names it. In short, and with CSAPI_SOAK=1 (make soak) for long.
bats_require_minimum_version 1.5.0
load helper
load resident

setup_file() {
	open_file
}

teardown_file() {
	close_file
}

setup() {
	place=$BATS_TEST_TMPDIR
	store=$place/store
	sets=0
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$place"
	touch "$place/map" "$place/csapi.conf"
}

teardown() {
	[ ! -e "$place/load.pid" ] || kill "$(<"$place/load.pid")" 2>/dev/null || true
	stop_scanner
}

# store TASK ARGUMENT...: test/store.py says what.
store() {
	/usr/bin/python3 "$ROOT/test/store.py" "$@"
}

# The next set, somewhere to be fetched from: leaves its number in $sets and the directory in $from.
next_set() {
	sets=$((sets + 1))
	from=$place/from
	rm -rf "$from"
	store set "$from" "$sets"
}

# What the sets are that lie there now is noted, before the next update may remove one.
note_sets() {
	store map "$store" >>"$place/map"
}

# update [OPTION]...: one run, with `run`.
update() {
	run --separate-stderr "$BUILD/csapi-update" --config="$place/csapi.conf" --directory="$store" --format=json "$@"
}

# An update that is in use afterwards, by the scanner too, which says so itself: goes_live
goes_live() {
	local id
	next_set
	update --from="$from" --socket="$socket"
	[ "$status" -eq 0 ] || fail "set $sets was not taken"
	is '.outcome + " \(.scanner.reloaded) \(.scanner.current)"' "updated true true"
	id=$(value .after.id)
	is '.scanner.version == .after.version' true
	note_sets
	grep -q "^$id $sets $(value .after.version)$" "$place/map" || fail "$id is not set $sets"
	command_scanner status --format=json
	is .definitions.source "$(realpath "$store")/versions/$id"
}

# Clients that go on until end_load: begin_load OPTION...
begin_load() {
	rm -f "$place/until"
	"$BUILD/test/helper/load" --patience=900 --until="$place/until" --keep="$place/verdicts" "$@" "$socket" >"$place/load" \
		2>"$place/load.err" 3>&- &
	load=$!
	echo "$load" >"$place/load.pid"
	for _ in {1..400}; do
		! [ -s "$place/verdicts" ] || return 0
		sleep 0.02
	done
	fail "nothing was scanned: $(<"$place/load.err")"
}

# All were answered, each by one set of the map, and at most so many in a hundred by an honest error: end_load [PERCENT]. Leaves what
# store.py has to say in $output.
end_load() {
	touch "$place/until"
	status=0
	wait "$load" || status=$?
	rm "$place/load.pid"
	output=$(<"$place/load") stderr=$(<"$place/load.err")
	[ "$status" -eq 0 ] || fail "not all were answered, or not rightly"
	is '[.kinds[] | .asked - .right - .honest] | add' 0
	is '.invalid + .dropped' 0
	few_errors "${1:-0}"
	run --separate-stderr store check "$place/map" <"$place/verdicts"
	[ "$status" -eq 0 ] || fail "verdicts that do not rest on the set that they name"
	echo "# $output" >&3
}

# An update that finds nothing to do leaves the set in use, the one before it, and what is held.
two_sets_are_left() {
	local _
	for _ in {1..100}; do
		update --from="$from" --socket="$socket"
		[ "$status" -eq 1 ] || fail "the same set again is no update"
		[ "$(find "$store/versions" -mindepth 1 -maxdepth 1 | wc -l)" -gt 2 ] || break
		sleep 0.05
	done
	run -0 --separate-stderr ls "$store/versions"
	[ "$(wc -l <<<"$output")" -eq 2 ] || fail "not two sets"
	diff <(sort <<<"$output") <(for link in current previous; do basename "$(readlink "$store/$link")"; done | sort)
	[ -z "$(ls -A "$store/tmp")" ] || fail "left in tmp: $(ls -A "$store/tmp")"
	[ ! -e "$store/incoming" ] || fail "incoming is left"
}

first_set() {
	next_set
	update --from="$from" --socket="$place/nobody"
	[ "$status" -eq 0 ] || fail "the first set"
	note_sets
}

@test "updates go live under constant load: no message is unanswered, none is scanned by a mixed set" {
	local n
	first_set
	start_scanner --definitions="$store"
	begin_load --clients=4 --mix=sets
	for ((n = 0; n < $(amount 20 200); n++)); do
		goes_live
		[ "$(find "$store/versions" -mindepth 1 -maxdepth 1 | wc -l)" -le 4 ] || fail "sets pile up: $(ls "$store/versions")"
	done
	end_load
	is ".sets == $sets" true
	two_sets_are_left
	[ "$(count .generation)" -eq "$sets" ] || fail "generation $(count .generation) and not $sets"
	[ "$(count .reloads_failed)" -eq 0 ] || fail "a reload failed"
}

@test "and while workers crash, and are killed: a message that is begun again is not judged by two sets" {
	local n
	first_set
	CSAPI_FAULT=marked LD_PRELOAD=$BUILD/test/preload/fault.so start_scanner -j 2 --definitions="$store"
	begin_load --clients=4 --mix=sets,sets,sets+null+once,sets --parent="$scanner" --kills="$(amount 100 2000)" --kill-every=30
	for ((n = 0; n < $(amount 10 100); n++)); do goes_live; done
	# A message whose workers are killed three times is given up.
	end_load 3
	is '.again > 10' true
	two_sets_are_left
}

# The first worker finds what its set knows, and stays; new definitions come; it dies. What it found is not told in their name.
@test "a message that is begun again after an update is judged by the new set alone" {
	local scan old pid _
	first_set
	CSAPI_FAULT=marked CSAPI_FAULT_ONCE=$place/once LD_PRELOAD=$BUILD/test/preload/fault.so \
		start_scanner -j 2 --definitions="$store"
	store message "$place/message.eml" "csapi-fault-""trigger:hang:7"
	"$SCAN" --no-progress --socket="$socket" --timeout=60 "$place/message.eml" >"$place/verdict" 3>&- &
	scan=$!
	for _ in {1..400}; do
		! tr -d '\0' <"$place/once" | grep -q . || break
		sleep 0.02
	done
	old=$(scanner_workers)
	goes_live
	for pid in $old; do kill -KILL "$pid" 2>/dev/null || true; done
	wait "$scan" || true
	output=$(<"$place/verdict")
	keep <<<"$output"
	is '.status + " \(.attempts)"' "EC_AV_INFECTED 2"
	is .definitions.version 20210102.000
	store check "$place/map" <<<"$output" || fail "not the findings of the new set alone"
}

@test "and with little memory, where messages wait for the new set" {
	local n
	first_set
	start_scanner --definitions="$store" --low-memory
	begin_load --clients=4 --mix=sets
	for ((n = 0; n < $(amount 5 50); n++)); do goes_live; done
	end_load
	is ".sets == $sets" true
	two_sets_are_left
}

@test "an update that is refused changes nothing for those who are being served" {
	first_set
	start_scanner --definitions="$store"
	begin_load --clients=4 --mix=sets
	goes_live
	next_set
	for file in "$from"/marker-?.ndb; do echo "this is no signature" >"$file"; done
	update --from="$from" --socket="$socket"
	[ "$status" -eq 6 ] || fail "not rejected"
	is '.before.id == .after.id' true
	note_sets
	goes_live
	end_load
}

@test "a set that was gone back from is left at once" {
	first_set
	start_scanner --definitions="$store"
	begin_load --clients=4 --mix=sets
	goes_live
	goes_live
	update --rollback --socket="$socket"
	[ "$status" -eq 0 ] || fail "rollback"
	is '.outcome + " \(.scanner.current)"' "rolled_back true"
	note_sets
	command_scanner status --format=json
	is .definitions.version 20210102.000
	end_load
}

# Whatever an update was at when it was killed: a scan takes one whole set, those who are served notice nothing, and the next run works.
@test "updates are killed at any moment under load" {
	local n begin took at killed=0
	first_set
	start_scanner --definitions="$store"
	begin_load --clients=2 --mix=sets
	begin=${EPOCHREALTIME/./}
	goes_live
	# Milliseconds: some of those to come end by themselves.
	took=$(((${EPOCHREALTIME/./} - begin) / 900))
	for ((n = 0; n < $(amount 12 200); n++)); do
		next_set
		at=$((RANDOM % took + 1))
		timeout --signal=KILL "$(printf %d.%03d $((at / 1000)) $((at % 1000)))" "$BUILD/csapi-update" --config="$place/csapi.conf" \
			--directory="$store" --from="$from" --socket="$socket" >"$place/killed" 2>&1 3>&- || killed=$((killed + ($? == 137)))
		note_sets
		store message "$place/message.eml"
		run --separate-stderr "$SCAN" --no-progress --definitions="$store" --file-base="$place" --timeout=60 "$place/message.eml"
		[ "$status" -eq 1 ] || fail "the set in use finds nothing"
		store check "$place/map" <<<"$output" >/dev/null || fail "the set in use is not whole"
	done
	echo "# $n updates, $killed killed" >&3
	[ "$killed" -gt 0 ] || fail "none was killed"
	# A child of the one that was killed may hold the lock for a moment.
	next_set
	for ((n = 0; n < 100; n++)); do
		update --from="$from" --socket="$socket"
		[ "$status" -eq 8 ] || break
		sleep 0.1
	done
	[ "$status" -eq 0 ] || fail "the next update does not succeed"
	is .scanner.current true
	note_sets
	end_load
	is '.sets > 1' true
	two_sets_are_left
}
