#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# Each limit: what is below passes, what is above has the limit's own code, and a value out of range is refused.

L=codes/limits

@test "the seed's defaults: ten nested archives are opened, eleven are not" {
	scan "$FIXTURES/$L/depth-10.zip"
	is_infected Eicar-Test-Signature
	scan "$FIXTURES/$L/depth-11-clean.zip"
	is_unscannable DEC_RESULT_MAXIMUM_DEPTH_REACHED
	scan --max-extract-depth 11 "$FIXTURES/$L/depth-11-clean.zip"
	is_clean
	is .limits.max_extract_depth 11
	is .usage.extract_depth 11
}

@test "max_extract_depth" {
	scan --max-extract-depth 1 "$FIXTURES/formats/nested.zip"
	[ "$status" -ne 0 ] || fail "clean, and the inner archive was not opened"
	scan --max-extract-depth 1 "$FIXTURES/clean/zip.eml"
	is_clean
}

@test "max_extract_size counts the bytes that come out" {
	scan --max-extract-size 99999 "$FIXTURES/$L/part-100k.zip"
	is_unscannable DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED
	is '.usage.extract_size <= 99999' true
	scan --max-extract-size 100000 "$FIXTURES/$L/part-100k.zip"
	is_clean
	is .usage.extract_size 100000
}

@test "a declared size that lies changes nothing about a limit" {
	scan --max-extract-size 50000 "$FIXTURES/$L/says-small.zip"
	[ "$status" -eq 3 ] || fail "not unscannable"
	has_code DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED
	scan "$FIXTURES/$L/says-large.zip"
	[ "$status" -eq 3 ] || fail "an archive that contradicts itself is not clean"
	holds 'all(.codes[]; .code != "DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED")'
}

@test "max_cumulative_extract_size" {
	scan --max-cumulative-extract-size 400000 "$FIXTURES/$L/five-100k.zip"
	is_unscannable DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED
	is '.usage.cumulative_extract_size <= 400000' true
	scan --max-cumulative-extract-size 600000 "$FIXTURES/$L/five-100k.zip"
	is_clean
}

@test "max_cumulative_extract_size of 0 is 209715200" {
	scan --max-cumulative-extract-size 0 --timeout 60 "$FIXTURES/bombs/two-gib.gz"
	[ "$status" -eq 3 ] || fail "not unscannable"
	scan "$FIXTURES/$L/five-100k.zip"
	is_clean
	is '.limits.max_cumulative_extract_size == 0 or .limits.max_cumulative_extract_size == 209715200' true
}

@test "maxCumulativeExtractSize of the scanner goes up to 4294967294" {
	local value
	for value in 2147483649 4294967294; do
		printf '#!/bin/sh\nexec %q -o maxCumulativeExtractSize=%s "$@"\n' "$BUILD/csapi-scanner" "$value" >"$BATS_TEST_TMPDIR/scanner"
		chmod +x "$BATS_TEST_TMPDIR/scanner"
		scan --scanner-path "$BATS_TEST_TMPDIR/scanner" "$FIXTURES/clean/zip.eml"
		is_clean
		is .limits.max_cumulative_extract_size "$value"
	done
	run --separate-stderr "$BUILD/csapi-scanner" -o maxCumulativeExtractSize=4294967295
	[ "$status" -eq 2 ] || fail "a value beyond it"
	[[ $stderr == *maxCumulativeExtractSize*4294967294* ]] || fail "standard error does not say what to write"
}

@test "max_file_count" {
	scan --max-file-count 2 "$FIXTURES/$L/three-files.zip"
	is_unscannable DEC_RESULT_MAXIMUM_FILES_EXTRACTED
	scan --max-file-count 10 "$FIXTURES/$L/three-files.zip"
	is_clean
	scan --timeout 60 "$FIXTURES/$L/many-files.zip"
	is_unscannable DEC_RESULT_MAXIMUM_FILES_EXTRACTED
	scan --timeout 60 --max-file-count 0 "$FIXTURES/$L/many-files.zip"
	is_clean
	is '.parts | length' 6001
}

@test "max_extract_time is enforced inside a library call" {
	scan_within 4 --max-extract-time 1 --timeout 30 "$FIXTURES/bombs/loop.xar"
	is_unscannable DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED
}

@test "timeout is enforced inside a library call" {
	scan_within 3 --timeout 1 "$FIXTURES/bombs/loop.xar"
	is_unscannable DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED
}

@test "a limit that cuts off does not hide what was found before" {
	scan --max-file-count 3 "$FIXTURES/formats/second-of-two.zip.eml"
	[ "$status" -ne 0 ] || fail "clean"
	scan --max-extract-size 1000 "$FIXTURES/formats/second-of-two.zip"
	is_infected Eicar-Test-Signature
}

@test "values at the ends of their ranges are taken" {
	scan --max-extract-depth 50 --max-extract-size 2147483648 --max-cumulative-extract-size 2147483648 \
		--max-extract-time 0 --max-file-count 4294967295 --timeout 86400 "$FIXTURES/clean/zip.eml"
	is_clean
	is .limits.max_extract_depth 50
	is .limits.max_extract_time null
}

@test "a value out of range is refused, not clamped" {
	local wrong
	for wrong in max-extract-depth=0 max-extract-depth=51 max-extract-size=0 max-extract-size=2147483649 \
		max-cumulative-extract-size=2147483649 max-extract-time=86401 max-file-count=4294967296 timeout=0 timeout=86401; do
		scan "--$wrong" "$FIXTURES/clean/plain.eml"
		is_error DEC_RESULT_POLICY_INVALID
		[[ $stderr == *"${wrong#*=}"* ]] || fail "standard error does not name the value of $wrong"
	done
}

@test "a value that is not a number is refused" {
	local wrong
	for wrong in '' ten 10x -1 +1 ' 5' 1.5 0x10 99999999999999999999999; do
		scan "--max-extract-depth=$wrong" "$FIXTURES/clean/plain.eml"
		[ "$status" -eq 2 ] || fail "'$wrong' was taken"
		is '.code | test("^(GEN_RESULT_PARAMETER_INVALID|DEC_RESULT_POLICY_INVALID)$")' true
	done
}
