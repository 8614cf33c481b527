#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# Inputs of every kind that a shell or a mail program can hand over: each has a verdict, and none is clean by mistake.

INFECTED=codes/eicar.eml

@test "standard input from a pipe, in small pieces" {
	scan < <(split -b 100 --filter='cat; sleep 0.002' "$FIXTURES/$INFECTED")
	is_infected
	is .size "$(stat -c %s "$FIXTURES/$INFECTED")"
}

@test "/dev/stdin, and a descriptor of another number" {
	scan /dev/stdin <"$FIXTURES/$INFECTED"
	is_infected
	exec 8<"$FIXTURES/$INFECTED"
	scan /dev/fd/8
	exec 8<&-
	is_infected
}

@test "standard input that is closed" {
	local under=(bash -c 'exec "$@" <&-' bash)
	scan
	is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
}

@test "standard output and standard error that are closed" {
	local status=0
	"$SCAN" --no-progress --definitions="$DEFINITIONS" "$FIXTURES/clean/plain.eml" >&- 2>&- || status=$?
	[ "$status" -eq 2 ] || fail "a verdict that nobody can read has exit status $status"
	status=0
	"$SCAN" --no-progress --definitions="$DEFINITIONS" "$FIXTURES/$INFECTED" >"$BATS_TEST_TMPDIR/out" 2>&- || status=$?
	[ "$status" -eq 1 ] || fail "standard error alone is closed"
	keep "$BATS_TEST_TMPDIR/out"
}

@test "a descriptor that can only be written" {
	scan 0>"$BATS_TEST_TMPDIR/written"
	is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
	scan - 0>/dev/null
	is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
}

@test "a directory on standard input" {
	scan <"$BATS_TEST_TMPDIR"
	is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
}

@test "a socket on standard input" {
	run --separate-stderr /usr/bin/python3 -c '
import socket, subprocess, sys
ours, theirs = socket.socketpair()
with open(sys.argv[1], "rb") as file:
    ours.sendall(file.read())
ours.shutdown(socket.SHUT_WR)
sys.exit(subprocess.run(sys.argv[2:], stdin=theirs).returncode)' "$FIXTURES/$INFECTED" "$SCAN" --definitions "$DEFINITIONS"
	keep <<<"$output"
	is_infected
}

@test "a FIFO with a writer that says nothing" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 8<>"$BATS_TEST_TMPDIR/fifo"
	scan --read-timeout 1 "$BATS_TEST_TMPDIR/fifo"
	exec 8>&-
	is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
}

@test "files of /proc, which have no size" {
	scan /proc/self/status /proc/cpuinfo
	is_clean
	holds '.size > 0'
}

@test "an empty file and /dev/null are clean, with size 0" {
	: >"$BATS_TEST_TMPDIR/empty"
	scan "$BATS_TEST_TMPDIR/empty" /dev/null
	is_clean
	holds '.size == 0'
}

@test "unreadable, missing, an empty name, a loop of links" {
	install -m 000 "$FIXTURES/$INFECTED" "$BATS_TEST_TMPDIR/locked"
	ln -s loop "$BATS_TEST_TMPDIR/loop"
	local under=(without_override) file
	for file in "$BATS_TEST_TMPDIR/locked" "$BATS_TEST_TMPDIR/missing" '' "$BATS_TEST_TMPDIR/loop"; do
		scan "$file"
		is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
		[ -n "$stderr" ] || fail "nothing on standard error"
	done
}

@test "a directory without -r" {
	scan "$BATS_TEST_TMPDIR"
	is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
	[[ $stderr == *--recursive* ]] || fail "it does not say what to do"
}

@test "-r with a directory that cannot be listed is an error, and the rest is scanned" {
	mkdir -p "$BATS_TEST_TMPDIR/d/locked"
	cp "$FIXTURES/clean/plain.eml" "$BATS_TEST_TMPDIR/d/a.eml"
	chmod 000 "$BATS_TEST_TMPDIR/d/locked"
	local under=(without_override)
	scan -r "$BATS_TEST_TMPDIR/d"
	chmod 700 "$BATS_TEST_TMPDIR/d/locked"
	[ "$status" -eq 2 ] || fail "exit status"
	[ "$(jq -r .status <<<"$output" | sort | xargs)" = "EC_AV_CLEAN EC_AV_ERROR" ] || fail "statuses"
}

@test "--files0-from: missing, and with FILE beside it" {
	scan --files0-from "$BATS_TEST_TMPDIR/none"
	[ "$status" -eq 2 ] || fail "a list that is missing"
	is .status EC_AV_ERROR
	printf '%s\0' "$FIXTURES/clean/plain.eml" >"$BATS_TEST_TMPDIR/list"
	scan --files0-from "$BATS_TEST_TMPDIR/list" "$FIXTURES/clean/plain.eml"
	is_error GEN_RESULT_POLICY_INVALID
}

@test "a sparse file of 3 GiB is refused at once" {
	local begin=$SECONDS
	truncate -s 3G "$BATS_TEST_TMPDIR/3g"
	scan "$BATS_TEST_TMPDIR/3g"
	is_unscannable DEC_RESULT_FILE_SIZE_TOO_LARGE
	[ $((SECONDS - begin)) -le 3 ] || fail "it took its time"
}

@test "/dev/zero ends with the size limit" {
	# The client's copy of 2 GiB is memory.
	local free
	free=$(awk '/^MemAvailable/ { print int($2 / 1024 / 1024) }' /proc/meminfo)
	[ "$free" -ge 6 ] || skip "less than 6 GiB of memory are free"
	scan /dev/zero
	is_unscannable DEC_RESULT_FILE_SIZE_TOO_LARGE
}

@test "a list of the wrong jobs" {
	local jobs
	for jobs in 0 257 -1 x ''; do
		scan "--jobs=$jobs" "$FIXTURES/clean/plain.eml"
		is_error GEN_RESULT_PARAMETER_INVALID
	done
}

@test "-j: a slow message first, and the order stays" {
	local files=("$FIXTURES/bombs/loop.xar") number
	for number in {1..12}; do
		files+=("$FIXTURES/clean/plain.eml" "$FIXTURES/formats/deflate.zip")
	done
	scan -j 4 --timeout 1 "${files[@]}"
	[ "$(jq -r .name <<<"$output")" = "$(printf '%s\n' "${files[@]}")" ] || fail "order"
}

@test "the same verdicts with one job and with four" {
	local one
	scan "$FIXTURES"/formats/*.eml
	one=$(jq -S 'del(.times)' <<<"$output")
	scan -j 4 "$FIXTURES"/formats/*.eml
	[ "$one" = "$(jq -S 'del(.times)' <<<"$output")" ] || fail "they differ"
}

@test "a file that shrinks and grows while it is scanned costs nothing but its own verdict" {
	cp "$FIXTURES/clean/large-zip.eml" "$BATS_TEST_TMPDIR/moving"
	(for _ in {1..200}; do
		truncate -s 0 "$BATS_TEST_TMPDIR/moving"
		cat "$FIXTURES/clean/large-zip.eml" >"$BATS_TEST_TMPDIR/moving"
	done) 3>&- &
	local writer=$! number
	for number in {1..5}; do
		scan "$BATS_TEST_TMPDIR/moving" "$FIXTURES/clean/plain.eml"
		[ "$(wc -l <<<"$output")" -eq 2 ] || fail "not two verdicts"
		is .status EC_AV_CLEAN
		holds '.code != "DEC_RESULT_SCAN_ENGINE_EXCEPTION" and .code != "GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT"'
	done
	kill "$writer" 2>/dev/null || true
	wait "$writer" || true
}

@test "no process and no file is left when the client is killed" {
	mkdir "$BATS_TEST_TMPDIR/base"
	run --separate-stderr "$BUILD/test/helper/reap" timeout --foreground --signal=KILL 1 "$SCAN" --no-progress --definitions="$DEFINITIONS" \
		--file-base="$BATS_TEST_TMPDIR/base" "$FIXTURES/bombs/loop.xar"
	[ "$status" -ne 99 ] || fail "processes are left: $stderr"
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/base")" ] || fail "files are left: $(ls -AR "$BATS_TEST_TMPDIR/base")"
}

@test "no process and no file is left when the client is interrupted" {
	local signal
	mkdir "$BATS_TEST_TMPDIR/base"
	for signal in INT TERM HUP; do
		run --separate-stderr "$BUILD/test/helper/reap" timeout --foreground --signal="$signal" 1 "$SCAN" --no-progress \
			--definitions="$DEFINITIONS" --file-base="$BATS_TEST_TMPDIR/base" "$FIXTURES/bombs/loop.xar"
		[ "$status" -ne 99 ] || fail "$signal: processes are left: $stderr"
		[ "$status" -ne 0 ] || fail "$signal: exit status 0"
		[ -z "$(ls -A "$BATS_TEST_TMPDIR/base")" ] || fail "$signal: files are left: $(ls -AR "$BATS_TEST_TMPDIR/base")"
	done
}

@test "a reader that goes away ends the run, and nothing is left" {
	local statuses
	"$BUILD/test/helper/reap" "$SCAN" --no-progress --definitions="$DEFINITIONS" "$FIXTURES"/formats/*.eml \
		2>"$BATS_TEST_TMPDIR/err" | head -n 1 >"$BATS_TEST_TMPDIR/line"
	statuses=("${PIPESTATUS[@]}")
	keep "$BATS_TEST_TMPDIR/line"
	[ -s "$BATS_TEST_TMPDIR/line" ] || fail "no line"
	[ "${statuses[0]}" -ne 0 ] || fail "exit status 0"
	[ "${statuses[0]}" -ne 99 ] || fail "processes are left"
}
