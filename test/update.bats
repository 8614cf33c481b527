#!/usr/bin/env bats
# csapi-update against mirrors, good and bad: the old definitions stay whole or the right new ones are in use, and what is said is so.
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash
load update.bash

# Rules for what is fetched once the version is known.
file='match="test.cvd" ranged=false'
patches='match="test-*.cdiff"'

# --- good mirrors ------------------------------------------------------------------------------------------------

@test "nothing here: made, fetched whole, and in use" {
	row 0 6 updated ''
	is .before null
	is .sources[0].incremental false
	is .sources[0].source "$mirror"
	is .definitions.signatures 10
}

@test "something older: by patches; and nothing newer: current" {
	row 3 6 updated ''
	is .sources[0].incremental true
	is '.sources[0] | "\(.before) \(.after) \(.remote)"' '3 6 6'
	[ "$(asked '.path == "/test.cvd" and .range == null')" -eq 0 ]
	[ "$(basename "$(readlink "$store/previous")")" = "$(value .before.id)" ]
	update
	ends current
	uses 6
	row 6 6 current ''
}

@test "ways to serve that are unusual and right" {
	local way from
	for way in ignore-range no-length chunked; do
		row 0 6 updated '' "$way"
		row 3 6 updated '' "$way"
		row 6 6 current '' "$way"
	done
	from=$mirror
	start_mirror other
	row 3 6 updated '' "redirect to=\"$from/test.cvd\" match=\"test.cvd\"" "ok"
	options=(-o incremental=false)
	row 3 6 updated ''
	is .sources[0].incremental false
}

# --- statuses ----------------------------------------------------------------------------------------------------

@test "a mirror that refuses or fails" {
	row 5 5 unreachable '127.0.0.1.*HTTP 304' 'unmodified'
	row 5 5 unreachable 'HTTP 403' 'status status=403'
	row 5 5 unreachable 'HTTP 404' 'status status=404'
	row 5 5 unreachable 'HTTP 500' 'status status=500'
	row 5 5 unreachable 'HTTP 503' 'status status=503'
	row 0 0 unreachable 'HTTP 503' 'status status=503'
}

@test "the same once the version is known: for the patch and the file, or the file alone" {
	for code in 304 403 404 500 503; do
		row 5 5 unreachable "HTTP $code" "status status=$code $patches" "status status=$code $file"
		row 0 0 unreachable "HTTP $code" "status status=$code $file"
	done
}

# waits SECONDS: the last run says so many until it makes sense to try again, and so does what is remembered.
waits() {
	local told=$(($(date -d "$(value .next)" +%s) - $(date +%s) - $1))
	[ "${told#-}" -le 60 ] || fail "it waits until $(value .next)"
	is '.sources[0].retry_at == .next' true
	[ "$(jq -r '.mirrors[].retry_at' "$store/state.json")" = "$(value .next)" ] || fail "it remembers $(cat "$store/state.json")"
}

@test "429: until when is told and remembered, and never more than a day" {
	row 5 5 rate_limited "asks to wait until 20[-0-9]*T[0-9:]*Z .HTTP 429.; the old definitions stay in use;" 'status status=429 retry_after="600"'
	waits 600
	row 5 5 rate_limited 'HTTP 429' 'http-date status=429 seconds=3600'
	waits 3600
	row 5 5 rate_limited 'HTTP 429' 'http-date status=429 seconds=315360000'
	waits 86400
	row 5 5 rate_limited 'HTTP 429' 'status status=429 retry_after="315360000"'
	waits 86400
	row 5 5 rate_limited 'HTTP 429' 'http-date status=429 seconds=-86400'
	waits 14400
	row 5 5 rate_limited 'HTTP 429' 'status status=429'
	waits 14400
	row 5 5 rate_limited 'HTTP 503' 'status status=503 retry_after="600"'
	waits 600
	row 0 0 rate_limited 'HTTP 429' 'status status=429 retry_after="600"'
	waits 600
}

@test "429 for a patch, a later patch, or the file" {
	local wait='status status=429 retry_after="600"'
	row 5 5 rate_limited 'HTTP 429' "$wait $patches"
	waits 600
	row 3 3 rate_limited 'HTTP 429' "$wait match=\"test-5.cdiff\""
	waits 600
	row 0 0 rate_limited 'HTTP 429' "$wait $file"
	waits 600
	row 3 3 rate_limited 'HTTP 429' "status status=404 $patches" "$wait $file"
	waits 600
}

# --- what is no database, or a broken one --------------------------------------------------------------------------

@test "something else instead of a database" {
	row 5 5 rejected 'test.cvd is not a database' 'html'
	row 5 5 rejected 'test.cvd is not a database' 'empty'
	row 0 0 rejected 'test.cvd is not a database' 'html'
	row 5 5 rejected 'test.cvd is broken: .*not a CVD file' "status status=404 $patches" "html $file"
	row 0 0 rejected 'test.cvd' "empty $file"
	row 0 0 rejected 'test.cvd is broken: .*not a CVD file' "ok file=\"test-6.cdiff\" $file"
}

@test "a database that is broken, by a byte or by its end" {
	# Version, signature, first and last byte of what is packed.
	row 0 0 rejected 'test.cvd' "flip at=100 $file"
	row 0 0 rejected 'test.cvd' "flip at=150 $file"
	row 0 0 rejected 'test.cvd' "flip at=512 $file"
	row 0 0 rejected 'test.cvd' "flip at=5000 $file"
	row 5 5 rejected 'test.cvd' "status status=404 $patches" "flip at=9951 $file"
}

@test "too large: more than was announced, more than max_size" {
	row 6 6 current '' 'oversize'
	options=(-o max_size=20000000)
	row 5 5 rejected 'larger than 20000000 bytes' 'oversize'
	row 5 5 rejected 'larger than 20000000 bytes' "status status=404 $patches" "oversize $file"
	row 0 0 rejected 'larger than 20000000 bytes' "oversize $file"
	options=(-o max_size=5000)
	row 0 0 rejected 'larger than 5000 bytes'
	row 5 5 rejected 'larger than 5000 bytes'
}

@test "a .cld that was cut short verifies and loads in libclamav, and is not taken" {
	local cut=$place/mirror/test.cld
	have 3
	update
	ends updated
	# Not packed, so that the engine does not see the end is missing.
	/usr/bin/python3 - "$store/current/test.cld" "$cut" <<-'END'
		import gzip, sys
		data = open(sys.argv[1], "rb").read()
		body = data[512:]
		body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
		open(sys.argv[2], "wb").write(data[:512] + body[:len(body) // 1024 // 2 * 512])
	END
	row 5 5 rejected 'test.cld' "status status=404 match=\"test*.c[vd]*\""
	row 0 0 rejected 'test.cld' "status status=404 match=\"test*.c[vd]*\""
}

# --- versions that are not what they seem --------------------------------------------------------------------------

@test "a mirror that is behind, or sends something else than it announced" {
	mirror_version 3
	row 5 5 rejected 'offers version 3, older than 5'
	mirror_version 6
	row 5 5 rejected 'announced version 6 and sent 3; 5 is kept' "ok file=\"test-3.cvd\" $file" "status status=404 $patches"
	options=(-o incremental=false)
	row 5 5 rejected 'announced version 6 and sent 3; 5 is kept' "ok file=\"test-3.cvd\" $file"
	row 5 5 rejected 'announced version 6 and sent 5; 5 is kept' "ok file=\"test-5.cvd\" $file"
	row 3 5 partial 'version 5, and not 6' "ok file=\"test-5.cvd\" $file"
	options=()
	row 3 3 rejected '' "ok file=\"test-2.cdiff\" $patches" "ok file=\"test-3.cvd\" $file"
}

@test "patches that are missing: one behind, in the middle, the last" {
	row 5 6 updated '' 'status status=404 match="test-6.cdiff"'
	row 3 6 updated '' 'status status=404 match="test-5.cdiff"'
	row 3 6 updated '' 'status status=404 match="test-6.cdiff"'
	# And no whole file either.
	row 5 5 unreachable 'HTTP 404' 'status status=404 match="test-6.cdiff"' "status status=404 $file"
	row 3 4 partial 'version 4, and not 6: .*HTTP 404' 'status status=404 match="test-5.cdiff"' "status status=404 $file"
	row 3 5 partial 'version 5, and not 6: .*HTTP 500' 'status status=404 match="test-6.cdiff"' "status status=500 $file"
}

# --- several mirrors and databases ---------------------------------------------------------------------------------

@test "two mirrors, of which the first is bad in any way" {
	local bad=$mirror kind
	start_mirror other
	options=(-o private_mirrors="$bad $mirror")
	for kind in 'status status=404' 'status status=429 retry_after="600"' 'status status=500' reset html 'stall at=100' "flip at=600"; do
		row 3 6 updated '' "$kind"
	done
	mirror_version 3
	row 5 6 updated ''
	is .sources[0].source "$mirror"
	stop_mirrors
	options=(-o private_mirrors="http://127.0.0.1:1 http://127.0.0.1:2")
	row 5 5 unreachable '127.0.0.1:[12]'
}

@test "two databases, of which one is not to be had: the other is in use, and it is partial" {
	have 3
	update -o databases='test bytecode'
	ends partial 'bytecode: .*HTTP 404'
	part test updated
	part bytecode unreachable .http 404
	uses 6
	cp "$TEST_DATABASES/bytecode.cvd" "$place/mirror/"
	update -o databases='test bytecode'
	ends updated
	part test current
	part bytecode updated .after 19
	uses 6
	misbehave 'flip at=600 match="bytecode.cvd"'
	have 3
	update -o databases='test bytecode'
	ends partial 'bytecode: '
	part bytecode rejected
	uses 6
}
