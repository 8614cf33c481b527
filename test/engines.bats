#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

# Engines as the configuration has them: which are asked, what their answers come to, and what the caller learns of it.

setup_file() { open_file; }
teardown_file() { close_file; }

setup() {
	cd "$BATS_TEST_TMPDIR"
	unset skip_virus_check
	infected=$FIXTURES/codes/eicar.eml
	clean=$ROOT/share/samples/clean.eml
	encrypted=$ROOT/share/samples/encrypted-zip.eml
}

# configure TEXT: makes it the configuration of the test.
configure() {
	printf '%s\n' "$1" >csapi.conf
	export CSAPI_CONFIG=$PWD/csapi.conf
}

# The stanza of the module's documentation, with the braces that a stanza ends with.
stanza='csapi {}
# note that this module is
# also nested inside the antivirus module
antivirus "antivirus1" {
  csapi "csapi1" {
    enabled = false
    action = "pass"
    context_variable = "csapi_status"
    skip_context_variable = "skip_virus_check"
    max_concurrency = 5
  }
}'

@test "the seed's stanza is a configuration, and its engine scans when asked" {
	configure "$stanza"
	scan "$infected"
	[ "$status" -eq 1 ]
	is .engine csapi1
	is '.engines | map([.name, .kind, .state, .status]) | tojson' '[["csapi1","csapi","given","EC_AV_INFECTED"]]'
	is '.context | tojson' '{"csapi_status":"","csapi_status_info":"Eicar-Test-Signature"}'
	is .reply null
	run -0 --separate-stderr "$SCAN" --check-config
	[ -z "$stderr" ]
}

@test "the seed's stanza with its scripts is one, too" {
	configure 'csapi {}
antivirus "antivirus1" {
  csapi "csapi1" {
    enabled = false
    action = "pass"
    context_variable = "virus"
    max_concurrency = 4
  }
}

sieve "sieve1" {
  script "data_phase1" {
    source = "/path/to/csapi_scan.siv"
  }
  script "each_rcpt_phase1" {
    source = "/path/to/csapi_process.siv"
  }
}'
	scan "$infected"
	[ "$status" -eq 1 ]
	is '.context | tojson' '{"virus":"","virus_info":"Eicar-Test-Signature"}'
	run -0 --separate-stderr "$SCAN" --check-config
	[[ $stderr == *"section sieve has no effect: it is the mail server's" ]]
}

@test "a hook leaves a passive engine alone, and says so: never clean" {
	configure "$stanza"
	for file in "$infected" "$clean"; do
		scan --hook "$file"
		[ "$status" -eq 4 ]
		is .status EC_AV_NO_ENGINE
		is .code GEN_RESULT_EMPTY_POLICY
		is .scanned false
		is .info "not scanned: csapi1 is passive, and nobody named it"
		is '.engines[0].state' passive
		is '.context | tojson' '{}'
		[ -z "$stderr" ]
	done
}

@test "who names it has it scan, by its name or by its kind" {
	configure "$stanza"
	scan --hook --engine csapi1 "$infected"
	[ "$status" -eq 1 ]
	scan --hook -e csapi "$infected"
	[ "$status" -eq 1 ]
	scan -e csapi1 "$clean"
	[ "$status" -eq 0 ]
}

@test "the global section makes all csapi engines passive" {
	configure 'csapi { enabled = false }
antivirus "a" { csapi "one" { max_concurrency = 1 } }'
	scan --hook "$infected"
	[ "$status" -eq 4 ]
	is '.engines[0].state' passive
}

@test "a context variable skips the scan, from the environment and from the command line" {
	configure "$stanza"
	scan --context skip_virus_check=1 "$infected"
	[ "$status" -eq 4 ]
	is .status EC_AV_NO_ENGINE
	is .code null
	is .scanned false
	is .info "not scanned: the context variable skip_virus_check is set"
	is '.engines[0].state' skipped
	export skip_virus_check=yes
	scan --engine csapi1 "$infected"
	[ "$status" -eq 4 ]
	# The word on the command line goes before it, and an empty one counts as none.
	scan --context skip_virus_check= "$infected"
	[ "$status" -eq 1 ]
	unset skip_virus_check
	skip_virus_check='' scan "$infected"
	[ "$status" -eq 1 ]
	scan --context other=1 "$infected"
	[ "$status" -eq 1 ]
}

@test "without a configuration the variable has its usual name, and another one where it is told" {
	scan --context skip_virus_check=1 "$infected"
	[ "$status" -eq 4 ]
	configure 'antivirus "a" { csapi "one" { skip_context_variable = "trusted" max_concurrency = 1 } }'
	scan --context skip_virus_check=1 "$infected"
	[ "$status" -eq 1 ]
	scan --context trusted=1 "$infected"
	[ "$status" -eq 4 ]
	configure 'antivirus "a" { csapi "one" { skip_context_variable = "" max_concurrency = 1 } }'
	scan --context skip_virus_check=1 --context trusted=1 "$infected"
	[ "$status" -eq 1 ]
}

@test "--context wants NAME=VALUE" {
	scan --context skip_virus_check "$infected"
	[ "$status" -eq 2 ]
	is .code GEN_RESULT_PARAMETER_INVALID
	scan --context =1 "$infected"
	[ "$status" -eq 2 ]
}

@test "a name that nobody has, and one that is too long for anybody" {
	configure "$stanza"
	scan --engine csapi2 "$infected"
	[ "$status" -eq 2 ]
	is .status EC_AV_NO_ENGINE
	is .info 'no engine is called "csapi2"; did you mean "csapi1"?'
	scan --engine 1234567890123456789012345678901234567890 "$infected"
	is .status EC_AV_NO_ENGINE
	scan --engine 12345678901234567890123456789012345678901 "$infected"
	[ "$status" -eq 2 ]
	is .status EC_AV_NAME_TOO_LONG
	is .engine null
	# 40 characters, more bytes.
	scan --engine äääääääääääääääääääääääääääääääääääääääx "$infected"
	is .status EC_AV_NO_ENGINE
}

@test "a section without engines: none is configured" {
	configure 'antivirus "a" {}'
	scan "$clean"
	[ "$status" -eq 2 ]
	is .status EC_AV_NO_ENGINE
	is .code GEN_RESULT_EMPTY_POLICY
	is .scanned true
	run -2 --separate-stderr "$SCAN" --engines
	[ -z "$output" ]
}

@test "context variables: not set when clean, error on trouble, else empty" {
	configure "$stanza"
	scan "$clean"
	is '.context | tojson' '{}'
	scan "$encrypted"
	is .context.csapi_status error
	is .context.csapi_status_info "$(value .info)"
	[[ $(value .info) == *encrypted* ]]
	scan missing.eml
	is .context.csapi_status error
	scan --scanner-path /bin/true "$clean"
	is .context.csapi_status error
	is .status EC_AV_ERROR
}

@test "--format sh: eval gives the values, and unsets what is not set" {
	configure "$stanza"
	csapi_status=old csapi_status_info=old
	scan --format sh "$clean"
	[ "$status" -eq 0 ]
	eval "$output"
	[ "$av_status" = EC_AV_CLEAN ]
	[ "$av_info$av_engine$av_code$av_reply" = "" ]
	[ -z "${csapi_status+set}${csapi_status_info+set}" ]
	scan --format sh "$infected"
	eval "$output"
	[ "$av_status $av_info $av_engine $av_code" = "EC_AV_INFECTED Eicar-Test-Signature csapi1 AVS_RESULT_VIRUS_FOUND" ]
	[ "${csapi_status-unset}" = "" ]
	[ "$csapi_status_info" = Eicar-Test-Signature ]
	scan --format sh "$encrypted"
	eval "$output"
	[ "$csapi_status" = error ]
	scan --format sh "$infected" "$clean"
	[ "$status" -eq 2 ]
	eval "$output"
	[ "$av_code" = GEN_RESULT_POLICY_INVALID ]
}

@test "--format sh is safe to eval whatever the part or the virus is called" {
	mkdir definitions
	# Names of signatures may hold anything but a colon and white space.
	# shellcheck disable=SC2016 # not for this shell
	printf "%s\n" "\$(touch\${IFS}pwned);'\`touch\${IFS}pwned\`';\\:0:*:$(printf 'needle-in-mail' | od -An -tx1 | tr -d ' \n')" >definitions/a.ndb
	printf 'Subject: x\n\nneedle-in-mail\n' >mail.eml
	# shellcheck disable=SC2016 # likewise
	configure 'antivirus "a" { csapi "$(touch pwned)'"'"';touch pwned;" { context_variable = "a-b.c" max_concurrency = 1 } }'
	for shell in sh bash zsh; do
		run -1 --separate-stderr "$SCAN" --no-progress --private --definitions=definitions --format=sh mail.eml
		"$shell" -c 'eval "$1"; printf "%s\n" "$av_info" "$av_engine" "$a_b_c_info"' x "$output" >got
		[ ! -e pwned ]
		grep -qF "\$(touch\${IFS}pwned)" got
		grep -qF '$(touch pwned)' got
	done
	# A part with a quote and a newline in its name.
	configure "$stanza"
	printf '' >empty
	cp "$ROOT/share/samples/encrypted-zip.eml" e.eml
	sed -i "s/salaries\.zip/a'\$(touch pwned)b.zip/g" e.eml
	scan --format sh e.eml
	sh -c 'eval "$1"; [ "$av_status" = EC_AV_UNSCANNABLE ]' x "$output"
	[ ! -e pwned ]
}

@test "action = reject proposes a reply; error_code is for trouble" {
	configure 'antivirus "a" { action = "reject" csapi "one" { error_code = 452 max_concurrency = 1 } }'
	scan "$infected"
	is '.reply | tojson' '{"code":550,"enhanced":"5.7.1","text":"Virus detected: Eicar-Test-Signature"}'
	scan "$encrypted"
	is .reply.code 550
	[[ $(value .reply.text) == "Message cannot be scanned: "* ]]
	scan missing.eml
	is '.reply | tojson' '{"code":452,"enhanced":"4.3.0","text":"AV system offline"}'
	scan "$clean"
	is .reply null
	scan --hook --context skip_virus_check=1 "$infected"
	is .reply null
}

@test "--engines lists what is configured, as JSON lines and as text" {
	configure "$stanza"
	run -0 --separate-stderr "$SCAN" --engines
	[ "${#lines[@]}" -eq 1 ]
	[ "$(jq -c '[.name, .kind, .antivirus, .enabled, .action, .max_concurrency, .context_variable]' <<<"$output")" = \
		'["csapi1","csapi","antivirus1",false,"pass",5,"csapi_status"]' ]
	run -0 --separate-stderr "$SCAN" --engines --format=text
	[ "$output" = "csapi1: csapi, passive, action pass, sets csapi_status, skipped by skip_virus_check" ]
	configure 'antivirus "a" { clamav "b" { daemon = {"h:1", "/run/c"} } csapi "c" { max_concurrency = 1 } }'
	run -0 --separate-stderr "$SCAN" --engines
	[ "$(jq -r .name <<<"$output" | xargs)" = "b c" ]
	[ "$(head -n 1 <<<"$output" | jq -c .daemon)" = '["h:1","/run/c"]' ]
	run -0 --separate-stderr "$SCAN" --engines -e c
	[ "$(jq -r .name <<<"$output")" = c ]
	run -2 --separate-stderr "$SCAN" --engines -e d
	unset CSAPI_CONFIG
	run -0 --separate-stderr env XDG_CONFIG_HOME=/nowhere "$SCAN" --engines
	[ "$(jq -r .name <<<"$output")" = csapi ]
	run -2 --separate-stderr "$SCAN" --engines mail.eml
}

@test "two engines of ours: the first that finds a virus ends it, else all must call it clean" {
	mkdir other
	echo "Other:0:*:$(printf 'needle-in-mail' | od -An -tx1 | tr -d ' \n')" >other/a.ndb
	printf 'Subject: x\n\nneedle-in-mail\n' >needle.eml
	configure "antivirus \"a\" {
	csapi \"shipped\" { definitions = \"$DEFINITIONS\" max_concurrency = 1 }
	csapi \"other\" { definitions = \"$PWD/other\" max_concurrency = 1 context_variable = \"other_status\" }
}"
	run -0 --separate-stderr "$SCAN" --no-progress "$clean"
	keep <<<"$output"
	is '.engines | map(.state) | join(" ")' "given given"
	run -1 --separate-stderr "$SCAN" --no-progress "$infected"
	keep <<<"$output"
	is '.engines | map(.state) | join(" ")' "given not_asked"
	is .engine shipped
	run -1 --separate-stderr "$SCAN" --no-progress needle.eml
	keep <<<"$output"
	is '.engines | map(.status) | join(" ")' "EC_AV_CLEAN EC_AV_INFECTED"
	is .engine other
	is .info Other
	is '.context | tojson' '{"other_status":"","other_status_info":"Other"}'
	run -1 --separate-stderr "$SCAN" --no-progress -j 3 "$clean" "$infected" needle.eml "$clean" needle.eml
	keep <<<"$output"
	[ "$(jq -r '.engine // "-"' <<<"$output" | xargs)" = "- shipped other - other" ]
	run -0 --separate-stderr "$SCAN" --no-progress --engine shipped needle.eml
	keep <<<"$output"
	# One that fails takes the word clean away.
	rm other/a.ndb
	run -2 --separate-stderr "$SCAN" --no-progress "$clean"
	keep <<<"$output"
	is .status EC_AV_ERROR
	is .code AVS_RESULT_DEFINITIONS_MISSING
	is .context.other_status error
	is '.context.csapi_status // "not set"' "not set"
	[[ $stderr == *": other: "* ]]
	run -1 --separate-stderr "$SCAN" --no-progress "$infected"
	keep <<<"$output"
	run -2 --separate-stderr "$SCAN" --no-progress --format=text "$clean"
	[[ $output == *"engine shipped: EC_AV_CLEAN"*"engine other: EC_AV_ERROR"* ]]
}

@test "--self-test tests each engine by itself" {
	mkdir other
	echo "Other:0:*:$(printf 'needle-in-mail' | od -An -tx1 | tr -d ' \n')" >other/a.ndb
	configure "antivirus \"a\" {
	csapi \"shipped\" { definitions = \"$DEFINITIONS\" max_concurrency = 1 }
	csapi \"other\" { definitions = \"$PWD/other\" max_concurrency = 1 }
}"
	run -2 --separate-stderr "$SCAN" --self-test
	[[ $output == *"shipped: EICAR as a file"*"EC_AV_INFECTED"*", as expected"*"other: EICAR as a file"*"NOT as expected"* ]]
	run -0 --separate-stderr "$SCAN" --self-test -e shipped
}

@test "limits of the configuration count, those of the command line go before them" {
	configure 'antivirus "a" { csapi "one" { max_extract_depth = 3 max_file_count = 7 timeout = 30 max_concurrency = 1 } }'
	run -0 --separate-stderr "$SCAN" --no-progress "$clean"
	is '.limits | [.max_extract_depth, .max_file_count, .timeout] | tojson' '[3,7,30]'
	run -0 --separate-stderr "$SCAN" --no-progress --max-extract-depth 12 "$clean"
	is '.limits | [.max_extract_depth, .max_file_count] | tojson' '[12,7]'
}

@test "a resident scanner: limits of its own configuration, which a client's file does not exceed" {
	configure "antivirus \"a\" { csapi \"one\" { max_extract_depth = 4 max_file_count = 90 max_concurrency = 1 } }"
	start_scanner
	command_scanner status
	[[ $output == *"idle, at most 1; at most"* ]]
	# The client's own file asks for more of one and less of the other.
	configure 'antivirus "a" { csapi "one" { max_extract_depth = 9 max_file_count = 50 max_concurrency = 1 } }'
	run -0 --separate-stderr "$SCAN" --no-progress --socket="$socket" "$clean"
	keep <<<"$output"
	is '.limits | [.max_extract_depth, .max_file_count] | tojson' '[4,50]'
	# Who says it on the command line means it.
	run -2 --separate-stderr "$SCAN" --no-progress --socket="$socket" --max-extract-depth 9 "$clean"
	keep <<<"$output"
	is .code DEC_RESULT_POLICY_INVALID
	CSAPI_SOCKET=$socket run -0 --separate-stderr "$SCAN" --no-progress --max-extract-depth 9 "$clean"
	keep <<<"$output"
	is .limits.max_extract_depth 9
	stop_scanner
}

@test "csapi-scanner serves where the configuration says, and clients find it there" {
	mkdir base
	chmod 777 base .
	configure "antivirus \"a\" { csapi \"one\" { socket = \"$PWD/here\" definitions = \"$DEFINITIONS\" file_base = \"$PWD/base\"
		scanner_log = \"$PWD/log\" debug_level = \"info\" max_concurrency = 2 } }"
	isolation=()
	! sanitized || isolation=(--isolation=degrade)
	"$BUILD/csapi-scanner" "${isolation[@]}" 3>&- &
	scanner=$! socket=$PWD/here scanner_base=$PWD/base scanner_log=$PWD/log
	await_scanner
	run -0 "$BUILD/csapi-scanner" ping
	run -1 --separate-stderr "$SCAN" --no-progress "$infected"
	keep <<<"$output"
	is .versions.engine "$(value '.engines[0].version')"
	grep -q "message uid=.*status=EC_AV_INFECTED" log
	run -1 --separate-stderr "$SCAN" --no-progress --format=text "$infected"
	stop_scanner
	# Without max_concurrency there is one worker, and a warning.
	sed -i 's/max_concurrency = 2//' csapi.conf
	"$BUILD/csapi-scanner" "${isolation[@]}" 3>&- &
	scanner=$!
	await_scanner
	grep -q "does not set max_concurrency of one: there is one worker" log
	stop_scanner
}

@test "--engine of csapi-scanner chooses the block" {
	configure "antivirus \"a\" { csapi \"one\" { max_concurrency = 1 } csapi \"two\" { max_extract_depth = 5 max_concurrency = 2 } clamav \"three\" { daemon = \"h\" } }"
	start_scanner --engine=two
	run -0 --separate-stderr "$SCAN" --no-progress --socket="$socket" -e one "$clean"
	keep <<<"$output"
	is .limits.max_extract_depth 5
	stop_scanner
	run -2 --separate-stderr "$BUILD/csapi-scanner" --engine=three
	[[ $stderr == *'no csapi engine is called "three"'* ]]
}

@test "a wrong configuration is an error with file and line, and a verdict" {
	configure 'antivirus "a" {
 csapi "one" {
  max_extract_dept = 3
 }
}'
	scan "$infected"
	[ "$status" -eq 2 ]
	is .status EC_AV_ERROR
	is .code GEN_RESULT_POLICY_INVALID
	[[ $(value .info) == *"$PWD/csapi.conf:3: unknown name max_extract_dept; did you mean max_extract_depth?"* ]]
	for program in csapi-scan csapi-scanner csapi-update csapi-version; do
		run --separate-stderr "$BUILD/$program" --check-config
		[ "$status" -ne 0 ]
		[[ $stderr == *"$PWD/csapi.conf:3: unknown name max_extract_dept"* ]] || fail "$program: $stderr"
	done
	run -2 --separate-stderr "$BUILD/csapi-scanner" --listen="$PWD/s"
	[[ $stderr == *"csapi.conf:3:"* ]]
}

@test "what --check-config prints is a configuration that says the same" {
	configure 'antivirus "a" { timeout = 33 csapi "one" { max_extract_depth = 5 max_concurrency = 2 context_variable = "v"
	action = "reject" } clamav "two" { daemon = {"h:1", "/run/c"} paranoid = true } }'
	for program in csapi-scan csapi-scanner csapi-update csapi-version; do
		"$BUILD/$program" --check-config | sed 1d >"$program.conf"
		"$BUILD/$program" --check-config --config="$PWD/$program.conf" | sed 1d | diff "$program.conf" -
		cmp "$program.conf" csapi-scan.conf
	done
	grep -q 'timeout *= 33 # seconds' csapi-scan.conf
	grep -q 'action *= "reject"' csapi-scan.conf
}

@test "--config, CSAPI_CONFIG, XDG, home: the first that is there counts" {
	for name in option variable xdg home/.config; do
		mkdir -p "$name/csapi"
		echo "antivirus \"a\" { csapi \"${name%%/*}\" { max_concurrency = 1 } }" >"$name/csapi/csapi.conf"
	done
	named() { jq -r .name <<<"$output"; }
	export XDG_CONFIG_HOME=$PWD/xdg HOME=$PWD/home CSAPI_CONFIG=$PWD/variable/csapi/csapi.conf
	run -0 --separate-stderr "$SCAN" --engines --config option/csapi/csapi.conf
	[ "$(named)" = option ]
	run -0 --separate-stderr "$SCAN" --engines
	[ "$(named)" = variable ]
	unset CSAPI_CONFIG
	run -0 --separate-stderr "$SCAN" --engines
	[ "$(named)" = xdg ]
	unset XDG_CONFIG_HOME
	run -0 --separate-stderr "$SCAN" --engines
	[ "$(named)" = home ]
	rm -r home/.config
	run -0 --separate-stderr "$SCAN" --engines
	[ "$(named)" = csapi ] || [ -e /etc/csapi/csapi.conf ]
	run -2 --separate-stderr "$SCAN" --engines --config missing.conf
	[[ $stderr == *"cannot read missing.conf"* ]]
}

@test "use_wire_rep scans SMTP data as received" {
	printf 'Subject: x\r\n\r\n..needle-in-mail\r\n.\r\n' >wire
	mkdir other
	echo "Stuffed:0:*:$(printf '\n..needle-in-mail' | od -An -tx1 | tr -d ' \n')" >other/a.ndb
	echo "Plain:0:*:$(printf '\n.needle-in-mail' | od -An -tx1 | tr -d ' \n')" >>other/a.ndb
	run -1 --separate-stderr "$SCAN" --no-progress --definitions=other --wire wire
	is .info Plain
	is .wire true
	configure 'antivirus "a" { csapi "one" { use_wire_rep = true max_concurrency = 1 } }'
	run -1 --separate-stderr "$SCAN" --no-progress --definitions=other --wire wire
	is .info Stuffed
	is .wire false
}

@test "paranoid and mime_decompose of the configuration count" {
	hidden=$(find "$FIXTURES/evasion/HiddenZipMember" -type f | sort | head -n 1)
	configure 'antivirus "a" { csapi "one" { max_concurrency = 1 } csapi "two" { paranoid = true mime_decompose = true max_concurrency = 1 } }'
	scan --engine one "$hidden"
	[ "$status" -ne 1 ]
	holds 'any(.evasions[]; .reason == "HiddenZipMember")'
	scan --engine two "$hidden"
	[ "$status" -eq 1 ]
	is .engine two
	is .info Heuristics.Evasion.HiddenZipMember
	scan --engine one --paranoid "$hidden"
	[ "$status" -eq 1 ]
	file=$FIXTURES/clean/zip.eml
	scan --engine one "$file"
	[[ $(value '[.parts[].route] | join(" ")') != *decomposer* ]]
	scan --engine two "$file"
	[[ $(value '[.parts[].route] | join(" ")') == *decomposer* ]]
	[ "$status" -eq 0 ]
}
