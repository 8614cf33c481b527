#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# The scanner, its zygote and its workers as real processes that are killed, stopped or talked nonsense to.

# Starts a scan in the background: begin ARGUMENT... Leaves $client.
begin() {
	base=$BATS_TEST_TMPDIR/base
	mkdir -p "$base"
	"$SCAN" --no-progress --definitions="$DEFINITIONS" --file-base="$base" "$@" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	client=$!
}

# The same with workers that stop themselves at the trigger, or only the first of them.
begin_stopping() {
	CSAPI_FAULT=stop LD_PRELOAD=$BUILD/test/preload/fault.so begin "$@"
}
begin_stopping_once() {
	CSAPI_FAULT_ONCE=$BATS_TEST_TMPDIR/once begin_stopping "$@"
}

collect() {
	status=0
	wait "$client" || status=$?
	output=$(<"$BATS_TEST_TMPDIR/out")
	stderr=$(<"$BATS_TEST_TMPDIR/err")
	keep <<<"$output"
}

# Process ids of the workers that are in one of the given states of ps, without the zygote, which leads the group.
workers() {
	ps -o pid=,pgid=,stat=,comm= --ppid "$scanner" | awk -v states="$1" \
		'$4 == "csapi-worker" && $1 != $2 && index(states, substr($3, 1, 1)) { print $1 }'
}

zygote() {
	ps -o pid=,pgid=,comm= --ppid "$scanner" | awk '$3 == "csapi-worker" && $1 == $2 { print $1 }'
}

# Waits until COUNT workers are in one of the states: await COUNT STATES. Leaves $scanner.
await() {
	local _
	for _ in {1..400}; do
		scanner=$(pgrep -P "$client" csapi-scanner | head -n 1)
		[ -z "$scanner" ] || [ "$(workers "$2" | wc -l)" -lt "$1" ] || return 0
		sleep 0.025
	done
	fail "$1 workers in state $2 were never seen"
}

no_files() {
	[ -z "$(ls -A "$base")" ] || fail "temporary files were left behind: $(ls -AR "$base")"
}

# A scanner_path with options of its own: wrapper OPTION...
wrapper() {
	{
		echo '#!/bin/bash'
		printf 'exec %q "$@"' "$BUILD/csapi-scanner"
		printf ' %q' "$@"
		echo
	} >"$BATS_TEST_TMPDIR/scanner"
	chmod +x "$BATS_TEST_TMPDIR/scanner"
}

talk() {
	base=$BATS_TEST_TMPDIR/base
	mkdir -p "$base"
	run --separate-stderr "$BUILD/test/helper/reap" "$BUILD/test/helper/talk" "$@" -- "$BUILD/csapi-scanner" --private=3 \
		--definitions="$DEFINITIONS" --file-base="$base" --timeout=5
	[ "$status" -eq 0 ] || fail "talk"
	[[ ${lines[-1]} == "exit 0" ]] || fail "the scanner did not end as it should"
	sed -nE 's/^[45] [0-9]+ //p' <<<"$output" >>"$BATS_FILE_TMPDIR/documents"
	no_files
}

# The code in the answer of type and id: answered TYPE ID CODE
answered() {
	local code
	code=$(sed -nE "s/^$1 $2 //p" <<<"$output" | jq -r .code) || fail "no document"
	[ "$code" = "$3" ] || fail "answer $1 $2 has the code '$code' and not $3"
}

REQUEST='{"part":null,"wire":false,"first_threat":false,"limits":{},"avoid_whole":false,"avoid":[]}'

# --- the scanner -------------------------------------------------------------------------------------------------

@test "the worker program is missing, or is no program" {
	wrapper --worker-path="$BATS_TEST_TMPDIR/none"
	scan_within 5 --scanner-path "$BATS_TEST_TMPDIR/scanner" "$FIXTURES/codes/eicar.eml" "$FIXTURES/clean/plain.eml"
	is_error AVS_RESULT_SCANNER_NOT_INITIALIZED
	[ "${#lines[@]}" -eq 2 ] || fail "not one verdict for each"
	wrapper --worker-path=/etc/passwd
	scan_within 5 --scanner-path "$BATS_TEST_TMPDIR/scanner" "$FIXTURES/codes/eicar.eml"
	is_error AVS_RESULT_SCANNER_NOT_INITIALIZED
	wrapper --worker-path=/bin/cat
	scan_within 5 --scanner-path "$BATS_TEST_TMPDIR/scanner" "$FIXTURES/codes/eicar.eml"
	is_error AVS_RESULT_SCANNER_NOT_INITIALIZED
}

@test "the scanner is killed in the middle of a scan: every message still gets its verdict" {
	begin_stopping -j 1 "$FIXTURES/codes/trigger.eml" "$FIXTURES/codes/eicar.eml"
	await 1 T
	local pids
	pids="$scanner $(zygote) $(workers T)"
	kill -KILL "$scanner"
	collect
	is_error GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT
	[ "$(wc -l <<<"$output")" -eq 2 ] || fail "not one verdict for each"
	# shellcheck disable=SC2086
	gone $pids
	no_files
}

@test "the scanner is told to end: it cleans up, and the client says so" {
	begin_stopping "$FIXTURES/codes/trigger.eml"
	await 1 T
	local pids
	pids="$scanner $(zygote) $(workers T)"
	kill -TERM "$scanner"
	collect
	is_error GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT
	# shellcheck disable=SC2086
	gone $pids
	no_files
}

@test "the client is killed: scanner, zygote, workers and files are gone within a second" {
	begin_stopping -j 2 "$FIXTURES/codes/trigger.eml" "$FIXTURES/codes/trigger.eml"
	await 2 T
	local pids
	pids="$scanner $(zygote) $(workers T)"
	[ "$(wc -w <<<"$pids")" -eq 4 ] || fail "not the processes that were expected: $pids"
	[ -n "$(ls -A "$base")" ] || fail "there was no directory to remove"
	kill -KILL "$client"
	# shellcheck disable=SC2086
	gone $pids
	no_files
	wait "$client" || true
}

@test "the client is told to end: nothing is left" {
	begin_stopping "$FIXTURES/codes/trigger.eml"
	await 1 T
	local pids
	pids="$scanner $(zygote) $(workers T)"
	kill -TERM "$client"
	# shellcheck disable=SC2086
	gone "$client" $pids
	no_files
	wait "$client" || true
}

@test "limits of a wrapper: -o maxCumulativeExtractSize up to 4294967294" {
	wrapper -o maxCumulativeExtractSize=4294967294
	scan --scanner-path "$BATS_TEST_TMPDIR/scanner" "$FIXTURES/clean/plain.eml"
	is_clean
	is .limits.max_cumulative_extract_size 4294967294
	wrapper -o maxCumulativeExtractSize=400000
	scan --scanner-path "$BATS_TEST_TMPDIR/scanner" "$FIXTURES/codes/limits/five-100k.zip.eml"
	is_unscannable DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED
	local value
	for value in maxCumulativeExtractSize=4294967295 maxCumulativeExtractSize=-1 maxCumulativeExtractSize= \
		maxCumulativeExtractSize=1k maxExtractDepth=50 maxCumulativeExtractSize; do
		wrapper -o "$value"
		scan --scanner-path "$BATS_TEST_TMPDIR/scanner" "$FIXTURES/clean/plain.eml"
		is_error GEN_RESULT_SCANNER_NOT_INITIALIZED
		[[ $stderr == *"maxCumulativeExtractSize"* ]] || fail "standard error does not say what is wrong with $value"
	done
}

@test "the scanner by itself: bad use is one line and exit status 2" {
	local options
	for options in --private=99 --private=x --private=0 "--private=3 x" --no-such-option --max-concurrency=0 --timeout=0; do
		# shellcheck disable=SC2086
		run --separate-stderr -2 "$BUILD/csapi-scanner" $options </dev/null
		[ -z "$output" ] || fail "standard output"
		[ "$(wc -l <<<"$stderr")" -eq 1 ] || fail "not one line"
	done
}

# --- workers -----------------------------------------------------------------------------------------------------

@test "a worker is killed once: the second gives the right verdict" {
	begin_stopping_once "$FIXTURES/codes/trigger.eml"
	await 1 T
	kill -KILL "$(workers T)"
	collect
	is_clean
	is .attempts 2
	no_files
}

@test "every worker dies of a fault" {
	# A sanitizer's handler would turn the signal into an exit.
	ASAN_OPTIONS=$ASAN_OPTIONS:handle_segv=0 begin --timeout 30 "$FIXTURES/bombs/loop.xar"
	await 1 R
	local pid
	while kill -0 "$client" 2>/dev/null; do
		for pid in $(workers RS); do
			kill -SEGV "$pid" 2>/dev/null || true
		done
		sleep 0.05
	done
	collect
	is_error DEC_RESULT_SCAN_ENGINE_EXCEPTION
	is '.attempts > 1' true
	no_files
}

@test "a worker is stopped: the time runs out, within a second" {
	CSAPI_FAULT=stop LD_PRELOAD=$BUILD/test/preload/fault.so scan_within 3 --timeout 2 "$FIXTURES/codes/trigger.eml"
	is_unscannable DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED
	[ "$took" -ge 2000 ] || fail "it took $took ms only"
}

@test "the scanner goes on after each of them" {
	CSAPI_FAULT=segv LD_PRELOAD=$BUILD/test/preload/fault.so scan_within 20 "$FIXTURES/codes/trigger.eml" "$FIXTURES/codes/eicar.eml" \
		"$FIXTURES/codes/trigger.eml" "$FIXTURES/clean/plain.eml"
	[ "$status" -eq 1 ] || fail "exit status"
	[ "$(jq -r .status <<<"$output" | tr '\n' ' ')" = "EC_AV_ERROR EC_AV_INFECTED EC_AV_ERROR EC_AV_CLEAN " ] ||
		fail "verdicts"
}

@test "the zygote is killed while a worker runs: the worker finishes, the next message gets a new one" {
	begin_stopping_once "$FIXTURES/codes/trigger.eml" "$FIXTURES/codes/eicar.eml"
	await 1 T
	local first
	first=$(zygote)
	kill -KILL "$first"
	gone "$first"
	kill -CONT "$(workers T)"
	collect
	[ "$status" -eq 1 ] || fail "exit status"
	[ "$(jq -r '"\(.status) \(.attempts)"' <<<"$output" | tr '\n' ' ')" = "EC_AV_CLEAN 1 EC_AV_INFECTED 1 " ] || fail "verdicts"
	no_files
}

@test "zygote and worker are killed: a new zygote, a new worker, the right verdict" {
	begin_stopping_once "$FIXTURES/codes/trigger.eml"
	await 1 T
	kill -KILL "$(zygote)" "$(workers T)"
	collect
	is_clean
	is .attempts 2
	no_files
}

@test "the zygote dies again and again: an error in the end" {
	begin_stopping --timeout 20 "$FIXTURES/codes/trigger.eml"
	await 1 T
	local pid
	while kill -0 "$client" 2>/dev/null; do
		for pid in $(zygote) $(workers TRS); do
			kill -KILL "$pid" 2>/dev/null || true
		done
		sleep 0.1
	done
	collect
	[ "$status" -eq 2 ] || fail "exit status"
	holds '.status == "EC_AV_ERROR"'
	no_files
}

@test "three workers at once, each with its own directory" {
	local files=()
	for name in a b c; do
		cp "$FIXTURES/codes/trigger.eml" "$BATS_TEST_TMPDIR/$name.eml"
		files+=("$BATS_TEST_TMPDIR/$name.eml")
	done
	begin_stopping -j 3 --timeout 20 "${files[@]}" "$FIXTURES/codes/eicar.eml"
	await 3 T
	[ "$(find "$base" -mindepth 2 -maxdepth 2 -type d | wc -l)" -eq 3 ] || fail "$(ls -R "$base")"
	while kill -0 "$client" 2>/dev/null; do
		for pid in $(workers T); do
			kill -CONT "$pid" 2>/dev/null || true
		done
		sleep 0.02
	done
	collect
	[ "$(jq -r '"\(.name) \(.status)"' <<<"$output" | sed 's|.*/||' | tr '\n' ' ')" = \
		"a.eml EC_AV_CLEAN b.eml EC_AV_CLEAN c.eml EC_AV_CLEAN eicar.eml EC_AV_INFECTED " ] || fail "verdicts"
	no_files
}

# --- the conversation --------------------------------------------------------------------------------------------

@test "an honest conversation" {
	talk hello answer answer file="$FIXTURES/codes/eicar.eml" frame=3:7:"$REQUEST" answer
	answered 4 7 AVS_RESULT_VIRUS_FOUND
}

@test "a second greeting ends it: GEN_RESULT_REINITIALIZATION_PROHIBITED" {
	talk hello answer hello end
	answered 5 0 GEN_RESULT_REINITIALIZATION_PROHIBITED
}

@test "a request that loosens a limit, or is none" {
	talk hello answer file="$FIXTURES/codes/eicar.eml" frame=3:1:"${REQUEST/\{\}/{\"max_extract_depth\":50\}}" answer answer
	answered 4 1 DEC_RESULT_POLICY_INVALID
	talk hello answer file="$FIXTURES/codes/eicar.eml" frame=3:1:"${REQUEST/\{\}/{\"timeout\":6\}}" answer answer
	answered 4 1 DEC_RESULT_POLICY_INVALID
	talk hello answer file="$FIXTURES/codes/eicar.eml" frame=3:1:"${REQUEST/\{\}/{\"max_extract_depth\":99\}}" answer answer
	answered 4 1 DEC_RESULT_POLICY_INVALID
	talk hello answer file="$FIXTURES/codes/eicar.eml" frame=3:1:"${REQUEST/null/\"x\"}" answer answer
	answered 4 1 DEC_RESULT_PARAMETER_INVALID
	talk hello answer file="$FIXTURES/codes/eicar.eml" frame=3:1:'{"part":' answer answer
	answered 4 1 GEN_RESULT_PARAMETER_INVALID
	talk hello answer frame=3:2:"$REQUEST" answer answer
	answered 4 2 GEN_RESULT_PARAMETER_INVALID
}

@test "what a client may not say of parts to leave alone does not count" {
	talk hello answer answer file="$FIXTURES/codes/eicar.eml" \
		frame=3:1:'{"part":null,"wire":false,"first_threat":false,"limits":{},"avoid_whole":true,"avoid":["0","1","2"]}' answer
	answered 4 1 AVS_RESULT_VIRUS_FOUND
}

@test "descriptors that are no message" {
	local thing
	for thing in / /proc/self/mem; do
		talk hello answer answer file="$thing" frame=3:1:"$REQUEST" answer
		answered 4 1 DEC_RESULT_CONTAINER_ACCESS_FAILED
	done
}

@test "frames out of turn, unknown, too large, and noise end the conversation" {
	talk file="$FIXTURES/codes/eicar.eml" frame=3:1:"$REQUEST" end
	answered 5 1 GEN_RESULT_PARAMETER_INVALID
	talk hello answer frame=4:3:{} end
	answered 5 3 GEN_RESULT_PARAMETER_INVALID
	talk hello answer frame=6:3:'{"event":"stage","part":0,"stage":"done"}' end
	answered 5 3 GEN_RESULT_PARAMETER_INVALID
	talk hello frame=9:1:x end
	talk raw="GET / HTTP/1.1 and more" end
	talk hello header=65537 end
	talk hello header=4294967295 end
	talk hello many="$FIXTURES/codes/eicar.eml" end
	[[ $output != *silence* ]] || fail "the scanner still waits"
}

@test "the client goes away in the middle of everything" {
	talk
	talk hello
	talk raw=CSA1
	talk hello header=1000 raw='{"part'
	talk hello answer answer file="$FIXTURES/bombs/loop.xar" frame=3:1:"$REQUEST"
	local many=() i
	for i in {1..20}; do
		many+=(file="$FIXTURES/bombs/loop.xar" frame=3:"$i":"$REQUEST")
	done
	talk hello "${many[@]}"
}

@test "more requests than may wait are refused, each by its id" {
	local many=(hello) i
	for i in {1..1100}; do
		many+=(file="$FIXTURES/bombs/loop.xar" frame=3:"$i":"$REQUEST")
	done
	for i in {1..20}; do
		many+=(answer)
	done
	talk "${many[@]}"
	[[ $output == *'the scanner is busy'* ]] || fail "none was refused"
}

# --- requests that take a message apart ------------------------------------------------------------------------------

@test "parts are not written where the message's file cannot be: an error, and the file as it was" {
	cp "$FIXTURES/codes/eicar.eml" "$BATS_TEST_TMPDIR/message"
	mkdir -p "$BATS_TEST_TMPDIR/base"
	before=$(sha256sum <"$BATS_TEST_TMPDIR/message")
	run --separate-stderr /usr/bin/python3 "$ROOT/test/converse.py" hello "extract-shut=$BATS_TEST_TMPDIR/message" "measure=$BATS_TEST_TMPDIR/message" -- \
		"$BUILD/csapi-scanner" --private=3 --no-engine --file-base="$BATS_TEST_TMPDIR/base"
	[ "$(grep -c '^REPORT' <<<"$output")" -eq 2 ] || fail "no reports"
	[[ $output == *DEC_RESULT_TEMPFILE_ACCESS_FAILED*"cannot be written to"* ]] || fail "not told"
	[[ $output != *EC_AV_CLEAN\",\"info\":\"\",\"engine\":null,\"code\":null* ]] || fail "clean without a scan"
	[ "$(sha256sum <"$BATS_TEST_TMPDIR/message")" = "$before" ] || fail "it was changed"
}
