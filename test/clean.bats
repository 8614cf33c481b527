#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# Ordinary mail in many shapes is clean, without a finding. A false alarm costs more trust than a miss.

@test "bodies: character sets, encodings, HTML, no MIME, no body, an mbox line" {
	scan "$FIXTURES"/clean/{plain,no-mime,empty-body,no-body,mbox-from,utf8,latin1,koi8-r,shift-jis-base64,iso-2022-jp}{,.crlf}.eml
	is_clean
	scan "$FIXTURES"/clean/{gb2312,quoted-printable,flowed,html-only,html-base64,long-text,trailing-blanks}{,.crlf}.eml
	is_clean
}

@test "structures: alternative, related, forwarded, digest, list, reports, calendar, signed" {
	cd "$FIXTURES/clean"
	scan {alternative,related,mixed-related,forwarded,forwarded-attachments,digest,list,dsn,dsn-whole}{,.crlf}.eml
	is_clean
	scan {mdn,calendar,pgp-signed,smime-signed,preamble,empty-part}{,.crlf}.eml
	is_clean
}

@test "attachments: pictures, documents, archives, streams, data, names" {
	cd "$FIXTURES/clean"
	scan {png,gif,pdf,docx,doc,zip,zip-directories,zip-empty,tar-gz,seven,rar,large-zip}{,.crlf}.eml
	is_clean
	scan stream-*.eml {csv,vcard,source,json,xml,eight-bit-part,utf8-name,rfc2231-name,encoded-word-name}{,.crlf}.eml
	is_clean
	scan {same-name-twice,noise,two-streams}{,.crlf}.eml
	is_clean
}

@test "every file in the folder of clean mail is clean" {
	scan --jobs 2 --recursive "$FIXTURES/clean"
	[ "$(wc -l <<<"$output")" -eq "$(find "$FIXTURES/clean" -type f | wc -l)" ] || fail "not all were scanned"
	is_clean
	holds '.viruses == [] and all(.codes[]; .information)'
	holds 'all(.parts[]; .status == "EC_AV_CLEAN" and .code == null and .route != "unseen")'
}

@test "information that decides nothing is listed, and the message is clean" {
	scan "$FIXTURES/clean/stream-gz.eml"
	is_clean
	has_code DEC_RESULT_OUTER_CONTAINER_IS_MIME
	has_code DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN
}

@test "plain files that are no mail are clean" {
	printf 'just some words\n' >"$BATS_TEST_TMPDIR/words.txt"
	head -c 100000 /dev/zero >"$BATS_TEST_TMPDIR/zeros.bin"
	: >"$BATS_TEST_TMPDIR/empty"
	printf '\n' >"$BATS_TEST_TMPDIR/newline"
	printf 'x' >"$BATS_TEST_TMPDIR/one"
	cp "$SCAN" "$BATS_TEST_TMPDIR/program"
	scan "$BATS_TEST_TMPDIR"/{words.txt,zeros.bin,empty,newline,one,program} "$ROOT/lib/verdict/report.h" "$ROOT/scripts/make-fixtures"
	is_clean
}

@test "the manuals and sources of this project are clean" {
	scan --recursive "$ROOT/lib"
	is_clean
}
