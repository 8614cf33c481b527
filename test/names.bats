#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# What a hostile sender calls a file: valid JSON, harmless text, ids that are unique and can be asked for.

# No byte that a terminal acts on, and nothing that reorders text; tab and newline end lines of our own.
harmless() {
	/usr/bin/python3 -c '
import sys, unicodedata
text = sys.stdin.buffer.read().decode("utf-8")
bad = sorted({hex(ord(c)) for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")})
sys.exit("harmful: " + " ".join(bad) if bad else 0)' <"$1"
}

@test "names of members: one valid document each, and the marker is found" {
	scan "$FIXTURES"/names/member-*.eml
	is_infected Csapi-Test-Body
	[ "$(wc -l <<<"$output")" -eq "$(find "$FIXTURES/names" -name 'member-*' | wc -l)" ] || fail "lines"
}

@test "names of attachments in plain and in RFC 2231 form" {
	scan "$FIXTURES"/names/attachment-*.eml "$FIXTURES"/names/rfc2231-*.eml "$FIXTURES/names/hostile-type.eml"
	is_infected Csapi-Test-Body
}

@test "JSON is ASCII, whatever the names are" {
	scan --recursive "$FIXTURES/names"
	! LC_ALL=C grep -q '[^ -~]' <<<"$output" || fail "bytes outside of ASCII"
	holds '.parts | length > 1'
}

@test "text output holds nothing that a terminal acts on" {
	scan --format text --all-parts --recursive "$FIXTURES/names"
	[ "$status" -eq 1 ] || fail "exit status"
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/text"
	printf '%s\n' "$stderr" >"$BATS_TEST_TMPDIR/stderr"
	harmless "$BATS_TEST_TMPDIR/text"
	harmless "$BATS_TEST_TMPDIR/stderr"
}

@test "a newline in a name forges no line of text output" {
	scan --format text "$FIXTURES/names/member-newline.eml"
	! grep -q '^X-Forged' <<<"$output" || fail forged
}

@test "names of inputs: control characters, invalid UTF-8, overrides" {
	local name
	for name in $'a\e[31mb' $'a\xff\xfeb' $'a\u202eb' $'a\nb' ' ' '-r' '"'; do
		cp "$FIXTURES/codes/eicar.eml" "$BATS_TEST_TMPDIR/$name"
	done
	cd "$BATS_TEST_TMPDIR"
	scan -- $'a\e[31mb' $'a\xff\xfeb' $'a\u202eb' $'a\nb' ' ' '-r' '"'
	is_infected Eicar-Test-Signature
	[ "$(wc -l <<<"$output")" -eq 7 ] || fail "lines"
	[ "$(jq -r '.name | @json' <<<"$output" | sed -n 2p)" = '"a��b"' ] || fail "invalid bytes are shown as U+FFFD"
	scan --format text -- $'a\e[31mb' $'a\xff\xfeb' $'a\u202eb' $'a\nb' ' ' '-r' '"'
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/text"
	harmless "$BATS_TEST_TMPDIR/text"
	scan -- $'missing\e[31m' $'missing\u202e'
	printf '%s\n' "$stderr" >"$BATS_TEST_TMPDIR/stderr"
	harmless "$BATS_TEST_TMPDIR/stderr"
}

@test "equal names get different ids, and each id can be asked for" {
	local id
	scan "$FIXTURES/names/same-members.eml" "$FIXTURES/names/same-long-members.eml" "$FIXTURES/clean/same-name-twice.eml"
	holds '[.parts[].id] | length == (unique | length)'
	scan "$FIXTURES/names/same-members.eml"
	while read -r id; do
		scan --part "$id" "$FIXTURES/names/same-members.eml"
		is '.status | test("^EC_AV_(CLEAN|INFECTED)$")' true
	done < <(value '.parts[].id | select(. != "0")')
}

@test "long names are cut, and no id is longer than can be asked for" {
	scan "$FIXTURES"/names/{member-long,member-long-utf8,attachment-long,same-long-members,long-path}.eml
	holds 'all(.parts[]; (.id | utf8bytelength) <= 1023 and ((.name // "") | utf8bytelength) <= 1023)'
}

@test "an id with hostile bytes in it selects its part" {
	local id
	scan "$FIXTURES/names/member-bidi.eml"
	id=$(value '.parts[-1].id')
	scan --part "$id" "$FIXTURES/names/member-bidi.eml"
	is_infected Csapi-Test-Body
}

@test "nothing is written where a member's name points" {
	scan "$FIXTURES"/names/member-{up,absolute,slashes,dots,backslash}.eml
	is_infected Csapi-Test-Body
	[ -z "$(find "$BATS_TEST_TMPDIR" -name '*passwd*' -o -name 'c.txt')" ] || fail "a file appeared"
	[ -z "$(ls -A "$base")" ] || fail "temporary files are left"
}
