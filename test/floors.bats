#!/usr/bin/env bats
# The walls between the floors of the code: they hold, and the check that says so can fail.
bats_require_minimum_version 1.5.0

setup() {
	root=$BATS_TEST_DIRNAME/..
	export CSAPI_BUILD=${CSAPI_BUILD:-$root/build}
}

# A copy of the sources, to spoil.
copy() {
	cp -r "$root/cmd" "$root/lib" "$root/scripts" "$BATS_TEST_TMPDIR/"
	mkdir "$BATS_TEST_TMPDIR/test"
}

spoiled() { # FILE LINE EXPECTED
	copy
	echo "$2" >>"$BATS_TEST_TMPDIR/$1"
	run -1 "$root/scripts/check-floors" "$BATS_TEST_TMPDIR"
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "$1:"*"$3"* ]]
}

@test "every include obeys the floors and every library has one door" {
	run -0 "$root/scripts/check-floors"
	[ -z "$output" ]
}

@test "an untouched copy passes, so what fails below is the line added" {
	copy
	run -0 "$root/scripts/check-floors" "$BATS_TEST_TMPDIR"
}

@test "base must not look up" {
	spoiled lib/base/buffer.c '#include "verdict/report.h"' 'base must not include "verdict/report.h"'
}

@test "process must not see scan" {
	spoiled lib/process/client.h '#include "scan/engine.h"' 'process must not include "scan/engine.h"'
}

@test "scan must not see process, not even by a relative path" {
	spoiled lib/scan/engine.h '#	include "../process/client.h"' 'scan must not include "../process/client.h"'
}

@test "a third-party header outside its door is a breach" {
	spoiled lib/process/client.h '#include <clamav.h>' 'clamav.h has its door elsewhere'
}

@test "a third-party header in quotes, and on another file of the right floor, is one too" {
	spoiled lib/scan/budget.c '#include "archive.h"' 'archive.h has its door elsewhere'
}

@test "the thin programs link no parser, the worker links them all" {
	for program in csapi-scan csapi-scanner csapi-update csapi-version csapi-limits; do
		run -0 ldd "$CSAPI_BUILD/$program"
		[[ $output == *libjansson* ]]
		[[ ! $output =~ lib(clamav|archive|glib|gmime|bz2|lzma) ]]
	done
	run -0 ldd "$CSAPI_BUILD/csapi-worker"
	[[ $output == *libclamav* && $output == *libarchive* && $output == *libgmime* ]]
}

@test "a thin program that links a parser is a breach" {
	copy
	mkdir "$BATS_TEST_TMPDIR/build"
	cp "$CSAPI_BUILD/csapi-worker" "$BATS_TEST_TMPDIR/build/csapi-scan"
	CSAPI_BUILD=build run -1 "$root/scripts/check-floors" "$BATS_TEST_TMPDIR"
	[[ $output == *"csapi-scan: links libclamav"* ]]
}

@test "nothing lies at the top level that does not belong there" {
	run -0 find "$root" -mindepth 1 -maxdepth 1 ! -name '.*' -printf '%f\n'
	local name
	for name in "${lines[@]}"; do
		[[ " COPYING LICENSE Makefile README.md build cmd completions debian lib man scripts share test " == *" $name "* ]] ||
			{ echo "$name"; return 1; }
	done
}
