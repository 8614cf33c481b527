#!/usr/bin/env bats
# expect.bats - verdicts as results of tests: --format=tap and junit, --expect.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	open_file
	start_scanner -j 2
	mkdir -p "$BATS_FILE_TMPDIR/mail/sub"
	cp "$FIXTURES/codes/clean.eml" "$FIXTURES/codes/eicar.eml" "$BATS_FILE_TMPDIR/mail"
	cp "$ROOT/share/samples/encrypted-zip.eml" "$BATS_FILE_TMPDIR/mail/sub"
}

teardown_file() {
	stop_scanner
	close_file
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	list=$BATS_FILE_TMPDIR/mail.expected
	cat >"$list" <<-'END'
		# all of it
		mail/*: clean

		mail/eicar.eml:   EC_AV_INFECTED Eicar*
		mail/sub/*.eml: unscannable DEC_RESULT_ENCRYPTED_*
	END
}

ask() {
	run --separate-stderr "$SCAN" --no-progress --socket="$socket" "$@"
	keep <<<"$output"
}

# xml EXPRESSION: of Python, about the root of the last document
xml() {
	/usr/bin/python3 -c 'import sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
sys.exit(not eval(sys.argv[1]))' "$1" <<<"$output" || fail "not: $1"
}

@test "tap: what is clean passes, and prove understands it" {
	ask --format=tap -r mail
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "TAP version 13" ]
	[ "${lines[1]}" = "ok 1 - mail/clean.eml" ]
	[ "${lines[2]}" = "not ok 2 - mail/eicar.eml" ]
	[ "${lines[-1]}" = "1..3" ]
	echo "$output" >"$BATS_TEST_TMPDIR/out"
	run prove --exec cat "$BATS_TEST_TMPDIR/out"
	[[ $output == *"Failed 2/3"* ]] || fail "prove"
	[[ $output != *"Parse errors"* ]] || fail "prove cannot read it"
}

@test "tap with expectations: all is as expected" {
	ask --format=tap -r --expect="$list" mail
	[ "$status" -eq 0 ] || fail "not as expected"
	[ "$(grep -c '^ok ' <<<"$output")" -eq 3 ]
	[ "${lines[-1]}" = "1..3" ]
}

@test "the build fails when a verdict changes, a message goes missing or a new one is infected" {
	cp -r mail mail.expected "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	ask --format=junit -r --expect=mail.expected mail
	[ "$status" -eq 0 ]
	xml 'root.get("tests") == "3" and root.get("failures") == "0" and root.get("errors") == "0"'
	cp mail/clean.eml mail/eicar.eml
	ask --format=junit -r --expect=mail.expected mail
	[ "$status" -eq 1 ]
	xml 'root.get("failures") == "1" and [c.get("name") for c in root.iter("testcase") if c.find("failure") is not None] == ["mail/eicar.eml"]'
	rm mail/eicar.eml
	ask --format=junit -r --expect=mail.expected mail
	[ "$status" -eq 1 ]
	xml 'root.find(".//failure").get("message") == "no such message was scanned"'
	cp "$FIXTURES/codes/eicar.eml" mail/eicar.eml
	cp "$FIXTURES/codes/eicar.eml" mail/new.eml
	ask --format=tap -r --expect=mail.expected mail
	[ "$status" -eq 1 ]
	grep -qx 'not ok 3 - mail/new.eml' <<<"$output"
	grep -qx '  expected: "EC_AV_CLEAN"' <<<"$output"
}

@test "names count from the directory of the expectations, wherever the call comes from" {
	cd /
	ask --format=tap --expect="$list" "$BATS_FILE_TMPDIR/mail/eicar.eml" "$BATS_FILE_TMPDIR/mail/clean.eml" "$BATS_FILE_TMPDIR/mail/sub/encrypted-zip.eml"
	[ "$status" -eq 0 ] || fail "not as expected"
	ln -s "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR/link"
	ask --format=tap --expect="$BATS_TEST_TMPDIR/link/mail.expected" -r "$BATS_TEST_TMPDIR/link/mail"
	[ "$status" -eq 0 ] || fail "not through a link"
}

@test "a pattern has to match the informational string or the code" {
	sed -i 's/Eicar\*/Frob*/' "$list"
	ask --format=tap -r --expect="$list" mail
	[ "$status" -eq 1 ]
	grep -qx '  expected: "EC_AV_INFECTED Frob\*"' <<<"$output"
	sed -i 's/Frob\*/AVS_RESULT_VIRUS_FOUND/' "$list"
	ask --format=tap -r --expect="$list" mail
	[ "$status" -eq 0 ]
}

@test "the other formats stay as they are; the exit status and lines on standard error tell" {
	echo "mail/clean.eml: infected" >>"$list"
	ask --expect="$list" -r mail
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 3 ]
	is .name mail/sub/encrypted-zip.eml
	[[ $stderr == *"mail/clean.eml: EC_AV_INFECTED was expected"* ]] || fail "nothing is told"
	ask --expect="$list" -r --quiet --format=tap mail
	[ "$status" -eq 1 ]
	[ -z "$output" ]
}

@test "an error of the scan is no failed expectation, unless it was expected" {
	ask --format=junit --expect="$list" mail/clean.eml /nonexistent
	[ "$status" -eq 2 ]
	xml 'root.get("errors") == "1" and root.find(".//error").get("type") == "EC_AV_ERROR"'
	echo "/nonexistent: error" >"$list"
	ask --format=junit --expect="$list" /nonexistent
	[ "$status" -eq 0 ] || fail "it was expected"
}

@test "what nobody scanned is skipped, unless something else was expected" {
	printf 'antivirus "a" { csapi "c" { enabled = false } }\n' >"$BATS_TEST_TMPDIR/csapi.conf"
	ask --format=tap --hook --config="$BATS_TEST_TMPDIR/csapi.conf" mail/eicar.eml
	[ "$status" -eq 4 ]
	[ "${lines[1]}" = "ok 1 - mail/eicar.eml # SKIP not scanned" ]
	ask --format=junit --hook --config="$BATS_TEST_TMPDIR/csapi.conf" mail/eicar.eml
	xml 'root.get("skipped") == "1" and root.find(".//skipped") is not None'
	echo "mail/eicar.eml: infected" >"$list"
	ask --format=tap --hook --config="$BATS_TEST_TMPDIR/csapi.conf" --expect="$list" mail/eicar.eml
	[ "${lines[1]}" = "not ok 1 - mail/eicar.eml" ]
	echo "mail/eicar.eml: unscanned" >"$list"
	ask --format=tap --hook --config="$BATS_TEST_TMPDIR/csapi.conf" --expect="$list" mail/eicar.eml
	[ "$status" -eq 0 ]
}

@test "names that would break a document" {
	local name=$'a # TODO <&">\'\\\n\x01\xff.eml'
	mkdir "$BATS_TEST_TMPDIR/odd"
	cp mail/eicar.eml "$BATS_TEST_TMPDIR/odd/$name"
	ask --format=junit -r "$BATS_TEST_TMPDIR/odd"
	xml 'root.get("failures") == "1" and "TODO <&" in root.find(".//testcase").get("name")'
	ask --format=tap -r "$BATS_TEST_TMPDIR/odd"
	[ "$(grep -c '^not ok 1 - .*\\# TODO' <<<"$output")" -eq 1 ] || fail "it is a directive"
	[ "$(grep -cE '^(not )?ok' <<<"$output")" -eq 1 ]
}

@test "lines that cannot be read are told with file and line, and nothing is scanned" {
	local line
	for line in "mail/eicar.eml" ": clean" "mail/eicar.eml: EC_AV_FROB" "mail/eicar.eml: "; do
		printf '# one\n%s\n' "$line" >"$list"
		ask --format=tap --expect="$list" mail/eicar.eml
		[ "$status" -eq 2 ] || fail "taken: $line"
		[[ $stderr == *"mail.expected:2: "* ]] || fail "$line: $stderr"
		[[ $output == "Bail out!"* ]] || fail "$output"
	done
	ask --format=tap --expect=/nonexistent mail/eicar.eml
	[ "$status" -eq 2 ]
	[[ $stderr == *"cannot read the expectations in /nonexistent"* ]]
}

@test "a name with colons and blanks" {
	cp mail/eicar.eml "mail/a: b c.eml"
	echo "mail/a: b c.eml: infected" >"$list"
	ask --format=tap --expect="$list" "mail/a: b c.eml"
	rm "mail/a: b c.eml"
	[ "$status" -eq 0 ] || fail "not found"
}
