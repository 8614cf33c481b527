#!/usr/bin/env bats
# postfix.bats - the content filter for Postfix, with the real Postfix: every message ends where it should, and none is lost.

bats_require_minimum_version 1.5.0
load helper
load clamd
load recipe_smtp
load postfix

# Each policy has a port of its own; what stands for csapi-scan is $place/csapi-scan.
setup_file() {
	open_file
	start_scanner -j 2
	make_messages
	export place=$BATS_FILE_TMPDIR
	chmod a+x "$BATS_RUN_TMPDIR" "$place"
	as_root || return 0
	(need_postfix) >/dev/null || return 0
	need_postfix
	export postfix_master queue mailboxes maillog port_default port_mark port_bounce port_defer
	mkdir -p "$place/quarantine"
	"${with[@]}" chown filter "$place/quarantine"
	filter=$(within_reach "$RECIPES/postfix/csapi-filter")
	master=$place/master
	cp "$RECIPES/postfix/main.cf" "$place/main"
	main=$place/main
	policy default
	policy mark infected=mark unscannable=mark
	policy bounce infected=bounce unscannable=bounce
	policy defer infected=quarantine unscannable=defer
	start_postfix
}

# policy NAME [ARGUMENT]...: the recipe's lines, with this name, port and these arguments of the filter.
policy() {
	local port
	port=$(free_port)
	declare -g "port_$1=$port"
	sed -e '/^#/d' -e "s/^smtp /127.0.0.1:$port /" -e "s/csapi:dummy/csapi-$1:dummy/; s/^csapi /csapi-$1 /; s/user=csapi-filter/user=filter/" \
		-e "s|/usr/share/csapi/recipes/postfix/csapi-filter|$filter deadline=1 scan=$place/csapi-scan sendmail=$programs/usr/sbin/sendmail \
quarantine=$place/quarantine ${*:2}|" "$RECIPES/postfix/master.cf" >>"$master"
}

teardown_file() {
	stop_postfix
	stop_scanner
}

setup() {
	place=$BATS_FILE_TMPDIR
	need_postfix
	mail=$place/mail
	within=$(programs_within_reach)
	rm -rf "$place"/quarantine/{infected,unscannable} "$mailboxes"/*
	stand_in real
}

teardown() {
	resume_scanner
}

# send MESSAGE [POLICY]: Postfix takes it, and does with it what it does.
send() {
	local port=port_${2-default}
	run --separate-stderr "$ROOT/test/smtp.py" --port="${!port}" "$1"
	replied 250 'queued as'
	settled
}

# flush: what was deferred is tried again.
flush() {
	MAIL_CONFIG=$place/postfix "${with[@]}" "$programs/usr/sbin/postqueue" -f
	local _
	for _ in {1..200}; do
		[ -n "$(find "$queue/deferred" -type f)" ] || break
		sleep 0.05
	done
	settled
	none "$queue/deferred"
}

# delivered MESSAGE STATUS: it is in the user's mailbox, once, marked so, with its body as it was.
delivered() {
	local file
	file=$(one "$mailboxes"/user/new/*)
	same_body "$1" "$file"
	marked "$file" "$2"
	none "$queue/deferred"
	none "$mailboxes/sender"
}

# kept KIND MESSAGE: in the quarantine, with its envelope, and nowhere else; nobody was told.
kept() {
	local file
	file=$(one "$place/quarantine/$1"/*.eml)
	same_body "$2" "$file"
	marked "$file" "$1"
	[ "$(cat "${file%.eml}.envelope")" = $'sender@example.net\nuser@example.org' ] || fail "the envelope is another one"
	nowhere_else
}

nowhere_else() {
	none "$mailboxes"
	none "$queue/deferred"
	[ -z "$(find "$place/quarantine" -name 'work.*')" ] || fail "the filter left files"
}

# deferred N: so many messages wait in the queue, and are nowhere else.
deferred() {
	[ "$(find "$queue/deferred" -type f | wc -l)" -eq "$1" ] || fail "not $1 in the queue: $(tail -n 5 "$maillog")"
	none "$mailboxes"
	none "$place/quarantine"
}

@test "clean: delivered, marked, its body to the byte" {
	send "$mail/clean"
	delivered "$mail/clean" clean
}

@test "infected: in the quarantine with its envelope, not delivered, nobody is told" {
	send "$mail/infected"
	kept infected "$mail/infected"
}

@test "unscannable: in the quarantine, apart from what is infected" {
	send "$mail/encrypted"
	kept unscannable "$mail/encrypted"
	none "$place/quarantine/infected"
}

@test "what is kept can be released as the README says" {
	send "$mail/encrypted"
	cd "$place/quarantine/unscannable"
	sendmail() { MAIL_CONFIG=$place/postfix "${with[@]}" "$programs/usr/sbin/sendmail" "$@"; }
	for envelope in *.envelope; do
		sed 1d "$envelope" | (mapfile -t to; sendmail -G -i -f "$(sed 1q "$envelope")" -- "${to[@]}" <"${envelope%envelope}eml")
	done
	settled
	delivered "$mail/encrypted" unscannable
}

@test "policy mark: delivered with what it is in the header" {
	send "$mail/infected" mark
	delivered "$mail/infected" infected
	[ "$(field "$mailboxes"/user/new/* X-CSAPI-Info)" = Eicar-Test-Signature ]
	rm -rf "$mailboxes"/*
	send "$mail/encrypted" mark
	delivered "$mail/encrypted" unscannable
}

@test "policy bounce: the sender is told what it was, the user gets nothing" {
	send "$mail/infected" bounce
	grep -q 'contains a virus: Eicar-Test-Signature' "$(one "$mailboxes"/sender/new/*)"
	none "$mailboxes/user"
	rm -rf "$mailboxes"/*
	send "$mail/encrypted" bounce
	grep -q 'could not be scanned for viruses: ' "$(one "$mailboxes"/sender/new/*)"
	none "$mailboxes/user"
}

@test "policy defer: stays in the queue" {
	send "$mail/encrypted" defer
	deferred 1
	MAIL_CONFIG=$place/postfix "${with[@]}" "$programs/usr/sbin/postsuper" -d ALL deferred
}

@test "fields of ours that the message brought are gone; the body may say what it likes" {
	send "$mail/forged"
	delivered "$mail/forged" clean
	! grep -qE 'all is well|^X-CSAPI-Code' "$mailboxes"/user/new/*
	send "$mail/infected-forged"
	one "$place"/quarantine/infected/*.eml
	[ "$(find "$mailboxes" -type f | wc -l)" -eq 1 ]
}

@test "csapi-scan is missing, crashes, has no verdict, writes a part: all stay in the queue, and go on when it works" {
	local n=0 kind
	for kind in missing crash early partial half cut silent 75 usage; do
		stand_in "$kind"
		[ "$kind" != missing ] || mv "$place/csapi-scan" "$place/csapi-scan.away"
		send "$mail/clean"
		send "$mail/infected"
		n=$((n + 2))
		deferred "$n"
	done
	stand_in real
	flush
	[ "$(find "$mailboxes/user/new" -type f | wc -l)" -eq 9 ] || fail "not all that is clean was delivered"
	[ "$(find "$place/quarantine/infected" -name '*.eml' | wc -l)" -eq 9 ] || fail "not all that is infected was kept"
	for file in "$mailboxes"/user/new/*; do
		same_body "$mail/clean" "$file"
		marked "$file" clean
	done
}

@test "the scanner hangs: deferred by our deadline, and delivered afterwards" {
	pause_scanner
	send "$mail/clean"
	deferred 1
	resume_scanner
	flush
	delivered "$mail/clean" clean
}

@test "csapi-scan hangs and ignores its deadline: deferred nevertheless" {
	stand_in hang
	send "$mail/clean"
	deferred 1
	stand_in real
	flush
	delivered "$mail/clean" clean
}

@test "the quarantine cannot be written: deferred, and nothing is lost" {
	mv "$place/quarantine" "$place/quarantine.away"
	send "$mail/infected"
	mkdir "$place/quarantine"
	deferred 1
	rmdir "$place/quarantine"
	mv "$place/quarantine.away" "$place/quarantine"
	flush
	kept infected "$mail/infected"
}
