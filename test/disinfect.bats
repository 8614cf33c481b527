#!/usr/bin/env bats
# Repair: what is infected gives way to a note, all else stays byte for byte, and nothing is given out that is not clean.
bats_require_minimum_version 1.5.0
load helper
load clamd

setup_file() {
	open_file
	mkdir -p "$BATS_FILE_TMPDIR/mail"
	/usr/bin/python3 "$ROOT/test/repair.py" make "$BATS_FILE_TMPDIR/mail" "$FIXTURES"
}

teardown_file() {
	close_file
}

setup() {
	mail=$BATS_FILE_TMPDIR/mail
	out=$BATS_TEST_TMPDIR/out
}

teardown() {
	stop_scanner
	stop_clamds
}

repair() {
	/usr/bin/python3 "$ROOT/test/repair.py" "$@"
}

# disinfect MESSAGE [OPTION]...: into $out, and the message is what it was.
disinfect() {
	local message=$1 before
	shift
	rm -f "$out"
	before=$(sha256sum <"$message")
	scan --disinfect --output="$out" "$@" "$message"
	[ "$(sha256sum <"$message")" = "$before" ] || fail "the message itself was changed"
	[ "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '.csapi*')" = "" ] || fail "a temporary file was left"
}

# What was written is what the document says it is. Also for where errors do not end a test.
is_described() {
	is .repair.outcome repaired || return 1
	[ -s "$out" ] || fail "there is no repaired message" || return 1
	[ "$(value .repair.sha256)" = "$(sha256sum <"$out" | cut -d ' ' -f 1)" ] || fail "it is not what the document says" || return 1
	[ "$(value .repair.size)" = "$(stat -c %s "$out")" ] || fail "the size is wrong" || return 1
}

# And it is clean to us and to clamscan.
is_repaired() {
	local document=$output
	is_described || return 1
	scan "$@" "$out"
	is_clean || return 1
	run clamscan --no-summary --infected --database="$DEFINITIONS" "$out"
	[ "$status" -eq 0 ] || fail "clamscan does not find it clean" || return 1
	output=$document
}

# A repair that failed: no message, and the exit status and the code tell.
is_unrepaired() {
	[ "$status" -eq 2 ] || fail "the exit status does not tell"
	is .repair.outcome failed
	is .repair.code "$1"
	[ ! -e "$out" ] || fail "there is a message"
	[[ $stderr == *"$1"* ]] || fail "nobody is told"
}

# --- containers --------------------------------------------------------------------------------------------------

# Archives that are written anew; all others give way as a whole.
@test "of archives only the infected member goes, where they can be written, and the rest of the mail stays" {
	local file name means
	mkdir "$BATS_TEST_TMPDIR/repaired"
	for file in "$mail"/{lf,crlf}-*; do
		name=${file##*/}
		disinfect "$file"
		[ "$(value .status)" = EC_AV_INFECTED ] || continue
		[ "$status" -eq 1 ] || fail "$name"
		is_described || fail "$name"
		cp "$out" "$BATS_TEST_TMPDIR/repaired/$name"
		repair same "$file" "$out" 3 || fail "$name"
		means=$(value '[.repair.removed[].means] | unique | join(",")')
		echo "$means ${name#*-}" >>"$BATS_TEST_TMPDIR/means"
		# Whoever gets more taken away is told why.
		[ "$means" = member ] || [ "$means" = part ] || fail "$name: $means"
		if [ "$means" = member ]; then
			repair part "$out" 3 >"$BATS_TEST_TMPDIR/archive"
			! cmp -s "$BATS_TEST_TMPDIR/archive" "$FIXTURES/formats/${name#*-}" || fail "$name is as it was"
		else
			repair part "$out" 3 | grep -q 'removed by the virus scanner csapi' || fail "$name: no note"
		fi
	done
	# All at once: to start a scanner for each would be most of the work.
	run -0 clamscan --no-summary --infected --database="$DEFINITIONS" "$BATS_TEST_TMPDIR/repaired"
	scan --recursive "$BATS_TEST_TMPDIR/repaired"
	[ "$status" -eq 0 ] || fail "$(jq -r 'select(.status != "EC_AV_CLEAN") | .name' <<<"$output")"
	[ "$(wc -l <<<"$output")" -eq "$(wc -l <"$BATS_TEST_TMPDIR/means")" ]
	sort -u "$BATS_TEST_TMPDIR/means" >"$BATS_TEST_TMPDIR/kinds"
	for name in stored.zip deflate.zip zip64.zip nested.zip lzma.7z lzma2.7z ppmd.7z eicar.ar eicar.iso eicar.deb members.tar.gz \
		members.tar.bz2 members.tar.xz members.tar.zst members.tar.lz4 members.tar.lz members.tar.Z; do
		[ ! -e "$FIXTURES/formats/$name" ] || grep -qx "member $name.eml" "$BATS_TEST_TMPDIR/kinds" ||
			fail "$name was not written anew: $(grep -F "$name" "$BATS_TEST_TMPDIR/kinds")"
	done
	for name in rar4.rar rar5.rar eicar.rpm stored.cab eicar.xar eicar.com.gz eicar.com.xz deflate64.zip; do
		grep -qx "part $name.eml" "$BATS_TEST_TMPDIR/kinds" || fail "$name did not go as a whole"
	done
}

@test "the members that stay are what they were, and a note stands in place of the other" {
	disinfect "$mail/archive.zip"
	is_repaired
	is '[.repair.removed[] | [.part, .name, .size, .reason, .found, .means] | join(" ")] | join(",")' \
		"0/eicar.com eicar.com 68 infected Eicar-Test-Signature member"
	/usr/bin/python3 - "$out" <<-'END'
		import sys, zipfile
		archive = zipfile.ZipFile(sys.argv[1])
		assert archive.testzip() is None
		assert archive.namelist() == ["a.txt", "eicar.com.removed.txt", "b/c.txt"], archive.namelist()
		assert archive.read("a.txt") == b"kept" and archive.read("b/c.txt") == b"kept too"
		assert archive.getinfo("a.txt").date_time[0] >= 1980
		note = archive.read("eicar.com.removed.txt").decode()
		for word in ("eicar.com", "68 bytes", "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",
		             "Eicar-Test-Signature"):
		    assert word in note, note
	END
}

@test "why an archive goes as a whole is told" {
	disinfect "$mail/lf-rar5.rar.eml"
	is_repaired
	is '.repair.troubles[0] | .part + " " + .code + " " + .text' \
		"3/rar5.rar DEC_RESULT_UPDATE_CONTAINER_FAILED RAR 5 archive: cannot be written"
}

@test "an archive that would be too large when it is written goes as a whole" {
	disinfect "$mail/large.eml" --max-extract-size=200000000
	is_repaired
	is '.repair.troubles[0].code' DEC_RESULT_BUFFER_SIZE_TOO_SMALL
	is '.repair.removed[0].means' part
	repair same "$mail/large.eml" "$out" 3
}

# --- messages ----------------------------------------------------------------------------------------------------

@test "several infected parts go, each for itself" {
	disinfect "$mail/several.eml"
	is_repaired
	is '[.repair.removed[].part] | sort | join(",")' '2/eicar.com,3/x.zip/eicar.com,5/eicar.com'
	repair same "$mail/several.eml" "$out" 2 3 5
}

@test "a note says what was removed, and why" {
	disinfect "$mail/several.eml"
	repair part "$out" 2 >"$BATS_TEST_TMPDIR/note"
	grep -q 'name: *eicar.com' "$BATS_TEST_TMPDIR/note"
	grep -q 'size: *68 bytes' "$BATS_TEST_TMPDIR/note"
	grep -q 'SHA-256: 275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f' "$BATS_TEST_TMPDIR/note"
	grep -q 'found: *Eicar-Test-Signature' "$BATS_TEST_TMPDIR/note"
}

@test "a name that is no ASCII is shown without what would turn the line around" {
	disinfect "$mail/utf8.eml"
	is_repaired
	repair part "$out" 3 | grep -qF 'résumé \u{202e}gpj.com'
}

@test "the body of a message that is one part gives way, and its other fields stay" {
	disinfect "$mail/single.eml"
	is_repaired
	is '[.repair.removed[].means] | join(",")' body
	sed '/^$/,$d; /^Content-/Id' "$mail/single.eml" >"$BATS_TEST_TMPDIR/before"
	sed '/^$/,$d; /^Content-/Id' "$out" >"$BATS_TEST_TMPDIR/after"
	cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	! grep -q 'Content-Description' "$out"
	[ "$(grep -c '^Content-Type: text/plain; charset=us-ascii$' "$out")" -eq 1 ]
}

@test "an infected text of a message gives way likewise" {
	disinfect "$mail/html.eml"
	is_repaired
	is '[.repair.removed[].means] | join(",")' body
}

@test "what only other readers get out of a part goes with that part, and the text stays" {
	local name
	for name in duplicate-encoding/7bit-last base64/padding-inside-odd odd-encoding/encoded-word broken-names/blank-inside; do
		disinfect "$FIXTURES/readings/$name.com.eml"
		is_repaired
		is '[.repair.removed[].means] | unique | join(",")' part
		grep -q '^Please see the attachment' "$out" || fail "$name: the text is gone"
	done
}

@test "a message in the message is repaired inside, also an encoded one and one in an archive" {
	local name
	for name in inner encoded in-archive deep quoted binary; do
		disinfect "$mail/$name.eml"
		is_repaired || fail "$name"
		[ "$(value '.repair.removed | length')" = 1 ] || fail "$name"
		is '.repair.rounds' 1
	done
	disinfect "$mail/inner.eml"
	repair same "$mail/inner.eml" "$out" 2
	# Inside too, all but the part is the same.
	sed -n '/^From: Ann/,$p' "$mail/inner.eml" | sed '1,/^Content-Type: message/d; 1d' >"$BATS_TEST_TMPDIR/before"
	sed -n '/^From: Ann/,$p' "$out" | sed '1,/^Content-Type: message/d; 1d' >"$BATS_TEST_TMPDIR/after"
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after" | grep '^[<>]' >"$BATS_TEST_TMPDIR/lines"
	! grep -qvE '^[<>] [A-Za-z0-9+/=]+$' "$BATS_TEST_TMPDIR/lines"
}

@test "a file that stands uuencoded in a text goes, and the text around it stays" {
	disinfect "$FIXTURES/mime/engine-inline-uuencode.eml"
	is_repaired
	is '.repair.removed[0].means' text
	grep -q 'removed by the virus scanner' "$out"
	! grep -q '^begin 6' "$out"
}

@test "of a mailbox only the message is touched that is infected" {
	local name
	for name in mailbox mailbox-single; do
		disinfect "$mail/$name"
		is_repaired || fail "$name"
		[ "$(grep -c '^From ' "$out")" -eq 3 ]
		/usr/bin/python3 - "$mail/$name" "$out" <<-'END'
			import re, sys
			before, after = (re.split(rb"(?m)(?=^From )", open(name, "rb").read()) for name in sys.argv[1:])
			assert len(before) == len(after) and before[1] == after[1] and before[3] == after[3] and before[2] != after[2]
		END
	done
}

@test "SMTP data stay SMTP data" {
	disinfect "$mail/wire.eml" --wire
	is_repaired --wire
	repair same "$mail/wire.eml" "$out" 3
	[ "$(tail -c 3 "$out" | od -An -tx1 | tr -d " ")" = 2e0d0a ]
	grep -q '^\.\.$\|^\.\.'$'\r''$' "$out"
}

@test "evasive and broken mail comes out clean, or not at all" {
	local file number=0
	mkdir "$BATS_TEST_TMPDIR/repaired"
	for file in "$FIXTURES"/mime/*.eml "$FIXTURES"/evasion/*/*.eml "$FIXTURES"/signatures/*.eml; do
		disinfect "$file"
		[ "$(value .status)" = EC_AV_INFECTED ] || continue
		if [ "$(value .repair.outcome)" = failed ]; then
			[ ! -e "$out" ] && [ "$status" -eq 2 ] || fail "$file"
			echo "${file##*/}" >>"$BATS_TEST_TMPDIR/failed"
		else
			cp "$out" "$BATS_TEST_TMPDIR/repaired/$((++number)).eml"
		fi
	done
	[ "$number" -gt 20 ] || fail "only $number"
	run -0 clamscan --no-summary --infected --database="$DEFINITIONS" "$BATS_TEST_TMPDIR/repaired"
	scan --recursive "$BATS_TEST_TMPDIR/repaired"
	[[ $output != *EC_AV_INFECTED* && $output != *EC_AV_ERROR* ]] || fail "$output"
	[ ! -e "$BATS_TEST_TMPDIR/failed" ] || fail "$(cat "$BATS_TEST_TMPDIR/failed")"
}

# --- signatures --------------------------------------------------------------------------------------------------

@test "signatures that break are told, in the verdict and in the note" {
	disinfect "$mail/dkim.eml"
	is_repaired
	is '.repair.signatures_broken | join(",")' dkim,arc
	repair part "$out" 3 | grep -q 'DKIM'
	disinfect "$mail/pgp.eml"
	is_repaired
	is '.repair.signatures_broken | join(",")' pgp
	repair part "$out" 1 | grep -q 'OpenPGP'
	disinfect "$mail/smime.eml"
	is_repaired
	is '.repair.signatures_broken | join(",")' smime
	disinfect "$mail/several.eml"
	is '.repair.signatures_broken | length' 0
}

# --- policy ------------------------------------------------------------------------------------------------------

@test "what is encrypted or damaged stays, unless the policy has it removed" {
	disinfect "$mail/encrypted.eml"
	[ "$status" -eq 3 ]
	is .repair.outcome unchanged
	cmp "$mail/encrypted.eml" "$out"
	disinfect "$mail/encrypted.eml" --disinfect=encrypted
	[ "$status" -eq 3 ]
	is .code DEC_RESULT_ENCRYPTED_CONTAINER_DELETED
	has_code DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED || has_code DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
	is_repaired
	is '.repair.removed[0] | .reason + " " + .part' 'encrypted 3/secret.zip'
	repair same "$mail/encrypted.eml" "$out" 3
	disinfect "$mail/malformed.eml" --disinfect=infected,encrypted
	is .repair.outcome unchanged
	disinfect "$mail/malformed.eml" --disinfect=malformed
	[ "$status" -eq 3 ]
	is .code DEC_RESULT_MALFORMED_CONTAINER_DELETED
	is_repaired
	repair same "$mail/malformed.eml" "$out" 3
	disinfect "$mail/encrypted-single.eml" --disinfect=infected,encrypted,malformed
	is_repaired
	is '.repair.removed[0].means' body
}

@test "what the policy leaves is left, and what is infected beside it goes" {
	disinfect "$mail/both.eml"
	[ "$status" -eq 1 ]
	is .repair.outcome repaired
	is '.repair.rescan.status' EC_AV_UNSCANNABLE
	repair same "$mail/both.eml" "$out" 2
	disinfect "$mail/both.eml" --disinfect=encrypted
	is_repaired
	is .code AVS_RESULT_VIRUS_FOUND
	has_code DEC_RESULT_ENCRYPTED_CONTAINER_DELETED
	repair same "$mail/both.eml" "$out" 2 3
}

@test "within a limit that the message exceeds, what was found goes all the same" {
	disinfect "$mail/several.eml" --max-extract-depth=1 --max-file-count=4
	[ "$status" -eq 1 ]
	is .repair.outcome repaired
	is '.repair.rescan.status' EC_AV_UNSCANNABLE
	is '.repair.rescan.code' DEC_RESULT_MAXIMUM_FILES_EXTRACTED
}

@test "a message that is built to slip past scanners is repaired as the paranoid want it" {
	disinfect "$FIXTURES/evasion/OddEncoding/$(ls "$FIXTURES/evasion/OddEncoding" | head -n 1)" --paranoid
	[ "$status" -eq 1 ]
	is_repaired --paranoid
}

@test "a clean message is passed on as it came" {
	disinfect "$ROOT/share/samples/clean.eml"
	[ "$status" -eq 0 ]
	is .repair.outcome unchanged
	cmp "$ROOT/share/samples/clean.eml" "$out"
}

# --- more is removed, or nothing is given out -------------------------------------------------------------------

@test "a name that is itself what is found does not come back in the note" {
	disinfect "$mail/named.eml"
	is_repaired
	! grep -q "csapi-marker" "$out"
}

@test "a virus in a field that a message can do without goes with the body, and the subject stays" {
	disinfect "$mail/field.eml"
	is_repaired
	is '[.repair.removed[].means] | join(",")' header
	is .repair.rounds 2
	[ "$(sed '/^MIME-Version/,$d' "$out")" = "$(sed '/^MIME-Version/,$d; /^X-Mailer:/d' "$mail/field.eml")" ]
	! grep -q 'X-Mailer' "$out"
}

@test "a virus in the subject goes with the body, and the message still says who wrote it to whom" {
	disinfect "$mail/header.eml"
	is_repaired
	is '[.repair.removed[].means] | join(",")' header
	is .repair.rounds 3
	[ "$(sed '/^Content-/,$d' "$out")" = "$(sed '/^$/,$d; /^Subject:/d' "$mail/header.eml")" ]
	grep -q '^The body of this message, and fields of its header, were removed' "$out"
}

@test "where what is found can be nowhere else than in an address or in an empty message, nothing is given out" {
	disinfect "$mail/sender.eml"
	is_unrepaired DEC_RESULT_INVALID_FILE_MODIFICATION
	is .status EC_AV_INFECTED
	disinfect "$mail/nothing.eml"
	is_unrepaired DEC_RESULT_FAILED_INSERTING_NOTIFICATION_IN_EMPTY_BODY_MIME
	disinfect "$mail/eicar.com"
	is_unrepaired DEC_RESULT_INVALID_FILE_MODIFICATION
}

@test "a worker that dies or hangs over an archive: the archive goes as a whole, or nothing is given out" {
	local fault code
	for fault in writer-dies:DEC_RESULT_SCAN_ENGINE_EXCEPTION writer-hangs:DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED; do
		code=${fault#*:}
		export CSAPI_FAULT=${fault%:*} LD_PRELOAD=$BUILD/test/preload/fault.so
		disinfect "$mail/several.eml" --timeout=2
		is_repaired
		is '[.repair.removed[].means] | unique | join(",")' part
		disinfect "$mail/archive.zip" --timeout=2
		is_unrepaired "$code"
		unset CSAPI_FAULT LD_PRELOAD
	done
}

@test "without a verdict nothing is given out" {
	rm -f "$out"
	run -2 "$SCAN" --no-progress --definitions="$BATS_TEST_TMPDIR/none" --disinfect -o "$out" "$mail/several.eml"
	[ "$(jq -r '.status + " " + .repair.outcome' <<<"${lines[-1]}")" = "EC_AV_ERROR failed" ] ||
		[ "$(jq -r .status <<<"${lines[0]}")" = EC_AV_ERROR ]
	[ ! -e "$out" ]
}

@test "an output that exists is not overwritten, and one that cannot be created is told" {
	echo mine >"$out"
	scan --disinfect -o "$out" "$mail/several.eml"
	[ "$status" -eq 2 ]
	is .repair.code DEC_RESULT_CREATE_OUTPUT_FILE_FAILED
	is .status EC_AV_INFECTED
	[ "$(cat "$out")" = mine ]
	cp "$mail/several.eml" "$BATS_TEST_TMPDIR/itself"
	scan --disinfect -o "$BATS_TEST_TMPDIR/itself" "$BATS_TEST_TMPDIR/itself"
	[ "$status" -eq 2 ]
	cmp "$mail/several.eml" "$BATS_TEST_TMPDIR/itself"
	scan --disinfect -o "$BATS_TEST_TMPDIR/no/such/place" "$mail/several.eml"
	[ "$status" -eq 2 ]
	is .repair.code DEC_RESULT_CREATE_OUTPUT_FILE_FAILED
	scan --disinfect --exit=mda -o "$BATS_TEST_TMPDIR/no/such/place" "$mail/several.eml"
	[ "$status" -eq 75 ]
	mkdir "$BATS_TEST_TMPDIR/shut"
	chmod 500 "$BATS_TEST_TMPDIR/shut"
	under=(setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search)
	as_root || under=()
	scan --disinfect -o "$BATS_TEST_TMPDIR/shut/out" "$mail/several.eml"
	under=()
	[ "$status" -eq 2 ]
	is .repair.code DEC_RESULT_CREATE_OUTPUT_FILE_FAILED
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/shut")" ]
}

@test "on a full disk nothing appears" {
	as_root || skip "only root can make a file system that is full"
	local place=$BATS_TEST_TMPDIR/full
	mkdir "$place"
	mount -t tmpfs -o size=8k tmpfs "$place" 2>/dev/null || skip "no file system can be mounted here"
	head -c 100000 /dev/zero | tr '\0' x | cat "$mail/several.eml" - >"$BATS_TEST_TMPDIR/long.eml"
	scan --disinfect -o "$place/out" "$BATS_TEST_TMPDIR/long.eml"
	local left
	left=$(ls -A "$place")
	umount "$place"
	[ "$status" -eq 2 ]
	is .repair.code DEC_RESULT_CREATE_OUTPUT_FILE_FAILED
	[ -z "$left" ] || fail "left: $left"
}

# --- ways out ----------------------------------------------------------------------------------------------------

@test "a filter passes the repaired message on, and its header says so" {
	scan --disinfect --format=filter --exit=mda <"$mail/several.eml"
	[ "$status" -eq 0 ]
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/passed"
	grep -q '^X-CSAPI-Status: infected$' "$BATS_TEST_TMPDIR/passed"
	grep -q '^X-CSAPI-Disinfected: clean; 3 removed: 2/eicar.com Eicar-Test-Signature;' "$BATS_TEST_TMPDIR/passed"
	scan "$BATS_TEST_TMPDIR/passed"
	is_clean
	scan --disinfect --format=filter --exit=mda <"$mail/sender.eml"
	[ "$status" -eq 75 ]
	[ -z "$output" ]
	scan --disinfect --format=filter <"$ROOT/share/samples/clean.eml"
	[ "$status" -eq 0 ]
	[[ $output != *X-CSAPI-Disinfected* && $output == *"X-CSAPI-Status: clean"* ]]
}

@test "standard output takes the message where the verdict stays away" {
	base=$BATS_TEST_TMPDIR/base
	mkdir -p "$base"
	"$SCAN" --no-progress --definitions="$DEFINITIONS" --file-base="$base" --disinfect -q -o - <"$mail/several.eml" >"$out" || status=$?
	[ "$status" -eq 1 ]
	repair same "$mail/several.eml" "$out" 2 3 5
}

@test "a shell is told what became of it" {
	scan --disinfect --format=sh -o "$out" "$mail/several.eml"
	grep -qx "av_repair='repaired'" <<<"$output"
	scan --format=sh "$mail/several.eml"
	! grep -q av_repair <<<"$output"
}

@test "the text form tells what became of it" {
	rm -f "$out"
	scan --disinfect --format=text -o "$out" "$mail/several.eml"
	[[ $output == *"    repaired"*"removed (part) 2/eicar.com: Eicar-Test-Signature"* ]]
}

@test "what only a clamd finds goes too, and only the part that it is in" {
	need_clamd
	mkdir -p "$BATS_TEST_TMPDIR/one"
	cp -r "$DEFINITIONS" "$BATS_TEST_TMPDIR/one/definitions"
	printf 'Only.Clamd:0:*:%s\n' "$(printf 'word-for-clamd-alone' | od -An -tx1 | tr -d ' \n')" >"$BATS_TEST_TMPDIR/one/definitions/more.ndb"
	start_clamd one
	printf '%s\n' 'antivirus "a" {' ' csapi "csapi1" {}' " clamav \"clamav1\" { daemon = \"${clamd_socket[one]}\" }" '}' \
		>"$BATS_TEST_TMPDIR/csapi.conf"
	sed 's/^Bye\.$/word-for-clamd-alone/' "$mail/lf-stored.zip.eml" >"$BATS_TEST_TMPDIR/two.eml"
	disinfect "$BATS_TEST_TMPDIR/two.eml" --config="$BATS_TEST_TMPDIR/csapi.conf"
	is .engine csapi1
	is .repair.outcome repaired
	is '[.repair.removed[] | .found + " " + (.round | tostring)] | join(",")' 'Eicar-Test-Signature 1,Only.Clamd 2'
	repair same "$BATS_TEST_TMPDIR/two.eml" "$out" 3 4
	scan --config="$BATS_TEST_TMPDIR/csapi.conf" "$out"
	is_clean
	# Without an engine of our own nobody repairs.
	scan --config="$BATS_TEST_TMPDIR/csapi.conf" --engine=clamav1 --disinfect --output="$BATS_TEST_TMPDIR/none" "$BATS_TEST_TMPDIR/two.eml"
	[ "$status" -eq 2 ]
	is .code GEN_RESULT_POLICY_INVALID
}

@test "options that cannot hold together are refused" {
	local words
	for words in "-o x" "--disinfect" "--disinfect -o -" "--disinfect -o x --part=1" \
		"--disinfect -o x --first-threat" "--disinfect -o x a b" "--disinfect -o x -r" "--disinfect=all -o x"; do
		# shellcheck disable=SC2086
		scan $words </dev/null
		[ "$status" -eq 2 ] || fail "$words"
		holds '.code == "GEN_RESULT_POLICY_INVALID" or .code == "GEN_RESULT_PARAMETER_INVALID"'
	done
}

@test "a scanner that stays repairs as a private one does, and counts what it cured" {
	local private
	disinfect "$mail/several.eml"
	private=$(sha256sum <"$out")
	start_scanner
	rm -f "$out"
	run -1 --separate-stderr "$SCAN" --no-progress --socket="$socket" --disinfect -o "$out" "$mail/several.eml"
	[ "$(sha256sum <"$out")" = "$private" ]
	rm -f "$out"
	run -2 --separate-stderr "$SCAN" --no-progress --socket="$socket" --disinfect -o "$out" "$mail/sender.eml"
	command_scanner stats --format=json
	is .viruses_cured 3
	# One and its repair; the other, without its body, without fields too, and without a subject.
	is .messages_checked 6
}
