#!/usr/bin/env bats
# csapi-update and what it remembers: mirrors that asked to wait, the last check, versions that were gone back from, sets that are kept; and what
# is damaged of all that.
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash
load update.bash

# in SECONDS: that time from now, as state.json has it.
in_seconds() {
	date -u -d "@$(($(date +%s) + $1))" +%Y-%m-%dT%H:%M:%SZ
}

# remember FILTER [ARGUMENT]...: changes state.json by hand.
remember() {
	jq -c "$@" "$store/state.json" >"$place/state.json"
	cp "$place/state.json" "$store/state.json"
}

# remembers FILTER VALUE
remembers() {
	local got
	got=$(jq -r "$1" "$store/state.json")
	[ "$got" = "$2" ] || fail "$1 is remembered as '$got' and not '$2'"
}

# --- mirrors that asked to wait ------------------------------------------------------------------------------------

@test "after a 429 the mirror is left alone, and it is said until when; --force asks it" {
	row 5 5 rate_limited 'HTTP 429' 'status status=429 retry_after="600"'
	local until asked
	until=$(value .next)
	asked=$(asked)
	misbehave
	update
	ends rate_limited "until $until"
	is .next "$until"
	[ "$(asked)" -eq "$asked" ] || fail "it was asked"
	uses 5
	update --check
	ends rate_limited "until $until"
	update --dry-run
	ends rate_limited "until $until"
	[ "$(asked)" -eq "$asked" ] || fail "it was asked"
	remembers '.mirrors[0].retry_at' "$until"
	update --force
	ends updated
	uses 6
	# It answered, so it does not want to be left alone any more.
	update
	ends current
}

@test "libfreshclam's own memory of a 429 does not stand in the way of --force, nor of the time when it is over" {
	row 5 5 rate_limited "HTTP 429" "status status=429 retry_after=\"600\" match=\"test.cvd\" ranged=false" "status status=404 match=\"*.cdiff\""
	misbehave
	update --force -o incremental=false
	ends updated
	uses 6
	row 5 5 rate_limited 'HTTP 429' 'status status=404 match="*.cdiff"' 'status status=429 retry_after="600" match="test.cvd" ranged=false'
	misbehave
	remember --arg t "$(in_seconds -1)" '.mirrors[].retry_at = $t'
	update -o incremental=false
	ends updated
	uses 6
}

@test "another mirror is asked meanwhile, and each has its own time" {
	local first=$mirror
	start_mirror other
	options=(-o private_mirrors="$first $mirror")
	row 3 6 updated '' 'status status=429 retry_after="600"'
	is .sources[0].source "$mirror"
	local asked
	asked=$(asked)
	misbehave
	update "${options[@]}"
	ends current
	[ "$(asked)" -eq "$asked" ] || fail "the first was asked"
	fault_at other "$(rule status status=429 'retry_after="1200"')"
	update "${options[@]}"
	ends rate_limited
	update "${options[@]}"
	ends rate_limited
	# The first of the two decides when it makes sense to try again.
	[ $(($(date -d "$(value .next)" +%s) - $(date +%s))) -le 600 ] || fail "next: $(value .next)"
}

@test "a mirror with user and password is left alone as well, and neither is remembered" {
	options=(-o private_mirrors="${mirror/:\/\//:\/\/me:secret@}")
	row 5 5 rate_limited 'HTTP 429' 'status status=429 retry_after="600"'
	local asked
	asked=$(asked)
	update "${options[@]}"
	ends rate_limited
	[ "$(asked)" -eq "$asked" ] || fail "it was asked"
	hides secret
}

@test "a wrong clock does not keep a mirror out for long" {
	row 5 5 rate_limited 'HTTP 429' 'status status=429 retry_after="600"'
	misbehave
	local until
	for until in "$(in_seconds 315360000)" "$(in_seconds 90000)" 2038-01-19T03:14:08Z 9999-12-31T23:59:59Z 1970-01-01T00:00:00Z; do
		have 5
		remember --arg m "$mirror" --arg t "$until" '.mirrors = [{url: $m, retry_at: $t}]'
		update
		ends updated
		uses 6
	done
	# Within a day it may be right.
	have 5
	until=$(in_seconds 80000)
	remember --arg m "$mirror" --arg t "$until" '.mirrors = [{url: $m, retry_at: $t}]'
	update
	ends rate_limited "until $until"
}

# --- what is due -------------------------------------------------------------------------------------------------

@test "--if-older-than: not due after a check, due when it is old, and never blocked by a wrong clock" {
	have 5
	update
	ends updated
	local asked
	asked=$(asked)
	update --if-older-than=100
	ends not_due
	is '.text | test("asked at 20")' true
	[ $(($(date -d "$(value .next)" +%s) - $(date +%s))) -le 100 ] || fail "next: $(value .next)"
	update --if-older-than=auto
	ends not_due
	[ "$(asked)" -eq "$asked" ] || fail "it was asked"
	uses 6
	remember --arg t "$(in_seconds -101)" '.checked = $t'
	update --if-older-than=100
	ends current
	remember --arg t "$(in_seconds 3600)" '.checked = $t'
	update --if-older-than=100
	ends current
	[ "$(jq -r .checked "$store/state.json")" \< "$(in_seconds 60)" ] || fail "the wrong time stays"
	remember '.checked = "9999-12-31T23:59:59Z"'
	update --if-older-than=31536000
	ends current
	remember '.checked = null'
	update --if-older-than=31536000
	ends current
}

@test "a run that learned nothing is no check" {
	have 5
	local checked
	checked=$(jq -r .checked "$store/state.json")
	for kind in 'status status=500' reset 'stall at=-1'; do
		misbehave "$kind"
		update --if-older-than=100
		ends unreachable
	done
	remembers .checked "$checked"
	misbehave
	update --if-older-than=100
	ends updated
}

# --- going back --------------------------------------------------------------------------------------------------

@test "nothing to go back to" {
	update --rollback
	ends failed 'no earlier definitions'
	uses 0
	have 5
	update --rollback
	ends failed 'no earlier definitions'
	uses 5
}

@test "going back, twice, and what was gone back from comes with something newer or by force alone" {
	have 3
	mirror_version 5
	update
	ends updated
	uses 5
	update --rollback
	ends rolled_back
	is '.before != null and .after != null and .before != .after' true
	uses 3
	update
	ends rejected 'version 5 was rolled back'
	uses 3
	update --check
	ends rejected 'version 5 was rolled back'
	# Forward again.
	update --rollback
	ends rolled_back
	uses 5
	update --rollback
	ends rolled_back
	uses 3
	mirror_version 6
	update
	ends updated
	uses 6
	update --rollback
	uses 3
	update
	ends rejected 'version 6 was rolled back'
	update --force
	ends updated
	uses 6
	# By force means for good.
	have 3
	update --force
	ends updated
	update
	ends current
	uses 6
}

@test "what was gone back from does not come from a directory either" {
	have 3
	update --from="$(published 6 "$place/six")"
	ends updated
	update --rollback
	ends rolled_back
	update --from="$place/six"
	ends rejected 'rolled back'
	uses 3
	update --from="$place/six" --force
	ends updated
	uses 6
}

@test "an earlier set that is broken is no set to go back to" {
	have 3
	update
	ends updated
	truncate -s 5000 "$store"/previous/test.c[vl]d
	update --rollback
	ends failed 'not whole'
	uses 6
}

# --- what is kept ------------------------------------------------------------------------------------------------

# sets N: there are so many.
sets() {
	[ "$(find "$store/versions" -mindepth 1 -maxdepth 1 | wc -l)" -eq "$1" ] || fail "there are: $(ls "$store/versions")"
}

# grow N [OPTION]...: version N comes.
grow() {
	mirror_version "$1"
	shift
	update "$@"
	ends updated
}

@test "the set in use and the one before it are kept, or as many as are asked for" {
	have 3
	grow 4
	sets 2
	grow 5
	sets 2
	is .pruned 1
	grow 6
	sets 2
	uses 6
	have 3
	grow 4 -o keep=3
	grow 5 -o keep=3
	sets 3
	is .pruned 0
	grow 6 -o keep=3
	sets 3
	is .pruned 1
	# With fewer to keep, they go.
	update -o keep=2
	ends current
	sets 2
	uses 6
}

@test "a set that somebody reads is not removed, and goes later" {
	have 3
	local reading
	reading=$(readlink -f "$store/current")
	exec 8<"$reading"
	flock --shared 8
	grow 4
	grow 5
	sets 3
	[ -e "$reading/test.cvd" ] || fail "it was taken away"
	exec 8<&-
	grow 6
	sets 2
	[ ! -e "$reading" ] || fail "it stays"
	uses 6
}

# --- damage ------------------------------------------------------------------------------------------------------

# A byte of the database in use is another one; size and times stay.
flip() {
	local file=$store/current/test.cvd
	[ -e "$file" ] || file=$store/current/test.cld
	touch -r "$file" "$place/time"
	printf '\377' | dd of="$file" bs=1 seek="${1:-5000}" conv=notrunc status=none
	touch -r "$place/time" "$file"
}

@test "a set in use that is damaged is replaced whole, and it is said" {
	local from
	for from in 3 6; do
		have "$from"
		flip
		update
		ends updated 'repaired: test.cvd is not what ClamAV signed'
		uses 6
		have "$from"
		truncate -s 3000 "$store/current/test.cvd"
		update
		ends updated 'repaired: test.cvd is not as it was'
		uses 6
		have "$from"
		rm "$store/current/test.cvd"
		update
		ends updated 'repaired: some of its files are missing'
		uses 6
		have "$from"
		: >"$store/current/test.cvd"
		update
		ends updated 'repaired: '
		uses 6
	done
	update
	ends current
}

@test "the same of what was made of patches" {
	have 3
	update
	ends updated
	flip 100
	update
	ends updated 'repaired: test.cld'
	uses 6
}

@test "a manifest that is missing or garbage" {
	local what
	for what in '' '{' '[]' '{"version":"1.0","id":"x","files":[]}'; do
		have 6
		if [ -n "$what" ]; then echo "$what" >"$store/current/manifest.json"; else rm "$store/current/manifest.json"; fi
		update
		ends updated 'repaired: '
		uses 6
		update
		ends current
	done
}

@test "a file that does not belong to the set is not taken over" {
	have 6
	echo 'Mine-1:0:*:6d696e65' >"$store/current/mine.ndb"
	update
	ends updated 'repaired: mine.ndb is not one of its files'
	uses 6
	[ ! -e "$store/current/mine.ndb" ]
}

@test "a link that leads nowhere, outside, or is none" {
	local to
	for to in versions/nowhere /etc "$TEST_DATABASES" ../other versions/../../other . versions; do
		have 6
		ln -sfn "$to" "$store/current"
		update
		ends updated 'repaired: current did not lead to a set'
		uses 6
		update
		ends current
	done
	have 6
	rm "$store/current"
	update
	ends updated
	uses 6
	have 6
	rm "$store/current"
	mkdir "$store/current"
	update
	ends failed "$store.*: Is a directory"
	tidy
}

@test "a state.json that is garbage is forgotten, and it is said" {
	local what
	for what in 'garbage' '' '{"version":"1.0"' '[1,2]' '{"version":"1.0","mirrors":{}}'; do
		have 6
		echo "$what" >"$store/state.json"
		update
		ends current 'state.json was damaged'
		uses 6
		update
		ends current
	done
	rm "$store/state.json"
	update
	ends current
	have 5
	rm "$store/state.json"
	ln -s /etc/hostname "$store/state.json"
	update
	uses 6
	[ ! -L "$store/state.json" ]
}

@test "damage is told where it cannot be repaired, and does not wait until an update is due" {
	have 6
	update
	ends current
	flip
	update --check
	ends current
	misbehave 'status status=500'
	update
	ends unreachable 'not repaired: test.cvd is not what ClamAV signed'
	tidy
	misbehave
	have 6
	update
	ends current
	truncate -s 3000 "$store/current/test.cvd"
	update --check
	ends current 'damaged: test.cvd is not as it was'
	update --if-older-than=10000
	ends updated 'repaired: '
	uses 6
}

@test "an unsigned file that was changed is not taken for what was verified, though its server is away" {
	printf 'Mine-1:0:*:6d696e65\n' >"$place/mirror/mine.ndb"
	configure "$(feed mine url="$mirror/mine.ndb")"
	have 6
	update
	ends updated
	uses 6
	local set
	set=$(readlink -f "$store/current")
	touch -r "$set/mine.ndb" "$place/time"
	printf 'Mine-2:0:*:6d696e65\n' >"$set/mine.ndb"
	touch -r "$place/time" "$set/mine.ndb"
	misbehave 'status status=500 match="mine.ndb"'
	update
	ends unreachable 'mine: .*HTTP 500.*repaired: mine.ndb is not what it was'
	uses 6
	[ ! -e "$store/current/mine.ndb" ]
	misbehave
	update
	ends updated
	uses 6
	cmp "$store/current/mine.ndb" "$place/mirror/mine.ndb"
	# With its server there it is repaired at once, though the server could say that nothing changed.
	set=$(readlink -f "$store/current")
	printf 'Mine-2:0:*:6d696e65\n' >"$set/mine.ndb"
	update
	ends updated 'repaired: mine.ndb'
	cmp "$store/current/mine.ndb" "$place/mirror/mine.ndb"
}
