#!/usr/bin/env bats
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
	spare=
}

teardown() {
	[ -z "$spare" ] || ! alive "$spare" || kill -KILL "$spare"
}

# csapi-scan and a scanner that runs: the verdicts are those of a private one, it is found, and losing it costs no verdict.

# Asks the scanner that runs: ask ARGUMENT...
ask() {
	run --separate-stderr "$SCAN" --no-progress --socket="$socket" "$@"
	keep <<<"$output"
}

# Looks for a scanner at PATH and takes a private one where there is none: look PATH ARGUMENT...
look() {
	local path=$1
	shift
	CSAPI_SOCKET=$path run --separate-stderr "$SCAN" --no-progress "$@"
	keep <<<"$output"
}

# Messages that the scanner that runs has checked.
checked() {
	"$BUILD/csapi-scanner" stats --socket="$socket" --format=json | jq .messages_checked
}

# Every fixture whose verdict does not hang on time or memory, by name.
fixtures() {
	find "$FIXTURES" -type f ! -path '*/bombs/*' ! -name stamp -print0 | sort -z
}

# Both ways with the same arguments and the same standard input give the same, times aside: same_both_ways ARGUMENT...
same_both_ways() {
	local one=$BATS_TEST_TMPDIR/private two=$BATS_TEST_TMPDIR/resident one_status=0 two_status=0
	tee "$BATS_TEST_TMPDIR/in" | "$SCAN" --no-progress --definitions="$DEFINITIONS" --timeout=60 "$@" >"$one" 2>"$one.err" ||
		one_status=$?
	"$SCAN" --no-progress --socket="$socket" "$@" <"$BATS_TEST_TMPDIR/in" >"$two" 2>"$two.err" || two_status=$?
	[ "$one_status" -eq "$two_status" ] || fail "exit status $two_status instead of $one_status"
	[ -s "$one" ] || fail "nothing was written"
	cat "$one" "$two" | keep
	without_times "$one" >"$one.same"
	without_times "$two" >"$two.same"
	cmp "$one.same" "$two.same" || fail "$(diff "$one.same" "$two.same" | cut -c 1-1000 | head -n 20)"
	cmp "$one.err" "$two.err" || fail "$(diff "$one.err" "$two.err" | head -n 20)"
}

# The values of `times` are replaced where they stand, so that every other byte counts.
without_times() {
	sed -E 's/"times":\{[^}]*\}/"times":{}/' "$1"
}

@test "over the whole fixture set the documents are the same, byte for byte, times aside" {
	fixtures >"$BATS_TEST_TMPDIR/names"
	[ "$(tr -cd '\0' <"$BATS_TEST_TMPDIR/names" | wc -c)" -gt 300 ] || fail "where are the fixtures?"
	local before
	before=$(checked)
	same_both_ways --files0-from="$BATS_TEST_TMPDIR/names" </dev/null
	[ "$(wc -l <"$BATS_TEST_TMPDIR/resident")" -eq "$(tr -cd '\0' <"$BATS_TEST_TMPDIR/names" | wc -c)" ] || fail "some are missing"
	[ $(($(checked) - before)) -eq "$(wc -l <"$BATS_TEST_TMPDIR/resident")" ] || fail "it was not the scanner that runs"
}

@test "so is the text, and so are the exit statuses, single parts and the wire form" {
	# The documents were the same over all of them; the text is made of the same, so some will do.
	fixtures | sed -z -n '1~5p' >"$BATS_TEST_TMPDIR/names"
	same_both_ways --format=text --all-parts --files0-from="$BATS_TEST_TMPDIR/names" </dev/null
	local name
	for name in clean/plain.eml codes/eicar.eml codes/encrypted/zipcrypto.zip.eml; do
		same_both_ways <"$FIXTURES/$name"
	done
	same_both_ways /none </dev/null
	same_both_ways --part=2/eicar.zip/eicar.com "$FIXTURES/codes/eicar.eml" </dev/null
	same_both_ways --part=7 "$FIXTURES/codes/eicar.eml" </dev/null
	same_both_ways --part=1 "$FIXTURES/clean/mixed-related.eml" </dev/null
	same_both_ways --wire "$FIXTURES/mime/dot-stuffed.wire" "$FIXTURES/mime/dotted-uuencode.wire" </dev/null
	same_both_ways --first-threat "$FIXTURES/codes/eicar.eml" </dev/null
	same_both_ways --max-extract-depth=1 --max-file-count=3 --max-extract-size=1000 "$FIXTURES"/formats/*.eml </dev/null
}

@test "a scanner that runs is found, and where none runs a private one does the same" {
	local before
	before=$(checked)
	look "$socket" "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
	[ "$(checked)" -eq $((before + 1)) ] || fail "it was not asked"
	look "$BATS_TEST_TMPDIR/none" "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
	[ -z "$stderr" ] || fail "a word about it: $stderr"
	touch "$BATS_TEST_TMPDIR/file"
	look "$BATS_TEST_TMPDIR/file" "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
	[ "$(checked)" -eq $((before + 1)) ] || fail "it was asked all the same"
}

@test "--private, and what only a private scanner can follow, leave the one that runs alone" {
	local before
	before=$(checked)
	look "$socket" --private "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
	look "$socket" --definitions="$DEFINITIONS" "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
	look "$socket" --file-base="$BATS_TEST_TMPDIR" "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
	look "$socket" --scanner-path="$BUILD/csapi-scanner" "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
	[ "$(checked)" -eq "$before" ] || fail "it was asked"
}

@test "--socket: that scanner or none" {
	look "$socket" --socket="$BATS_TEST_TMPDIR/none" "$FIXTURES/codes/eicar.eml" "$FIXTURES/clean/plain.eml"
	is_error GEN_RESULT_SCANNER_NOT_INITIALIZED
	[ "$(wc -l <<<"$output")" -eq 2 ] || fail "not one verdict for each"
	holds '.info | contains("none: No such file")'
	[[ $stderr == *--socket* ]] || fail "no word on what to do: $stderr"
	local option
	for option in --private "--definitions=$DEFINITIONS" --file-base=/tmp --scanner-path=/bin/true; do
		ask "$option" "$FIXTURES/clean/plain.eml"
		is_error GEN_RESULT_POLICY_INVALID
	done
}

@test "limits: tighter ones go along, looser ones need a private scanner" {
	local before
	before=$(checked)
	look "$socket" --max-extract-depth=3 "$FIXTURES/clean/plain.eml"
	is_clean
	is .limits.max_extract_depth 3
	[ "$(checked)" -eq $((before + 1)) ] || fail "it was not asked"
	look "$socket" --max-extract-depth=50 "$FIXTURES/clean/plain.eml"
	is_clean
	is .limits.max_extract_depth 50
	[ "$(checked)" -eq $((before + 1)) ] || fail "it was asked"
	ask --max-extract-depth=50 "$FIXTURES/clean/plain.eml"
	is_error DEC_RESULT_POLICY_INVALID
	holds '.info | contains("looser than the scanner")'
}

@test "the verdicts come in the order of the inputs, whatever -j says" {
	local names=("$FIXTURES"/clean/*.eml) jobs
	for jobs in 1 2 7 auto; do
		ask -j "$jobs" "${names[@]}"
		is_clean
		[ "$(jq -r .name <<<"$output")" = "$(printf '%s\n' "${names[@]}")" ] || fail "order with -j $jobs"
	done
}

@test "--self-test asks the scanner that runs" {
	local before
	before=$(checked)
	run -0 --separate-stderr "$SCAN" --self-test --socket="$socket"
	[ "$(checked)" -eq $((before + 3)) ] || fail "it was not asked"
}

# A scanner of its own for a test that ends it: spare_scanner. Leaves $spare and $spare_socket.
spare_scanner() {
	spare_socket=$BATS_TEST_TMPDIR/s
	mkdir -p "$BATS_TEST_TMPDIR/spare"
	! as_root || chmod a+x "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/spare"
	! sanitized || set -- --isolation=degrade "$@"
	CSAPI_FAULT=stop LD_PRELOAD=$BUILD/test/preload/fault.so "$BUILD/csapi-scanner" --listen="$spare_socket" \
		--definitions="$DEFINITIONS" --file-base="$BATS_TEST_TMPDIR/spare" --timeout=60 -j 2 "$@" \
		>"$BATS_TEST_TMPDIR/spare.log" 2>&1 3>&- &
	spare=$!
	local _
	for _ in {1..400}; do
		"$BUILD/csapi-scanner" ping --socket="$spare_socket" >/dev/null 2>&1 && return 0
		sleep 0.025
	done
	fail "no scanner: $(<"$BATS_TEST_TMPDIR/spare.log")"
}

# Begins a scan whose workers stop in the middle, and kills the scanner then: lose_scanner ARGUMENT...
lose_scanner() {
	local _ client
	CSAPI_SOCKET=$spare_socket "$SCAN" --no-progress "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	client=$!
	for _ in {1..400}; do
		[ -z "$(scanner=$spare scanner_workers T)" ] || break
		sleep 0.025
	done
	[ -n "$(scanner=$spare scanner_workers T)" ] || fail "no worker stopped"
	kill -KILL "$spare"
	status=0
	wait "$client" || status=$?
	output=$(<"$BATS_TEST_TMPDIR/out")
	stderr=$(<"$BATS_TEST_TMPDIR/err")
	keep <<<"$output"
}

@test "the scanner that runs is killed in the middle: a private one gives every verdict" {
	spare_scanner
	lose_scanner "$FIXTURES/clean/plain.eml" "$FIXTURES/codes/trigger.eml" "$FIXTURES/codes/eicar.eml" "$FIXTURES/clean/png.eml"
	[ "$status" -eq 1 ] || fail "exit status"
	[ "$(jq -r .name <<<"$output" | xargs -n 1 basename | xargs)" = "plain.eml trigger.eml eicar.eml png.eml" ] || fail "order"
	[ "$(jq -r .status <<<"$output" | sort | uniq -c | xargs)" = "3 EC_AV_CLEAN 1 EC_AV_INFECTED" ] || fail "verdicts"
	[ -z "$stderr" ] || fail "a word about it: $stderr"
}

@test "the same with --socket: an honest error for what was not answered" {
	spare_scanner
	lose_scanner --socket="$spare_socket" "$FIXTURES/codes/trigger.eml"
	is_error GEN_RESULT_SCANNER_NOT_INITIALIZED
}

@test "clients that are put out while they are quiet come again" {
	# A name now and then: the scanner is started again between two of them.
	spare_scanner
	{
		printf '%s\0' "$FIXTURES/clean/plain.eml"
		sleep 0.5
		"$BUILD/csapi-scanner" stop --socket="$spare_socket" >/dev/null 2>&1
		spare_scanner >&2
		printf '%s\0' "$FIXTURES/codes/eicar.eml"
		sleep 0.5
		"$BUILD/csapi-scanner" stats --socket="$spare_socket" --format=json >"$BATS_TEST_TMPDIR/stats"
		"$BUILD/csapi-scanner" stop --socket="$spare_socket" >/dev/null 2>&1
	} 3>&- | CSAPI_SOCKET=$spare_socket "$SCAN" --no-progress --files0-from=- >"$BATS_TEST_TMPDIR/out" || status=$?
	output=$(<"$BATS_TEST_TMPDIR/out")
	keep <<<"$output"
	[ "$(jq -r .status <<<"$output" | xargs)" = "EC_AV_CLEAN EC_AV_INFECTED" ] || fail "verdicts"
	[ "$(jq .messages_checked "$BATS_TEST_TMPDIR/stats")" -eq 1 ] || fail "the second scanner was not asked"
}

@test "a verdict does not wait for the next name, nor for an input that is slow to come" {
	coproc scanner { "$SCAN" --private --no-progress --files0-from=- 2>/dev/null; }
	local line name
	for name in clean/plain.eml codes/eicar.eml clean/png.eml; do
		printf '%s\0' "$FIXTURES/$name" >&"${scanner[1]}"
		read -r -t 20 line <&"${scanner[0]}" || fail "no verdict about $name"
		[ "$(jq -r .name <<<"$line")" = "$FIXTURES/$name" ] || fail "not about $name"
	done
	eval "exec ${scanner[1]}>&-"
	wait "$scanner_PID" || true
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	"$SCAN" --private --no-progress "$FIXTURES/codes/eicar.eml" - <"$BATS_TEST_TMPDIR/fifo" >"$BATS_TEST_TMPDIR/out" 3>&- &
	local client=$! _
	exec 8>"$BATS_TEST_TMPDIR/fifo"
	for _ in {1..400}; do
		[ ! -s "$BATS_TEST_TMPDIR/out" ] || break
		sleep 0.05
	done
	[ "$(jq -r .status "$BATS_TEST_TMPDIR/out")" = EC_AV_INFECTED ] || fail "no verdict while the input was awaited"
	printf 'Subject: x\r\n\r\nx\r\n' >&8
	exec 8>&-
	wait "$client" || true
	[ "$(jq -r .status "$BATS_TEST_TMPDIR/out" | xargs)" = "EC_AV_INFECTED EC_AV_CLEAN" ] || fail "the last verdict"
}
