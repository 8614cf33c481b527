#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper
load resident

# Crowds of clients, with everything going wrong that can: every message is answered, rightly or with an honest error. What
# each fault alone leads to is in resident.bats.

# A set of definitions that tests may change: own_definitions
own_definitions() {
	definitions=$BATS_TEST_TMPDIR/definitions
	cp -r "$DEFINITIONS" "$definitions"
	chmod -R u+w "$definitions"
}

# The marker of messages of the kind "either" becomes known, or unknown again.
appears() {
	printf 'Csapi-Test-Appears:0:*:%s\n' "$(printf 'csapi-marker-appears-6f1d' | od -An -v -tx1 | tr -d ' \n')" \
		>"$definitions/appears.ndb"
}
disappears() {
	rm "$definitions/appears.ndb"
}

# Is it known? knows true|false
knows() {
	crowd --messages=1 --mix=either
	is '.codes | has("AVS_RESULT_VIRUS_FOUND")' "$1"
}

# Starts a crowd that goes on until end_crowd, and waits until it is under way: begin_crowd OPTION...
begin_crowd() {
	"$BUILD/test/helper/load" --patience=600 --until="$BATS_TEST_TMPDIR/until" "$@" "$socket" >"$BATS_TEST_TMPDIR/crowd" \
		2>"$BATS_TEST_TMPDIR/crowd.err" 3>&- &
	crowd=$!
	local checked=0 _
	for _ in {1..200}; do
		checked=$(count .messages_checked)
		[ "${checked:-0}" -lt 20 ] || return 0
		sleep 0.02
	done
	fail "nothing was scanned"
}

end_crowd() {
	touch "$BATS_TEST_TMPDIR/until"
	status=0
	wait "$crowd" || status=$?
	rm "$BATS_TEST_TMPDIR/until"
	output=$(<"$BATS_TEST_TMPDIR/crowd")
	stderr=$(<"$BATS_TEST_TMPDIR/crowd.err")
	[ "$status" -eq 0 ] || fail "the crowd was not served"
}

# reload EXIT_STATUS
reload() {
	command_scanner reload
	[ "$status" -eq "$1" ] || fail "reload"
}

@test "many clients at once" {
	local n
	n=$(fitting "$(amount 500 5000)")
	crowd --clients="$n"
	is .clients "$n"
	all_right "$n"
	serves
}

@test "every tenth message crashes its worker" {
	local n
	n=$(amount 200 3000)
	crowd --clients=20 --messages="$n" --mix=clean,infected,clean,clean,null,clean,infected,clean,clean,clean
	all_right "$n"
	is .kinds.null.right $((n / 10))
	serves
}

@test "workers, and the process that holds the engine, are killed at random" {
	local n kills
	n=$(amount 120 400) kills=$(amount 40 300)
	crowd --clients=8 --messages="$n" --busy=40 --parent="$scanner" --kills="$kills" --kill-every=30 --zygotes=10
	is .answered "$n"
	is ".kills >= $kills / 2 and .zygote_kills > 0" true
	# A message whose workers are killed twice is told as one that kills them.
	few_errors 25
	serves
}

@test "good clients beside crowds that are slow or say nothing" {
	local idle good
	idle=$(fitting "$(amount 200 2000)") good=$(amount 50 300)
	crowd --clients="$good" --messages=$((good * 3)) --idle="$idle" --slow="$idle"
	is ".idle + .slow" $((2 * idle))
	all_right $((good * 3))
	serves
}

@test "commands are answered at once under full load, and no scan waits for them" {
	local without n
	n=$(amount 100 1000)
	crowd --clients=50 --messages="$n" --busy=20
	without=$(value .took_ms)
	crowd --clients=50 --messages="$n" --busy=20 --asks=20
	all_right "$n"
	is '.commands > 10 and .commands_lost == 0' true
	# Fifty messages of 20 ms on two workers wait for half a second on average; no command waits so long.
	is ".command_longest_ms < .kinds.clean.mean_ms" true
	is ".took_ms < $without * 2" true
}

@test "more messages than may wait: busy is an answer" {
	start_faulty --max-queue=10
	crowd --clients=100 --messages=200 --busy=5
	is .answered 200
	is '[.kinds[].honest] | add > 0' true
	is '.codes.DEC_RESULT_INIT_DECOMPOSER_FAILED' "$(value '[.kinds[].honest] | add')"
	[ "$(count .refused)" -gt 0 ] || fail "not counted"
	serves
}

@test "few descriptors: who hoards them costs the others no message" {
	local hoard
	ulimit -n 1024
	start_faulty
	"$BUILD/test/helper/load" --deaf=20 --deaf-messages=250 --busy=50 --clients=1 --messages=1 --hold="$(amount 4 30)" \
		"$socket" >"$BATS_TEST_TMPDIR/hoard" 2>&1 3>&- &
	hoard=$!
	sleep 1
	crowd --clients=100 --messages="$(amount 300 3000)"
	is .answered "$(amount 300 3000)"
	wait "$hoard"
	serves
}

@test "more clients than places: the silent make way, and commands get through" {
	local silent
	ulimit -n 1024
	start_faulty
	"$BUILD/test/helper/load" --idle=600 --hold="$(amount 10 60)" --patience="$(amount 15 70)" "$socket" >/dev/null 2>&1 3>&- &
	silent=$!
	sleep 1
	crowd --clients=20 --messages=60 --patience=10 --asks=50
	all_right 60
	command_scanner status
	[ "$status" -eq 0 ] || fail "status"
	kill "$silent" 2>/dev/null || true
	wait "$silent" || true
	serves
}

@test "definitions are changed under load: every message is answered, before and after" {
	local n
	own_definitions
	start_faulty --definitions="$definitions"
	begin_crowd --clients=10 --busy=2 --mix=clean,infected,either
	for ((n = 1; n <= $(amount 5 50); n++)); do
		if ((n % 2)); then appears; else disappears; fi
		reload 0
		if ((n % 2)); then knows true; else knows false; fi
	done
	end_crowd
	few_errors 0
	is '.kinds.clean.asked > 20' true
	[ "$(count .generation)" -eq "$n" ] || fail "generation $(count .generation) and not $n"
	at_rest= await_rest
}

@test "broken definitions are refused, and the old ones stay" {
	own_definitions
	start_faulty --definitions="$definitions"
	begin_crowd --clients=4 --busy=2
	echo "this is no signature" >"$definitions/broken.ndb"
	reload 1
	[ -n "$stderr$output" ] || fail "it does not say why"
	rm "$definitions"/*
	reload 1
	end_crowd
	few_errors 0
	[ "$(count .reloads_failed)" -eq 2 ] || fail "not counted"
	[ "$(count .generation)" -eq 1 ] || fail "not the old generation"
	serves
}

@test "definitions that no longer find what they must are refused" {
	own_definitions
	start_faulty --definitions="$definitions"
	sed -i '/Eicar/d' "$definitions"/*.?db
	reload 1
	serves
}

@test "a reload whose process is killed while it loads" {
	local first second _ reload
	own_definitions
	start_faulty --definitions="$definitions"
	first=$(scanner_zygotes)
	begin_crowd --clients=4 --busy=2
	appears
	"$BUILD/csapi-scanner" reload --socket="$socket" >"$BATS_TEST_TMPDIR/reload" 2>&1 3>&- &
	reload=$!
	for _ in {1..500}; do
		second=$(scanner_zygotes | grep -vx "$first") || continue
		kill -KILL "$second"
		break
	done
	[ -n "$second" ] || fail "no second process was seen"
	local taken=true
	wait "$reload" || taken=false
	end_crowd
	few_errors 0
	# It was killed before it took over, or, had it been very quick, after.
	knows "$taken"
	serves
}

@test "with little memory definitions are loaded one after the other: all are answered" {
	own_definitions
	start_faulty --definitions="$definitions" --low-memory
	begin_crowd --clients=10 --busy=2 --mix=clean,infected,either
	local n
	for ((n = 1; n <= $(amount 3 30); n++)); do
		if ((n % 2)); then appears; else disappears; fi
		reload 0
	done
	end_crowd
	few_errors 0
	serves
}

@test "with little memory, and the process that holds the engine dies: the rest is answered after a new load" {
	own_definitions
	start_scanner --low-memory --definitions="$definitions" -j 2
	local zygote
	zygote=$(scanner_zygotes)
	"$BUILD/test/helper/load" --clients=20 --messages=400 --mix=clean,infected "$socket" >"$BATS_TEST_TMPDIR/load.json" &
	local load=$!
	sleep 0.2
	kill -9 $zygote
	wait $load || fail "not all were answered rightly: $(cat "$BATS_TEST_TMPDIR/load.json")"
	[ "$(scanner_zygotes)" != "$zygote" ] || fail "the same process"
	[ "$("$BUILD/csapi-scanner" status --socket="$socket" --format=json | jq .generation)" -eq 2 ]
}
