#!/usr/bin/env bats
# csapi-update under torture: killed, interrupted, out of space, out of luck, with helpers that were taken over. What must hold is said in torture.py.
# CSAPI_SOAK=1 makes each of these the long one: every system call in place of some, 200 random kills in place of 20.
bats_require_minimum_version 1.5.0
load helper.bash

setup_file() {
	[ -x "$BUILD/csapi-update" ] || skip "csapi-update is not built"
	test_databases
	export TEST_DATABASES
}

# torture SCENARIO [ARGUMENT]...: it ends well, or cannot be done here.
torture() {
	local place=$BATS_TEST_TMPDIR/$((++places))
	mkdir "$place"
	run "${under[@]}" /usr/bin/python3 "$ROOT/test/torture.py" "$1" "$BUILD" "$TEST_DATABASES" "$place" "${@:2}"
	[ "$status" -ne 77 ] || skip "$output"
	[ "$status" -eq 0 ] || fail "$*"
	[ -z "${CSAPI_SOAK-}" ] || echo "# ${output##*$'\n'}" >&3
}

# some N: every N-th, or every one in the long form.
some() {
	[ -n "${CSAPI_SOAK-}" ] && echo 1 || echo "$1"
}

# --- killed ------------------------------------------------------------------------------------------------------

@test "killed with all that it started, before any system call that changes a file" {
	torture kill-steps all incremental "$(some 31)"
}

@test "killed alone: what it started ends by itself, and nobody holds the lock" {
	torture kill-steps first incremental "$(some 37)"
	torture kill-orphans
}

@test "killed: the very first update, one from a file, and the way back" {
	torture kill-steps all first "$(some 53)"
	torture kill-steps first from "$(some 29)"
	torture kill-steps first rollback "$(some 9)"
}

@test "only csapi-fetch, or only csapi-worker, is killed" {
	torture kill-steps csapi-fetch incremental "$(some 71)"
	torture kill-steps csapi-worker incremental "$(some 71)"
	torture kill-steps caller incremental "$(some 71)"
}

@test "killed at random, in all ways, while versions come and go" {
	torture kill-at-random 20
}

@test "asked to end at any point: soon, with one line, and nothing is left" {
	torture signals TERM incremental "$(some 31)"
	torture signals INT from "$(some 31)"
	torture signals HUP first "$(some 71)"
}

@test "asked to end while it waits for somebody who says nothing" {
	torture signals-while-waiting
}

# --- several at once ---------------------------------------------------------------------------------------------

@test "two and ten at once: one works, the others name it; who was killed stands in nobody's way" {
	torture locks
}

@test "a damaged set is replaced by the same one, whole, and who reads it meanwhile is not disturbed" {
	torture readers
}

# --- what fails --------------------------------------------------------------------------------------------------

@test "a disk with less room and more, step by step" {
	full_disk full-disk 4 36 300
}

@test "a disk that somebody else fills meanwhile" {
	full_disk filling-disk 5
}

# As root, or as root of a namespace of one's own.
full_disk() {
	local under=()
	as_root || under=(unshare --map-root-user --mount)
	as_root || unshare --map-root-user --mount true 2>/dev/null || skip "this user cannot mount anything"
	torture "$@"
}

@test "no space, for one call or for good" {
	torture fail-steps ENOSPC names,data once "$(some 53)"
	torture fail-steps ENOSPC names,data lasting "$(some 53)"
	torture fail-steps EDQUOT names,data lasting "$(some 47)" first
}

@test "a disk that is broken, or can only be read" {
	torture fail-steps EIO names,data once "$(some 59)"
	torture fail-steps EIO reads once "$(some 97)"
	torture fail-steps EROFS names,data lasting "$(some 59)"
}

@test "no descriptors, no processes, no memory for them" {
	torture fail-steps EMFILE opens once "$(some 131)"
	torture fail-steps EMFILE opens lasting "$(some 131)"
	torture fail-steps ENOMEM starts once "$(some 9)"
}

@test "too little memory, and a test load that the kernel kills" {
	! sanitized || skip "a sanitizer takes terabytes of address space"
	torture memory
}

# --- time --------------------------------------------------------------------------------------------------------

@test "in 1970 and in 2100 it works, and nothing of that time counts afterwards" {
	torture wrong-clock
}

@test "the daemon keeps its rhythm when the wall's clock jumps" {
	torture jumping-clock
}

@test "the daemon and a mirror that comes and goes" {
	torture daemon-and-mirror
}

# --- helpers -----------------------------------------------------------------------------------------------------

@test "csapi-fetch was taken over: nothing that it leaves goes live, and nothing outside is touched" {
	torture fetch-taken-over
}

@test "csapi-worker hangs, dies, or talks nonsense: nothing goes live" {
	torture worker-fails
}
