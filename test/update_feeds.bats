#!/usr/bin/env bats
# csapi-update and feeds, files without ClamAV's signature: a bad one is dropped and named, the official databases go live all the same; licences
# and their keys.
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash
load update.bash

# publish FILE TEXT: the mirror has it.
publish() {
	printf '%s\n' "$2" >"$place/mirror/$1"
}

# finds TEXT [NAME]: the definitions in use find it in a text, by that name.
finds() {
	local verdict
	echo "$1" >"$place/probe.txt"
	verdict=$(judge "$place/probe.txt") || true
	[ "$(jq -r .status <<<"$verdict")" = EC_AV_INFECTED ] || fail "$1 is not found"
	[ $# -lt 2 ] || [[ $(jq -r '.viruses[0].name' <<<"$verdict") == *"$2"* ]] || fail "it is found as $(jq -r '.viruses[0].name' <<<"$verdict")"
}

passes() {
	echo "$1" >"$place/probe.txt"
	judge "$place/probe.txt" >"$place/verdict" || fail "$1 is found: $(cat "$place/verdict")"
}

mine='Mine-1:0:*:6d792d6d61726b' # my-mark
own() {
	configure "$(feed mine url="$mirror/mine.ndb" "$@")"
}

# --- good and bad feeds --------------------------------------------------------------------------------------------

@test "a feed goes live beside the official databases, and is asked for again only if it changed" {
	publish mine.ndb "$mine"
	own
	update
	ends updated
	part test updated
	part mine updated .kind feed
	uses 6
	finds my-mark Mine-1
	jq -e --arg u "$mirror/mine.ndb" '.files[] | select(.name == "mine.ndb") | .trust == "unsigned" and .signatures == 1 and .source == $u' \
		"$store/current/manifest.json"
	update
	ends current
	part mine current .http 304
	[ "$(asked '.path == "/mine.ndb" and .headers["if-none-match"]')" -eq 1 ]
	publish mine.ndb "${mine/Mine-1/Mine-2}"
	update
	ends updated
	part test current
	part mine updated .http 200
	uses 6
	finds my-mark Mine-2
	# Without an ETag by the time of its change; and without anything the same bytes are no update.
	misbehave 'ok match="mine.ndb" headers={"ETag":null}'
	publish mine.ndb "$mine"
	update
	ends updated
	update
	ends current
	part mine current .http 304
	touch -d '+1 minute' "$place/mirror/mine.ndb"
	update
	ends current
	part mine current .http 200
	update
	part mine current .http 304
	misbehave 'ok match="mine.ndb" headers={"ETag":null,"Last-Modified":null}'
	touch -d '+2 minutes' "$place/mirror/mine.ndb"
	update
	ends current
	part mine current .http 200
	uses 6
}

@test "formats of all kinds are kept under their names" {
	publish a.ndb "$mine"
	publish b.hdb "$(printf hash-mark | md5sum | cut -d' ' -f1):9:Mine-Hash"
	publish c.ldb 'Mine-L;Engine:51-255,Target:0;0;6c6f676963616c2d6d61726b'
	publish d.yara 'rule mine { strings: $a = "yara-mark" condition: $a }'
	publish e.hsb "$(printf sha-mark | sha256sum | cut -d' ' -f1):8:Mine-Sha"
	configure "$(feed a url="$mirror/a.ndb")" "$(feed b url="$mirror/b.hdb")" "$(feed c url="$mirror/c.ldb")" \
		"$(feed d url="$mirror/d.yara")" "$(feed e url="$mirror/latest?format=hsb" file=e.hsb)"
	misbehave 'ok match="latest" file="e.hsb"'
	update
	ends updated
	uses 6
	finds my-mark
	finds logical-mark Mine-L
	finds yara-mark mine
	[ "$(ls "$store/current")" = "$(printf '%s\n' a.ndb b.hdb c.ldb d.yara e.hsb manifest.json test.cvd)" ] || fail "$(ls "$store/current")"
}

# bad_feed FILE PATTERN [RULE]: that feed is not taken and named, and the official database goes live.
bad_feed() {
	configure "$(feed theirs url="$mirror/$1")"
	row_of_feed "$@"
	[ ! -e "$store/current/$1" ] || fail "it is in use"
}

row_of_feed() {
	have 5
	misbehave ${3+"$3"}
	update
	ends partial "theirs: .*$2"
	part test updated
	[ "$(value '.sources[] | select(.name == "theirs") | .outcome')" != updated ] || fail "updated"
	uses 6
}

@test "a bad feed is dropped and named, and the official ones go live" {
	publish good.ndb "$mine"
	publish bad.ndb 'this is no signature'
	bad_feed bad.ndb 'is broken'
	publish bad.hdb "$(printf '%s\n' 'zz:1:Bad' "$(printf x | md5sum | cut -d' ' -f1):1:Good")"
	bad_feed bad.hdb 'is broken'
	publish harm.ndb 'Theirs-1:0:*:68*'
	bad_feed harm.ndb ''
	publish none.yara 'this is no rule'
	bad_feed none.yara 'no signature'
	: >"$place/mirror/empty.ndb"
	bad_feed empty.ndb 'empty'
	publish comment.ndb '# nothing'
	bad_feed comment.ndb ''
	bad_feed good.ndb 'HTTP 404' 'status status=404 match="good.ndb"'
	bad_feed good.ndb 'HTTP 500' 'status status=500 match="good.ndb"'
	bad_feed good.ndb 'HTTP 429' 'status status=429 match="good.ndb" retry_after="600"'
	bad_feed good.ndb '' 'reset match="good.ndb"'
	bad_feed good.ndb 'ended after' 'truncate at=5 match="good.ndb"'
	bad_feed good.ndb 'web page' 'html match="good.ndb"'
	bad_feed good.ndb '' 'stall match="good.ndb"'
	publish signed.cvd 'ClamAV-VDB:no'
	bad_feed signed.cvd 'not a database'
}

@test "a feed that takes the harmless text for a virus is dropped" {
	publish harm.yara 'rule harm { strings: $a = "without any harm" condition: $a }'
	bad_feed harm.yara 'harmless text'
}

@test "what mirrors and files say cannot write on a terminal, nor on a second line" {
	local escape=$'\e[31m' hex
	hex=$(printf 'without any harm' | od -An -tx1 | tr -d ' \n')
	publish bad.ndb "${escape}Theirs-1:0:*:$hex"
	bad_feed bad.ndb 'harmless text for'
	publish bad.yara "rule ${escape}bad { condition: true }"
	bad_feed bad.yara ''
	publish bad.ldb "${escape}Bad;Engine:x${escape};0;"$'\r\v'
	bad_feed bad.ldb ''
	bad_feed bad.ndb '' 'redirect match="bad.ndb" to="http://127.0.0.1:1/\u001b[31mred\u0007"'
	bad_feed bad.ndb '' 'redirect match="bad.ndb" to="\u001b[31mred\u0007://\u001b"'
	bad_feed bad.ndb '' 'status status=500 match="bad.ndb" headers={"X":"\u001b[31m"}'
	configure
	printf 'ClamAV-VDB:%s:6:\e[31m\n\r:x:x:x:x:x%400s' "$escape" '' >"$place/mirror/theirs.cvd"
	row 5 5 rejected '' 'ok file="theirs.cvd"'
	row 5 5 unreachable '' 'redirect to="http://127.0.0.1:1/\u001b[31mred\u0007"'
	run "$UPDATE" --config="$config" -d "$store" -o databases=test -o private_mirrors="$mirror" -o max_attempts=1 --verbose --log="$place/log"
	! grep -q '[^[:print:][:space:]]' <<<"$output" || fail "control characters: $output"
	! grep -q '[^[:print:][:space:]]' "$place/log" || fail "control characters in the log"
}

@test "a feed whose new version is bad keeps its old copy" {
	publish theirs.ndb "$mine"
	configure "$(feed theirs url="$mirror/theirs.ndb")"
	have 5
	mirror_version 5
	update
	ends updated
	uses 5
	publish theirs.ndb 'rubbish'
	mirror_version 6
	update
	ends partial 'theirs: .*is broken'
	part test updated
	uses 6
	finds my-mark Mine-1
	# It is not bad only once.
	update
	ends rejected 'theirs: .*is broken'
	finds my-mark Mine-1
	misbehave 'status status=500 match="theirs.ndb"'
	update
	ends unreachable 'theirs: .*HTTP 500'
	finds my-mark Mine-1
	misbehave
	publish theirs.ndb "${mine/Mine-1/Mine-3}"
	update
	ends updated
	finds my-mark Mine-3
}

@test "of two feeds that are bad the good third one goes live" {
	publish a.ndb 'rubbish'
	publish b.ndb "$mine"
	configure "$(feed a url="$mirror/a.ndb")" "$(feed b url="$mirror/b.ndb")" "$(feed c url="$mirror/c.ndb")"
	update
	ends partial
	part a rejected
	part b updated
	part c unreachable .http 404
	uses 6
	finds my-mark
}

@test "a feed alone, without official databases" {
	publish mine.ndb "$mine"
	own
	update -o databases=
	ends updated
	tidy
	finds my-mark
	publish mine.ndb 'rubbish'
	update -o databases=
	ends rejected 'mine: '
	finds my-mark
}

@test "a feed that is taken out of the configuration goes at the next run" {
	publish mine.ndb "$mine"
	own
	update
	ends updated
	finds my-mark
	configure
	update
	ends updated
	uses 6
	passes my-mark
	[ ! -e "$store/current/mine.ndb" ]
	update
	ends current
	# And one that is kept under another name, or comes from elsewhere.
	own
	update
	own file=other.ndb
	update
	ends updated
	[ ! -e "$store/current/mine.ndb" ]
	finds my-mark
}

@test "a feed's URL changed: what the old one said does not count" {
	publish mine.ndb "$mine"
	own
	update
	mkdir "$place/mirror/new"
	cp -p "$place/mirror/mine.ndb" "$place/mirror/new/"
	configure "$(feed mine url="$mirror/new/mine.ndb")"
	update
	part mine current .http 200
	[ "$(asked '.path == "/new/mine.ndb" and (.headers["if-none-match"] or .headers["if-modified-since"])')" -eq 0 ]
}

# --- exceptions --------------------------------------------------------------------------------------------------

@test "files that take detection away are refused unless the configuration lets them" {
	local file
	publish mine.ndb "$mine"$'\nMine-9:0:*:6f746865722d6d61726b'
	publish mine.ign2 'Mine-1'
	for file in a.ign2 a.fp a.sfp a.ign a.wdb; do
		configure "$(feed theirs url="$mirror/$file")"
		update
		ends bad_configuration 'exceptions'
		uses 0
		configure "$(feed theirs url="$mirror/$file" exceptions=false)"
		update
		ends bad_configuration 'exceptions'
	done
	configure "$(feed mine url="$mirror/mine.ndb")" "$(feed ignored url="$mirror/mine.ign2" exceptions=true)"
	update
	ends updated
	part ignored updated
	uses 6
	passes my-mark
	finds other-mark
}

@test "an exception that takes EICAR away is dropped" {
	have 6
	eicar "$place/eicar.txt"
	publish eicar.fp "$(md5sum <"$place/eicar.txt" | cut -d' ' -f1):68:mine"
	configure "$(feed theirs url="$mirror/eicar.fp" exceptions=true)"
	update
	ends rejected 'theirs: '
	uses 6
}

# --- licences ----------------------------------------------------------------------------------------------------

@test "a licensed feed without a key is not asked for, and the code says so" {
	publish mine.ndb "$mine"
	local setting
	for setting in key= "key_file=$place/none" "key_file=$place/empty"; do
		: >"$place/empty"
		configure "$(feed mine url="$mirror/{key}/mine.ndb" licensed=true "$setting")"
		have 5
		update
		ends partial 'mine: '
		is .code LIC_RESULT_LICENSE_NOT_INSTALLED
		part mine failed .code LIC_RESULT_LICENSE_NOT_INSTALLED
		[[ $stderr == *"set key or key_file"* ]] || fail "what to do about it is not said"
		uses 6
	done
	[ "$(asked '.path | test("mine")')" -eq 0 ] || fail "it was asked"
}

@test "a licensed feed that refuses the key: the code says so" {
	local code
	publish mine.ndb "$mine"
	configure "$(feed mine url="$mirror/get?key={key}" file=mine.ndb key=KEY-1234 licensed=true)"
	for code in 401 402 403; do
		misbehave "status status=$code match=\"get\""
		have 5
		update --log="$place/log" --verbose
		is .outcome partial
		is .code LIC_RESULT_INVALID_AV_UPDATES_LICENSE
		part mine unreachable .code LIC_RESULT_INVALID_AV_UPDATES_LICENSE
		grep -q "partial: .*mine: .*licence.*HTTP $code.*set key or key_file" <<<"$stderr" || fail "it does not say so"
		uses 6
		hides KEY-1234
	done
	# One that is not licensed is only refused.
	configure "$(feed mine url="$mirror/get?key={key}" file=mine.ndb key=KEY-1234)"
	have 5
	update
	ends partial 'mine: .*HTTP 403'
	is .code null
	hides KEY-1234
}

@test "keys: in the URL, in a header, from a file; and never shown" {
	local faults=('status status=404 match="*mine.ndb"' 'html match="*mine.ndb"' 'reset match="*mine.ndb"' 'redirect to="http://127.0.0.1:1/KEY-1234" match="*mine.ndb"'
		'stall match="*mine.ndb"' 'status status=429 match="*mine.ndb"') each
	mkdir "$place/mirror/KEY-1234"
	publish KEY-1234/mine.ndb "$mine"
	printf 'KEY-1234\r\nsecond line\n' >"$place/key"
	chmod 600 "$place/key"
	configure "$(feed mine url="$mirror/{key}/mine.ndb" key_file="$place/key" header='X-Key: {key}' licensed=true)"
	update --log="$place/log" --verbose
	is .outcome updated
	[ "$(asked '.path == "/KEY-1234/mine.ndb" and .headers["x-key"] == "KEY-1234"')" -ge 1 ] || fail "it was not asked with the key"
	part mine updated .source "$mirror/{key}/mine.ndb"
	uses 6
	finds my-mark
	hides KEY-1234
	configure "$(feed mine url="$mirror/{key}/mine.ndb?key={key}" key=KEY-1234 header='Authorization: Bearer {key}')"
	for each in "${faults[@]}"; do
		have 5
		misbehave "$each"
		update --log="$place/log" --verbose
		is .outcome partial
		uses 6
		hides KEY-1234
	done
	run "$UPDATE" --config="$config" --check-config
	[[ $output != *KEY-1234* ]] || fail "--check-config shows the key"
}

@test "a key never goes along to another host" {
	local first=$mirror
	publish mine.ndb "$mine"
	start_mirror other
	cp "$place/mirror/mine.ndb" "$place/other/"
	misbehave "redirect to=\"${mirror/127.0.0.1/localhost}/mine.ndb\" match=\"mine.ndb\""
	mirror=$first
	configure "$(feed mine url="$mirror/mine.ndb" key=KEY-1234 header='X-Key: {key}')"
	update
	[ "$(asked '.headers["x-key"]' mirror)" -ge 1 ]
	[ "$(asked '.path == "/mine.ndb"' other)" -ge 1 ] || fail "the other was not asked"
	[ "$(asked '.headers["x-key"]' other)" -eq 0 ] || fail "the key went along"
	hides KEY-1234
}

@test "user and password in a feed's URL are used and not shown" {
	publish mine.ndb "$mine"
	configure "$(feed mine url="${mirror/:\/\//:\/\/me:KEY-1234@}/mine.ndb")"
	update --log="$place/log" --verbose
	is .outcome updated
	[ "$(asked ".headers.authorization == \"Basic $(printf me:KEY-1234 | base64)\"")" -ge 1 ] || fail "they were not used"
	hides KEY-1234
	hides "$(printf me:KEY-1234 | base64)"
}

@test "a feed alone is not what makes a machine without definitions call mail clean" {
	have 0
	publish mine.ndb "$mine"
	rm "$place/mirror/test.cvd"
	own
	update
	ends unreachable 'test: .*HTTP 404'
	part mine unreachable
	[ ! -e "$store/current" ]
	mirror_version 6
	update
	ends updated
	finds my-mark
	# Where no databases are configured it is all that there is to be.
	have 0
	update -o databases=
	ends updated
	finds my-mark
}
