#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

# Verdicts that the resident scanner keeps: what comes back is what a scan would say, and whatever happens to the process that tells
# digests, each message is answered.

setup_file() { open_file; }
teardown_file() { close_file; }
teardown() { stop_scanner; }

clean=$ROOT/share/samples/clean.eml
infected=$FIXTURES/codes/eicar.eml

# ask ARGUMENT...: the scanner that runs.
ask() {
	run --separate-stderr "$SCAN" --no-progress --socket="$socket" "$@"
	keep <<<"$output"
}

# hits, misses, entries: one count of stats.
count() { "$BUILD/csapi-scanner" stats --socket="$socket" --format=json | jq ".cache_$1"; }

hasher() { ps -o pid=,comm= --ppid "$scanner" | awk '$2 == "csapi-digest" { print $1 }'; }

# It has its name a moment after the scanner is ready.
await_hasher() {
	local _
	for _ in {1..100}; do
		[ -z "$(hasher)" ] || return 0
		sleep 0.1
	done
	fail "there is no process for digests"
}

# All that does not tell of the call itself.
lasting() { jq -cS 'del(.times, .name)' <<<"$output"; }

@test "the second answer equals the first, and says that it was given before" {
	local file first number=0
	start_scanner
	for file in "$ROOT"/share/samples/*.eml "$FIXTURES"/formats/*.eml; do
		ask "$file"
		is .times.cached false
		first=$(lasting) before=$status
		ask "$file"
		is .times.cached true
		[ "$(lasting)" = "$first" ] || fail "$file: another verdict"
		[ "$status" -eq "$before" ]
		is .name "$file"
		# A private scanner says the same; that is what takes the time here, and client.bats asks it about everything.
		[ $((number++ % 4)) -eq 0 ] || continue
		run --separate-stderr "$SCAN" --no-progress --private --definitions="$DEFINITIONS" --timeout=60 "$file"
		[ "$(lasting)" = "$first" ] || fail "$file: another verdict in private"
	done
	[ "$(count hits)" -eq "$(count misses)" ]
	[ "$(count entries)" -eq "$(count misses)" ]
	[ "$(count hit_rate)" = 0.5 ]
	[ "$("$BUILD/csapi-scanner" stats --socket="$socket" | grep -c '  hit rate  *50.0 %$')" -eq 1 ]
	"$BUILD/csapi-scanner" stats --socket="$socket" --format=prometheus | grep -q "^csapi_cache_hits_total $(count hits)\$"
}

@test "infected, unscannable and clean come from the cache; the figures count them" {
	start_scanner
	for _ in 1 2 3; do
		ask "$infected"
		is_infected
		ask "$ROOT/share/samples/encrypted-zip.eml"
		[ "$status" -eq 3 ]
		ask "$clean"
		[ "$status" -eq 0 ]
	done
	[ "$(count hits) $(count misses)" = "6 3" ]
	stats=$("$BUILD/csapi-scanner" stats --socket="$socket" --format=json)
	[ "$(jq '.messages_checked' <<<"$stats")" -eq 9 ]
	[ "$(jq '.statuses.EC_AV_INFECTED' <<<"$stats")" -eq 3 ]
}

@test "other limits, wishes, parts and SMTP data are other requests" {
	start_scanner
	ask "$clean"
	for option in --max-extract-depth=9 --timeout=59 --first-threat --wire --part=1 --part=0; do
		ask "$option" "$clean"
		is .times.cached false
	done
	ask "$clean"
	is .times.cached true
	ask --wire "$clean"
	is .times.cached true
	# One part is never kept.
	ask --part=1 "$clean"
	is .times.cached false
	ask --max-extract-depth=9 "$clean"
	is .times.cached true
}

@test "what was trouble is scanned again" {
	start_scanner
	for _ in 1 2; do
		ask --timeout=1 "$FIXTURES/bombs/loop.xar"
		has_code DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED
		is .times.cached false
	done
	[ "$(count entries)" -eq 0 ]
}

@test "new definitions are a new cache" {
	mkdir "$BATS_TEST_TMPDIR/set"
	chmod a+rx "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/set"
	cp "$DEFINITIONS"/* "$BATS_TEST_TMPDIR/set/"
	printf 'Subject: x\n\nneedle-in-mail\n' >"$BATS_TEST_TMPDIR/mail"
	start_scanner --definitions="$BATS_TEST_TMPDIR/set"
	for _ in 1 2; do ask "$BATS_TEST_TMPDIR/mail"; done
	is .status EC_AV_CLEAN
	is .times.cached true
	echo "Needle:0:*:$(printf 'needle-in-mail' | od -An -tx1 | tr -d ' \n')" >"$BATS_TEST_TMPDIR/set/new.ndb"
	chmod a+r "$BATS_TEST_TMPDIR/set/new.ndb"
	command_scanner reload
	[ "$status" -eq 0 ]
	ask "$BATS_TEST_TMPDIR/mail"
	is .info Needle
	is .times.cached false
	ask "$BATS_TEST_TMPDIR/mail"
	is .info Needle
	is .times.cached true
}

@test "--cache-size: none is none, and few are few" {
	start_scanner --cache-size=0
	for _ in 1 2; do ask "$clean"; done
	is .times.cached false
	[ -z "$(hasher)" ]
	[ "$(count hits) $(count misses) $(count entries)" = "0 0 0" ]
	stop_scanner
	start_scanner --cache-size=2
	for i in 1 2 3; do
		printf 'Subject: %d\n\nx\n' "$i" >"$BATS_TEST_TMPDIR/$i"
		ask "$BATS_TEST_TMPDIR/$i"
	done
	[ "$(count entries)" -eq 2 ]
	ask "$BATS_TEST_TMPDIR/1"
	is .times.cached false
	ask "$BATS_TEST_TMPDIR/3"
	is .times.cached true
	run -2 "$BUILD/csapi-scanner" --cache-size=1000001
	echo 'antivirus "a" { csapi "one" { cache_size = 0 max_concurrency = 1 } }' >"$BATS_TEST_TMPDIR/csapi.conf"
	stop_scanner
	start_scanner --config="$BATS_TEST_TMPDIR/csapi.conf"
	for _ in 1 2; do ask "$clean"; done
	is .times.cached false
	[ -z "$(hasher)" ]
}

@test "the process for digests is killed, or stopped: messages are answered all the same, and it comes back" {
	local one
	start_scanner
	ask "$clean"
	one=$(hasher)
	kill -KILL "$one"
	for _ in 1 2 3; do
		ask "$clean" "$infected"
		[ "$(jq -r .status <<<"$output" | xargs)" = "EC_AV_CLEAN EC_AV_INFECTED" ]
	done
	for _ in {1..80}; do
		[ -z "$(hasher)" ] || break
		sleep 0.1
		ask "$clean"
	done
	[ "$(hasher)" != "$one" ]
	kill -STOP "$(hasher)"
	SECONDS=0
	ask "$clean" "$infected" "$clean" "$infected"
	[ "$(jq -r .status <<<"$output" | xargs)" = "EC_AV_CLEAN EC_AV_INFECTED EC_AV_CLEAN EC_AV_INFECTED" ]
	[ "$SECONDS" -le 4 ]
	grep -q "the process for digests is replaced: it does not answer" "$scanner_log"
}

@test "clients that go away while their message is being hashed cost nobody anything" {
	start_scanner
	await_hasher
	kill -STOP "$(hasher)"
	for _ in {1..10}; do
		timeout -s KILL 0.2 "$SCAN" --no-progress --socket="$socket" "$clean" >/dev/null 2>&1 || true
	done
	ask "$clean"
	[ "$status" -eq 0 ]
	command_scanner status
	[ "$status" -eq 0 ]
}

@test "what somebody may still change is not kept: a large file, a file of another client" {
	start_scanner
	truncate -s 65M "$BATS_TEST_TMPDIR/large"
	for _ in 1 2; do ask "$BATS_TEST_TMPDIR/large"; done
	is .times.cached false
	[ "$(count misses)" -eq 0 ]
	# A client of its own that hands over the file itself.
	for _ in 1 2; do
		run -0 "$BUILD/test/helper/talk" hello answer "file=$clean" \
			'frame=3:1:{"part":null,"wire":false,"first_threat":false,"limits":{},"avoid_whole":false,"avoid":[]}' answer answer -- --connect="$socket"
		[[ $output == *EC_AV_CLEAN*'"cached":false'* ]]
	done
	[ "$(count misses)" -eq 0 ]
}

@test "the measurement of gain and cost runs" {
	run --separate-stderr "$ROOT/test/bench/cache.sh" "$BUILD" 8 1
	[ "$status" -eq 0 ]
	[ "$(grep -cE '^\| [0-9].* \| [0-9]+\.[0-9]{2} \|$' <<<"$output")" -eq 3 ]
	[[ $stderr == *"messages answered"* ]]
}

@test "a private scanner keeps none unless told" {
	run -0 --separate-stderr "$SCAN" --no-progress --private --definitions="$DEFINITIONS" -j 1 "$clean" "$clean" "$clean"
	keep <<<"$output"
	[ "$(jq -r .times.cached <<<"$output" | sort -u)" = false ]
	printf '#!/bin/sh\nexec "%s" --cache-size=5 "$@"\n' "$BUILD/csapi-scanner" >"$BATS_TEST_TMPDIR/wrapper"
	chmod +x "$BATS_TEST_TMPDIR/wrapper"
	run -0 --separate-stderr "$SCAN" --no-progress --scanner-path="$BATS_TEST_TMPDIR/wrapper" --definitions="$DEFINITIONS" -j 1 "$clean" "$clean" "$clean" "$clean" "$clean" "$clean"
	keep <<<"$output"
	[ "$(tail -n 1 <<<"$output" | jq .times.cached)" = true ]
}
