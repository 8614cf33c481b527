#!/usr/bin/env bats
# What csapi-scan takes as input and in which order its verdicts come, with the real scanner.
bats_require_minimum_version 1.5.0

setup() {
	root=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	scan=${CSAPI_BUILD:-$root/build}/csapi-scan
	export CSAPI_SOCKET=$BATS_TEST_TMPDIR/none # a scanner that runs on this machine takes no part
	cd "$BATS_TEST_TMPDIR"
	printf 'Subject: hello\n\nNothing to see.\n' >clean.eml
	{ printf 'X5O!P%%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD'; printf -- '-ANTIVIRUS-TEST-FILE!$H+H*'; } >infected
	cp "$root/share/samples/encrypted-zip.eml" unscannable.eml
}

scan() {
	"$scan" --definitions="$root/share/definitions" "$@"
}

# "NAME STATUS" of each document in $output.
verdicts() {
	python3 -c '
import json, sys
for line in sys.stdin:
    document = json.loads(line)
    print(document["name"], document["status"])' <<<"$output"
}

@test "standard input, by default and as -" {
	run -0 scan <clean.eml
	[ "$(verdicts)" = "- EC_AV_CLEAN" ]
	run -1 scan - <infected
	[ "$(verdicts)" = "- EC_AV_INFECTED" ]
	run -1 scan clean.eml - <infected
	[ "$(verdicts)" = $'clean.eml EC_AV_CLEAN\n- EC_AV_INFECTED' ]
}

@test "standard input from where it stands, not from the file's beginning" {
	{ echo first; cat clean.eml; } >both
	run -0 --separate-stderr bash -c 'read -r first; [ "$first" = first ]; "$0" --definitions="$1"' "$scan" "$root/share/definitions" <both
	[[ $output == *'"size":'"$(stat -c %s clean.eml)"','* ]]
}

@test "standard input named twice is read once" {
	run -2 --separate-stderr scan - - <clean.eml
	[ "$(verdicts)" = $'- EC_AV_CLEAN\n- EC_AV_ERROR' ]
	[[ $stderr == *"can be read only once"* ]]
}

@test "pipes, descriptors and files of /proc" {
	run -1 --separate-stderr scan <(cat infected) /proc/self/fd/0 /proc/version <clean.eml
	[ "$(verdicts | cut -d' ' -f2)" = $'EC_AV_INFECTED\nEC_AV_CLEAN\nEC_AV_CLEAN' ]
	[[ ${lines[2]} == *'"size":'"$(wc -c </proc/version)"','* ]]
}

@test "a FIFO whose writer comes late" {
	mkfifo fifo
	{ sleep 1; cat infected >fifo; } 3>&- &
	run -1 scan fifo
	[ "$(verdicts)" = "fifo EC_AV_INFECTED" ]
	wait
}

@test "an input that stays silent is given up" {
	mkfifo fifo
	SECONDS=0
	run -2 --separate-stderr scan --read-timeout=1 fifo clean.eml
	[ "$SECONDS" -le 5 ]
	[ "$(verdicts)" = $'fifo EC_AV_ERROR\nclean.eml EC_AV_CLEAN' ]
	[[ $output == *DEC_RESULT_CONTAINER_ACCESS_FAILED* ]]
	[[ $stderr == *"no byte came for 1 s; --read-timeout allows more"* ]]
}

@test "a message beyond 2 GiB is too large" {
	truncate -s 2147483649 large
	run -3 scan large
	[[ $output == *'"code":"DEC_RESULT_FILE_SIZE_TOO_LARGE"'* ]]
}

@test "a memfd that cannot grow is out of memory, and the writer is read to its end" {
	set -o pipefail
	head -c 3000000 /dev/zero | {
		ulimit -f 100
		run -2 --separate-stderr scan
		[[ $output == *'"code":"GEN_RESULT_OUT_OF_MEMORY"'* ]]
		[[ $stderr == *"File too large"* ]]
	}
}

@test "a writer that goes on is read to its end" {
	set -o pipefail
	{ cat infected; head -c 3000000 /dev/zero; } | { scan >out || [ $? -eq 1 ]; }
}

@test "several inputs: one document a line, in the order given, also in parallel; exit status of the worst" {
	local names=() expected=
	for i in $(seq 40); do
		case $((i % 4)) in
		0) cp infected "$i"; expected+="$i EC_AV_INFECTED"$'\n' ;;
		1) cp clean.eml "$i"; expected+="$i EC_AV_CLEAN"$'\n' ;;
		2) cp unscannable.eml "$i"; expected+="$i EC_AV_UNSCANNABLE"$'\n' ;;
		3) expected+="$i EC_AV_ERROR"$'\n' ;;
		esac
		names+=("$i")
	done
	for jobs in 1 2 7 auto; do
		run -1 --separate-stderr scan -j "$jobs" "${names[@]}"
		[ "$(verdicts)" = "${expected%$'\n'}" ]
	done
	run -0 scan clean.eml 1
	run -3 scan clean.eml unscannable.eml
	run -2 --separate-stderr scan unscannable.eml missing clean.eml
	run -1 --separate-stderr scan missing unscannable.eml infected
}

@test "--quiet tells by the exit status alone" {
	run -1 --separate-stderr scan --quiet clean.eml infected
	[ -z "$output$stderr" ]
	run -3 scan -q unscannable.eml
	[ -z "$output" ]
}

@test "--null ends each verdict with NUL, in both formats" {
	scan -0 clean.eml clean.eml >out
	[ "$(tr -dc '\0' <out | wc -c)" -eq 2 ]
	[ "$(tr -dc '\n' <out | wc -c)" -eq 0 ]
	scan --null --format=text infected clean.eml >out || [ $? -eq 1 ]
	[ "$(tr -dc '\0' <out | wc -c)" -eq 2 ]
	[ "$(tail -c 1 out | od -An -tx1)" = " 00" ]
}

@test "-r walks in the order of names; links and special files are left out and told" {
	mkdir -p tree/b/empty other
	cp clean.eml tree/z
	cp infected tree/b/a
	cp clean.eml tree/a
	cp infected other/hidden
	ln -s ../other tree/link
	ln -s ../infected tree/c
	ln -s nowhere tree/dangling
	mkfifo tree/fifo
	run -1 --separate-stderr scan -r tree
	[ "$(verdicts)" = $'tree/a EC_AV_CLEAN\ntree/b/a EC_AV_INFECTED\ntree/z EC_AV_CLEAN' ]
	[ "$stderr" = "csapi-scan: tree: left out symbolic links (3) and special files (1); name them to scan them" ]
	run -1 --separate-stderr scan -r -j 3 clean.eml tree/link tree
	[ "$(verdicts | head -n 2)" = $'clean.eml EC_AV_CLEAN\ntree/link/hidden EC_AV_INFECTED' ]
	[ "${#lines[@]}" -eq 5 ]
}

@test "a directory that cannot be listed is an error in the walk, which goes on" {
	[ "$(id -u)" -ne 0 ] || skip "root can list everything"
	mkdir -p tree/closed
	cp clean.eml tree/z
	chmod 0 tree/closed
	run -2 --separate-stderr scan -r tree
	chmod 700 tree/closed
	[ "$(verdicts)" = $'tree/closed EC_AV_ERROR\ntree/z EC_AV_CLEAN' ]
	[[ $stderr == *"tree/closed: cannot list the directory: Permission denied"* ]]
}

@test "--files0-from takes any name, in order, and standard input" {
	strange=$'new\nline \xff\e[31m'
	cp infected "$strange"
	printf '%s\0' clean.eml "$strange" >list
	run -1 --separate-stderr scan --files0-from=list
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} == *'"name":"new\nline \uFFFD\u001B[31m"'* ]]
	run -1 --separate-stderr scan -j2 --files0-from=- <list
	[ "${#lines[@]}" -eq 2 ]
	printf 'clean.eml\0-' >list
	run -1 --separate-stderr scan --files0-from=list <infected
	[ "$(verdicts)" = $'clean.eml EC_AV_CLEAN\n- EC_AV_INFECTED' ]
	run -1 --separate-stderr scan --format=text "$strange"
	[[ ${lines[0]} == 'new\u{a}line '*'\u{1b}[31m: EC_AV_INFECTED'* ]]
}

@test "--part, --all-parts and --format=text" {
	run -0 scan --format=text clean.eml
	[ "$output" = "clean.eml: EC_AV_CLEAN" ]
	run -0 scan --format=text --all-parts clean.eml
	[ "${#lines[@]}" -gt 1 ]
	run -0 scan --part=1 unscannable.eml
	run -2 --separate-stderr scan --part=7.7 unscannable.eml
	[[ $output == *'"code":"DEC_RESULT_FILE_ACCESS_FAILED"'* ]]
	[[ $stderr == *"a scan without --part lists the ids there are" ]]
}

@test "on a terminal: colours and a progress line that makes way; not in pipes, and not with NO_COLOR" {
	tty() { # COMMAND: what it writes to a terminal
		SHELL=/bin/bash TERM=xterm script -qefc "$1" /dev/null </dev/null
	}
	command="$scan --definitions=$root/share/definitions --format=text"
	run -1 tty "$command infected"
	[[ $output == *$'\e['*EC_AV_INFECTED* ]]
	run -1 tty "NO_COLOR=1 $command infected"
	[[ $output != *$'\e['* ]]
	run -1 tty "$command infected | cat; exit \${PIPESTATUS[0]}"
	[[ $output != *$'\e['* ]]
	mkfifo fifo
	run -2 tty "$command --read-timeout=2 clean.eml fifo"
	[[ $output == *$'\r[##########..........] 1/2'*$'\e[K'* ]]
	run -2 tty "$command --read-timeout=2 --no-progress clean.eml fifo"
	[[ $output != *'1/2'* ]]
	run -2 scan --read-timeout=2 clean.eml fifo
	[[ $output != *'1/2'* ]]
}

@test "--self-test scans its samples and says what it checked" {
	run -0 --separate-stderr scan --self-test
	[ -z "$stderr" ]
	[ "$(grep -c ', as expected$' <<<"$output")" -eq 3 ]
	[ "$(grep -c EC_AV_INFECTED <<<"$output")" -eq 2 ]
}

@test "--self-test fails when the verdicts are not those expected" {
	mkdir blind
	printf '%s:1:*:%s\n' Some-Other-Name "$(printf 'never seen anywhere' | od -An -tx1 | tr -d ' \n')" >blind/other.ndb
	run -2 --separate-stderr "$scan" --definitions=blind --self-test
	[[ $output == *"EICAR as a file"*"EC_AV_CLEAN, NOT as expected"* ]]
	[[ $stderr == *"the self-test failed"* ]]
	run -2 --separate-stderr "$scan" --scanner-path=/nonexistent --self-test
	[[ $stderr == *"GEN_RESULT_SCANNER_NOT_INITIALIZED"* ]]
}
