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
	scan -r "$FIXTURES/within/within-locked" "$FIXTURES/within/mail/within-locked"
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
	scan -r "$FIXTURES/within/unknown" "$FIXTURES/within/mail/unknown"
	is_unscannable DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM
	scan -r "$FIXTURES/within/split" "$FIXTURES/within/mail/split"
	is_unscannable DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS
	scan -r "$FIXTURES/within/damaged" "$FIXTURES/within/mail/damaged"
	is_unscannable DEC_RESULT_MALFORMED_CONTAINER_DETECTED
	scan -r "$FIXTURES/within/closed" "$FIXTURES/within/mail/closed"
	is_unscannable DEC_RESULT_OPEN_CONTAINER_FAILED
}

@test "within: a stream of a PDF that the engine does not undo is a part, found again by its id" {
	cd "$FIXTURES/within/eicar"
	scan predicted.zst.pdf
	is_infected Eicar-Test-Signature
	id=$(jq -r '[.parts[].id | select(test("stream-[0-9]+$"))] | first' <<<"$output")
	scan --part="$id" predicted.zst.pdf
	is_infected Eicar-Test-Signature
	# What the engine has seen already is none, nor is a picture that is one.
	scan "$FIXTURES/within/clean/a.com.packed.pdf" "$FIXTURES/within/clean/predicted.pdf"
	holds '[.parts[].id] == ["0"]'
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

# hybrid NAME: a disc with an ISO 9660 and a UDF tree of the same three files.
hybrid() {
	mkdir -p "$BATS_TEST_TMPDIR/disc/folder"
	cp "$FIXTURES/eicar.com" "$BATS_TEST_TMPDIR/disc/folder/"
	echo one >"$BATS_TEST_TMPDIR/disc/one.txt"
	echo two >"$BATS_TEST_TMPDIR/disc/two.txt"
	genisoimage -quiet -udf -J -o "$1" "$BATS_TEST_TMPDIR/disc"
}

@test "within: of a disc with two trees, each file is told once" {
	hybrid "$BATS_TEST_TMPDIR/disc.iso"
	scan "$BATS_TEST_TMPDIR/disc.iso"
	is_infected Eicar-Test-Signature
	holds '.parts | length == 4'
	holds '.usage.file_count == 3'
}

@test "within: a file that only the UDF tree of a disc shows" {
	hybrid "$BATS_TEST_TMPDIR/disc.iso"
	# Out of both folders of the other trees, names of both widths.
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/disc.iso" <<-'END'
		import sys
		data = bytearray(open(sys.argv[1], "rb").read())
		for name in (b"EICAR.COM;1", "eicar.com".encode("utf-16-be")):
		    start = data.index(name) - 33
		    data[start:start + data[start]] = bytes(data[start])
		open(sys.argv[1], "wb").write(data)
	END
	scan "$BATS_TEST_TMPDIR/disc.iso"
	is_infected Eicar-Test-Signature
	holds '[.viruses[].part] | index("0/folder/eicar.com") != null'
}

@test "within: a file that only one of the other trees of a disc shows, and that the engine does not open" {
	mkdir -p "$BATS_TEST_TMPDIR/disc"
	cp "$FIXTURES/formats/eicar.com.zst" "$BATS_TEST_TMPDIR/disc/a.zst"
	echo one >"$BATS_TEST_TMPDIR/disc/one.txt"
	cd "$BATS_TEST_TMPDIR"
	genisoimage -quiet -J -hide a.zst -o joliet.iso disc
	genisoimage -quiet -J -hide-joliet a.zst -o plain.iso disc
	genisoimage -quiet -R -J -hide a.zst -o rock-joliet.iso disc
	genisoimage -quiet -R -J -hide-joliet a.zst -o rock.iso disc
	genisoimage -quiet -R -J -o all.iso disc
	scan ./*.iso
	[ "$(wc -l <<<"$output")" -eq 5 ]
	is_infected Eicar-Test-Signature
	holds '[.parts[] | select(.id | ascii_downcase == "0/a.zst")] | length == 1'
}

@test "within: a UDF volume that is cut, that lies or that has no end" {
	local image=$FIXTURES/within/clean/long.img at
	for at in 524288 530000 545000; do
		head -c "$at" "$image" >"$BATS_TEST_TMPDIR/cut.img"
		scan "$BATS_TEST_TMPDIR/cut.img"
		holds '.status == "EC_AV_UNSCANNABLE"'
	done
	# Each block of it spoilt in turn: there is a verdict, and it is not clean where a name or a descriptor is gone.
	/usr/bin/python3 - "$image" "$BATS_TEST_TMPDIR/spoilt" <<-'END'
		import os, sys
		data = open(sys.argv[1], "rb").read()
		os.mkdir(sys.argv[2])
		for block in range(256, len(data) // 2048):
		    if any(data[block * 2048:block * 2048 + 2048]):
		        spoilt = bytearray(data)
		        spoilt[block * 2048:block * 2048 + 16] = bytes(16)
		        open(f"{sys.argv[2]}/{block:03}.img", "wb").write(spoilt)
	END
	scan -r "$BATS_TEST_TMPDIR/spoilt"
	[ "$(wc -l <<<"$output")" -ge 8 ]
	holds '.status == "EC_AV_UNSCANNABLE" or (.status == "EC_AV_CLEAN" and any(.parts[]; .id == "0/outer/inner/a.com"))'
}

@test "within: files of a disk have the names that it shows, each stream of NTFS is one, and what was deleted is none" {
	cd "$FIXTURES/within/eicar"
	scan extended.img
	holds '[.parts[].id] == ["0", "0/partition1/words.txt", "0/partition2/words.txt", "0/partition3/words.txt",
		"0/partition3/A folder/änother name.com.zst", "0/partition3/A folder/änother name.com.zst/änother name.com"]'
	scan ntfs.img
	holds '[.parts[].id] | index("0/A folder/plain.txt:a.com.zst") and index("0/packed/packed.tar/a.com.zst/a.com") and
		any(test("änother/another name of the same file, number [0-9]+:far$")) and all(test("gone|[$]") | not)'
	# Each of the five times that it is there.
	holds '[.viruses[].part] | length == 5'
	scan --part="0/partition1/A folder/änother name.com.zst" dynamic.vhd
	is_infected Eicar-Test-Signature
}

@test "within: an archive behind an image, or what else has room behind it, is found" {
	local image archive at=$BATS_TEST_TMPDIR/behind
	mkdir "$at"
	for image in empty.img empty.exfat.img ntfs.img zeros.vhd partition.img 512.img editdata.mso data.p7m; do
		for archive in rar4.rar rar5.rar lzma.7z; do
			cat "$FIXTURES/within/clean/$image" "$FIXTURES/formats/$archive" >"$at/$image.$archive"
		done
	done
	[ "$(find "$at" -type f | wc -l)" -eq 24 ]
	scan -r "$at"
	is_infected Eicar-Test-Signature
}
