#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown() { stop_scanner; }
teardown_file() { close_file; }

# Encrypted ZIP archives: opened by a list of passwords or by the words of their message, and never clean where nothing opens them.

P=passwords

# Infected in every document, and each infected member was opened from that source: opened SOURCE NUMBER
opened() {
	is_infected Eicar-Test-Signature
	[ "$(wc -l <<<"$output")" -ge "$2" ] || fail "fewer than $2 verdicts"
	holds 'any(.parts[]; .password == "'"$1"'")'
	[[ $output != *kX7-blau* ]] || fail "the word itself is shown"
}

@test "a list opens ZIP archives: the old encryption, AES, other methods, descriptors, nested, in others" {
	scan -r --passwords="$FIXTURES/$P/list.txt" "$FIXTURES/$P/archives"
	opened list 26
}

@test "without it, or with others, they are encrypted" {
	scan -r "$FIXTURES/$P/archives"
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
	scan -r --passwords="$FIXTURES/$P/wrong.txt" "$FIXTURES/$P/archives"
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
	holds 'all(.parts[]; has("password") | not)'
}

@test "ClamAV's format of passwords" {
	scan -r --passwords="$FIXTURES/$P/clamav.pwdb" "$FIXTURES/$P/archives"
	opened list 26
}

@test "the words of the message open its archive, in whatever language, form and order" {
	scan -r "$FIXTURES/$P/words"
	opened message 60
	# There the sender shows it to everybody.
	scan "$FIXTURES/$P/file-name.eml"
	is_infected Eicar-Test-Signature
	holds 'any(.parts[]; .password == "message")'
}

@test "what was opened and seen whole is clean" {
	scan -r --passwords="$FIXTURES/$P/list.txt" "$FIXTURES/$P/clean"
	is_clean
	holds 'all(.parts[] | select(.kind == "member"); .password == "list" and .route != "unseen" and .sha256 != null)'
	scan "$FIXTURES/$P/clean/words.eml"
	is_clean
	holds 'all(.parts[] | select(.kind == "member"); .password == "message")'
}

@test "one member that nothing opens is enough" {
	scan --passwords="$FIXTURES/$P/list.txt" "$FIXTURES/$P/partly.zip"
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
	holds '[.parts[] | select(.kind == "member") | [.name, .password, .route]] == [["a.txt", "list", "decomposer"], ["b.txt", null, "unseen"]]'
}

@test "a password that only seems right is none: the check sum tells" {
	scan --passwords="$FIXTURES/$P/collides.txt" "$FIXTURES/$P/collides.zip"
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
	scan --passwords="$FIXTURES/$P/list.txt" "$FIXTURES/$P/collides.zip"
	opened list 1
}

@test "what is opened does not hide what is not: ARJ beside it, ZIP in TNEF" {
	scan "$FIXTURES/$P"/{mixed,mixed-tnef,none}.eml
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
}

@test "7z and RAR stay closed, and are told so" {
	echo secret >"$BATS_TEST_TMPDIR/list"
	scan --passwords="$BATS_TEST_TMPDIR/list" "$FIXTURES"/codes/encrypted/content*.{7z,rar}
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
	scan --passwords="$BATS_TEST_TMPDIR/list" "$FIXTURES"/codes/encrypted/{zipcrypto,aes}.zip
	is_infected Eicar-Test-Signature
}

@test "limits hold for what is opened" {
	scan --passwords="$FIXTURES/$P/list.txt" --max-extract-size=100 "$FIXTURES/$P/clean/clean.zip"
	is_unscannable DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED
	scan --passwords="$FIXTURES/$P/list.txt" --max-file-count=1 "$FIXTURES/$P/clean/clean.zip"
	is_unscannable DEC_RESULT_MAXIMUM_FILES_EXTRACTED
}

@test "many passwords cost little" {
	local n
	for n in {1..600}; do echo "p$n"; done >"$BATS_TEST_TMPDIR/many"
	scan_within 9 --passwords="$BATS_TEST_TMPDIR/many" "$FIXTURES/$P"/archives/{zipcrypto,aes256,stored}.zip
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
}

@test "a file of passwords that cannot be taken is bad use" {
	scan --passwords="$BATS_TEST_TMPDIR/none" "$FIXTURES/$P/none.eml"
	is_error GEN_RESULT_PARAMETER_INVALID
	printf 'good\n\xff\xfe\n' >"$BATS_TEST_TMPDIR/bytes"
	scan --passwords="$BATS_TEST_TMPDIR/bytes" "$FIXTURES/$P/none.eml"
	is_error GEN_RESULT_PARAMETER_INVALID
	[[ $stderr == *"bytes:2: "* ]] || fail "the line is not named"
	head -c 5000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/long"
	scan --passwords="$BATS_TEST_TMPDIR/long" "$FIXTURES/$P/none.eml"
	is_error GEN_RESULT_PARAMETER_INVALID
	echo 'Name;0;9;word' >"$BATS_TEST_TMPDIR/a.pwdb"
	scan --passwords="$BATS_TEST_TMPDIR/a.pwdb" "$FIXTURES/$P/none.eml"
	is_error GEN_RESULT_PARAMETER_INVALID
	seq 10000 >"$BATS_TEST_TMPDIR/much"
	scan --passwords="$BATS_TEST_TMPDIR/much" "$FIXTURES/$P/none.eml"
	is_error GEN_RESULT_PARAMETER_INVALID
}

@test "lines for people tell how it was opened" {
	scan --format=text --all-parts "$FIXTURES/$P/clean/words.eml"
	[ "$status" -eq 0 ]
	[[ $output == *"2/a.zip/a.txt"*"EC_AV_CLEAN (a word of the message itself opened"* ]] || fail "not told"
}

# --- a scanner that stays ------------------------------------------------------------------------------------------

ask() {
	run --separate-stderr "$SCAN" --no-progress --socket="$socket" "$@"
	keep <<<"$output"
}

@test "a scanner that stays: its own list, that of the client, and a reload" {
	local list=$BATS_TEST_TMPDIR/list eicar=$FIXTURES/$P/archives/zipcrypto.zip
	echo infected >"$list"
	start_scanner --passwords="$list"
	ask "$eicar"
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
	ask --passwords="$FIXTURES/$P/list.txt" "$eicar"
	opened list 1
	# What the client's list opened is not kept for others.
	ask "$eicar"
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
	cp "$FIXTURES/$P/list.txt" "$list"
	run -0 "$BUILD/csapi-scanner" reload --socket="$socket"
	ask "$eicar"
	opened list 1
	# One that cannot be read leaves what there is.
	printf '\xff\n' >"$list"
	run -0 "$BUILD/csapi-scanner" reload --socket="$socket"
	ask "$eicar"
	opened list 1
	grep -q 'the passwords stay as they were' "$scanner_log"
	stop_scanner
}

@test "a scanner whose list cannot be read does not start" {
	run "$BUILD/csapi-scanner" --listen="$BATS_TEST_TMPDIR/s" --definitions="$DEFINITIONS" --passwords="$BATS_TEST_TMPDIR/none"
	[ "$status" -eq 2 ]
	[[ $output == *"cannot read the passwords in"* ]] || fail "not said"
}

@test "the configuration names a list, for a private scanner too" {
	cat >"$BATS_TEST_TMPDIR/conf" <<-END
		antivirus "a" { csapi "csapi" { max_concurrency = 1 passwords = "$FIXTURES/$P/list.txt" } }
	END
	scan --config="$BATS_TEST_TMPDIR/conf" "$FIXTURES/$P/archives/aes256.zip"
	opened list 1
	echo 'antivirus "a" { csapi "csapi" { passwords = "list.txt" } }' >"$BATS_TEST_TMPDIR/conf"
	scan --config="$BATS_TEST_TMPDIR/conf" "$FIXTURES/$P/archives/aes256.zip"
	is_error GEN_RESULT_POLICY_INVALID
}
