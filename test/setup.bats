#!/usr/bin/env bats
# scripts/setup: silent where nothing is missing, one line where it cannot help. Nothing is installed here: the programs
# that would are stand-ins that write down how they were called. And scripts/test-databases where it cannot help.
bats_require_minimum_version 1.5.0

setup() {
	root=$BATS_TEST_DIRNAME/..
	bin=$BATS_TEST_TMPDIR/bin
	mkdir "$bin"
	for tool in sh dirname mktemp tail rm env grep; do
		ln -s "$(command -v $tool)" "$bin/$tool"
	done
}

stand_in() { # NAME BODY
	printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"
	chmod +x "$bin/$1"
}

# A machine without compiler and libraries, and with what was put into $bin.
bare() {
	PATH=$bin "$root/scripts/setup" "$@"
}

@test "where all is there it says nothing and needs neither root nor apt" {
	stand_in apt-get 'exit 9'
	stand_in sudo 'exit 9'
	PATH=$bin:$PATH run -0 "$root/scripts/setup" build
	[ -z "$output" ]
}

@test "an unknown set is refused" {
	run -2 "$root/scripts/setup" everything
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *'"everything" is neither "build" nor "test"'* ]]
}

@test "no apt-get: one line that names what is missing" {
	run -1 bare build
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"not a Debian-like system"*"libclamav-dev"* ]]
}

@test "neither root nor sudo: one line that says what to ask for" {
	stand_in apt-get 'exit 9'
	stand_in id 'echo 1000'
	run -1 bare build
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *'neither root nor sudo; ask for "apt-get install '*"libclamav-dev"* ]]
}

@test "an ordinary user installs through sudo, and hears what in one line" {
	stand_in id 'echo 1000'
	stand_in apt-get "echo \"\$*\" >>$BATS_TEST_TMPDIR/calls"
	stand_in sudo "printf 'sudo ' >>$BATS_TEST_TMPDIR/calls; exec \"\$@\""
	run -0 bare build
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "Installing with apt-get, to build csapi: gcc "* ]]
	run -0 cat "$BATS_TEST_TMPDIR/calls"
	[[ $output == "sudo -y --no-install-recommends install gcc "* ]]
	[[ $output != *clamav-testfiles* && $output != *update* ]]
}

@test "root needs no sudo; stale lists are updated once" {
	stand_in id 'echo 0'
	stand_in apt-get "echo \"\$*\" >>$BATS_TEST_TMPDIR/calls; grep -q update $BATS_TEST_TMPDIR/calls"
	run -0 bare build
	run -0 cat "$BATS_TEST_TMPDIR/calls"
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[1]}" = update ]
	[ "${lines[0]}" = "${lines[2]}" ]
}

@test "a failing apt-get is shown, with its own words and one of ours" {
	stand_in id 'echo 0'
	stand_in apt-get 'echo "E: no such mirror" >&2; exit 100'
	run -1 bare build
	[[ $output == *"E: no such mirror"*"apt-get could not install the packages"* ]]
}

@test "the test set holds the build set" {
	run -1 bare test
	[[ $output == *" gcc "*" libclamav-dev "*" bats "* ]]
}

# --- scripts/test-databases ----------------------------------------------------------------------------------------

# databases ETC: with the sources of another machine, and nothing there yet.
databases() {
	TEST_DATABASES_APT=$1 run --separate-stderr "$root/scripts/test-databases" "$BATS_TEST_TMPDIR/databases"
}

@test "test-databases wants one directory" {
	run -2 "$root/scripts/test-databases"
	run -2 "$root/scripts/test-databases" --help
	[ "${#lines[@]}" -eq 1 ]
}

@test "test-databases without Debian's archive, or without a network: one line why, and nothing is left" {
	command -v apt-get >/dev/null || skip "no apt-get"
	mkdir -p "$BATS_TEST_TMPDIR/etc/sources.list.d"
	databases "$BATS_TEST_TMPDIR/etc"
	[ "$status" -eq 1 ]
	[[ $stderr == "test-databases: no Debian archive is among the sources"* ]]
	echo 'deb [trusted=yes] http://127.0.0.1:1/debian bookworm main contrib' >"$BATS_TEST_TMPDIR/etc/sources.list"
	databases "$BATS_TEST_TMPDIR/etc"
	[ "$status" -eq 1 ]
	[[ ${stderr_lines[-1]} == "test-databases: apt-get cannot fetch the list"*127.0.0.1* ]]
	[ "${#stderr_lines[@]}" -eq 2 ]
	ls "$BATS_TEST_TMPDIR"
	[ -z "$(find "$BATS_TEST_TMPDIR" -name 'databases*')" ]
}
