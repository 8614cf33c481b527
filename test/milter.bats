#!/usr/bin/env bats
# milter.bats - clamav-milter between Postfix and what speaks clamd's protocol, with the real programs: mail is refused while its sender waits.

bats_require_minimum_version 1.5.0
load helper
load clamd
load recipe_smtp
load postfix

setup_file() {
	open_file
	make_messages
	export place=$BATS_FILE_TMPDIR
	chmod a+x "$BATS_RUN_TMPDIR" "$place"
	(need_mail_programs milter) >/dev/null || return 0
	export postfix_master queue mailboxes maillog port milter_port peer_port
	milter_port=$(free_port) port=$(free_port) peer_port=$(free_port)
	as_root || return 0
	(need_mail_programs postfix) >/dev/null || return 0
	need_mail_programs postfix
	main=$place/main master=$place/master
	sed "s/:7357/:$milter_port/; s/message_size_limit = .*/message_size_limit = 1000000/" "$RECIPES/postfix/main.cf.milter" >"$main"
	echo "127.0.0.1:$port inet n - n - - smtpd" >"$master"
	start_postfix
}

teardown_file() {
	stop_postfix
}

setup() {
	place=$BATS_FILE_TMPDIR
	need_mail_programs milter
	mail=$place/mail
	rm -rf "${mailboxes:-/nonexistent}"/*
}

teardown() {
	stop_milter
	stop_peer
}

# start_milter: the recipe, that waits for an answer for a second only.
start_milter() {
	local _
	sed -e "s|^MilterSocket.*|MilterSocket inet:$milter_port@127.0.0.1|; s|^ClamdSocket.*|ClamdSocket unix:$peer_socket|" \
		-e 's/^ReadTimeout.*/ReadTimeout 1/; $a Foreground yes' "$RECIPES/postfix/clamav-milter.conf" >"$place/milter.conf"
	"${with[@]}" "$programs/usr/sbin/clamav-milter" -c "$place/milter.conf" >"$place/milter.log" 2>&1 3>&- &
	milter=$!
	for _ in {1..200}; do
		! (: <>"/dev/tcp/127.0.0.1/$milter_port") 2>/dev/null || return 0
		alive "$milter" || break
		sleep 0.05
	done
	fail "clamav-milter does not start: $(cat "$place/milter.log")"
}

stop_milter() {
	[ -n "${milter-}" ] || return 0
	# It waits for all its threads otherwise, longer than we do.
	kill -KILL "$milter" 2>/dev/null || true
	wait "$milter" 2>/dev/null || true
	milter=
}

# send MESSAGE
send() {
	[ -n "$postfix_master" ] || skip "Postfix runs as root only"
	rm -rf "$mailboxes"/*
	run --separate-stderr "$ROOT/test/smtp.py" --port="$port" "$1"
	settled
}

delivered() {
	local file
	replied 250 'queued as'
	file=$(one "$mailboxes"/user/new/*)
	same_body "$1" "$file"
	[ "$(field "$file" X-Virus-Status)" = Clean ] || fail "it is not marked"
}

refused() {
	replied "$@"
	none "$mailboxes"
	none "$queue/deferred"
	none "$queue/hold"
}

answers_rightly() {
	send "$mail/clean"
	delivered "$mail/clean"
	send "$mail/infected"
	refused 550 'Rejected, a virus or not to be scanned: Eicar-Test-Signature'
	send "$mail/encrypted"
	refused 550 'Rejected, a virus or not to be scanned: Heuristics\.Encrypted'
	{ printf 'X-Virus-Status: Clean, says the sender\n' && cat "$mail/clean"; } >"$place/forged"
	send "$place/forged"
	delivered "$place/forged"
	{ printf 'X-Virus-Status: Clean, says the sender\n' && cat "$mail/infected"; } >"$place/forged"
	send "$place/forged"
	refused 550 Eicar-Test-Signature
}


# by_hand MESSAGE REPLY: clamav-milter by itself; REPLY is what miltertest calls it, or the text behind 550. Steps of the conversation that
# clamav-milter does not want are left out.
by_hand() {
	/usr/bin/python3 - "$1" "$milter_port" "$2" >"$place/test.lua" <<-'EOF'
		import sys
		message, port, wanted = sys.argv[1:]
		header, _, body = open(message, encoding="latin-1").read().partition("\n\n")
		quote = lambda text: '"' + "".join("\\%03d" % ord(c) for c in text) + '"'
		print(f'conn = mt.connect("inet:{port}@127.0.0.1") if conn == nil then error("no connection") end')
		print('mt.conninfo(conn, "client.example.net", "192.0.2.1")')
		print('mt.mailfrom(conn, "<sender@example.net>") mt.rcptto(conn, "<user@example.org>")')
		for field in header.replace("\n\t", " ").replace("\n ", " ").split("\n"):
		    name, _, value = field.partition(":")
		    print(f"mt.header(conn, {quote(name)}, {quote(value.strip())})")
		print(f'mt.bodystring(conn, {quote(body.replace(chr(10), chr(13) + chr(10)))})')
		print("mt.eom(conn)")
		if wanted.startswith("SMFIR"):
		    print(f'if mt.getreply(conn) ~= {wanted} then error("the reply is " .. string.char(mt.getreply(conn))) end')
		else:
		    print(f'if not mt.eom_check(conn, MT_SMTPREPLY, "550", "5.7.1", "{wanted}") then error("the reply is another one") end')
		if wanted == "SMFIR_ACCEPT":
		    print('if not mt.eom_check(conn, MT_HDRINSERT, "X-Virus-Status") and not mt.eom_check(conn, MT_HDRADD, "X-Virus-Status") then error("no header") end')
		print("mt.disconnect(conn)")
	EOF
	run "${with[@]}" "$programs/usr/bin/miltertest" -s "$place/test.lua"
	[ "$status" -eq 0 ] || fail "miltertest: $1"
}

# judges PEER NAME-OF-INFECTED NAME-OF-ENCRYPTED
judges() {
	start_peer "$1"
	start_milter
	by_hand "$mail/clean" SMFIR_ACCEPT
	by_hand "$mail/infected" "Rejected, a virus or not to be scanned: $2"
	by_hand "$mail/encrypted" "Rejected, a virus or not to be scanned: $3"
}

@test "clamav-milter by itself on the resident scanner: clean, infected, unscannable" {
	judges csapi Eicar-Test-Signature Heuristics.Encrypted.File
}

@test "clamav-milter by itself on a real clamd: clean, infected, unscannable" {
	judges clamd Eicar-Test-Signature.UNOFFICIAL Heuristics.Encrypted.Zip
}

@test "Postfix and the resident scanner: each kind of mail" {
	start_peer csapi
	start_milter
	answers_rightly
}

@test "Postfix and a real clamd: each kind of mail" {
	start_peer clamd
	start_milter
	answers_rightly
}

@test "the scanner is stopped: 451, and when it is back the mail passes" {
	start_peer "$(speaks_clamd && echo csapi || echo clamd)"
	start_milter
	send "$mail/clean"
	delivered "$mail/clean"
	stop_peer
	send "$mail/infected"
	refused 451
	start_peer "$(speaks_clamd && echo csapi || echo clamd)"
	# clamav-milter looks again now and then.
	for _ in {1..30}; do
		send "$mail/infected"
		[[ $output == 451* ]] || break
		sleep 0.5
	done
	refused 550
}

@test "what speaks clamd's protocol fails in every way: 451, nothing kept" {
	for kind in close partial error hang; do
		start_peer "$kind"
		start_milter
		send "$mail/infected"
		refused 451
		stop_milter
		stop_peer
	done
}

@test "clamav-milter is not there, or dies: 451" {
	send "$mail/infected"
	refused 451
	start_peer hang
	start_milter
	(sleep 0.5; kill -KILL "$milter") &
	send "$mail/infected"
	refused 451
}

@test "a message too large for the milter does not pass unscanned: the mail server refuses it before" {
	start_peer "$(speaks_clamd && echo csapi || echo clamd)"
	start_milter
	{ cat "$mail/infected"; yes 'filling up to more than the limit of a megabyte' | head -c 1100000; } >"$place/large"
	send "$place/large"
	refused 552
	# The recipe's own numbers.
	local most limit
	most=$(sed -n 's/^MaxFileSize \([0-9]*\)M/\1/p' "$RECIPES/postfix/clamav-milter.conf")
	limit=$(sed -n 's/^message_size_limit = //p' "$RECIPES/postfix/main.cf.milter")
	[ "$limit" -lt $((most * 1024 * 1024)) ]
}
