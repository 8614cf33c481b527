#!/usr/bin/env bats
# csapi-update without a network: from a directory or a file, and beside a freshclam whose directory it follows.
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash
load update.bash

# take BEFORE AFTER OUTCOME PATTERN PATH [OPTION]...: with version BEFORE in use, --from=PATH ends so, version AFTER is in use, and no mirror was asked.
take() {
	local before=$1 after=$2 outcome=$3 pattern=$4
	shift 4
	have "$before"
	echo "take: $before $after $outcome $*"
	local path=$1
	shift
	update --from="$path" "$@"
	ends "$outcome" "$pattern"
	uses "$after"
	[ "$(asked)" -eq 0 ] || fail "a mirror was asked"
}

@test "from a file: newer, the same, older, and older by force" {
	local file
	file=$(published 5 "$place/five")
	take 0 5 updated '' "$file"
	is .sources[0].source "$file"
	part test updated .after 5
	take 3 5 updated '' "$file"
	take 5 5 current '' "$file"
	take 6 6 rejected 'version 5 is older than 6.*--force' "$file"
	take 6 5 updated '' "$file" --force
	# The same as a path from here.
	cd "$place"
	take 3 5 updated '' five/test.cvd
	take 3 5 updated '' ./five
}

@test "from a directory: newer, the same, older, and older by force" {
	published 5 "$place/five" >/dev/null
	take 0 5 updated '' "$place/five"
	take 3 5 updated '' "$place/five"
	take 5 5 current '' "$place/five/"
	take 6 6 rejected 'version 5 is older than 6.*--force' "$place/five"
	take 6 5 updated '' "$place/five" --force
}

@test "what is not there, empty, unreadable, or nothing of the kind" {
	mkdir "$place/empty"
	echo text >"$place/readme.txt"
	take 5 5 failed "cannot read $place/none: No such file" "$place/none"
	take 0 0 failed "cannot read $place/none" "$place/none"
	take 5 5 failed "no definition file in $place/empty" "$place/empty"
	take 5 5 failed 'not named like a definition file' "$place/readme.txt"
	take 5 5 failed '' /dev/null
	mkfifo "$place/test.cvd"
	take 5 5 failed 'test' "$place/test.cvd"
	rm "$place/test.cvd"
	mkdir "$place/test.cvd"
	take 5 5 failed 'no definition file' "$place/test.cvd"
	published 6 "$place/six" >/dev/null
	chmod 0 "$place/six/test.cvd"
	have 5
	ordinary
	update --from="$place/six"
	ends failed 'test: .*Permission denied'
	uses 5
	chmod 0 "$place/six"
	update --from="$place/six"
	ends failed 'Permission denied'
	uses 5
	chmod 755 "$place/six"
}

@test "what is broken" {
	local file
	file=$(published 6 "$place/six")
	printf 'x' | dd of="$file" bs=1 seek=5000 conv=notrunc status=none
	take 5 5 rejected 'test: .*ClamAV signed' "$file"
	take 0 0 rejected 'test: .*ClamAV signed' "$place/six"
	truncate -s 3000 "$file"
	take 5 5 rejected 'test: ' "$file"
	truncate -s 100 "$file"
	take 5 5 rejected 'test: .*not a database' "$file"
	: >"$file"
	take 5 5 rejected 'test: .*not a database' "$file"
	published 6 "$place/six" >/dev/null
	take 5 5 rejected 'larger than max_size' "$file" -o max_size=5000
}

@test "a directory with files of all kinds: what is good goes live, what is bad is named" {
	published 6 "$place/all" >/dev/null
	echo 'Mine-1:0:*:6d792d6d61726b' >"$place/all/mine.ndb"
	echo 'rubbish' >"$place/all/bad.ndb"
	cp "$TEST_DATABASES/bytecode.cvd" "$place/all/"
	echo text >"$place/all/README"
	echo text >"$place/all/.hidden.ndb"
	have 5
	update --from="$place/all"
	ends partial 'bad.ndb: '
	part test updated
	part mine.ndb updated
	part bad.ndb rejected
	part bytecode updated
	uses 6
	rm "$place/all/bad.ndb"
	update --from="$place/all"
	ends current
	# An update from mirrors leaves what came from here.
	update
	ends current
	uses 6
	[ -e "$store/current/mine.ndb" ]
	echo 'Mine-2:0:*:6d792d6d61726b' >"$place/all/mine.ndb"
	update --from="$place/all/mine.ndb"
	ends updated
	part mine.ndb updated
	uses 6
}

@test "a store of csapi-update is a source as well: the set in use of it" {
	local theirs=$place/theirs
	cp -a "$BATS_FILE_TMPDIR/store-6" "$theirs"
	take 3 6 updated '' "$theirs"
	take 6 6 current '' "$theirs"
	take 3 6 updated '' "$theirs/current"
	rm "$theirs/current"
	take 3 3 failed "no definition file" "$theirs"
	# Itself.
	take 3 3 current '' "$store"
}

@test "a .cld beside or instead of a .cvd: the higher version counts, in one form" {
	have 3
	update
	mkdir "$place/both"
	cp "$store/current/test.cld" "$place/both/"
	rm "$place/mirror.log"
	take 3 6 updated '' "$place/both"
	published 5 "$place/both" >/dev/null
	take 3 6 updated '' "$place/both"
	[ "$(ls "$store/current")" = "$(printf 'manifest.json\ntest.cld')" ] || fail "$(ls "$store/current")"
	published 6 "$place/six" >/dev/null
	take 5 6 updated '' "$place/six"
}

# --- beside a freshclam ------------------------------------------------------------------------------------------

# freshclam N: the directory has version N from now on, by a rename.
freshclam() {
	mkdir -p "$place/clamav"
	cp "$TEST_DATABASES/test-$1.cvd" "$place/clamav/.new"
	mv "$place/clamav/.new" "$place/clamav/test.cvd"
}

# follow [OPTION]...: an update that does, without mirrors to ask for versions.
follow() {
	update --follow="$place/clamav" -o private_mirrors= -o mirrors= "$@"
}

@test "following a directory: newer, the same, gone back, broken, not there" {
	freshclam 3
	follow
	ends updated
	uses 3
	follow
	ends current
	freshclam 6
	follow
	ends updated
	uses 6
	freshclam 5
	follow
	ends rejected 'version 5 is older than 6'
	uses 6
	printf 'x' | dd of="$place/clamav/test.cvd" bs=1 seek=5000 conv=notrunc status=none
	have 3
	follow
	ends rejected 'test: '
	uses 3
	rm "$place/clamav/test.cvd"
	follow
	ends failed 'no definition file'
	rm -r "$place/clamav"
	follow
	ends failed "$place/clamav"
	uses 3
}

@test "following, with feeds of one's own beside it" {
	freshclam 5
	echo 'Mine-1:0:*:6d792d6d61726b' >"$place/mirror/mine.ndb"
	configure "$(feed mine url="$mirror/mine.ndb")"
	follow
	ends updated
	part test updated
	part mine updated
	uses 5
	freshclam 6
	follow
	ends updated
	part mine current
	uses 6
	misbehave 'status status=500 match="mine.ndb"'
	follow
	ends unreachable 'mine: .*HTTP 500'
	uses 6
	[ -e "$store/current/mine.ndb" ]
	configure
	follow
	ends updated
	[ ! -e "$store/current/mine.ndb" ]
	[ "$(asked '.path != "/mine.ndb"')" -eq 0 ] || fail "a mirror was asked for databases"
}

@test "a followed directory that is behind the mirrors is not called current" {
	freshclam 3
	update --follow="$place/clamav"
	ends partial 'has 6: does freshclam run'
	uses 3
	update --follow="$place/clamav"
	ends partial 'has 6: does freshclam run'
	uses 3
	freshclam 6
	update --follow="$place/clamav"
	ends updated
	uses 6
	[ "$(asked '.range == null')" -eq 0 ] || fail "a mirror was asked for more than versions"
	# With no mirror to tell, nothing is known of whether it is the newest: no check was made.
	local checked
	checked=$(jq -r .checked "$store/state.json")
	misbehave 'status status=500'
	sleep 1
	update --follow="$place/clamav"
	uses 6
	[ "$(jq -r .checked "$store/state.json")" = "$checked" ] || fail "a check is remembered that was none"
}

@test "a directory that changes all the time while it is followed: each set is whole" {
	freshclam 3
	(
		trap 'exit 0' TERM
		while :; do
			for n in 3 4 5 6; do freshclam "$n"; done
		done
	) 3>&- &
	local changing=$! _ used
	for _ in {1..15}; do
		have 0
		follow
		[ "$status" -eq 0 ] || fail "it failed"
		ends updated
		used=$(used)
		[[ $used =~ ^[3456]$ ]] || fail "version $used is in use"
		uses "$used"
	done
	kill "$changing"
	wait "$changing" || true
	freshclam 6
	follow
	[ "$(used)" = 6 ]
}
