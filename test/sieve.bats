#!/usr/bin/env bats
# sieve.bats - the scripts in share/recipes/sieve, run by Dovecot's delivery agent: no mail is lost, and none slips through.

bats_require_minimum_version 1.5.0
load helper
load delivery

LDA=/usr/lib/dovecot/dovecot-lda

have_dovecot() {
	[ -x $LDA ] && command -v sievec >/dev/null || skip "no Dovecot with Sieve"
}

setup_file() {
	have_dovecot
	open_delivery
}

teardown_file() {
	stop_scanner
}

setup() {
	have_dovecot
	open_place
	inbox=$place/mail infected=$place/mail/.Infected unscanned=$place/mail/.Unscanned
	cp "$ROOT"/share/recipes/sieve/*.sieve "$place"
	sed -i "s/--deadline=20/--deadline=2/" "$place"/*.sieve
	use csapi_process
}

# Dovecot with the recipe's settings, in this place: use SCRIPT
use() {
	local user=nobody group=nogroup
	as_root || { user=$(id -un) && group=$(id -gn); }
	cat >"$place/dovecot.conf" <<-END
		mail_location = maildir:$place/mail
		mail_home = $place/home
		mail_uid = $user
		mail_gid = $group
		first_valid_uid = 1
		log_path = $place/log
		base_dir = $place/run
		state_dir = $place/state
		ssl = no
		protocol lda {
		  mail_plugins = sieve
		}
	END
	sed "s,/usr/lib/dovecot/csapi,$bin,; s,/etc/dovecot/sieve/csapi_process,$place/$1,; s,/etc/dovecot/sieve,$place,; s/= 30s/= 4s/" \
		"$ROOT/share/recipes/sieve/dovecot.conf" >>"$place/dovecot.conf"
	give_place
}

# Dovecot keeps the line ends of Unix.
as_kept=(tr -d '\r')

deliver() {
	as_user $LDA -c "$place/dovecot.conf" -e -f ada@example.org
}

@test "sieve: clean, infected and unscannable go where they belong" {
	send clean
	went_to "$inbox" clean
	marked clean
	send infected
	went_to "$infected" infected
	marked infected
	send unscannable
	went_to "$unscanned" unscannable
	marked unscannable
}

@test "sieve: a forged field is gone, an empty body does no harm, a huge message comes whole" {
	send forged
	went_to "$infected" forged
	marked infected
	send empty
	went_to "$inbox" empty
	marked clean
	send huge
	went_to "$inbox" huge
	marked clean
}

@test "sieve: line ends of the network, and bodies that look like a header" {
	local script
	for script in csapi_process csapi_virustest; do
		use $script
		send crlf
		went_to "$inbox" crlf
		marked clean
		send crlf-forged
		went_to "$infected" crlf-forged
		send torn
		went_to "$infected" torn ^--=
		send headless
		went_to "$infected" headless
		marked infected
		send from-line
		went_to "$inbox" from-line
	done
}

@test "sieve: a folder that cannot be written keeps the message, and nothing goes to the inbox instead" {
	local script
	shut "$infected"
	as_user test ! -w "$infected"
	[ "$status" -eq 0 ] || skip "this user can write everywhere"
	for script in csapi_process csapi_virustest; do
		use $script
		send infected
		kept_for_later || fail "$script"
	done
}

@test "sieve: a name that a header cannot hold does not end the script" {
	printf '#!/bin/sh\ncat >/dev/null\n%s\n' "printf 'infected Ev\303\251il \001 \377 X\nnext: line'" >"$bin/csapi-scan"
	give_place
	send infected
	went_to "$infected" infected
}

@test "sieve: what is left alone by the configuration is delivered" {
	use csapi_virustest
	printf 'antivirus "a" { csapi "c" { enabled = false } }\n' >"$place/csapi.conf"
	printf '#!/bin/sh\nexec %s --config=%s "$@"\n' "'$programs/csapi-scan'" "'$place/csapi.conf'" >"$bin/csapi-scan"
	give_place
	send infected
	went_to "$inbox" infected
	use csapi_process
	send infected
	went_to "$inbox" infected
	marked unscanned
}

@test "sieve: there is no later, so whatever goes wrong the message is filed as not scanned" {
	# A message that brings its own "clean" is the one that would slip through.
	local script wrong
	for script in csapi_process csapi_virustest; do
		use $script
		for wrong in missing none later crash crash-early failed partial half half-later silent; do
			stand_in $wrong
			give_place
			send forged
			went_to "$unscanned" forged || fail "$script, $wrong"
		done
	done
}

@test "sieve: a scanner that hangs" {
	local script
	kill -STOP "$scanner"
	ln -s "$socket" "$BATS_TEST_TMPDIR/deaf"
	for script in csapi_process csapi_virustest; do
		use $script
		stand_in deaf
		give_place
		send infected
		went_to "$unscanned" infected || { kill -CONT "$scanner"; fail "$script"; }
	done
	kill -CONT "$scanner"
}

# csapi-scan has a deadline against this. Dovecot 2.3.19 panics; whatever another version does, no message may pass.
@test "sieve: a program that hangs: the message is not delivered as scanned" {
	sed -i 's/exec_timeout = .*/exec_timeout = 1s/' "$place/dovecot.conf"
	stand_in hang
	give_place
	send infected
	if [ "$status" -eq 0 ]; then
		went_to "$unscanned" infected
	else
		[ "$status" -eq 134 ] || [ "$status" -eq 75 ] || fail "the exit status is $status"
		[ -z "$(find "$place/mail" -path '*/new/*' -type f -o -path '*/cur/*' -type f)" ] || fail "it was delivered"
	fi
}

@test "sieve: the program may be a link, as the instructions make it" {
	mkdir "$place/elsewhere"
	mv "$bin/csapi-scan" "$place/elsewhere/csapi-scan"
	ln -s "$place/elsewhere/csapi-scan" "$bin/csapi-scan"
	give_place
	send clean
	went_to "$inbox" clean
	use csapi_virustest
	send infected
	went_to "$infected" infected
}

@test "sieve: virustest" {
	use csapi_virustest
	send clean
	went_to "$inbox" clean
	send infected
	went_to "$infected" infected
	send unscannable
	went_to "$unscanned" unscannable
	send forged
	went_to "$infected" forged
}

@test "sieve: the scripts are compiled by sievec as they stand" {
	cp "$place/dovecot.conf" "$BATS_TEST_TMPDIR"
	for script in csapi_process csapi_virustest csapi_scan; do
		as_user sievec -c "$place/dovecot.conf" "$place/$script.sieve" "$place/$script.svbin"
		[ "$status" -eq 0 ] || fail "$script: $(<"$BATS_TEST_TMPDIR/said")"
	done
}
