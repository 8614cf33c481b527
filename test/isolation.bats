#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

# Workers within their walls, talked to without a scanner (test/worker.py): what they find is what they find without walls, one
# message leaves nothing to the next, and whatever is short never makes an infected message clean. CSAPI_LONG=1 takes all files.

setup_file() {
	open_file
	local base list=$BATS_FILE_TMPDIR/files
	{
		find "$FIXTURES" -type f -not -path '*/bombs/*' -not -name stamp
		find "$TESTFILES" -type f
	} | LC_ALL=C sort | awk -v step="${CSAPI_LONG:+1}" '(NR - 1) % (step ? step : 9) == 0' >"$list"
	chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" 2>/dev/null || true
}
teardown_file() { close_file; }

setup() {
	base=$BATS_TEST_TMPDIR/base
	mkdir -p "$base"
	! as_root || chmod a+rx "$BATS_TEST_TMPDIR"
}

# work [--each=N]... [OPTION-OF-THE-WORKER]... -- FILE...: with `run`.
work() {
	local own=()
	while [[ ${1-} == --each=* || ${1-} == --wrap=* || ${1-} == --limits=* || ${1-} == --squeeze=* || ${1-} == --shrink ]]; do
		own+=("$1")
		shift
	done
	run --separate-stderr /usr/bin/python3 "$ROOT/test/worker.py" --base="$base" "${own[@]}" "$BUILD/csapi-worker" "$DEFINITIONS" "$@"
	[ "$status" -eq 0 ] || fail "the worker's zygote ended with $status"
}

# The same over the list of files; the events go to NAME in the folder of this file's results: work_list NAME OPTION...
work_list() {
	local name=$1 files
	shift
	mapfile -t files <"$BATS_FILE_TMPDIR/files"
	base=$BATS_TEST_TMPDIR/$name
	mkdir -p "$base"
	work "$@" -- "${files[@]}"
	! grep -E '^end' <<<"$output" || fail "a worker died"
	events >"$BATS_FILE_TMPDIR/$name"
	[ "$(wc -l <"$BATS_FILE_TMPDIR/$name")" -eq "${#files[@]}" ] || fail "not an answer for each"
}

events() {
	grep -vE '^(isolation|ready|memory|descriptors|end) ' <<<"$output"
}

# same_as NAME: the events of that run are those of the first one.
same_as() {
	diff "$BATS_FILE_TMPDIR/first" "$BATS_FILE_TMPDIR/$1" >"$BATS_TEST_TMPDIR/diff" || fail "$(head -c 2000 "$BATS_TEST_TMPDIR/diff")"
}

# Words of all codes, viruses included, for each file on a line of its own.
codes() {
	events | cut -f 2 | jq -r 'if . == null then "died" else [.[] | if .event == "virus" then "virus" else .code // empty end] | join(" ") end'
}

# layer NAME STATE
layer() {
	[ "$(sed -n 's/^isolation //p' <<<"$output" | jq -r ".layers.$1.state")" = "$2" ] || fail "$1 is not $2"
}

# --- the same verdicts -------------------------------------------------------------------------------------------

@test "without walls, each message in a worker of its own: what the others are measured by" {
	work_list first --each=1 --isolation-off
	layer landlock missing
	grep -q '"event": "virus"' "$BATS_FILE_TMPDIR/first" || fail "no virus in all of these"
}

@test "within all walls, many messages in one worker: the same" {
	work_list walls
	sanitized || { layer landlock on && layer seccomp on && layer no_new_privs on; }
	same_as walls
}

@test "Landlock held down to ABI 2, and no namespaces: the same" {
	work_list old --landlock-abi=2 --no-namespaces
	layer namespaces missing
	same_as old
}

@test "root's workers as another user: the same" {
	as_root || skip "not root"
	work_list dropped --drop=65534:65534:nobody
	layer user on
	same_as dropped
}

@test "an ordinary user: the same" {
	as_root || skip "not root, so the others were that already"
	setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$BUILD/csapi-worker" || skip "nobody may not run what was built here"
	chmod a+rwx "$BATS_TEST_TMPDIR" && mkdir -p "$BATS_TEST_TMPDIR/user" && chown 65534:65534 "$BATS_TEST_TMPDIR/user"
	python3() { setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 "$@"; }
	local files
	mapfile -t files <"$BATS_FILE_TMPDIR/files"
	run --separate-stderr python3 "$ROOT/test/worker.py" --base="$BATS_TEST_TMPDIR/user" "$BUILD/csapi-worker" "$DEFINITIONS" \
		--probe -- "${files[@]}"
	[ "$status" -eq 0 ] || fail "the worker's zygote ended with $status"
	layer user unneeded
	events >"$BATS_FILE_TMPDIR/user"
	same_as user
}

# --- one message and the next ------------------------------------------------------------------------------------

@test "a worker that has served hundreds holds no more memory than one that served a few" {
	sanitized && skip "a sanitizer keeps what is freed"
	local file=$TESTFILES/clam.zip few many
	[ -e "$file" ] || skip "no $file"
	# shellcheck disable=SC2046
	work --each=20 -- $(printf "$FIXTURES/codes/eicar.eml %s " $(yes "$file" | head -n 10))
	few=$(sed -n 's/^memory //p' <<<"$output")
	# shellcheck disable=SC2046
	work --each=600 -- $(printf "$FIXTURES/codes/eicar.eml %s " $(yes "$file" | head -n 300))
	many=$(sed -n 's/^memory //p' <<<"$output")
	[ "$((many - few))" -lt 2048 ] || fail "it grew from $few to $many KiB"
}

@test "a worker has four descriptors, whatever the caller left open" {
	as_root || skip "a worker's descriptors are for root to see"
	work --wrap="bash -c 'exec 9>/dev/null 15</etc/passwd; exec \"\$@\"' wrap" -- "$FIXTURES/codes/eicar.eml" "$FIXTURES/clean/plain.eml"
	[ "$(sed -n 's/^descriptors //p' <<<"$output")" = "0 1 2 3" ] || fail "descriptors"
}

@test "limits of one message do not hold for the next" {
	work --limits='{"max_file_count": 1}' -- "$FIXTURES/codes/eicar.eml" "$FIXTURES/codes/eicar.eml"
	[[ $(codes | head -n 1) == *DEC_RESULT_MAXIMUM_FILES_EXTRACTED* ]] || fail "the limit does not hold"
	[[ $(codes | tail -n 1) != *DEC_RESULT_MAXIMUM_FILES_EXTRACTED* ]] || fail "the limit still holds"
	[ "$(grep -c '^memory' <<<"$output")" -eq 1 ] || fail "not one worker for both"
}

# --- descriptors -------------------------------------------------------------------------------------------------

@test "descriptors of every kind are answered, and the worker lives on" {
	truncate -s 3G "$BATS_TEST_TMPDIR/sparse"
	work --each=100 -- path:/etc/passwd write:/dev/null / /dev/zero "$BATS_TEST_TMPDIR/sparse" "pipe:Subject: x" "socket:Subject: x" \
		/proc/version /proc/self/mem "$FIXTURES/codes/eicar.eml"
	local got
	mapfile -t got < <(codes)
	[ "${#got[@]}" -eq 10 ] || fail "not an answer for each"
	local i
	for i in 0 1 2 8; do
		[[ ${got[i]} == DEC_RESULT_CONTAINER_ACCESS_FAILED ]] || fail "number $i: ${got[i]}"
	done
	sanitized || [[ ${got[3]} == *DEC_RESULT_OUT_OF_MEMORY* ]] || fail "/dev/zero: ${got[3]}"
	[[ ${got[4]} == DEC_RESULT_FILE_SIZE_TOO_LARGE ]] || fail "3 GiB: ${got[4]}"
	for i in 5 6 7; do
		[[ ${got[i]} != *FAILED* && ${got[i]} != died ]] || fail "number $i: ${got[i]}"
	done
	[[ ${got[9]} == *virus* ]] || fail "the worker was worn out: ${got[9]}"
	[ "$(events | sed -n 8p | cut -f 2 | jq '.[0].of.size > 0')" = true ] || fail "/proc/version was read as empty"
}

@test "a file that shrinks during the scan: no signal, no error" {
	local i
	for i in 1 2 3 4 5; do
		cp "$FIXTURES/codes/eicar.eml" "$BATS_TEST_TMPDIR/$i.eml"
		head -c 3000000 /dev/zero >>"$BATS_TEST_TMPDIR/$i.eml"
	done
	work --shrink -- "$BATS_TEST_TMPDIR"/?.eml
	! grep -E '^end' <<<"$output" || fail "a worker died"
	[ "$(codes | grep -c died)" -eq 0 ] || fail "no answer"
}

# --- what is short -----------------------------------------------------------------------------------------------

# never_clean: each of the infected files was found infected, or said to be not looked at.
never_clean() {
	local line name
	while read -r line; do
		[[ $line == *virus* || $line == *DEC_RESULT_* || $line == *AVS_RESULT_* || $line == died ]] || fail "clean: $line"
	done < <(codes | sed 's/DEC_RESULT_OUTER_CONTAINER_IS_MIME//; s/DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN//')
}

infected() {
	find "$TESTFILES" -type f -size -200k | LC_ALL=C sort | awk 'NR % 4 == 1'
	echo "$FIXTURES/codes/eicar.eml"
}

@test "few descriptors, small files: infected, or an error" {
	sanitized && skip "a sanitizer takes more of everything"
	local files squeeze troubled=0
	mapfile -t files < <(infected)
	for squeeze in nofile={6,7,8,12} fsize={1,1000,5000,20000}; do
		work --squeeze="$squeeze" -- "${files[@]}"
		never_clean
		[[ $(codes) != *DEC_RESULT_TEMPFILE_ACCESS_FAILED* ]] || troubled=$((troubled + 1))
	done
	[ "$troubled" -ge 4 ] || fail "nothing was short in most of these"
}

@test "little memory: infected, or an error" {
	sanitized && skip "a sanitizer takes more of everything"
	local files need most
	mapfile -t files < <(infected)
	# What the zygote needs to load, in MiB, is found by trying.
	for need in {60..400..10}; do
		/usr/bin/python3 "$ROOT/test/worker.py" --base="$base" --wrap="prlimit --as=${need}000000" "$BUILD/csapi-worker" "$DEFINITIONS" -- \
			>"$BATS_TEST_TMPDIR/out" 2>/dev/null && grep -q '^isolation' "$BATS_TEST_TMPDIR/out" && break
	done
	for most in 1 4 16 64; do
		work --wrap="prlimit --as=$((need + most))000000" -- "${files[@]}"
		never_clean
	done
}

@test "a small file system, and one with few inodes: infected, or an error" {
	as_root || skip "only root mounts"
	local files options
	mapfile -t files < <(infected)
	for options in size={4,8,16,64,256}k nr_inodes={3,4,5,6}; do
		mount -t tmpfs -o "$options" tmpfs "$base" 2>/dev/null || skip "no tmpfs is to be had"
		work --each=1000 -- "${files[@]}" || { umount "$base"; return 1; }
		umount -l "$base"
		never_clean
	done
}

@test "a character set that was not loaded is told" {
	local name
	name=$(printf 'abc.txt' | iconv -f ASCII -t IBM1047 2>/dev/null | base64) || skip "this system does not know it"
	sanitized && skip "no walls"
	for set in IBM1047 no-such-set; do
		printf 'From: a@example.org\nContent-Type: text/plain; name="=?%s?B?%s?="\nContent-Disposition: attachment; filename="=?%s?B?%s?="\n\ntext\n' \
			"$set" "$name" "$set" "$name" >"$BATS_TEST_TMPDIR/$set.eml"
	done
	work -- "$BATS_TEST_TMPDIR/IBM1047.eml" "$BATS_TEST_TMPDIR/no-such-set.eml"
	[[ $(events | head -n 1 | tr '[:upper:]' '[:lower:]') == *dec_result_container_unknown_algorithm*ibm1047* ]] ||
		fail "not told: $(events | head -n 1)"
	[[ $(codes | tail -n 1) != *UNKNOWN_ALGORITHM* ]] || fail "one that nobody knows"
}

# --- the command line --------------------------------------------------------------------------------------------

@test "the worker by itself, or with options that are none: one line and exit status 2" {
	local options
	for options in "" "--definitions $DEFINITIONS --base /tmp" "--definitions $DEFINITIONS --base relative" "--drop 0:0:root" "--landlock-abi 0" "--no-such"; do
		# shellcheck disable=SC2086
		run --separate-stderr -2 "$BUILD/csapi-worker" $options </dev/null 3>/dev/null
		[ -z "$output" ] && [ "$(wc -l <<<"$stderr")" -eq 1 ] || fail "$options"
	done
	run -2 --separate-stderr /usr/bin/python3 "$ROOT/test/worker.py" "$BUILD/csapi-worker" "$DEFINITIONS" --drop=0:0:root -- /dev/null || true
	[[ $stderr == *"run csapi-scan"* ]] || fail "root is no user to become"
}
