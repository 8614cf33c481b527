#!/usr/bin/env bats
# csapi-fetch: what it makes of mirrors and feeds, good and bad. Nothing is called current or updated that is not, and what was here stays whole.
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash

setup() {
	[ -x "$BUILD/csapi-fetch" ] || skip "csapi-fetch is not built"
	test_databases
	place=$BATS_TEST_TMPDIR/place
	incoming=$place/incoming
	mkdir -p "$incoming" "$place/tmp"
	mirrors=()
	start_mirror
	unset http_proxy https_proxy all_proxy no_proxy
}

teardown() {
	stop_mirrors
}

# have N [FILE]: version N is here.
have() {
	cp "$TEST_DATABASES/test-$1.cvd" "$incoming/${2:-test.cvd}"
}

# fetch [KEY=JSON]...: a job with the mirror named "mirror". Leaves its events in $output; of the databases' or the feed's result the last in $result.
fetch() {
	run --separate-stderr "${under[@]}" "$ROOT/test/fetch.py" "$BUILD/csapi-fetch" "$place" "mirrors=[\"$mirror\"]" "$@"
	result=$(jq -c 'select(.event == "result")' <<<"$output" | tail -n 1)
	# None of it ever waits for anything for long, and it ends by itself.
	[ "$status" -eq 0 ] || fail "csapi-fetch ended with $status"
	[ "$(tail -n 1 <<<"$output" | jq -r .event)" = done ] || fail "the last event is not done"
}

# ends OUTCOME [BEFORE AFTER [METHOD]]: of the last result.
ends() {
	local got
	got=$(jq -r '"\(.outcome) \(.before) \(.after) \(.method)"' <<<"$result")
	[[ "$got " = "$* "* ]] || fail "it ended with $got: $(jq -r .text <<<"$result")"
}

# says PATTERN: its text matches.
says() {
	jq -r .text <<<"$result" | grep -qE -- "$1" || fail "it says: $(jq -r .text <<<"$result")"
}

# told FILTER VALUE: of the last result.
told() {
	local got
	got=$(jq -r "$1" <<<"$result")
	[ "$got" = "$2" ] || fail "$1 is $got and not $2"
}

# hides TEXT: it stands in no event.
hides() {
	[[ $output$stderr != *"$1"* ]] || fail "it shows $1"
}

# lies N: the directory holds version N of the database, in one file, as it was published or made of it, and nothing that came otherwise.
lies() {
	local files=("$incoming"/test.*)
	[ ${#files[@]} -eq 1 ] || fail "there are: ${files[*]}"
	[ "$(head -c 512 "${files[0]}" | cut -d: -f3)" = "$1" ] || fail "${files[0]} is $(head -c 64 "${files[0]}")"
	case ${files[0]} in
	*.cvd) cmp "${files[0]}" "$TEST_DATABASES/test-$1.cvd" || fail "it is another file" ;;
	*.cld) tail -c +513 "${files[0]}" | tar -tz >/dev/null || fail "it is broken" ;;
	esac
	[ "$(stat -c %a "${files[0]}")" = 644 ]
}

# stays N OUTCOME: version N was here, nothing came, and the result says so.
stays() {
	ends "$2" "$1" "$1" none
	lies "$1"
}

# --- good mirrors ------------------------------------------------------------------------------------------------

@test "nothing here: the whole file comes, and the bytes carried are counted" {
	fetch
	ends updated 0 6 whole
	lies 6
	told .remote 6
	told .http 200
	told .mirror "$mirror"
	told .mirror_number 1
	# Two times the head, once the file.
	told .got $((512 + 512 + $(stat -c %s "$TEST_DATABASES/test-6.cvd")))
}

@test "something older here: patches come, and no whole file" {
	have 1
	fetch
	ends updated 1 6 incremental
	lies 6
	[ "$(asked '.path | endswith(".cdiff")')" -eq 5 ]
	[ "$(asked '.path == "/test.cvd" and .range == null')" -eq 0 ]
}

@test "patches can be switched off" {
	have 1
	fetch incremental=false
	ends updated 1 6 whole
	lies 6
	[ "$(asked '.path | endswith(".cdiff")')" -eq 0 ]
}

@test "the same version here: current, and 512 bytes were asked for" {
	have 6
	fetch
	stays 6 current
	[ "$(asked)" -eq 1 ]
	[ "$(asked '.range == "bytes=0-511"')" -eq 1 ]
	told .got 512
}

@test "--check tells what there is, what it would take, and fetches nothing" {
	have 3
	fetch check_only=true
	ends available 3 3 none
	told .remote 6
	told .total "$(stat -c %s "$TEST_DATABASES/test-6.cvd")"
	lies 3
	[ "$(asked)" -eq 1 ]
	[ ! -e "$incoming/freshclam.dat" ]
	have 6
	fetch check_only=true
	ends current 6 6
}

@test "a local .cld counts as well as a .cvd, and the higher one decides" {
	have 1
	fetch
	lies 6
	[ -e "$incoming/test.cld" ]
	have 3
	fetch
	ends current 6 6
	mirror_version 5
	fetch check_only=true
	ends rejected 6 6
}

@test "a broken file here counts as none" {
	head -c 300 "$TEST_DATABASES/test-6.cvd" >"$incoming/test.cvd"
	fetch
	ends updated 0 6 whole
	lies 6
}

@test "official mirrors are asked with ClamAV's name, private ones with one's own" {
	have 3
	fetch 'user_agent="mine/1"'
	[ "$(asked '.headers["user-agent"] | test("^ClamAV/[0-9]")')" -eq "$(asked)" ]
	[ "$(asked '.range == "bytes=0-511" and (.headers["user-agent"] | test("csapi/[0-9]"))')" -eq 1 ]
	rm -rf "$incoming" "$BATS_TEST_TMPDIR/mirror.log"
	fetch private=true 'user_agent="mine/1"'
	ends updated 0 6
	[ "$(asked '.headers["user-agent"] == "mine/1"')" -eq "$(asked)" ]
}

@test "a private mirror may have a .cld: it is asked for first" {
	have 1
	fetch
	mkdir "$BATS_TEST_TMPDIR/other"
	mv "$incoming/test.cld" "$BATS_TEST_TMPDIR/other/"
	start_mirror other
	rm -f "$incoming"/test.*
	have 3
	fetch private=true incremental=false
	ends updated 3 6 whole
	lies 6
	[ -e "$incoming/test.cld" ]
	[ "$(asked '.path == "/test.cvd"' other)" -eq 0 ]
	# A newer .cvd beside an old .cld is found.
	start_mirror
	cp "$incoming/test.cld" "$BATS_TEST_TMPDIR/mirror/"
	have 6
	fetch private=true
	ends current 6 6
}

# --- what a mirror can answer ------------------------------------------------------------------------------------

@test "statuses: each has its outcome, and nothing is called current" {
	have 5
	local case
	for case in 404:unreachable 403:rate_limited 500:unreachable 502:unreachable 503:unreachable 401:unreachable 304:unreachable; do
		fault "$(rule status "status=${case%:*}")"
		fetch
		stays 5 "${case#*:}"
		told .http "${case%:*}"
		says "HTTP ${case%:*}"
		told .mirror "$mirror"
	done
}

@test "403 of an official mirror means to stay away for a day, of a private one that it refuses" {
	have 5
	fault "$(rule status status=403)"
	fetch
	stays 5 rate_limited
	says 'refused \(HTTP 403\)'
	near "$(jq -r .retry_at <<<"$result")" 86400
	fetch private=true
	stays 5 unreachable
	says 'refused \(HTTP 403\)'
	told .retry_at null
}

# near TIME SECONDS: it is so far from now, give or take two minutes.
near() {
	local from=$(($(date -d "$1" +%s) - $(date +%s) - $2))
	[ "${from#-}" -le 120 ] || fail "$1 is not $2 seconds from now"
}

@test "429 and 503 with Retry-After: told until when, and never more than a day" {
	have 5
	local wait
	fault "$(rule status status=429 'retry_after="600"')"
	fetch
	stays 5 rate_limited
	near "$(jq -r .retry_at <<<"$result")" 600
	fault "$(rule status status=503 'retry_after="600"')"
	fetch
	stays 5 rate_limited
	near "$(jq -r .retry_at <<<"$result")" 600
	fault "$(rule http-date status=429 seconds=3600)"
	fetch
	near "$(jq -r .retry_at <<<"$result")" 3600
	fault "$(rule http-date status=429 seconds=400000000)"
	fetch
	near "$(jq -r .retry_at <<<"$result")" 86400
	fault "$(rule status status=429 'retry_after="99999999999999999999"')"
	fetch
	stays 5 rate_limited
	for wait in null '"-5"' '"0"' '"soon"'; do
		fault "$(rule status status=429 "retry_after=$wait")"
		fetch
		near "$(jq -r .retry_at <<<"$result")" 14400
	done
}

@test "a mirror that asks to wait is told as such, also when another one brings the version" {
	have 3
	fault "$(rule status status=429 'retry_after="600"')"
	local first=$mirror
	start_mirror other
	fetch "mirrors=[\"$first\",\"$mirror\"]"
	ends updated 3 6
	told .mirror_number 2
	[ "$(jq -c 'select(.event == "message" and .retry_at and .mirror_number == 1)' <<<"$output" | wc -l)" -eq 1 ]
	[ "$(asked)" -eq 1 ]
}

@test "a mirror that cools down is not asked; all of them: rate limited" {
	have 3
	local cooling=$mirror
	start_mirror other
	fetch "mirrors=[{\"url\":\"$cooling\",\"cooling\":true},\"$mirror\"]"
	ends updated 3 6
	[ "$(asked)" -eq 0 ]
	rm -f "$incoming"/test.*
	have 3
	fetch "mirrors=[{\"url\":\"$cooling\",\"cooling\":true}]"
	stays 3 rate_limited
	[ "$(asked)" -eq 0 ]
}

@test "within one run a mirror that asked to wait is not asked for the next database" {
	fault "$(rule status status=429 'retry_after="600"')"
	fetch 'databases=["test","daily"]'
	ends rate_limited
	[ "$(asked)" -eq 1 ]
}

@test "no mirror there, connection reset, closed, nothing, a stall, a drip: unreachable" {
	have 5
	local kind
	for kind in reset close 'stall at=-1' 'stall at=100' 'drip rate=4' 'truncate at=100' 'reset at=100'; do
		# shellcheck disable=SC2086 # the words are the rule's
		fault "$(rule $kind)"
		fetch request_timeout=1 connect_timeout=1
		stays 5 unreachable
	done
	fetch 'mirrors=["http://127.0.0.1:1"]'
	stays 5 unreachable
	says "127.0.0.1:1: .*"
	fetch 'mirrors=["http://no-such-host.invalid"]'
	stays 5 unreachable
	fetch 'mirrors=[]'
	stays 5 failed
}

@test "a web page, nothing, or noise instead of a database: rejected" {
	have 5
	local kind
	for kind in html empty 'flip at=3' 'ok file="test-6.cdiff"'; do
		# shellcheck disable=SC2086
		fault "$(rule $kind)"
		fetch
		stays 5 rejected
		says "test.cvd is not a database"
	done
	rm "$incoming/test.cvd"
	fault "$(rule html)"
	fetch
	ends rejected 0 0
}

@test "300 MB for 512 bytes: no more is read than was asked for" {
	have 6
	fault "$(rule oversize)"
	fetch
	stays 6 current
	told .got 512
	rm "$incoming/test.cvd"
	fetch max_size=100000000
	ends rejected 0 0
	says "larger than 100000000 bytes"
	told .got 512
}

@test "a mirror that knows no ranges, no lengths, or sends chunks serves all the same" {
	local kind
	for kind in ignore-range no-length chunked; do
		rm -f "$incoming"/test.*
		fault "$(rule $kind)"
		fetch
		ends updated 0 6
		lies 6
		have 6
		fetch
		ends current 6 6
	done
}

@test "redirects are followed, but not for ever" {
	local there=$mirror
	start_mirror other
	fault_at other "$(rule redirect "to=\"$there/test.cvd\"" 'match="test.cvd"')" "$(rule redirect "to=\"$there/test-6.cdiff\"" 'match="test-6.cdiff"')"
	have 5
	fetch "mirrors=[\"$mirror\"]"
	ends updated 5 6
	lies 6
	fault_at other "$(rule redirect "to=\"$mirror/test.cvd\"")"
	rm "$incoming"/test.*
	have 5
	fetch "mirrors=[\"$mirror\"]"
	stays 5 unreachable
	says "too many redirects"
}

# --- versions that are not what they seem --------------------------------------------------------------------------

@test "a mirror that is behind: what is here is kept, and not called current" {
	have 5
	mirror_version 3
	fetch
	stays 5 rejected
	says "offers version 3, older than 5 here; kept"
	told .remote 3
}

@test "behind, but another mirror has ours: current" {
	have 5
	mirror_version 3
	local first=$mirror
	start_mirror other
	mirror_version 5 other
	fetch "mirrors=[\"$first\",\"$mirror\"]"
	stays 5 current
	told .mirror_number 2
}

@test "announced as 6, and an older file sent: not put in place" {
	have 5
	fault "$(rule ok 'match="test.cvd"' ranged=false 'file="test-3.cvd"')"
	fetch incremental=false
	stays 5 rejected
	says "announced version 6 and sent 3; 5 is kept"
}

@test "announced as 6, and 5 sent to somebody who has 3: partial" {
	have 3
	fault "$(rule ok 'match="test.cvd"' ranged=false 'file="test-5.cvd"')"
	fetch incremental=false
	ends partial 3 5 whole
	lies 5
	told .remote 6
}

@test "a version that was rolled back is not fetched again, and a newer one is" {
	have 5
	fetch 'databases=[{"name":"test","refused":6}]'
	stays 5 rejected
	says "rolled back"
	[ "$(asked)" -eq 1 ]
	rm "$incoming"/test.*
	have 3
	mirror_version 6
	fetch 'databases=[{"name":"test","refused":5}]'
	ends updated 3 6
}

@test "patches that stop at a version that was rolled back do not bring it" {
	have 3
	fault "$(rule status status=500 'match="test-6.cdiff"')" "$(rule status status=500 'match="test.cvd"' ranged=false)"
	fetch 'databases=[{"name":"test","refused":5}]'
	ends rejected 3 3
	lies 3
}

# --- incremental updates that fail ---------------------------------------------------------------------------------

@test "a patch that is missing, broken, short, slow or empty: the whole file comes instead" {
	local n kind
	for n in 2 4 6; do
		for kind in 'status status=404' 'status status=500' 'truncate at=100' 'flip at=200' html empty reset 'stall at=100' 'drip rate=4'; do
			rm -f "$incoming"/test.*
			have 1
			# shellcheck disable=SC2086
			fault "$(rule $kind "match=\"test-$n.cdiff\"")"
			fetch request_timeout=1
			ends updated 1 6
			lies 6
		done
	done
}

@test "one version behind and its patch missing: the library calls that success; the whole file comes" {
	have 5
	fault "$(rule status status=404 'match="*.cdiff"')"
	fetch
	ends updated 5 6 whole
	lies 6
}

@test "a later patch missing, and no whole file either: partial, and told as such" {
	have 1
	local kind
	for kind in 'status status=404' 'status status=500' 'truncate at=100'; do
		rm -f "$incoming"/test.*
		have 1
		# shellcheck disable=SC2086
		fault "$(rule $kind 'match="test-4.cdiff"')" "$(rule status status=404 'match="test.cvd"' ranged=false)"
		fetch request_timeout=1
		ends partial 1 3 incremental
		lies 3
		told .remote 6
		says "version 3, and not 6"
	done
}

@test "429 for a patch: no other file is asked for" {
	have 1
	fault "$(rule status status=429 'retry_after="600"' 'match="*.cdiff"')"
	fetch
	stays 1 rate_limited
	near "$(jq -r .retry_at <<<"$result")" 600
	[ "$(asked '.range == null')" -eq 1 ]
}

@test "429 for a later patch: what came stays away, and it is told until when to wait" {
	have 1
	fault "$(rule status status=429 'retry_after="600"' 'match="test-4.cdiff"')"
	fetch
	near "$(jq -r .retry_at <<<"$result")" 600
	told .http 429
	[ "$(asked '.range == null')" -eq 3 ]
	case $(jq -r .outcome <<<"$result") in
	partial) lies 3 ;;
	rate_limited) lies 1 ;;
	*) fail "neither" ;;
	esac
}

@test "whole file 429: the library calls that success; it is not" {
	fault "$(rule status status=429 'retry_after="600"' 'match="test.cvd"' ranged=false)"
	fetch
	ends rate_limited 0 0
	near "$(jq -r .retry_at <<<"$result")" 600
	have 5
	fetch incremental=false
	stays 5 rate_limited
	near "$(jq -r .retry_at <<<"$result")" 600
}

# --- whole files that are not good ---------------------------------------------------------------------------------

@test "whole files: statuses, cut, slow, broken, too large: what is here stays" {
	have 3
	local case
	for case in 'unreachable:status status=404' 'unreachable:status status=500' 'rate_limited:status status=403' \
		'unreachable:truncate at=5000' 'unreachable:reset at=5000' 'unreachable:stall at=5000' 'unreachable:drip rate=4' \
		'unreachable:unmodified' 'rejected:flip at=4000' 'rejected:flip at=100' 'rejected:html' 'rejected:empty' \
		'rejected:oversize size=200000000'; do
		# shellcheck disable=SC2086
		fault "$(rule ${case#*:} 'match="test.cvd"' ranged=false)"
		fetch incremental=false request_timeout=1 max_size=100000000
		stays 3 "${case%%:*}"
	done
}

@test "a file that grows beyond the cap without a length is cut off" {
	have 3
	head -c 3000000 /dev/zero >"$BATS_TEST_TMPDIR/mirror/large"
	fault "$(rule no-length 'match="test.cvd"' ranged=false 'file="large"')"
	fetch incremental=false max_size=1000000
	stays 3 rejected
}

@test "a bad mirror, then a good one" {
	local bad=$mirror kind
	start_mirror other
	for kind in 'status status=404' reset html 'truncate at=5000' 'flip at=4000' 'stall at=600'; do
		rm -f "$incoming"/test.*
		have 3
		# shellcheck disable=SC2086
		fault "$(rule $kind 'match="test*"')"
		fetch "mirrors=[\"$bad\",\"$mirror\"]" incremental=false request_timeout=1
		ends updated 3 6
		told .mirror_number 2
		lies 6
	done
}

@test "troubles that pass are tried again" {
	have 3
	fault "$(rule status status=500 'match="test-5.cdiff"' first=1)"
	fetch attempts=2
	ends updated 3 6 incremental
	rm -f "$incoming"/test.*
	have 3
	fault "$(rule reset 'match="test.cvd"' ranged=false first=1)"
	fetch attempts=2 incremental=false
	ends updated 3 6 whole
}

@test "the library crashes on a patch: the whole file comes; on that too: one database fails" {
	have 3
	under=(env CSAPI_FETCH_FAULT=unpack LD_PRELOAD="$BUILD/test/preload/fetch.so")
	fetch
	ends updated 3 6 whole
	rm -f "$incoming"/test.*
	have 3
	under=(env CSAPI_FETCH_FAULT=verify LD_PRELOAD="$BUILD/test/preload/fetch.so")
	fetch incremental=false 'databases=["test","daily"]'
	[ "$(jq -r 'select(.event == "result") | "\(.name) \(.outcome)"' <<<"$output" | paste -sd' ')" = "test failed daily unreachable" ]
	lies 3
}

@test "several databases: each has its own result" {
	cp "$TEST_DATABASES/test-1.cvd" "$BATS_TEST_TMPDIR/mirror/other.cvd"
	fetch 'databases=["test","missing","bytecode"]'
	[ "$(jq -r 'select(.event == "result") | "\(.name) \(.outcome)"' <<<"$output" | paste -sd' ')" = \
		"test updated missing unreachable bytecode unreachable" ]
}

# --- versions by DNS -----------------------------------------------------------------------------------------------

# dns TEXT [KEY=JSON]...: a job for the database bytecode, of which the mirror has version 19, with that answer by DNS.
dns() {
	under=(env CSAPI_DNS="$1" LD_PRELOAD="$BUILD/test/preload/fetch.so")
	shift
	cp "$TEST_DATABASES/bytecode.cvd" "$BATS_TEST_TMPDIR/mirror/"
	rm -f "$BATS_TEST_TMPDIR/mirror.log"
	fetch 'dns="current.cvd.example"' 'databases=["bytecode"]' "$@"
}

@test "a version by DNS: no mirror is asked for it" {
	cp "$TEST_DATABASES/bytecode.cvd" "$incoming/"
	dns "1.4.6:62:27000:$(date +%s):1:90:49192:19"
	ends current 19 19
	[ "$(asked)" -eq 0 ]
	rm "$incoming/bytecode.cvd"
	dns "1.4.6:62:27000:$(date +%s):1:90:49192:19"
	ends updated 0 19 whole
	# How large it is, and the file; the library asks no more.
	[ "$(asked '.range != null')" -eq 1 ]
	[ "$(asked '.range == null')" -eq 1 ]
	cmp "$incoming/bytecode.cvd" "$TEST_DATABASES/bytecode.cvd"
}

@test "an answer by DNS that is old, broken, missing, late or not for this database: the mirror is asked" {
	cp "$TEST_DATABASES/bytecode.cvd" "$incoming/"
	local text now
	now=$(date +%s)
	for text in "1.4.6:62:27000:$((now - 90000)):1:90:49192:19" "1.4.6:62:27000:$now:1:90:49192" "1.4.6:62:27000:$now:1:90:49192:1x" \
		"1.4.6:62:27000:$now:1:90:49192:" "1.4.6:62:27000:$now:1:90:49192:99999999999" "1.4.6:62:27000:$now:1:90:49192:18" : noise none; do
		dns "$text"
		ends current 19 19
		[ "$(asked)" -eq 1 ] || fail "not asked: $text"
	done
	dns "1.4.6:62:27000:$now:1:90:49192:19" 'databases=["test"]'
	ends updated 0 6
}

@test "DNS announces more than the mirror has: not called current" {
	cp "$TEST_DATABASES/bytecode.cvd" "$incoming/"
	dns "1.4.6:62:27000:$(date +%s):1:90:49192:20"
	ends unreachable 19 19
	says "has version 19, and 20 was announced"
	told .remote 20
	[ "$(asked '.range == null')" -eq 1 ] # for the patch
	cmp "$incoming/bytecode.cvd" "$TEST_DATABASES/bytecode.cvd"
	dns "1.4.6:62:27000:$(date +%s):1:90:49192:20" check_only=true
	ends available 19 19
}

@test "private mirrors: DNS is not asked" {
	dns stall private=true check_only=true
	ends available 0 0
}

# --- ways to the network -------------------------------------------------------------------------------------------

@test "a proxy with user and password, for all requests" {
	local there=$mirror
	start_mirror proxy --proxy --credentials=me:secret
	have 3
	fetch "mirrors=[\"$there\"]" "proxy=\"$mirror\"" 'proxy_user="me"' 'proxy_password="secret"'
	ends updated 3 6
	[ "$(asked .proxy proxy)" -eq "$(asked '.proxy | not')" ]
	hides secret
	rm "$incoming"/test.*
	have 3
	fetch "mirrors=[\"$there\"]" "proxy=\"$mirror\"" 'proxy_user="me"' 'proxy_password="wrong"'
	stays 3 unreachable
	told .http 407
	fetch "mirrors=[\"$there\"]" 'proxy="http://127.0.0.1:1"'
	stays 3 unreachable
}

@test "a proxy named by the environment" {
	local there=$mirror
	start_mirror proxy --proxy
	have 3
	under=(env "http_proxy=$mirror")
	fetch "mirrors=[\"$there\"]"
	ends updated 3 6
	[ "$(asked .proxy proxy)" -eq "$(asked '.proxy | not')" ]
}

@test "an address of this machine to fetch from" {
	have 3
	fetch 'local_address="127.0.0.7"'
	ends updated 3 6
	[ "$(asked '.from == "127.0.0.7"')" -eq "$(asked)" ]
	fetch 'local_address="192.0.2.1"'
	ends unreachable
	fetch 'local_address="::1"'
	ends unreachable
	run --separate-stderr "$ROOT/test/fetch.py" "$BUILD/csapi-fetch" "$place" 'local_address="here"'
	[ "$status" -eq 1 ]
	[[ $output == *"here is not an address"* ]]
}

@test "https with a private authority; without it, and with another name: unreachable" {
	make_certificate
	start_mirror secure --tls="$BATS_TEST_TMPDIR/server.pem"
	have 3
	fetch
	stays 3 unreachable
	says "certificate"
	under=(env CURL_CA_BUNDLE="$BATS_TEST_TMPDIR/ca.pem")
	fetch
	ends updated 3 6 incremental
	rm "$incoming"/test.*
	have 3
	fetch "mirrors=[\"${mirror/127.0.0.1/localhost}\"]"
	stays 3 unreachable
	# Not from https to http.
	local secure=$mirror
	start_mirror
	fault_at secure "$(rule redirect "to=\"$mirror/test.cvd\"")"
	fetch "mirrors=[\"$secure\"]"
	stays 3 unreachable
	says "redirects to where no file may come from"
}

@test "user and password of a mirror's URL are used and not shown" {
	start_mirror locked --credentials=me:secret
	have 3
	fetch "mirrors=[\"${mirror/:\/\//:\/\/me:secret@}\"]"
	ends updated 3 6
	hides secret
	[ "$(jq -r .mirror <<<"$result")" = "$mirror" ]
}

# --- feeds ---------------------------------------------------------------------------------------------------------

# feed FILE [KEY=JSON]...: a job with one feed, FILE of the mirror, and no database; members of the feed.
feed() {
	local file=$1
	shift
	fetch 'databases=[]' "feeds=[$(jq -nc --arg url "$mirror/$file" --arg file "$file" \
		'{name: "mine", url: $url, file: $file}'"$(printf ' + {%s}' "${@/=/:}")")]" "${settings[@]}"
}

# publish FILE TEXT
publish() {
	printf '%s\n' "$2" >"$BATS_TEST_TMPDIR/mirror/$1"
}

@test "feed: fetched, 0644, with the server's time; then not changed, asked by tag or by time" {
	publish a.ndb Test:0:*:61626364
	touch -d 2026-01-02T03:04:05Z "$BATS_TEST_TMPDIR/mirror/a.ndb"
	feed a.ndb
	ends updated
	told .changed 2026-01-02T03:04:05Z
	cmp "$incoming/a.ndb" "$BATS_TEST_TMPDIR/mirror/a.ndb"
	[ "$(stat -c '%a %Y' "$incoming/a.ndb")" = "644 $(date -d 2026-01-02T03:04:05Z +%s)" ]
	[ "$(jq -r .name <<<"$result")" = mine ]
	told .feed true
	local tag
	tag=$(jq -c .etag <<<"$result")
	feed a.ndb "etag=$tag"
	ends current
	told .http 304
	feed a.ndb 'changed="2026-01-02T03:04:05Z"'
	ends current
	told .http 304
	# The same bytes under another tag.
	feed a.ndb 'etag="\"other\""'
	ends current
	told .http 200
	# A tag without the file is of no use.
	rm "$incoming/a.ndb"
	feed a.ndb "etag=$tag"
	ends updated
}

@test "feed: an older file on the server than before is another file" {
	publish a.ndb Test:0:*:61626364
	feed a.ndb
	publish a.ndb Test:0:*:61626365
	touch -d 2020-01-01 "$BATS_TEST_TMPDIR/mirror/a.ndb"
	feed a.ndb 'etag="\"old\""' 'changed="2026-01-02T03:04:05Z"'
	ends updated
	cmp "$incoming/a.ndb" "$BATS_TEST_TMPDIR/mirror/a.ndb"
}

@test "feed: only a check" {
	publish a.ndb Test:0:*:61626364
	settings=(check_only=true)
	feed a.ndb
	ends available
	[ ! -e "$incoming/a.ndb" ]
}

@test "feed: web pages, nothing, too much, cut, slow, statuses: what is here stays" {
	publish a.ndb Test:0:*:61626364
	feed a.ndb
	cp "$incoming/a.ndb" "$BATS_TEST_TMPDIR/kept"
	head -c 20000 /dev/zero | tr '\0' a >"$BATS_TEST_TMPDIR/mirror/a.ndb"
	settings=(request_timeout=1 max_size=50000)
	local case
	for case in rejected:html rejected:empty 'rejected:oversize size=60000' 'unreachable:truncate at=5000' 'unreachable:reset at=5000' \
		'unreachable:stall at=5000' 'unreachable:drip rate=4' unreachable:reset 'unreachable:status status=404' \
		'unreachable:status status=500' 'unreachable:status status=403' 'rate_limited:status status=429 retry_after="600"' \
		'unreachable:redirect to="file:///etc/passwd"' 'unreachable:redirect to="ftp://127.0.0.1/a.ndb"'; do
		# shellcheck disable=SC2086
		fault "$(rule ${case#*:})"
		feed a.ndb
		ends "${case%%:*}"
		cmp "$incoming/a.ndb" "$BATS_TEST_TMPDIR/kept"
	done
	fault "$(rule no-length)"
	settings=(max_size=10000)
	feed a.ndb
	ends rejected
	says "larger than 10000 bytes"
	# A page without its type, after a byte order mark.
	printf '\xEF\xBB\xBF\n <html>' >"$BATS_TEST_TMPDIR/mirror/a.ndb"
	fault
	feed a.ndb
	ends rejected
	says "web page"
}

@test "feed: a key that is refused has its code; neither URL nor header are shown" {
	publish a.ndb Test:0:*:61626364
	local kind
	for kind in 401 402 403; do
		fault "$(rule status "status=$kind")"
		feed a.ndb licensed=true
		ends unreachable
		told .code LIC_RESULT_INVALID_AV_UPDATES_LICENSE
		feed a.ndb
		told .code null
	done
	for kind in 'status status=500' reset html; do
		# shellcheck disable=SC2086
		fault "$(rule $kind)"
		fetch 'databases=[]' "feeds=[{\"name\":\"mine\",\"url\":\"$mirror/SECRET/a.ndb?key=SECRET\",\"shown\":\"$mirror/***\",\"file\":\"a.ndb\",\"header\":\"X-Key: SECRET\"}]"
		hides SECRET
		told .mirror "$mirror/***"
	done
	[ "$(asked '.headers["x-key"] == "SECRET"')" -eq 3 ]
}

@test "feed: a header goes to its host and not to another" {
	publish a.ndb Test:0:*:61626364
	local there=$mirror
	start_mirror other
	fault_at other "$(rule redirect "to=\"$there/a.ndb\"")"
	feed a.ndb 'header="X-Key: SECRET"'
	ends updated
	[ "$(asked '.headers["x-key"] == "SECRET"' other)" -eq 1 ]
	[ "$(asked '.headers["x-key"] == null')" -eq 1 ]
}

@test "feed: a file of this machine" {
	publish a.ndb Test:0:*:61626364
	mirror=file://$BATS_TEST_TMPDIR/mirror
	feed a.ndb
	ends updated
	feed a.ndb
	ends current
	feed missing.ndb
	ends unreachable
}

@test "feed: a signed file must be one, and not older" {
	mirror_version 3
	have 5
	feed test.cvd
	ends rejected 5 5
	says "older"
	lies 5
	mirror_version 6
	feed test.cvd
	ends updated 5 6 whole
	lies 6
	publish other.cvd nonsense
	feed other.cvd
	ends rejected
}

# --- the program itself --------------------------------------------------------------------------------------------

@test "by hand it says in one line what it is for" {
	run --separate-stderr "$BUILD/csapi-fetch" 3>&-
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	[[ $stderr == *csapi-update* ]]
}

@test "a job that is none: it says so and ends" {
	run --separate-stderr "$ROOT/test/fetch.py" "$BUILD/csapi-fetch" "$place" 'databases=["../x"]'
	[ "$status" -eq 1 ]
	[ "$(jq -r '.event + " " + .level' <<<"$output")" = "message error" ]
}

# stall [COMMAND...]: a job, under that command, that waits for the rest of a file. Leaves $starter and its $fetchers: csapi-fetch and its child.
stall() {
	local _
	have 3
	fault "$(rule stall at=5000 'match="test.cvd"' ranged=false)"
	"$@" "${driver:-$ROOT/test/fetch.py}" "${program:-$BUILD/csapi-fetch}" "$place" "mirrors=[\"$mirror\"]" incremental=false request_timeout=300 >/dev/null 2>&1 3>&- &
	starter=$!
	for _ in {1..400}; do
		[ "$(asked '.range == null')" -eq 0 ] || break
		sleep 0.05
	done
	mapfile -t fetchers < <(pgrep -g "$(pgrep -P "$starter" -x csapi-fetch)" -x csapi-fetch)
	[ ${#fetchers[@]} -eq 2 ] || fail "these run: ${fetchers[*]}"
}

@test "it ends with the one that started it, and so does what it started" {
	stall
	kill -KILL "$starter"
	gone "${fetchers[@]}"
}

@test "its limits: no core, no new privileges, little memory" {
	local pid
	stall
	for pid in "${fetchers[@]}"; do
		grep -q "Max core file size *0 *0 " "/proc/$pid/limits"
		grep -q "Max file size *1140850688 " "/proc/$pid/limits"
		grep -q "^NoNewPrivs:.*1" "/proc/$pid/status"
		sanitized || grep -q "Max address space *1073741824 " "/proc/$pid/limits"
	done
	kill -KILL "$starter"
}

@test "started by root for another user it is that user for good" {
	as_root || skip "only root can act for another user"
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
	chown -R nobody "$place"
	driver=$(within_reach "$ROOT/test/fetch.py") program=$(within_reach "$BUILD/csapi-fetch")
	stall setpriv --euid=nobody --egid=nogroup --clear-groups
	local pid
	for pid in "${fetchers[@]}"; do
		[ "$(awk '/^[UG]id:/ { print $2, $3, $4, $5 }' "/proc/$pid/status" | tr ' ' '\n' | sort -u)" = 65534 ]
	done
	kill -KILL "$starter"
}

@test "it can write nowhere else" {
	/usr/bin/python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 2)' || skip "this kernel has no Landlock"
	# In its own directory, so that it is known that the library tries.
	under=(env CSAPI_FETCH_WRITE="$incoming/written" LD_PRELOAD="$BUILD/test/preload/fetch.so")
	fetch
	ends updated 0 6
	[ -e "$incoming/written" ]
	rm "$incoming"/*
	under=(env CSAPI_FETCH_WRITE="$BATS_TEST_TMPDIR/written" LD_PRELOAD="$BUILD/test/preload/fetch.so")
	fetch
	ends updated 0 6
	[ ! -e "$BATS_TEST_TMPDIR/written" ]
}

# --- no space ------------------------------------------------------------------------------------------------------

# with_space KIB COMMAND...: $place lies on a file system of so many KiB.
with_space() {
	local size=$1
	shift
	mkdir -p "$place"
	mount -t tmpfs -o "size=${size}k,nr_inodes=200" csapi-test "$place" 2>/dev/null || skip "no file system can be mounted here"
	"$@" || { umount "$place"; return 1; }
	umount "$place"
}

# What is here is whole, old or new, and the result says which.
update_in_little_space() {
	mkdir -p "$incoming" "$place/tmp"
	have 3
	fetch "$@"
	case $(jq -r .outcome <<<"$result") in
	updated) lies 6 ;;
	no_space) lies 3 ;;
	*) fail "it ended otherwise: $result" ;;
	esac
	jq -r .outcome <<<"$result" >>"$BATS_TEST_TMPDIR/outcomes"
}

@test "disk full at any step: no space, and what is here stays" {
	local size
	as_root || skip "only root can make a small file system"
	for size in 16 20 24 28 32 36 40 44 48 52 56 60 64 72 80 96 128 256; do
		with_space "$size" update_in_little_space
		with_space "$size" update_in_little_space incremental=false
	done
	# Neither of them all the time.
	[ "$(sort -u "$BATS_TEST_TMPDIR/outcomes" | paste -sd' ')" = "no_space updated" ]
}

feed_in_little_space() {
	mkdir -p "$incoming" "$place/tmp"
	publish a.ndb Test:0:*:61626364
	feed a.ndb
	ends updated
	head -c 500000 /dev/zero | tr '\0' a >"$BATS_TEST_TMPDIR/mirror/a.ndb"
	feed a.ndb
	ends no_space
	[ "$(cat "$incoming/a.ndb")" = "Test:0:*:61626364" ]
}

@test "feed: disk full" {
	as_root || skip "only root can make a small file system"
	with_space 64 feed_in_little_space
}

@test "a directory that cannot be written: failed, with the reason" {
	have 3
	! as_root || skip "root can write everything"
	chmod a-w "$incoming"
	fetch
	chmod u+w "$incoming"
	ends failed 3 3
}
