# delivery.bash - what the tests of programs that deliver mail share: messages, scanners that go wrong, and where each message is afterwards.
#
# Each file that loads this has a function `deliver`, which delivers standard input as an ordinary user and leaves the exit status in $status, and says
# with $inbox, $infected and $unscanned which folders mail goes to, and with the command $as_kept what the program itself does to a body that it keeps.
# shellcheck shell=bash disable=SC2034,SC2154

# Once for a file: a scanner that anybody may ask, messages, and a place that an ordinary user can write.
open_delivery() {
	open_file
	start_scanner -j 2 --socket-mode=0666
	export messages=$BATS_FILE_TMPDIR/messages programs
	programs=$(BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR programs_within_reach)
	mkdir "$messages"
	cp "$FIXTURES/codes/clean.eml" "$messages/clean"
	cp "$FIXTURES/codes/eicar.eml" "$messages/infected"
	cp "$ROOT/share/samples/encrypted-zip.eml" "$messages/unscannable"
	{ printf 'X-CSAPI-Status: clean\nX-CSAPI-Info: a\n b\nx-csapi-status: clean\n'; cat "$messages/infected"; } >"$messages/forged"
	{ echo "From ada@example.org Thu Nov 26 10:00:00 2026"; cat "$messages/clean"; } >"$messages/from-line"
	printf 'Subject: none\n\n' >"$messages/empty"
	{ cat "$messages/clean"; head -c 5000000 /dev/zero | tr '\0' 'x' | fold -w 76; echo; } >"$messages/huge"
	: >"$messages/nothing"
	# No header at all, and a body that looks like one.
	{ printf '\nX-CSAPI-Status: clean\n\n'; sed '1,/^$/d' "$messages/infected"; } >"$messages/headless"
	# Line ends of the network. The body says "clean" where a program that takes an empty line with CR for none still looks for fields.
	sed 's/$/\r/' "$messages/clean" >"$messages/crlf"
	sed '0,/^$/s//\nX-CSAPI-Status: clean\n/' "$messages/infected" | sed 's/$/\r/' >"$messages/crlf-forged"
	# The header ends at the first empty line for some, at the second for others.
	sed '0,/^$/s//\r\nX-CSAPI-Status: clean\n/' "$messages/infected" >"$messages/torn"
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
}

# shut FOLDER: mail cannot be put there.
shut() {
	rm -rf "$1"
	mkdir -p "$1"
	give_place
	chmod 555 "$1"
}

# For each test: $place, an ordinary user's, with the program that is called as csapi-scan below $bin.
open_place() {
	place=$BATS_TEST_TMPDIR/place
	bin=$place/bin
	mkdir -p "$bin" "$place/mail" "$place/home"
	! as_root || chmod a+x "$BATS_TEST_TMPDIR"
	stand_in real
}

# The place belongs to who delivers: call it when all is in it.
give_place() {
	! as_root || chown -R 65534:65534 "$place"
}

# as_user COMMAND...: with nothing in the environment, as programs that deliver start others.
as_user() {
	local change=()
	! as_root || change=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	status=0
	"${change[@]}" env -i HOME="$place/home" PATH=/usr/bin:/bin "$@" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- || status=$?
}

# What is called csapi-scan: stand_in real | missing | crash | hang | later | bounce | partial | silent | liar
stand_in() {
	local text
	case $1 in
	real) text="exec '$programs/csapi-scan' --socket='$socket' \"\$@\"" ;;
	# It answers by itself, in time, when its scanner does not.
	deaf) text="exec '$programs/csapi-scan' --socket='$BATS_TEST_TMPDIR/deaf' \"\$@\" --deadline=1" ;;
	none) text="exec '$programs/csapi-scan' --socket='$BATS_TEST_TMPDIR/none' \"\$@\"" ;;
	crash) text='cat >/dev/null; kill -SEGV $$' ;;
	crash-early) text='kill -SEGV $$' ;;
	hang) text='exec sleep 30' ;;
	later) text='cat >/dev/null; exit 75' ;;
	failed) text='cat >/dev/null; exit 1' ;;
	# Half of what it got, and then the end.
	partial) text='head -c 100; kill -KILL $$' ;;
	# It says that all is well, and dies of it.
	half) text='case $* in *=filter*) printf "X-CSAPI-Status: clean\n"; head -c 100 ;; *=sieve*) printf clean ;; *) echo "av_status=EC_AV_CLEAN" ;; esac
kill -KILL $$' ;;
	half-later) text='case $* in *=filter*) printf "X-CSAPI-Status: clean\n"; cat ;; *=sieve*) printf clean ;; *) echo "av_status=EC_AV_CLEAN" ;; esac
exit 75' ;;
	# The same, and it calls that success.
	silent) text='cat >/dev/null; exit 0' ;;
	missing)
		rm -f "$bin/csapi-scan"
		return
		;;
	esac
	printf '#!/bin/sh\n%s\n' "$text" >"$bin/csapi-scan"
	chmod a+rx "$bin/csapi-scan"
}

# Files of mail that there are, but for what the programs keep for themselves.
mail_in() {
	find "$1" -path '*/new/*' -type f -o -path '*/cur/*' -type f 2>/dev/null | grep -v "^$1/[.]" || true
}

# All behind the first empty line, to the byte.
body_of() {
	perl -0777 -pe '/\A[^\n]*\r\n/ ? s/\A(?:.*?\r\n)??(?:\r\n|\z)//s : s/\A(?:.*?\n)??(?:\n|\z)//s' "$1"
}

# went_to FOLDER MESSAGE [PATTERN]: it is there, once and whole, with its body to the byte, and nowhere else. With a pattern, from the line on that
# fits it: where a body begins can be a matter of opinion.
went_to() {
	local file other
	[ "$status" -eq 0 ] || fail "the exit status is $status: $(<"$BATS_TEST_TMPDIR/said")"
	file=$(mail_in "$1")
	[ "$(grep -c . <<<"$file")" -eq 1 ] || fail "not once in $1: $file; $(find "$place/mail" -type f); $(<"$BATS_TEST_TMPDIR/said")"
	[ "$(find "$place/mail" -path '*/new/*' -type f -o -path '*/cur/*' -type f | wc -l)" -eq 1 ] || fail "elsewhere too"
	cmp <(body_of "$file" | sed -n "/${3:-^}/,\$p") <(body_of "$messages/$2" | "${as_kept[@]:-cat}" | sed -n "/${3:-^}/,\$p") ||
		fail "the body is another one"
	header=$(sed '/^\r\{0,1\}$/q' "$file" | tr -d '\r')
	rm "$file"
}

# marked WORD: the message that was delivered last says so, once, and nothing else.
marked() {
	[ "$(grep -ci '^x-csapi-status' <<<"$header")" -eq 1 ] || fail "not marked once: $header"
	grep -qix "X-CSAPI-Status: $1" <<<"$header" || fail "not marked as $1: $header"
}

# kept_for_later: nothing was delivered, and who calls is told to come back.
kept_for_later() {
	[ "$status" -eq 75 ] || fail "the exit status is $status and not 75: $(<"$BATS_TEST_TMPDIR/said")"
	[ -z "$(find "$place/mail" -path '*/new/*' -type f -o -path '*/cur/*' -type f)" ] || fail "delivered: $(find "$place/mail" -type f)"
}

# Delivers a message of open_delivery: send NAME
send() {
	deliver <"$messages/$1"
}
