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
