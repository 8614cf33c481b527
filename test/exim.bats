#!/usr/bin/env bats
# exim.bats - the recipe for Exim, with the real Exim: every message is answered rightly, and ends where it should. No daemon, no port.

bats_require_minimum_version 1.5.0
load helper
load clamd
load recipe_smtp

setup_file() {
	open_file
	start_scanner -j 2
	make_messages
}

teardown_file() {
	stop_scanner
}

setup() {
	place=$BATS_TEST_TMPDIR
	need_mail_programs exim
	mail=$BATS_FILE_TMPDIR/mail
	within=$(programs_within_reach)
	settings=()
	stand_in real
	user=$(id -un)
	if as_root; then
		user=nobody
		chmod a+x "$BATS_RUN_TMPDIR"
		chmod 755 "$BATS_FILE_TMPDIR" "$place"
	fi
	mkdir -p "$place/spool" "$place/delivered"
	! as_root || chown nobody "$place/spool" "$place/delivered"
	exim=$(within_reach "$programs")/usr/sbin/exim4
}

teardown() {
	resume_scanner
	stop_peer
}

# exim [ARGUMENT]...: with the recipe, as it is installed, and $settings before it.
exim() {
	{
		printf '%s\n' "${settings[@]}"
		echo "CSAPI_PROGRAM = $csapi_scan"
		cat <<-END
			.include $RECIPES/exim/csapi.conf
			exim_path = $exim
			exim_user = $user
			exim_group = $(id -gn "$user")
			never_users =
			deliver_drop_privilege = true
			spool_directory = $place/spool
			log_file_path = $place/spool/%slog
			primary_hostname = mx.example.org
			domainlist local_domains = example.org
			acl_smtp_rcpt = accept
			acl_smtp_data = data
			acl_not_smtp = data
			keep_environment = $(IFS=:; echo "${kept[*]}")
			begin acl
			data:
			.include $RECIPES/exim/csapi.acl
			accept
			begin routers
			here:
			  driver = accept
			  transport = file
			begin transports
			file:
			  driver = appendfile
			  file = $place/delivered/\$message_exim_id
			  user = $user
			  message_prefix =
			  message_suffix =
			  check_string =
			  escape_string =
		END
	} >"$place/exim.conf"
	chmod 644 "$place/exim.conf"
	"${with[@]}" "$exim" -C "$place/exim.conf" "$@"
}

# send MESSAGE: one, by SMTP. Leaves the reply in $output.
send() {
	rm -f "$place"/delivered/*
	exim -bP config_file >/dev/null
	run --separate-stderr "$ROOT/test/smtp.py" "$1" --command "${with[@]}" "$exim" -C "$place/exim.conf" -odi -bs
	[ "$status" -eq 0 ] || fail "the dialogue broke off"
	# Nothing is kept but what was delivered: no queue, and no copy in the place for scans.
	none "$place/spool/input" && none "$place/spool/scan"
}

# delivered MESSAGE STATUS: it is in the mailbox, once, marked so, with its body as it was.
delivered() {
	local file
	replied 250 'OK id='
	file=$(one "$place"/delivered/*)
	same_body "$1" "$file"
	marked "$file" "$2"
}

# refused CODE PATTERN: so, and nothing was kept.
refused() {
	replied "$@"
	none "$place/delivered"
}

# try KIND: with this in csapi-scan's place, the sender is asked to come again, for clean and infected mail alike.
try() {
	local message
	stand_in "$1"
	for message in clean infected; do
		send "$mail/$message"
		refused 451
	done
}

@test "clean: delivered, marked, its body to the byte" {
	send "$mail/clean"
	delivered "$mail/clean" clean
}

@test "infected: 550 with the virus's name, nothing kept" {
	send "$mail/infected"
	refused 550 'contains a virus: Eicar-Test-Signature$'
}

@test "unscannable: 550 with another text; or 451, or marked and delivered, as the administrator wishes" {
	send "$mail/encrypted"
	refused 550 'could not be scanned for viruses \(Heuristics\.Encrypted\.File\)'
	settings=("CSAPI_UNSCANNABLE = defer")
	send "$mail/encrypted"
	refused 451 'could not be scanned'
	send "$mail/infected"
	refused 550 'contains a virus'
	settings=("CSAPI_UNSCANNABLE = accept")
	send "$mail/encrypted"
	delivered "$mail/encrypted" unscannable
	[ "$(field "$place"/delivered/* X-CSAPI-Info)" = Heuristics.Encrypted.File ]
	send "$mail/infected"
	refused 550 'contains a virus'
	send "$mail/clean"
	delivered "$mail/clean" clean
}

@test "fields of ours that the message brought are gone; the body may say what it likes" {
	send "$mail/forged"
	delivered "$mail/forged" clean
	! grep -qE 'all is well|^X-CSAPI-Code' "$place"/delivered/*
	send "$mail/infected-forged"
	refused 550 'contains a virus'
}

@test "csapi-scan is missing, crashes, has no verdict, does not know its options: 451, nothing kept" {
	for kind in missing crash early 75 usage; do try "$kind"; done
}

@test "csapi-scan writes a part of an answer, or none: 451, nothing kept" {
	for kind in partial half cut silent; do try "$kind"; done
}

@test "an ERROR with exit status 0, which Exim itself would take for clean: 451" {
	stand_in 75
	printf '#!/bin/sh\necho "$4: cannot be read ERROR"\n' >"$csapi_scan"
	send "$mail/clean"
	refused 451
}

@test "the scanner hangs: csapi-scan ends by its deadline, 451; then it goes on, and so does the mail" {
	settings=("CSAPI_DEADLINE = 1")
	pause_scanner
	send "$mail/clean"
	refused 451
	resume_scanner
	send "$mail/clean"
	delivered "$mail/clean" clean
}

@test "csapi-scan hangs and ignores its deadline: 451, although Exim would wait for ever" {
	settings=("CSAPI_DEADLINE = 1")
	stand_in hang
	send "$mail/clean"
	refused 451
}

@test "mail of programs on this machine: delivered when clean, else the program is told" {
	exim -i -odi user@example.org <"$mail/clean"
	same_body "$mail/clean" "$(one "$place"/delivered/*)"
	rm -f "$place"/delivered/*
	run exim -i -odi -oee user@example.org <"$mail/infected"
	[ "$status" -ne 0 ] || fail "an infected message was taken"
	none "$place/delivered"
}

# by_clamd KIND unix|tcp: Exim asks what speaks clamd's protocol.
by_clamd() {
	start_peer "$1"
	if [ "$2" = unix ]; then
		settings=("CSAPI_SCANNER = clamd:$peer_socket" "CSAPI_DEADLINE = 1")
		# It reads the file that Exim names.
		chmod 755 "$place/spool"
	else
		settings=("CSAPI_SCANNER = clamd:127.0.0.1 $peer_port" "CSAPI_DEADLINE = 1")
	fi
}

# Every kind of mail is answered rightly.
answers_rightly() {
	send "$mail/clean"
	delivered "$mail/clean" clean
	send "$mail/infected"
	refused 550 'contains a virus: Eicar-Test-Signature'
	send "$mail/encrypted"
	refused 550 'could not be scanned for viruses \(Heuristics\.Encrypted'
	send "$mail/forged"
	delivered "$mail/forged" clean
}

@test "the resident scanner by clamd's protocol: each kind of mail, on a unix socket" {
	by_clamd csapi unix
	answers_rightly
}

@test "the resident scanner by clamd's protocol: each kind of mail, on a port" {
	by_clamd csapi tcp
	answers_rightly
}

@test "the resident scanner by clamd's protocol: it is stopped, hangs, and comes back" {
	by_clamd csapi tcp
	kill -STOP "$peer"
	send "$mail/clean"
	refused 451
	stop_peer
	send "$mail/infected"
	refused 451
	by_clamd csapi tcp
	send "$mail/clean"
	delivered "$mail/clean" clean
}

@test "a real clamd with the same recipe: each kind of mail" {
	by_clamd clamd tcp
	answers_rightly
}

@test "what speaks clamd's protocol fails in every way: 451, nothing kept" {
	local kind way
	for kind in close partial error hang; do
		for way in unix tcp; do
			[ "$kind $way" != "hang unix" ] || continue
			by_clamd "$kind" "$way"
			send "$mail/infected"
			refused 451
			stop_peer
		done
	done
}
