#!/usr/bin/env bats
# csapi-update and connections that break: what was in use stays, or the right new version comes another way.
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash
load update.bash

# Rules for what is fetched once the version is known.
file='match="test.cvd" ranged=false'
patches='match="test-*.cdiff"'

@test "connections that are reset, closed, cut, or of which nothing comes" {
	row 5 5 unreachable '127.0.0.1' 'reset'
	row 5 5 unreachable '127.0.0.1' 'close'
	row 5 5 unreachable '127.0.0.1' 'reset at=100'
	row 5 5 unreachable '127.0.0.1' 'truncate at=100'
	row 5 5 unreachable '127.0.0.1' 'stall at=-1'
	row 5 5 unreachable '127.0.0.1' 'drip rate=4'
	row 0 0 unreachable '127.0.0.1' 'stall at=100'
}

@test "the same for the file" {
	options=(-o incremental=false)
	row 5 5 unreachable '127.0.0.1' "reset $file"
	row 5 5 unreachable '127.0.0.1' "reset at=3000 $file"
	row 5 5 unreachable '127.0.0.1' "truncate at=3000 $file"
	row 5 5 unreachable '127.0.0.1' "truncate at=600 $file"
	row 5 5 unreachable '127.0.0.1' "close $file"
	row 5 5 unreachable 'too slowly' "stall at=3000 $file"
	row 5 5 unreachable 'too slowly' "drip rate=4 $file"
	row 0 0 unreachable 'too slowly' "drip rate=40 $file"
}

@test "a mirror that never gets done: given up at max_time, and told as that" {
	options=(-o max_time=2 -o request_timeout=60)
	row 5 5 unreachable '2 seconds of max_time' 'stall at=-1'
	row 5 5 unreachable '2 seconds of max_time' "drip rate=150 $file" "drip rate=4 $patches"
}

@test "nobody there" {
	stop_mirrors
	row 5 5 unreachable '127.0.0.1'
	row 0 0 unreachable '127.0.0.1'
	options=(-o private_mirrors=http://no-such-host.invalid)
	row 5 5 unreachable 'no-such-host.invalid'
}

@test "patches that are broken" {
	local kind
	for kind in 'flip at=40' 'truncate at=60' 'empty' 'html' 'reset at=50' 'stall at=30' 'drip rate=4' 'ok file="test-4.cdiff"'; do
		row 3 6 updated '' "$kind match=\"test-5.cdiff\""
		row 5 6 updated '' "$kind match=\"test-6.cdiff\""
	done
	row 5 5 rejected 'test' "flip at=40 $patches" "flip at=5000 $file"
}
