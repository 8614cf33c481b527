#!/usr/bin/env bats
# The sample messages: the committed ones are those that their script makes, and each gets the verdict it is made for.
bats_require_minimum_version 1.5.0

setup() {
	root=$BATS_TEST_DIRNAME/..
	scan=${CSAPI_BUILD:-$root/build}/csapi-scan
	export CSAPI_SOCKET=$BATS_TEST_TMPDIR/none # a scanner that runs on this machine takes no part
	samples=$root/share/samples
}

verdict() { # FILE EXIT-STATUS STATUS CODE
	run -"$2" --separate-stderr "$scan" --definitions "$root/share/definitions" "$samples/$1"
	[ -z "$stderr" ]
	[[ $output == '{"status":"'"$3"'"'*'"code":'"$4"[,}]* ]]
}

@test "the committed samples are what scripts/make-samples writes" {
	python3 "$root/scripts/make-samples" "$BATS_TEST_TMPDIR/new"
	diff -r "$samples" "$BATS_TEST_TMPDIR/new"
}

@test "no sample holds the EICAR string where a scanner of plain files would see it" {
	run -1 grep -rl "EICAR-STANDARD" "$samples"
}

@test "clean.eml is clean" {
	verdict clean.eml 0 EC_AV_CLEAN null
}

@test "eicar-in-nested-zip.eml is infected" {
	verdict eicar-in-nested-zip.eml 1 EC_AV_INFECTED '"AVS_RESULT_VIRUS_FOUND"'
}

@test "encrypted-zip.eml cannot be scanned, for it is encrypted" {
	verdict encrypted-zip.eml 3 EC_AV_UNSCANNABLE '"DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED"'
}

@test "truncated-archive.eml cannot be scanned, for it is damaged" {
	verdict truncated-archive.eml 3 EC_AV_UNSCANNABLE '"DEC_RESULT_MALFORMED_CONTAINER_DETECTED"'
}
