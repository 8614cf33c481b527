#!/usr/bin/env bats
# Which definitions a scanner takes, and that a set which comes or goes meanwhile is taken as a whole or not at all.
bats_require_minimum_version 1.5.0
load helper.bash

setup_file() {
	open_file
}

teardown_file() {
	close_file
}

setup() {
	place=$BATS_TEST_TMPDIR
	store=$place/store
	message=$place/message.eml
	store message "$message"
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$place"
}

teardown() {
	stop_scanner
}

# store TASK ARGUMENT...: test/store.py says what.
store() {
	/usr/bin/python3 "$ROOT/test/store.py" "$@"
}

# take DIRECTORY: a private scanner with these definitions, and the message with all markers.
take() {
	mkdir -p "$place/base"
	run --separate-stderr "$SCAN" --no-progress --definitions="$1" --file-base="$place/base" --timeout=60 "$message"
	keep <<<"$output"
}

# The last verdict names this set, and found its markers and no other.
by_set() {
	[ "$status" -eq 1 ] || fail "not infected"
	is .definitions.source "$(realpath "$store")/versions/$1"
	store check <<<"$output" >/dev/null || fail "not the findings of set $1"
}

@test "the root of a store means the set that is in use, as does the link in it" {
	store use "$store" 3
	store use "$store" 4
	take "$store"
	by_set 4
	take "$store/current"
	by_set 4
	take "$store/versions/3"
	by_set 3
	ln -s store "$place/link"
	take "$place/link"
	by_set 4
}

@test "a directory with definitions of its own is no store, whatever else is in it" {
	store use "$store" 3
	cp "$DEFINITIONS"/csapi-test.ndb "$store"
	take "$store"
	is .definitions.source "$(realpath "$store")"
	is '.viruses | length' 0
}

@test "a store without a set in use is an error, and nothing else is taken for it" {
	store use "$store" 3
	rm -r "$store/versions/3"
	take "$store"
	[ "$status" -eq 2 ] || fail "not an error"
	is '.status + " " + .code' "EC_AV_ERROR GEN_RESULT_DEFINITION_DIR_UNSET"
	rm "$store/current"
	take "$store"
	is '.status + " " + .code' "EC_AV_ERROR AVS_RESULT_DEFINITIONS_MISSING"
}

# with_mounts COMMANDS PROGRAM ARGUMENT...: runs it where these commands have changed what is mounted, as the same user.
with_mounts() {
	local commands=$1 as=()
	shift
	if as_root; then
		run --separate-stderr unshare -m sh -c "$commands && exec \"\$@\"" - "$@"
	else
		as=(unshare --user --map-user="$(id -u)")
		run --separate-stderr unshare -rm sh -c "$commands && exec \"\$@\"" - "${as[@]}" "$@"
	fi
	keep <<<"$output"
}

requires_mounts() {
	with_mounts "mount -t tmpfs none /var/lib" true
	[ "$status" -eq 0 ] || skip "no file systems can be mounted"
}

# The usual places are those of the whole machine: a scan that sees others in their stead. usual [NAME=DIRECTORY]...
usual() {
	local commands='mount -t tmpfs none /var/lib' word
	for word; do
		commands+=" && mkdir -p /var/lib/${word%%=*} && mount --bind '${word#*=}' /var/lib/${word%%=*}"
	done
	with_mounts "$commands" "$SCAN" --no-progress --private --file-base="$place" --timeout=60 "$message"
}

@test "nobody named a directory: csapi's own store, then freshclam's directory, then the set that comes with csapi" {
	requires_mounts
	store use "$store" 5
	mkdir "$place/clamav"
	echo "not yet" >"$place/clamav/freshclam.dat"
	usual "csapi/definitions=$store" "clamav=$place/clamav"
	is .definitions.source /var/lib/csapi/definitions/versions/5
	is .definitions.shipped false
	[ "$status" -eq 1 ] || fail "not infected"
	store check <<<"$output" || fail "not the findings of that set"
	usual "clamav=$place/clamav"
	is .definitions.shipped true
	# One without a signature of ClamAV's: its own error tells that it was chosen.
	echo "no such thing" >"$place/clamav/daily.cvd"
	usual "clamav=$place/clamav"
	is '.code + " " + .definitions.source' "AVS_RESULT_ENGINE_LOAD_FAILED /var/lib/clamav"
	mkdir "$place/empty"
	usual "clamav=$place/clamav" "csapi/definitions=$place/empty"
	is .definitions.source /var/lib/clamav
	# A plain directory instead of a link.
	mkdir -p "$place/plain"
	store set "$place/plain/current" 6
	usual "csapi/definitions=$place/plain" "clamav=$place/clamav"
	is .definitions.source /var/lib/csapi/definitions/current
}

@test "csapi's own store is broken: an error, and no other set in its place" {
	requires_mounts
	store use "$store" 5
	rm -r "$store/versions/5"
	usual "csapi/definitions=$store"
	[ "$status" -eq 2 ] || fail "not an error"
	is .code GEN_RESULT_DEFINITION_DIR_UNSET
}

@test "a directory on a read-only file system is taken" {
	requires_mounts
	store use "$store" 5
	with_mounts "mount --bind '$store' '$store' && mount -o remount,bind,ro '$store'" \
		"$SCAN" --no-progress --definitions="$store" --file-base="$place" --timeout=60 "$message"
	by_set 5
}

@test "private scans while sets come and go: each takes one whole set" {
	local churn n
	store use "$store" 1
	store churn "$store" "$place/until" >"$place/churn" 3>&- &
	churn=$!
	mkdir "$place/base"
	for ((n = 0; n < 80; n++)); do
		"$SCAN" --no-progress --definitions="$store" --file-base="$place/base" --timeout=60 "$message" >>"$place/verdicts" || true
	done
	touch "$place/until"
	wait "$churn"
	keep "$place/verdicts"
	output=$(<"$place/churn")
	is '.made > 50 and .removed > 20' true
	# It happened that one was in use when it was to be removed: that is what is tried here.
	is '.held > 0' true
	run --separate-stderr store check <"$place/verdicts"
	[ "$status" -eq 0 ] || fail "a verdict does not rest on one whole set"
	is '.sets > 10 and .errors == 0' true
	echo "# $(<"$place/churn") $output" >&3
}

@test "a resident scanner holds the set that it loaded until it has another one" {
	store use "$store" 1
	start_scanner --definitions="$store"
	command_scanner status --format=json
	is .definitions.source "$(realpath "$store")/versions/1"
	store use "$store" 2
	[ "$(store prune "$store")" = "1 2" ] || fail "a set was removed that is in use"
	command_scanner reload
	[ "$status" -eq 0 ] || fail "reload"
	command_scanner status --format=json
	is .definitions.source "$(realpath "$store")/versions/2"
	# The processes of the earlier one end on their own time.
	for _ in {1..100}; do
		[ "$(store prune "$store")" != 2 ] || break
		sleep 0.05
	done
	[ "$(store prune "$store")" = 2 ] || fail "the scanner does not let go"
	run --separate-stderr "$SCAN" --socket="$socket" "$message"
	keep <<<"$output"
	by_set 2
	stop_scanner
	store use "$store" 3
	[ "$(store prune "$store")" = 3 ] || fail "the scanner is gone, and its lock is not"
}

@test "a set that is refused is let go of, and the one in use is held" {
	store use "$store" 1
	start_scanner --definitions="$store"
	store use "$store" 2
	echo "no signature" >"$store/versions/2/broken.ndb"
	command_scanner reload
	[ "$status" -eq 1 ] || fail "a broken set was taken"
	store use "$store" 3
	for _ in {1..100}; do
		[ "$(store prune "$store")" != "1 3" ] || break
		sleep 0.05
	done
	[ "$(store prune "$store")" = "1 3" ] || fail "not the set in use and the one on disk"
}

@test "a resident scanner holds one set, also when all that used it was killed at once" {
	local zygote _
	store use "$store" 5
	start_scanner --definitions="$store"
	held() { find "/proc/$scanner/fd" -lname "$(realpath "$store")/versions/*" | wc -l; }
	[ "$(held)" -eq 1 ]
	for zygote in 1 2 3; do
		# The leader's number is the group's: nothing is left of it when the next one takes over.
		kill -KILL -- -"$(scanner_zygotes)"
		for _ in {1..200}; do
			[ "$("$BUILD/csapi-scanner" status --socket="$socket" --format=json | jq .generation)" -ne $((zygote + 1)) ] || break
			sleep 0.05
		done
		run -1 --separate-stderr "$SCAN" --socket="$socket" "$message"
	done
	for _ in {1..100}; do
		[ "$(held)" -ne 1 ] || break
		sleep 0.05
	done
	[ "$(held)" -eq 1 ] || fail "$(held) sets are held"
}
