#!/usr/bin/env bats
# The benchmark works: in small it runs to its end, both sides find the same, and a table and a plot come out. Nothing here asks how
# fast anything is.
bats_require_minimum_version 1.5.0

load helper

setup() {
	! sanitized || skip "a sanitizer changes every figure"
}

setup_file() {
	! sanitized || return 0
	[ -x "$BUILD/test/bench/definitions" ] || { echo "run make tests first" >&2; return 1; }
	export OUTPUT=$BATS_FILE_TMPDIR/output
	open_file
}

@test "a small run measures everything, and all sides find the same" {
	run --separate-stderr "$ROOT/test/bench/run.py" --build="$BUILD" --output="$OUTPUT" --signatures=3000 --messages=20 --planted-every=2 \
		--rounds=1 --calls=3
	[ "$status" -eq 0 ] || fail "the benchmark failed"
	jq -se 'any(.[]; .measure == "verdicts" and .differences == 0)' "$OUTPUT/raw.jsonl" >/dev/null || fail "verdicts were not compared"
	jq -se '[.[] | select(.measure == "corpus")][0] | .messages == 20 and .planted == 10' "$OUTPUT/raw.jsonl" >/dev/null || fail "not the corpus asked for"
	for measure in latency throughput reload sandbox clamscan private; do
		jq -se --arg measure "$measure" 'any(.[]; .measure == $measure)' "$OUTPUT/raw.jsonl" >/dev/null || fail "nothing about $measure"
	done
}

@test "the table has a line for each goal, the plot is an SVG of them" {
	[ -s "$OUTPUT/table.md" ] || fail "no table"
	for text in 'clamdscan --fdpass' 'above the raw client' 'throughput, of clamdscan' 'throughput, of the raw client' 'the sandbox: CPU' \
		'no daemon, one load' 'the same on all sides'; do
		grep -qF -- "$text" "$OUTPUT/table.md" || fail "nothing in the table about: $text"
	done
	/usr/bin/python3 -c 'import sys, xml.dom.minidom as dom; assert dom.parse(sys.argv[1]).documentElement.tagName == "svg"' "$OUTPUT/plot.svg"
}

@test "a verdict that differs fails the run" {
	mkdir "$BATS_TEST_TMPDIR/lying" "$BATS_TEST_TMPDIR/lying/test"
	ln -s "$BUILD"/csapi-* "$BATS_TEST_TMPDIR/lying/"
	ln -s "$BUILD/test/bench" "$BATS_TEST_TMPDIR/lying/test/bench"
	rm "$BATS_TEST_TMPDIR/lying/csapi-scan"
	# A client that takes every infected message for clean.
	printf '#!/bin/sh\n"%s/csapi-scan" "$@" | sed "s/EC_AV_INFECTED/EC_AV_CLEAN/g"\n' "$BUILD" >"$BATS_TEST_TMPDIR/lying/csapi-scan"
	chmod +x "$BATS_TEST_TMPDIR/lying/csapi-scan"
	run --separate-stderr "$ROOT/test/bench/run.py" --build="$BATS_TEST_TMPDIR/lying" --output="$BATS_TEST_TMPDIR/output" --signatures=1000 \
		--messages=8 --planted-every=4 --rounds=1 --calls=1 --only=throughput
	[ "$status" -eq 1 ] || fail "it was not noticed"
	[[ $stderr == *"DIFFERENT: csapi says 'clean'"* ]] || fail "it was not told"
}

@test "the comparison of verdicts: in small, every mail is counted" {
	run --separate-stderr "$ROOT/test/bench/compare.py" --build="$BUILD" --output="$BATS_TEST_TMPDIR/table.md" encrypted
	[ "$status" -eq 0 ] || fail "it failed"
	# All of them are unscannable to csapi, and ClamAV calls each of them something.
	grep -Eq '^\| Encrypted, nothing to be seen: called clean \| 47 \| 47 \| [0-9]+ \| 47 \| [0-9]+ \| ([0-9]+|-) \| 0 \|$' "$BATS_TEST_TMPDIR/table.md" || fail "other counts"
}
