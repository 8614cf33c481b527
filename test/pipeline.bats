#!/usr/bin/env bats
# pipeline.bats - what mail programs ask of csapi-scan: --exit, --deadline, --format=filter, sieve and clam, and standard input read to its end.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	open_file
	start_scanner -j 2
}

teardown_file() {
	stop_scanner
	close_file
}

setup() {
	clean=$FIXTURES/codes/clean.eml
	eicar=$FIXTURES/codes/eicar.eml
	encrypted=$ROOT/share/samples/encrypted-zip.eml
}

# ask ARGUMENT...: the scanner that runs. Standard output goes to $out as it is.
ask() {
	out=$BATS_TEST_TMPDIR/out
	status=0
	stderr=$("$SCAN" --no-progress --socket="$socket" "$@" 2>&1 >"$out") || status=$?
	output=$(tr -d '\0' <"$out")
}

# ended STATUS
ended() {
	[ "$status" -eq "$1" ] || fail "the exit status is not $1"
}

# wrote TEXT: to the byte
wrote() {
	printf '%s' "$1" | cmp - "$out" || fail "not what was to be written"
}

# passed_on MESSAGE: it came out whole, with nothing but fields of ours at its top, behind a From line, in its line ends.
passed_on() {
	/usr/bin/python3 - "$1" "$out" <<'PY' || fail "$1 is not what came out"
import re, sys
message, out = (open(name, "rb").read() for name in sys.argv[1:])
head = re.match(rb"From [^\n]*\n|", message).group()
line, = re.findall(rb"\A[^\n]*?(\r?)\n", message) or [b""]
assert out.startswith(head), out[:100]
fields = re.match(rb"(?:X-CSAPI-[A-Z][a-z]+: [ -~]+\r?\n)+", out[len(head):]).group()
assert all(field.endswith(b"\r") == bool(line) for field in fields.split(b"\n")[:-1]), fields
assert fields.startswith(b"X-CSAPI-Status: "), fields
assert out == head + fields + message[len(head):]
PY
}

# field NAME VALUE: of the message that came out
field() {
	local got
	got=$(sed '/^\r\{0,1\}$/q' "$out" | sed -n "s/^X-CSAPI-$1: //p" | tr -d '\r')
	[[ $got == $2 ]] || fail "X-CSAPI-$1 is '$got' and not '$2'"
}

@test "--exit: what each style says of each verdict" {
	local style name expected
	while read -r style name expected; do
		ask --exit="$style" "${!name}"
		[ "$status" -eq "$expected" ] || fail "$style, $name: $status and not $expected"
	done <<-END
		scan clean 0
		scan eicar 1
		scan encrypted 3
		scan ROOT 2
		mda clean 0
		mda eicar 0
		mda encrypted 0
		mda ROOT 75
		zero clean 0
		zero eicar 0
		zero encrypted 0
		zero ROOT 0
	END
}

@test "--exit=mda: one error among many verdicts is no verdict, and nor is no input" {
	ask --exit=mda "$clean" "$eicar" /nonexistent
	ended 75
	ask --exit=mda "$clean" "$eicar"
	ended 0
	mkdir "$BATS_TEST_TMPDIR/empty"
	ask --exit=mda -r "$BATS_TEST_TMPDIR/empty"
	ended 75
	ask --exit=mda --files0-from=/dev/null
	ended 75
	ask --exit=zero -r "$BATS_TEST_TMPDIR/empty"
	ended 0
}

@test "--exit=mda: whatever goes wrong, it ends with 75 and with nothing else" {
	local full=/dev/full
	ask --exit=mda --frobnicate <"$clean"
	ended 75
	ask --exit=mda --jobs=0 <"$clean"
	ended 75
	ask --jobs=0 --exit=mda <"$clean"
	ended 75
	ask --exit=mda --config=/nonexistent <"$clean"
	ended 75
	ask --exit=mda --engine=nobody <"$clean"
	ended 75
	ask --exit=mda --part=9 "$clean"
	ended 75
	ask --exit=mda --max-age=1s <"$clean"
	ended 75
	ask --exit=mda --expect=/nonexistent "$clean"
	ended 75
	socket=$BATS_TEST_TMPDIR/nobody ask --exit=mda <"$clean"
	ended 75
	socket=$BATS_TEST_TMPDIR/nobody ask --exit=mda --format=filter <"$clean"
	ended 75
	wrote ""
	run -75 "$SCAN" --exit=mda --scanner-path=/nonexistent "$clean"
	run -75 "$SCAN" --exit=mda --definitions=/nonexistent "$clean"
	status=0
	"$SCAN" --exit=mda --socket="$socket" "$clean" >"$full" || status=$?
	ended 75
	status=0
	"$SCAN" --exit=mda --format=filter --socket="$socket" <"$clean" >"$full" || status=$?
	ended 75
	status=0
	"$SCAN" --exit=mda --socket="$socket" "$clean" >&- || status=$?
	ended 75
	status=0
	"$SCAN" --exit=mda --socket="$socket" <&- || status=$?
	ended 75
}

@test "--exit=zero: 2 when a verdict could not be written, or the options were wrong" {
	status=0
	"$SCAN" --exit=zero --socket="$socket" "$clean" >/dev/full || status=$?
	ended 2
	ask --exit=zero --frobnicate <"$clean"
	ended 2
}

@test "a word that --exit or --format does not know, and a deadline that is none" {
	ask --exit=maybe "$clean"
	ended 2
	is .code GEN_RESULT_PARAMETER_INVALID
	[[ $(value .info) == *"--exit=maybe is none of: scan mda zero"* ]]
	for seconds in 0 -1 1s 86401 ''; do
		ask --deadline="$seconds" "$clean"
		ended 2
		is .code GEN_RESULT_PARAMETER_INVALID
	done
}

@test "options that contradict a format" {
	local options
	for options in "--format=filter --quiet" "--format=filter --part=1" "--format=sieve -0" "--format=filter -0" "--format=tap -0" \
		"--format=junit -0" "--format=clam -0" "--format=sieve --expect=x" "--format=filter $eicar" "--format=sieve -r"; do
		# shellcheck disable=SC2086
		ask --exit=mda $options "$clean"
		[ "$status" -eq 75 ] || fail "$options was taken"
	done
}

# --- the deadline --------------------------------------------------------------------------------------------------

# within SECONDS COMMAND...: its status is left, and it took no longer.
within() {
	local most=$1 begin=${EPOCHREALTIME/./}
	shift
	"$@"
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	[ "$took" -le $((most * 1000)) ] || fail "it took $took ms"
}

@test "--deadline: an input that never ends is an error by then" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	sleep 30 >"$BATS_TEST_TMPDIR/fifo" 3>&- &
	within 4 ask --exit=mda --deadline=1 <"$BATS_TEST_TMPDIR/fifo"
	kill $!
	ended 75
	is .code DEC_RESULT_CONTAINER_ACCESS_FAILED
	[[ $(value .info) == *"did not end within the deadline of 1 s"* ]]
	yes >"$BATS_TEST_TMPDIR/fifo" 2>/dev/null 3>&- &
	within 5 ask --deadline=1 --format=filter <"$BATS_TEST_TMPDIR/fifo"
	kill $! 2>/dev/null || true
	ended 2
	wrote ""
}

@test "--deadline: a scanner that says nothing" {
	printf '#!/bin/sh\nexec sleep 20\n' >"$BATS_TEST_TMPDIR/mute"
	chmod +x "$BATS_TEST_TMPDIR/mute"
	status=0
	ask_mute() {
		status=0
		"$SCAN" --scanner-path="$BATS_TEST_TMPDIR/mute" --exit=mda --deadline=1 --format=filter "$clean" >"$BATS_TEST_TMPDIR/out" \
			2>"$BATS_TEST_TMPDIR/err" || status=$?
	}
	within 5 ask_mute
	ended 75
	[ ! -s "$BATS_TEST_TMPDIR/out" ] || fail "a message was written without a verdict"
	grep -q "no scanner was ready within the deadline of 1 s" "$BATS_TEST_TMPDIR/err"
	run ! pgrep -f "^sleep 20$"
}

@test "--deadline: a scanner that stopped; what was not taken is told" {
	kill -STOP "$scanner"
	within 5 ask --deadline=1 -j 1 "$clean" "$eicar" "$eicar" "$eicar" "$eicar" "$eicar" "$eicar"
	kill -CONT "$scanner"
	ended 2
	is .status EC_AV_ERROR
	is .code GEN_RESULT_SCANNER_NOT_INITIALIZED
	[[ $stderr == *"the deadline passed before"* ]] || fail "silence about the rest"
}

@test "--deadline: nobody reads what is written" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	{ printf 'To: a\n\n'; head -c 1000000 /dev/zero | tr '\0' 'x'; } >"$BATS_TEST_TMPDIR/long.eml"
	sleep 30 <"$BATS_TEST_TMPDIR/fifo" 3>&- &
	status=0
	"$SCAN" --socket="$socket" --exit=mda --deadline=1 --format=filter "$BATS_TEST_TMPDIR/long.eml" \
		>"$BATS_TEST_TMPDIR/fifo" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	kill $!
	ended 75
	grep -q "until the deadline" "$BATS_TEST_TMPDIR/err"
}

@test "--deadline: also where the alarm was blocked or ignored by whoever started it" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	sleep 30 <"$BATS_TEST_TMPDIR/fifo" 3>&- &
	head -c 1000000 /dev/zero >"$BATS_TEST_TMPDIR/long.eml"
	run -75 /usr/bin/python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
signal.signal(signal.SIGALRM, signal.SIG_IGN)
os.dup2(os.open(sys.argv[1], os.O_WRONLY), 1)
os.execv(sys.argv[2], sys.argv[2:])' "$BATS_TEST_TMPDIR/fifo" "$SCAN" --socket="$socket" --exit=mda --deadline=1 --format=filter \
		"$BATS_TEST_TMPDIR/long.eml"
	kill $!
}

@test "nothing is left of a private scanner after the deadline" {
	mkdir "$BATS_TEST_TMPDIR/base"
	CSAPI_FAULT=hang LD_PRELOAD=$BUILD/test/preload/fault.so run "$BUILD/test/helper/reap" "$SCAN" --no-progress \
		--definitions="$DEFINITIONS" --file-base="$BATS_TEST_TMPDIR/base" --timeout=60 --exit=mda --deadline=1 "$FIXTURES/codes/trigger.eml"
	[ "$status" -eq 75 ] || fail "not 75"
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/base")" ] || fail "temporary files were left"
}

# --- standard input ------------------------------------------------------------------------------------------------

# The writer must not meet a broken pipe: fed ARGUMENT...
fed() {
	{ cat "$eicar" && head -c 3000000 /dev/zero && echo whole >"$BATS_TEST_TMPDIR/fed"; } | ask "$@"
	[ -e "$BATS_TEST_TMPDIR/fed" ] || fail "the writer met a broken pipe: $*"
	rm "$BATS_TEST_TMPDIR/fed"
}

@test "standard input is read to its end, whatever is known before" {
	fed --exit=mda
	fed --exit=mda --frobnicate
	fed --exit=mda --engine=nobody
	fed --exit=mda --format=filter
	fed --exit=mda --first-threat
	socket=$BATS_TEST_TMPDIR/nobody fed --exit=mda
}

@test "without an environment, from any directory, with a full path" {
	cd /
	run -0 env -i "$SCAN" --socket="$socket" --exit=mda --format=sieve <"$eicar"
	[[ $output == "infected Eicar-Test-Signature"* ]]
}

# --- formats -------------------------------------------------------------------------------------------------------

@test "--format=sieve: one line without an end" {
	ask --format=sieve --exit=mda <"$clean"
	wrote clean
	ask --format=sieve --exit=mda <"$eicar"
	wrote "infected Eicar-Test-Signature"
	ask --format=sieve --exit=mda <"$encrypted"
	[[ $output == "unscannable A file in a container is encrypted: "* ]] || fail "$output"
	[ "$(wc -l <"$out")" -eq 0 ]
	ask --format=sieve --exit=mda /nonexistent
	[[ $output == "error The message cannot be read"* ]] || fail "$output"
	printf 'antivirus "a" { csapi "c" { enabled = false } }\n' >"$BATS_TEST_TMPDIR/csapi.conf"
	ask --format=sieve --exit=mda --hook --config="$BATS_TEST_TMPDIR/csapi.conf" <"$eicar"
	ended 0
	[[ $output == "unscanned not scanned: c is passive"* ]] || fail "$output"
}

@test "--format=clam: clamscan's lines, and nothing unscannable is OK" {
	ask --format=clam "$clean" "$eicar" "$encrypted" /nonexistent
	[ "$(grep -c . "$out")" -eq 4 ]
	grep -qx "$clean: OK" "$out"
	grep -qx "$eicar: Eicar-Test-Signature FOUND" "$out"
	grep -qx "$encrypted: Heuristics.Encrypted.File FOUND" "$out"
	grep -qx "/nonexistent: The message cannot be read.* ERROR" "$out"
	ask --format=clam --max-file-count=1 "$FIXTURES/codes/limits/"*.eml
	! grep -q "OK$" "$out" || fail "a limit is OK"
	grep -q "Heuristics.Limits.Exceeded.MaxFiles FOUND$" "$out"
}

@test "--format=clam: every code that makes a message unscannable has a name that readers tell from a virus" {
	ask --format=clam -r "$FIXTURES/codes"
	[ "$(grep -c ' FOUND$' "$out")" -gt 20 ]
	"$SCAN" --socket="$socket" --no-progress -r "$FIXTURES/codes" | jq -r \
		'"\(.name): \(if .status == "EC_AV_UNSCANNABLE" then "Heuristics" else .info end)"' >"$BATS_TEST_TMPDIR/names" || true
	# Heuristics where the verdict is unscannable, the virus where it is infected, and nowhere else.
	diff <(grep ' FOUND$' "$out" | sed -E 's/: Heuristics\.(Encrypted|Limits\.Exceeded)\.[A-Za-z]+ FOUND$/: Heuristics/; s/ FOUND$//') \
		<(grep -v ': $' "$BATS_TEST_TMPDIR/names")
}

@test "--format=filter: every fixture comes out as it went in, but for the fields at its top" {
	local message count=0
	while IFS= read -r -d '' message; do
		ask --format=filter --exit=mda --timeout=5 "$message"
		ended 0
		passed_on "$message"
		count=$((count + 1))
	done < <(find "$FIXTURES/mime" "$FIXTURES/evasion" "$FIXTURES/clean" -name '*.eml' -size -200k -print0 | sort -z | head -z -n "${FILTERED:-60}")
	[ "$count" -ge 40 ] || fail "only $count messages"
}

@test "--format=filter: fields, and what each says" {
	ask --format=filter <"$eicar"
	ended 1
	passed_on "$eicar"
	field Status infected
	field Info Eicar-Test-Signature
	field Code AVS_RESULT_VIRUS_FOUND
	field Engine csapi
	field Definitions '[0-9]*.[0-9]*; built 20*Z'
	ask --format=filter <"$clean"
	ended 0
	field Status clean
	field Info ''
	field Code ''
	field Engine ''
	ask --format=filter <"$encrypted"
	ended 3
	field Status unscannable
	field Code DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
}

@test "--format=filter: a From line stays first, CRLF stays CRLF, an empty message gets its fields" {
	local message=$BATS_TEST_TMPDIR/m.eml
	{ echo "From ada@example.org Thu Nov 26 10:00:00 2026"; cat "$eicar"; } >"$message"
	ask --format=filter <"$message"
	ended 1
	passed_on "$message"
	sed 's/$/\r/' "$eicar" >"$message"
	ask --format=filter <"$message"
	passed_on "$message"
	printf 'From MAILER-DAEMON\r\nX-Envelope-From: <a@b>\r\nX-Envelope-To: <c@d>\r\nSubject: x\r\n\r\n.\r\n' >"$message"
	ask --format=filter <"$message"
	ended 0
	passed_on "$message"
	: >"$message"
	ask --format=filter <"$message"
	ended 0
	passed_on "$message"
}

@test "--format=filter: forged fields go, and a virus in a body that looks like a header is seen" {
	{ printf 'X-CSAPI-Status: clean\nx-csapi-status : clean\nX-CSAPI-Info: a\n b\n'; cat "$eicar"; } >"$BATS_TEST_TMPDIR/m.eml"
	ask --format=filter <"$BATS_TEST_TMPDIR/m.eml"
	ended 1
	[ "$(grep -ci '^x-csapi-status' "$out")" -eq 1 ]
	passed_on "$eicar"
	field Status infected
}

@test "--format=filter: a virus whose name is made to break a header or a line" {
	local definitions=$BATS_TEST_TMPDIR/definitions message=$BATS_TEST_TMPDIR/m.eml
	mkdir "$definitions"
	printf 'Evil FOUND\x1b[31m OK\xc3\xa9:0:*:%s\n' "$(printf 'needle-in-the-hay' | od -An -tx1 | tr -d ' \n')" >"$definitions/x.ndb"
	printf 'Subject: x\n\nneedle-in-the-hay\n' >"$message"
	run "$SCAN" --definitions="$definitions" --format=filter --exit=mda "$message"
	[ "$(LC_ALL=C grep -c '[^ -~]' <<<"$output")" -eq 0 ] || fail "not plain"
	run "$SCAN" --definitions="$definitions" --format=clam --exit=mda "$message"
	[ "${#lines[@]}" -eq 1 ]
	[[ ${lines[0]} != *OK ]] || fail "it says OK"
}

@test "--format=filter: nothing is written without a verdict, but with --exit=zero" {
	socket=$BATS_TEST_TMPDIR/nobody ask --format=filter <"$eicar"
	ended 2
	wrote ""
	socket=$BATS_TEST_TMPDIR/nobody ask --format=filter --exit=mda <"$eicar"
	ended 75
	wrote ""
	socket=$BATS_TEST_TMPDIR/nobody ask --format=filter --exit=zero <"$eicar"
	ended 0
	passed_on "$eicar"
	field Status error
	ask --format=filter --exit=zero /nonexistent
	ended 2
	wrote ""
}

@test "--format=filter: not a byte before the verdict" {
	kill -STOP "$scanner"
	"$SCAN" --socket="$socket" --format=filter --exit=mda --deadline=20 <"$clean" >"$BATS_TEST_TMPDIR/out" 3>&- &
	sleep 0.5
	[ ! -s "$BATS_TEST_TMPDIR/out" ] || { kill -CONT "$scanner"; fail "something was written"; }
	kill -CONT "$scanner"
	wait $!
	out=$BATS_TEST_TMPDIR/out
	passed_on "$clean"
}

@test "--format=filter: what was judged comes out, though the file changed since" {
	local message=$BATS_TEST_TMPDIR/m.eml
	# Larger than what is copied elsewhere.
	{ cat "$clean"; head -c 70000000 /dev/zero; } >"$message"
	sum=$(sha256sum <"$message")
	kill -STOP "$scanner"
	"$SCAN" --socket="$socket" --format=filter --timeout=60 "$message" >"$BATS_TEST_TMPDIR/out" 3>&- &
	sleep 1
	printf 'EVIL' | dd of="$message" conv=notrunc status=none
	kill -CONT "$scanner"
	wait $! || true
	[ "$(sed '1,/^X-CSAPI-Definitions/d' "$BATS_TEST_TMPDIR/out" | sha256sum)" = "$sum" ] || fail "another message came out"
	rm "$message"
}

@test "--format=filter: SMTP data come out with their dots" {
	printf 'Subject: x\r\n\r\n..dot\r\n.\r\n' >"$BATS_TEST_TMPDIR/m"
	ask --format=filter --wire <"$BATS_TEST_TMPDIR/m"
	ended 0
	passed_on "$BATS_TEST_TMPDIR/m"
}

@test "a directory with a message, as Exim gives one" {
	mkdir -p "$BATS_TEST_TMPDIR/scan/1abc"
	cp "$eicar" "$BATS_TEST_TMPDIR/scan/1abc/1abc.eml"
	ask --format=clam --exit=mda -r "$BATS_TEST_TMPDIR/scan/1abc"
	ended 0
	wrote "$BATS_TEST_TMPDIR/scan/1abc/1abc.eml: Eicar-Test-Signature FOUND
"
}
