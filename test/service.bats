#!/usr/bin/env bats
# The scanner as a service: sockets handed over, what the service manager is told, its log, and one scanner on a path.
bats_require_minimum_version 1.5.0
load helper.bash

teardown_file() {
	close_file
}

setup() {
	place=$BATS_TEST_TMPDIR
	clean=$ROOT/share/samples/clean.eml
	infected=$ROOT/share/samples/eicar-in-nested-zip.eml
}

teardown() {
	stop_managed
	stop_scanner
}

# under_manager OPTION... -- OPTION...: a scanner started by test/manager.py with these options of it and of the scanner. Leaves $manager,
# $scanner_log, and what was told in $place/told.
under_manager() {
	local options=() isolation=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	scanner_base=$place/temporary scanner_log=$place/log
	mkdir -p "$scanner_base"
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$place" "$scanner_base"
	! sanitized || isolation=(--isolation=degrade)
	/usr/bin/python3 "$ROOT/test/manager.py" --told="$place/told" "${options[@]}" -- "$BUILD/csapi-scanner" \
		--definitions="$DEFINITIONS" --file-base="$scanner_base" --timeout=60 "${isolation[@]}" "$@" \
		>>"$scanner_log" 2>&1 3>&- &
	manager=$!
	# Its sockets are there when this file is.
	for _ in {1..400}; do
		[ ! -e "$place/told" ] || break
		sleep 0.02
	done
}

# Ends it, and leaves its exit status in $managed_status.
stop_managed() {
	[ -n "${manager-}" ] || return 0
	kill -TERM "$manager" 2>/dev/null || true
	managed_status=0
	wait "$manager" || managed_status=$?
	manager=
}

# What the scanner at a socket says of a message: ask SOCKET FILE
ask() {
	run --separate-stderr "$SCAN" --no-progress --socket="$1" "$2"
	keep <<<"$output"
}

# Waits until a line that matches is in a file: await FILE PATTERN
await() {
	local _
	for _ in {1..400}; do
		! grep -qsE "$2" "$1" || return 0
		sleep 0.05
	done
	fail "no \"$2\" in $1: $(cat "$1" "$place/log" 2>/dev/null)"
}

# Waits for it: passes PATH
passes() {
	local _
	for _ in {1..400}; do
		[ -e "$1" ] || return 0
		sleep 0.05
	done
	fail "$1 is still there"
}

# --- started by a service manager --------------------------------------------------------------------------------

@test "sockets are handed over: all serve, the manager is told, and the sockets stay" {
	under_manager --listen="$place/one" --listen="$place/two" --
	# The first client may come before the scanner is ready.
	ask "$place/two" "$infected"
	is_infected
	ask "$place/one" "$clean"
	is_clean
	run -0 --separate-stderr "$BUILD/csapi-scanner" status --format=json --socket="$place/two"
	is .socket "$place/one"
	is .state ready
	await "$place/told" READY=1
	grep -q 'STATUS=Scanning with ' "$place/told"
	stop_managed
	[ "$managed_status" -eq 0 ]
	[ "$(tail -n 1 "$place/told")" = STOPPING=1 ]
	[ -S "$place/one" ] && [ -S "$place/two" ]
	[ ! -e "$place/one.lock" ]
	[ -z "$(ls -A "$scanner_base")" ]
}

@test "no child gets a socket that is listened on, the lock, or what the manager said" {
	under_manager --listen="$place/handed" --
	await "$place/told" READY=1
	scanner=$(pgrep -P "$manager")
	children=$(pgrep -P "$scanner")
	[ -n "$children" ]
	inode=$(awk -v path="$place/handed" '$8 == path { print $7; exit }' /proc/net/unix)
	run -0 find "/proc/$scanner/fd" -lname "socket:\[$inode\]"
	[ -n "$output" ]
	for child in $children; do
		[ -z "$(find "/proc/$child/fd" -lname "socket:\[$inode\]" 2>/dev/null)" ]
		[ "$(tr '\0' '\n' 2>/dev/null <"/proc/$child/environ" | grep -c ^LISTEN_)" -eq 0 ]
	done
	scanner=
	stop_managed
	start_scanner
	await "$scanner_log" ' ready: '
	[ -n "$(find "/proc/$scanner/fd" -lname "$socket.lock")" ]
	for child in $(pgrep -P "$scanner"); do
		[ -z "$(find "/proc/$child/fd" \( -lname "$socket" -o -lname "$socket.lock" \) 2>/dev/null)" ]
	done
}

# ready_times COUNT: so often it was told that it is ready, soon.
ready_times() {
	local _
	for _ in {1..400}; do
		[ "$(grep -c READY=1 "$place/told")" -lt "$1" ] || break
		sleep 0.02
	done
	[ "$(grep -c READY=1 "$place/told")" -eq "$1" ]
}

@test "a reload, by command and by SIGHUP, is told when it is done" {
	under_manager --listen="$place/s" --
	ready_times 1
	run -0 "$BUILD/csapi-scanner" reload --socket="$place/s"
	ready_times 2
	kill -HUP "$manager"
	ready_times 3
}

@test "what is handed over and is no listening stream socket is refused in plain words" {
	under_manager --listen="$place/s" --datagram="$place/d" --
	wait "$manager" || managed_status=$?
	manager=
	[ "$managed_status" -eq 2 ]
	grep -q "descriptor 4 .* not a listening unix stream socket" "$place/log"
	[ "$(wc -l <"$place/log")" -eq 1 ]
	! grep -q READY=1 "$place/told"
}

@test "sockets that were handed over and --listen do not go together" {
	under_manager --listen="$place/s" -- --listen="$place/other"
	wait "$manager" || managed_status=$?
	manager=
	[ "$managed_status" -eq 2 ]
	grep -q -e --listen "$place/log"
	[ ! -e "$place/other" ]
}

@test "systemd's own activation" {
	command -v systemd-socket-activate >/dev/null || skip "no systemd-socket-activate"
	mkdir "$place/temporary"
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$place" "$place/temporary"
	! sanitized || isolation=(--isolation=degrade)
	systemd-socket-activate --listen="$place/s" "$BUILD/csapi-scanner" --definitions="$DEFINITIONS" --timeout=60 \
		--file-base="$place/temporary" "${isolation[@]}" >"$place/log" 2>&1 3>&- &
	scanner=$! scanner_base=$place/temporary scanner_log=$place/log
	for _ in {1..400}; do
		[ ! -S "$place/s" ] || break
		sleep 0.05
	done
	ask "$place/s" "$infected"
	is_infected
}

@test "idle for long enough it ends by itself, but not while it has a client" {
	start_scanner --idle-exit=1
	/usr/bin/python3 -c 'import socket, sys, time
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
time.sleep(1.8)' "$socket"
	alive "$scanner"
	passes "$socket"
	for _ in {1..100}; do
		alive "$scanner" || break
		sleep 0.05
	done
	scanner_status=0
	wait "$scanner" || scanner_status=$?
	scanner=
	[ "$scanner_status" -eq 0 ]
	[ ! -e "$socket.lock" ]
	[ -z "$(ls -A "$scanner_base")" ]
}

# --- one scanner on a path ---------------------------------------------------------------------------------------

@test "a second scanner on the same path is refused, and the first goes on" {
	start_scanner
	run -2 --separate-stderr "$BUILD/csapi-scanner" --listen="$socket" --definitions="$DEFINITIONS"
	[[ $stderr == "csapi-scanner: a scanner listens on $socket already"* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	ask "$socket" "$infected"
	is_infected
}

@test "of six that start at once, one wins" {
	mkdir "$place/temporary"
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$place" "$place/temporary"
	! sanitized || isolation=(--isolation=degrade)
	for i in {1..6}; do
		"$BUILD/csapi-scanner" --listen="$place/s" --definitions="$DEFINITIONS" --timeout=60 --file-base="$place/temporary" \
			"${isolation[@]}" >"$place/log.$i" 2>&1 3>&- &
		pids[i]=$!
	done
	socket=$place/s
	for i in {1..6}; do
		for _ in {1..600}; do
			! grep -qE "already|ready:" "$place/log.$i" || break
			sleep 0.05
		done
	done
	[ "$(cat "$place"/log.* | grep -c 'listens on .* already')" -eq 5 ]
	[ "$(cat "$place"/log.* | grep -c ' ready: ')" -eq 1 ]
	for i in {1..6}; do
		! alive "${pids[i]}" || scanner=${pids[i]}
	done
	scanner_base=$place/temporary scanner_log=$place/log.1
	ask "$socket" "$infected"
	is_infected
}

@test "what a killed scanner left on the path is replaced" {
	start_scanner
	kill -KILL "$scanner"
	wait "$scanner" || true
	[ -S "$socket" ] && [ -e "$socket.lock" ]
	start_scanner
	ask "$socket" "$infected"
	is_infected
	stop_scanner
	[ ! -e "$socket" ] && [ ! -e "$socket.lock" ]
}

@test "a new scanner may start while the old one answers what it took" {
	start_scanner --log-level=info
	first=$scanner
	await "$scanner_log" ' ready: '
	for _ in {1..200}; do
		[ -z "$(scanner_workers S)" ] || break
		sleep 0.02
	done
	mapfile -t workers < <(scanner_workers)
	kill -STOP "${workers[@]}"
	"$SCAN" --no-progress --timeout=60 --socket="$socket" "$infected" >"$place/verdict" 3>&- &
	client=$!
	for _ in {1..200}; do
		[ "$("$BUILD/csapi-scanner" stats --format=json --socket="$socket" | jq '.busy + .queue')" -eq 0 ] || break
		sleep 0.02
	done
	kill -TERM "$first"
	passes "$socket.lock"
	start_scanner
	ask "$socket" "$clean"
	is_clean
	kill -CONT "${workers[@]}" || true
	status=0
	wait "$client" || status=$?
	[ "$status" -eq 1 ]
	wait "$first"
	grep -q "\[$first\] info: message .*status=EC_AV_INFECTED" "$scanner_log"
	[ -S "$socket" ]
}

@test "the path of something else is left alone" {
	echo precious >"$place/file"
	run -2 --separate-stderr "$BUILD/csapi-scanner" --listen="$place/file" --definitions="$DEFINITIONS"
	[[ $stderr == *"$place/file is not a socket"* ]]
	[ "$(cat "$place/file")" = precious ]
	[ ! -e "$place/file.lock" ]
	long=$place/$(printf '%0120d' 0)
	run -2 --separate-stderr "$BUILD/csapi-scanner" --listen="$long" --definitions="$DEFINITIONS"
	[[ $stderr == *"at most 107 bytes"*"$long"* ]]
}

@test "permissions of the socket are as asked for, whatever the umask is" {
	umask 0077
	start_scanner --socket-mode=0666
	[ "$(stat -c %a "$socket")" = 666 ]
	stop_scanner
	umask 0
	start_scanner --socket-mode=0600
	[ "$(stat -c %a "$socket")" = 600 ]
}

# --- the log -----------------------------------------------------------------------------------------------------

# scanned COUNT: so many clean messages.
scanned() {
	for _ in $(seq "$1"); do
		"$SCAN" --no-progress --socket="$socket" "$clean" >/dev/null
	done
}

# A moment at which the scanner has certainly looked at its signals.
await_signals() {
	"$BUILD/csapi-scanner" ping --socket="$socket" >/dev/null
	sleep 0.2
	"$BUILD/csapi-scanner" ping --socket="$socket" >/dev/null
}

@test "SIGUSR1 opens the log again while messages are scanned, and no line is lost" {
	start_scanner --scanner-log="$place/s.log" --log-level=info
	[ "$(stat -c %a "$place/s.log")" = 640 ]
	scanned 60 &
	for i in {1..5}; do
		mv "$place/s.log" "$place/s.log.$i"
		kill -USR1 "$scanner"
		for _ in {1..100}; do
			[ ! -e "$place/s.log" ] || break
			sleep 0.02
		done
		[ -e "$place/s.log" ]
	done
	wait $!
	stop_scanner
	[ "$(cat "$place"/s.log* | grep -c ' info: message ')" -eq 60 ]
	run grep -vhE '^20[0-9-]{8}T[0-9:]{8}Z csapi-scanner\[[0-9]+\] [a-z]+: ' "$place"/s.log*
	[ -z "$output" ]
}

@test "a log that cannot be opened again: the old one stays in use" {
	start_scanner --scanner-log="$place/s.log" --log-level=info
	mv "$place/s.log" "$place/old"
	mkdir "$place/s.log"
	kill -USR1 "$scanner"
	await_signals
	scanned 1
	grep -q ' info: message ' "$place/old"
}

@test "a log that is full, and one that nobody reads, hold nothing up" {
	start_scanner --scanner-log=/dev/full --log-level=debug
	ask "$socket" "$infected"
	is_infected
	stop_scanner
	mkfifo "$place/pipe"
	start_scanner --scanner-log="$place/pipe" --log-level=debug
	# Fills it: opened for both, since nobody reads.
	/usr/bin/python3 - "$place/pipe" <<-'END'
		import os, sys
		pipe = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
		try:
		    while True:
		        os.write(pipe, b"x" * 4096)
		except BlockingIOError:
		    pass
	END
	ask "$socket" "$infected"
	is_infected
	ask "$socket" "$clean"
	is_clean
	# What was lost is told when there is a reader again. 
	exec 7<>"$place/pipe"
	timeout 1 cat <&7 >/dev/null || true
	ask "$socket" "$clean"
	run timeout 1 cat <&7
	exec 7<&-
	[[ $output == *"lines before this one are lost"* ]]
}

@test "the journal gets priorities, and nothing that it knows itself" {
	under_manager --listen="$place/s" --journal="$place/journal" -- --log-level=info
	await "$place/told" READY=1
	ask "$place/s" "$infected"
	is_infected
	stop_managed
	grep -q '^<5>ready: ' "$place/journal"
	grep -q '^<6>message .*status=EC_AV_INFECTED' "$place/journal"
	run grep -v '^<[3-7]>[^ ]' "$place/journal"
	[ -z "$output" ]
}

@test "a log that is a directory or a link is refused before anything is served" {
	ln -s elsewhere "$place/link"
	for log in "$place" "$place/link" relative.log; do
		run -2 --separate-stderr "$BUILD/csapi-scanner" --listen="$place/s" --scanner-log="$log" --definitions="$DEFINITIONS"
		[[ $stderr == *"$log"* ]]
		[ "${#stderr_lines[@]}" -eq 1 ]
	done
	[ ! -e "$place/s" ] && [ ! -e "$place/elsewhere" ]
}

@test "names in messages cannot forge lines of the log" {
	start_scanner --scanner-log="$place/s.log" --log-level=debug
	printf 'Subject: x\nContent-Type: application/zip; name="a\\nb"\n\n\n20260101 forged\n' >"$place/$(printf 'a\nforged: b.eml')"
	ask "$socket" "$place/$(printf 'a\nforged: b.eml')"
	run grep -c '^forged' "$place/s.log"
	[ "$output" = 0 ]
}

# share/logrotate/csapi with the directory of this test, and as the user of this test.
@test "logrotate moves the log away, and the scanner goes on in a new one" {
	command -v logrotate >/dev/null || skip "no logrotate"
	[ ! -d /run/systemd/system ] || skip "the file asks systemd here, which knows nothing of this scanner"
	start_scanner --scanner-log="$place/rotated.log" --log-level=info
	sed -e "s|@sbindir@|$BUILD|; s|/var/log/csapi/|$place/rotated|; /su csapi csapi/d" "$ROOT/share/logrotate/csapi.in" >"$place/rotate"
	chmod 644 "$place/rotate"
	# Whatever is written by others than this scanner is none of it.
	chmod go-w "$place"
	grep -q "ready: " "$place/rotated.log"
	CSAPI_SOCKET=$socket logrotate --force --state "$place/state" "$place/rotate"
	await "$place/rotated.log.1" "ready: "
	command_scanner reload
	[ "$status" -eq 0 ] || fail "reload"
	await "$place/rotated.log" "reloading the definitions"
	run -1 grep "reloading the definitions" "$place/rotated.log.1"
}
