#!/usr/bin/env bats
# The command line of csapi-scan: help, codes, bad use, and what is generated from the table of options. No scanner is started here.
bats_require_minimum_version 1.5.0

setup() {
	root=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	build=${CSAPI_BUILD:-$root/build}
	scan=$build/csapi-scan
	export CSAPI_SOCKET=$BATS_TEST_TMPDIR/none # a scanner that runs on this machine takes no part
	options=$root/cmd/csapi-scan.options.def
	cd "$BATS_TEST_TMPDIR"
}

# The long names of all options, from the tables themselves.
long_names() {
	{
		sed -n 's/^OPTION(\([a-z0-9_]*\),.*/\1/p' "$options"
		sed -n 's/^LIMIT(\([a-z0-9_]*\),.*/\1/p' "$root/lib/verdict/limits.def"
	} | tr _ -
}

codes() {
	sed -n 's/^SCAN_CODE(\([A-Z_]*\),.*/\1/p' "$root/lib/verdict/scan_code.def"
}

# Bad use: exit status 2, one line on stderr that says LINE, one valid document with CODE.
refused() { # CODE LINE ARGUMENT...
	local code=$1 line=$2
	shift 2
	run -2 --separate-stderr "$scan" "$@" </dev/null
	echo "stderr: $stderr"
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "csapi-scan: "*"$line"* ]]
	[ "${#lines[@]}" -eq 1 ]
	printf '%s\n' "$output" >document
	python3 - "$root/share/schema/verdict-1.schema.json" "$code" <<-'END'
		import json, jsonschema, sys
		document = json.load(open("document", encoding="ascii"))
		jsonschema.validate(document, json.load(open(sys.argv[1])))
		wanted = ("EC_AV_ERROR", sys.argv[2], None, None)
		got = tuple(document[key] for key in ("status", "code", "name", "engine"))
		assert got == wanted, got
		assert document["info"]
	END
}

@test "--help lists every option, in 80 columns, on standard output" {
	run -0 --separate-stderr "$scan" --help
	[ -z "$stderr" ]
	[ "$(long_names | wc -l)" -ge 25 ]
	for name in $(long_names); do
		grep -Eq -- "^  (-., |    )--$name(=|\[=| |\$)" <<<"$output" || { echo "missing: $name"; false; }
	done
	[ "$(wc -L <<<"$output")" -le 80 ]
	[ "$("$scan" -h)" = "$output" ]
}

@test "--version tells the version of the sources" {
	run -0 "$scan" --version
	[ "$output" = "csapi-scan $(sed -n 's/^#define CSAPI_VERSION "\(.*\)"/\1/p' "$root/lib/base/version.h")" ]
	[ "$("$scan" -V)" = "$output" ]
}

@test "--explain knows all 66 codes, and tells status and origin of each" {
	[ "$(codes | wc -l)" -eq 66 ]
	for code in $(codes); do
		run -0 "$scan" --explain="$code"
		[ "${lines[0]}" = "$code" ]
		[ "${#lines[@]}" -eq 4 ]
		[[ ${lines[2]} == "  status: "* ]]
		[[ ${lines[3]} == "  produced: "* || ${lines[3]} == "  produced by csapi-update: "* || ${lines[3]} == "  produced with --disinfect: "* || ${lines[3]} == "  not produced"* ]]
	done
}

@test "--explain takes any case and a name without its prefix, and statuses" {
	run -0 "$scan" --explain avs_result_virus_found
	[ "${lines[0]}" = AVS_RESULT_VIRUS_FOUND ]
	[[ $output == *"EC_AV_INFECTED, exit status 1"* ]]
	run -0 "$scan" --explain Policy_Invalid
	[ "$(grep -c '^[A-Z]*_RESULT_POLICY_INVALID$' <<<"$output")" -eq 3 ]
	run -0 "$scan" --explain unscannable
	[ "${lines[0]}" = EC_AV_UNSCANNABLE ]
	[[ $output == *"exit status 3"* ]]
}

@test "--explain=all lists the 8 statuses and the 66 codes" {
	run -0 "$scan" --explain=all
	[ "$(grep -c '^EC_AV_' <<<"$output")" -eq 8 ]
	[ "$(grep -c '^[A-Z]*_RESULT_' <<<"$output")" -eq 66 ]
}

@test "--explain of no code suggests the nearest and prints no document" {
	run -2 --separate-stderr "$scan" --explain virus_fond
	[ -z "$output" ]
	[ "$stderr" = "csapi-scan: there is no code virus_fond; did you mean AVS_RESULT_VIRUS_FOUND?" ]
	run -2 --separate-stderr "$scan" --explain xyzzy
	[[ $stderr == *"--explain=all"* ]]
}

@test "an unknown option: the nearest name is suggested" {
	refused GEN_RESULT_PARAMETER_INVALID "unknown option --jbos; did you mean --jobs?" --jbos=3
	refused GEN_RESULT_PARAMETER_INVALID "unknown option --recursiv3; did you mean --recursive?" --recursiv3
	refused GEN_RESULT_PARAMETER_INVALID "unknown option --xyzzy; --help lists the options" --xyzzy
	refused GEN_RESULT_PARAMETER_INVALID "unknown option -Z" -rZ
}

@test "an abbreviation is taken when it is clear, and refused with its meanings when it is not" {
	refused GEN_RESULT_PARAMETER_INVALID "could be --max-extract-depth, --max-extract-size, --max-extract-time" --max-extract=3
	run -0 "$scan" --vers
}

@test "a value too few or too many" {
	refused GEN_RESULT_PARAMETER_INVALID "option --part needs a value; write --part=ID" --part
	refused GEN_RESULT_PARAMETER_INVALID "option --jobs needs a value; write --jobs=N" -j
	refused GEN_RESULT_PARAMETER_INVALID "option --wire takes no value" --wire=yes
}

@test "numbers that are none, or out of range" {
	for value in 0 257 -1 +1 " 1" 1x "" 99999999999999999999; do
		refused GEN_RESULT_PARAMETER_INVALID "--jobs=$value is not a number from 1 to 256" --jobs="$value"
	done
	refused GEN_RESULT_PARAMETER_INVALID "--read-timeout=0 is not" --read-timeout=0
	refused GEN_RESULT_PARAMETER_INVALID "--format=xml is none of: json text" --format=xml
}

@test "every limit: no number, below and above its range" {
	while IFS='|' read -r key min max; do
		option=--${key//_/-}
		refused GEN_RESULT_PARAMETER_INVALID "$key must be a whole number" "$option=many"
		refused GEN_RESULT_PARAMETER_INVALID "$key must be a whole number" "$option=-1"
		refused DEC_RESULT_POLICY_INVALID "$key must be $min to $max" "$option=$((max + 1))"
		refused DEC_RESULT_POLICY_INVALID "$key must be $min to $max" "$option=99999999999999999999999"
		[ "$min" -eq 0 ] || refused DEC_RESULT_POLICY_INVALID "$key must be $min to $max" "$option=$((min - 1))"
	done < <(sed -n 's/^LIMIT(\([a-z_]*\), [a-z]*, \([0-9]*\), \([0-9]*\),.*/\1|\2|\3/p' "$root/lib/verdict/limits.def")
}

@test "the seed's ranges: what is refused above is what the module refuses" {
	refused DEC_RESULT_POLICY_INVALID "1 to 50" --max-extract-depth=51
	refused DEC_RESULT_POLICY_INVALID "0 to 2147483648" --max-cumulative-extract-size=2147483649
}

@test "something that is not the id of a part" {
	for id in "" abc /x " 1" "$(printf '1/\377')" "1/$(head -c 2000 /dev/zero | tr '\0' a)"; do
		refused DEC_RESULT_PARAMETER_INVALID "is not the id of a part" --part="$id" message
	done
}

@test "options that contradict each other" {
	refused GEN_RESULT_POLICY_INVALID "--part needs exactly one input" --part=1 a b
	refused GEN_RESULT_POLICY_INVALID "--part needs exactly one input" --part=1 -r a
	refused GEN_RESULT_POLICY_INVALID "--part needs exactly one input" --part=1 --files0-from=list
	refused GEN_RESULT_POLICY_INVALID "--files0-from and FILE exclude each other" --files0-from=list a
	refused GEN_RESULT_POLICY_INVALID "--all-parts is for --format=text" --all-parts a
	run -2 --separate-stderr "$scan" --self-test a
	[ -z "$output" ]
	[[ $stderr == *"--self-test scans samples of its own"* ]]
	run -2 --separate-stderr "$scan" --explain=all a
	[ -z "$output" ]
}

@test "the first mistake is the one that is told" {
	refused DEC_RESULT_POLICY_INVALID "max_extract_depth" --max-extract-depth=99 --bogus -j0
}

@test "bad use in text form, without a document, and ended by NUL" {
	run -2 --separate-stderr "$scan" --bogus --format=text </dev/null
	[[ ${lines[0]} == "csapi-scan: EC_AV_ERROR "*"[GEN_RESULT_PARAMETER_INVALID]" ]]
	run -2 --separate-stderr "$scan" --bogus --quiet </dev/null
	[ -z "$output" ]
	[[ $stderr == *"unknown option --bogus"* ]]
	run "$scan" --bogus --null </dev/null
	"$scan" --bogus --null </dev/null >out 2>/dev/null || true
	[ "$(tail -c 1 out | od -An -tx1 | tr -d ' ')" = 00 ]
	[ "$(tr -dc '\n' <out | wc -c)" -eq 0 ]
}

@test "what a terminal would act on is shown, not sent" {
	refused GEN_RESULT_PARAMETER_INVALID 'unknown option --\xff\u{1b}[31m' "$(printf -- '--\377\033[31m')"
}

@test "bad use reads a pipe on standard input to its end" {
	set -o pipefail
	# A writer of more than a pipe holds would die of SIGPIPE, and its status would be 141.
	head -c 1000000 /dev/zero | { "$scan" --bogus >/dev/null 2>&1 || [ $? -eq 2 ]; }
}

@test "bad use does not read for ever" {
	SECONDS=0
	yes | { run -2 "$scan" --bogus --timeout=1; }
	[ "$SECONDS" -le 5 ]
}

@test "an input that is missing, a directory, or unreadable gets a document and a line" {
	mkdir directory
	run -2 --separate-stderr "$scan" missing directory ""
	[ "${#lines[@]}" -eq 3 ]
	[ "${#stderr_lines[@]}" -eq 3 ]
	for line in "${lines[@]}"; do
		[[ $line == '{"status":"EC_AV_ERROR"'*'"code":"DEC_RESULT_CONTAINER_ACCESS_FAILED"'* ]]
	done
	[[ ${lines[0]} == *'"name":"missing"'* ]]
	[[ ${stderr_lines[0]} == "csapi-scan: missing: cannot open: No such file or directory"* ]]
	[[ ${stderr_lines[1]} == "csapi-scan: directory: is a directory; --recursive scans the files below it"* ]]
	[ "$(id -u)" -ne 0 ] || return 0
	echo secret >unreadable
	chmod 0 unreadable
	run -2 --separate-stderr "$scan" unreadable
	[[ $stderr == *"Permission denied"* ]]
}

@test "-- ends the options" {
	run -2 --separate-stderr "$scan" -- --help
	[[ $stderr == "csapi-scan: --help: cannot open: No such file or directory"* ]]
}

@test "a list of names: missing, empty, a name too long" {
	run -2 --separate-stderr "$scan" --files0-from=missing
	[[ $stderr == "csapi-scan: missing: cannot open the list of names: No such file or directory"* ]]
	: >empty
	run -0 --separate-stderr "$scan" --files0-from=empty
	[ -z "$output" ]
	[ "$stderr" = "csapi-scan: empty: holds no names of inputs" ]
	{ head -c 100000 /dev/zero | tr '\0' x; printf '\0missing\0\0-'; } >list
	run -2 --separate-stderr "$scan" --files0-from=- <list
	[ "${#lines[@]}" -eq 4 ]
	[[ ${stderr_lines[0]} == *"the name is longer than any path"* ]]
	[[ ${stderr_lines[1]} == *"missing: cannot open"* ]]
	[[ ${stderr_lines[2]} == *"the name of an input is empty"* ]]
	[[ ${stderr_lines[3]} == *"standard input was named before"* ]]
}

@test "an empty directory is told, since no verdict is" {
	mkdir empty
	run -0 --separate-stderr "$scan" -r empty
	[ -z "$output" ]
	[ "$stderr" = "csapi-scan: empty: holds no files to scan" ]
}

@test "standard output that cannot be written ends in 2 and a line" {
	run -2 "$scan" missing >/dev/full
	for arguments in missing --help --version --explain=all; do
		"$scan" "$arguments" >/dev/full 2>line && false || [ $? -eq 2 ]
		grep -q "cannot write .*standard output: No space left on device" line
		"$scan" "$arguments" >&- 2>line && false || [ $? -eq 2 ]
		grep -q "cannot write .*standard output: Bad file descriptor" line
	done
	# A reader that is gone: without SIGPIPE it is an error like any other.
	(
		trap '' PIPE
		{ sleep 0.3; status=0; "$scan" --explain=all 2>line || status=$?; echo "$status" >status; } | true
	)
	[ "$(cat status)" -eq 2 ]
	grep -q "cannot write to standard output: Broken pipe" line
}

@test "a closed standard input is an error, not an empty message" {
	# Closed in a shell of its own: run itself would open something in its place.
	run -2 --separate-stderr bash -c 'exec "$0" 0<&-' "$scan"
	[[ $output == *'"code":"DEC_RESULT_CONTAINER_ACCESS_FAILED"'* ]]
	[[ $stderr == *"cannot read: Bad file descriptor"* ]]
}

@test "generated files are those that the tables give" {
	cp -r "$root/man" "$root/completions" .
	cd "$root"
	"$build/generate" "$BATS_TEST_TMPDIR"
	diff -ru "$root/man" "$BATS_TEST_TMPDIR/man"
	diff -ru "$root/completions" "$BATS_TEST_TMPDIR/completions"
	diff -u "$root/share/csapi.conf.example" "$BATS_TEST_TMPDIR/share/csapi.conf.example"
}

@test "the manuals pass mandoc, and name every option and every code" {
	run -0 mandoc -Tlint -Wwarning "$root/man/csapi-scan.1" "$root/man/csapi-codes.7"
	for name in $(long_names); do
		grep -q "Fl -$name\b" "$root/man/csapi-scan.1"
	done
	for code in $(codes); do
		grep -qx ".It Dv $code" "$root/man/csapi-codes.7"
	done
}

@test "bash completes every option, its values, and files behind --" {
	complete_bash() { # WORD...: what is offered for the last one
		bash --norc -c '
			source "$0"
			COMP_WORDS=(csapi-scan "$@") COMP_CWORD=$#
			_csapi_scan
			printf "%s\n" "${COMPREPLY[@]}"' "$root/completions/csapi-scan.bash" "$@"
	}
	run -0 complete_bash --
	for name in $(long_names); do
		grep -Eqx -- "--$name=?" <<<"$output"
	done
	[ "$(complete_bash --format = te)" = text ]
	[ "$(complete_bash --form)" = --format= ]
	[ "$(complete_bash --explain = AVS_RESULT_V)" = AVS_RESULT_VIRUS_FOUND ]
	mkdir messages
	: >message.eml
	[ "$(complete_bash --definitions mess)" = messages ]
	[ "$(complete_bash mess | sort | tr '\n' ' ')" = "message.eml messages " ]
	: >--strange
	[ "$(complete_bash -- --str)" = --strange ]
	run -0 bash --norc -c 'source "$0"; complete -p csapi-scan' "$root/completions/csapi-scan.bash"
	[[ $output == *"-F _csapi_scan csapi-scan" ]]
}

@test "zsh completes every option" {
	cat >complete.zsh <<-'END'
		zmodload zsh/zpty
		zpty completion zsh -f -i
		zpty -w completion "PS1= PS2= TERM=dumb; fpath=($1 \$fpath); autoload -U compinit; compinit -D -u; LISTMAX=0; stty columns 200 rows 200"
		zpty -w completion "print -r -- loaded \$_comps[csapi-scan]; exit"
		while zpty -r completion line; do print -r -- "$line"; done
	END
	run -0 timeout 20 zsh -f complete.zsh "$root/completions"
	[[ $output == *"loaded _csapi-scan"* ]]
	# _arguments gets a specification for each option; it is zsh's own from there on.
	run -0 zsh -f -c '_arguments() { print -rl -- "$@" }; source "$0"' "$root/completions/_csapi-scan"
	for name in $(long_names); do
		grep -Eq -- "(^|\))--$name(=|\[)" <<<"$output" || { echo "missing: $name"; false; }
	done
	[ "${#lines[@]}" -gt "$(long_names | wc -l)" ]
}

@test "fish completes every option and its values" {
	complete_fish() {
		fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$root/completions/csapi-scan.fish" "$1" |
			cut -f1
	}
	HOME=$BATS_TEST_TMPDIR run -0 complete_fish "csapi-scan --"
	for name in $(long_names); do
		grep -q -- "^--$name\b" <<<"$output"
	done
	[ "$(HOME=$BATS_TEST_TMPDIR complete_fish 'csapi-scan --format=te')" = --format=text ]
	[ "$(HOME=$BATS_TEST_TMPDIR complete_fish 'csapi-scan --explain AVS_RESULT_V')" = AVS_RESULT_VIRUS_FOUND ]
}
