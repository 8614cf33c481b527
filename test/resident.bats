#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper
load resident

# Faults of messages, workers, clients and of the scanner itself: each ends in an answer, and nothing is left of it. The
# crowds are in load.bats.

REQUEST='{"part":null,"wire":false,"first_threat":false,"limits":{"timeout":2},"avoid_whole":false,"avoid":[]}'

# talk MOVE...: with the scanner that stays.
talk() {
	run --separate-stderr "$BUILD/test/helper/talk" "$@" -- --connect="$socket"
	[ "$status" -eq 0 ] || fail "talk"
	[[ $output != *silence ]] || fail "the scanner says nothing"
}

# The document in the answer of a type and an id: answer TYPE ID
answer() {
	output=$(sed -nE "s/^$1 $2 //p" <<<"$output")
	[ -n "$output" ] || fail "no such answer"
}

# Starts a crowd in the background and waits until COUNT workers are busy with it: begin_crowd COUNT OPTION...
begin_crowd() {
	local count=$1 _
	shift
	"$BUILD/test/helper/load" "$@" "$socket" >"$BATS_TEST_TMPDIR/crowd" 2>"$BATS_TEST_TMPDIR/crowd.err" 3>&- &
	crowd=$!
	for _ in {1..200}; do
		[ "$(scanner_workers R | wc -l)" -lt "$count" ] || return 0
		sleep 0.02
	done
	fail "$count busy workers were never seen"
}

# And its end, as from `crowd`.
end_crowd() {
	status=0
	wait "$crowd" || status=$?
	output=$(<"$BATS_TEST_TMPDIR/crowd")
	stderr=$(<"$BATS_TEST_TMPDIR/crowd.err")
	[ "$status" -eq 0 ] || fail "the crowd was not served"
}

# --- messages ----------------------------------------------------------------------------------------------------

@test "crashes of every kind are answered within a second" {
	local kinds=(null segv abort bus ill fpe exit stack term kill) kind n
	n=$(amount 1 20)
	crowd --messages=$((n * 12)) --mix=clean,infected,"$(IFS=,; echo "${kinds[*]}")"
	all_right $((n * 12))
	for kind in "${kinds[@]}"; do
		within "$kind" 1000
	done
	serves
}

@test "a crash that does not come again costs no verdict" {
	crowd --messages="$(amount 9 300)" --mix=segv+once,exit+once+infected,kill+once
	all_right "$(amount 9 300)"
	serves
}

@test "what never ends is ended half a second after its time" {
	crowd --messages="$(amount 3 30)" --timeout=1 --mix=clean,hang,stop
	all_right "$(amount 3 30)"
	within hang 1500
	within stop 1500
	serves
}

@test "memory that runs out, a forbidden system call, noise instead of a report: errors" {
	! sanitized || skip "a sanitizer's allocator knows no limit"
	local violations
	violations=$(count .violations)
	crowd --messages=6 --timeout=20 --mix=memory,garbage
	all_right 6
	crowd --messages=2 --mix=clean,socket
	all_right 2
	[ "$(count .violations)" -gt "$violations" ] || fail "the violation was not counted"
	serves
}

@test "a disk that is full, a file table that is full: never clean" {
	crowd --messages=9 --mix=enospc+infected,eio+infected,emfile+infected
	is .answered 9
	serves
}

@test "a real disk that is full" {
	as_root || skip "only root mounts"
	local small=$BATS_TEST_TMPDIR/small
	mkdir "$small"
	mount -t tmpfs -o size=64k,mode=755 none "$small" 2>/dev/null || skip "no mounts here"
	chmod a+x "$BATS_TEST_TMPDIR"
	start_scanner -j 1 --file-base="$small"
	run --separate-stderr "$BUILD/test/helper/load" --messages=8 --size=200000 --mix=clean,infected "$socket"
	stop_scanner
	umount "$small"
	is '[.kinds[].wrong, .kinds[].lost, .invalid] | add' 0
	is .answered 8
}

@test "descriptors that are no message" {
	local what
	echo text >"$BATS_TEST_TMPDIR/text"
	for what in pipe socket file=/ file=/dev/zero file=/proc/self/mem path=/etc/passwd write="$BATS_TEST_TMPDIR/text" \
		sparse=3221225472; do
		talk hello answer answer "$what" frame=3:1:"$REQUEST" answer
		answer 4 1
		holds '.status == "EC_AV_ERROR" or .status == "EC_AV_UNSCANNABLE"' || fail "$what"
	done
	talk hello answer answer frame=3:1:"$REQUEST" answer
	answer 4 1
	is .code GEN_RESULT_PARAMETER_INVALID
	serves
}

# --- workers -----------------------------------------------------------------------------------------------------

@test "a worker that is killed from outside: another one gives the right verdict" {
	local _ n
	for ((n = 0; n < $(amount 1 20); n++)); do
		begin_crowd 2 --clients=2 --messages=2 --busy=600 --mix=clean,infected
		# shellcheck disable=SC2046
		kill -KILL $(scanner_workers R)
		end_crowd
		all_right 2
	done
	serves
}

@test "a worker that is stopped while it waits is replaced, and the verdict is right" {
	local n
	for ((n = 0; n < $(amount 2 10); n++)); do
		# shellcheck disable=SC2046
		kill -STOP $(scanner_workers S)
		crowd --clients=$((n % 3 + 1)) --messages=3
		all_right 3
		is '[.kinds[].longest_ms] | max < 3500' true
	done
	serves
}

@test "a worker that is stopped in the middle: the time runs out" {
	begin_crowd 1 --messages=1 --busy=800 --timeout=2 --mix=clean
	local worker
	worker=$(scanner_workers R)
	kill -STOP "$worker"
	end_crowd
	is .kinds.clean.honest 1
	is .codes.DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED 1
	is '.kinds.clean.longest_ms < 3500' true
	serves
}

@test "the process that holds the engine is killed: no message is lost" {
	local n
	for ((n = 0; n < $(amount 1 20); n++)); do
		begin_crowd 2 --clients=2 --messages=20 --busy=100 --mix=clean,infected
		kill -KILL "$(scanner_zygotes)"
		end_crowd
		all_right 20
	done
	serves
}

# --- clients -----------------------------------------------------------------------------------------------------

@test "noise, frames out of turn and lengths out of range end the conversation, and only that" {
	local moves
	while read -r moves; do
		# shellcheck disable=SC2086
		talk $moves end
		[[ $output == *closed ]] || fail "still open after: $moves"
	done <<'END'
raw=GET/index.html/HTTP/1.1
hello answer hello
hello answer answer hello
frame=3:1:{}
hello answer frame=4:1:{}
hello answer frame=6:1:{}
hello answer frame=77:1:{}
hello answer frame=8:1:nonsense
hello answer frame=8:1:{"command":"format"}
frame=8:1:{"command":"stop"}
frame=1:0:nonsense
frame=1:0:{"protocol":99}
header=65537
header=4294967295
hello header=4294967295
hello answer hundred=/etc/passwd
hello answer many=/etc/passwd
END
	local n
	for ((n = 0; n < $(amount 5 300); n++)); do
		talk random=300 end
		talk hello answer random=100000 end
	done
	serves
}

@test "JSON that is no request is answered, and the conversation goes on" {
	local text
	for text in '{' '[]' 'null' '{"part":7}' '{}' '"' '{"part":null,"wire":1,"first_threat":false,"limits":{},"avoid_whole":false,"avoid":[]}'; do
		talk hello answer answer file=/etc/passwd frame=3:1:"$text" answer file=/etc/passwd frame=3:2:"$REQUEST" answer
		[ "$(sed -nE 's/^4 1 //p' <<<"$output" | jq -r .code)" = GEN_RESULT_PARAMETER_INVALID ] || fail "$text"
		[ "$(sed -nE 's/^4 2 //p' <<<"$output" | jq -r .status)" = EC_AV_CLEAN ] || fail "after $text"
	done
	serves
}

@test "commands are for the same user and root" {
	as_root || skip "takes another user"
	start_scanner -j 1 --socket-mode=0666
	local nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	"${nobody[@]}" "$BUILD/test/helper/talk" hello answer answer -- --connect="$socket" >/dev/null ||
		skip "nobody can come to the socket"
	local word
	for word in status stats reload stop ping; do
		run "${nobody[@]}" "$BUILD/test/helper/talk" hello answer answer frame=8:1:"{\"command\":\"$word\"}" end -- \
			--connect="$socket"
		answer 5 1
		is .status EC_AV_ERROR
	done
	command_scanner ping
	[ "$status" -eq 0 ] || fail "it obeyed"
	# Messages are for all whom the socket's mode lets in.
	run "${nobody[@]}" "$BUILD/test/helper/load" --messages=3 "$socket"
	all_right 3
}

@test "clients that go in the middle: their workers are free at once" {
	local abandoned n
	n=$(amount 20 1000)
	abandoned=$(count .abandoned)
	crowd --leave="$n" --clients=4 --messages=12
	all_right 12
	is .left "$n"
	[ "$(($(count .abandoned) - abandoned))" -ge "$n" ] || fail "only $(count .abandoned) were counted"
	serves
}

@test "clients that say a byte a second, and ones that never read: a bounded price" {
	local before after
	before=$(awk '/^VmRSS/ { print $2 }' "/proc/$scanner/status")
	crowd --slow="$(amount 20 500)" --deaf="$(amount 4 30)" --clients=2 --messages="$(amount 50 1000)" --hold="$(amount 3 60)"
	is '[.kinds[].honest] | add' 0
	after=$(awk '/^VmRSS/ { print $2 }' "/proc/$scanner/status")
	# A sanitizer keeps what was freed.
	sanitized || [ $((after - before)) -lt "$(amount 65536 524288)" ] || fail "it grew from $before to $after KiB"
	serves
}

# --- the scanner -------------------------------------------------------------------------------------------------

@test "it is killed: workers are gone within a second, clients see the end, the next one cleans up" {
	local n pids base
	for ((n = 0; n < $(amount 1 20); n++)); do
		start_faulty
		begin_crowd 2 --clients=4 --messages=4 --mix=hang
		pids="$(scanner_workers) $(scanner_zygotes)"
		base=$(ls "$scanner_base")
		kill -KILL "$scanner"
		# shellcheck disable=SC2086
		gone $pids
		wait "$crowd" || true
		output=$(<"$BATS_TEST_TMPDIR/crowd")
		is .kinds.hang.lost 4
		[ -e "$scanner_base/$base" ] || fail "there was nothing to clean up"
		start_faulty
		[ ! -e "$scanner_base/$base" ] || fail "$base is still there"
		serves
		stop_scanner
	done
}

@test "it was started by a program that does not care for its children" {
	trap '' CHLD HUP USR1 PIPE
	start_faulty
	trap - CHLD HUP USR1 PIPE
	crowd --messages=3 --mix=clean,segv,infected
	all_right 3
	within segv 1000
	serves
}

@test "told to stop, it answers what is outstanding" {
	start_faulty
	begin_crowd 2 --clients=6 --messages=6 --busy=300
	command_scanner stop
	[ "$status" -eq 0 ] || fail "stop"
	end_crowd
	all_right 6
	stop_scanner
	[ "${scanner_status-0}" -eq 0 ] || fail "exit status $scanner_status"
	[ ! -e "$socket" ] || fail "the socket is left"
}
