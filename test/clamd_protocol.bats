#!/usr/bin/env bats
# clamd_protocol.bats - the scanner as a clamd: by clamd's own programs, and by a client that does what it should not.

bats_require_minimum_version 1.5.0
load helper
load clamd

setup_file() {
	open_file
	export clamd=$BATS_FILE_TMPDIR/c port
	port=$(free_port)
	start_scanner -j 2 --socket-mode=0666 --clamd-socket="$clamd" --clamd-listen="$port"
	export mail=$BATS_FILE_TMPDIR/mail
	mkdir -p "$mail/below"
	cp "$FIXTURES/codes/clean.eml" "$FIXTURES/codes/eicar.eml" "$mail"
	cp "$ROOT/share/samples/encrypted-zip.eml" "$mail/below"
	! as_root || chmod -R a+rX "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$mail"
	printf 'LocalSocket %s\n' "$clamd" >"$BATS_FILE_TMPDIR/local.conf"
	printf 'TCPSocket %s\nTCPAddr 127.0.0.1\n' "$port" >"$BATS_FILE_TMPDIR/network.conf"
}

teardown_file() {
	stop_scanner
}

teardown() {
	stop_clamds
	[ "${socket-}" != "$BATS_TEST_TMPDIR/s" ] || stop_scanner
}

# ask CONF OPTION...: clamdscan
ask() {
	run clamdscan --config-file="$BATS_FILE_TMPDIR/$1.conf" --no-summary --stdout "${@:2}"
}

# raw PYTHON: with s, a connection; say(bytes, [fds]) and hear(), which reads to the end, in at most 10 seconds; more(n), which reads n answers.
raw() {
	run /usr/bin/python3 - "$1" "${2-$clamd}" <<-'EOF'
		import array, os, socket, struct, sys, time
		where = sys.argv[2]
		def connect():
		    if where.isdigit():
		        made = socket.create_connection(("127.0.0.1", int(where)))
		    else:
		        made = socket.socket(socket.AF_UNIX)
		        made.connect(where)
		    made.settimeout(10)
		    return made
		s = connect()
		def say(data, fds=(), to=None):
		    passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
		    if fds:
		        assert (to or s).sendmsg([data], passed) == len(data)
		    else:
		        (to or s).sendall(data)
		def hear(to=None):
		    out = b""
		    while True:
		        try:
		            piece = (to or s).recv(65536)
		        except ConnectionResetError:
		            return out
		        if not piece:
		            return out
		        out += piece
		def stream(data, step=100000):
		    pieces = [data[i:i + step] for i in range(0, len(data), step)]
		    return b"".join(struct.pack(">I", len(p)) + p for p in pieces) + struct.pack(">I", 0)
		mail = os.environ["mail"]
		eicar = open(mail + "/eicar.eml", "rb").read()
		clean = open(mail + "/clean.eml", "rb").read()
		exec(sys.argv[1])
	EOF
	[ "$status" -eq 0 ] || fail "$1"
}

@test "clamdscan in all its modes, over the socket of this machine" {
	local mode
	for mode in "" --fdpass --stream --multiscan --allmatch "--multiscan --fdpass" "--multiscan --stream"; do
		# shellcheck disable=SC2086
		ask local $mode "$mail"
		[ "$status" -eq 1 ] || fail "$mode"
		[ "$(sort <<<"$output")" = "$mail/below/encrypted-zip.eml: Heuristics.Encrypted.File FOUND
$mail/eicar.eml: Eicar-Test-Signature FOUND" ] || fail "$mode"
	done
	ask local --fdpass "$mail/clean.eml"
	[ "$status" -eq 0 ]
	[ "$output" = "$mail/clean.eml: OK" ]
	ask local - <"$mail/eicar.eml"
	[[ $output == *": Eicar-Test-Signature FOUND" ]]
}

@test "clamdscan by a network: streams, and no paths" {
	ask network --stream "$mail"
	[ "$status" -eq 1 ]
	[[ $output == *"$mail/eicar.eml: Eicar-Test-Signature FOUND"* ]]
	ask network "$mail/clean.eml"
	[ "$status" -eq 2 ] || fail "a path from a network was opened"
	[[ $output == *"Paths are for clients of this machine"* ]]
}

@test "clamdscan --ping, --version, --reload; clamdtop's figures" {
	ask local --ping 1
	[[ $output == PONG* ]]
	ask local --version
	[[ $output =~ ^ClamAV\ [0-9]+\.[0-9]+\.[0-9]+/[0-9]+/[A-Z] ]] || fail "$output"
	ask local --reload
	[ "$status" -eq 0 ]
	await_scanner
	raw 'say(b"nSTATS\n"); out = hear().decode()
assert out.startswith("POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live ") and "QUEUE: 0 items\n" in out and out.endswith("END\n"), out'
	raw 'say(b"zVERSIONCOMMANDS\0"); out = hear()
assert b"| COMMANDS: " in out and out.endswith(b"\0") and b"SHUTDOWN" not in out, out'
}

@test "the answers are those of a real clamd" {
	need_clamd
	start_clamd real
	printf 'LocalSocket %s\n' "${clamd_socket[real]}" >"$BATS_FILE_TMPDIR/real.conf"
	mkdir "$BATS_TEST_TMPDIR/same"
	cp "$FIXTURES"/clean/*.eml "$FIXTURES/codes/eicar.eml" "$FIXTURES"/mime/both-*.eml "$BATS_TEST_TMPDIR/same" 2>/dev/null || true
	cp "$FIXTURES/codes/eicar.eml" "$BATS_TEST_TMPDIR/same/"$'name: FOUND'
	! as_root || chmod -R a+rX "$BATS_TEST_TMPDIR"
	local theirs ours mode
	for mode in --fdpass --stream "--fdpass --multiscan"; do
		# shellcheck disable=SC2086
		ask real $mode "$BATS_TEST_TMPDIR/same"/*
		theirs=$(sort <<<"$output") theirs_status=$status
		# shellcheck disable=SC2086
		ask local $mode "$BATS_TEST_TMPDIR/same"/*
		ours=$(sort <<<"$output")
		diff <(sed 's/\.UNOFFICIAL FOUND$/ FOUND/' <<<"$theirs") <(echo "$ours") || fail "$mode"
		[ "$status" -eq "$theirs_status" ]
	done
}

@test "three forms of a command, and answers that end like them" {
	raw 'say(b"zPING\0"); assert hear() == b"PONG\0"'
	raw 'say(b"nPING\n"); assert hear() == b"PONG\n"'
	raw 'say(b"PING\n"); assert hear() == b"PONG\n"'
	raw 'say(b"PING\r\nPING\r\n"); assert hear() == b"PONG\n"'
	raw 'for c in b"zPI": s.send(bytes([c])); time.sleep(0.01)
s.send(b"NG\0"); assert hear() == b"PONG\0"'
	raw 'say(b"nSCAN " + mail.encode() + b"/eicar.eml\n"); out = hear(); assert out == mail.encode() + b"/eicar.eml: Eicar-Test-Signature FOUND\n", out'
	raw 'say(b"SCAN " + mail.encode() + b"/clean.eml\n"); out = hear(); assert out == mail.encode() + b"/clean.eml: OK\n", out'
}

@test "a session: numbered answers, as messages are done" {
	raw 'say(b"zIDSESSION\0zPING\0zINSTREAM\0" + stream(eicar) + b"zINSTREAM\0" + stream(clean, 7) + b"zFOO\0")
out = sorted(hear().split(b"\0"))
assert out == [b"", b"1: PONG", b"2: stream: Eicar-Test-Signature FOUND", b"3: stream: OK", b"4: UNKNOWN COMMAND"], out'
	raw 'say(b"nIDSESSION\nnVERSION\nnEND\n"); out = hear(); assert out.startswith(b"1: ClamAV ") and out.count(b"\n") == 1, out'
	raw 'say(b"zIDSESSION\0")
for i in range(300): say(b"zINSTREAM\0" + stream(eicar if i % 3 == 0 else clean))
say(b"zEND\0")
out = hear().split(b"\0")
assert len(out) == 301 and sum(b"FOUND" in l for l in out) == 100 and sum(l.endswith(b": OK") for l in out) == 200, len(out)
assert sorted(int(l.split(b":")[0]) for l in out[:-1]) == list(range(1, 301))'
	raw 'say(b"IDSESSION\n"); assert hear() == b"UNKNOWN COMMAND\n"'
}

@test "streams: in single bytes, empty, and cut short" {
	raw 'say(b"zINSTREAM\0" + stream(eicar, 1)); assert hear() == b"stream: Eicar-Test-Signature FOUND\0"'
	raw 'say(b"nINSTREAM\n" + stream(b"")); assert hear() == b"stream: OK\n"'
	raw 'say(b"zINSTREAM\0" + stream(eicar)[:-4]); s.shutdown(socket.SHUT_WR); out = hear(); assert out == b"", out'
	raw 'say(b"zINSTREAM\0" + stream(eicar)); assert hear() == b"stream: Eicar-Test-Signature FOUND\0"' "$port"
}

@test "streams that are too large are answered, and end the conversation" {
	start_scanner -j 1 --clamd-socket="$BATS_TEST_TMPDIR/c" --clamd-stream-max=2000000
	raw 'say(b"zINSTREAM\0" + struct.pack(">I", 2000001)); assert hear() == b"INSTREAM size limit exceeded. ERROR\0"' "$BATS_TEST_TMPDIR/c"
	raw 'say(b"zINSTREAM\0" + struct.pack(">I", 0xFFFFFFFF)); assert hear() == b"INSTREAM size limit exceeded. ERROR\0"' "$BATS_TEST_TMPDIR/c"
	raw 'say(b"zINSTREAM\0" + stream(b"x" * 3000000)); out = hear(); assert out == b"INSTREAM size limit exceeded. ERROR\0", out' "$BATS_TEST_TMPDIR/c"
	raw 'say(b"zINSTREAM\0" + stream(b"x" * 2000000)); out = hear(); assert out == b"stream: OK\0", out' "$BATS_TEST_TMPDIR/c"
}

@test "descriptors: with the command, behind it, none, several" {
	raw 'fd = os.open(mail + "/eicar.eml", os.O_RDONLY); say(b"zFILDES\0", [fd]); out = hear(); assert out.startswith(b"fd[") and out.endswith(b"]: Eicar-Test-Signature FOUND\0"), out'
	raw 'fd = os.open(mail + "/eicar.eml", os.O_RDONLY); os.lseek(fd, 0, os.SEEK_END); say(b"zFILDES\0", [fd]); out = hear(); assert out.endswith(b" FOUND\0"), out'
	raw 'fd = os.open(mail + "/clean.eml", os.O_RDONLY); say(b"nFILDES\n"); time.sleep(0.1); say(b"\0", [fd]); out = hear(); assert out.endswith(b": OK\n"), out'
	raw 'a, b = (os.open(mail + n, os.O_RDONLY) for n in ("/clean.eml", "/eicar.eml"))
say(b"zIDSESSION\0"); say(b"zFILDES\0", [a]); say(b"zFILDES\0"); say(b"\0", [b]); say(b"zEND\0")
out = hear().split(b"\0"); assert len(out) == 3 and b"OK" in out[0] + out[1] and b"FOUND" in out[0] + out[1], out'
	raw 'say(b"zFILDES\0x"); out = hear(); assert out == b"No file descriptor received. ERROR\0", out'
	raw 'fd = os.open(mail, os.O_RDONLY); say(b"zFILDES\0", [fd, fd, fd]); out = hear(); assert b"OK" not in out, out'
	raw 'fd = os.open(mail, os.O_RDONLY); say(b"zFILDES\0", [fd]); out = hear(); assert out.endswith(b" ERROR\0"), out'
	raw 'say(b"zFILDES\0"); assert b"A network passes no descriptors" in hear()' "$port"
}

@test "what is refused: SHUTDOWN, unknown and endless commands, relative paths, FIFOs and devices" {
	raw 'say(b"zSHUTDOWN\0"); assert hear() == b"COMMAND UNAVAILABLE\0"'
	raw 'say(b"zQUIT\0"); assert hear() == b"UNKNOWN COMMAND\0"'
	raw 'say(b"nPING x\n"); assert hear() == b"UNKNOWN COMMAND\n"'
	raw 'say(b"zSCAN\0"); assert hear() == b"UNKNOWN COMMAND\0"'
	raw 'say(b"zSCAN /" + b"a" * 6000); out = hear(); assert out in (b"UNKNOWN COMMAND\0", b"UNKNOWN COMMAND\n", b""), out'
	raw 'say(b"zSCAN etc/passwd\0"); assert hear().endswith(b"ERROR\0")'
	raw 'say(b"zSCAN /nonexistent\0"); assert hear() == b"/nonexistent: No such file or directory. ERROR\0"'
	raw 'say(b"zSCAN /dev/zero\0"); assert hear() == b"/dev/zero: Not supported file type. ERROR\0"'
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	! as_root || chmod -R a+rX "$BATS_TEST_TMPDIR"
	raw "say(b'zSCAN $BATS_TEST_TMPDIR/fifo\0'); assert hear().endswith(b': Not supported file type. ERROR\0')"
	raw "say(b'zCONTSCAN $BATS_TEST_TMPDIR\0'); out = hear(); assert out.endswith(b': OK\0'), out"
	command_scanner ping
	[ "$status" -eq 0 ]
}

@test "what comes from a file's name cannot be an answer" {
	mkdir "$BATS_TEST_TMPDIR/odd"
	cp "$mail/eicar.eml" "$BATS_TEST_TMPDIR/odd/"$'a: OK\nb: OK'
	! as_root || chmod -R a+rX "$BATS_TEST_TMPDIR"
	raw "say(b'zCONTSCAN $BATS_TEST_TMPDIR/odd\0'); out = hear(); assert out.endswith(b'/a: OK?b: OK: Eicar-Test-Signature FOUND\0') and out.count(b'\n') == 0, out"
}

@test "a path is opened with the rights of whoever asks" {
	as_root || skip "only root can be somebody else"
	local file=$BATS_TEST_TMPDIR/secret
	chmod a+x "$BATS_TEST_TMPDIR"
	cp "$mail/eicar.eml" "$file"
	chmod 600 "$file"
	ln -s "$file" "$BATS_TEST_TMPDIR/link"
	raw "say(b'zSCAN $file\0'); assert hear().endswith(b'FOUND\0')"
	local drop=("os.setgroups([])" "os.setgid(65534)" "os.setuid(65534)") other
	other=$(printf '%s; ' "${drop[@]}")
	raw "$other s = connect(); say(b'zSCAN $file\0'); out = hear(); assert out.endswith(b': Permission denied. ERROR\0'), out"
	raw "$other s = connect(); say(b'zSCAN $BATS_TEST_TMPDIR/link\0'); out = hear(); assert out.endswith(b': Permission denied. ERROR\0'), out"
	raw "$other s = connect(); say(b'zMULTISCAN $BATS_TEST_TMPDIR\0'); out = hear(); assert b'FOUND' not in out and b'Permission denied' in out, out"
	# A group that is not its first one counts.
	chgrp 4242 "$file"
	chmod 640 "$file"
	raw "os.setgroups([4242]); os.setgid(65534); os.setuid(65534); s = connect(); say(b'zSCAN $file\0'); out = hear(); assert out.endswith(b'FOUND\0'), out"
	# What it may open itself it may pass.
	raw "fd = os.open('$file', os.O_RDONLY); $other s = connect(); say(b'zFILDES\0', [fd]); assert hear().endswith(b'FOUND\0')"
}

@test "RELOAD and STATS are for root and the scanner's user on this machine, and for nobody else" {
	local words
	words=$'for word in (b"RELOAD", b"STATS"):\n    s = connect(); say(b"z" + word + b"\\0"); out = hear(); assert out == word + b": Only root and the user of the scanner may ask that, and over no network. ERROR\\0", out'
	raw "$words" "$port"
	[ "$status" -eq 0 ] || fail "by the network: $output"
	as_root || skip "only root can be somebody else"
	raw "os.setgroups([]); os.setgid(4242); os.setuid(4242)
$words"
	[ "$status" -eq 0 ] || fail "somebody else: $output"
}

@test "a scanner that is not root opens nothing for others, and obeys none" {
	as_root || skip "only root can be two others"
	local place=$BATS_TEST_TMPDIR/place port words
	port=$(free_port)
	mkdir -m 777 "$place"
	chmod a+x "$BATS_TEST_TMPDIR"
	setpriv --reuid=65534 --regid=65534 --clear-groups "$(programs_within_reach)/csapi-scanner" --listen="$place/s" --socket-mode=0666 \
		--definitions="$(within_reach "$DEFINITIONS")" --file-base="$place" --isolation=degrade --scanner-log=none -j 1 \
		--clamd-socket="$place/c" --clamd-socket-mode=0666 --clamd-listen="$port" >"$place/log" 2>&1 3>&- &
	other=$!
	for _ in {1..100}; do
		! "$BUILD/csapi-scanner" status --socket="$place/s" >/dev/null 2>&1 || break
		sleep 0.1
	done
	raw "os.setgroups([]); os.setgid(4242); os.setuid(4242); s = connect(); say(b'zSCAN /etc/passwd\0'); out = hear(); assert b'cannot open files in your name' in out, out" "$place/c"
	words=$'for word in (b"RELOAD", b"STATS"):\n    s = connect(); say(b"z" + word + b"\\0"); out = hear(); assert out.endswith(b"over no network. ERROR\\0"), out'
	raw "os.setgroups([]); os.setgid(4242); os.setuid(4242)
$words" "$place/c"
	[ "$status" -eq 0 ] || fail "somebody else: $output"
	raw "$words" "$port"
	[ "$status" -eq 0 ] || fail "by the network: $output"
	raw "os.setgroups([]); os.setgid(65534); os.setuid(65534); s = connect(); say(b'zSTATS\0'); out = hear(); assert out.startswith(b'POOLS'), out" "$place/c"
	[ "$status" -eq 0 ] || fail "its own user: $output"
	raw "say(b'zINSTREAM\0' + stream(eicar)); assert hear().endswith(b'FOUND\0')" "$place/c"
	raw "say(b'zSCAN ' + mail.encode() + b'/eicar.eml\0'); assert hear().endswith(b'FOUND\0')" "$place/c"
	kill "$other"
	wait "$other" || true
	[ ! -e "$place/c" ] || fail "the socket was left"
}

@test "many at once, silent ones among them, and all are served" {
	raw 'others = [connect() for i in range(230)]
silent = others[:20]
for c in others[20:]: say(b"zINSTREAM\0" + stream(eicar), to=c)
for c in silent: c.close()
assert all(hear(c) == b"stream: Eicar-Test-Signature FOUND\0" for c in others[20:])'
}

@test "its process is killed: it is started again, and the scanner goes on" {
	local gateway
	gateway=$(pgrep -o -P "$scanner" csapi-clamd)
	kill -KILL "$gateway"
	"$SCAN" --socket="$socket" --quiet "$mail/clean.eml"
	for _ in {1..100}; do
		[ -z "$(pgrep -P "$scanner" csapi-clamd)" ] || break
		sleep 0.05
	done
	raw 'say(b"zPING\0"); assert hear() == b"PONG\0"'
	[ "$(pgrep -P "$scanner" -c csapi-clamd)" -eq 1 ]
}

@test "errors of the scanner are ERROR, and then it says nothing to PING; without the scanner there is none who answers" {
	local place=$BATS_TEST_TMPDIR gateway other _
	mkdir "$place/base"
	"$BUILD/csapi-scanner" --listen="$place/s" --definitions="$place/none" --file-base="$place/base" --isolation=degrade -j 1 \
		--scanner-log=none --clamd-socket="$place/c" >/dev/null 2>&1 3>&- &
	other=$!
	for _ in {1..200}; do
		[[ $("$BUILD/csapi-scanner" status --socket="$place/s" 2>&1) != *" is failed"* ]] || break
		sleep 0.05
	done
	raw 'say(b"zINSTREAM\0" + stream(eicar)); out = hear(); assert out.endswith(b" ERROR\0") and b"FOUND" not in out, out' "$place/c"
	raw 'say(b"zPING\0"); out = hear(); assert out == b"", out' "$place/c"
	raw 'say(b"zVERSION\0"); out = hear(); assert out == b"", out' "$place/c"
	gateway=$(pgrep -P "$other" csapi-clamd)
	kill "$other"
	wait "$other" || true
	gone "$gateway"
	[ ! -e "$place/c" ] || fail "the socket is left"
}

@test "pyclamd" {
	/usr/bin/python3 -c 'import pyclamd' 2>/dev/null || skip "no python3-pyclamd"
	run /usr/bin/python3 - "$clamd" "$port" "$mail" <<-'EOF'
		import sys, pyclamd
		for c in (pyclamd.ClamdUnixSocket(sys.argv[1]), pyclamd.ClamdNetworkSocket("127.0.0.1", int(sys.argv[2]))):
		    assert c.ping() is True
		    assert c.version().startswith("ClamAV ")
		    data = open(sys.argv[3] + "/eicar.eml", "rb").read()
		    assert c.scan_stream(data) == {"stream": ("FOUND", "Eicar-Test-Signature")}, c.scan_stream(data)
		    assert c.scan_stream(b"Subject: x\n\nhello\n") is None
		c = pyclamd.ClamdUnixSocket(sys.argv[1])
		found = c.contscan_file(sys.argv[3])
		assert found[sys.argv[3] + "/eicar.eml"] == ("FOUND", "Eicar-Test-Signature"), found
		assert c.stats().startswith("POOLS")
		assert c.scan_file(sys.argv[3] + "/clean.eml") is None
	EOF
	[ "$status" -eq 0 ] || fail "pyclamd"
}

@test "addresses and sockets that are none" {
	local word
	for word in 0 65536 x localhost:3310 ::1:3310; do
		run "$BUILD/csapi-scanner" --listen="$BATS_TEST_TMPDIR/s2" --clamd-listen="$word"
		[ "$status" -eq 2 ] || fail "$word was taken"
		[[ $output == *"is not [ADDRESS:]PORT"* ]] || fail "$word: $output"
	done
	run "$BUILD/csapi-scanner" --listen="$BATS_TEST_TMPDIR/s2" --clamd-listen="$port"
	[ "$status" -eq 2 ]
	[[ $output == *"cannot listen on $port for clamd's protocol"* ]] || fail "$output"
	run "$BUILD/csapi-scanner" --listen="$BATS_TEST_TMPDIR/s2" --clamd-socket="$clamd"
	[ "$status" -eq 2 ]
}

@test "by the configuration" {
	local place=$BATS_TEST_TMPDIR/p
	mkdir "$place"
	printf 'csapi {}\nantivirus "a" { csapi "c" { max_concurrency = 1\n clamd_socket = "%s"\n clamd_listen = "[::1]:%s" } }\n' "$place/c" "$(free_port)" >"$place/csapi.conf"
	CSAPI_CONFIG=$place/csapi.conf start_scanner --config="$place/csapi.conf"
	raw 'say(b"zPING\0"); assert hear() == b"PONG\0"' "$place/c"
	stop_scanner
}

@test "what the configuration asks for counts: paranoid, and the age of definitions" {
	local place=$BATS_TEST_TMPDIR/p
	mkdir "$place"
	cp -rp "$DEFINITIONS" "$place/definitions"
	touch -d '10 days ago' "$place/definitions"/*
	printf 'csapi {}\nantivirus "a" { csapi "c" { max_concurrency = 1\n paranoid = true\n max_age = 7\n clamd_socket = "%s" } }\n' "$place/c" >"$place/csapi.conf"
	start_scanner --config="$place/csapi.conf" --definitions="$place/definitions"
	evasive=$(find "$FIXTURES/evasion/HiddenZipMember" -type f | head -n 1) raw 'say(b"zINSTREAM\0" + stream(open(os.environ["evasive"], "rb").read())); out = hear(); assert out.endswith(b"FOUND\0"), out' "$place/c"
	raw 'say(b"zINSTREAM\0" + stream(clean)); out = hear(); assert out.endswith(b" ERROR\0"), out' "$place/c"
	stop_scanner
}

@test "a descriptor that never ends is no message" {
	raw 'r, w = os.pipe(); say(b"zFILDES\0", [r]); out = hear(); assert out.endswith(b": Not supported file type. ERROR\0"), out'
	raw 'fd = os.open("/dev/zero", os.O_RDONLY); say(b"zFILDES\0", [fd]); out = hear(); assert out.endswith(b": Not supported file type. ERROR\0"), out'
}
