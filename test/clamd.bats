#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper
load clamd

# Engines of the kind clamav, with real clamds: what their words become, and that no message is lost whatever happens to one of them.

setup_file() { open_file; }
teardown_file() { close_file; }

setup() {
	need_clamd
	cd "$BATS_TEST_TMPDIR"
	clean=$ROOT/share/samples/clean.eml
	infected=$FIXTURES/codes/eicar.eml
	encrypted=$ROOT/share/samples/encrypted-zip.eml
	export CSAPI_CONFIG=$PWD/csapi.conf
}
teardown() { stop_clamds; }

# pool [LINE]...: an engine "pool" of both addresses of clamd "one", or what the lines say.
pool() {
	printf 'antivirus "a" {\n\tclamav "pool" {\n'
	printf '\t\t%s\n' "$@"
	printf '\t}\n}\n'
} >csapi.conf

# ask ARGUMENT...: the pool of the configuration.
ask() {
	run --separate-stderr "$SCAN" --no-progress "$@"
	keep <<<"$output"
}

@test "its words: clean, a virus, encryption, a limit, too large, nothing at all" {
	start_clamd one "AlertEncrypted yes" "StreamMaxLength 1M"
	pool "daemon = \"127.0.0.1:${clamd_port[one]}\""
	ask "$clean"
	[ "$status" -eq 0 ]
	is '[.status, .info, .engine, .code] | tojson' '["EC_AV_CLEAN","",null,"OK"]'
	is .engines[0].address "127.0.0.1:${clamd_port[one]}"
	# Its limits are its own: ours is the time.
	is '.limits | map_values(. // empty) | tojson' '{"timeout":10}'
	[[ $(value .versions.engine) == "ClamAV "* ]]
	is .size "$(stat -c %s "$clean")"
	ask "$infected"
	[ "$status" -eq 1 ]
	is '[.status, .info, .engine, .code] | tojson' \
		'["EC_AV_INFECTED","Eicar-Test-Signature","pool","Eicar-Test-Signature"]'
	is '.viruses | tojson' '[{"name":"Eicar-Test-Signature","part":"0","official":false}]'
	is '.context | tojson' '{"clamav_status":"","clamav_status_info":"Eicar-Test-Signature"}'
	ask "$encrypted"
	[ "$status" -eq 3 ]
	is '[.status, .engine, .code] | tojson' '["EC_AV_UNSCANNABLE",null,"Heuristics.Encrypted.Zip"]'
	has_code DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED
	is .context.clamav_status error
	ask "$ROOT/share/samples/eicar-in-nested-zip.eml"
	[ "$status" -eq 1 ]
	head -c 1048577 /dev/zero >large
	ask large
	[ "$status" -eq 2 ]
	is '[.status, .code, .engine] | tojson' '["EC_AV_NOT_SUITABLE_FOR_STREAMING",null,null]'
	[[ $(value .info) == *StreamMaxLength* ]]
	# Nobody saw it, and nothing says that somebody did.
	is '.parts | map([.route, .status]) | tojson' '[["unseen","EC_AV_UNSCANNABLE"]]'
	is .size null
	head -c 1048576 /dev/zero >fits
	ask fits
	is .status EC_AV_CLEAN
	: >empty
	ask empty
	[ "$status" -eq 0 ]
	is .code OK
	is .size 0
}

@test "a limit that clamd tells of is unscannable, by its own name" {
	start_clamd one "AlertExceedsMax yes" "MaxFileSize 2K"
	pool "daemon = \"${clamd_socket[one]}\""
	head -c 4096 /dev/urandom | base64 >large
	ask large
	[ "$status" -eq 3 ]
	is '[.status, .code] | tojson' '["EC_AV_UNSCANNABLE","Heuristics.Limits.Exceeded.MaxFileSize"]'
	has_code DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED
}

@test "with csapi beside it: the first that finds ends it, and each must call it clean" {
	start_clamd one
	printf 'antivirus "a" { csapi "ours" { definitions = "%s" max_concurrency = 1 } clamav "theirs" { daemon = "%s" } }\n' \
		"$DEFINITIONS" "${clamd_socket[one]}" >csapi.conf
	ask "$clean"
	[ "$status" -eq 0 ]
	is '.engines | map([.name, .status, .code]) | tojson' '[["ours","EC_AV_CLEAN",null],["theirs","EC_AV_CLEAN","OK"]]'
	is .code null
	ask "$infected"
	is '.engines | map(.state) | join(" ")' "given not_asked"
	ask --engine theirs "$infected"
	is .engine theirs
	ask --engine clamav --engine csapi "$infected"
	is .engine ours
	# What ours cannot see clamd calls clean: together it is not.
	ask "$ROOT/share/samples/truncated-archive.eml"
	[ "$status" -eq 3 ]
	is '.engines | map(.status) | join(" ")' "EC_AV_UNSCANNABLE EC_AV_CLEAN"
	kill_clamd one
	ask "$clean"
	[ "$status" -eq 2 ]
	is .status EC_AV_ERROR
	is '.engines | map(.status) | join(" ")' "EC_AV_CLEAN EC_AV_ERROR"
	[[ $stderr == *": theirs: "*"no clamd answers"* ]]
}

@test "nobody answers: an error at once, with each address and what is wrong there" {
	port=$(free_port)
	pool "daemon = {\"127.0.0.1:$port\", \"$PWD/nothing\"}" "timeout = 30"
	SECONDS=0
	ask "$clean"
	[ "$SECONDS" -lt 5 ]
	[ "$status" -eq 2 ]
	is .status EC_AV_ERROR
	is .code GEN_RESULT_SCANNER_NOT_INITIALIZED
	[[ $(value .info) == *"127.0.0.1:$port: no clamd answers: Connection refused"* ]]
	[[ $(value .info) == *"$PWD/nothing: no clamd answers: No such file or directory"* ]]
	is '.engines[0].address' null
	pool 'daemon = "no.such.host.invalid"'
	ask "$clean"
	[ "$status" -eq 2 ]
	is .status EC_AV_ERROR
	[[ $(value .info) == *no.such.host.invalid* ]]
	pool 'daemon = "127.0.0.1:0"'
	ask "$clean"
	is .status EC_AV_ERROR
	[[ $(value .info) == *"port from 1 to 65535"* ]]
}

@test "several share the work" {
	start_clamd one
	start_clamd two
	pool "daemon = {\"127.0.0.1:${clamd_port[one]}\", \"${clamd_socket[two]}\"}"
	for _ in {1..60}; do echo "$infected"; done | tr '\n' '\0' >list
	ask --files0-from list
	[ "$status" -eq 1 ]
	[ "$(jq -r .status <<<"$output" | sort | uniq -c | xargs)" = "60 EC_AV_INFECTED" ]
	[ "$(jq -r '.engines[0].address' <<<"$output" | sort | uniq -c | awk '$1 >= 5' | wc -l)" -eq 2 ]
}

@test "one of two is killed in the middle of a run: nothing is lost, and nothing is an error" {
	start_clamd one
	start_clamd two
	pool "daemon = {\"127.0.0.1:${clamd_port[one]}\", \"127.0.0.1:${clamd_port[two]}\"}" "timeout = 60"
	for i in {1..400}; do
		{ echo "Subject: $i"; echo; head -c 150000 /dev/urandom | base64; } >"mail$i"
		[ $((i % 4)) -ne 0 ] || cat "$infected" >"mail$i"
		printf 'mail%d\0' "$i"
	done >list
	"$SCAN" --no-progress --files0-from list >verdicts 2>errors 3>&- &
	client=$!
	for _ in {1..3000}; do
		[ "$(wc -l <verdicts)" -lt 40 ] || break
		sleep 0.01
	done
	kill_clamd one
	status=0
	wait "$client" || status=$?
	[ "$status" -eq 1 ]
	[ "$(jq -r .name verdicts | uniq | wc -l)" -eq 400 ]
	[ "$(jq -r '.status' verdicts | sort | uniq -c | xargs)" = "300 EC_AV_CLEAN 100 EC_AV_INFECTED" ]
	[ ! -s errors ]
	# It was there, and work went on without it.
	jq -r '.engines[0].address' verdicts | grep -q ":${clamd_port[one]}\$"
	[ "$(tail -n 100 verdicts | jq -r '.engines[0].address' | sort -u)" = "127.0.0.1:${clamd_port[two]}" ]
	jq -e -s 'any(.[]; .engines[0].attempts > 1)' verdicts >/dev/null
	grep -a '^{' verdicts >>"$BATS_FILE_TMPDIR/documents"
}

@test "one that hangs costs its first messages some seconds, the rest nothing" {
	start_clamd one
	start_clamd two
	pool "daemon = {\"127.0.0.1:${clamd_port[one]}\", \"127.0.0.1:${clamd_port[two]}\"}" "timeout = 30"
	kill_clamd one STOP
	for _ in {1..100}; do printf '%s\0' "$infected"; done >list
	SECONDS=0
	ask --files0-from list
	[ "$SECONDS" -lt 8 ]
	[ "$(jq -r '.status' <<<"$output" | sort | uniq -c | xargs)" = "100 EC_AV_INFECTED" ]
	[ "$(jq -r '.engines[0].address' <<<"$output" | sort -u)" = "127.0.0.1:${clamd_port[two]}" ]
}

@test "one that hangs and nobody beside it: an error within the timeout" {
	start_clamd one
	pool "daemon = \"127.0.0.1:${clamd_port[one]}\"" "timeout = 3"
	kill_clamd one STOP
	SECONDS=0
	ask "$clean"
	[ "$SECONDS" -le 4 ]
	[ "$status" -eq 2 ]
	is .status EC_AV_ERROR
	[[ $(value .info) == *"it does not answer"* || $(value .info) == *"no answer from"* ]]
}

@test "one that comes back is used again in the same run" {
	start_clamd one
	start_clamd two
	pool "daemon = {\"127.0.0.1:${clamd_port[one]}\", \"127.0.0.1:${clamd_port[two]}\"}" "timeout = 30"
	kill_clamd one
	mkfifo names
	"$SCAN" --no-progress --files0-from names >verdicts 2>errors 3>&- &
	client=$!
	exec 8>names
	for _ in {1..20}; do printf '%s\0' "$clean" >&8; done
	start_clamd one
	for _ in {1..60}; do
		for _ in {1..20}; do printf '%s\0' "$clean" >&8; done
		sleep 0.05
	done
	exec 8>&-
	wait "$client"
	[ "$(wc -l <verdicts)" -eq 1220 ]
	[ "$(jq -r .status verdicts | sort -u)" = EC_AV_CLEAN ]
	tail -n 400 verdicts | jq -r '.engines[0].address' | grep -q ":${clamd_port[one]}\$"
}

@test "--max-age: definitions of unknown age call nothing clean" {
	start_clamd one
	pool "daemon = \"${clamd_socket[one]}\""
	ask --max-age 7d "$clean"
	[ "$status" -eq 2 ]
	is .code AVS_RESULT_DEFINITIONS_MISSING
	ask --max-age 7d "$infected"
	[ "$status" -eq 1 ]
	pool "daemon = \"${clamd_socket[one]}\"" "max_age = 3"
	ask "$clean"
	[ "$status" -eq 2 ]
}

@test "hooks, contexts and replies work for it as for ours" {
	start_clamd one
	pool "daemon = \"${clamd_socket[one]}\"" "enabled = false" 'action = "reject"' 'context_variable = "virus"'
	ask --hook "$infected"
	[ "$status" -eq 4 ]
	ask --hook --engine pool "$infected"
	[ "$status" -eq 1 ]
	is '.reply.text' "Virus detected: Eicar-Test-Signature"
	is '.context | tojson' '{"virus":"","virus_info":"Eicar-Test-Signature"}'
	ask --context skip_virus_check=1 --engine pool "$infected"
	[ "$status" -eq 4 ]
}

@test "debug_level: what took several tries is told, or all" {
	start_clamd one
	pool "daemon = {\"$PWD/nothing\", \"${clamd_socket[one]}\"}" 'debug_level = "info"'
	for _ in {1..20}; do printf '%s\0' "$clean"; done >list
	ask --files0-from list
	[ "$status" -eq 0 ]
	[[ $stderr == *": pool: EC_AV_CLEAN after 2 connections, last to ${clamd_socket[one]}, "* ]]
	[[ $stderr != *"after 1 connections"* ]]
	pool "daemon = \"${clamd_socket[one]}\"" 'debug_level = "debug"'
	ask "$clean"
	[[ $stderr == *": pool: EC_AV_CLEAN after 1 connections, last to ${clamd_socket[one]}, "* ]]
	pool "daemon = \"${clamd_socket[one]}\""
	ask "$clean"
	[ -z "$stderr" ]
}

# --- taken apart first -------------------------------------------------------------------------------------------------

routes() { jq -c '[.parts[] | [.id, .route, .status]]' <<<"$output"; }

@test "mime_decompose: clamd gets the whole, and each part by itself" {
	start_clamd one
	pool "daemon = \"${clamd_socket[one]}\"" "mime_decompose = true"
	ask "$clean"
	[ "$status" -eq 0 ]
	[ "$(routes)" = '[["0","whole","EC_AV_CLEAN"],["1","decomposer","EC_AV_CLEAN"],["2/minutes.zip","decomposer","EC_AV_CLEAN"]]' ]
	is .code OK
	is '.engines[0].attempts' 3
	ask "$ROOT/share/samples/eicar-in-nested-zip.eml"
	[ "$status" -eq 1 ]
	holds 'any(.viruses[]; .part == "2/invoice.zip")'
	# Hidden from clamd's own reader of mail, and not from ours: a signature for just these bytes.
	mkdir -p one/definitions
	printf 'needle-in-an-attachment' >payload
	echo "$(md5sum <payload | cut -d ' ' -f 1):$(stat -c %s payload):Needle" >one/definitions/needle.hdb
	kill_clamd one
	start_clamd one
	{
		printf 'Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nhello\n--b\n'
		printf 'Content-Type: application/octet-stream; name=a\nContent-Transfer-Encoding: base64\n\n'
		base64 <payload
		printf '%s\n' '--b--'
	} >needle.eml
	ask needle.eml
	[ "$status" -eq 1 ]
	is .info Needle
	# What is no mail is scanned once.
	ask payload
	[ "$status" -eq 1 ]
	is '.engines[0].attempts' 1
	# Many parts, more than there are places.
	/usr/bin/python3 - >many.eml <<-'EOF'
		print("Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n")
		for i in range(300):
		    print("--b\nContent-Type: text/plain\n\npart %d" % i)
		print("--b--")
	EOF
	ask many.eml "$clean" many.eml
	[ "$status" -eq 0 ]
	[ "$(jq -r '.engines[0].attempts' <<<"$output" | xargs)" = "301 3 301" ]
	[ "$(jq -r 'select(.name == "many.eml") | [.parts[] | select(.route == "decomposer")] | length' <<<"$output" | xargs)" = "300 300" ]
}

@test "--part: clamd gets just that one, out of an archive as well; a container is none" {
	start_clamd one
	pool "daemon = \"${clamd_socket[one]}\""
	file=$ROOT/share/samples/eicar-in-nested-zip.eml
	ask --part 1 "$file"
	[ "$status" -eq 0 ]
	[ "$(routes)" = '[["0","parts","EC_AV_CLEAN"],["1","decomposer","EC_AV_CLEAN"]]' ]
	ask --part 2/invoice.zip/copy/invoice.zip/eicar.com "$file"
	[ "$status" -eq 1 ]
	is '.viruses[0].part' 2/invoice.zip/copy/invoice.zip/eicar.com
	ask --part 0 "$file"
	[ "$status" -eq 1 ]
	ask --part 7 "$file"
	[ "$status" -eq 2 ]
	is .code DEC_RESULT_FILE_ACCESS_FAILED
	printf 'Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: y\n\nhi\n--b--\n' >c.eml
	ask --part 1 c.eml
	[ "$status" -eq 2 ]
	is .status EC_AV_PART_IS_CONTAINER
	is .code null
}

@test "SMTP data: clamd gets the mail, or with use_wire_rep what came" {
	start_clamd one
	kill_clamd one
	echo "Stuffed:0:*:$(printf '\n..needle-in-mail' | od -An -tx1 | tr -d ' \n')" >one/definitions/w.ndb
	echo "Plain:0:*:$(printf '\n.needle-in-mail' | od -An -tx1 | tr -d ' \n')" >>one/definitions/w.ndb
	start_clamd one
	printf 'Subject: x\r\n\r\n..needle-in-mail\r\n.\r\n' >wire
	pool "daemon = \"${clamd_socket[one]}\""
	ask --wire wire
	[ "$status" -eq 1 ]
	is .info Plain
	is .wire true
	ask wire
	is .info Stuffed
	pool "daemon = \"${clamd_socket[one]}\"" "use_wire_rep = true"
	ask --wire wire
	is .info Stuffed
	pool "daemon = \"${clamd_socket[one]}\"" "mime_decompose = true"
	ask --wire wire
	is .info Plain
	printf '.\r\n' >nothing
	ask --wire nothing
	[ "$status" -eq 0 ]
	is .size 0
}

@test "paranoid: tricks are found before clamd is asked, and named" {
	start_clamd one
	hidden=$(find "$FIXTURES/evasion/HiddenZipMember" -type f | sort | head -n 1)
	pool "daemon = \"${clamd_socket[one]}\""
	ask "$hidden"
	[ "$status" -ne 1 ]
	pool "daemon = \"${clamd_socket[one]}\"" "paranoid = true"
	ask "$hidden"
	[ "$status" -eq 1 ]
	is '[.engine, .info, .code] | tojson' '["pool","Heuristics.Evasion.HiddenZipMember","Heuristics.Evasion.HiddenZipMember"]'
	holds 'any(.evasions[]; .reason == "HiddenZipMember")'
	ask "$clean"
	[ "$status" -eq 0 ]
	is .code OK
	is '.engines[0].attempts' 1
	ask "$infected"
	is .info Eicar-Test-Signature
}

@test "what cannot be taken apart is never clean" {
	start_clamd one
	pool "daemon = \"${clamd_socket[one]}\"" "mime_decompose = true"
	# No scanner to do it.
	ask --scanner-path /bin/true "$clean"
	[ "$status" -eq 2 ]
	is .status EC_AV_ERROR
	# One that is too small for it.
	ask --max-file-count 1 "$clean"
	[ "$status" -eq 3 ]
	is .status EC_AV_UNSCANNABLE
	has_code DEC_RESULT_MAXIMUM_FILES_EXTRACTED
	# With a scanner that runs, too.
	start_scanner
	ask --socket="$socket" "$clean"
	[ "$status" -eq 0 ]
	[[ $(routes) == *'["2/minutes.zip","decomposer","EC_AV_CLEAN"]'* ]]
	stop_scanner
}
