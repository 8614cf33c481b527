#!/usr/bin/env bats
# The command line of csapi-update: help, bad use, what is printed when, exit statuses, signals, users, and the log. What updates
# themselves must get right with all that mirrors do is tested in other files.
bats_require_minimum_version 1.5.0
load helper
load mirror

setup() {
	update=$BUILD/csapi-update
	definitions=$BATS_TEST_TMPDIR/definitions
	export HOME=$BATS_TEST_TMPDIR/home
	unset XDG_CONFIG_HOME JOURNAL_STREAM
	mkdir "$HOME"
	# The machine's own configuration takes no part.
	export CSAPI_CONFIG=$HOME/empty
	: >"$CSAPI_CONFIG"
	# Who verifies for root is somebody else.
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	stop_mirrors
}

# Every document that these tests got obeys the schema.
teardown_file() {
	[ ! -s "$BATS_FILE_TMPDIR/documents" ] ||
		/usr/bin/python3 "$ROOT/test/validate.py" "$ROOT/share/schema/update-1.schema.json" "$BATS_FILE_TMPDIR/documents"
}

# update STATUS ARGUMENT...: into $definitions. Leaves $output and $stderr.
update() {
	local wanted=$1
	shift
	run --separate-stderr "${under[@]}" "$update" --directory="$definitions" "$@"
	keep <<<"$output"
	[ "$status" -eq "$wanted" ] || fail "the exit status is not $wanted"
}

# The same from the mirror that runs.
fetch() {
	update "$@" -o databases=test -o private_mirrors="$mirror" -o max_age=3650
}

# Bad use: status 2, one line that says LINE and nothing else; and with --format=json a document with the same text.
refused() { # LINE ARGUMENT...
	local line=$1
	shift
	run -2 --separate-stderr "$update" "$@"
	echo "stderr: $stderr"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "csapi-update: "*"$line"* ]]
	run -2 --separate-stderr "$update" "$@" --format=json
	keep <<<"$output"
	[ "${#lines[@]}" -eq 1 ]
	[ "$(value .outcome)" = bad_configuration ]
	[ "csapi-update: $(value .text)" = "$stderr" ]
}

long_names() {
	sed -n 's/^OPTION(\([a-z0-9_]*\),.*/\1/p' "$ROOT/cmd/csapi-update.options.def" | tr _ -
}

outcomes() {
	sed -n 's/^UPDATE_OUTCOME([A-Z_]*, "\([a-z_]*\)", \([0-9]*\),.*/\1 \2/p' "$ROOT/lib/verdict/update_outcome.def"
}

# --- help and bad use --------------------------------------------------------------------------------------------

@test "--help lists every option and exit status, in 80 columns" {
	run -0 --separate-stderr "$update" --help
	[ -z "$stderr" ]
	[ "$(long_names | wc -l)" -ge 20 ]
	for name in $(long_names); do
		grep -Eq -- "^  (-., |    )--$name(=| |\$)" <<<"$output" || fail "missing: $name"
	done
	for exit_status in {0..10}; do
		grep -Eq "^  ( |1)${exit_status: -1}  [a-z]" <<<"$output" || fail "missing: $exit_status"
	done
	[ "$(wc -L <<<"$output")" -le 80 ]
	[ "$("$update" -h)" = "$output" ]
}

@test "the manual has every option, exit status and member" {
	mandoc -Tlint -Wwarning "$ROOT/man/csapi-update.8"
	for name in $(long_names); do
		grep -q "Fl -$name\b" "$ROOT/man/csapi-update.8" || fail "missing: $name"
	done
	while read -r word exit_status; do
		grep -qx ".It $exit_status" "$ROOT/man/csapi-update.8"
		grep -qx ".Sy $word :" "$ROOT/man/csapi-update.8"
	done < <(outcomes)
	for member in $(jq -r '.properties | keys[]' "$ROOT/share/schema/update-1.schema.json"); do
		grep -Eq "^\.(It )?Cm (.* )?$member\b" "$ROOT/man/csapi-update.8" || fail "missing: $member"
	done
}

@test "--version tells the version of the sources" {
	run -0 "$update" --version
	[ "$output" = "csapi-update $(sed -n 's/^#define CSAPI_VERSION "\(.*\)"/\1/p' "$ROOT/lib/base/version.h")" ]
}

@test "bash completes every option, its values, and no arguments" {
	complete_bash() {
		bash --norc -c 'source "$0"; COMP_WORDS=(csapi-update "$@") COMP_CWORD=$#; _csapi_update
			printf "%s\n" "${COMPREPLY[@]}"' "$ROOT/completions/csapi-update.bash" "$@"
	}
	run -0 complete_bash --
	for name in $(long_names); do
		grep -Eqx -- "--$name=?" <<<"$output" || fail "missing: $name"
	done
	[ "$(complete_bash --format = j)" = json ]
	[ "$(complete_bash --if-older-than = a)" = auto ]
	: >file
	[ -z "$(complete_bash fi)" ]
}

@test "unknown options, arguments, and values that are none" {
	refused "unknown option --chekc; did you mean --check?" --chekc
	refused '"daily" is an argument, and there are none' daily
	refused "--if-older-than=soon is not a number of seconds from 1 to 31536000; auto takes update_interval" --if-older-than=soon
	refused "--if-older-than=0 is not" --if-older-than=0
	refused "--random-delay=86401 is not a number of seconds from 1 to 86400" --random-delay=86401
	refused "-o keep is not KEY=VALUE" -o keep
	refused "-o =3 is not KEY=VALUE" -o =3
	refused "--max-time: max_time must be 1 to 86400 seconds, not 0" --max-time=0
	run -2 --separate-stderr "$update" --format=xml
	[[ $stderr == "csapi-update: --format=xml is not a format; write --format=text or --format=json" ]]
}

@test "options that contradict each other" {
	local pairs=("check dry-run" "check rollback" "check check-config" "check daemon" "dry-run rollback" "rollback daemon"
		"check-config daemon" "from=x follow=y" "from=x check" "from=x rollback" "from=x daemon" "from=x if-older-than=5"
		"follow=x rollback" "if-older-than=5 check" "if-older-than=5 rollback" "if-older-than=auto daemon" "force daemon"
		"force rollback" "random-delay=5 rollback" "max-time=5 rollback" "socket=/s no-reload")
	for pair in "${pairs[@]}"; do
		read -r one other <<<"$pair"
		refused "--${one%=*} and --${other%=*} exclude each other: " "--$one" "--$other"
		refused "--${one%=*} and --${other%=*} exclude each other: " "--$other" "--$one"
	done
	run -2 --separate-stderr "$update" --quiet --verbose
	[[ $stderr == *"--quiet and --verbose exclude each other"* ]]
	run -2 --separate-stderr "$update" --daemon --format=json
	[[ $stderr == *"--format and --daemon exclude each other"* ]]
}

@test "bad use and bad configuration change nothing" {
	update 2 --bogus
	update 2 -o keep=1
	[ ! -e "$definitions" ]
}

@test "relative paths are seen from the directory of the command" {
	run -0 "$update" --check-config -d here --follow=there --socket=s
	[[ $output == *"directory        = \"$PWD/here\""* ]]
	[[ $output == *"follow           = \"$PWD/there\""* ]]
	[[ $output == *"socket           = \"$PWD/s\""* ]]
}

# --- what is printed ---------------------------------------------------------------------------------------------

@test "an update that went well says nothing to cron, and the first one is there" {
	update 0 --from="$DEFINITIONS"
	[ -z "$output$stderr" ]
	[ -e "$definitions/current/csapi-test.ndb" ]
	update 1 --from="$DEFINITIONS"
	[ -z "$output$stderr" ]
	update 1 --from="$DEFINITIONS" --verbose
	[[ ${lines[-1]} == "current: "* ]]
}

@test "--format=json gives one document, however it ends" {
	update 0 --format=json --from="$DEFINITIONS"
	[ "${#lines[@]}" -eq 1 ]
	is .outcome updated
	is .before null
	is '.definitions.files | length' "$(find "$DEFINITIONS" -name '*.*db' | wc -l)"
	is '.scanner' null
	update 1 --format=json --from="$DEFINITIONS"
	is .outcome current
	is '.before == .after' true
	update 1 --format=json --quiet --from="$DEFINITIONS"
	is .outcome current
	update 10 --format=json --from="$PWD/missing"
	is .outcome failed
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "trouble is one line that says what to do, and --quiet keeps it" {
	update 5 -o databases=test -o private_mirrors=http://127.0.0.1:1
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "csapi-update: unreachable: "*"; there are no definitions yet; look at the network, proxy, dns and mirrors" ]]
	[[ ${lines[0]} == "test "*"unreachable "* ]]
	update 0 --from="$DEFINITIONS"
	update 5 --quiet -o databases=test -o private_mirrors=http://127.0.0.1:1
	[ -z "$output" ]
	[[ $stderr == *"; the old definitions stay in use; look at"* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "on a terminal the result and the progress are shown" {
	start_mirror
	fault '{"match": "test.cvd", "ranged": false, "do": "drip", "rate": 4000}'
	TERM=xterm /usr/bin/python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$update" -d "$definitions" -o databases=test \
		-o private_mirrors="$mirror" </dev/null >typescript
	tr '\r' '\n' <typescript | sed 's/\x1b\[K//g' >shown
	grep -q '\[#*\.*\] .* of .* MiB ([0-9]* s) test' shown || fail "$(cat shown)"
	grep -q '^test  *updated' shown
	grep -q '^updated: ' shown
	# The line is gone at the end.
	[[ $(tail -n 1 shown) != *MiB* ]]
}

@test "the log has each source and the end" {
	start_mirror
	fetch 0 --log="$PWD/log"
	grep -q ' csapi-update\[[0-9]*\] info: run of .* begins$' log
	grep -q ' info: test  *updated .* from http://127.0.0.1' log
	grep -q ' notice: updated: ' log
	update 5 --log="$PWD/log" -o databases=test -o private_mirrors=http://127.0.0.1:1
	grep -q ' warning: test  *unreachable' log
	grep -q ' error: unreachable: ' log
	update 2 --log=here.log
	[[ $stderr == *"log must be an absolute path"* ]]
	update 2 --log="$PWD/missing/log"
}

@test "with the log on standard error nothing is said twice" {
	update 5 --log=stderr -o databases=test -o private_mirrors=http://127.0.0.1:1
	[ "$(grep -c 'unreachable: ' <<<"$stderr")" -eq 1 ]
	[[ $stderr != *"csapi-update: unreachable"* ]]
}

# --- tasks -------------------------------------------------------------------------------------------------------

@test "--check and --dry-run ask and change nothing; --check remembers" {
	start_mirror
	mirror_version 5
	fetch 0
	mirror_version 6
	before=$(readlink "$definitions/current")
	fetch 0 --check
	[[ ${lines[-1]} == "available: "* ]]
	find "$definitions" -printf '%p %T@ %s\n' | sort >there
	fetch 0 --dry-run --format=json
	is .outcome available
	is '.sources[0] | "\(.before) \(.remote)"' "5 6"
	is '.space.needed > 0' true
	find "$definitions" -printf '%p %T@ %s\n' | sort | diff there -
	[ "$(readlink "$definitions/current")" = "$before" ]
	fetch 0
	fetch 1 --check
	[[ ${lines[-1]} == "current: "* ]]
}

@test "--if-older-than" {
	start_mirror
	fetch 0
	fetch 9 --if-older-than=3600 -v
	[[ ${lines[-1]} == "not_due: "*"next try from "* ]]
	fetch 9 --if-older-than=auto
	[ -z "$output$stderr" ]
	fetch 9 --if-older-than=auto --format=json
	is .outcome not_due
	sleep 2
	fetch 1 --if-older-than=1
	fetch 1 --if-older-than=auto -o update_interval=60 --random-delay=1 || [ "$status" -eq 9 ]
}

@test "--rollback goes back, says so, and has nothing to go back to at first" {
	start_mirror
	mirror_version 5
	fetch 0
	update 10 --rollback
	[[ $stderr == "csapi-update: failed: there are no earlier definitions in $definitions to go back to" ]]
	first=$(readlink "$definitions/current")
	mirror_version 6
	fetch 0
	update 0 --rollback --format=json
	is .outcome rolled_back
	is '.before.id == .after.id' false
	[ "$(readlink "$definitions/current")" = "$first" ]
}

@test "of two at once one says so" {
	mkdir -p "$definitions"
	: >"$definitions/lock"
	exec 8<>"$definitions/lock"
	flock 8
	update 8 --from="$DEFINITIONS" 8>&-
	[ -z "$output" ]
	[[ $stderr == "csapi-update: locked: "*"; nothing was done" ]]
	exec 8>&-
	update 0 --from="$DEFINITIONS"
}

@test "programs that are not there" {
	update 10 --from="$DEFINITIONS" --worker-path="$PWD/missing"
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"$PWD/missing"* ]]
	update 10 --fetch-path="$PWD/missing" -o databases=test -o private_mirrors=http://127.0.0.1:1
	[[ $stderr == *"$PWD/missing"* ]]
}

# --- signals and users -------------------------------------------------------------------------------------------

@test "a signal ends it soon, and nothing is left" {
	start_mirror
	fetch 0
	before=$(readlink "$definitions/current")
	for signal in TERM INT HUP; do
		rm -f "$BATS_TEST_TMPDIR/mirror.log" pid
		fault '{"match": "*", "do": "stall", "at": -1}'
		# A shell has background commands ignore SIGINT.
		"$BUILD/test/helper/reap" /usr/bin/python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
open("pid", "w").write(str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])' "$update" -d "$definitions" -o databases=test -o private_mirrors="$mirror" >out 2>err 3>&- &
		runner=$!
		for _ in {1..200}; do
			[ "$(asked)" -gt 0 ] && break
			sleep 0.02
		done
		SECONDS=0
		[ -e pid ] || fail "it did not start: $(cat err)"
		kill -"$signal" "$(cat pid)"
		wait "$runner" && status=0 || status=$?
		[ "$status" -eq 10 ] || fail "$signal: $(cat err)"
		[ "$SECONDS" -le 5 ]
		[ "$(cat err)" = "csapi-update: failed: stopped by a signal; the definitions in use are as they were" ]
		[ "$(readlink "$definitions/current")" = "$before" ]
		[ ! -e "$definitions/incoming" ]
	done
	fault
	fetch 1
}

@test "root works as the owner of the directory" {
	as_root || skip "only root can be somebody else"
	update=$(programs_within_reach)/csapi-update
	start_mirror
	mirror_version 5
	mkdir "$definitions"
	chown nobody "$definitions"
	fetch 0
	mirror_version 6
	fetch 0 --log="$PWD/log"
	[ -z "$(find "$definitions" ! -user nobody)" ] || fail "not the owner's: $(find "$definitions" ! -user nobody)"
	# The log is not in that directory: it is root's.
	[ "$(stat -c %U log)" = root ]
	# Whom nobody knows nobody can be.
	chown 54321 "$definitions"
	update 10 --from="$DEFINITIONS"
	[[ $stderr == "csapi-update: failed: $definitions belongs to user 54321, whom the system does not know"* ]]
}

@test "children of root's update have no way back to root" {
	as_root || skip "only root can be somebody else"
	update=$(programs_within_reach)/csapi-update
	mkdir "$definitions"
	chown nobody "$definitions"
	cat >fetch <<-'END'
		#!/bin/sh
		cat /proc/self/status >"$OUT"
	END
	chmod 755 fetch
	: >ids
	chmod 666 ids
	OUT=$PWD/ids update 10 --fetch-path="$PWD/fetch" -o databases=test -o private_mirrors=http://127.0.0.1:1 || [ "$status" -ne 0 ]
	nobody=$(id -u nobody) group=$(id -g nobody)
	grep -Eqx "Uid:	$nobody	$nobody	$nobody	$nobody" ids
	grep -Eqx "Gid:	$group	$group	$group	$group" ids
	grep -Eqx 'CapPrm:	0+' ids
}
