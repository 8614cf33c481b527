#!/usr/bin/env bats
# libcsapi: the same verdicts as csapi-scan's, from within a program that notices nothing else of it.
bats_require_minimum_version 1.5.0
load helper

setup_file() {
	open_file
	start_scanner -j 2
}

teardown_file() {
	stop_scanner
	close_file
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	guest=$BUILD/test/library/guest
	infected=$ROOT/share/samples/eicar-in-nested-zip.eml
	clean=$ROOT/share/samples/clean.eml
	encrypted=$ROOT/share/samples/encrypted-zip.eml
	unset skip_virus_check
	eicar='X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS'"-TEST-FILE!\$H+H*"
}

# guest ARGUMENT...: prints what the library said, and never anything else.
guest() {
	run --separate-stderr "$guest" -s "$socket" "$@"
	[ -z "$stderr" ] || fail "the library printed"
}

private() {
	run --separate-stderr "$guest" "$@"
	[ -z "$stderr" ] || fail "the library printed"
}

configure() {
	printf '%s\n' "$1" >csapi.conf
	export CSAPI_CONFIG=$PWD/csapi.conf
}

# --- verdicts -------------------------------------------------------------------------------------------------------

@test "files, descriptors, pipes and memory get csapi-scan's verdicts" {
	for way in scan fd buffer; do
		if [ $way = fd ]; then
			for file in "$clean" "$infected" "$encrypted"; do "$guest" -s "$socket" fd - <"$file"; done >lines
			cat "$infected" | "$guest" -s "$socket" fd - >piped
			[ "$(cat piped)" = "$(sed -n 2p lines)" ]
		else
			"$guest" -s "$socket" $way "$clean" "$infected" "$encrypted" >lines
		fi
		[ "$(sed -n 1p lines)" = "EC_AV_CLEAN||-|-|1|csapi_status|csapi_status_info" ]
		[ "$(sed -n 2p lines)" = "EC_AV_INFECTED|Eicar-Test-Signature|csapi|AVS_RESULT_VIRUS_FOUND|1|csapi_status=|csapi_status_info=Eicar-Test-Signature" ]
		[[ $(sed -n 3p lines) == "EC_AV_UNSCANNABLE|A file in a container is encrypted: "*"|-|DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED|1|csapi_status=error|"* ]]
	done
}

@test "the document is csapi-scan's, but for times and the name" {
	for file in "$clean" "$infected" "$encrypted"; do
		guest json "$file"
		keep <<<"$output"
		jq -S 'del(.times, .started, .name, .scanner) | walk(if type == "object" then del(.ms, .total_ms, .cached) else . end)' <<<"$output" >ours
		"$SCAN" --socket="$socket" "$file" |
			jq -S 'del(.times, .started, .name, .scanner) | walk(if type == "object" then del(.ms, .total_ms, .cached) else . end)' >theirs
		diff ours theirs
	done
}

@test "what cannot be read is an error with its reason" {
	guest scan none . ""
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == "EC_AV_ERROR|"*"No such file"*"|-|DEC_RESULT_CONTAINER_ACCESS_FAILED|1|"* ]]
	[[ ${lines[1]} == "EC_AV_ERROR|"*"Is a directory"* ]]
	[[ ${lines[2]} == "EC_AV_ERROR|"* ]]
}

@test "a scanner that is not there is an error, and a wrong configuration one of its own" {
	run --separate-stderr "$guest" -s "$PWD/none" scan "$clean"
	[[ $output == "EC_AV_ERROR|"*"|-|GEN_RESULT_SCANNER_NOT_INITIALIZED|1|csapi_status=error|"* ]]
	[ -z "$stderr" ]
	configure 'antivirus "a" { csapi "one" { colour = "red" } }'
	guest scan "$infected"
	[[ $output == "EC_AV_ERROR|"*"colour"*"|-|GEN_RESULT_POLICY_INVALID|1" ]]
	guest engines
	[[ $output == *"csapi.conf:1: "* ]]
	guest -c "$PWD/missing.conf" engines
	[[ $output == *"missing.conf"* ]]
}

# --- parts ----------------------------------------------------------------------------------------------------------

@test "a part is scanned by its content, a container is refused" {
	printf 'Content-Type: application/zip; name="a.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n' "$(printf %s "$eicar" | base64)" >encoded
	printf '\n%s' "$eicar" >bare
	printf 'Content-Type: text/plain\n\nhello\n' >text
	: >empty
	printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b--\n' "$eicar" >multipart
	printf 'Content-Type: message/rfc822\n\nSubject: x\n\n%s\n' "$eicar" >message
	guest part encoded bare text empty multipart message
	[[ ${lines[0]} == "EC_AV_INFECTED|Eicar-Test-Signature|csapi|AVS_RESULT_VIRUS_FOUND|"* ]]
	[[ ${lines[1]} == "EC_AV_INFECTED|"* ]]
	[[ ${lines[2]} == "EC_AV_CLEAN|"* ]]
	[[ ${lines[3]} == "EC_AV_CLEAN|"* ]]
	[[ ${lines[4]} == "EC_AV_PART_IS_CONTAINER|part 1 is a container (multipart/mixed)|-|-|1|csapi_status=error|"* ]]
	[[ ${lines[5]} == "EC_AV_PART_IS_CONTAINER|part 1 is a container (message/rfc822)|"* ]]
}

@test "what is no part, or has a broken header, is not called clean for that" {
	printf '%s' "$eicar" >headless
	guest part headless
	[[ $output != "EC_AV_CLEAN|"* ]]
}

# --- engines --------------------------------------------------------------------------------------------------------

@test "engines are listed, named, too long, nobody's, passive and skipped" {
	configure 'antivirus "a" { csapi "one" { enabled = false context_variable = "virus" } csapi "two" { skip_context_variable = "leave" } }'
	guest engines
	[ "$output" = $'one\ntwo\nskip skip_virus_check\nskip leave' ]
	guest -e one scan "$infected"
	[ "$output" = "EC_AV_INFECTED|Eicar-Test-Signature|one|AVS_RESULT_VIRUS_FOUND|1|virus=|virus_info=Eicar-Test-Signature" ]
	guest -k -v leave=1 scan "$infected"
	[[ $output == "EC_AV_NO_ENGINE|not scanned: "*"|-|GEN_RESULT_EMPTY_POLICY|0|virus|virus_info|csapi_status|csapi_status_info" ]]
	guest -v leave=1 -e two scan "$infected"
	[[ $output == "EC_AV_NO_ENGINE|not scanned: the context variable leave is set|-|-|0|"* ]]
	leave=1 guest -v leave= -e two scan "$infected"
	[[ $output == "EC_AV_INFECTED|"*"|two|"* ]]
	guest -e three scan "$infected"
	[[ $output == "EC_AV_NO_ENGINE|no engine is called \"three\""*"|GEN_RESULT_PARAMETER_INVALID|1" ]]
	guest -e "$(printf 'a%.0s' {1..41})" scan "$infected"
	[[ $output == "EC_AV_NAME_TOO_LONG|"*"|GEN_RESULT_PARAMETER_INVALID|1" ]]
	configure 'antivirus "a" {}'
	guest scan "$infected"
	[[ $output == "EC_AV_NO_ENGINE|"*"|GEN_RESULT_EMPTY_POLICY|1" ]]
}

@test "too many engines or variables are refused, with a reason" {
	mapfile -t many < <(printf -- '-e\ncsapi\n%.0s' {1..65})
	run -1 "$guest" "${many[@]}" engines
	[ "$output" = "more than 64 engines are asked for" ]
	mapfile -t many < <(for i in {1..65}; do printf -- '-v\nn%d=1\n' "$i"; done)
	run -1 "$guest" "${many[@]}" engines
	[ "$output" = "there are more than 64 context variables" ]
}

@test "the deadline ends a scan whose input hangs" {
	mkfifo pipe
	sleep 3 3>&- >pipe &
	guest deadline 1 - <pipe
	[[ $output == "EC_AV_ERROR|"*"the input did not end within the deadline of 1 s"*"|DEC_RESULT_CONTAINER_ACCESS_FAILED|"* ]]
	guest deadline 30 - <"$infected"
	[[ $output == "EC_AV_INFECTED|"* ]]
}

@test "the deadline ends a scan whose scanner hangs, before it greets or while it owes the verdict" {
	/usr/bin/python3 -c 'import socket, time
s = socket.socket(socket.AF_UNIX)
s.bind("silent")
s.listen()
time.sleep(10)' 3>&- &
	local silent=$!
	while [ ! -S silent ]; do sleep 0.02; done
	begin=${EPOCHREALTIME/./}
	run --separate-stderr "$guest" -s "$PWD/silent" deadline 1 - <"$clean"
	[ $((${EPOCHREALTIME/./} - begin)) -lt 4000000 ]
	kill "$silent"
	[[ $output == "EC_AV_ERROR|"*"|-|GEN_RESULT_SCANNER_NOT_INITIALIZED|1|"* ]]
	local faulty=$PWD/f
	mkdir base
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$PWD" base
	CSAPI_FAULT=marked LD_PRELOAD=$BUILD/test/preload/fault.so "$BUILD/csapi-scanner" -j 1 --listen="$faulty" --definitions="$DEFINITIONS" \
		--file-base="$PWD/base" --timeout=60 >log 2>&1 3>&- &
	local hanging=$!
	until "$BUILD/csapi-scanner" status --socket="$faulty" >/dev/null 2>&1; do sleep 0.02; done
	printf 'Subject: x\n\ncsapi-fault-%s\n' trigger:busy:4000 >slow
	run --separate-stderr "$guest" -s "$faulty" deadline 1 - <slow
	kill "$hanging"
	wait "$hanging" || true
	[[ $output == "EC_AV_ERROR|"*"no verdict came within the deadline of 1 s"*"|-|GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT|1|"* ]]
}

# --- manners --------------------------------------------------------------------------------------------------------

@test "a hundred handles leave no descriptor, child, signal, directory, locale or umask behind" {
	guest manners 100 "$infected"
	[ "$output" = good ]
}

@test "private scanners end with their handles, and say nothing" {
	private manners 4 "$infected"
	[ "$output" = good ]
	private scan "$infected" "$clean"
	[[ ${lines[0]} == "EC_AV_INFECTED|"* ]] && [[ ${lines[1]} == "EC_AV_CLEAN|"* ]]
}

@test "threads with a handle each get right verdicts, with one scanner or one each" {
	guest threads 8 10 "$infected" 1
	[ "$output" = good ]
	private threads 3 2 "$clean" 0
	[ "$output" = good ]
}

@test "after a fork parent and child scan by themselves" {
	guest fork "$infected" 1
	[ "$output" = good ]
	private fork "$infected" 1
	[ "$output" = good ]
}

@test "a program without standard descriptors finds nothing of ours in their place" {
	for how in "-s $socket" ""; do
		# shellcheck disable=SC2086
		run "$guest" $how closed "$infected"
		[ "$status" -eq 11 ]
	done
}

@test "no room for the copy of a message is an error, and no signal" {
	guest small "$clean"
	[[ $output == "EC_AV_ERROR|"*"File too large"*"|-|GEN_RESULT_OUT_OF_MEMORY|1|"* ]]
}

# --- the library itself ---------------------------------------------------------------------------------------------

@test "only csapi_* is exported, and no parser of messages is linked" {
	nm -D --defined-only "$BUILD/libcsapi.so" | awk '$2 != "A" { print $3 }' | sort >exported
	sed -n 's/^\t\(csapi_[a-z_]*\);$/\1@@CSAPI_1.0/p' "$ROOT/lib/csapi/csapi.map" | sort | diff - exported
	nm --defined-only "$BUILD/libcsapi.a" | awk '$2 ~ /[A-Z]/ && $3 !~ /^csapi_/ { print }' >visible
	sanitized || [ ! -s visible ]
	run -0 ldd "$BUILD/libcsapi.so"
	[[ $output == *libjansson* ]]
	[[ ! $output =~ lib(clamav|freshclam|archive|glib|gmime|curl|seccomp) ]]
	run -0 objdump -p "$BUILD/libcsapi.so"
	[[ $output == *"SONAME"*"libcsapi.so.1"* ]]
}

@test "what programs were linked with is still there, and the check can fail" {
	run -0 "$ROOT/scripts/check-abi" "$BUILD"
	[ -z "$output" ]
	sed 's/csapi_result_json(struct csapi_result/csapi_result_json(const struct csapi_result/; s/CSAPI_CLEAN = 0/CSAPI_CLEAN = 9/' "$ROOT/lib/csapi.h" >csapi.h
	CSAPI_HEADER=$PWD/csapi.h run -1 "$ROOT/scripts/check-abi" "$BUILD"
	[ "${#lines[@]}" -eq 3 ]
	[[ $output == *"csapi_result_json"*"CSAPI_CLEAN = 0"* ]]
}

@test "the header is one for C++ and for C99 as well, and needs no other" {
	echo '#include "csapi.h"' >any.c
	cc -std=c99 -pedantic -Wall -Wextra -Werror -I"$ROOT/lib" -c any.c
	! command -v c++ >/dev/null || c++ -x c++ -Wall -Wextra -Werror -I"$ROOT/lib" -c any.c
}

@test "the manual's example is built with what was installed, shared and static, and runs" {
	sanitized && skip "a sanitizer comes first"
	local dest=$PWD/dest
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$ROOT" -o all B="$BUILD" DESTDIR= PREFIX="$dest" install
	export PKG_CONFIG_PATH=$dest/lib/pkgconfig
	[ "$(pkg-config --modversion libcsapi)" = "$(sed -n 's/.*CSAPI_VERSION "\(.*\)"/\1/p' "$ROOT/lib/base/version.h")" ]
	sed -n '/^\.Bd -literal/,/^\.Ed/{/^\./d;s/\\e/\\/g;p}' "$ROOT/man/csapi.3" >scan.c
	# shellcheck disable=SC2046
	cc -Wall -Wextra -Werror -o shared scan.c $(pkg-config --cflags --libs libcsapi)
	run -1 env LD_LIBRARY_PATH="$dest/lib" ./shared "$clean" "$infected"
	[ "${lines[0]}" = "$clean: EC_AV_CLEAN " ]
	[ "${lines[1]}" = "$infected: EC_AV_INFECTED Eicar-Test-Signature" ]
	rm "$dest"/lib/libcsapi.so*
	# shellcheck disable=SC2046
	cc -Wall -o static scan.c $(pkg-config --static --cflags --libs libcsapi)
	run -0 ldd static
	[[ $output != *libcsapi* ]]
	CSAPI_SOCKET=$socket run -1 ./static "$infected"
	[ "$output" = "$infected: EC_AV_INFECTED Eicar-Test-Signature" ]
}
