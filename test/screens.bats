#!/usr/bin/env bats
# screens.bats - the pictures of the README show what the programs print.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	open_file
}

@test "the pictures say what the programs say now" {
	run "$ROOT/scripts/make-screens" --check "$BUILD" "$ROOT/share/screens"
	[ "$status" -eq 0 ] || fail "stale"
}

@test "a picture that says something else is found" {
	cp "$ROOT"/share/screens/*.svg "$BATS_TEST_TMPDIR"
	sed -i 's/EC_AV_CLEAN/EC_AV_FINE/' "$BATS_TEST_TMPDIR/scan.svg"
	run "$ROOT/scripts/make-screens" --check "$BUILD" "$BATS_TEST_TMPDIR"
	[ "$status" -eq 1 ] || fail "not found"
	[[ $output == *"scan.svg is not what the programs print"* ]]
}
