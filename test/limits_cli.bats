#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper.bash

# csapi-limits: the limits in force and where they come from, and how much of them a message takes, without a scan.

L=codes/limits

setup_file() {
	open_file
	: >"$BATS_FILE_TMPDIR/limits"
}

# Every document of this file obeys the schema.
teardown_file() {
	/usr/bin/python3 -c 'import json, jsonschema, sys
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
lines = open(sys.argv[2], encoding="ascii").read().splitlines()
assert lines
for line in lines:
    for error in validator.iter_errors(json.loads(line)):
        sys.exit(f"{error.message[:300]} in {line[:2000]}")' "$ROOT/share/schema/limits-1.schema.json" "$BATS_FILE_TMPDIR/limits"
}

setup() {
	base=$BATS_TEST_TMPDIR/base
	mkdir -p "$base"
	unset COLUMNS NO_COLOR
}

teardown() {
	stop_scanner
}

# tell ARGUMENT...: csapi-limits without a message
tell() {
	run --separate-stderr "$BUILD/csapi-limits" "$@"
	grep -a '^{' <<<"$output" >>"$BATS_FILE_TMPDIR/limits" || true
}

# measure ARGUMENT...: with one or more; neither files nor processes may be left, and no record ever says clean.
measure() {
	run --separate-stderr "$BUILD/test/helper/reap" "$BUILD/csapi-limits" --file-base="$base" "$@"
	[ "$status" -ne 99 ] || fail "a process was left behind: $stderr"
	[ -z "$(ls -A "$base")" ] || fail "temporary files were left behind"
	[[ ${lines[0]} != *": "*clean* ]] && ! grep -q '^{.*"status":' <<<"$output" || fail "a message that nobody scanned is called clean"
	grep -a '^{' <<<"$output" >>"$BATS_FILE_TMPDIR/limits" || true
}

# The same as a document.
document() {
	measure --format=json "$@"
}

# on_terminal COLUMNS ARGUMENT...: csapi-limits on a terminal of that width
on_terminal() {
	local columns=$1
	shift
	run /usr/bin/python3 -c 'import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, int(sys.argv[1]), 0, 0))
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[2], sys.argv[2:])
text = b""
while True:
    try:
        more = os.read(fd, 65536)
    except OSError:
        break
    if not more:
        break
    text += more
sys.stdout.buffer.write(text.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$columns" "$BUILD/csapi-limits" "$@"
}

widest_line() {
	wc -L <<<"$output"
}

# --- the limits in force -----------------------------------------------------------------------------------------

@test "the table: every limit with its value, range, origin and code" {
	local key code
	tell
	[ "$status" -eq 0 ] || fail "the status"
	[ "${#lines[@]}" -eq 7 ] || fail "not a head and six limits"
	while IFS=, read -r key code; do
		grep -Eq "^$key .* default +$code$" <<<"$output" || fail "no line for $key"
	done < <(sed -n 's/^LIMIT(\([a-z_]*\),.*\(DEC_[A-Z_]*\),$/\1,\2/p' "$ROOT/lib/verdict/limits.def")
	[[ $output == *"max_extract_depth            10 levels                  1 to 50 "* ]] || fail "the depth"
	[[ $output == *"209715200 bytes (200 MiB)  0 to 2147483648"* ]] || fail "what 0 stands for"
	[[ $output != *$'\e'* && -z $stderr ]] || fail "colours in a pipe, or a line of trouble"
}

@test "the document" {
	tell --format=json --max-file-count=0
	[ "$status" -eq 0 ] || fail "the status"
	is '.limits | length' 6
	is '.limits.max_extract_depth | [.value, .setting, .unit, .min, .max, .default, .code, .origin.kind] | join(" ")' \
		"10 10 levels 1 50 10 DEC_RESULT_MAXIMUM_DEPTH_REACHED default"
	is '.limits.max_cumulative_extract_size | [.value, .setting] | join(" ")' "209715200 0"
	is '.limits.max_file_count | [.value, .setting, .origin.kind] | map(tostring) | join(" ")' "null 0 option"
	is '.limits | map(.used == null and .exceeded == null) | all' true
	is 'has("fits")' false
	is .scanner null
}

@test "text for the configuration, which can be pasted" {
	tell --format=config --max-extract-depth=12 --timeout=99
	[ "$status" -eq 0 ] || fail "the status"
	[ "${lines[0]}" = 'antivirus "antivirus1" {' ] && [ "${lines[1]}" = $'\tcsapi "csapi1" {' ] && [ "${lines[-1]}" = "}" ] || fail "no section"
	[[ $output == *$'\n\t\tmax_extract_depth = 12\n'* && $output == *$'\n\t\ttimeout = 99\n'* ]] || fail "the values"
	[ "$(grep -c '^		[a-z_]* = [0-9]*$' <<<"$output")" -eq 6 ] || fail "not six settings"
	# A parser of the same library takes it.
	/usr/bin/python3 -c 'import re, sys
text = re.sub(r"#.*", "", sys.stdin.read())
assert re.fullmatch(r"antivirus \"antivirus1\" \{\s+csapi \"csapi1\" \{(\s+[a-z_]+ = [0-9]+)+\s+\}\s+\}\s*", text), text' <<<"$output"
}

@test "options stand in the table; one that is no number or out of range is refused" {
	tell --max-extract-depth=3
	grep -Eq '^max_extract_depth +3 levels .* option ' <<<"$output" || fail "the option"
	tell --max-extract-depth=51
	[ "$status" -eq 2 ] && [[ $stderr == "csapi-limits: max_extract_depth must be 1 to 50 levels, not 51" ]] || fail "out of range"
	tell --timeout=x
	[ "$status" -eq 2 ] && [ -z "$output" ] || fail "no number"
}

@test "a scanner that runs sets them, and an option tightens" {
	start_scanner --max-extract-depth=5 --max-file-count=0 -o maxCumulativeExtractSize=4294967294
	tell --socket="$socket"
	[ "$status" -eq 0 ] || fail "the status"
	grep -Eq '^max_extract_depth +5 levels .* scanner ' <<<"$output" || fail "the depth is not the scanner's"
	grep -Eq '^max_file_count +none .* scanner ' <<<"$output" || fail "no limit at all"
	grep -Eq '^max_extract_size .* default ' <<<"$output" || fail "what is the same comes from nowhere"
	[ "${lines[-1]}" = "scanner: the one at $socket" ] || fail "where it is"
	CSAPI_SOCKET=$socket tell --format=json --max-extract-depth=4
	is '.limits.max_extract_depth | [.value, .origin.kind] | join(" ")' "4 option"
	is '.limits.timeout | [.value, .origin.kind, .origin.where] | join(" ")' "60 scanner $socket"
	is .scanner "$socket"
	is .note null
	# More than a configuration may say.
	CSAPI_SOCKET=$socket tell --format=config
	[[ $output == *"# 4294967294 is in force"*$'\n\t\tmax_cumulative_extract_size = 2147483648\n'* ]] || fail "the sum"
	CSAPI_SOCKET=$socket tell --format=json --private
	is '.limits.max_extract_depth | [.value, .origin.kind] | join(" ")' "10 default"
	is .scanner null
}

@test "more than the scanner allows: csapi-scan starts one of its own, so its limits do not count" {
	start_scanner --max-extract-depth=5 --max-file-count=7
	CSAPI_SOCKET=$socket tell --format=json --max-extract-depth=20
	is '.limits.max_extract_depth.value' 20
	is '.limits.max_file_count | [.value, .origin.kind] | join(" ")' "5000 default"
	is .scanner null
	[[ $(value .note) == "max_extract_depth = 20 is looser than the scanner's 5 (at $socket): csapi-scan would start"* ]] || fail "the note"
	# It does.
	CSAPI_SOCKET=$socket run --separate-stderr "$SCAN" --no-progress --max-extract-depth=20 "$FIXTURES/clean/plain.eml"
	is '[.limits.max_extract_depth, .limits.max_file_count] | map(tostring) | join(" ")' "20 5000"
	tell --format=json --socket="$socket" --max-extract-depth=20
	is '.limits.max_file_count | [.value, .origin.kind] | join(" ")' "7 scanner"
	[[ $(value .note) == *"it would refuse a request for that" ]] || fail "the note about a scanner that was named"
}

@test "a scanner that does not answer is told as such, and one that was named must" {
	tell --socket="$BATS_TEST_TMPDIR/none"
	[ "$status" -eq 2 ] && [ -z "$output" ] && [[ $stderr == "csapi-limits: no scanner answers at $BATS_TEST_TMPDIR/none"* ]] || fail "the line"
	start_scanner
	kill -STOP "$scanner"
	CSAPI_SOCKET=$socket tell
	kill -CONT "$scanner"
	[ "$status" -eq 0 ] || fail "the status"
	[[ ${lines[-1]} == "the scanner at $socket does not answer"*"these are the limits without it" ]] || fail "the note"
}

# --- messages ----------------------------------------------------------------------------------------------------

@test "a message that fits: figures, tree, status 0" {
	measure "$ROOT/share/samples/eicar-in-nested-zip.eml"
	[ "$status" -eq 0 ] || fail "the status"
	[[ ${lines[0]} == *"eicar-in-nested-zip.eml: fits" ]] || fail "the first line"
	[[ $output == *"max_extract_depth            ████────────────────  2 of 10 levels"* ]] || fail "the bar"
	[[ $output == *"  0  message/rfc822  983 bytes
  ├─ 1  text/plain  24 bytes
  └─ 2/invoice.zip  application/zip  316 bytes
     └─ copy/invoice.zip  application/zip  186 bytes  depth 1
        └─ eicar.com  text/plain  68 bytes  depth 2" ]] || fail "the tree"
	document "$ROOT/share/samples/eicar-in-nested-zip.eml"
	is .fits true
	is .whole true
	is '[.parts[] | .depth] | join(" ")' "0 0 0 1 2"
	is '[.parts[] | .route] | unique | join(" ")' walked
	is '.limits.max_extract_depth | [.used, .ratio, .exceeded, .need] | map(tostring) | join(" ")' "2 0.2 false nothing"
}

@test "it is the walk of a scan: the same figures and the same parts" {
	local files
	mapfile -t files < <(find "$FIXTURES/formats" "$FIXTURES/mime" "$FIXTURES/codes" -type f | sort)
	[ "${#files[@]}" -gt 100 ] || fail "too few"
	# What fits takes the same walk; what does not differs by time only, and has none here.
	"$SCAN" --no-progress --definitions="$DEFINITIONS" --timeout=60 "${files[@]}" 2>/dev/null |
		jq -c '[.name, .usage.extract_depth, .usage.extract_size, .usage.cumulative_extract_size, .usage.file_count, [.parts[].id]]' >"$BATS_TEST_TMPDIR/scan" || true
	document --timeout=60 "${files[@]}"
	jq -c '[.name, .limits.max_extract_depth.used, .limits.max_extract_size.used, .limits.max_cumulative_extract_size.used,
		.limits.max_file_count.used, [.parts[].id]]' <<<"$output" >"$BATS_TEST_TMPDIR/limits"
	diff "$BATS_TEST_TMPDIR/scan" "$BATS_TEST_TMPDIR/limits" | head -n 5 >&2
	cmp "$BATS_TEST_TMPDIR/scan" "$BATS_TEST_TMPDIR/limits"
}

@test "bars: nothing, all, and beyond" {
	measure --max-extract-depth=2 --max-file-count=3 "$ROOT/share/samples/eicar-in-nested-zip.eml"
	[ "$status" -eq 1 ] || fail "the status"
	[[ ${lines[0]} == *": exceeds max_file_count" ]] || fail "what is exceeded"
	[[ $output == *"max_extract_depth            ████████████████████  2 of 2 levels"* ]] || fail "all of it"
	[[ $output == *"max_file_count               ████████████████████▶ 3 of 3 files, needs 4"* ]] || fail "beyond"
	[[ $output == *"  would suffice: --max-file-count=4"* ]] || fail "what would suffice"
	printf 'Subject: x\n\nHello.\n' >"$BATS_TEST_TMPDIR/small.eml"
	measure "$BATS_TEST_TMPDIR/small.eml"
	[[ $output == *"max_extract_time             ────────────────────  0.000 of 180 seconds (no engine)"* ]] || fail "nothing"
	# Ever so little shows, and only what is used up looks full.
	measure --max-file-count=4294967295 "$ROOT/share/samples/eicar-in-nested-zip.eml"
	[[ $output == *"max_file_count               █───────────────────  4 of 4294967295 files"* ]] || fail "ever so little"
	measure --max-extract-size=317 "$ROOT/share/samples/eicar-in-nested-zip.eml"
	[[ $output == *"max_extract_size             ███████████████████─  316 bytes of 317 bytes"* ]] || fail "nearly all"
}

@test "what if: what is said to suffice does, and one less does not" {
	local file options option
	# Twelve deep, and behind it more files and bytes than are allowed.
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/twelve.zip" <<-'EOF'
	import io, sys, zipfile
	def packed(names, data):
	    out = io.BytesIO()
	    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
	        for name in names:
	            archive.writestr(name, data)
	    return out.getvalue()
	inner = packed([f"{i}.txt" for i in range(30)], b"0123456789" * 100)
	for level in range(11):
	    inner = packed([f"level{level}.zip"], inner)
	open(sys.argv[1], "wb").write(inner)
	EOF
	measure "$BATS_TEST_TMPDIR/twelve.zip"
	[ "$status" -eq 1 ] || fail "the status"
	[[ $output == *"10 of 10 levels, needs 12"* && $output == *"would suffice: --max-extract-depth=12"* ]] || fail "the depth"
	[[ $output == *"depth 10  DEC_RESULT_MAXIMUM_DEPTH_REACHED"* ]] || fail "the part is not marked"
	local tight=(--max-extract-depth=5 --max-file-count=20 --max-extract-size=8000 --max-cumulative-extract-size=20000)
	measure "${tight[@]}" "$BATS_TEST_TMPDIR/twelve.zip"
	[ "$status" -eq 1 ] || fail "the status"
	options=$(sed -n 's/^  would suffice: //p' <<<"$output")
	[[ $options == *--max-extract-depth=12*--max-cumulative-extract-size=*--max-file-count=* ]] || fail "what is reached next"
	read -ra options <<<"$options"
	measure "${tight[@]}" "${options[@]}" "$BATS_TEST_TMPDIR/twelve.zip"
	[[ $status -eq 0 || $status -eq 3 ]] || fail "it does not suffice: ${options[*]}"
	for option in "${options[@]}"; do
		measure "${tight[@]}" "${options[@]}" "${option%=*}=$((${option#*=} - 1))" "$BATS_TEST_TMPDIR/twelve.zip"
		[ "$status" -eq 1 ] || fail "one less suffices too: $option"
	done
}

@test "what if: also looser than a scanner that runs allows" {
	start_scanner --max-extract-depth=5
	CSAPI_SOCKET=$socket document "$FIXTURES/$L/depth-10.zip"
	[ "$status" -eq 1 ] || fail "within the scanner's limits"
	is '.limits.max_extract_depth | [.value, .needs, .need] | join(" ")' "5 10 exactly"
	CSAPI_SOCKET=$socket document --max-extract-depth=10 "$FIXTURES/$L/depth-10.zip"
	[ "$status" -eq 0 ] || fail "beyond them"
	document --socket="$socket" --max-extract-depth=10 "$FIXTURES/$L/depth-10.zip"
	[ "$status" -eq 0 ] || fail "beyond those of one that was named"
	# The scanner had nothing to do with it.
	command_scanner stats --format=json
	is .messages_checked 0
}

@test "bombs: more than can be found out, by size, by depth, by number, by time" {
	local begin=$SECONDS
	document --walk-time=2 "$FIXTURES/bombs/forty-two.zip"
	[ "$status" -eq 1 ] || fail "the status"
	is '.limits.max_cumulative_extract_size | [.exceeded, .need] | map(tostring) | join(" ")' "true more_than"
	is .fits false
	document "$FIXTURES/bombs/chain.gz"
	is '.limits.max_extract_depth | [.need, .needs] | join(" ")' "more_than 50"
	measure "$FIXTURES/bombs/deep-multiparts.eml"
	[ "$status" -eq 1 ] && [[ $output == *"1 of 10 levels, no value suffices"* ]] || fail "a structure that is not read"
	document "$FIXTURES/$L/many-files.zip"
	is '.limits.max_file_count | [.need, .needs] | join(" ")' "exactly 6000"
	document --timeout=1 --walk-time=1 "$FIXTURES/bombs/loop.xar.eml"
	[ "$status" -eq 1 ] || fail "the status"
	is '.limits.timeout | [.exceeded, .need, .needs] | map(tostring) | join(" ")' "true more_than 1"
	is '.limits.max_extract_depth.used' 1
	document --max-extract-time=1 --walk-time=1 --timeout=20 "$FIXTURES/bombs/loop.xar"
	is '.limits | to_entries | map(select(.value.exceeded) | .key) | join(" ")' max_extract_time
	[ $((SECONDS - begin)) -lt 40 ] || sanitized || fail "it took too long"
}

@test "a declared size that lies is no figure" {
	document "$FIXTURES/$L/says-large.zip"
	[ "$status" -eq 3 ] || fail "the status"
	is '.limits.max_extract_size.used < 1000' true
	document --max-extract-size=50000 "$FIXTURES/$L/says-small.zip"
	[ "$status" -eq 1 ] || fail "what comes out counts"
}

@test "a long row of parts is told as a number, unless all are asked for" {
	measure "$FIXTURES/$L/many-files.zip"
	[ "${#lines[@]}" -lt 40 ] || fail "too long"
	[[ ${lines[-1]} == "  └─ ... and 4980 more, "* ]] || fail "the number"
	measure --all-parts "$FIXTURES/$L/many-files.zip"
	[ "${#lines[@]}" -gt 5000 ] || fail "not all"
}

@test "encrypted, damaged, or for the engine alone: it fits as far as it could be opened" {
	local file
	local engine=()
	[ ! -e "$TESTFILES/clam.arj" ] || engine=("$TESTFILES"/clam.{chm,exe.szdd,arj})
	for file in "$ROOT"/share/samples/{encrypted-zip,truncated-archive}.eml "${engine[@]}"; do
		measure "$file"
		[ "$status" -eq 3 ] || fail "$file: the status"
		[[ ${lines[0]} == *": fits, as far as it could be opened" ]] || fail "$file: the first line"
	done
	[ ${#engine[@]} -eq 0 ] || [[ $output == *"DEC_RESULT_OPEN_CONTAINER_FAILED (ARJ archive: only the engine opens it)"* ]] || fail "why"
	document "$ROOT/share/samples/encrypted-zip.eml"
	is .fits true
	is .whole false
	is '.codes[0] | [.code, .part, .limit] | map(tostring) | join(" ")' \
		"DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED 2/salaries.zip/salaries.csv null"
}

@test "standard input, several messages, and which status counts" {
	run --separate-stderr "$BUILD/csapi-limits" --format=json - <"$ROOT/share/samples/clean.eml"
	[ "$status" -eq 0 ] || fail "the status"
	is .name -
	is .size "$(stat -c %s "$ROOT/share/samples/clean.eml")"
	run --separate-stderr "$BUILD/csapi-limits" - - <"$ROOT/share/samples/clean.eml"
	[ "$status" -eq 2 ] && [[ $output == *"standard input was named before"* ]] || fail "twice"
	run --separate-stderr bash -c 'cat "$2" | "$1" --format=json -' - "$BUILD/csapi-limits" "$ROOT/share/samples/clean.eml"
	is .fits true
	document "$ROOT/share/samples/clean.eml" "$ROOT/share/samples/encrypted-zip.eml"
	[ "$status" -eq 3 ] && [ "${#lines[@]}" -eq 2 ] || fail "3 before 0"
	document "$ROOT/share/samples/encrypted-zip.eml" "$FIXTURES/$L/depth-11-clean.zip" "$ROOT/share/samples/clean.eml"
	[ "$status" -eq 1 ] || fail "1 before 3"
	document "$FIXTURES/$L/depth-11-clean.zip" /nonexistent "$ROOT/share/samples/clean.eml"
	[ "$status" -eq 2 ] && [ "${#lines[@]}" -eq 3 ] || fail "2 before 1"
	is '.fits' true
}

@test "what cannot be read has a record and the status 2" {
	local what
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for what in /nonexistent "$BATS_TEST_TMPDIR" ""; do
		measure "$what"
		[ "$status" -eq 2 ] || fail "$what: the status"
		[[ $output == "$what: cannot be measured: The message cannot be read."* ]] || fail "$what: the record"
		document "$what"
		is .fits null
		is '.limits.max_extract_depth.used' null
	done
}

@test "what is no mail is taken apart as well, and so is nothing" {
	measure "$FIXTURES/eicar.com"
	[ "$status" -eq 0 ] && [ "${lines[-1]}" = "  0  text/plain  68 bytes" ] || fail "a file"
	: >"$BATS_TEST_TMPDIR/empty"
	document "$BATS_TEST_TMPDIR/empty"
	is '[.fits, .size, .parts[0].route] | map(tostring) | join(" ")' "true 0 empty"
}

@test "--wire undoes doubled dots" {
	printf 'Subject: x\r\n\r\n..a\r\n.\r\n' >"$BATS_TEST_TMPDIR/wire"
	document --wire "$BATS_TEST_TMPDIR/wire"
	is '.parts[1].size' 4
}

@test "no definitions are needed, none are loaded, and no verdict comes of it" {
	local programs=$BATS_TEST_TMPDIR/programs
	mkdir "$programs"
	cp "$BUILD"/csapi-{limits,scanner,worker} "$programs/"
	run --separate-stderr "$programs/csapi-limits" "$ROOT/share/samples/clean.eml"
	[ "$status" -eq 0 ] || fail "without definitions"
	# A scanner without an engine refuses to scan, and says so.
	printf '#!/bin/sh\nexec "%s/csapi-scanner" --no-engine "$@"\n' "$BUILD" >"$programs/without"
	chmod +x "$programs/without"
	run --separate-stderr "$SCAN" --no-progress --scanner-path="$programs/without" "$ROOT/share/samples/clean.eml"
	[ "$status" -eq 2 ] || fail "a scan without an engine"
	is .code AVS_RESULT_SCANNER_NOT_INITIALIZED
	is '.codes[0].text' "this scanner was started without an engine"
	is .definitions null
	run "$BUILD/csapi-scanner" --no-engine --listen="$BATS_TEST_TMPDIR/s"
	[ "$status" -eq 2 ] && [[ $output == *"--no-engine is for --private"* ]] || fail "one that stays"
}

@test "a message that is only taken apart is never clean, whoever asks, and with an engine too" {
	local wish
	for wish in measure extract; do
		run --separate-stderr /usr/bin/python3 "$ROOT/test/converse.py" hello "$wish=$FIXTURES/clean/zip.eml" "scan=$FIXTURES/clean/zip.eml" \
			-- "$BUILD/csapi-scanner" --private=3 --definitions="$DEFINITIONS" --timeout=60
		output=$(sed -n 's/^REPORT //p' <<<"$output")
		keep <<<"$output"
		[ "$(wc -l <<<"$output")" -eq 2 ] || fail "not two reports"
		is .status EC_AV_CLEAN
		output=$(head -n 1 <<<"$output")
		is .status EC_AV_ERROR
		is .code AVS_RESULT_SCANNER_NOT_INITIALIZED
		[[ $(value .info) == *"taken apart without a scan"* ]] || fail "the text"
		is '[.parts[] | select(.route == "walked") | .status] | unique | join(" ")' EC_AV_ERROR
		is '[.parts[] | .route] | index("engine") or index("decomposer")' false
	done
}

@test "a scanner that cannot be started, and a worker that dies, end in 2 or in a record" {
	measure --scanner-path=/nonexistent "$ROOT/share/samples/clean.eml"
	[ "$status" -eq 2 ] && [[ $output == *"cannot be measured: No scanner could be started."* ]] || fail "no scanner"
	measure --scanner-path=/bin/true "$ROOT/share/samples/clean.eml" "$ROOT/share/samples/clean.eml"
	[ "$status" -eq 2 ] && [ "$(grep -c 'cannot be measured' <<<"$output")" -eq 2 ] || fail "no scanner at all"
}

@test "killed in the middle it leaves nothing behind" {
	local name pids left
	for name in TERM KILL; do
		"$BUILD/csapi-limits" --file-base="$base" --timeout=60 "$FIXTURES/bombs/loop.xar" >/dev/null 2>&1 3>&- &
		for _ in {1..100}; do
			pids=$(pgrep -d ' ' -f "csapi-worker.*--base $base" || true)
			[ -z "$pids" ] || break
			sleep 0.05
		done
		[ -n "$pids" ] || fail "no worker came"
		kill -"$name" $!
		wait $! || true
		gone $pids
		for _ in {1..40}; do
			left=$(ls -A "$base")
			[ -n "$left" ] || break
			sleep 0.05
		done
		[ -z "$left" ] || fail "$name: files were left: $left"
	done
}

@test "fast: no definitions are waited for" {
	local begin=${EPOCHREALTIME/./} took
	measure "$ROOT/share/samples/clean.eml"
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	echo "# $took ms" >&2
	# 25 ms on a quiet machine; 200 is what was promised, and the tests share theirs.
	sanitized || [ "$took" -lt 1000 ] || fail "it took $took ms"
}

# --- how it looks ------------------------------------------------------------------------------------------------

@test "colours on a terminal only, and not where they were refused" {
	on_terminal 120 "$ROOT/share/samples/clean.eml"
	[[ $output == *$'\e[32mfits\e[0m'* ]] || fail "no colours"
	NO_COLOR=1 on_terminal 120 "$ROOT/share/samples/clean.eml"
	[[ $output != *$'\e'* && $output == *": fits"* ]] || fail "NO_COLOR"
	NO_COLOR=1 on_terminal 120
	[[ $output != *$'\e'* ]] || fail "NO_COLOR of the table"
	measure "$ROOT/share/samples/clean.eml"
	[[ $output != *$'\e'* ]] || fail "colours in a pipe"
}

@test "narrow terminals, and COLUMNS" {
	local columns
	export NO_COLOR=1
	cd "$BATS_TEST_TMPDIR"
	cp "$ROOT/share/samples/clean.eml" small.eml
	for columns in 44 80 100 140; do
		on_terminal "$columns"
		[ "$(widest_line)" -le "$columns" ] || [ "$columns" -eq 44 ] || fail "a table of $(widest_line) columns on $columns"
		[ "$(grep -c 'DEC_RESULT_' <<<"$output")" -eq 6 ] || fail "codes are missing on $columns"
		on_terminal "$columns" small.eml
		[ "$(widest_line)" -le "$columns" ] || [ "$columns" -eq 44 ] || fail "a message of $(widest_line) columns on $columns"
	done
	COLUMNS=80 tell
	[ "$(widest_line)" -le 80 ] || fail "COLUMNS"
	COLUMNS=10 tell
	[ "$status" -eq 0 ] || fail "ten columns"
	COLUMNS=99999999999999999999 tell
	[ "$status" -eq 0 ] || fail "no number of columns"
}

@test "ASCII where the locale has no more, or where it is asked for" {
	local locale option=()
	for locale in C C.UTF-8; do
		LC_ALL=$locale run --separate-stderr "$BUILD/csapi-limits" "${option[@]}" --max-extract-depth=1 "$FIXTURES/names/member-emoji.eml"
		[ "$status" -eq 0 ] || fail "$locale: the status"
		! LC_ALL=C grep -q '[^ -~]' <<<"$output" || fail "$locale: more than ASCII"
		[[ $output == *" ####################  1 of 1 levels"* && $output == *'`- '* && $output == *'\u{1f642}'* ]] ||
			fail "$locale: bar, tree, name"
		option=(--ascii)
	done
	LC_ALL=C.UTF-8 run --separate-stderr "$BUILD/csapi-limits" "$FIXTURES/names/member-emoji.eml"
	[[ $output == *"🙂.txt"* ]] || fail "with UTF-8"
}

@test "hostile names come out visible, and long ones are cut" {
	local file
	for file in "$FIXTURES"/names/*.eml; do
		measure "$file"
		# Nothing but printable characters, and none that turns the direction or hides.
		! grep -qP '[\x00-\x09\x0b-\x1f\x7f\x{80}-\x{9f}\x{ad}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}\x{feff}]' <<<"$output" || fail "$file"
		[ "$(widest_line)" -lt 600 ] || fail "$file: a line of $(widest_line) columns"
	done
	measure "$FIXTURES/names/member-control.eml"
	[[ $output == *'\u{1b}['* ]] || fail "the escape is not shown"
	cp "$ROOT/share/samples/clean.eml" "$BATS_TEST_TMPDIR/"$'\e[31mred.eml'
	measure "$BATS_TEST_TMPDIR/"$'\e[31mred.eml'
	[[ $output != *$'\e'* && ${lines[0]} == *'\u{1b}[31mred.eml: fits' ]] || fail "the name of the message"
}

# --- options -----------------------------------------------------------------------------------------------------

@test "bad use: a line that says what to write, and the status 2" {
	local arguments
	while read -ra arguments; do
		tell "${arguments[@]}"
		[ "$status" -eq 2 ] && [ -z "$output" ] || fail "${arguments[*]}: the status"
		[ "${#stderr_lines[@]}" -eq 1 ] && [[ $stderr == "csapi-limits: "* ]] || fail "${arguments[*]}: the line"
	done <<-EOF
	--format=xml
	--format
	--walk-time=0 -
	--walk-time=86401 -
	--walk-time=10
	--walk-time=1x -
	--all-parts
	--wire
	--file-base=/tmp
	--scanner-path=x
	--socket=x --private
	--format=config -
	--format=json --ascii
	--format=json --all-parts -
	--max-file-count=-1
	--definitely
	EOF
}

@test "--help, --version, the manual and the completions name every option" {
	local name
	run -0 --separate-stderr "$BUILD/csapi-limits" --help
	[ "$(widest_line)" -le 80 ] || fail "wider than 80 columns"
	for name in $(sed -n 's/^OPTION(\([a-z0-9_]*\),.*/\1/p' "$ROOT/cmd/csapi-limits.options.def" | tr _ -) \
		$(sed -n 's/^LIMIT(\([a-z0-9_]*\),.*/\1/p' "$ROOT/lib/verdict/limits.def" | tr _ -); do
		[[ $output == *"--$name"* ]] || fail "not in --help: $name"
		grep -q "Fl -$name\b" "$ROOT/man/csapi-limits.1" || fail "not in the manual: $name"
		for file in csapi-limits.bash _csapi-limits csapi-limits.fish; do
			grep -q -- "$name" "$ROOT/completions/$file" || fail "not in $file: $name"
		done
	done
	run -0 "$BUILD/csapi-limits" -V
	[ "$output" = "csapi-limits $("$SCAN" --version | cut -d ' ' -f 2)" ] || fail "the version"
	run -0 mandoc -Tlint -Wwarning "$ROOT/man/csapi-limits.1"
}

@test "bash completes options, values and messages" {
	complete_bash() { # WORD...: what is offered for the last one
		bash --norc -c '
			source "$0"
			COMP_WORDS=(csapi-limits "$@") COMP_CWORD=$#
			_csapi_limits
			printf "%s\n" "${COMPREPLY[@]}"' "$ROOT/completions/csapi-limits.bash" "$@"
	}
	cd "$BATS_TEST_TMPDIR"
	touch one.eml
	[ "$(complete_bash --format = js)" = json ]
	[ "$(complete_bash --max-file)" = --max-file-count= ]
	[ "$(complete_bash on)" = one.eml ]
}

@test "standard output that cannot be written ends in 2 and a line" {
	local what
	for what in --help --version --format=text --format=json; do
		status=0
		"$BUILD/csapi-limits" "$what" >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
		[ "$status" -eq 2 ] && grep -q '^csapi-limits: cannot write' "$BATS_TEST_TMPDIR/err" || fail "$what"
	done
	status=0
	"$BUILD/csapi-limits" "$ROOT/share/samples/clean.eml" >/dev/full 2>/dev/null || status=$?
	[ "$status" -eq 2 ] || fail "a message"
}

# --- the configuration -------------------------------------------------------------------------------------------------

# In the engine's block, in the section around it, and nowhere.
configured() {
	printf 'antivirus "a" {\n\ttimeout = 33\n\tcsapi "one" {\n\t\tmax_extract_depth = 3\n\t\tmax_concurrency = 1\n\t}\n'
	printf '\tcsapi "two" {\n\t\tmax_file_count = 7\n\t\tmax_concurrency = 1\n\t}\n}\n'
} >"$BATS_TEST_TMPDIR/csapi.conf"

@test "values of the configuration, with file and line; options go before them" {
	configured
	conf=$BATS_TEST_TMPDIR/csapi.conf
	tell --private --format=json --config="$conf" --max-file-count=9
	is '.limits.max_extract_depth | [.value, .origin.kind, .origin.where, .origin.line] | join(" ")' "3 file $conf 4"
	is '.limits.timeout | [.value, .origin.kind, .origin.line] | join(" ")' "33 file 2"
	is '.limits.max_file_count | [.value, .origin.kind] | join(" ")' "9 option"
	is '.limits.max_extract_size.origin.kind' default
	tell --private --config="$conf"
	grep -Eq "^max_extract_depth +3 levels .* $conf:4 " <<<"$output" || fail "the file"
	tell --private --format=json --config="$conf" --engine=two
	is '.limits.max_file_count | [.value, .origin.line] | join(" ")' "7 8"
	is '.limits.max_extract_depth.origin.kind' default
	tell --private --config="$conf" --engine=three
	[ "$status" -eq 2 ] && [[ $stderr == *'no csapi engine is called "three"'* ]] || fail "a stranger"
	echo 'antivirus "a" { csapi "one" { max_extract_depth = 51 } }' >"$conf"
	tell --config="$conf"
	[ "$status" -eq 2 ] && [[ $stderr == *"csapi.conf:1: max_extract_depth must be 1 to 50 levels, not 51" ]] || fail "a mistake"
}

@test "what --format=config prints is a configuration that says the same" {
	configured
	tell --private --format=config --config="$BATS_TEST_TMPDIR/csapi.conf" --max-extract-size=123456
	echo "$output" >"$BATS_TEST_TMPDIR/again.conf"
	[[ ${lines[1]} == *'csapi "one" {' ]] || fail "the engine's name"
	tell --private --format=config --config="$BATS_TEST_TMPDIR/again.conf"
	diff <(echo "$output") "$BATS_TEST_TMPDIR/again.conf"
	tell --private --format=json --config="$BATS_TEST_TMPDIR/again.conf"
	is '.limits.max_extract_size | [.value, .origin.kind] | join(" ")' "123456 file"
}

@test "a message is measured by the configuration's limits; a scanner that runs tightens them" {
	configured
	tell --private --config="$BATS_TEST_TMPDIR/csapi.conf" "$FIXTURES/codes/limits/depth-11-clean.zip"
	[ "$status" -eq 1 ] && [[ $output == *"3 of 3 levels, needs 11"* ]] || fail "not measured by it"
	start_scanner --max-extract-depth=2 --max-file-count=50
	tell --format=json --config="$BATS_TEST_TMPDIR/csapi.conf" --socket="$socket"
	is '.limits.max_extract_depth | [.value, .origin.kind] | join(" ")' "2 scanner"
	is '.limits.timeout | [.value, .origin.kind] | join(" ")' "33 file"
	is '.limits.max_file_count | [.value, .origin.kind] | join(" ")' "50 scanner"
	stop_scanner
}
