# resident.bash - what the tests of the scanner that stays share: crowds of clients, and what must be so when they have gone.
#
# Everything runs in a short form, and with CSAPI_SOAK=1 (make soak) in a long one.
# shellcheck shell=bash disable=SC2034,SC2154

# amount SHORT LONG
amount() {
	if [ -n "${CSAPI_SOAK-}" ]; then echo "$2"; else echo "$1"; fi
}

# That many clients, or as many as there are descriptors for: the scanner takes three for each. fitting COUNT
fitting() {
	local most
	most=$(ulimit -Hn)
	[ "$most" != unlimited ] || most=1000000
	most=$(((most - most / 8 - 200) / 3))
	echo $(($1 < most ? $1 : most))
}

# A resident scanner whose workers obey what messages say, and which keeps no verdicts, so that each message meets one: start_faulty [OPTION]...
start_faulty() {
	CSAPI_FAULT=marked LD_PRELOAD=$BUILD/test/preload/fault.so start_scanner -j 2 --cache-size=0 "$@"
	export at_rest=
	await_rest
}

# crowd OPTION...: clients of test/helper/load.c; all were answered, and none wrongly.
crowd() {
	run --separate-stderr "$BUILD/test/helper/load" "$@" "$socket"
	[ "$status" -eq 0 ] || fail "the crowd was not served"
}

# Every message of the last crowd got the answer that its kind must get, and the crowd was so large: all_right COUNT
all_right() {
	is '[.kinds[] | select(.right != .asked)] | length' 0
	is .answered "$1"
}

# Of the last crowd's messages, at most so many in a hundred got an honest error instead of the right verdict: few_errors PERCENT
few_errors() {
	is "[.kinds[].honest] | add * 100 <= $1 * ($(value .answered))" true
}

# Number of descriptors, workers that wait, and files: what a scanner without a client holds.
holdings() {
	echo "$(find "/proc/$scanner/fd" -mindepth 1 | wc -l) $(scanner_workers S | wc -l)" \
		"$(scanner_workers RDTtZ | wc -l) $(scanner_zygotes | wc -l) $(find "$scanner_base" -mindepth 3 | wc -l)" \
		"$(find "$scanner_base" -mindepth 2 -maxdepth 2 | wc -l)"
}

# Waits until the scanner holds no more than when it was started: no client, zombie, file or descriptor is left. The first call
# waits for its workers, and says what that is.
await_rest() {
	local now before _
	alive "$scanner" || fail "the scanner is gone: $(tail -n 5 "$scanner_log")" || return 1
	for _ in {1..60}; do
		before=${now-}
		now=$(holdings)
		if [ -n "$at_rest" ]; then
			[ "$now" != "$at_rest" ] || return 0
		elif [[ $now =~ ^[0-9]+\ 2\ 0\ 1\ 0\ 2$ ]] && [ "$now" = "$before" ]; then
			at_rest=$now
			return 0
		fi
		sleep 0.05
	done
	ps -o pid=,ppid=,pgid=,stat=,comm= --ppid "$scanner" >&2
	fail "descriptors, waiting, other workers, engines, files, directories are '$now' and not '$at_rest'"
}

# It is up, judges rightly, and nothing is left of what was.
serves() {
	command_scanner ping
	[ "$status" -eq 0 ] || fail "ping"
	crowd --messages=3
	all_right 3
	await_rest
}

# Milliseconds that the slowest of the last crowd's clean messages took: what the machine adds to every time now.
slack() {
	value '[.kinds.clean.longest_ms, 20] | max'
}

# Of the last crowd, the slowest of a kind took at most so long, and what the machine adds: within KIND MILLISECONDS
within() {
	is ".kinds[\"$1\"].longest_ms <= $2 + $(slack)" true
}

# A number among those of `csapi-scanner stats`: count FILTER
count() {
	"$BUILD/csapi-scanner" stats --format=json --socket="$socket" | jq -r "$1"
}

# --- for every file that loads this ---------------------------------------------------------------------------------

setup_file() {
	open_file
	start_faulty
}

teardown_file() {
	stop_scanner
}

# Some tests start a scanner of their own.
teardown() {
	[ "$socket" != "$BATS_TEST_TMPDIR/s" ] || stop_scanner
}
