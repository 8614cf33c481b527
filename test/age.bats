#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

# csapi-scan --max-age: what old definitions scanned is never called clean, whoever scanned it and however it is written.

setup_file() {
	open_file
	export old=$BATS_FILE_TMPDIR/old
	cp -r "$DEFINITIONS" "$old"
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	touch -d '9 days ago' "$old"/*
	start_scanner --definitions="$old"
}

teardown_file() {
	stop_scanner
	close_file
}

# Both scanners, one after the other, come to what EXPECT... says: both EXPECT... -- ARGUMENT...
both() {
	local expect=()
	while [ "$1" != -- ]; do
		expect+=("$1")
		shift
	done
	shift
	scan --definitions="$old" "$@"
	"${expect[@]}"
	run --separate-stderr "$SCAN" --no-progress --socket="$socket" "$@"
	keep <<<"$output"
	"${expect[@]}"
}

too_old() {
	is_error AVS_RESULT_DEFINITIONS_MISSING
	is '.parts[0].code' AVS_RESULT_DEFINITIONS_MISSING
	holds '.info | contains("the definitions are 9 days") and contains("more than the 7 days that --max-age allows; run csapi-update")'
	[[ $stderr == "csapi-scan: "*": the definitions are 9 days"*"run csapi-update (AVS_RESULT_DEFINITIONS_MISSING)" ]] || fail "the line for people"
	[ "${#stderr_lines[@]}" -eq 1 ] || fail "more than one line"
}

@test "old definitions call nothing clean" {
	both too_old -- --max-age=7 "$FIXTURES/clean/plain.eml"
	both too_old -- --max-age=168h "$FIXTURES/clean/plain.eml"
	both is_clean -- "$FIXTURES/clean/plain.eml"
	both is_clean -- --max-age=10 "$FIXTURES/clean/plain.eml"
	both is_clean -- --max-age=10d "$FIXTURES/clean/plain.eml"
}

infected_all_the_same() {
	is_infected
	has_code AVS_RESULT_DEFINITIONS_MISSING
	[ -z "$stderr" ] || fail "a line for people"
}

@test "a virus that old definitions found is one" {
	both infected_all_the_same -- --max-age=7 "$ROOT/share/samples/eicar-in-nested-zip.eml"
}

error_with_both() {
	is_error AVS_RESULT_DEFINITIONS_MISSING
	has_code "$1"
}

@test "what old definitions could not scan keeps its codes, and the worst decides" {
	scan "$ROOT/share/samples/encrypted-zip.eml"
	local code
	code=$(value .code)
	is_unscannable "$code"
	both error_with_both "$code" -- --max-age=7 "$ROOT/share/samples/encrypted-zip.eml"
}

@test "an input that never came to a scanner keeps its own error" {
	both is_error DEC_RESULT_CONTAINER_ACCESS_FAILED -- --max-age=7 "$BATS_TEST_TMPDIR/missing"
	scan --definitions="$BATS_TEST_TMPDIR/missing" --max-age=7 "$FIXTURES/clean/plain.eml"
	is_error GEN_RESULT_DEFINITION_DIR_UNSET
}

@test "several inputs, standard input, and text" {
	both too_old -- --max-age=7 <"$FIXTURES/clean/plain.eml"
	scan --definitions="$old" --max-age=7 "$FIXTURES/clean/plain.eml" "$ROOT/share/samples/eicar-in-nested-zip.eml"
	[ "$status" -eq 1 ] || fail "not infected"
	[ "$(jq -r .status <<<"$output" | tr '\n' ' ')" = "EC_AV_ERROR EC_AV_INFECTED " ] || fail "the verdicts"
	scan --definitions="$old" --max-age=7 --format=text "$FIXTURES/clean/plain.eml"
	[ "$status" -eq 2 ] || fail "not an error"
	[[ ${lines[0]} == *"EC_AV_ERROR "*"the definitions are 9 days"*"[AVS_RESULT_DEFINITIONS_MISSING]"* ]] || fail "the line"
	scan --definitions="$old" --max-age=7 --quiet "$FIXTURES/clean/plain.eml"
	[ "$status" -eq 2 ] || fail "not an error"
	[ -z "$output" ] || fail "not quiet"
}

@test "the newest file tells the age" {
	cp -rp "$old" "$BATS_TEST_TMPDIR/mixed"
	touch -d '3 days ago' "$BATS_TEST_TMPDIR/mixed/csapi-test.hdb"
	scan --definitions="$BATS_TEST_TMPDIR/mixed" --max-age=4 "$FIXTURES/clean/plain.eml"
	is_clean
	scan --definitions="$BATS_TEST_TMPDIR/mixed" --max-age=2 "$FIXTURES/clean/plain.eml"
	is_error AVS_RESULT_DEFINITIONS_MISSING
}

@test "definitions without a time, or of the future, count as too old" {
	cp -rp "$old" "$BATS_TEST_TMPDIR/strange"
	touch -d @0 "$BATS_TEST_TMPDIR/strange"/*
	scan --definitions="$BATS_TEST_TMPDIR/strange" --max-age=3650 "$FIXTURES/clean/plain.eml"
	is_error AVS_RESULT_DEFINITIONS_MISSING
	holds '.info | contains("the age of the definitions is unknown")'
	touch -d '3 days' "$BATS_TEST_TMPDIR/strange"/*
	scan --definitions="$BATS_TEST_TMPDIR/strange" --max-age=3650 "$FIXTURES/clean/plain.eml"
	is_error AVS_RESULT_DEFINITIONS_MISSING
	scan --definitions="$BATS_TEST_TMPDIR/strange" "$FIXTURES/clean/plain.eml"
	is_clean
}

@test "what is no age is bad use" {
	local age
	for age in 0 -1 1w "" 3651 7.5; do
		scan --max-age="$age" "$FIXTURES/clean/plain.eml"
		is_error GEN_RESULT_PARAMETER_INVALID
		[[ $stderr == "csapi-scan: --max-age: \"$age\" is not an age"* ]] || fail "the line"
	done
}

@test "the self-test holds to it" {
	run -2 --separate-stderr "$SCAN" --self-test --definitions="$old" --max-age=7
	[[ $output == *"the definitions are 9 days"*"NOT as expected"* ]] || fail "not said"
	run -0 "$SCAN" --self-test --definitions="$old" --max-age=10
}
