#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown() { stop_scanner; }
teardown_file() { close_file; }

# Mail is hidden from scanners by what its readers understand differently. test/fixture/readings.py writes each technique in
# several variants; at least one reader, mail program or person with an editor gets EICAR out of each.

techniques() {
	find "$FIXTURES/readings" -mindepth 1 -maxdepth 1 -type d | sort
}

@test "there are hundreds of messages in a dozen techniques" {
	[ "$(techniques | wc -l)" -ge 12 ] || fail "techniques: $(techniques)"
	[ "$(find "$FIXTURES/readings" -type f | wc -l)" -ge 800 ]
}

@test "EICAR is found in every one of them" {
	scan -r "$FIXTURES/readings"
	[ "$status" -eq 1 ] || fail "status $status"
	[ "$(jq -s length <<<"$output")" -eq "$(find "$FIXTURES/readings" -type f | wc -l)" ]
	holds '.status == "EC_AV_INFECTED" and .code == "AVS_RESULT_VIRUS_FOUND"'
	holds 'any(.viruses[]; .part != "0")'
}

@test "also with lines that end in LF alone" {
	local folder=$BATS_TEST_TMPDIR/lf file
	mkdir -p "$folder"
	while IFS= read -r file; do
		tr -d '\r' <"$file" >"$folder/$(basename "$(dirname "$file")")-${file##*/}"
	done < <(find "$FIXTURES/readings" -name '*.com.eml' ! -path '*/line-ends/*' ! -path '*/combination/*')
	scan -r "$folder"
	holds '.status == "EC_AV_INFECTED"'
}

@test "the same mail with a harmless file is clean, or damaged where damage is how it hides" {
	local folder=$BATS_TEST_TMPDIR/harmless file
	mkdir -p "$folder"
	/usr/bin/python3 - "$ROOT/test/fixture" "$folder" <<-'PYTHON'
		import sys
		sys.path.insert(0, sys.argv[1])
		import readings
		for technique, name, data in readings.readings(b"This is a harmless text, it only stands here. %@[]()" + bytes(16)):
		    open(f"{sys.argv[2]}/{technique}-{name}.eml", "wb").write(data)
	PYTHON
	scan -r "$folder"
	[ "$status" -ne 1 ] || fail "infected"
	holds '.status == "EC_AV_CLEAN" or .status == "EC_AV_UNSCANNABLE"'
	[ "$(jq -s '[.[] | select(.status == "EC_AV_CLEAN")] | length' <<<"$output")" -gt 600 ]
}

@test "a bounce that quotes the begin of an attachment is clean" {
	# Cut in many places, one of them right behind the header of a member.
	/usr/bin/python3 - "$FIXTURES/clean/zip.eml" "$BATS_TEST_TMPDIR/bounces" <<-'PYTHON'
		import os, sys
		original = open(sys.argv[1], "rb").read()
		os.mkdir(sys.argv[2])
		for size in range(300, len(original), 41):
		    body = b"Your message could not be delivered. It began:\n\n" + original[:size]
		    with open(f"{sys.argv[2]}/{size:05}.eml", "wb") as file:
		        file.write(b"From: m@example.org\nSubject: Undelivered\nContent-Type: text/plain\n\n" + body)
	PYTHON
	scan --paranoid -r "$BATS_TEST_TMPDIR/bounces"
	[ "$(wc -l <<<"$output")" -ge 50 ]
	is_clean
}

@test "what is found in another reading can be asked for by its id" {
	local message=$FIXTURES/readings/base64/padded-pieces.com.eml id
	scan "$message"
	is_infected
	id=$(jq -r 'first(.viruses[].part)' <<<"$output")
	scan --part "$id" "$message"
	is_infected
	holds '[.viruses[].part] == ["'"$id"'"]'
}

@test "S/MIME, TNEF, BinHex and yEnc are opened, and their contents named" {
	scan "$FIXTURES"/readings/wrapping/{smime,tnef,smime-compressed}.com.eml "$FIXTURES"/readings/inline/{hqx,yenc}.com.eml
	holds '.status == "EC_AV_INFECTED" and any(.viruses[]; .part | endswith("eicar.com"))'
}

@test "compressed RTF in TNEF comes out: the example of its specification" {
	/usr/bin/python3 - "$ROOT/test/fixture" >"$BATS_TEST_TMPDIR/rtf.eml" <<-'PYTHON'
		import struct, sys
		sys.path.insert(0, sys.argv[1])
		import messages, readings
		packed = bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c09002062770 5b06c647d0a800fa0".replace(" ", ""))
		data = struct.pack("<I", 1) + struct.pack("<HHII", 0x0102, 0x1009, 1, len(packed)) + packed + bytes(-len(packed) % 4)
		tnef = struct.pack("<IH", 0x223E9F78, 1) + readings.tnef_attribute(1, 0x00069003, data)
		sys.stdout.buffer.write(messages.carrying("winmail.dat", tnef, "application/ms-tnef"))
	PYTHON
	scan "$BATS_TEST_TMPDIR/rtf.eml"
	is_clean
	# {\rtf1\ansi\ansicpg1252\pard hello world}
	holds 'any(.parts[]; .id == "2/winmail.dat/body.rtf" and .size == 43 and
		.sha256 == "'"$(printf '{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n' | sha256sum | cut -d' ' -f1)"'")'
}

@test "a multi-part yEnc file is told as split, a cut one as damaged" {
	printf 'From: a@b\nSubject: x\n\n=ybegin part=1 total=3 line=128 size=9 name=a.bin\n=ypart begin=1 end=3\nabc\n=yend size=3\n' >"$BATS_TEST_TMPDIR/part.eml"
	scan "$BATS_TEST_TMPDIR/part.eml"
	is_unscannable DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS
	printf 'From: a@b\nSubject: x\n\n=ybegin line=128 size=9 name=a.bin\nabc\n' >"$BATS_TEST_TMPDIR/cut.eml"
	scan "$BATS_TEST_TMPDIR/cut.eml"
	is_unscannable DEC_RESULT_MALFORMED_CONTAINER_DETECTED
}

@test "uuencode without the blanks at the ends of its lines comes out whole" {
	/usr/bin/python3 - >"$BATS_TEST_TMPDIR/uu" <<-'PYTHON'
		import binascii, io, zipfile
		out = io.BytesIO()
		with zipfile.ZipFile(out, "w") as archive:
		    archive.writestr(zipfile.ZipInfo("zeros.bin"), bytes(300) + b"end")
		data = out.getvalue()
		print("Dear Bob,\n\nsee\n\nBegin 644 a.zip")
		for i in range(0, len(data), 45):
		    print(binascii.b2a_uu(data[i:i + 45]).decode().rstrip())
		print("\nend")
	PYTHON
	scan <"$BATS_TEST_TMPDIR/uu"
	is_clean
	holds 'any(.parts[]; .id | endswith("/zeros.bin")) and all(.parts[]; .detected_type != "application/zip" or .size == 419)'
}

@test "what looks like base64 and is none takes no time" {
	local filler
	for filler in x 'begin' 'QUJD' '--x' 'boundary=' '=ybegin line='; do
		{ printf 'From: a@b\nSubject: x\n\n'; yes -- "$filler$filler" | head -c 5000000; } >"$BATS_TEST_TMPDIR/filler.eml"
		scan_within 15 "$BATS_TEST_TMPDIR/filler.eml"
		is_clean
	done
}

@test "a text that is no message is read too" {
	tail -n +9 "$FIXTURES/readings/structure/single.com.eml" | tr -d '\r' >"$BATS_TEST_TMPDIR/body"
	head -n 3 "$BATS_TEST_TMPDIR/body" >&2
	{ printf '%s\n\n' 'no field' 'and words' && cat "$BATS_TEST_TMPDIR/body"; } >"$BATS_TEST_TMPDIR/text"
	scan <"$BATS_TEST_TMPDIR/text"
	is_infected
	holds 'all(.parts[1:][]; .id | startswith("stray"))'
}

@test "ten thousand runs of base64 cost a limit, not the scanner" {
	/usr/bin/python3 - >"$BATS_TEST_TMPDIR/many.eml" <<-'PYTHON'
		import base64
		print("From: a@b\nSubject: x\n")
		for i in range(10000):
		    print(base64.b64encode(b"%%PDF-%040d" % i).decode() + "\n\nand\n")
	PYTHON
	scan_within 30 "$BATS_TEST_TMPDIR/many.eml"
	is_unscannable DEC_RESULT_MAXIMUM_FILES_EXTRACTED
}

@test "the table of readers in the documentation has every technique" {
	local technique
	while IFS= read -r technique; do
		grep -q "^| ${technique##*/} |" "$ROOT/test/bench/results/readings.md" || fail "$technique"
	done < <(techniques)
}

@test "mail changed at random: what another reader gets out of it is found" {
	run --separate-stderr "$ROOT/scripts/seek-misses" --build="$BUILD" --mails=200 --seed=77 --keep="$BATS_TEST_TMPDIR" --readers="Python email,GMime,clamscan"
	[ "$status" -eq 0 ] || fail "$output $stderr"
	[[ $output =~ GMime\ [1-9] && $output =~ "Python email "[1-9] && $output =~ clamscan\ [1-9] && $output =~ csapi\ [1-9] ]] || fail "$output"
}
