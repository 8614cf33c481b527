#!/usr/bin/env bats
# honest.bats - nothing hides in what a reader passes over in silence: each file here was once called clean.
#
# The fixtures are made from shipped ones by small changes. Where EICAR lies in a member that only the decomposer opens
# (ZIP with LZMA), the engine's reading of the mail form does not help.
bats_require_minimum_version 1.5.0
load helper

setup_file() {
	open_file
}

teardown_file() {
	close_file
}

# change FROM TO PYTHON: the bytes d of one file, changed, become another.
change() {
	/usr/bin/python3 -c "import sys, struct
d = bytearray(open(sys.argv[1], 'rb').read())
$3
open(sys.argv[2], 'wb').write(d)" "$FIXTURES/$1" "$BATS_TEST_TMPDIR/$2"
}

# mail NAME PYTHON: a message, from d (an LZMA ZIP that holds EICAR), b (base64 of it) and h (the first fields).
mail() {
	/usr/bin/python3 -c "import sys, base64, binascii
d = open(sys.argv[1], 'rb').read()
b = base64.encodebytes(d)
h = b'From: a@example.org\nTo: b@example.org\nSubject: x\nMIME-Version: 1.0\n'
uu = b'begin 644 a.zip\n' + b''.join(binascii.b2a_uu(d[i:i + 45]) for i in range(0, len(d), 45)) + b'\`\nend\n'
part = b'Content-Type: application/zip; name=\"a.zip\"\nContent-Transfer-Encoding: base64\n\n' + b
whole = h + b'Content-Type: multipart/mixed; boundary=B\n\n--B\n\nhello\n--B\n' + part + b'--B--\n'
open(sys.argv[2], 'wb').write($2)" "$FIXTURES/formats/lzma.zip" "$BATS_TEST_TMPDIR/$1"
}

@test "members of a ZIP that call themselves special files are read" {
	local type
	for type in 1 2 4 6 10 12; do
		change formats/lzma.zip "$type.zip" "
i = d.find(b'PK\\1\\2')
while i >= 0:
    d[i + 5] = 3
    d[i + 38:i + 42] = struct.pack('<I', ($type << 12 | 0o644) << 16)
    i = d.find(b'PK\\1\\2', i + 4)"
	done
	scan "$BATS_TEST_TMPDIR"/*.zip
	is_infected
}

@test "an ar archive that ends within a member's header is damaged" {
	change formats/eicar.ar 66.ar "d = d[:66]"
	change formats/eicar.ar 2230.ar "d = d[:2230]"
	change formats/eicar.deb 125.deb "d = d[:125]"
	scan "$BATS_TEST_TMPDIR"/*.ar "$BATS_TEST_TMPDIR"/*.deb
	is_unscannable DEC_RESULT_MALFORMED_CONTAINER_DETECTED
}

@test "a cpio archive with a wrong size, behind which no header stands, is damaged" {
	change formats/crc.cpio crc.cpio "d[60] ^= 1"
	scan "$BATS_TEST_TMPDIR/crc.cpio"
	is_unscannable DEC_RESULT_MALFORMED_CONTAINER_DETECTED
}

@test "an RPM package whose payload is not found is damaged" {
	change formats/eicar.rpm a.rpm "d[174] ^= 16"
	scan "$BATS_TEST_TMPDIR/a.rpm"
	is_unscannable DEC_RESULT_MALFORMED_CONTAINER_DETECTED
}

@test "files that a text holds by uuencode or begin-base64 are opened" {
	mail plain.eml "h + b'\n' + uu"
	mail part.eml "h + b'Content-Type: multipart/mixed; boundary=B\n\n--B\n\nhello\n' + uu + b'--B--\n'"
	mail encoded.eml "h + b'Content-Transfer-Encoding: base64\n\n' + base64.encodebytes(b'hello\n' + uu)"
	mail base64.eml "h + b'\nbegin-base64 644 a.zip\n' + b + b'====\n'"
	scan "$BATS_TEST_TMPDIR"/*.eml
	is_infected
	holds 'any(.parts[]; .id | endswith("/a.zip"))'
	scan --part "1.1/a.zip" "$BATS_TEST_TMPDIR/plain.eml"
	is_infected
}

@test "the word begin in a text is no file" {
	printf 'From: a@example.org\nSubject: x\n\nTo start:\nbegin 644 things\nand go on with all of them.\nend\n' >"$BATS_TEST_TMPDIR/a.eml"
	scan "$BATS_TEST_TMPDIR/a.eml"
	is_clean
	is '.parts | length' 2
}

@test "a message with line ends of CR, or CRCRLF, is read" {
	mail cr.eml "whole.replace(b'\n', b'\r')"
	mail crcrlf.eml "whole.replace(b'\n', b'\r\r\n')"
	scan "$BATS_TEST_TMPDIR"/*.eml
	is_infected
}

@test "parts that other readers of MIME would see are opened" {
	mail after-end.eml "whole.replace(part, b'\nhello\n') + b'--B\n' + part + b'--B--\n'"
	mail prefix.eml "whole.replace(b'hello\n--B', b'hello\n--BX')"
	mail quoted-type.eml "whole.replace(b'multipart/mixed;', b'\"multipart/mixed\";')"
	mail two-types.eml "whole.replace(b'\n\n--B', b'\nContent-Type: text/plain\n\n--B', 1)"
	mail wrong-boundary.eml "whole.replace(b'boundary=B', b'boundary=C')"
	scan "$BATS_TEST_TMPDIR"/*.eml
	is_infected
}

@test "a header behind stray bytes is read" {
	mail line.eml "b'hello\n' + whole"
	mail nul.eml "b'\0' + whole"
	mail escape.eml "b'\x1b' + whole"
	scan "$BATS_TEST_TMPDIR"/*.eml
	is_infected
}

@test "a message in a file that is called a text is opened" {
	mail a.eml "h + b'Content-Type: text/plain; name=a.eml\nContent-Transfer-Encoding: base64\n\n' + base64.encodebytes(whole)"
	scan "$BATS_TEST_TMPDIR/a.eml"
	is_infected
}

@test "a transfer encoding that nobody undoes, and two that differ, are told" {
	mail yenc.eml "whole.replace(b'Encoding: base64', b'Encoding: x-yenc')"
	mail gzip64.eml "whole.replace(b'Encoding: base64', b'Encoding: x-gzip64')"
	mail two.eml "whole.replace(b'Content-Transfer', b'Content-Transfer-Encoding: quoted-printable\nContent-Transfer')"
	scan "$BATS_TEST_TMPDIR"/*.eml
	holds 'any(.codes[]; .code == "DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM" and .part == "2/a.zip")'
	# That it is base64 is tried all the same.
	holds '.status == "EC_AV_INFECTED" and all(.viruses[]; .part | startswith("stray"))'
}

@test "a method that only the engine undoes: clean while it comes out whole, not when it is damaged" {
	local at
	cd "$BATS_TEST_TMPDIR" || return 1
	seq 3000 >numbers.txt
	7z a -tzip -mm=Deflate64 whole.zip numbers.txt >/dev/null
	scan whole.zip
	is_clean
	for at in 200 1000 2000; do
		/usr/bin/python3 -c "d = bytearray(open('whole.zip', 'rb').read()); d[$at] ^= 0xff
open('damaged.zip', 'wb').write(d)"
		scan damaged.zip
		is_unscannable DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM
	done
}

@test "a part outside the structure can be asked for by its id" {
	mail stray.eml "whole + b'\n' + part"
	scan "$BATS_TEST_TMPDIR/stray.eml"
	is_infected
	local id
	id=$(jq -r 'first(.parts[].id | select(startswith("stray")))' <<<"$output")
	[ -n "$id" ] || fail "no stray part was told"
	scan --part "$id" "$BATS_TEST_TMPDIR/stray.eml"
	is_infected
}
