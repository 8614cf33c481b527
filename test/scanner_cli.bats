#!/usr/bin/env bats
# The command line of csapi-scanner: bad use, what is asked of a scanner that runs, in what form it answers, and with which exit status.
# What the service does with messages is in resident.bats.
bats_require_minimum_version 1.5.0
load helper

setup() {
	scanner_program=$BUILD/csapi-scanner
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	stop_scanner
}

long_names() {
	{
		sed -n 's/^OPTION(\([a-z0-9_]*\),.*/\1/p' "$ROOT/cmd/csapi-scanner.options.def"
		sed -n 's/^LIMIT(\([a-z0-9_]*\),.*/\1/p' "$ROOT/lib/verdict/limits.def"
	} | tr _ -
}

commands() {
	sed -n 's/^SCANNER_COMMAND(\([A-Z]*\),.*/\1/p' "$ROOT/cmd/csapi-scanner.commands.def" | tr A-Z a-z
}

# One line on standard error that says LINE, nothing on standard output: refused LINE ARGUMENT...
refused() {
	local line=$1
	shift
	run -2 --separate-stderr "$scanner_program" "$@" </dev/null
	[ -z "$output" ] || fail "said more than a line"
	[ "${#stderr_lines[@]}" -eq 1 ] || fail "not one line"
	[[ $stderr == "csapi-scanner: "*"$line"* ]] || fail "did not say: $line"
}

# Waits until the state is one of these: await_state STATE...
await_state() {
	local _
	for _ in {1..200}; do
		command_scanner status --format=json
		[[ " $* " != *" $(jq -r .state <<<"$output") "* ]] || return 0
		sleep 0.05
	done
	fail "the state is not $*"
}

# A scanner with the given options, where start_scanner would wait for more than its first sign of life.
start_unready() {
	export socket=$BATS_TEST_TMPDIR/s scanner_base=$BATS_TEST_TMPDIR/temporary scanner_log=$BATS_TEST_TMPDIR/scanner.log scanner
	mkdir "$scanner_base"
	"$scanner_program" --listen="$socket" --definitions="$DEFINITIONS" --file-base="$scanner_base" "$@" >>"$scanner_log" 2>&1 3>&- &
	scanner=$!
	until "$scanner_program" ping --socket="$socket" >/dev/null 2>&1; do
		alive "$scanner" || fail "the scanner ended: $(cat "$scanner_log")" || return 1
		sleep 0.02
	done
}

# --- the command line --------------------------------------------------------------------------------------------

@test "--help shows both uses, every command and every option, in 80 columns" {
	run -0 --separate-stderr "$scanner_program" --help
	[ -z "$stderr" ]
	[[ ${lines[0]} == "Usage: csapi-scanner [OPTION]..." && ${lines[1]} == *"csapi-scanner COMMAND "* ]]
	[ "$(commands | wc -l)" -eq 5 ]
	for word in $(commands); do
		grep -Eq -- "^  $word +[a-z]" <<<"$output" || fail "missing: $word"
	done
	for name in $(long_names); do
		grep -Eq -- "^  (-., |    )--$name(=| |\$)" <<<"$output" || fail "missing: $name"
	done
	[ "$(wc -L <<<"$output")" -le 80 ]
	[ "$("$scanner_program" -h)" = "$output" ]
	[ "$("$scanner_program" status --help)" = "$output" ]
}

@test "--version tells the version of the sources" {
	run -0 "$scanner_program" -V
	[ "$output" = "csapi-scanner $(sed -n 's/^#define CSAPI_VERSION "\(.*\)"/\1/p' "$ROOT/lib/base/version.h")" ]
}

@test "standard output that cannot be written ends in 2 and a line" {
	for argument in --help --version; do
		"$scanner_program" "$argument" >/dev/full 2>line && false || [ $? -eq 2 ]
		grep -q "cannot write to standard output: No space left on device" line
		"$scanner_program" "$argument" >&- 2>line && false || [ $? -eq 2 ]
		grep -q "cannot write to standard output: Bad file descriptor" line
	done
}

@test "bad use: words, and options that have no effect beside others" {
	refused '"statsu" is not a command; there are status, stats, reload, stop and ping' statsu
	refused '"now" is too much behind the command stop' stop now
	refused "unknown option --listne; did you mean --listen?" --listne=/s
	refused "--listen is for serving; status takes --socket and --format" status --listen=/s
	refused "--timeout is for serving; ping" ping --timeout=3
	refused "--socket is for a command, such as csapi-scanner status" --socket=/s
	refused "--format is for a command" --format=json
	refused "--format=prometheus is for the command stats" status --format=prometheus
	refused "--format=xml is not one of: text json prometheus" stats --format=xml
	refused "--isolation=maybe is not one of: require degrade off" --isolation=maybe
	refused "--log-level=loud is not one of: error warning notice info debug" --log-level=loud
	refused "--log-level= is not one of" --log-level=
	refused "--scanner-log=scanner.log is neither an absolute path nor stderr, journal or none" --scanner-log=scanner.log
	refused "-o maxDepth=3 is not known" -o maxDepth=3
	refused "--private=0 is not a socket" --private=0
}

@test "bad use: numbers that are none, or out of range" {
	for value in 0 257 -1 +1 " 1" 1x "" 99999999999999999999 Auto; do
		refused "--max-concurrency=$value is not a number from 1 to 256; auto takes" --max-concurrency="$value"
	done
	refused "--max-queue=0 is not a number from 1 to 100000" --max-queue=0
	refused "--max-queue=100001 is not" --max-queue=100001
	refused "--messages-per-worker=0 is not a number from 1 to 10000" --messages-per-worker=0
	refused "--idle-exit=86401 is not a number from 0 to 86400" --idle-exit=86401
	refused "--landlock-abi=0 is not a number from 1 to 99" --landlock-abi=0
	for mode in 888 01777 1777 "" 0x1 66666; do
		refused "--socket-mode=$mode is not an octal mode" --socket-mode="$mode"
	done
	refused "max_extract_depth must be 1 to 50" --max-extract-depth=51
	refused "takes a number of bytes up to 4294967294" -o maxCumulativeExtractSize=4294967295
}

@test "a private scanner takes no options of the service" {
	run -0 python3 - "$scanner_program" <<-'END'
		import socket, subprocess, sys
		for option in "--listen=/s", "--socket-mode=0600", "--idle-exit=3", "--low-memory":
		    ours, theirs = socket.socketpair()
		    done = subprocess.run([sys.argv[1], f"--private={theirs.fileno()}", option], pass_fds=[theirs.fileno()],
		                          capture_output=True, text=True, timeout=20)
		    assert done.returncode == 2, done
		    assert option.split("=")[0] + " has no meaning with --private" in done.stderr, done
	END
}

@test "the user for workers: unknown, with the rights of root, or not ours to choose" {
	if as_root; then
		refused "there is no user no-such-user; make one that owns nothing" --listen="$PWD/s" --user=no-such-user
		refused "--user=root has the rights of root" --listen="$PWD/s" --user=root
	else
		refused "--user=root takes root" --listen="$PWD/s" --user=root
		refused "--user=no-such-user takes root" --listen="$PWD/s" --user=no-such-user
	fi
	[ ! -e s ]
}

@test "a place that cannot be listened on, or a log that cannot be written, ends in 2 and a line that says what to do" {
	refused "--listen names another path" --listen="$PWD/missing/too/s"
	refused "/missing/log" --listen="$PWD/s" --scanner-log="$PWD/missing/log"
	: >file
	refused "$PWD/file" --listen="$PWD/file"
	[ -f file ]
}

@test "where nobody named a place, it is the user's own" {
	as_root && skip "root's own place is the system's"
	mkdir -m 700 runtime
	export socket=$PWD/runtime/csapi/scanner.sock scanner_base=$PWD/temporary scanner
	mkdir temporary
	XDG_RUNTIME_DIR=$PWD/runtime "$scanner_program" --definitions="$DEFINITIONS" --file-base="$scanner_base" >log 2>&1 3>&- &
	scanner=$!
	await_state ready
	[ "$(stat -c %a "$socket")" = 600 ]
	run -0 env -u CSAPI_SOCKET XDG_RUNTIME_DIR="$PWD/runtime" "$scanner_program" ping
	[ "$output" = "process $scanner answers" ]
}

# --- commands ----------------------------------------------------------------------------------------------------

@test "no scanner runs: every command ends in 3 and says so" {
	for word in $(commands); do
		run -3 --separate-stderr "$scanner_program" "$word" --socket="$PWD/s"
		[ -z "$output" ]
		[[ $stderr == "csapi-scanner: no scanner answers at $PWD/s: "*"; start csapi-scanner, or name its socket with --socket" ]]
	done
	# A socket that nobody listens on any more.
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")'
	run -3 "$scanner_program" ping --socket="$PWD/s"
	# CSAPI_SOCKET counts where --socket does not.
	CSAPI_SOCKET=$PWD/other run -3 "$scanner_program" ping
	[[ $output == *"$PWD/other"* ]]
}

@test "ping, status and stop of a scanner that serves" {
	start_scanner -j 2 --max-queue=77 --messages-per-worker=9
	await_state ready
	command_scanner ping
	[ "$status" -eq 0 ]
	[ "$output" = "process $scanner answers" ]
	command_scanner status
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "csapi-scanner "*" is ready"* ]]
	[[ $output == *"process        $scanner, since "* && $output == *"socket         $socket"* ]]
	[[ $output == *" signatures, in $DEFINITIONS"* && $output == *"queue          0 of 77 messages"* ]]
	[[ $output == *"at most 2; at most 9 messages each"* ]]
	command_scanner status --format=json
	[ "$status" -eq 0 ]
	is .state ready
	is .pid "$scanner"
	is .socket "$socket"
	is '.generation, .workers_most, .queue_most, .messages_per_worker | tostring' "$(printf '1\n2\n77\n9')"
	is .definitions.source "$DEFINITIONS"
	is '.versions.csapi' "$("$scanner_program" --version | cut -d' ' -f2)"
	is '.isolation.layers | keys | length' 6
	is '.isolation.probes | keys | length' 9
	command_scanner stop
	[ "$status" -eq 0 ]
	[ "$output" = "process $scanner has ended" ]
	! alive "$scanner" || fail "it still runs"
	[ ! -e "$socket" ]
	command_scanner status
	[ "$status" -eq 3 ]
}

@test "isolation is whole unless something is missing, and what is missing is told loudly" {
	sanitized && skip "a sanitizer needs system calls that no worker is allowed"
	start_scanner
	await_state ready
	command_scanner status --format=json
	if is .degraded true; then
		[[ $stderr == "csapi-scanner: DEGRADED, "* ]]
	else
		[ -z "$stderr" ]
		holds '[.isolation.probes[]] | all(. == "stopped")'
	fi
	stop_scanner
	start_scanner --isolation=off
	await_state ready
	command_scanner status
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *" is ready, DEGRADED: "*" is missing: "* ]]
	[[ $output == *"isolation      NOT WHOLE: "* ]]
	[[ $stderr == "csapi-scanner: DEGRADED, isolation is not whole: "* ]]
	command_scanner stats --format=prometheus
	grep -qx "csapi_degraded 1" <<<"$output"
	grep -q "warning: DEGRADED" "$scanner_log"
}

@test "a scanner that cannot have its isolation ends in 2 and serves nobody" {
	as_root || skip "takes root, to lack what root has"
	sanitized && skip "a sanitizer needs system calls that no worker is allowed"
	run -2 --separate-stderr setpriv --bounding-set=-setuid,-setgid --inh-caps=-setuid,-setgid "$scanner_program" \
		--listen="$PWD/s" --definitions="$DEFINITIONS" --scanner-log=none
	[[ $stderr == "csapi-scanner: user is missing: "* ]]
	[ ! -e s ]
}

@test "status while the definitions are loading, and when loading failed: 4; ping is 0" {
	printf '#!/bin/sh\nexec sleep 60\n' >slow
	chmod +x slow
	start_unready --worker-path="$PWD/slow"
	command_scanner status
	[ "$status" -eq 4 ]
	[[ ${lines[0]} == *" is loading" ]]
	command_scanner ping
	[ "$status" -eq 0 ]
	stop_scanner
	rm -r "$scanner_base"
	start_unready --worker-path=/bin/false
	await_state failed
	command_scanner status
	[ "$status" -eq 4 ]
	[[ ${lines[0]} == *" is failed: "?* ]]
	command_scanner stats --format=prometheus
	grep -qx "csapi_ready 0" <<<"$output"
}

@test "stats: the engine's figures first, the same numbers in three forms" {
	start_scanner
	"$SCAN" --socket="$socket" "$ROOT"/share/samples/*.eml >verdicts || [ $? -eq 1 ]
	[ "$(wc -l <verdicts)" -eq 4 ]
	parts=$(jq -s 'map(.parts | length) | add' verdicts)
	viruses=$(jq -s 'map(.viruses | length) | add' verdicts)
	command_scanner stats --format=json
	[ "$status" -eq 0 ]
	is '.version | split(".")[0]' 1
	is .messages_checked 4
	is .parts_checked "$parts"
	is .viruses_found "$viruses"
	is .viruses_cured 0
	is .bytes_checked "$(cat "$ROOT"/share/samples/*.eml | wc -c)"
	is '[.statuses[]] | add' 4
	is '.statuses.EC_AV_CLEAN, .statuses.EC_AV_INFECTED, .statuses.EC_AV_UNSCANNABLE' "$(printf '1\n1\n2')"
	is '[.codes[]] | add' 4
	is '.codes | length' 67
	is '.codes.AVS_RESULT_VIRUS_FOUND' 1
	is '[.durations[].messages] | add' 4
	is '.mean_message_ms == (.message_us / .messages_checked | floor / 1000)' true
	is '.mean_part_ms > 0 and .mean_part_ms < .mean_message_ms' true
	command_scanner stats
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "Engine csapi" ]
	[[ ${lines[1]} =~ ^"  messages checked "\ +4$ && ${lines[2]} =~ ^"  MIME parts checked "\ +$parts$ ]]
	[[ ${lines[3]} =~ ^"  viruses detected "\ +$viruses$ && ${lines[4]} =~ ^"  viruses cured "\ +0$ ]]
	[[ ${lines[5]} =~ ^"  average time per message "\ +[0-9]+\.[0-9]{3}" ms"$ ]]
	[[ ${lines[6]} =~ ^"  average time per part "\ +[0-9]+\.[0-9]{3}" ms"$ ]]
	grep -Eq '^  AVS_RESULT_VIRUS_FOUND +1$' <<<"$output"
	! grep -q GEN_RESULT <<<"$output"
	command_scanner stats --format=prometheus
	[ "$status" -eq 0 ]
	grep -qx 'csapi_messages_total{status="EC_AV_CLEAN"} 1' <<<"$output"
	grep -qx "csapi_parts_total $parts" <<<"$output"
	grep -qx 'csapi_scan_duration_seconds_count 4' <<<"$output"
	grep -qx 'csapi_ready 1' <<<"$output"
	run -0 python3 "$ROOT/test/metrics.py" <<<"$output"
	[ -z "$output" ]
}

@test "the client in csapi-protocol(5) is one that works" {
	start_scanner
	sed '1,/^A client in Python/d; /^\.Ed/,$d; /^\.Bd/d' "$ROOT/man/csapi-protocol.5" >client.py
	run -0 python3 client.py "$socket" "$ROOT/share/samples/eicar-in-nested-zip.eml"
	[ "$output" = "EC_AV_INFECTED Eicar-Test-Signature" ]
	run -0 python3 client.py "$socket" "$ROOT/share/samples/clean.eml"
	[ "$output" = "EC_AV_CLEAN " ]
}

@test "the check of metrics is one that can fail" {
	for page in 'a_total 1' $'# HELP a_total x\n# TYPE a_total gauge\na_total 1' $'# HELP a x\n# TYPE a gauge\na 1\na 2' \
		$'# HELP a x\n# TYPE a gauge' $'# HELP a x\n# TYPE a gauge\na NaN' \
		$'# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1'; do
		run -1 python3 "$ROOT/test/metrics.py" <<<"$page"
		[ -n "$output" ]
	done
}

@test "reload: 0 when the new definitions are in use, 1 when they are refused and the old ones stay" {
	cp -r "$DEFINITIONS" definitions
	! as_root || chmod a+rx . definitions
	start_scanner --definitions="$PWD/definitions"
	await_state ready
	command_scanner reload
	[ "$status" -eq 0 ]
	[[ $output == "generation 2 of the definitions is in use: "* ]]
	mv definitions/csapi-test.ndb away
	echo "this is no signature" >definitions/csapi-test.ndb
	command_scanner reload
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[[ $stderr == "csapi-scanner: the reload is refused, what was in use stays: "?* ]]
	command_scanner status --format=json
	[ "$status" -eq 0 ]
	is '.generation, .reload.done | tostring' "$(printf '2\nfalse')"
	is '.reload.text | length > 0' true
	command_scanner reload --format=json
	[ "$status" -eq 1 ]
	is '.done, .generation | tostring' "$(printf 'false\n2')"
	run -1 "$SCAN" --socket="$socket" --quiet "$ROOT/share/samples/eicar-in-nested-zip.eml"
	mv away definitions/csapi-test.ndb
	command_scanner reload
	[ "$status" -eq 0 ]
	command_scanner stats --format=json
	is '.reloads, .reloads_failed, .generation' "$(printf '2\n2\n3')"
}

@test "a second scanner at the same place ends in 2, and the first one stays" {
	start_scanner
	run -2 --separate-stderr "$scanner_program" --listen="$socket" --definitions="$DEFINITIONS"
	[[ $stderr == "csapi-scanner: "*"csapi-scanner status"*"--listen names another path" ]]
	command_scanner ping
	[ "$output" = "process $scanner answers" ]
}

@test "commands are for the scanner's own user and root; scans are for all who may connect" {
	as_root || skip "takes root, to be somebody else"
	start_scanner
	[ "$(stat -c %a "$socket")" = 666 ]
	other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${other[@]}" test -x "$scanner_program" -a -r "$ROOT/share/samples/clean.eml" || skip "the tree is not for all"
	for word in $(commands); do
		run -2 --separate-stderr "${other[@]}" "$scanner_program" "$word" --socket="$socket"
		[ -z "$output" ]
		[[ $stderr == *"run this as root, or as the user whom the scanner belongs to" ]]
	done
	run -0 "${other[@]}" "$SCAN" --socket="$socket" --quiet "$ROOT/share/samples/clean.eml"
	command_scanner ping
	[ "$status" -eq 0 ]
	stop_scanner
	start_scanner --socket-mode=0640
	[ "$(stat -c %a "$socket")" = 640 ]
	run -2 --separate-stderr "${other[@]}" "$scanner_program" ping --socket="$socket"
	[[ $stderr == *"Permission denied"* ]]
}

@test "an answer that cannot be written ends in 2" {
	start_scanner
	for arguments in status "stats --format=json" "stats --format=prometheus" reload ping; do
		# shellcheck disable=SC2086
		"$scanner_program" $arguments --socket="$socket" >/dev/full 2>line && false || [ $? -eq 2 ]
		grep -q "cannot write to standard output: No space left on device" line
	done
}

@test "an answer that is none, or of another version, ends in 2" {
	start_scanner
	command_scanner status --format=json
	newer=$(jq -c '.version = "2.0"' <<<"$output")
	stop_scanner
	for document in "$newer" '{}' 'x' '{"done":true}'; do
		for word in status stats reload; do
			rm -f fake
			python3 "$ROOT/test/answering.py" "$PWD/fake" "$document" 3>&- &
			until [ -S fake ]; do sleep 0.02; done
			run -2 --separate-stderr "$scanner_program" "$word" --socket="$PWD/fake"
			[ -z "$output" ]
			[[ $stderr == "csapi-scanner: the scanner's answer is not understood: "* ]]
			wait
		done
	done
}

@test "the log: a file, with the lines that were asked for" {
	start_scanner --scanner-log="$PWD/scanner-log" --log-level=error
	await_state ready
	stop_scanner
	[ -f scanner-log ]
	[ ! -s scanner-log ] || fail "lines of no error: $(cat scanner-log)"
	[ ! -s "$scanner_log" ] || fail "lines beside the log: $(cat "$scanner_log")"
	start_scanner --scanner-log="$PWD/scanner-log"
	await_state ready
	stop_scanner
	grep -Eq '^20[0-9-]*T[0-9:]*Z csapi-scanner\[[0-9]+\] notice: ready: ' scanner-log
}

# --- completions and manual --------------------------------------------------------------------------------------

@test "bash completes commands, options and values" {
	complete_bash() { # WORD...: what is offered for the last one
		bash --norc -c '
			source "$0"
			COMP_WORDS=(csapi-scanner "$@") COMP_CWORD=$#
			_csapi_scanner
			printf "%s\n" "${COMPREPLY[@]}"' "$ROOT/completions/csapi-scanner.bash" "$@"
	}
	run -0 complete_bash --
	for name in $(long_names); do
		grep -Eqx -- "--$name=?" <<<"$output" || fail "missing: $name"
	done
	[ "$(complete_bash "" | sort | tr '\n' ' ')" = "$(commands | sort | tr '\n' ' ')" ]
	[ "$(complete_bash sto)" = stop ]
	[ "$(complete_bash stats --format = pro)" = prometheus ]
	[ "$(complete_bash --isolation = d)" = degrade ]
	run -0 bash --norc -c 'source "$0"; complete -p csapi-scanner' "$ROOT/completions/csapi-scanner.bash"
	[[ $output == *"-F _csapi_scanner csapi-scanner" ]]
}

@test "zsh completes commands and options" {
	run -0 zsh -f -c '_arguments() { print -rl -- "$@" }; source "$0"' "$ROOT/completions/_csapi-scanner"
	for name in $(long_names); do
		grep -Eq -- "(^|\))--$name(=|\[)" <<<"$output" || fail "missing: $name"
	done
	for word in $(commands); do
		grep -q "^1:command:((.*\b$word\\\\:" <<<"$output" || fail "missing: $word"
	done
}

@test "fish completes commands, options and values" {
	export HOME=$BATS_TEST_TMPDIR
	complete_fish() {
		fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$ROOT/completions/csapi-scanner.fish" "$1" | cut -f1
	}
	run -0 complete_fish "csapi-scanner --"
	for name in $(long_names); do
		grep -q -- "^--$name\b" <<<"$output" || fail "missing: $name"
	done
	[ "$(complete_fish "csapi-scanner " | sort | tr '\n' ' ')" = "$(commands | sort | tr '\n' ' ')" ]
	[ "$(complete_fish 'csapi-scanner stats --format=p')" = --format=prometheus ]
}

@test "the manual passes mandoc, and names every option, command, figure and metric" {
	manual=$ROOT/man/csapi-scanner.8
	run -0 mandoc -Tlint -Wwarning "$manual" "$ROOT/man/csapi-protocol.5"
	for name in $(long_names); do
		grep -q "Fl -$name\b" "$manual" || fail "missing: $name"
	done
	for word in $(commands); do
		grep -qx ".It Cm $word" "$manual" || fail "missing: $word"
	done
	start_scanner
	command_scanner stats --format=prometheus
	for metric in $(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' <<<"$output"); do
		grep -q "\b$metric\b" "$manual" || fail "missing: $metric"
	done
	command_scanner stats --format=json
	for member in $(jq -r 'keys[]' <<<"$output"); do
		grep -q "Cm.* $member\b" "$manual" || fail "missing in stats: $member"
	done
	command_scanner status --format=json
	for member in $(jq -r 'keys[]' <<<"$output"); do
		grep -q "Cm.* $member\b" "$manual" || fail "missing in status: $member"
	done
}
