# recipe_smtp.bash - what the tests of recipes for mail servers share: the servers' programs, messages, stand-ins for csapi-scan, and
# where a message ended.
#
# The programs are unpacked below build/ by scripts/test-mail-programs; nothing of the system is used or changed.
# shellcheck shell=bash disable=SC2034,SC2154

# reachable DIRECTORY: where programs of other users get at it: itself, or where the tree lies in root's home a copy, made once for a file.
reachable() {
	local copy=$BATS_FILE_TMPDIR/reach/${1##*/}
	if ! as_root || setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$1"; then
		echo "$1"
		return
	fi
	if [ ! -e "$copy" ]; then
		mkdir -p "${copy%/*}"
		cp -rp "$1" "$copy"
	fi
	echo "$copy"
}

RECIPES=$(reachable "$ROOT/share/recipes")

# need_mail_programs NAME: leaves in $programs where the package was unpacked, and in $with what its programs are to be run with: their
# libraries, and users that the package would have made. Skips the test where it cannot be had.
need_mail_programs() {
	exec 9>"$BUILD/mail-programs.lock"
	flock 9
	if ! "$ROOT/scripts/test-mail-programs" "$BUILD/mail-programs" 9>&-; then
		exec 9>&-
		skip "$1 cannot be had here (no network, or no Debian)"
	fi
	exec 9>&-
	local all
	all=$(reachable "$BUILD/mail-programs")
	programs=$all/$1
	make_users
	with=(env LD_LIBRARY_PATH="$all/lib:$programs/usr/lib/postfix"
		LD_PRELOAD="$(echo "$all"/wrapper/usr/lib/*/libnss_wrapper.so)"
		NSS_WRAPPER_PASSWD="$place/passwd" NSS_WRAPPER_GROUP="$place/group")
	# What programs that clean their environment have to let through.
	kept=(LD_LIBRARY_PATH LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP)
}

# Users of mail servers, as programs see them that run with $with; whoever is no root is each of them.
make_users() {
	local name n=64000 uid gid
	cp /etc/passwd "$place/passwd"
	cp /etc/group "$place/group"
	for name in Debian-exim postfix postdrop opensmtpd opensmtpq filter; do
		n=$((n + 1)) uid=$(id -u) gid=$(id -g)
		! as_root || uid=$n gid=$n
		sed -i "/^$name:/d" "$place/passwd" "$place/group"
		echo "$name:x:$uid:$gid::/nonexistent:/usr/sbin/nologin" >>"$place/passwd"
		echo "$name:x:$gid:" >>"$place/group"
	done
	chmod 644 "$place/passwd" "$place/group"
}

# --- messages ----------------------------------------------------------------------------------------------------

# Makes the messages in $mail, once for a file: clean, infected, encrypted (cannot be scanned) and forged (clean, and says what only we
# may say). What is clean has lines that begin with dots, 8-bit characters, and a long line.
make_messages() {
	mail=$BATS_FILE_TMPDIR/mail
	mkdir -p "$mail"
	local head='From: sender@example.net
To: user@example.org
Message-ID: <%s@example.net>
Date: Thu, 26 Nov 2026 10:00:00 +0000
'
	{
		# shellcheck disable=SC2059 # the format is ours
		printf "${head}Subject: clean\n\n" clean
		printf '.\n..\n.one dot\n...\nFrom the start of a line\n\n\nna\303\257ve  \ttrailing \n%0900d\n=3D=\n.\n' 1
	} >"$mail/clean"
	{
		# shellcheck disable=SC2059
		printf "${head}X-CSAPI-Status: clean\nSubject: forged\nx-csapi-info: all is well,\n\ttruly\nX-CSAPI-Code: none\n" forged
		printf 'X-Virus-Scanned: elsewhere\n\nThe header lies.\nX-CSAPI-Status: stays, this is the body\n'
	} >"$mail/forged"
	tr -d '\r' <"$FIXTURES/codes/eicar.eml" >"$mail/infected"
	tr -d '\r' <"$ROOT/share/samples/encrypted-zip.eml" >"$mail/encrypted"
	{
		printf 'X-CSAPI-Status: clean\n'
		cat "$mail/infected"
	} >"$mail/infected-forged"
	chmod -R a+rX "$BATS_FILE_TMPDIR"
}

# --- csapi-scan, and what may be in its place --------------------------------------------------------------------

# stand_in KIND: leaves $csapi_scan, the program that a recipe calls from now on.
#   real     csapi-scan, with the scanner of this file
#   missing  there is none
#   crash    dies of a signal, having read the message
#   early    dies of a signal at once
#   partial  writes the beginning of an answer and dies
#   half     says that the message is clean, writes a part of it, and dies
#   cut      writes the beginning of an answer and says that all is well
#   silent   writes nothing and says that all is well
#   75       says that it has no verdict
#   usage    ends as a program does that does not know its options
#   hang     never ends by itself; ignores that it should
stand_in() {
	local body
	csapi_scan=$place/csapi-scan
	case $1 in
	real) body="unset LD_LIBRARY_PATH LD_PRELOAD; exec '$within/csapi-scan' --socket='$socket' \"\$@\"" ;;
	missing)
		csapi_scan=$place/no-csapi-scan
		return
		;;
	crash) body='cat >/dev/null; kill -SEGV $$' ;;
	early) body='kill -SEGV $$' ;;
	partial) body='head -c 40; cat >/dev/null; kill -SEGV $$' ;;
	half) body='case "$*" in *filter*) printf "X-CSAPI-Status: clean\n"; head -c 150 ;; *) echo "message: OK" ;; esac; cat >/dev/null; kill -SEGV $$' ;;
	cut) body='case "$*" in *filter*) head -c 40 ;; *) printf "message: Eic" ;; esac; cat >/dev/null; exit 0' ;;
	silent) body='cat >/dev/null; exit 0' ;;
	75) body='cat >/dev/null; exit 75' ;;
	usage) body='exit 2' ;;
	hang) body='trap "" TERM; cat >/dev/null; exec sleep 300' ;;
	esac
	# Replaced and not written anew: the one before may still run.
	printf '#!/bin/sh\n%s\n' "$body" >"$csapi_scan.new"
	chmod 755 "$csapi_scan.new"
	mv "$csapi_scan.new" "$csapi_scan"
}

# The scanner does not answer, and csapi-scan has to end by its deadline.
pause_scanner() {
	kill -STOP "$scanner"
}

resume_scanner() {
	kill -CONT "$scanner"
}

# --- where a message ended ---------------------------------------------------------------------------------------

# replied CODE PATTERN: to the last message.
replied() {
	[[ $output == "$1 "* ]] || fail "the reply is not $1" || return
	grep -qE -- "${2-}" <<<"$output" || fail "the reply does not fit '$2'"
}

# one FILE...: there is exactly one; prints it.
one() {
	[ $# -eq 1 ] && [ -f "$1" ] || fail "not one file but: $*" || return
	echo "$1"
}

# none DIRECTORY: holds no file.
none() {
	local found
	found=$(find "$1" -type f 2>/dev/null | head -n 5)
	[ -z "$found" ] || fail "there is $found"
}

# same_body MESSAGE FILE: the bodies, which begin behind the first empty line, are the same to the byte.
same_body() {
	cmp <(sed '1,/^\r\{0,1\}$/d' "$1") <(sed '1,/^\r\{0,1\}$/d' "$2") || fail "the body of $2 is another one"
}

# field FILE NAME: the values of a header field, a line each, unfolded.
field() {
	sed '/^\r\{0,1\}$/q' "$1" | tr -d '\r' | awk -v name="$2:" '
		/^[ \t]/ { if (on) value = value $0; next }
		on { print value; on = 0 }
		tolower(substr($0, 1, length(name))) == tolower(name) { on = 1; value = substr($0, length(name) + 2) }'
}

# marked FILE STATUS: our field stands there once, with this word.
marked() {
	[ "$(field "$1" X-CSAPI-Status)" = "$2" ] || fail "X-CSAPI-Status is '$(field "$1" X-CSAPI-Status)' and not '$2'"
}

# --- clamd's protocol --------------------------------------------------------------------------------------------

# Does the resident scanner speak clamd's protocol?
speaks_clamd() {
	"$BUILD/csapi-scanner" --help | grep -q -- --clamd-socket
}

# start_peer [KIND]: what mail servers ask by clamd's protocol, on $peer_socket and $peer_port, and returns when it answers:
#   csapi   csapi-scanner
#   clamd   a real clamd that alerts of what it cannot scan
#   hang, close, partial, error: stand-ins that fail in this way
start_peer() {
	local _
	peer_socket=$place/peer
	[ -n "${peer_port-}" ] || peer_port=$(free_port)
	case ${1-csapi} in
	csapi)
		speaks_clamd || skip "csapi-scanner does not speak clamd's protocol yet"
		mkdir -p "$place/peer-base"
		chmod 755 "$place/peer-base"
		"$BUILD/csapi-scanner" --listen="$place/peer-own" --clamd-socket="$peer_socket" --clamd-listen="127.0.0.1:$peer_port" \
			--definitions="$DEFINITIONS" --file-base="$place/peer-base" -j 2 $(! sanitized || echo --isolation=degrade) \
			>"$place/peer.log" 2>&1 3>&- &
		;;
	clamd)
		need_clamd
		mkdir -p "$place/peer-tmp"
		cp -r "$DEFINITIONS" "$place/peer-definitions"
		printf '%s\n' "LocalSocket $peer_socket" "LocalSocketMode 666" "TCPSocket $peer_port" "TCPAddr 127.0.0.1" \
			"DatabaseDirectory $place/peer-definitions" "TemporaryDirectory $place/peer-tmp" "Foreground yes" "AlertEncrypted yes" \
			"AlertExceedsMax yes" >"$place/peer.conf"
		clamd --config-file="$place/peer.conf" >"$place/peer.log" 2>&1 3>&- &
		;;
	*) "$ROOT/test/clamd_stand_in.py" "$1" "$peer_socket" "$peer_port" >"$place/peer.log" 2>&1 3>&- & ;;
	esac
	peer=$!
	for _ in {1..400}; do
		[ "$(printf 'nPING\n' | peer_ask 2>/dev/null)" != PONG ] || return 0
		alive "$peer" || break
		sleep 0.05
	done
	fail "what speaks clamd's protocol does not answer: $(tail -n 5 "$place/peer.log")"
}

peer_ask() {
	/usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(2)
s.connect(sys.argv[1])
s.sendall(sys.stdin.buffer.read())
sys.stdout.buffer.write(s.recv(64))' "$peer_socket"
}

stop_peer() {
	[ -n "${peer-}" ] || return 0
	kill -CONT "$peer" 2>/dev/null || true
	kill -TERM "$peer" 2>/dev/null || true
	gone "$peer" || kill -KILL "$peer"
	peer=
}
