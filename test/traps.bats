#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# Where libclamav, or a sandbox around it, would say "clean" about bytes that nobody saw; and what hides from one reader.

# clean about these would be silence
not_clean() {
	[ "$status" -ne 0 ] || fail "clean"
	holds '.status != "EC_AV_CLEAN"'
}

@test "no directory for temporary files" {
	scan --file-base "$BATS_TEST_TMPDIR/none" "$FIXTURES/codes/eicar.eml" "$FIXTURES/formats/deflate.zip"
	is_error DEC_RESULT_TEMP_DIR_ACCESS_FAILED
}

@test "the directory for temporary files vanishes during the scan" {
	# A worker cannot remove its own: somebody else does, while it is busy.
	sed 's/csapi-fault-trigger/&:busy:1500/' "$FIXTURES/codes/trigger-clean.eml" >"$BATS_TEST_TMPDIR/slow.eml"
	base=$BATS_TEST_TMPDIR/base
	(until rm -r "$base"/csapi-*/*-*; do sleep 0.1; done 2>/dev/null) &
	scan_with busy -j 1 "$BATS_TEST_TMPDIR/slow.eml"
	not_clean
}

@test "writes fail during the scan: an infected archive is not clean" {
	local fault
	for fault in enospc eio emfile; do
		scan_with "$fault" "$FIXTURES/codes/trigger-eicar.eml" "$FIXTURES/codes/trigger-clean.eml"
		not_clean
	done
}

@test "a file system that is full" {
	as_root || skip "only root can mount one"
	mkdir "$BATS_TEST_TMPDIR/full"
	# In a mount namespace of its own, so that nothing stays mounted.
	local under=(unshare --mount sh -c 'mount -t tmpfs -o size=64k none "$1" || exit 77
		head -c 1000000 /dev/zero >"$1/fill" 2>/dev/null; shift; exec "$@"' sh "$BATS_TEST_TMPDIR/full")
	run "${under[@]}" true
	[ "$status" -ne 77 ] || skip "mounting is not allowed here"
	scan --file-base "$BATS_TEST_TMPDIR/full" "$FIXTURES/formats/deflate.zip" "$FIXTURES/clean/large-zip.eml"
	holds '.status == "EC_AV_ERROR" or .status == "EC_AV_INFECTED"'
	holds 'if .status == "EC_AV_ERROR" then (.code | test("TEMP_DIR_ACCESS_FAILED|TEMPFILE_ACCESS_FAILED")) else true end'
}

@test "a file system with little space and few inodes: the verdict is the same, or an error" {
	as_root || skip "only root can mount one"
	mkdir "$BATS_TEST_TMPDIR/small"
	local under options
	for options in size=256k size=10m,nr_inodes=6; do
		under=(unshare --mount sh -c 'mount -t tmpfs -o "$1" none "$2" || exit 77; shift 2; exec "$@"' sh "$options" "$BATS_TEST_TMPDIR/small")
		run "${under[@]}" true
		[ "$status" -ne 77 ] || skip "mounting is not allowed here"
		scan --file-base "$BATS_TEST_TMPDIR/small" "$FIXTURES"/formats/*.eml
		holds '.status == "EC_AV_INFECTED" or .status == "EC_AV_ERROR"'
		scan --file-base "$BATS_TEST_TMPDIR/small" "$FIXTURES/clean/large-zip.eml"
		holds '.status == "EC_AV_CLEAN" or .status == "EC_AV_ERROR"'
	done
}

@test "few descriptors and small files allowed to all programs: never clean" {
	local under=(bash -c 'ulimit -n 24; exec "$@"' bash)
	scan "$FIXTURES"/formats/{deflate.zip,lzma2.7z,eicar.tar,members.tar.xz}.eml
	not_clean
	under=(bash -c 'ulimit -f 1; trap "" XFSZ; exec "$@"' bash)
	scan "$FIXTURES/formats/deflate.zip.eml" "$FIXTURES/formats/members.tar.xz.eml"
	not_clean
}

@test "an engine without definitions, or with a broken file among them, is no engine" {
	mkdir "$BATS_TEST_TMPDIR"/{none,empty-file,hidden,yara}
	: >"$BATS_TEST_TMPDIR/empty-file/a.ndb"
	cp "$DEFINITIONS/csapi-test.ndb" "$BATS_TEST_TMPDIR/hidden/.hidden.ndb"
	printf 'rule broken { strings: $a = "x\n condition: $a }\n' >"$BATS_TEST_TMPDIR/yara/a.yar"
	local folder
	for folder in none empty-file hidden yara; do
		scan --definitions "$BATS_TEST_TMPDIR/$folder" "$FIXTURES/codes/eicar.eml" "$FIXTURES/clean/plain.eml"
		not_clean
		holds '.status == "EC_AV_ERROR"'
	done
}

@test "what one view of an archive hides is found by another" {
	cd "$FIXTURES/traps"
	scan hidden-from-directory.zip{,.eml} local-name-differs.zip{,.eml} data-descriptor.zip{,.eml} two-zips.zip{,.eml} two-zips-reversed.zip{,.eml}
	is_infected Eicar-Test-Signature
}

@test "an archive behind something else" {
	cd "$FIXTURES/traps"
	scan zip-after-gzip.zip{,.eml} zip-after-png.png{,.eml} zip-in-rar5.rar{,.eml}
	is_infected Eicar-Test-Signature
}

@test "a second stream behind the first" {
	scan "$FIXTURES"/traps/second-stream.*
	is_infected Csapi-Test-Body
	[ "$(wc -l <<<"$output")" -eq 12 ] || fail "not all six formats, raw and attached"
}

@test "what a damaged archive still gives is scanned" {
	cd "$FIXTURES/traps"
	scan truncated-after-eicar.gz{,.eml} truncated-after-eicar.zip{,.eml} bad-crc-eicar.zip{,.eml}
	is_infected Eicar-Test-Signature
}

@test "members behind the end of a tar archive" {
	scan "$FIXTURES"/traps/tar-after-end.tar{,.eml}
	not_clean
}

@test "a message in an archive, a type that lies, a first header that nobody knows" {
	cd "$FIXTURES/traps"
	scan mail-in-zip.eml type-lies.eml unknown-first-header.eml
	is_infected Eicar-Test-Signature
}

@test "every file in the folder of traps is reported" {
	scan --recursive "$FIXTURES/traps"
	not_clean
}

@test "a message that is a fragment, encrypted, split or damaged is never clean" {
	cd "$FIXTURES/codes"
	scan encrypted/* split/* damaged/*/* mime/*
	not_clean
}

@test "the scanner is stopped or gone: never silence" {
	scan --scanner-path /bin/false "$FIXTURES/clean/plain.eml"
	is_error GEN_RESULT_SCANNER_NOT_INITIALIZED
	printf '#!/bin/sh\nprintf "hello there, this is not the protocol" >&3\n' >"$BATS_TEST_TMPDIR/chatter"
	chmod +x "$BATS_TEST_TMPDIR/chatter"
	scan --scanner-path "$BATS_TEST_TMPDIR/chatter" "$FIXTURES/clean/plain.eml"
	not_clean
	holds '.status == "EC_AV_ERROR" and (.code | startswith("GEN_"))'
}

@test "standard output that cannot be written is an error" {
	[ -w /dev/full ] || skip "no /dev/full"
	local status=0
	"$SCAN" --no-progress --definitions="$DEFINITIONS" "$FIXTURES/clean/plain.eml" >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" -eq 2 ] || fail "exit status"
	[ -s "$BATS_TEST_TMPDIR/err" ] || fail "nothing on standard error"
}
