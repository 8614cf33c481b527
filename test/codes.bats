#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# Every scan code that is marked PRODUCED in lib/verdict/scan_code.def comes about here, and the last test counts them.

D=codes/damaged

# Starts a scan in the background that hangs in a worker, and waits for that worker. Leaves $client, $scanner and $worker.
hang() {
	local _
	mkdir -p "$BATS_TEST_TMPDIR/base"
	"$SCAN" --no-progress --definitions="$DEFINITIONS" --file-base="$BATS_TEST_TMPDIR/base" --timeout 30 \
		"$FIXTURES/bombs/loop.xar" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	client=$!
	for _ in {1..200}; do
		find_worker && return
		sleep 0.05
	done
	fail "no worker was seen"
}

# The scanner's children are the program that loaded the engine, which is the oldest, and its workers. Not by their
# numbers: those begin anew at the system's highest, and a worker can have a lower one than its parent.
find_worker() {
	local loader
	scanner=$(pgrep -P "$client" csapi-scanner) || return
	loader=$(pgrep -o -P "$scanner" csapi-worker) || return
	worker=$(pgrep -n -P "$scanner" csapi-worker) && [ "$worker" != "$loader" ]
}

# Sends a signal to the worker that hangs, and to each that follows it, until the client has its verdict.
kill_workers() {
	while kill -0 "$client" 2>/dev/null; do
		! find_worker || kill "-$1" "$worker" 2>/dev/null || true
		sleep 0.1
	done
	collect
}

collect() {
	status=0
	wait "$client" || status=$?
	output=$(<"$BATS_TEST_TMPDIR/out")
	stderr=$(<"$BATS_TEST_TMPDIR/err")
	keep <<<"$output"
}

# speak MOVE...: test/converse.py with a scanner of its own; the codes it says count as seen, and it must end by itself.
speak() {
	mkdir -p "$BATS_TEST_TMPDIR/base"
	run --separate-stderr /usr/bin/python3 "$ROOT/test/converse.py" "$@" -- "$BUILD/csapi-scanner" \
		--private=3 --definitions="$DEFINITIONS" --file-base="$BATS_TEST_TMPDIR/base"
	grep -oE '(AVS|DEC|GEN)_RESULT_[A-Z_]+' <<<"$output" >>"$BATS_FILE_TMPDIR/spoken" || true
	[[ $output != *SILENCE* && $output == *EXIT\ [0-9]* ]] || fail "it did not answer or did not end"
}

# --- AVS ---------------------------------------------------------------------------------------------------------

@test "AVS_RESULT_VIRUS_FOUND" {
	scan "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
}

@test "AVS_RESULT_DEFINITIONS_MISSING: an empty directory" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	scan --definitions "$BATS_TEST_TMPDIR/empty" "$FIXTURES/codes/eicar.eml"
	is_error AVS_RESULT_DEFINITIONS_MISSING
	[[ $stderr == *"$BATS_TEST_TMPDIR/empty"* ]] || fail "standard error does not name the directory"
}

@test "AVS_RESULT_DEFINITIONS_MISSING: a file that cannot be read" {
	mkdir "$BATS_TEST_TMPDIR/locked"
	cp "$DEFINITIONS"/*.ndb "$BATS_TEST_TMPDIR/locked/a.ndb"
	chmod 000 "$BATS_TEST_TMPDIR/locked/a.ndb"
	local under=(without_override)
	scan --definitions "$BATS_TEST_TMPDIR/locked" "$FIXTURES/codes/eicar.eml"
	is_error AVS_RESULT_DEFINITIONS_MISSING
}

@test "AVS_RESULT_ENGINE_LOAD_FAILED: a broken file, even beside good ones" {
	mkdir "$BATS_TEST_TMPDIR/broken"
	cp "$DEFINITIONS"/*.?db "$BATS_TEST_TMPDIR/broken"
	echo 'Broken:0:*:zz-not-hexadecimal' >"$BATS_TEST_TMPDIR/broken/z.ndb"
	scan --definitions "$BATS_TEST_TMPDIR/broken" "$FIXTURES/codes/eicar.eml"
	is_error AVS_RESULT_ENGINE_LOAD_FAILED
}

@test "AVS_RESULT_ENGINE_LOAD_FAILED: a database that is cut short" {
	mkdir "$BATS_TEST_TMPDIR/cut"
	printf 'ClamAV-VDB:01 Jan 2024 12-00 +0000:1:1:90:x:x:x:1:cut' >"$BATS_TEST_TMPDIR/cut/daily.cvd"
	scan --definitions "$BATS_TEST_TMPDIR/cut" "$FIXTURES/codes/eicar.eml"
	is_error AVS_RESULT_ENGINE_LOAD_FAILED
}

@test "AVS_RESULT_SCANNER_NOT_INITIALIZED: the worker ends before it is ready" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$BUILD/csapi-scanner" "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nexit 3\n' >"$BATS_TEST_TMPDIR/bin/csapi-worker"
	chmod +x "$BATS_TEST_TMPDIR/bin/csapi-worker"
	scan --scanner-path "$BATS_TEST_TMPDIR/bin/csapi-scanner" "$FIXTURES/codes/eicar.eml"
	is_error AVS_RESULT_SCANNER_NOT_INITIALIZED
}

@test "AVS_RESULT_SCANFILE_FAILURE: the engine returns an error" {
	scan_with scan-error "$FIXTURES/codes/trigger.eml"
	is_error AVS_RESULT_SCANFILE_FAILURE
}

# --- DEC: our own failures ---------------------------------------------------------------------------------------

@test "DEC_RESULT_SCAN_ENGINE_EXCEPTION: every kind of crash, twice" {
	local fault
	for fault in segv abort bus ill stack; do
		scan_with "$fault" "$FIXTURES/codes/trigger.eml"
		is_error DEC_RESULT_SCAN_ENGINE_EXCEPTION
		is '.attempts > 1' true
	done
}

@test "a crash that happens once: the second worker gives the right verdict" {
	CSAPI_FAULT_ONCE=$BATS_TEST_TMPDIR/once scan_with kill "$FIXTURES/codes/trigger.eml"
	is_clean
	is .attempts 2
	[ -e "$BATS_TEST_TMPDIR/once" ] || fail "it never happened"
}

@test "DEC_RESULT_SCAN_ENGINE_EXCEPTION: a signal from outside to a worker that hangs" {
	hang
	kill_workers SEGV
	is_error DEC_RESULT_SCAN_ENGINE_EXCEPTION
}

@test "DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR: killed from outside, every time" {
	hang
	kill_workers KILL
	is_error DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR
}

@test "DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR: the worker leaves early, or answers with noise" {
	scan_with exit "$FIXTURES/codes/trigger.eml"
	is_error DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR
	scan_with garbage "$FIXTURES/codes/trigger.eml"
	is_error DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR
}

@test "DEC_RESULT_OUT_OF_MEMORY" {
	! sanitized || skip "a sanitizer has an allocator of its own"
	scan --timeout 60 "$FIXTURES/bombs/memory.iso"
	is_error DEC_RESULT_OUT_OF_MEMORY
}

@test "DEC_RESULT_TEMP_DIR_ACCESS_FAILED: missing, a file, not writable" {
	scan --file-base "$BATS_TEST_TMPDIR/missing" "$FIXTURES/codes/eicar.eml"
	is_error DEC_RESULT_TEMP_DIR_ACCESS_FAILED
	: >"$BATS_TEST_TMPDIR/file"
	scan --file-base "$BATS_TEST_TMPDIR/file" "$FIXTURES/codes/eicar.eml"
	is_error DEC_RESULT_TEMP_DIR_ACCESS_FAILED
	mkdir -m 500 "$BATS_TEST_TMPDIR/locked"
	local under=(without_override)
	scan --file-base "$BATS_TEST_TMPDIR/locked" "$FIXTURES/codes/eicar.eml"
	is_error DEC_RESULT_TEMP_DIR_ACCESS_FAILED
}

@test "DEC_RESULT_TEMPFILE_ACCESS_FAILED: no space, an I/O error, no descriptors" {
	local fault
	for fault in enospc eio emfile; do
		scan_with "$fault" "$FIXTURES/codes/trigger-clean.eml"
		is_error DEC_RESULT_TEMPFILE_ACCESS_FAILED
	done
}

@test "DEC_RESULT_INIT_DECOMPOSER_FAILED: no worker can be forked" {
	scan_with fork "$FIXTURES/codes/eicar.eml"
	is_error DEC_RESULT_INIT_DECOMPOSER_FAILED
}

@test "DEC_RESULT_CONTAINER_ACCESS_FAILED: missing, unreadable, a directory" {
	scan "$BATS_TEST_TMPDIR/missing"
	is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
	install -m 000 "$FIXTURES/codes/eicar.eml" "$BATS_TEST_TMPDIR/locked"
	local under=(without_override)
	scan "$BATS_TEST_TMPDIR/locked"
	is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
	scan "$BATS_TEST_TMPDIR"
	is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
}

@test "DEC_RESULT_FILE_ACCESS_FAILED and DEC_RESULT_PARAMETER_INVALID: the part asked for" {
	scan --part 9.9 "$FIXTURES/codes/eicar.eml"
	is_error DEC_RESULT_FILE_ACCESS_FAILED
	local id
	for id in '' abc 1..2x/ /1 $'1\xff' "1/$(printf 'x%.0s' {1..1100})"; do
		scan --part "$id" "$FIXTURES/codes/eicar.eml"
		is_error DEC_RESULT_PARAMETER_INVALID
	done
}

@test "DEC_RESULT_POLICY_INVALID: a limit out of range" {
	scan --max-extract-depth 51 "$FIXTURES/codes/eicar.eml"
	is_error DEC_RESULT_POLICY_INVALID
}

@test "DEC_RESULT_DEF_DIR_ACCESS_FAILED: a directory that cannot be listed" {
	mkdir -m 000 "$BATS_TEST_TMPDIR/locked"
	local under=(without_override)
	scan --definitions "$BATS_TEST_TMPDIR/locked" "$FIXTURES/codes/eicar.eml"
	is_error DEC_RESULT_DEF_DIR_ACCESS_FAILED
}

@test "DEC_RESULT_CLOSE_CONTAINER_FAILED" {
	scan_with archive-close "$FIXTURES/clean/zip.eml"
	is_error DEC_RESULT_CLOSE_CONTAINER_FAILED
	scan_with archive-close "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
}

# --- DEC: findings about the message -----------------------------------------------------------------------------

@test "DEC_RESULT_FILE_SIZE_TOO_LARGE: a sparse file of 3 GiB" {
	truncate -s 3G "$BATS_TEST_TMPDIR/large"
	scan "$BATS_TEST_TMPDIR/large"
	is_unscannable DEC_RESULT_FILE_SIZE_TOO_LARGE
}

@test "DEC_RESULT_MAXIMUM_...: time, cumulative size, size, files, depth" {
	scan --timeout 1 "$FIXTURES/bombs/loop.xar"
	is_unscannable DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED
	scan --max-cumulative-extract-size 400000 "$FIXTURES/codes/limits/five-100k.zip.eml"
	is_unscannable DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED
	scan --max-extract-size 50000 "$FIXTURES/codes/limits/five-100k.zip"
	is_unscannable DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED
	scan --max-file-count 3 "$FIXTURES/codes/limits/three-files.zip.eml"
	is_unscannable DEC_RESULT_MAXIMUM_FILES_EXTRACTED
	scan --max-extract-depth 9 "$FIXTURES/codes/limits/depth-11-clean.zip"
	is_unscannable DEC_RESULT_MAXIMUM_DEPTH_REACHED
}

@test "DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED: archives with encrypted names, documents, messages" {
	cd "$FIXTURES/codes"
	scan encrypted/file-* encrypted/names*{7z,rar}{,.eml} encrypted/document*.{pdf,docx,doc,xls,ppt,odt,epub,pages}{,.eml} mime/{pgp-encrypted,smime-enveloped}.eml
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED
}

@test "DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED: zip (both ways), 7z, RAR 4, RAR 5, ARJ" {
	cd "$FIXTURES/codes/encrypted"
	scan zipcrypto.zip{,.eml} aes.zip{,.eml} content.7z{,.eml} content-rar{4,5}.rar{,.eml} arj.arj{,.eml}
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
}

@test "DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS: RAR 4, RAR 5, 7z, zip" {
	scan "$FIXTURES"/codes/split/*.eml "$FIXTURES"/codes/split/*.rar "$FIXTURES"/codes/split/*.{zip,z01,arj}
	is_unscannable DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS
	holds 'all(.codes[] | select(.code == "DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS"); .part != null)'
	# Nothing but its name tells that it is a volume, and the name of an input is not the sender's.
	scan "$FIXTURES/codes/split/volume.7z.001"
	holds '.status == "EC_AV_UNSCANNABLE"'
}

@test "DEC_RESULT_PARTIAL_MESSAGE_DETECTED" {
	scan "$FIXTURES/codes/mime/partial.eml"
	is_unscannable DEC_RESULT_PARTIAL_MESSAGE_DETECTED
}

@test "DEC_RESULT_MALFORMED_CONTAINER_DETECTED: truncated, wrong check sums and sizes" {
	scan "$FIXTURES/$D"/malformed/*
	[ "$status" -eq 3 ] || fail "not unscannable"
	holds '.status == "EC_AV_UNSCANNABLE"'
	has_code DEC_RESULT_MALFORMED_CONTAINER_DETECTED
}

@test "DEC_RESULT_OPEN_CONTAINER_FAILED: nothing but the mark of a container" {
	scan "$FIXTURES/$D"/open/*
	[ "$status" -eq 3 ] || fail "not unscannable"
	has_code DEC_RESULT_OPEN_CONTAINER_FAILED
}

@test "DEC_RESULT_CONTAINER_EXTRACT_FAILED: the list of members breaks off" {
	scan "$FIXTURES/$D"/container-extract/*
	[ "$status" -eq 3 ] || fail "not unscannable"
	has_code DEC_RESULT_CONTAINER_EXTRACT_FAILED
}

@test "DEC_RESULT_FILE_EXTRACT_FAILED: the data of a member break off" {
	scan "$FIXTURES/$D"/file-extract/*
	[ "$status" -eq 3 ] || fail "not unscannable"
	has_code DEC_RESULT_FILE_EXTRACT_FAILED
}

@test "DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM: methods and formats that nobody here reads" {
	scan "$FIXTURES/$D"/algorithm/*
	[ "$status" -eq 3 ] || fail "not unscannable"
	has_code DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM
}

@test "the report names the format that nobody here opens" {
	local name text
	cd "$FIXTURES/$D/algorithm"
	while IFS=: read -r name text; do
		scan "$name.eml"
		is_unscannable DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM
		[[ $(jq -r .info <<<"$output") == *"$text"* ]] || fail "$name: not named"
	done <<-'END'
		squashfs.sqsh:SquashFS
		image.wim:Windows image
		image.vhd:(VHD)
		image.vhdx:(VHDX)
		disk.img:ext2, ext3 or ext4
		ext.img:ext2, ext3 or ext4
		ufs.img:UFS
		a.arc:ARC archive
		a.ace:ACE archive
		a.sit:StuffIt archive
		a.sitx:StuffIt X archive
		a.rz:rzip
		a.lrz:lrzip
		a.lzo:lzop
		a.zpaq:ZPAQ
		a.shar:shell archive
		a.tar.br:Brotli
		deflate64.7z:codec
	END
}

@test "DEC_RESULT_MIME_PARSING_FAILED: a multipart without a part" {
	scan "$FIXTURES/codes/mime/no-part.eml"
	is_unscannable DEC_RESULT_MIME_PARSING_FAILED
}

@test "DEC_RESULT_ABORTED_AFTER_FIRST_THREAT" {
	scan --first-threat "$FIXTURES/codes/first-threat.eml"
	is_infected Eicar-Test-Signature
	has_code DEC_RESULT_ABORTED_AFTER_FIRST_THREAT
	scan "$FIXTURES/codes/first-threat.eml"
	is_infected Eicar-Test-Signature
	is 'any(.codes[]; .code == "DEC_RESULT_ABORTED_AFTER_FIRST_THREAT")' false
	is 'any(.parts[]; .id == "2/late.zip/late.zip/a.txt")' true
}

@test "DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN and DEC_RESULT_OUTER_CONTAINER_IS_MIME: information" {
	scan "$FIXTURES/codes/stream.eml"
	is_clean
	has_code DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN
	has_code DEC_RESULT_OUTER_CONTAINER_IS_MIME
	holds 'all(.codes[]; .information)'
}

# --- GEN ---------------------------------------------------------------------------------------------------------

@test "GEN_RESULT_OUT_OF_MEMORY: no memory to take the message in" {
	scan_with memfd "$FIXTURES/codes/eicar.eml"
	is_error GEN_RESULT_OUT_OF_MEMORY
}

@test "GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT: the scanner dies during a scan" {
	hang
	kill -KILL "$scanner"
	collect
	is_error GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT
	sleep 0.5
	# Nobody may have buried it yet, so its number may still be there.
	[[ $(ps -o stat= -p "$worker") =~ ^(Z.*)?$ ]] || fail "the worker outlived its scanner"
}

@test "GEN_RESULT_SCANNER_NOT_INITIALIZED: missing, not a program, one that ends without a word" {
	local path
	: >"$BATS_TEST_TMPDIR/text"
	for path in "$BATS_TEST_TMPDIR/missing" "$BATS_TEST_TMPDIR/text" "$BATS_TEST_TMPDIR" /bin/true; do
		scan --scanner-path "$path" "$FIXTURES/codes/eicar.eml"
		is_error GEN_RESULT_SCANNER_NOT_INITIALIZED
	done
}

@test "GEN_RESULT_DEFINITION_DIR_UNSET: the directory does not exist" {
	scan --definitions "$BATS_TEST_TMPDIR/missing" "$FIXTURES/codes/eicar.eml"
	is_error GEN_RESULT_DEFINITION_DIR_UNSET
}

@test "GEN_RESULT_PARAMETER_INVALID and GEN_RESULT_POLICY_INVALID: options" {
	scan --no-such-option "$FIXTURES/codes/eicar.eml"
	is_error GEN_RESULT_PARAMETER_INVALID
	scan --max-extract-depth ten "$FIXTURES/codes/eicar.eml"
	is_error GEN_RESULT_PARAMETER_INVALID
	scan --part 1 "$FIXTURES/codes/eicar.eml" "$FIXTURES/codes/eicar.eml"
	is_error GEN_RESULT_POLICY_INVALID
}

@test "GEN_RESULT_EMPTY_POLICY: a section antivirus without an engine" {
	echo 'antivirus "a" {}' >"$BATS_TEST_TMPDIR/empty.conf"
	scan --config "$BATS_TEST_TMPDIR/empty.conf" "$FIXTURES/codes/eicar.eml"
	[ "$status" -eq 2 ]
	holds '.status == "EC_AV_NO_ENGINE" and .engine == null and .code == "GEN_RESULT_EMPTY_POLICY"'
}

@test "GEN_RESULT_REINITIALIZATION_PROHIBITED: a second greeting" {
	speak hello hello
	[[ $output == *"ERROR "*GEN_RESULT_REINITIALIZATION_PROHIBITED* ]] || fail "no such answer"
}

@test "what breaks the protocol is refused, and the scanner ends" {
	local moves
	for moves in "hello report" "scan=$FIXTURES/codes/eicar.eml" "hello scan-without-file"; do
		# shellcheck disable=SC2086 # several words
		speak $moves
		[[ $output == *GEN_RESULT_* ]] || fail "$moves: no code"
	done
	for moves in "noise" "hello noise" "hello huge" "hello close"; do
		# shellcheck disable=SC2086 # several words
		speak $moves
	done
}

@test "DEC_RESULT_POLICY_INVALID: a request that is looser than the scanner" {
	speak hello loose=max_extract_depth
	[[ $output == *DEC_RESULT_POLICY_INVALID* ]] || fail "no such answer"
}

# --- the count ---------------------------------------------------------------------------------------------------

@test "every code marked PRODUCED was seen in a document of this file" {
	local wanted seen missing
	wanted=$(grep -oE '^SCAN_CODE\([A-Z_]+, EC_AV_[A-Z]+, PRODUCED' "$ROOT/lib/verdict/scan_code.def" | sed 's/SCAN_CODE(//; s/,.*//' | sort)
	! sanitized || wanted=$(grep -v '^DEC_RESULT_OUT_OF_MEMORY$' <<<"$wanted")
	[ "$(wc -l <<<"$wanted")" -ge 39 ] || fail "too few rows are marked PRODUCED: $wanted"
	seen=$({ jq -r '.code // empty, .codes[].code' "$BATS_FILE_TMPDIR/documents"; cat "$BATS_FILE_TMPDIR/spoken" 2>/dev/null; } | sort -u)
	missing=$(comm -23 <(echo "$wanted") <(echo "$seen"))
	[ -z "$missing" ] || fail "never seen: $missing"
	missing=$(comm -13 <(echo "$wanted") <(echo "$seen"))
	[ -z "$missing" ] || fail "seen, and not marked PRODUCED: $missing"
}
