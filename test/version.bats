#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash

# csapi-version: what is on disk, what the scanner has, whether that is up to date, and the exit status for monitoring. Sets are made here by hand, as csapi-update
# leaves them; what an update itself leads to is in its own tests.

setup_file() {
	open_file
	: >"$BATS_FILE_TMPDIR/versions"
}

# Every document of this file obeys the schema.
teardown_file() {
	/usr/bin/python3 -c 'import json, jsonschema, sys
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
lines = open(sys.argv[2], encoding="ascii").read().splitlines()
assert lines
for line in lines:
    for error in validator.iter_errors(json.loads(line)):
        sys.exit(f"{error.message[:300]} in {line[:2000]}")' "$ROOT/share/schema/version-1.schema.json" "$BATS_FILE_TMPDIR/versions"
}

setup() {
	place=$BATS_TEST_TMPDIR
	store=$place/store
	export CSAPI_CONFIG=$place/csapi.conf
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$place"
	configure
	busy= mirrors=()
}

teardown() {
	stop_mirrors
	[ -z "$busy" ] || kill "$busy" 2>/dev/null || true
	[ -z "${scanner-}" ] || kill -CONT "$scanner" 2>/dev/null || true
	stop_scanner
}

# configure [LINE]...: a configuration whose store is $store, and which keeps "daily" alone.
configure() {
	{
		echo "update {"
		echo "	directory = \"$store\""
		echo '	databases = {"daily"}'
		echo '	mirrors = {"https://one.example"}'
		[ $# -eq 0 ] || printf '\t%s\n' "$@"
		echo "}"
	} >"$CSAPI_CONFIG"
}

# version ARGUMENT...
version() {
	run --separate-stderr "$BUILD/csapi-version" "$@"
	grep -a '^{' <<<"$output" >>"$BATS_FILE_TMPDIR/versions" || true
}

# The word and the sentence about the definitions in $store, and the exit status: says STATUS WORD TEXT ARGUMENT...
says() {
	local wanted=$1 word=$2 text=$3
	shift 3
	version "$@"
	[ "$status" -eq "$wanted" ] || fail "not $wanted"
	is .currency "$word"
	[[ $(value .text) == $text ]] || fail "the text is '$(value .text)'"
	version --format=text "$@"
	[ "$status" -eq "$wanted" ] || fail "not $wanted with --format=text"
	[ "${#lines[@]}" -eq 4 ] || fail "not four lines"
	[[ ${lines[3]} == $text ]] || fail "the fourth line"
}

at() { # WHEN: as date -d takes it, as documents have it
	date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ
}

# head_of FILE VERSION SIGNATURES WHEN: what begins as a database does
head_of() {
	printf 'ClamAV-VDB:%s:%s:%s:90:%032d:x:tester:%s' "$(date -u -d "$4" '+%d %b %Y %H-%M %z')" "$2" "$3" 0 "$(date -u -d "$4" +%s)" |
		/usr/bin/python3 -c 'import sys; sys.stdout.write(sys.stdin.read().ljust(512) + "x" * 100)' >"$1"
}

# A set in the store as csapi-update leaves it, in use: make_set ID VERSION WHEN [FILE]...: daily.cld, and files without a signature
make_set() {
	local id=$1 number=$2 built=$3 set=$store/versions/$1 file files=
	shift 3
	mkdir -p "$set"
	[ "$number" -eq 0 ] || head_of "$set/daily.cld" "$number" 2000000 "$built"
	for file in "$@"; do
		cp "$file" "$set/"
		touch -d "$built" "$set/${file##*/}"
	done
	for file in "$set"/*; do
		[ "${file##*/}" != manifest.json ] || continue
		files+=$(jq -cn --arg name "${file##*/}" --argjson size "$(stat -c %s "$file")" --arg sha256 "$(sha256sum <"$file" | cut -d ' ' -f 1)" \
			--argjson number "$number" --arg built "$(at "$built")" '{name: $name, size: $size, sha256: $sha256, built: $built,
			fault: null, level: 90, source: "https://one.example"} +
			if $name == "daily.cld" then {trust: "signed", version: $number, signatures: 2000000}
			else {trust: "unsigned", version: 0, signatures: 3} end')
	done
	jq -cs --arg id "$id" --arg now "$(at now)" \
		'{version: "1.0", id: $id, created: $now, tested_with: "ClamAV 1.4.6", finds_eicar: true, files: .}' <<<"$files" >"$set/manifest.json"
	ln -sfn "versions/$id" "$store/current"
}

# What the last run left: remember CHECKED REMOTE [OUTCOME [RETRY_AT [TEXT]]]; CHECKED "" is never
remember() {
	jq -cn --arg checked "${1:+$(at "$1")}" --argjson remote "$2" --arg outcome "${3:-current}" --arg retry "${4:+$(at "$4")}" --arg text "${5-}" \
		--arg now "$(at now)" '{version: "1.0", tried: $now, checked: (if $checked == "" then null else $checked end), updated: $now,
		outcome: $outcome, text: $text, mirrors: (if $retry == "" then [] else [{url: "https://one.example", retry_at: $retry}] end),
		sources: [{name: "daily", remote: $remote, changed: null, etag: null, url: null, refused: 0}], refused: []}' >"$store/state.json"
}

@test "the definitions that come with csapi are none" {
	[ ! -e /var/lib/csapi/definitions/current ] && ! compgen -G '/var/lib/clamav/*.c[vl]d' >/dev/null || skip "there are definitions on this machine"
	says 0 no_definitions "No definitions, only the test set that comes with csapi"
	[ "${lines[2]}" = "AV definitions version: none" ] || fail "the third line"
	version
	is .definitions.shipped true
	is .updates null
	is .scanner.running false
	version --max-age=3650
	[ "$status" -eq 1 ] || fail "not 1"
	[ "$stderr" = "csapi-version: there are no definitions; run csapi-update" ] || fail "the line"
	is .max_age.exceeded true
}

@test "the four lines, and all that is behind them" {
	make_set 20261120.27000-1 27000 '2 days ago' "$DEFINITIONS/csapi-test.ndb"
	remember '1 hour ago' 27000
	says 0 up_to_date "Up to date"
	[[ ${lines[0]} =~ ^"DEC scanner version number: libarchive "[0-9.]+", GMime "[0-9.]+$ ]] || fail "the first line"
	[[ ${lines[1]} =~ ^"AV scanner version number: ClamAV "[0-9.]+$ ]] || fail "the second line"
	[ "${lines[2]}" = "AV definitions version: $(date -u -d '2 days ago' +%Y%m%d).27000" ] || fail "the third line"
	[ -z "$stderr" ] || fail "a line for people"
	version
	[ "${#lines[@]}" -eq 1 ] || fail "not one line"
	is .versions.csapi "$("$SCAN" --version | cut -d ' ' -f 2)"
	is .trouble null
	is .definitions.directory "$(realpath "$store")/versions/20261120.27000-1"
	is .definitions.store "$(realpath "$store")"
	is .definitions.set 20261120.27000-1
	is '.definitions | [.age_days, .signatures, .basis, .tested_with, .finds_eicar, .shipped, .fault] | tostring' \
		'[2,2000003,"manifest","ClamAV 1.4.6",true,false,null]'
	is '.definitions.files | map(.name + " " + .trust) | tostring' '["csapi-test.ndb unsigned","daily.cld signed"]'
	is '.updates | [.directory, .outcome, .behind, .retry_at] | tostring' "[\"$(realpath "$store")\",\"current\",false,null]"
	is .scanner.running false
	is .max_age null
	version --format=text -v
	[[ $output == *"daily.cld: signed, version 27000, built "*", 2000000 signatures, "*" from https://one.example"* ]] || fail "the database"
	[[ $output == *"tested with ClamAV 1.4.6, which found the EICAR test file"* ]] || fail "the test"
	[[ $output == *"scanner        none runs"* ]] || fail "the scanner"
}

@test "why they are not up to date" {
	says 0 no_definitions "No definitions*"
	make_set 1 27000 '2 days ago'
	says 0 not_checked "Never checked for updates"
	remember '25 hours ago' 27000
	says 0 not_checked "Not checked since $(at '25 hours ago' | cut -c 1-14)*"
	remember '25 hours ago' 27000 rate_limited '2 hours'
	says 0 rate_limited "Rate limited until $(at '2 hours' | cut -c 1-14)*, not checked since *"
	remember '' 27000 rate_limited '20 days'
	says 0 not_checked "Never checked for updates"
	remember '1 hour ago' 27001
	says 0 update_available "Update available"
	remember '1 hour ago' 27000
	make_set 2 27000 '9 days ago'
	says 0 out_of_date "Out of date: 9 days old"
	configure 'max_age = 10'
	says 0 up_to_date "Up to date"
	configure 'max_age = 10' 'update_interval = 600'
	says 0 not_checked "Not checked since *"
	configure 'max_age = 10' 'databases += {"main"}'
	says 0 not_checked "Never checked for updates"
	configure 'max_age = 10' 'mirrors += {"https://two.example"}'
	remember '25 hours ago' 27000 rate_limited '2 hours'
	says 0 not_checked "Not checked since *"
}

@test "clocks that are wrong make nothing up to date" {
	make_set 1 27000 '3 days'
	remember '1 hour ago' 27000
	says 0 out_of_date "Out of date: built in the future, so some clock is wrong"
	make_set 2 27000 '2 days ago'
	remember '3 days' 27000
	says 0 not_checked "Last checked in the future, so some clock is wrong"
}

@test "files that are not those that went live" {
	make_set 1 27000 '2 days ago'
	remember '1 hour ago' 27000
	echo >>"$store/versions/1/daily.cld"
	says 0 broken "Broken: daily.cld is not as it was when it was verified"
	make_set 1 27000 '2 days ago'
	cp "$DEFINITIONS/csapi-test.ndb" "$store/versions/1/"
	says 0 broken "Broken: csapi-test.ndb is not one of its files"
	make_set 2 27000 '2 days ago'
	rm "$store/versions/2/daily.cld"
	says 0 broken "Broken: some of its files are missing"
	make_set 3 27000 '2 days ago'
	cp "$store/versions/2/manifest.json" "$store/versions/3/"
	says 0 broken "Broken: the manifest is that of another set"
	echo "{" >"$store/versions/3/manifest.json"
	says 0 broken "Broken: the manifest of the set is damaged"
	rm "$store/versions/3/manifest.json"
	says 0 broken "Broken: the manifest of the set is missing"
	version --max-age=10
	[ "$status" -eq 1 ] || fail "not 1"
	[ "$stderr" = "csapi-version: the definitions are broken; run csapi-update" ] || fail "the line"
	make_set 4 27000 '2 days ago'
	echo "nonsense" >"$store/state.json"
	says 0 not_checked "Never checked for updates"
	version
	is .updates.text "state.json is damaged"
}

@test "--verify looks at the bytes" {
	local set=$store/versions/1
	make_set 1 0 '2 days ago' "$DEFINITIONS/csapi-test.ndb"
	version --verify
	[ "$status" -eq 0 ] || fail "not good"
	is .definitions.basis verified
	is '.definitions.files[0] | [.trust, .signatures, .source] | tostring' '["unsigned",3,"https://one.example"]'
	# The same size, and other bytes: nothing but the sum tells.
	sed -i 's/6/7/' "$set/csapi-test.ndb"
	version
	is .currency not_checked
	says 2 broken "Broken: csapi-test.ndb is not the file that was verified when it went live" --verify
	[[ $stderr == "csapi-version: the definitions are broken: csapi-test.ndb"*"run csapi-update" ]] || fail "the line"
	[ -z "$(ls -A "${TMPDIR:-/tmp}" | grep '^csapi-version')" ] || fail "files were left"
}

@test "--verify knows ClamAV's signatures" {
	test_databases
	mkdir "$place/set"
	cp "$TEST_DATABASES/test-5.cvd" "$place/set/test.cvd"
	version --definitions="$place/set"
	is '.definitions | [.basis, .signatures, .files[0].trust, .files[0].version] | tostring' '["heads",13,"unchecked",5]'
	version --definitions="$place/set" --verify
	[ "$status" -eq 0 ] || fail "not good"
	is '.definitions | [.basis, .signatures, .files[0].trust, .files[0].version] | tostring' '["verified",13,"signed",5]'
	printf X | dd of="$place/set/test.cvd" bs=1 seek=5000 conv=notrunc status=none
	version --definitions="$place/set"
	is .currency out_of_date
	says 2 broken "Broken: test.cvd*" --definitions="$place/set" --verify
}

@test "a directory of somebody else's: what the heads say, and no more" {
	mkdir "$place/clamav"
	head_of "$place/clamav/daily.cvd" 27123 2000000 '2 days ago'
	head_of "$place/clamav/main.cvd" 62 6000000 '900 days ago'
	: >"$place/clamav/freshclam.dat"
	says 0 not_checked "Never checked for updates" --definitions="$place/clamav"
	version --definitions="$place/clamav"
	is '.definitions | [.version, .age_days, .signatures, .basis, .store] | tostring' \
		"[\"$(date -u -d '2 days ago' +%Y%m%d).27123\",2,8000000,\"heads\",null]"
	is '[.definitions.files[].trust] | unique | tostring' '["unchecked"]'
	version --definitions="$place/clamav" --max-age=3
	[ "$status" -eq 0 ] || fail "too old"
	version --definitions="$place/clamav" --max-age=1
	[ "$status" -eq 1 ] || fail "not too old"
	echo "no database" >"$place/clamav/bytecode.cvd"
	says 0 broken "Broken: bytecode.cvd does not begin as a database does" --definitions="$place/clamav"
}

@test "what means harm does none" {
	mkdir "$place/evil"
	cp "$DEFINITIONS/csapi-test.ndb" "$place/evil/$(printf '\033[31m\a\342\200\256\377.ndb')"
	head -c 100000 /dev/urandom >"$place/evil/random.cvd"
	mkfifo "$place/evil/pipe.ndb"
	ln -s loop.ndb "$place/evil/loop.ndb"
	mkdir "$place/evil/directory.cvd"
	: >"$place/evil/empty.cld"
	version --definitions="$place/evil" --max-age=1
	is '.definitions.files | length' 3
	LC_ALL=C grep -q '[^[:print:]]' <<<"$output" && fail "raw bytes in the document"
	version --definitions="$place/evil" --format=text -v
	LC_ALL=C grep -q '[^[:print:]]' <<<"$output" && fail "raw bytes in the lines"
	[[ $output == *'\u{1b}[31m'* ]] || fail "the name is not shown"
	cp "$DEFINITIONS/csapi-test.ndb" "$place/evil/$(printf '%0200d' 0).ndb"
	says 0 broken "Broken: *" --definitions="$place/evil"
	says 0 no_definitions "No definitions: the directory cannot be read: No such file or directory" --definitions="$place/missing"
	mkdir "$place/empty"
	says 0 no_definitions "No definitions" --definitions="$place/empty"
}

@test "the link of a store leads anywhere" {
	make_set 1 27000 '2 days ago'
	remember '1 hour ago' 27000
	ln -sfn versions/none "$store/current"
	version
	[ "$status" -eq 0 ] || fail "status"
	holds '.currency != "up_to_date"'
	ln -sfn / "$store/current"
	version
	holds '.currency != "up_to_date"'
	ln -sfn current "$store/current"
	version
	holds '.currency != "up_to_date"'
}

@test "who may only read is told the same" {
	make_set 1 27000 '2 days ago'
	remember '1 hour ago' 27000
	: >"$store/lock"
	chmod -R a-w "$store"
	without_override "$BUILD/csapi-version" --format=text >"$place/out"
	[ "$(tail -n 1 "$place/out")" = "Up to date" ] || fail "$(cat "$place/out")"
	# An update at work holds that lock for itself.
	exec 8<"$store/lock"
	flock -x 8
	without_override timeout 20 "$BUILD/csapi-version" --format=text >"$place/out" 8>&-
	exec 8>&-
	[ "$(tail -n 1 "$place/out")" = "Up to date" ] || fail "$(cat "$place/out")"
	chmod -R u+w "$store"
	# A set that must not be looked into.
	chmod 0 "$store/versions/1"
	run without_override "$BUILD/csapi-version"
	chmod 755 "$store/versions/1"
	[ "$status" -eq 0 ] || fail "status"
	holds '.currency != "up_to_date"'
}

# update STATUS [OPTION]...
update() {
	local wanted=$1
	shift
	run --separate-stderr "$BUILD/csapi-update" --quiet "$@"
	[ "$status" -eq "$wanted" ] || fail "csapi-update ended with $status and not $wanted"
}

@test "after real updates: each word when it is so, and not before" {
	[ -x "$BUILD/csapi-update" ] || skip "csapi-update is not built"
	unset http_proxy https_proxy all_proxy no_proxy
	start_mirror
	mirror_version 4
	# ClamAV's test databases were built in 2021.
	local mine=('databases = {"test"}' "private_mirrors = {\"$mirror\"}" 'max_age = 3650')
	configure "${mine[@]}"
	says 0 no_definitions "No definitions*"
	update 0
	says 0 up_to_date "Up to date"
	version --verify
	[ "$status" -eq 0 ] || fail "broken"
	is '.definitions.files[0] | [.name, .version, .trust] | tostring' '["test.cvd",4,"signed"]'
	configure "${mine[@]:0:2}"
	says 0 out_of_date "Out of date: * days old"
	configure "${mine[@]}"
	start_scanner --definitions="$store"
	configure "${mine[@]}" "socket = \"$socket\""
	says 0 up_to_date "Up to date"
	version
	is .scanner.same true
	# The mirror has more: known from the moment that somebody asks.
	mirror_version 6
	says 0 up_to_date "Up to date"
	update 0 --check
	says 0 update_available "Update available"
	fault '{"do": "status", "status": 429, "retry_after": "3600"}'
	update 4
	says 0 update_available "Update available, rate limited until *"
	fault
	update 0 --force
	says 0 up_to_date "Up to date"
	version --verify
	is '[.scanner.same, .scanner.generation] | tostring' '[true,2]'
	is '.definitions.files[0] | [.version, .trust] | tostring' '[6,"signed"]'
	version --max-age=3650
	[ "$status" -eq 0 ] || fail "too old"
	version --max-age=7
	[ "$status" -eq 1 ] || fail "young"
	update 0 --rollback
	says 0 update_available "Update available*"
}

@test "the first update is put off, or nobody is reached" {
	[ -x "$BUILD/csapi-update" ] || skip "csapi-update is not built"
	unset http_proxy https_proxy all_proxy no_proxy
	start_mirror
	configure 'databases = {"test"}' "private_mirrors = {\"$mirror\"}" 'max_age = 3650'
	update 0
	# Later, as the clock of state.json has it.
	jq -c ".checked = \"$(at '2 days ago')\"" "$store/state.json" >"$place/state.json"
	cp "$place/state.json" "$store/state.json"
	says 0 not_checked "Not checked since *"
	fault '{"do": "status", "status": 429, "retry_after": "3600"}'
	update 4
	says 0 rate_limited "Rate limited until *, not checked since *"
	stop_mirrors
	cp "$place/state.json" "$store/state.json"
	update 5
	says 0 not_checked "Not checked since *"
	version
	is .updates.outcome unreachable
}

# A store with a set that a scanner can load, and a scanner with it.
serve_store() {
	make_set 1 0 '2 days ago' "$DEFINITIONS"/csapi-test.?db
	configure 'databases = {}'
	remember '1 hour ago' 0
	start_scanner --definitions="$store" "$@"
}

@test "the scanner that runs, and what it has loaded" {
	serve_store
	says 0 up_to_date "Up to date" --socket="$socket"
	version --socket="$socket"
	is '.scanner | [.running, .answers, .state, .same, .generation, .pid] | tostring' "[true,true,\"ready\",true,1,$scanner]"
	is .scanner.definitions.source "$(value .definitions.directory)"
	is .scanner.definitions.version "$(value .definitions.version)"
	# A new set goes live, and nobody tells the scanner.
	make_set 2 0 '1 day ago' "$DEFINITIONS"/csapi-test.?db
	says 0 scanner_behind "The scanner uses other definitions" --socket="$socket"
	version --socket="$socket" --max-age=1d12h
	[ "$status" -eq 2 ] || fail "no age, and taken for one"
	version --socket="$socket" --max-age=36h
	[ "$status" -eq 1 ] || fail "the scanner's are too old"
	[[ $stderr == "csapi-version: the definitions are 2 days"*"more than the 1 day 12 hours that --max-age allows"* ]] || fail "the line"
	version --no-scanner --max-age=36h
	[ "$status" -eq 0 ] || fail "without the scanner they are young"
	is .scanner null
	version --socket="$socket" --format=text -v
	[[ $output == *"USES OTHER DEFINITIONS: "* ]] || fail "not said"
	"$BUILD/csapi-scanner" reload --socket="$socket" >/dev/null
	says 0 up_to_date "Up to date" --socket="$socket" --max-age=36h
	CSAPI_SOCKET=$socket version
	is .scanner.same true
}

@test "a directory that is changed in place below the scanner" {
	mkdir "$place/own"
	cp -p "$DEFINITIONS"/csapi-test.?db "$place/own/"
	start_scanner --definitions="$place/own"
	version --socket="$socket" --definitions="$place/own"
	is .scanner.same true
	touch -d '1 minute' "$place/own/csapi-test.ndb"
	version --socket="$socket" --definitions="$place/own"
	is .scanner.same false
}

@test "a scanner that is stopped gives no answer, and costs some seconds" {
	serve_store
	kill -STOP "$scanner"
	local begin=$SECONDS
	version --socket="$socket"
	[ $((SECONDS - begin)) -le 10 ] || fail "it took $((SECONDS - begin)) s"
	[ "$status" -eq 0 ] || fail "status"
	is .currency scanner_behind
	is '.scanner | [.running, .answers] | tostring' '[true,false]'
	holds '.text | contains("gives no answer")'
	version --socket="$socket" --max-age=3
	[ "$status" -eq 1 ] || fail "not 1"
	version --no-scanner --max-age=3
	[ "$status" -eq 0 ] || fail "not asked, and missed"
	kill -CONT "$scanner"
	says 0 up_to_date "Up to date" --socket="$socket"
}

@test "under full load it answers, and no message is hurt" {
	serve_store -j 2
	"$BUILD/test/helper/load" --patience=600 --until="$place/until" --clients=20 --mix=clean,infected "$socket" >"$place/load" 2>&1 3>&- &
	busy=$!
	local n
	for n in {1..20}; do
		version --socket="$socket"
		[ "$status" -eq 0 ] || fail "status"
		is .currency up_to_date
	done
	alive "$busy" || fail "the load ended: $(cat "$place/load")"
	touch "$place/until"
	wait "$busy"
	busy=
	output=$(<"$place/load")
	is '.answered > 20' true
	is '[.kinds[] | select(.right != .asked)] | length' 0
}

@test "something else answers at the socket, or nothing does" {
	make_set 1 27000 '2 days ago'
	remember '1 hour ago' 27000
	says 0 up_to_date "Up to date" --socket="$place/none"
	/usr/bin/python3 -c 'import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(5)
while True:
    with listener.accept()[0] as connection:
        connection.sendall(b"nonsense, and more of it than a head has\n")' "$place/strange" 3>&- &
	busy=$!
	local _
	for _ in {1..100}; do [ -S "$place/strange" ] || sleep 0.05; done
	says 0 scanner_behind "The scanner gives no answer: *" --socket="$place/strange"
}

@test "without a worker that answers: no versions, and the rest all the same" {
	make_set 1 27000 '2 days ago'
	remember '1 hour ago' 27000
	local program
	printf '#!/bin/sh\nexec sleep 1000\n' >"$place/sleeper"
	printf '#!/bin/sh\nexec yes >&3 2>/dev/null\n' >"$place/talker"
	chmod +x "$place/sleeper" "$place/talker"
	for program in /bin/true "$place/none" "$place/talker" "$place"; do
		version --worker-path="$program"
		[ "$status" -eq 2 ] || fail "not 2"
		is '[.versions.engine, .versions.decomposer] | tostring' '[null,null]'
		is .currency up_to_date
		[ "$(value .trouble)" != null ] || fail "no reason"
		[[ $stderr == "csapi-version: "*"--worker-path" ]] || fail "the line"
	done
	version --worker-path="$place/none" --format=text
	[ "${lines[1]}" = "AV scanner version number: unknown" ] || fail "the second line"
	local begin=$SECONDS
	version --worker-path="$place/sleeper"
	[ "$status" -eq 2 ] || fail "not 2"
	[ $((SECONDS - begin)) -le 30 ] || fail "it waits"
}

@test "bad use, and a configuration that is broken" {
	local arguments
	for arguments in --bogus --format=xml --max-age=1w --max-age= extra "-v" "--socket=x --no-scanner"; do
		# shellcheck disable=SC2086
		version $arguments
		[ "$status" -eq 2 ] || fail "$arguments: not 2"
		[ -z "$output" ] || fail "$arguments: output"
		[ "${#stderr_lines[@]}" -eq 1 ] && [[ $stderr == "csapi-version: "* ]] || fail "$arguments: the line"
	done
	configure 'max_age = 0'
	version
	[ "$status" -eq 2 ] || fail "not 2"
	[[ $stderr == "csapi-version: $CSAPI_CONFIG:"* && -z $output ]] || fail "the line"
	version --config="$place/missing"
	[ "$status" -eq 2 ] || fail "not 2"
	configure 'max_age = 3'
	version --config="$CSAPI_CONFIG"
	[ "$status" -eq 0 ] || fail "status"
}

@test "help, the version alone, and standard output that cannot be written" {
	run -0 --separate-stderr "$BUILD/csapi-version" --help
	local name
	for name in $(sed -n 's/^OPTION(\([a-z0-9_]*\),.*/\1/p' "$ROOT/cmd/csapi-version.options.def" | tr _ -); do
		grep -Eq -- "^  (-., |    )--$name(=| |\$)" <<<"$output" || fail "missing: $name"
		grep -q "Fl -$name\b" "$ROOT/man/csapi-version.1" || fail "not in the manual: $name"
	done
	[ "$(wc -L <<<"$output")" -le 80 ] || fail "too wide"
	run -0 "$BUILD/csapi-version" -V
	[ "$output" = "csapi-version $("$SCAN" --version | cut -d ' ' -f 2)" ] || fail "the version"
	run -0 mandoc -Tlint -Wwarning "$ROOT/man/csapi-version.1"
	for name in --help --version --no-scanner; do
		status=0
		"$BUILD/csapi-version" "$name" >/dev/full 2>"$place/err" || status=$?
		[ "$status" -eq 2 ] || fail "$name: not 2"
		grep -q "cannot write to standard output: No space left on device" "$place/err" || fail "$name: the line"
	done
}

@test "the schema is not stale" {
	cd "$ROOT"
	scripts/generate-schema version | diff share/schema/version-1.schema.json -
}
