# helper.bash - what the bats files share: fixtures, scans, and assertions about verdicts.
#
# Every scan uses the definitions shipped in share/definitions and a folder of its own for temporary files. Every JSON
# document that a scan prints is kept, and `close_file` (from teardown_file) validates them all against the schema.
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154

ROOT=$(cd "$BATS_TEST_DIRNAME" && while [ ! -e scripts/make-fixtures ] && [ "$PWD" != / ]; do cd ..; done && pwd)
BUILD=${CSAPI_BUILD:-$ROOT/build}
BUILD=$(cd "$BUILD" && pwd)
SCAN=$BUILD/csapi-scan
DEFINITIONS=$ROOT/share/definitions
TESTFILES=/usr/share/clamav-testfiles
FIXTURES=$BUILD/fixtures
export LC_ALL=C.UTF-8 TZ=UTC
# A scanner that runs on this machine takes no part: where one is wanted, it is named.
export CSAPI_SOCKET=$BUILD/no-scanner
# With a sanitizer: a preloaded library may come before it, and a signal ends the program as it would without.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0:handle_segv=0:handle_sigbus=0:handle_sigill=0

# --- fixtures ----------------------------------------------------------------------------------------------------

# Makes the fixtures unless those that are there were made by the same scripts. Files run in parallel: one makes, all wait.
make_fixtures() {
	local stamp
	stamp=$(cat "$ROOT"/scripts/make-fixtures "$ROOT"/scripts/make-rar "$ROOT"/test/fixture/*.py | sha256sum)
	exec 9>"$BUILD/fixtures.lock"
	flock 9
	if [ "$(cat "$FIXTURES/stamp" 2>/dev/null)" != "$stamp" ]; then
		rm -rf "$FIXTURES" "$FIXTURES.new"
		"$ROOT/scripts/make-fixtures" "$FIXTURES.new" &&
			echo "$stamp" >"$FIXTURES.new/stamp" && mv "$FIXTURES.new" "$FIXTURES" || return 1
	fi
	exec 9>&-
}

# ClamAV's own signed test databases: leaves their directory in $TEST_DATABASES; do not write there. Fetched once, and not by
# several files at a time. Skips the test where that cannot be done.
test_databases() {
	TEST_DATABASES=$BUILD/test-databases
	exec 9>"$TEST_DATABASES.lock"
	flock 9
	if ! "$ROOT/scripts/test-databases" "$TEST_DATABASES" 9>&-; then
		exec 9>&-
		skip "ClamAV's test databases cannot be had here (no network)"
	fi
	exec 9>&-
}

open_file() {
	[ -x "$SCAN" ] || { echo "no $SCAN: run make first" >&2; return 1; }
	make_fixtures
}

# Every document the tests of this file produced obeys the schema.
close_file() {
	[ ! -s "$BATS_FILE_TMPDIR/documents" ] ||
		/usr/bin/python3 "$ROOT/test/validate.py" "$ROOT/share/schema/verdict-1.schema.json" "$BATS_FILE_TMPDIR/documents"
}

# --- scans -------------------------------------------------------------------------------------------------------

# Keeps the documents among the lines of a file or of standard input.
keep() {
	grep -a '^{' "$@" >>"$BATS_FILE_TMPDIR/documents" || true
}

# scan ARGUMENT...: csapi-scan with the shipped definitions, and with time enough on a busy machine. Leaves $status, $output,
# $stderr and $base, the folder for temporary files. Standard input is the caller's.
scan() {
	base=$BATS_TEST_TMPDIR/base
	mkdir -p "$base"
	run --separate-stderr "${under[@]}" "$SCAN" --no-progress --definitions="$DEFINITIONS" --file-base="$base" --timeout=60 "$@"
	keep <<<"$output"
}

# The same with a fault of test/preload/fault.c: scan_with FAULT ARGUMENT...
scan_with() {
	local fault=$1
	shift
	CSAPI_FAULT=$fault LD_PRELOAD=$BUILD/test/preload/fault.so scan "$@"
}

# The same, and afterwards no process and no temporary file may be left, and the time must be below SECONDS:
# scan_within SECONDS ARGUMENT...
scan_within() {
	local most=$1 under=("$BUILD/test/helper/reap") begin=${EPOCHREALTIME/./}
	shift
	scan "$@"
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	[ "$status" -ne 99 ] || fail "a process was left behind: $stderr"
	[ -z "$(ls -A "$base")" ] || fail "temporary files were left behind: $(ls -AR "$base")"
	# A sanitizer makes the start of the programs slow.
	! sanitized || most=$((most + 3))
	[ "$took" -le $((most * 1000)) ] || fail "it took $took ms, and $most s were allowed"
}

# --- a scanner that stays ----------------------------------------------------------------------------------------

# start_scanner [OPTION]...: a resident scanner with the shipped definitions; returns when it scans. Leaves $scanner (its
# process), $socket, $scanner_base (the folder for its temporary files) and $scanner_log. Ends at stop_scanner, which every
# file that uses this calls in teardown, or in teardown_file if setup_file started it.
start_scanner() {
	local place=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR} isolation=()
	export socket=$place/s scanner_base=$place/temporary scanner_log=$place/scanner.log scanner
	mkdir -p "$scanner_base"
	# Workers of root's scanner are somebody else, who must be able to come by.
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$place" "$scanner_base"
	# A sanitizer needs system calls that no worker is allowed.
	! sanitized || isolation=(--isolation=degrade)
	"$BUILD/csapi-scanner" --listen="$socket" --definitions="$DEFINITIONS" --file-base="$scanner_base" --timeout=60 \
		"${isolation[@]}" "$@" >>"$scanner_log" 2>&1 3>&- &
	scanner=$!
	await_scanner
}

# Waits until the scanner has its definitions: await_scanner [SECONDS]
await_scanner() {
	local end=$((SECONDS + ${1:-30}))
	until "$BUILD/csapi-scanner" status --socket="$socket" >/dev/null 2>&1; do
		alive "$scanner" || fail "the scanner ended: $(tail -n 5 "$scanner_log")" || return 1
		[ "$SECONDS" -lt "$end" ] || fail "the scanner is not ready: $(tail -n 5 "$scanner_log")" || return 1
		sleep 0.02
	done
}

# Ends it as a service manager does, and waits until it is gone. Fails if it is not within 10 seconds, or if it left files.
# Leaves $scanner_status where the scanner is a child of this shell.
stop_scanner() {
	local _
	[ -n "${scanner-}" ] || return 0
	scanner_status=0
	kill -TERM "$scanner" 2>/dev/null || true
	for _ in {1..200}; do
		alive "$scanner" || break
		sleep 0.05
	done
	if alive "$scanner"; then
		kill -KILL "$scanner"
		fail "the scanner does not end: $(tail -n 5 "$scanner_log")"
		return 1
	fi
	wait "$scanner" 2>/dev/null || scanner_status=$?
	scanner=
	[ -z "$(ls -A "$scanner_base")" ] || fail "the scanner left files: $(ls -AR "$scanner_base")"
}

# Is it a process that runs, and no zombie?
alive() {
	grep -qs '^State:.[^ZX]' "/proc/$1/status"
}

# Nothing of these processes is left after at most a second: gone PID...
gone() {
	local _ pid left
	for _ in {1..40}; do
		left=
		for pid in "$@"; do
			! alive "$pid" || left+=" $pid"
		done
		[ -n "$left" ] || return 0
		sleep 0.025
	done
	fail "still there:$left"
}

# command_scanner COMMAND [OPTION]...: status, stats, reload, stop or ping, with `run`.
command_scanner() {
	run --separate-stderr "$BUILD/csapi-scanner" "$@" --socket="$socket"
}

# Process ids of the scanner's workers, without the processes that hold the engine, each of which leads a group: in one of the given
# states of ps, or all: scanner_workers [STATES]
scanner_workers() {
	ps -o pid=,pgid=,stat=,comm= --ppid "$scanner" | awk -v states="${1-RSDTt}" \
		'$4 == "csapi-worker" && $1 != $2 && index(states, substr($3, 1, 1)) { print $1 }'
}

scanner_zygotes() {
	ps -o pid=,pgid=,comm= --ppid "$scanner" | awk '$3 == "csapi-worker" && $1 == $2 { print $1 }'
}

# --- assertions --------------------------------------------------------------------------------------------------

fail() {
	echo "$*" >&2
	echo "status: ${status-}" >&2
	head -c 4000 <<<"${output-}" >&2
	[ -z "${stderr-}" ] || head -c 1000 <<<"$stderr" >&2
	return 1
}

# value FILTER: of the last document.
value() {
	tail -n 1 <<<"$output" | jq -r "$1"
}

# is FILTER EXPECTED
is() {
	local got
	got=$(value "$1") || fail "no document, or a bad filter $1"
	[ "$got" = "$2" ] || fail "$1 is '$got' and not '$2'"
}

# holds FILTER: it gives true for every document, of which there is at least one; else says which inputs fail.
holds() {
	local bad
	bad=$(jq -rs "if length == 0 then \"no document at all\" else .[] | select(($1) | not) |
		\"\\(.name): \\(.status) \\(.code) \\(.info)\" end" <<<"$output") || fail "bad filter or document: $1"
	[ -z "$bad" ] || { echo "$bad" | head -n 60 >&2; echo "these do not obey: $1" >&2; return 1; }
}

# The seed's values and the exit status that belongs to them.
is_clean() {
	[ "$status" -eq 0 ] || fail "not clean"
	holds '.status == "EC_AV_CLEAN" and .code == null and .info == "" and .engine == null and .complete'
}

# is_infected [NAME]: every document is, by that name.
is_infected() {
	[ "$status" -eq 1 ] || fail "not infected"
	holds '.status == "EC_AV_INFECTED" and .code == "AVS_RESULT_VIRUS_FOUND" and .engine == "csapi"'
	[ $# -eq 0 ] || holds ".info == \"$1\""
}

is_unscannable() {
	[ "$status" -eq 3 ] || fail "not unscannable"
	holds ".status == \"EC_AV_UNSCANNABLE\" and .engine == null and .code == \"$1\""
}

is_error() {
	[ "$status" -eq 2 ] || fail "not an error"
	holds ".status == \"EC_AV_ERROR\" and .engine == null and .code == \"$1\""
}

# has_code CODE: among all codes of every document.
has_code() {
	holds "any(.codes[]; .code == \"$1\")"
}

# Were the programs built with a sanitizer? Its allocator knows no limit on memory.
sanitized() {
	grep -q __asan_init "$BUILD/csapi-worker"
}

# within_reach PATH...: for each a path by which an ordinary user gets at it: itself, or where the tree lies in root's home a copy.
within_reach() {
	local path
	for path; do
		if [ "$(id -u)" -ne 0 ] || setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$path"; then
			echo "$path"
			continue
		fi
		mkdir -p "$BATS_TEST_TMPDIR/reach"
		cp -rp "$path" "$BATS_TEST_TMPDIR/reach/"
		echo "$BATS_TEST_TMPDIR/reach/${path##*/}"
	done
}

# The directory with all programs, within reach of an ordinary user.
programs_within_reach() {
	local programs
	mapfile -t programs < <(within_reach "$BUILD"/csapi-*)
	dirname "${programs[0]}"
}

as_root() {
	[ "$(id -u)" -eq 0 ]
}

# Runs a command without the rights that let root read and write everything.
without_override() {
	if as_root; then
		setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search "$@"
	else
		"$@"
	fi
}
