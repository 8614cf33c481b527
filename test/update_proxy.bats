#!/usr/bin/env bats
# csapi-update behind a proxy, with https and an authority of one's own, and under names: what is secret of it is nowhere shown.
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash
load update.bash

@test "all requests go through the proxy, with user and password, which are nowhere shown" {
	local there=$mirror
	echo 'Mine-1:0:*:6d792d6d61726b' >"$place/mirror/mine.ndb"
	start_mirror proxy --proxy --credentials=me:s3cret
	configure "proxy = \"$mirror\"" 'proxy_user = "me"' 'proxy_password = "s3cret"' "$(feed mine url="$there/mine.ndb")"
	have 3
	update -o private_mirrors="$there" --log="$place/log" --verbose
	is .outcome updated
	part mine updated
	uses 6
	[ "$(asked true mirror)" -gt 3 ]
	[ "$(asked '.proxy and .do == "proxy"' proxy)" -eq "$(asked true mirror)" ] || fail "not all went through it"
	hides "s3cret|$(printf me:s3cret | base64)"
	configure "proxy = \"$mirror\"" 'proxy_user = "me"' 'proxy_password = "s3cret-wrong"'
	have 3
	update -o private_mirrors="$there" --log="$place/log" --verbose
	is .outcome unreachable
	grep -q 'unreachable: test: .*proxy.*407' <<<"$stderr" || fail "it does not say what is wrong"
	uses 3
	hides "s3cret|$(printf me:s3cret | base64)"
	run "$UPDATE" --config="$config" --check-config
	[[ $output != *s3cret* ]] || fail "--check-config shows it"
}

@test "a proxy that is not there, or cannot get through" {
	configure 'proxy = "http://127.0.0.1:1"'
	row 5 5 unreachable '127.0.0.1'
	local there=$mirror
	start_mirror proxy --proxy
	configure "proxy = \"$mirror\""
	options=(-o private_mirrors=http://127.0.0.1:1)
	row 5 5 unreachable 'HTTP 502'
	options=(-o private_mirrors="$there")
	row 5 6 updated ''
}

@test "a proxy that the environment names" {
	local there=$mirror
	start_mirror proxy --proxy
	export http_proxy=$mirror
	have 3
	update -o private_mirrors="$there"
	ends updated
	[ "$(asked .proxy proxy)" -gt 0 ]
	uses 6
}

@test "https with an authority of one's own" {
	make_certificate
	start_mirror secure --tls="$place/server.pem"
	echo 'Mine-1:0:*:6d792d6d61726b' >"$place/secure/mine.ndb"
	configure "$(feed mine url="$mirror/mine.ndb")"
	have 3
	update
	ends unreachable 'certificate'
	part mine unreachable
	uses 3
	export CURL_CA_BUNDLE=$place/ca.pem
	update
	ends updated
	part mine updated
	uses 6
	have 3
	update -o private_mirrors="${mirror/127.0.0.1/localhost}"
	ends partial 'test: '
	uses 3
}

@test "the name that private mirrors and feeds are told" {
	echo 'Mine-1:0:*:6d792d6d61726b' >"$place/mirror/mine.ndb"
	configure 'user_agent = "mine/1.0"' "$(feed mine url="$mirror/mine.ndb")"
	have 3
	update
	ends updated
	[ "$(asked)" -gt 3 ]
	[ "$(asked '.headers["user-agent"] != "mine/1.0"')" -eq 0 ] || fail "another name was told"
	# Official ones are told ClamAV's.
	have 3
	rm "$place/mirror.log"
	update -o private_mirrors= -o mirrors="$mirror" -o dns=
	ends updated
	[ "$(asked '(.path | test("mine") | not) and (.headers["user-agent"] | test("^ClamAV/") | not)')" -eq 0 ] || fail "another name was told"
}
