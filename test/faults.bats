#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

# One call of one function fails in one program, and whatever comes of it is honest. `make faults` makes every call fail.

setup_file() {
	open_file
	! sanitized || skip "a sanitizer has an allocator of its own"
}

setup() {
	! sanitized || skip "a sanitizer has an allocator of its own"
}

# faults OPTION...: no trial broke a promise, and there were some.
faults() {
	run --separate-stderr /usr/bin/python3 "$ROOT/test/faults.py" --build="$BUILD" "$@"
	[ "$status" -eq 0 ] || fail "$stderr"
	[ "$(wc -l <<<"$output")" -gt 2 ] || fail "nothing was tried: $output"
}

@test "csapi-scanner: a directory that was made and cannot be opened is not left behind" {
	faults csapi-scanner:open
}

@test "csapi-scan: some of each call" {
	faults --most=1 --seconds=25 csapi-scan
}

@test "csapi-worker: some of each call" {
	faults --most=1 --seconds=25 csapi-worker
}

@test "csapi-update: some of each call" {
	test_databases
	faults --most=1 --seconds=20 csapi-update
}

@test "what tells limits and versions: some of each call" {
	faults --most=2 --seconds=20 csapi-limits csapi-version
}

@test "clamd's protocol: calls in the server and in its clients' processes" {
	faults csapi-clamd:write csapi-clamd:memfd_create
}

@test "the Lua module: calls that a scan makes" {
	command -v lua5.4 >/dev/null || skip "there is no lua5.4"
	[ -e "$BUILD/lua/5.4/msys/av.so" ] || skip "the module was not built for Lua 5.4"
	faults lua5.4:write lua5.4:socketpair
}

@test "repair: a file that cannot be written is not there" {
	faults csapi-scan:fsync
}

@test "a verdict that is not honest fails the run" {
	mkdir -p "$BATS_TEST_TMPDIR/lying/test"
	ln -s "$BUILD"/csapi-* "$FIXTURES" "$BATS_TEST_TMPDIR/lying/"
	ln -s "$BUILD/test/preload" "$BUILD/test/helper" "$BATS_TEST_TMPDIR/lying/test/"
	rm "$BATS_TEST_TMPDIR/lying/csapi-scan"
	printf '#!/bin/sh\n"%s/csapi-scan" "$@" | sed "s/EC_AV_INFECTED/EC_AV_CLEAN/g"\n' "$BUILD" >"$BATS_TEST_TMPDIR/lying/csapi-scan"
	chmod +x "$BATS_TEST_TMPDIR/lying/csapi-scan"
	run --separate-stderr /usr/bin/python3 "$ROOT/test/faults.py" --build="$BATS_TEST_TMPDIR/lying" --most=1 csapi-scan:socketpair
	[ "$status" -eq 1 ] || fail "it was not noticed"
}
