#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# Whatever clamscan reports with the same definitions is reported here as well, by the same name.

# theirs FILE...: what clamscan finds, as "FILE NAME" without .UNOFFICIAL, sorted
theirs() {
	clamscan --no-summary --infected --database="$DEFINITIONS" --max-scantime=0 --alert-broken=no "$@" 2>/dev/null |
		sed -n 's/^\(.*\): \(.*\) FOUND$/\1 \2/p' | sed 's/\.UNOFFICIAL$//' | sort
}

# ours: what the last scan found, in the same form, every virus of every document
ours() {
	jq -r '.name as $n | .viruses[] | $n + " " + .name' <<<"$output" | sort -u
}

same_or_more() {
	local missing
	theirs "$@" >"$BATS_TEST_TMPDIR/theirs"
	scan --timeout 60 "$@"
	ours >"$BATS_TEST_TMPDIR/ours"
	[ -s "$BATS_TEST_TMPDIR/theirs" ] || fail "clamscan found nothing at all"
	missing=$(comm -23 "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours")
	[ -z "$missing" ] || fail "found by clamscan only: $missing"
}

setup() {
	command -v clamscan >/dev/null || skip "clamscan is not installed"
}

@test "all of ClamAV's test files, raw" {
	[ -d "$TESTFILES" ] || skip "clamav-testfiles is not installed"
	same_or_more "$TESTFILES"/*
}

@test "all of ClamAV's test files, as attachments" {
	[ -d "$TESTFILES" ] || skip "clamav-testfiles is not installed"
	/usr/bin/python3 - "$ROOT" "$BATS_TEST_TMPDIR" "$TESTFILES"/* <<-'PYTHON'
		import os, sys
		sys.dont_write_bytecode = True
		sys.path.insert(0, sys.argv[1] + "/test/fixture")
		import messages
		for path in sys.argv[3:]:
		    name = os.path.basename(path)
		    with open(path, "rb") as source, open(os.path.join(sys.argv[2], name + ".eml"), "wb") as target:
		        target.write(messages.carrying(name, source.read()))
	PYTHON
	same_or_more "$BATS_TEST_TMPDIR"/*.eml
}

@test "all fixtures with a finding: formats, mail forms, signatures, traps" {
	same_or_more "$FIXTURES"/{formats,mime,signatures,traps}/*
}

@test "every one of ClamAV's test files is at least not clean" {
	[ -d "$TESTFILES" ] || skip "clamav-testfiles is not installed"
	scan --timeout 60 "$TESTFILES"/*
	holds '.status == "EC_AV_INFECTED" or .status == "EC_AV_UNSCANNABLE"'
}
