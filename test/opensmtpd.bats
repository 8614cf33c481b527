#!/usr/bin/env bats
# opensmtpd.bats - the filter for OpenSMTPD, with the real smtpd, and by itself with a driver that speaks smtpd's protocol.

bats_require_minimum_version 1.5.0
load helper
load clamd
load recipe_smtp

setup_file() {
	open_file
	start_scanner -j 2
	make_messages
	export place=$BATS_FILE_TMPDIR
	chmod a+x "$BATS_RUN_TMPDIR" "$place"
	export smtpd port port_mark port_defer mailboxes=$place/mailboxes
	port=$(free_port) port_mark=$(free_port) port_defer=$(free_port)
	! can_smtpd || start_smtpd
}

teardown_file() {
	stop_smtpd
	stop_scanner
}

# smtpd wants root's rights and files at fixed places: a mount namespace has them without touching the machine's.
can_smtpd() {
	as_root && unshare --mount true 2>/dev/null && (need_mail_programs opensmtpd) >/dev/null
}

start_smtpd() {
	local filter _
	need_mail_programs opensmtpd
	filter=$(within_reach "$RECIPES/opensmtpd/filter-csapi")
	mkdir -p "$mailboxes"
	"${with[@]}" chown filter "$mailboxes"
	{
		echo 'table everybody { "@" = "filter" }'
		listener csapi "$port"
		listener mark "$port_mark" unscannable=mark infected=mark
		listener defer "$port_defer" unscannable=defer
		echo "action deliver maildir \"$mailboxes/%{rcpt.user}\" virtual <everybody>"
		echo "match from any for any action deliver"
	} >"$place/smtpd.conf"
	cat >"$place/start" <<-'END'
		# PROGRAMS CONFIGURATION
		set -e
		mount --make-rprivate /
		mount -t tmpfs none /var/spool
		mount -t tmpfs none /var/lib
		mount -t tmpfs none /run
		mount --bind "$1/usr/libexec" /usr/libexec
		mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd
		chmod 711 /var/spool/smtpd
		exec "$1/usr/sbin/smtpd" -d -f "$2"
	END
	"${with[@]}" unshare --mount sh "$place/start" "$programs" "$place/smtpd.conf" >"$place/smtpd.log" 2>&1 3>&- &
	smtpd=$!
	for _ in {1..200}; do
		! (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 0
		alive "$smtpd" || break
		sleep 0.05
	done
	fail "smtpd does not start: $(cat "$place/smtpd.log")"
}

# listener NAME PORT [OPTION]...: the recipe's lines, with this name, port and these options of the filter.
listener() {
	sed -e '/^#/d' -e "s/csapi /$1 /; s/csapi\$/$1/; s/listen on all/listen on 127.0.0.1 port $2/" \
		-e "s|/usr/share/csapi/recipes/opensmtpd/filter-csapi|$filter deadline=1 scan=$place/csapi-scan ${*:3}|" "$RECIPES/opensmtpd/smtpd.conf"
}

stop_smtpd() {
	[ -n "${smtpd-}" ] || return 0
	kill -TERM "$smtpd" 2>/dev/null || true
	gone "$smtpd" || kill -KILL "$smtpd"
	smtpd=
}

setup() {
	place=$BATS_FILE_TMPDIR
	mail=$place/mail
	within=$(programs_within_reach)
	stand_in real
	rm -rf "${mailboxes:?}"/* "$place/out"
	mkdir "$place/out"
}

teardown() {
	resume_scanner
}

# send MESSAGE [POLICY]
send() {
	local to=port${2+_$2}
	[ -n "${smtpd-}" ] || skip "OpenSMTPD runs as root and in a mount namespace only, which is not to be had here"
	rm -rf "${mailboxes:?}"/*
	run --separate-stderr "$ROOT/test/smtp.py" --port="${!to}" "$1"
	[ "$status" -eq 0 ] || fail "the dialogue broke off"
}

# arrived N: so many messages are in the mailbox.
arrived() {
	local _
	for _ in {1..200}; do
		[ "$(find "$mailboxes" -path '*/new/*' -type f 2>/dev/null | wc -l)" -lt "$1" ] || break
		sleep 0.05
	done
	[ "$(find "$mailboxes" -type f | wc -l)" -eq "$1" ] || fail "not $1 in the mailbox: $(tail -n 5 "$place/smtpd.log")"
}

delivered() {
	local file
	replied 250
	arrived 1
	file=$(one "$mailboxes"/user/new/*)
	same_body "$1" "$file"
	marked "$file" "$2"
}

refused() {
	replied "$@"
	none "$mailboxes"
}

@test "smtpd: clean mail is delivered, marked, its body to the byte" {
	send "$mail/clean"
	delivered "$mail/clean" clean
}

@test "smtpd: infected mail is refused with the virus's name" {
	send "$mail/infected"
	refused 550 'contains a virus: Eicar-Test-Signature$'
}

@test "smtpd: unscannable mail is refused with another text; or 451, or marked and delivered, as the administrator wishes" {
	send "$mail/encrypted"
	refused 550 'could not be scanned for viruses: .*encrypted'
	send "$mail/encrypted" defer
	refused 451 'could not be scanned for viruses'
	send "$mail/encrypted" mark
	delivered "$mail/encrypted" unscannable
	send "$mail/infected" mark
	delivered "$mail/infected" infected
}

@test "smtpd: fields of ours that the message brought are gone; the body may say what it likes" {
	send "$mail/forged"
	delivered "$mail/forged" clean
	! grep -qE 'all is well|^X-CSAPI-Code' "$mailboxes"/user/new/*
	send "$mail/infected-forged"
	refused 550 'contains a virus'
}

@test "smtpd: csapi-scan is missing, crashes, has no verdict, writes a part: 451, and when it works again mail passes" {
	local kind
	for kind in missing crash early partial half cut silent 75 usage; do
		rm -f "$place/csapi-scan"
		stand_in "$kind"
		for message in clean infected; do
			send "$mail/$message"
			refused 451 'virus scanner is not available'
		done
	done
	stand_in real
	send "$mail/clean"
	delivered "$mail/clean" clean
}

@test "smtpd: the scanner hangs: 451 by our deadline; then it goes on, and so does the mail" {
	pause_scanner
	send "$mail/clean"
	refused 451
	resume_scanner
	send "$mail/clean"
	delivered "$mail/clean" clean
}

@test "smtpd: csapi-scan hangs and ignores its deadline: 451 nevertheless, and other sessions go on meanwhile" {
	stand_in hang
	"$ROOT/test/smtp.py" --port="$port" "$mail/clean" >"$place/hung" 3>&- &
	local hung=$!
	sleep 0.5
	stand_in real
	send "$mail/forged"
	delivered "$mail/forged" clean
	alive "$hung" || fail "the other session did not hang"
	wait "$hung"
	output=$(cat "$place/hung")
	replied 451
	arrived 1
}

@test "smtpd: sessions whose lines are mixed get their own verdicts and bodies" {
	[ -n "${smtpd-}" ] || skip "OpenSMTPD runs as root and in a mount namespace only, which is not to be had here"
	run --separate-stderr "$ROOT/test/smtp.py" --port="$port" --stay "$mail"/{clean,infected,forged,encrypted,clean}
	[ "$(cut -c 1-3 <<<"$output" | tr '\n' ' ')" = "250 550 250 550 250 " ] || fail "the replies"
	arrived 3
	local file n=0
	for file in "$mailboxes"/user/new/*; do
		marked "$file" clean
		! grep -q '^Subject: clean' "$file" || { same_body "$mail/clean" "$file" && n=$((n + 1)); }
		! grep -q '^Subject: forged' "$file" || same_body "$mail/forged" "$file"
	done
	[ "$n" -eq 2 ]
}

# drive MESSAGE... [-- OPTION...]: the filter by itself; lines that came back are in $place/out.
drive() {
	run --separate-stderr timeout 30 "$ROOT/test/filter_driver.py" "$place/out" "$@"
	[ "$status" -eq 0 ] || fail "the filter"
}

@test "the filter by itself: mixed sessions, each with its verdict and its body" {
	drive "$mail"/{clean,infected,forged,encrypted,infected-forged} -- "$RECIPES/opensmtpd/filter-csapi" "scan=$csapi_scan"
	[ "${lines[0]}" = proceed ]
	[[ ${lines[1]} == "reject|550 5.7.1 This message contains a virus: Eicar-Test-Signature" ]]
	[ "${lines[2]}" = proceed ]
	[[ ${lines[3]} == "reject|550 5.7.1 This message could not be scanned for viruses: "*encrypted* ]]
	[[ ${lines[4]} == "reject|550 5.7.1 This message contains a virus: "* ]]
	marked "$place/out/1" clean
	marked "$place/out/3" clean
	same_body "$mail/clean" "$place/out/1"
	same_body "$mail/forged" "$place/out/3"
	# Nothing of what is refused goes on.
	[ ! -s "$place/out/2" ] && [ ! -s "$place/out/4" ] && [ ! -s "$place/out/5" ]
}

@test "the filter by itself: no verdict is 451, and nothing goes on" {
	local kind
	for kind in missing crash early partial half cut silent 75 usage hang; do
		rm -f "$place/csapi-scan"
		stand_in "$kind"
		drive "$mail"/{clean,infected} -- "$RECIPES/opensmtpd/filter-csapi" "scan=$csapi_scan" deadline=1
		[[ ${lines[0]} == "reject|451 "* ]] && [[ ${lines[1]} == "reject|451 "* ]] || fail "$kind"
		[ ! -s "$place/out/1" ] && [ ! -s "$place/out/2" ] || fail "$kind: something went on"
	done
}

@test "the filter by itself: more messages at once than scans" {
	drive "$mail"/{clean,infected,forged,clean,clean,infected} -- "$RECIPES/opensmtpd/filter-csapi" "scan=$csapi_scan" jobs=1
	[ "$(cut -c 1-10 <<<"$output" | tr '\n' ' ')" = "proceed reject|550 proceed proceed proceed reject|550 " ] || fail "the answers"
	same_body "$mail/clean" "$place/out/5"
}

@test "the filter by itself: an option that it does not know" {
	run -255 "$RECIPES/opensmtpd/filter-csapi" unscannable=maybe
	[[ $output == *'"unscannable=maybe" is no option'* ]]
}
