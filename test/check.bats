#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

# csapi-worker --check: what may be called verified, what is called broken, and that what is broken stays within its walls. The signed databases are
# ClamAV's own for tests: 1 and 2 are empty, 3 to 6 hold up to ten signatures that are loaded, EICAR's among them.

setup_file() {
	open_file
	chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" 2>/dev/null || true
}

setup() {
	test_databases
	set=$BATS_TEST_TMPDIR/set
	base=$BATS_TEST_TMPDIR/base
	mkdir "$set" "$base"
	! as_root || chmod a+rx "$BATS_TEST_TMPDIR"
	signature='Test.Signature:0:*:6373617069'
}

# check [OPTION]...: of $set. Leaves the line in $output. Whatever is found, it is one line, and nothing is left behind.
check() {
	local answer=$BATS_TEST_TMPDIR/answer
	status=0
	"${under[@]}" "$BUILD/csapi-worker" --check --definitions "$set" --base "$base" "$@" >"$BATS_TEST_TMPDIR/said" 2>&1 3>"$answer" || status=$?
	output=$(cat "$answer")
	[ "$status" -eq 0 ] || fail "the worker ended with $status: $(cat "$BATS_TEST_TMPDIR/said")"
	[ "$(wc -l <"$answer")" -eq 1 ] || fail "not one line"
	[ ! -s "$BATS_TEST_TMPDIR/said" ] || fail "it prints: $(cat "$BATS_TEST_TMPDIR/said")"
	[ -z "$(ls -A "$base")" ] || fail "files were left behind: $(ls -A "$base")"
}

# database FORM NAME [CHANGE]...: version 6, put together anew.
database() {
	local form=$1 name=$2
	shift 2
	/usr/bin/python3 "$ROOT/test/fixture/database.py" "$TEST_DATABASES/test-6.cvd" "$set/$name" "$form" "$@"
}

# is_good [SIGNATURES]: all of it was loaded.
is_good() {
	is '[.code, .text, .loaded, .harmless_clean]' "$(jq -n '[null, "", true, true]')"
	is 'any(.files[]; .fault != null or .trust == "broken" or .sha256 == null)' false
	[ $# -eq 0 ] || is .definitions.signatures "$1"
}

# is_broken CODE [NAME WORDS]...: nothing was loaded; just these files are broken, and for these reasons.
is_broken() {
	local count=0
	is .code "$1"
	is '[.loaded, .finds_eicar, .harmless_clean, .definitions]' "$(jq -n '[false, false, false, null]')"
	shift
	while [ $# -gt 0 ]; do
		is ".files[] | select(.name == \"$1\") | .trust" broken
		[[ $(value ".files[] | select(.name == \"$1\") | .fault") == *"$2"* ]] || fail "$1: not \"$2\""
		is "$(printf '[.files[] | select(.fault != null) | .name] | index("%s") != null' "$1")" true
		count=$((count + 1))
		shift 2
	done
	is '[.files[] | select(.fault != null)] | length' "$count"
	[ -n "$(value .text)" ] || fail "no text"
}

trust() { # NAME TRUST
	is ".files[] | select(.name == \"$1\") | .trust" "$2"
}

@test "the signed sets with signatures are good, and tell what they are" {
	local version
	for version in 3 4 5 6; do
		cp "$TEST_DATABASES/test-$version.cvd" "$set/test.cvd"
		check
		is_good $((version + 4))
		is .finds_eicar true
		is '.files | length' 1
		is '.files[0] | [.name, .trust, .version, .level, .size, .sha256]' "$(jq -n --argjson version $version \
			--argjson size "$(stat -c %s "$set/test.cvd")" --arg digest "$(sha256sum <"$set/test.cvd" | cut -c 1-64)" \
			'["test.cvd", "signed", $version, 81, $size, $digest]')"
	done
	is '.files[0].built' 2021-06-23T01:34:05Z
	is '.definitions | [.source, .version, .built]' "$(jq -n --arg set "$set" '[$set, "20210623.000", "2021-06-23T01:34:05Z"]')"
	[[ $(value .versions.engine) == "ClamAV "* && $(value .versions.decomposer) == libarchive* ]] || fail "versions"
}

@test "the empty signed sets are whole, and no set by themselves" {
	local version
	for version in 1 2; do
		cp "$TEST_DATABASES/test-$version.cvd" "$set/test.cvd"
		check
		is_broken AVS_RESULT_DEFINITIONS_MISSING
		trust test.cvd signed
		[[ $(value .text) == *"hold no signature"* ]] || fail "another text"
	done
	cp "$TEST_DATABASES/bytecode.cvd" "$set"
	check
	is_good 5
	is .finds_eicar false
}

@test "byte code, signed and unsigned files of each format that brings something" {
	cp "$TEST_DATABASES/bytecode.cvd" "$set"
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	cp "$DEFINITIONS"/*.*db "$set"
	cd "$set"
	local digest=44d88612fea8a8f36de82e1278abb02e long
	long=$(printf '%064d' 1)
	echo "$signature" >a.ndb
	echo "Test.Db=6373617069646221" >a.db
	echo "$digest:68:Test.Digest" >a.hdb
	echo "$long:68:Test.Digest" >a.hsb
	echo "68:$digest:Test.Section" >a.mdb
	echo "68:$long:Test.Section" >a.msb
	echo 'Test.Logical;Engine:81-255,Target:0;0&1;616263;0/abc(?<x>d+)/i' >a.ldb
	echo 'rule good { strings: $a = "abcdefgh" $r = /ab+c[0-9]{3,5}/ condition: $a or $r }' >a.yar
	echo 'Test.Container:CL_TYPE_ZIP:*:harmful\.exe$:*:*:*:*:*:*' >a.cdb
	echo 'H:bank.example' >a.pdb
	echo "$digest:68:Known.Good" >a.fp
	echo "$long:68:Known.Good" >a.sfp
	echo 'X:.+example\.com([/?].*)?:.+example\.org([/?].*)?:17-' >a.wdb
	echo 'Other.Name' >a.ign2
	check
	is_good
	is .finds_eicar true
	trust bytecode.cvd signed
	trust a.ldb unsigned
	trust a.fp unsigned
	is 'all(.files[] | select(.name | test("^a[.](fp|sfp|wdb|ign2)$") | not); .signatures > 0)' true
	# The signed ones tell how old the set is, not the files that were made just now.
	is '.definitions.version' 20210623.000
}

@test "a changed byte and a bad signature: not what ClamAV signed, with the other file still verified" {
	cp "$TEST_DATABASES/test-6.cvd" "$set/good.cvd"
	cp "$TEST_DATABASES/test-6.cvd" "$set/flipped.cvd"
	printf '\x55' | dd of="$set/flipped.cvd" bs=1 seek=5000 conv=notrunc status=none
	# The signature stands in the header, behind the MD5.
	sed '1s/:Dou6ICRT/:Eou6ICRT/' "$TEST_DATABASES/test-6.cvd" >"$set/forged.cvd"
	! cmp -s "$TEST_DATABASES/test-6.cvd" "$set/forged.cvd" || fail "not changed"
	check
	is_broken AVS_RESULT_ENGINE_LOAD_FAILED flipped.cvd "not what ClamAV signed" forged.cvd "not what ClamAV signed"
	trust good.cvd signed
	[[ $(value .text) == "flipped.cvd is not what ClamAV signed"* ]] || fail "another text"
}

@test "a header that says more than was signed" {
	sed '1s/:6:14:81:/:7:14:81:/' "$TEST_DATABASES/test-6.cvd" >"$set/test.cvd"
	database plain other.cld
	sed -i '1s/:6:14:81:/:7:14:81:/' "$set/other.cld"
	check
	is_broken AVS_RESULT_ENGINE_LOAD_FAILED test.cvd "" other.cld "does not verify"
}

@test "a .cvd that is cut short: at its header, in the middle, by a byte" {
	local size
	for size in 100 512 600 5000 9951; do
		head -c "$size" "$TEST_DATABASES/test-6.cvd" >"$set/test.cvd"
		check
		is_broken AVS_RESULT_ENGINE_LOAD_FAILED test.cvd ""
		check --verify-only
		is_broken AVS_RESULT_ENGINE_LOAD_FAILED test.cvd ""
	done
}

@test "incremental databases are good, as they are and compressed" {
	local form
	for form in plain packed; do
		database "$form" test.cld
		check
		is_good 10
		trust test.cld signed
		is .finds_eicar true
		is '.files[0].version' 6
	done
}

@test "an incremental database that is cut short is broken, though the library verifies and loads it" {
	local form change
	for form in plain packed; do
		for change in to=test.cdb to=test.ndb to=test.cfg drop=test.hsb empty=test.ndb; do
			database "$form" test.cld "$change"
			check --verify-only
			is_broken AVS_RESULT_ENGINE_LOAD_FAILED test.cld "${change#*=}"
			# A scan that would have a part of the signatures does not take place either.
			scan --definitions="$set" "$FIXTURES/codes/eicar.eml"
			is_error AVS_RESULT_ENGINE_LOAD_FAILED
			[[ $(value .info) == *test.cld* ]] || fail "another text"
		done
	done
	for change in within=test.ndb flip=test.ndb twice=test.ndb; do
		database plain test.cld "$change"
		check
		is_broken AVS_RESULT_ENGINE_LOAD_FAILED test.cld test.ndb
	done
	# The very end of what is compressed holds no signature.
	database packed test.cld cut=1
	check
	is_broken AVS_RESULT_ENGINE_LOAD_FAILED test.cld "cut short"
}

@test "no database at all: HTML, nothing, noise, and every broken file is told in one run" {
	echo '<!DOCTYPE html><html><body>403 Forbidden</body></html>' | tee "$set/page.cvd" "$set/page.cld" >/dev/null
	printf '%0600d' 0 >"$set/zeros.cvd"
	: >"$set/empty.cvd"
	: >"$set/empty.hdb"
	: >"$set/empty.fp"
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	check
	is_broken AVS_RESULT_ENGINE_LOAD_FAILED page.cvd "no database of ClamAV's" page.cld "" zeros.cvd "no database of ClamAV's" \
		empty.cvd "is empty" empty.hdb "is empty"
	trust test.cvd signed
	# Nothing was loaded, so nothing is known of what has no signature.
	trust empty.fp unchecked
}

@test "unsigned files that are broken are named, all of them" {
	echo 'Bad:0:*:616263zz65' >"$set/bad.ndb"
	echo "$signature" >"$set/good.ndb"
	echo 'rule broken { condition: nonsense }' >"$set/bad.yara"
	echo '<html>404 Not Found</html>' >"$set/page.hdb"
	check
	is_broken AVS_RESULT_ENGINE_LOAD_FAILED bad.ndb "is broken" bad.yara "brings no signature" page.hdb "is broken"
	trust good.ndb unsigned
	rm "$set"/bad.* "$set"/page.*
	check
	is_good 1
	is .finds_eicar false
}

@test "a set that takes a harmless text for a virus: the file is named" {
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	echo "$signature" >"$set/good.ndb"
	echo "Over.Eager:0:*:$(printf 'harm' | od -An -tx1 | tr -d ' \n')" >"$set/eager.ndb"
	check
	is .code AVS_RESULT_ENGINE_LOAD_FAILED
	is '[.loaded, .harmless_clean]' "$(jq -n '[true, false]')"
	is '[.files[] | select(.fault != null) | .name] | join(" ")' eager.ndb
	[[ $(value .text) == "eager.ndb takes a harmless text for Over.Eager"* ]] || fail "another text"
	trust good.ndb unsigned
}

@test "exceptions alone are no definitions" {
	echo 44d88612fea8a8f36de82e1278abb02e:68:Known.Good >"$set/only.fp"
	check
	is_broken AVS_RESULT_DEFINITIONS_MISSING
}

@test "no directory, a file in its place, an empty one, one that cannot be listed" {
	cp "$TEST_DATABASES/test-6.cvd" "$BATS_TEST_TMPDIR/file"
	rmdir "$set"
	check
	is_broken GEN_RESULT_DEFINITION_DIR_UNSET
	[[ $(value .text) == *"$set"*"No such file"* ]] || fail "another text"
	mv "$BATS_TEST_TMPDIR/file" "$set"
	check
	is_broken GEN_RESULT_DEFINITION_DIR_UNSET
	rm "$set"
	mkdir "$set"
	check
	is_broken AVS_RESULT_DEFINITIONS_MISSING
	[[ $(value .text) == *"no definition file is in $set"* ]] || fail "another text"
	chmod 000 "$set"
	local under=(without_override)
	check
	is_broken DEC_RESULT_DEF_DIR_ACCESS_FAILED
}

@test "a file that cannot be read is named" {
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	echo "$signature" >"$set/locked.ndb"
	chmod 000 "$set/locked.ndb"
	local under=(without_override)
	check
	is_broken AVS_RESULT_DEFINITIONS_MISSING locked.ndb "Permission denied"
	trust test.cvd signed
}

@test "files that are none of the set: dot files, other names, directories; links within the directory" {
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	echo broken >"$set/.hidden.ndb"
	echo broken >"$set/test.cvd.tmp"
	echo broken >"$set/manifest.json"
	mkdir "$set/folder.ndb"
	mkfifo "$set/fifo.ndb"
	ln -s test.cvd "$set/link.txt"
	check
	is_good 10
	is '.files | length' 1
	echo "$signature" >"$set/inner"
	ln -s inner "$set/link.ndb"
	check
	is_good 11
	is '[.files[].name] | join(" ")' "link.ndb test.cvd"
}

@test "names that nobody can write down" {
	echo "$signature" >"$set/good.ndb"
	echo "$signature" >"$set/$(printf 'x%.0s' {1..200}).ndb"
	check
	is_broken AVS_RESULT_ENGINE_LOAD_FAILED
	[[ $(value .text) == *"too long"* ]] || fail "another text"
	rm "$set"/xx*
	echo "$signature" >"$set/$(printf 'a\xff').ndb"
	check
	is_broken AVS_RESULT_ENGINE_LOAD_FAILED
	is '[.files[].name] | join(" ")' good.ndb
}

@test "both forms of one database: the newer is used, the other one is not called verified" {
	cp "$TEST_DATABASES/test-5.cvd" "$set/test.cvd"
	database packed test.cld
	check
	is_good 10
	trust test.cld signed
	trust test.cvd unchecked
	scan --definitions="$set" "$FIXTURES/codes/eicar.eml"
	is_infected
	is .definitions.signatures 10
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	/usr/bin/python3 "$ROOT/test/fixture/database.py" "$TEST_DATABASES/test-5.cvd" "$set/test.cld" plain
	check
	is_good 10
	trust test.cvd signed
	trust test.cld unchecked
}

@test "verifying only: quick, and of files without a signature nothing is said" {
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	echo 'Bad:0:*:616263zz65' >"$set/bad.ndb"
	check --verify-only
	is '[.code, .loaded, .definitions]' "$(jq -n '[null, false, null]')"
	trust test.cvd signed
	trust bad.ndb unchecked
	is '.files[] | select(.name == "test.cvd") | [.version, .signatures]' "$(jq -n '[6, 14]')"
}

@test "a functionality level above the library's is no fault" {
	# No signed set says so. What the header says is believed once the list says the same, and this form has no signature.
	/usr/bin/python3 - "$TEST_DATABASES/test-6.cvd" "$set/test.cud" <<-'END'
		import sys
		sys.path.insert(0, "test/fixture")
		sys.dont_write_bytecode = True
		import database, zlib
		data = open(sys.argv[1], "rb").read()
		out = b""
		for name, header, text in database.members(zlib.decompressobj(31).decompress(data[512:])):
		    if name == "test.info":
		        text = text.replace(b":14:81:", b":14:999:").split(b"DSIG")[0]
		        header = header[:124] + b"%011o\0" % len(text) + header[136:]
		    out += database.padded(header, text)
		open(sys.argv[2], "wb").write(data[:512].replace(b":14:81:", b":14:999:").ljust(512)[:512] + out)
	END
	check
	is_good 10
	is '.files[0] | [.trust, .level, .version]' "$(jq -n '["unsigned", 999, 6]')"
}

@test "the walls hold: a check reads nothing outside, with and without namespaces, as root and as somebody else" {
	! sanitized || skip "a sanitizer does not live within them"
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	echo "$signature" >"$BATS_TEST_TMPDIR/outside"
	ln -s "$BATS_TEST_TMPDIR/outside" "$set/absolute.ndb"
	ln -s ../outside "$set/relative.ndb"
	local options drop=()
	! as_root || drop=(--drop=65534:65534:nobody)
	for options in "" --no-namespaces "--no-namespaces --landlock-abi=1"; do
		# shellcheck disable=SC2086 # several words
		check $options "${drop[@]}"
		is_broken AVS_RESULT_DEFINITIONS_MISSING absolute.ndb "leads out of the directory" relative.ndb "leads out of the directory"
		trust test.cvd signed
	done
	check --isolation-off
	is_good 12
}

@test "somebody else checks in root's place, who must be able to read the files" {
	as_root || skip "not root"
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	check --drop=65534:65534:nobody
	is_good 10
	chmod 600 "$set/test.cvd"
	check --drop=65534:65534:nobody
	is_broken AVS_RESULT_DEFINITIONS_MISSING test.cvd "Permission denied"
	chmod 700 "$set"
	check --drop=65534:65534:nobody
	is_broken DEC_RESULT_DEF_DIR_ACCESS_FAILED
}

@test "no directory for temporary files" {
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	rmdir "$base"
	local answer=$BATS_TEST_TMPDIR/answer
	"$BUILD/csapi-worker" --check --definitions "$set" --base "$base" 3>"$answer"
	output=$(cat "$answer")
	is_broken DEC_RESULT_TEMP_DIR_ACCESS_FAILED
}

# A fault of test/preload/fault.c while one of the files is loaded: check_with FAULT [OPTION]...
check_with() {
	local fault=$1
	shift
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	echo "$signature" >"$set/csapi-fault-trigger.ndb"
	CSAPI_FAULT=$fault LD_PRELOAD=$BUILD/test/preload/fault.so check "$@"
}

@test "what makes the engine crash is told by name, with the walls and without" {
	local fault
	for fault in segv abort bus null; do
		check_with "$fault"
		is_broken AVS_RESULT_ENGINE_LOAD_FAILED csapi-fault-trigger.ndb "makes the engine crash"
		check_with "$fault" --isolation-off
		is_broken AVS_RESULT_ENGINE_LOAD_FAILED csapi-fault-trigger.ndb "makes the engine crash"
	done
	sanitized || {
		check_with socket
		is_broken AVS_RESULT_ENGINE_LOAD_FAILED csapi-fault-trigger.ndb "do what it may not"
	}
}

@test "a check that is killed, ends or is short of memory blames no file" {
	local fault
	for fault in kill memory; do
		! sanitized || [ "$fault" != memory ] || continue
		check_with "$fault"
		is_broken DEC_RESULT_OUT_OF_MEMORY
	done
	check_with exit
	is_broken AVS_RESULT_ENGINE_LOAD_FAILED
	[[ $(value .text) == *"without an answer"*csapi-fault-trigger.ndb* ]] || fail "another text"
	check_with kill
	[[ $(value .text) == *killed*csapi-fault-trigger.ndb* ]] || fail "another text"
}

@test "the process that looks is the first to go where memory is short, and ends with the one that asks" {
	cp "$TEST_DATABASES/test-6.cvd" "$set/test.cvd"
	echo "$signature" >"$set/csapi-fault-trigger.ndb"
	local worker child _
	CSAPI_FAULT=stop LD_PRELOAD=$BUILD/test/preload/fault.so "$BUILD/csapi-worker" --check --definitions "$set" --base "$base" \
		3>"$BATS_TEST_TMPDIR/answer" &
	worker=$!
	for _ in {1..500}; do
		child=$(ps -o pid=,stat= --ppid "$worker" | awk '$2 ~ /^T/ { print $1 }')
		[ -z "$child" ] || break
		sleep 0.02
	done
	[ -n "$child" ] || fail "no child stops at the file"
	[ "$(cat "/proc/$child/oom_score_adj")" = 1000 ] || fail "another score"
	[ "$(cat "/proc/$worker/oom_score_adj")" = "$(cat "/proc/$$/oom_score_adj")" ] || fail "the one that asks has it too"
	kill -KILL "$worker"
	gone "$child"
}

@test "the versions of a worker, on standard output or to the program that asks" {
	run -0 "$BUILD/csapi-worker" --versions
	is 'keys | join(" ")' "csapi decomposer engine"
	[[ $(value .engine) == "ClamAV "* ]] || fail "no engine"
	run -2 "$BUILD/csapi-worker" --check --definitions "$set"
	run -2 "$BUILD/csapi-worker" --check --definitions "$set" --base relative 3>"$BATS_TEST_TMPDIR/answer"
}
