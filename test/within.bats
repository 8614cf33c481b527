#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# Files that the engine does not open, in containers that only the engine opens: ARJ, ARJ in ARJ, PDF, RTF, OLE2, HTML in ZIP. And what programs
# for archives take out of a file, or a script out of itself. Each as a file and in a mail.

@test "within: Zstandard, lzip, LZ4, S/MIME, yEnc, messages and archives of them are opened too" {
	scan -r "$FIXTURES/within/eicar" "$FIXTURES/within/mail/eicar"
	[ "$(wc -l <<<"$output")" -ge 160 ]
	is_infected Eicar-Test-Signature
}

@test "within: clean ones are clean, and a header that somebody keeps in a file is no message" {
	scan -r "$FIXTURES/within/clean" "$FIXTURES/within/mail/clean"
	[ "$(wc -l <<<"$output")" -ge 160 ]
	holds '.status == "EC_AV_CLEAN"'
}

@test "within: what is encrypted, what nobody opens, and a volume of a set are told" {
	scan -r "$FIXTURES/within/locked" "$FIXTURES/within/mail/locked"
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED
	scan -r "$FIXTURES/within/unknown" "$FIXTURES/within/mail/unknown"
	is_unscannable DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM
	scan -r "$FIXTURES/within/split" "$FIXTURES/within/mail/split"
	is_unscannable DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS
}

@test "within: the file has an id of its own, by which it is found again" {
	cd "$FIXTURES/within/eicar"
	scan a.com.zst.arj.arj
	holds '[.parts[].id] == ["0", "0/inner.arj", "0/inner.arj/a.com.zst", "0/inner.arj/a.com.zst/a.com"]'
	holds '[.viruses[].part] | index("0/inner.arj/a.com.zst/a.com") != null'
	scan --part=0/inner.arj/a.com.zst a.com.zst.arj.arj
	is_infected Eicar-Test-Signature
	scan --part=0/first.txt a.com.zst.arj
	holds '.status == "EC_AV_ERROR"'
}

@test "within: what the limits say holds for it as well" {
	cd "$FIXTURES/within/clean"
	scan --max-extract-depth=2 a.com.zst.arj.arj
	is_unscannable DEC_RESULT_MAXIMUM_DEPTH_REACHED
	scan --max-extract-depth=3 a.com.zst.arj.arj
	holds '.status == "EC_AV_CLEAN"'
	scan --max-extract-size=50 a.com.zst.arj
	is_unscannable DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED
	scan --max-file-count=1 a.com.zst.arj
	is_unscannable DEC_RESULT_MAXIMUM_FILES_EXTRACTED
}

@test "within: such a part of a message is removed as a whole" {
	scan --disinfect --output="$BATS_TEST_TMPDIR/out.eml" "$FIXTURES/within/mail/eicar/a.com.zst.packed.pdf.eml"
	holds '.repair.outcome == "repaired" and [.repair.removed[].part] == ["2/a.com.zst.packed.pdf"]'
	grep -q "See the file" "$BATS_TEST_TMPDIR/out.eml"
	scan "$BATS_TEST_TMPDIR/out.eml"
	holds '.status == "EC_AV_CLEAN"'
}
