#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

# The fuzz targets without a fuzzer: their seeds, what was found once, and a few mutants of each. `make fuzz` is the long run.

setup_file() {
	open_file
	export PLACE=$BATS_FILE_TMPDIR
	ln -s "$FIXTURES" "$PLACE/fixtures"
	# shellcheck disable=SC2046
	"$ROOT/scripts/fuzz" --build="$PLACE" --seconds=0 $(targets)
}

targets() {
	local file
	for file in "$ROOT"/test/fuzz/*.c; do
		file=${file##*/}
		[ "$file" = replay.c ] || echo "${file%.c}"
	done
}

# replay TARGET: every promise holds.
replay() {
	[ -x "$BUILD/test/fuzz/$1" ] || fail "run make tests first"
	[ "$(find "$PLACE/seeds/$1" -type f | wc -l)" -ge "$2" ] || fail "there are too few seeds"
	run timeout 300 "$BUILD/test/fuzz/$1" "$PLACE/seeds/$1"/*
	[ "$status" -eq 0 ] || fail "$1 ended with $status"
}

@test "each target is replayed here" {
	local target
	for target in $(targets); do
		grep -q "replay $target " "$BATS_TEST_FILENAME" || fail "$target"
	done
}

@test "messages in all readings" { replay mime 100; }
@test "containers" { replay archive 50; }
@test "images of discs" { replay image 12; }
@test "images of disks" { replay disk 12; }
@test "messages from which parts are removed" { replay repair 100; }
@test "dot-stuffing" { replay source 100; }
@test "messages passed on" { replay stamp 100; }
@test "clamd's protocol" { replay wire 8; }
@test "conversations in clamd's protocol" { replay session 10; }
@test "what processes say to each other" { replay frame 4; }
@test "verdicts, and how they are shown" { replay verdict 2; }
@test "files that people and servers write" { replay files 3; }

@test "a broken promise fails the run" {
	printf 'int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size);\n#include "fuzz.h"\nint LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { PROMISE(size < 3 || data[0] != 66); return 0; }\n' >"$BATS_TEST_TMPDIR/t.c"
	${CC:-cc} -I"$ROOT/test/fuzz" -o "$BATS_TEST_TMPDIR/t" "$BATS_TEST_TMPDIR/t.c" "$ROOT/test/fuzz/replay.c"
	printf ABCD >"$BATS_TEST_TMPDIR/good"
	printf BCD >"$BATS_TEST_TMPDIR/bad"
	run "$BATS_TEST_TMPDIR/t" "$BATS_TEST_TMPDIR/bad"
	[ "$status" -ne 0 ]
	[[ $output == *"broken promise"* ]]
}
