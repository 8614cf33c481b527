#!/usr/bin/env bats
# csapi-update --daemon: when it updates, what it tells the service manager, and what signals do. Time is made to run faster by
# test/preload/hurry.c.
bats_require_minimum_version 1.5.0
load helper
load mirror

setup() {
	place=$BATS_TEST_TMPDIR
	definitions=$place/definitions
	export HOME=$place/home
	unset XDG_CONFIG_HOME CSAPI_CONFIG JOURNAL_STREAM
	mkdir "$HOME"
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$place"
	cd "$place" || return 1
	start_mirror
	configure
}

teardown() {
	stop_daemon
	stop_mirrors
}

# configure [ROW]...: the configuration, with these rows as well.
configure() {
	{
		echo "update { directory = '$definitions' databases = {test} private_mirrors = {'$mirror'} log = '$place/log'"
		printf '%s\n' "$@" '}'
	} >configuration
}

# start_daemon [OPTION]...: under a service manager, whose notes are in $place/told. HURRY is how fast time passes, WALL how wrong the
# wall's clock is.
start_daemon() {
	rm -f told
	CSAPI_HURRY=${HURRY-} CSAPI_WALL=${WALL-} LD_PRELOAD=$BUILD/test/preload/hurry.so /usr/bin/python3 "$ROOT/test/manager.py" \
		--told="$place/told" -- "$BUILD/csapi-update" --daemon --config="$place/configuration" "$@" >>out 2>>errors 3>&- &
	daemon=$!
	await told READY=1
}

# Ends it; its exit status is in $daemon_status.
stop_daemon() {
	[ -n "${daemon-}" ] || return 0
	daemon_status=0
	kill -TERM "$daemon" 2>/dev/null || true
	wait "$daemon" || daemon_status=$?
	daemon=
}

# await FILE PATTERN [COUNT]: until so many lines (default 1) match.
await() {
	local _ count
	for _ in {1..400}; do
		count=$(grep -sc -e "$2" "$1") || true
		[ "${count:-0}" -lt "${3:-1}" ] || return 0
		sleep 0.025
	done
	fail "no $2 in $1: $(tail -n 20 "$1") $(cat errors)"
}

# How long it says it waits: the seconds of each wait.
waits() {
	sed -n 's/.* next update in \([0-9]*\) seconds$/\1/p' log
}

version_in_use() {
	jq -r '.files[0].version' "$definitions/current/manifest.json"
}

@test "it updates at once, says how it went, and ends with status 0" {
	start_daemon
	await told 'STATUS=updated: .*; next update at '
	[ "$(version_in_use)" -eq 6 ]
	[ "$(waits)" -eq 86400 ]
	stop_daemon
	[ "$daemon_status" -eq 0 ]
	[ "$(tail -n 1 told)" = "STOPPING=1 " ] || [ "$(tail -n 1 told)" = STOPPING=1 ]
	grep -q 'notice: ended by a signal$' log
	[ ! -s out ] && [ ! -s errors ]
}

@test "one that starts soon after the last check waits for the rest of the interval" {
	start_daemon
	await log 'next update in 86400 seconds'
	stop_daemon
	rm log
	start_daemon
	await told 'STATUS=not_due: '
	[ "$(waits)" -le 86400 ]
	[ "$(waits)" -ge 86300 ]
}

@test "it updates again after each interval, and a wrong clock does not stop it" {
	configure 'update_interval = 60'
	HURRY=600
	for WALL in 0 -1000000000 1000000000; do
		rm -rf "$definitions" log
		mirror_version 5
		start_daemon
		await log 'notice: current: ' 2
		mirror_version 6
		await log 'notice: updated: ' 2
		[ "$(version_in_use)" -eq 6 ]
		[ "$(waits | sort -u)" = 60 ]
		stop_daemon
		[ "$daemon_status" -eq 0 ]
	done
}

@test "a clock that goes back later does not stop it" {
	configure 'update_interval = 60'
	WALL=1000000000 start_daemon
	await log 'next update'
	stop_daemon
	rm log
	# The last check lies in the future now: it counts as none.
	start_daemon
	await log 'notice: current: '
}

@test "after failures it tries again, each time later, up to the interval" {
	configure 'update_interval = 1000'
	fault '{"do": "close"}'
	HURRY=3000
	start_daemon
	await log 'next update in ' 4
	[ "$(waits | head -n 4 | tr '\n' ' ')" = "300 600 1000 1000 " ]
	grep -q 'STATUS=unreachable: ' told
	fault
	await log 'notice: updated: '
	await log 'next update in 1000 seconds' 3
	fault '{"do": "close"}'
	# From the beginning again.
	await log 'next update in 300 seconds' 2
}

@test "a mirror that asks to wait is not asked before" {
	configure 'update_interval = 60'
	fault '{"do": "status", "status": 429, "retry_after": "5000"}'
	start_daemon
	await told 'STATUS=rate_limited: '
	[ "$(waits)" -gt 4900 ]
	[ "$(waits)" -le 5000 ]
}

@test "while another update runs it tries again later" {
	mkdir "$definitions"
	exec 8>"$definitions/lock"
	flock 8
	start_daemon 8>&-
	await told 'STATUS=locked: '
	[ "$(waits)" -eq 300 ]
	exec 8>&-
}

@test "SIGUSR1 updates now" {
	start_daemon
	await log 'next update in ' 1
	mirror_version 6
	kill -USR1 "$daemon"
	await log 'notice: current: '
	await log 'next update in ' 2
}

@test "SIGHUP reads the configuration again, and keeps the old one where the new is wrong" {
	start_daemon
	await log 'next update in '
	echo 'update { kepp = 3 }' >configuration
	mv log log.1
	kill -HUP "$daemon"
	# The log was opened again all the same.
	await log 'error: .*configuration:1: unknown name kepp; did you mean keep?; the configuration stays as it was'
	await told RELOADING=1
	await told READY=1 2
	kill -USR1 "$daemon"
	await log 'notice: current: '
	configure "log = '$place/other'" 'update_interval = 3600'
	kill -HUP "$daemon"
	await other 'notice: the configuration was read again'
	kill -USR1 "$daemon"
	await other 'next update in 3600 seconds'
}

@test "a shorter interval counts at once" {
	HURRY=600 start_daemon
	await log 'next update in '
	configure 'update_interval = 60'
	kill -HUP "$daemon"
	await log 'next update in 60 seconds' 2
}

@test "it does not begin with a configuration that is wrong" {
	echo 'update { keep = 1 }' >configuration
	run -2 --separate-stderr "$BUILD/csapi-update" --daemon --config=configuration
	[ "$stderr" = "csapi-update: configuration:1: keep must be 2 to 20 sets, not 1" ]
}

@test "it ends in the middle of an update, and leaves nothing" {
	fault '{"do": "stall", "at": -1}'
	start_daemon
	await told STATUS=updating
	until [ "$(asked)" -gt 0 ]; do sleep 0.02; done
	SECONDS=0
	stop_daemon
	[ "$SECONDS" -le 5 ]
	[ "$daemon_status" -eq 0 ]
	[ ! -e "$definitions/incoming" ] && [ ! -e "$definitions/current" ]
}

@test "without a log it writes to standard error" {
	sed -i 's/log = .*//' configuration
	start_daemon
	await errors ' csapi-update\[[0-9]*\] notice: updated: '
	stop_daemon
	[ "$(grep -c 'updated: ' errors)" -eq 1 ]
}
