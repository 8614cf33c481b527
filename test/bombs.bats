#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# What costs a careless scanner its time, its memory or its process: each gives a verdict within its deadline and one
# second, and leaves no process and no file behind.

DEADLINE=4

# One at a time with the deadline: a verdict that is no crash of the scanner, and never clean unless said.
survives() {
	local allowed=$1 file
	shift
	for file in "$@"; do
		echo "# $file" >&2
		scan_within $((DEADLINE + 1)) --timeout "$DEADLINE" "$FIXTURES/bombs/$file"
		holds "$allowed"
	done
}

not_clean='.status == "EC_AV_UNSCANNABLE" or .status == "EC_AV_INFECTED" or .code == "DEC_RESULT_OUT_OF_MEMORY"'
any='.status == "EC_AV_CLEAN" or .status == "EC_AV_UNSCANNABLE" or .code == "DEC_RESULT_OUT_OF_MEMORY"'

@test "a xar archive that loops for ever, raw and attached" {
	survives '.code == "DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED"' loop.xar loop.xar.eml
}

@test "an ISO image whose continuation loops for ever" {
	survives '.code == "DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED"' loop.iso
}

@test "an ISO image that eats memory" {
	survives '.code == "DEC_RESULT_OUT_OF_MEMORY" or .code == "DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED"' memory.iso
}

@test "a small RAR file that asks for much memory" {
	survives "$not_clean" memory.rar
}

@test "a chain of a thousand gzip streams" {
	survives '.code == "DEC_RESULT_MAXIMUM_DEPTH_REACHED"' chain.gz
}

@test "a solid 7z that skips 2 GiB to its second member" {
	survives "$not_clean" solid.7z
}

@test "a sparse tar of 4 TiB" {
	survives "$not_clean" sparse.tar
}

@test "zip bombs: nested sixteenfold, and members that overlap" {
	survives "$not_clean" forty-two.zip
	# All entries of its directory are the same member, so its bytes can be seen.
	survives "$any" overlapping.zip
}

@test "two GiB out of two MiB: gzip, bzip2, xz" {
	survives "$not_clean" two-gib.gz two-gib.bz2 two-gib.xz
}

@test "archives of very many entries" {
	survives "$not_clean" entries.zip
	survives "$any" directory.tar
}

@test "fifty thousand nested address groups, also in a message inside" {
	survives "$any" address-groups.eml address-groups-inside.eml
}

@test "half a million empty parts" {
	survives "$not_clean" empty-parts.eml
}

@test "very many parameters, headers, comments, encoded words, and a very long line" {
	survives "$any" parameters.eml continued-parameters.eml headers.eml comments.eml encoded-words.eml long-line.eml
}

@test "thousands of nested multiparts and messages" {
	survives "$not_clean" deep-multiparts.eml deep-messages.eml
}

@test "thousands of encrypted members, and of words that could be passwords" {
	survives "$not_clean" locked-members.eml locked-shared.eml locked-aes.eml
}

@test "every bomb is in a test above" {
	local file missing=
	for file in "$FIXTURES"/bombs/*; do
		grep -q -- "[ ]${file##*/}\( \|$\)" "$BATS_TEST_FILENAME" || missing+=" ${file##*/}"
	done
	[ -z "$missing" ] || fail "not tested:$missing"
}

@test "a bomb beside good mail: the others get their verdicts" {
	scan --jobs 2 --timeout 3 "$FIXTURES/bombs/loop.xar" "$FIXTURES/clean/plain.eml" "$FIXTURES/codes/eicar.eml" "$FIXTURES/bombs/loop.iso"
	[ "$status" -eq 1 ] || fail "exit status"
	[ "$(jq -r .status <<<"$output" | xargs)" = "EC_AV_UNSCANNABLE EC_AV_CLEAN EC_AV_INFECTED EC_AV_UNSCANNABLE" ] || fail order
}

@test "a worker that hangs, stops or overflows its stack" {
	local fault code
	for fault in hang:DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED stop:DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED \
		stack:DEC_RESULT_SCAN_ENGINE_EXCEPTION; do
		code=${fault#*:}
		CSAPI_FAULT=${fault%:*} LD_PRELOAD=$BUILD/test/preload/fault.so scan_within 3 --timeout 2 "$FIXTURES/codes/trigger.eml"
		holds ".code == \"$code\""
	done
}
