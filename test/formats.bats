#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# The EICAR test file in every format that libclamav or libarchive opens, raw and as an attachment.

every() {
	[ "$(wc -l <<<"$output")" -ge "$1" ] || fail "fewer than $1 verdicts"
	is_infected Eicar-Test-Signature
}

@test "zip: stored, deflate, bzip2, LZMA, XZ, Zstandard, PPMd, Deflate64, zip64, with a prefix, nested" {
	scan "$FIXTURES"/formats/*.zip "$FIXTURES"/formats/*.zip.eml
	every 28
}

@test "7z: LZMA, LZMA2, PPMd, copy, BCJ, bzip2, deflate, delta, solid" {
	scan "$FIXTURES"/formats/*.7z "$FIXTURES"/formats/*.7z.eml
	every 22
}

@test "tar, cpio, cab, iso, xar, lha, ar, deb, rpm, warc" {
	cd "$FIXTURES/formats"
	scan eicar.{tar,iso,xar,ar,deb,rpm,warc}{,.eml} -- *.cpio{,.eml} *.cab{,.eml} *.lzh{,.eml}
	every 34
}

@test "PDF that is encrypted and needs no password, wherever it says so" {
	scan "$FIXTURES"/formats/restricted*.pdf{,.eml}
	every 8
}

@test "RAR 4 and RAR 5" {
	scan "$FIXTURES"/formats/rar[45].rar{,.eml}
	every 4
}

@test "streams: gzip, bzip2, xz, compress, LZ4, lzip, LZMA, Zstandard" {
	cd "$FIXTURES/formats"
	scan eicar.com.{gz,bz2,xz,Z,lz4,lz,lzma,zst}{,.eml}
	every 16
}

@test "tar in every stream" {
	cd "$FIXTURES/formats"
	scan members.tar.{gz,bz2,xz,Z,lz4,lz,lzma,zst}{,.eml}
	every 16
}

@test "containers in containers of other kinds" {
	cd "$FIXTURES/formats"
	scan zip.gz{,.eml} gz-in-7z.7z{,.eml} rar-in-tar-in-xz.tar.xz{,.eml}
	every 6
}

@test "mail forms that both engine and decomposer read" {
	scan "$FIXTURES"/mime/both-*.eml
	every 10
}

@test "mail forms that only the engine reads" {
	scan "$FIXTURES"/mime/engine-*.eml
	every 10
}

@test "mail forms that only the decomposer reads" {
	scan "$FIXTURES"/mime/gmime-*.eml
	every 7
}

@test "no fixture of these folders was forgotten" {
	scan --jobs 2 --recursive "$FIXTURES/formats"
	every "$(find "$FIXTURES/formats" -type f | wc -l)"
}
