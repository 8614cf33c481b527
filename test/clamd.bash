# clamd.bash - real clamds for tests: started on a unix socket and a port of loopback each, ended by stop_clamds.
# shellcheck shell=bash disable=SC2034,SC2154

declare -gA clamd_process=() clamd_socket=() clamd_port=()

# Skips the test where there is no clamd.
need_clamd() {
	command -v clamd >/dev/null || skip "there is no clamd"
}

free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_clamd NAME [CONFIGURATION-LINE]...: with the shipped definitions; returns when it answers. Leaves ${clamd_process[NAME]},
# ${clamd_socket[NAME]} and ${clamd_port[NAME]}; a port that NAME had before is taken again.
start_clamd() {
	local name=$1 place=$BATS_TEST_TMPDIR/$1 _
	shift
	mkdir -p "$place/tmp"
	[ -d "$place/definitions" ] || cp -r "$DEFINITIONS" "$place/definitions"
	clamd_socket[$name]=$place/s
	[ -n "${clamd_port[$name]-}" ] || clamd_port[$name]=$(free_port)
	rm -f "$place/s"
	printf '%s\n' "LocalSocket $place/s" "TCPSocket ${clamd_port[$name]}" "TCPAddr 127.0.0.1" "DatabaseDirectory $place/definitions" \
		"TemporaryDirectory $place/tmp" "Foreground yes" "$@" >"$place/clamd.conf"
	clamd --config-file="$place/clamd.conf" >"$place/log" 2>&1 3>&- 8>&- &
	clamd_process[$name]=$!
	for _ in {1..200}; do
		clamd_lives "$name" && return
		sleep 0.05
	done
	fail "clamd $name does not answer: $(tail -n 5 "$place/log")"
}

clamd_lives() {
	[ -S "${clamd_socket[$1]}" ] || return 1
	/usr/bin/python3 - "${clamd_socket[$1]}" <<-'EOF' 2>/dev/null
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.settimeout(2)
		s.connect(sys.argv[1])
		s.sendall(b"zPING\0")
		sys.exit(s.recv(16) != b"PONG\0")
	EOF
}

# kill_clamd NAME [SIGNAL]: at once, or stops or continues it.
kill_clamd() {
	kill "-${2-KILL}" "${clamd_process[$1]}"
	case ${2-KILL} in STOP | CONT) return ;; esac
	wait "${clamd_process[$1]}" 2>/dev/null || true
	unset "clamd_process[$1]"
}

stop_clamds() {
	local name
	for name in "${!clamd_process[@]}"; do
		kill -CONT "${clamd_process[$name]}" 2>/dev/null || true
		kill -KILL "${clamd_process[$name]}" 2>/dev/null || true
		wait "${clamd_process[$name]}" 2>/dev/null || true
	done
	clamd_process=()
}
