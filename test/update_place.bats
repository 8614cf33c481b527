#!/usr/bin/env bats
# csapi-update and the directory it keeps: free space, rights, locks, and what is asked without changing anything.
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash
load update.bash

# --- free space --------------------------------------------------------------------------------------------------

# on_small SIZE [OPTION]...: a run with the store on a file system of that size. What it was before and after is in $place/before and /after.
on_small() {
	local size=$1 as=()
	as_root || as=(--map-root-user)
	unshare "${as[@]}" --mount true 2>/dev/null || skip "no file system can be mounted here"
	have "${begin:-5}"
	mv "$store" "$place/saved" 2>/dev/null || mkdir "$place/saved"
	mkdir "$store"
	shift
	# shellcheck disable=SC2016 # they are for the inner shell
	under=(unshare "${as[@]}" --mount bash -c 'mount -t tmpfs -o "size=$1,mode=0755" none "$2" && cp -a "$3/." "$2/" || exit 99
		cd "$2"; tell() { readlink current; find versions -type f -exec sha256sum {} + | sort; ls -A tmp; ls -d incoming; } 2>/dev/null
		tell >"$4/before"; shift 4; "$@"; status=$?; tell >"$OLDPWD/after"; exit "$status"' small "$size" "$store" "$place/saved" "$place")
	cd "$place"
	update "$@"
	rm -rf "$place/saved"
	rmdir "$store"
}

@test "too little room: told before anything is fetched, with what is needed, and nothing changed" {
	on_small 8m
	ends no_space 'may take [0-9]+ MiB in .*store for a while, and [0-9]+ MiB are free; the old definitions stay in use; make room'
	is '.space.needed > .space.free and .space.free > 0' true
	[ "$(asked '.range == null')" -eq 0 ] || fail "files were fetched"
	diff "$place/before" "$place/after"
	begin=0 on_small 8m
	ends no_space 'may take.*there are no definitions'
	[ "$(asked '.range == null')" -eq 0 ] || fail "files were fetched"
	on_small 40m
	ends updated
}

@test "room that was enough and is not any more: what a mirror does not announce" {
	truncate -s 60000000 "$place/mirror/test.cvd"
	misbehave 'no-length match="test.cvd" ranged=false' 'ok match="test.cvd" headers={"Content-Range":null}' 'status status=404 match="*.cdiff"'
	on_small 40m -o request_timeout=10
	ends no_space 'no space left'
	diff "$place/before" "$place/after"
}

# needs LEAST MOST [BYTES]: an update would need so many bytes of space, with a file of that size there.
needs() {
	[ $# -lt 3 ] || truncate -s "$3" "$place/mirror/test.cvd"
	update --dry-run -o request_timeout=20
	ends available
	is ".space.needed >= $1 and .space.needed <= $2" true
	is '.space.free > 0' true
}

@test "what is needed is computed from the sizes of the databases" {
	needs 10000 20000000
	needs 40000000 80000000 40000000
	needs 100000000 170000000 100000000
	# What is here decides, where it is here.
	have 3
	needs 5000 20000000
	# A dry run tells it to people as well.
	run "$UPDATE" --config="$config" -d "$store" -o databases=test -o private_mirrors="$mirror" --dry-run
	[[ $output == *"may take "*" MiB for a while, free are "* ]] || fail "it is not told"
}

# --- rights ------------------------------------------------------------------------------------------------------

# unchanged: the store is as it was when its tree went into "before".
unchanged() {
	tree >"$place/tree"
	diff "$place/before" "$place/tree" || fail "something changed"
}

@test "a directory that cannot be written, a lock that cannot, a place where none can be made" {
	have 5
	ordinary
	tree >"$place/before"
	chmod 444 "$store/lock"
	update
	ends failed "$store.*: Permission denied"
	chmod 644 "$store/lock"
	uses 5
	rm "$store/lock"
	chmod 555 "$store"
	tree >"$place/before"
	update
	ends failed "cannot write in the directory of definitions $store: Permission denied"
	unchanged
	chmod 755 "$store"
	mkdir "$place/closed"
	chmod 555 "$place/closed"
	update -d "$place/closed/definitions"
	ends failed "cannot make .*$place/closed/definitions.*Permission denied"
	echo text >"$place/file"
	update -d "$place/file"
	ends failed "$place/file.*Not a directory"
	update -d "$place/file/definitions"
	ends failed "$place/file.*Not a directory"
}

@test "parts of the store that cannot be written" {
	have 5
	ordinary
	chmod 555 "$store/versions"
	update
	ends failed 'Permission denied'
	chmod 755 "$store/versions"
	uses 5
	update
	ends updated
	uses 6
	# What is made anew in every run does not matter.
	have 5
	ordinary
	chmod 555 "$store/tmp"
	chmod 0 "$store/state.json"
	update
	uses 6
}

@test "what cannot be verified here is not blamed on the mirror" {
	as_root || skip "only root verifies as somebody else, and may lack the right to"
	have 5
	under=(without_override)
	update
	ends failed "tmp/check: Permission denied"
	uses 5
	under=()
	update --worker-path=/bin/false
	ends failed 'without an answer'
	uses 5
	update
	ends updated
}

@test "a lock that a process held which is gone, and one that is held" {
	have 5
	echo "4194304 1" >"$store/lock"
	update
	ends updated
	uses 6
	exec 8<>"$store/lock"
	flock 8
	echo "$$ $(date +%s)" >&8
	run --separate-stderr "$UPDATE" --config="$config" -d "$store" --no-reload --format=json -o databases=test -o private_mirrors="$mirror" 8>&-
	ends locked "process $$"
	update --rollback
	ends locked "process $$"
	exec 8>&-
	uses 6
	update
	ends current
}

@test "whatever the umask, others may read" {
	umask 077
	update
	ends updated
	uses 6
	[ "$(stat -c %a "$store/current/" "$store/versions" "$store" | paste -sd' ')" = "755 755 755" ] || fail "$(ls -lA "$store")"
	have 5
	update
	uses 6
	[ "$(stat -c %a "$store/current/" "$store/state.json" | paste -sd' ')" = "755 644" ] || fail "$(ls -lA "$store")"
}

@test "root's update of another user's directory leaves everything to that user" {
	as_root || skip "only root can"
	UPDATE=$(programs_within_reach)/csapi-update
	have 5
	chown -R nobody:nogroup "$store"
	chmod 644 "$config"
	update
	ends updated
	uses 6
	[ -z "$(find "$store" ! -user nobody)" ] || fail "$(find "$store" ! -user nobody -ls)"
	[ -z "$(find "$store" ! -group nogroup)" ] || fail "$(find "$store" ! -group nogroup -ls)"
	update --rollback
	ends rolled_back
	[ -z "$(find "$store" ! -user nobody)" ] || fail "$(find "$store" ! -user nobody -ls)"
	# And the user goes on by themselves.
	under=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	update --force
	ends updated
	uses 6
}

@test "an ordinary user keeps a directory of one's own" {
	as_root || skip "all tests are of an ordinary user's here"
	UPDATE=$(programs_within_reach)/csapi-update
	mkdir "$place/home"
	chown nobody:nogroup "$place/home"
	chmod 644 "$config"
	store=$place/home/definitions
	under=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	update
	ends updated
	uses 6
	update
	ends current
	# Somebody else's cannot be written.
	store=$place/store
	have 5
	tree >"$place/before"
	update
	ends failed "cannot write in the directory of definitions $store"
	unchanged
}

# --- to ask changes nothing ----------------------------------------------------------------------------------------

@test "--dry-run changes nothing at all, whatever the mirror does" {
	local kind outcome
	have 5
	tree >"$place/before"
	for kind in ok 'status status=500' 'status status=429' html 'stall at=-1'; do
		misbehave "$kind"
		update --dry-run
		unchanged
	done
	misbehave
	update --dry-run
	ends available
	part test available .remote 6
	update --dry-run -o databases='test bytecode'
	ends partial 'bytecode'
	unchanged
	mirror_version 5
	update --dry-run
	ends current
	unchanged
	mirror_version 3
	update --dry-run
	ends rejected 'older than 5'
	unchanged
	[ "$(asked '.range == null')" -eq 0 ] || fail "files were fetched"
}

@test "without a directory --dry-run and --check make none" {
	update --dry-run
	ends available
	is .before null
	update --check
	ends available
	[ ! -e "$store" ] || fail "it is there"
}

@test "--check changes nothing but what is remembered" {
	have 5
	update --check
	ends available
	tree >"$place/before"
	update --check
	ends available
	tree >"$place/tree"
	diff <(grep -vE 'state\.json|lock| \. |/tmp| \./tmp|^\. |^\./lock' "$place/before") <(grep -vE 'state\.json|lock|/tmp|^\. ' "$place/tree")
	uses 5
	[ "$(asked '.range == null')" -eq 0 ] || fail "files were fetched"
	jq -e '.sources[] | select(.name == "test") | .remote == 6' "$store/state.json"
	echo 'Mine-1:0:*:6d792d6d61726b' >"$place/mirror/mine.ndb"
	configure "$(feed mine url="$mirror/mine.ndb")"
	update --check
	ends available
	part mine available
	uses 5
}

@test "who may only read can ask" {
	have 5
	if as_root; then
		UPDATE=$(programs_within_reach)/csapi-update
		chmod 644 "$config"
		under=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	else
		find "$store" ! -type l -exec chmod a-w {} +
	fi
	tree >"$place/before"
	update --check
	ends available
	unchanged
	update --dry-run
	ends available
	unchanged
	as_root || chmod -R u+w "$store"
}
