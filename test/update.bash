# update.bash - what the tests of csapi-update share: stores, runs against a mirror, and what must be so after each of them.
#
# Every run is one of the real programs against test/mirror.py. Every document is kept, and teardown_file validates them all.
# shellcheck shell=bash disable=SC2034,SC2154

UPDATE=$BUILD/csapi-update

# --- places ------------------------------------------------------------------------------------------------------

setup_file() {
	local n
	[ -x "$UPDATE" ] || { echo "no $UPDATE: run make first" >&2; return 1; }
	test_databases
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	# Stores to begin with: copying one is quicker than making it.
	for n in 3 5 6; do
		"$UPDATE" -d "$BATS_FILE_TMPDIR/store-$n" --no-reload --from="$(published "$n" "$BATS_FILE_TMPDIR/$n")"
	done
}

teardown_file() {
	[ ! -s "$BATS_FILE_TMPDIR/updates" ] ||
		/usr/bin/python3 "$ROOT/test/validate.py" "$ROOT/share/schema/update-1.schema.json" "$BATS_FILE_TMPDIR/updates"
}

setup() {
	test_databases
	place=$BATS_TEST_TMPDIR
	! as_root || chmod a+x "$BATS_RUN_TMPDIR" "$place"
	store=$place/store
	config=$place/csapi.conf
	mirrors=()
	under=()
	unset http_proxy https_proxy all_proxy no_proxy
	configure
	start_mirror
}

teardown() {
	stop_mirrors
}

# published N DIRECTORY: makes it, with version N of the database in it; prints the file.
published() {
	mkdir -p "$2"
	cp "$TEST_DATABASES/test-$1.cvd" "$2/test.cvd"
	echo "$2/test.cvd"
}

# have N: the store uses version N; 0: there is no store.
have() {
	rm -rf "$store"
	[ "$1" -eq 0 ] || cp -a "$BATS_FILE_TMPDIR/store-$1" "$store"
}

# configure [LINE]...: the configuration file, with a section update {} of these lines.
configure() {
	printf 'update {\n%s\n}\n' "$(printf '%s\n' "$@")" >"$config"
	chmod 600 "$config"
}

# feed NAME SETTING...: prints a feed's section for configure; the first word of a SETTING is its key.
feed() {
	local setting
	echo "feed \"$1\" {"
	shift
	for setting in "$@"; do
		case ${setting#*=} in
		true | false) echo "${setting%%=*} = ${setting#*=}" ;;
		*) echo "${setting%%=*} = \"${setting#*=}\"" ;;
		esac
	done
	echo "}"
}

# ordinary: runs are an ordinary user's from now on, to whom the place belongs.
ordinary() {
	if as_root; then
		UPDATE=$(programs_within_reach)/csapi-update
		chown -R nobody:nogroup "$place"
		under=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	fi
}

# --- runs --------------------------------------------------------------------------------------------------------

# update [OPTION]...: a run on $store with the mirror named "mirror" that gives up soon. Leaves $status, $output (the document) and $stderr.
update() {
	run --separate-stderr "${under[@]}" "$UPDATE" --config="$config" -d "$store" --no-reload --format=json -o databases=test \
		-o private_mirrors="$mirror" -o request_timeout=1 -o connect_timeout=1 -o max_attempts=1 -o max_time=20 "$@"
	echo "$output" >>"$BATS_FILE_TMPDIR/updates"
	printf '%s\n%s\n' "$output" "$stderr" >>"$place/told"
}

# misbehave RULE...: the mirror does, from now on; each is the words of one `rule`.
misbehave() {
	local rules=() each
	for each in "$@"; do
		# shellcheck disable=SC2086 # the words are the rule's
		rules+=("$(rule $each)")
	done
	fault "${rules[@]}"
}

# --- what must be so ---------------------------------------------------------------------------------------------

# ends OUTCOME [PATTERN]: the last run did, with the exit status of lib/verdict/update_outcome.def; a run that did not go well
# says why on one line that fits the pattern; another says nothing, unless there is a pattern.
ends() {
	local exit
	exit=$(sed -n "s/^UPDATE_OUTCOME([A-Z_]*, \"$1\", \([0-9]*\),.*/\1/p" "$ROOT/lib/verdict/update_outcome.def")
	is .outcome "$1"
	[ "$status" -eq "$exit" ] || fail "the exit status of $1 is $exit"
	is .exit_status "$exit"
	case $1 in
	updated | current | available | rolled_back | not_due) [ -n "${2-}" ] || [ -z "$stderr" ] || fail "$1, and standard error is not empty" ;;
	*) [ -n "$stderr" ] || fail "nothing on standard error" ;;
	esac
	if [ -n "$stderr" ]; then
		[ "$(wc -l <<<"$stderr")" -eq 1 ] || fail "not one line on standard error"
		[[ $stderr == "csapi-update: $1: "* || $1 = bad_configuration ]] || fail "standard error names another outcome"
	fi
	grep -qE -- "${2-}" <<<"$stderr" || fail "standard error does not fit ${2-}"
	! LC_ALL=C grep -q '[^ -~]' <<<"$stderr" || fail "standard error holds control characters"
}

# part NAME OUTCOME [FILTER VALUE]: of one database or feed.
part() {
	is ".sources[] | select(.name == \"$1\") | .outcome" "$2"
	[ $# -lt 3 ] || is ".sources[] | select(.name == \"$1\") | $3" "$4"
}

# The version of the database that the store uses; 0: it uses none.
used() {
	local file version=0
	for file in "$store"/current/test.c[vl]d; do
		[ ! -e "$file" ] || version=$(head -c 512 "$file" | cut -d: -f3)
	done
	echo "$version"
}

# uses N: version N is in use, and the store is in order; 0: none, and nothing that looks like one.
uses() {
	[ "$(used)" = "$1" ] || fail "version $(used) is in use and not $1"
	if [ "$1" -gt 0 ]; then
		whole
	else
		[ ! -e "$store/current" ] || fail "something is in use"
		tidy
	fi
}

# The set in use fits its manifest byte for byte and file for file, was verified, and finds EICAR; the store is tidy.
whole() {
	local set=$store/current
	[ "$(jq -r .id "$set/manifest.json")" = "$(basename "$(readlink "$set")")" ] || fail "the manifest is of another set"
	[ "$(ls -A "$set")" = "$(jq -r '.files[].name, "manifest.json"' "$set/manifest.json" | sort)" ] ||
		fail "the manifest does not fit: $(ls -A "$set")"
	(cd "$set" && jq -r '.files[] | "\(.sha256)  \(.name)"' manifest.json | sha256sum --check --quiet) ||
		fail "the manifest does not fit"
	jq -e 'all(.files[]; .trust != "broken" and .trust != "unchecked" and .fault == null)' "$set/manifest.json" >/dev/null ||
		fail "not all files were verified"
	[ -z "$(find -H "$set" ! -type d ! -perm 0644)" ] || fail "modes: $(ls -l "$set")"
	finds_eicar
	tidy
}

# eicar FILE: the test file, put together here so that no scanner takes this one for it.
eicar() {
	printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-' 'ANTIVIRUS-TEST-FILE!$H+H*' >"$1"
}

# judge FILE: csapi-scan's verdict on it with the definitions of the store.
judge() {
	mkdir -p "$place/base"
	"$SCAN" --no-progress --definitions="$store" --file-base="$place/base" --timeout=60 --format=json "$1"
}

finds_eicar() {
	local verdict
	eicar "$place/eicar.txt"
	verdict=$(judge "$place/eicar.txt") || true
	[ "$(jq -r .status <<<"$verdict")" = EC_AV_INFECTED ] || fail "EICAR is not found: $verdict"
}

# Nothing of a run is left.
tidy() {
	local known='lock|state\.json|freshclam\.dat|tmp|versions|current|previous'
	[ ! -e "$store/incoming" ] || fail "there is incoming/: $(ls -A "$store/incoming")"
	[ -z "$(ls -A "$store/tmp" 2>/dev/null)" ] || fail "something is left: $(ls -AR "$store/tmp")"
	[ ! -e "$store" ] || [ -z "$(find "$store" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vxE "$known")" ] ||
		fail "the store holds more: $(ls -A "$store")"
}

# row BEFORE AFTER OUTCOME PATTERN RULE...: with version BEFORE in use (0: no store) and the mirror obeying the rules, a run ends with this
# outcome and version AFTER in use. Options for the run are in $options.
row() {
	local before=$1 after=$2 outcome=$3 pattern=$4
	shift 4
	have "$before"
	misbehave "$@"
	# Seen where the test fails.
	echo "row: $before $after $outcome $*"
	update "${options[@]}"
	ends "$outcome" "$pattern"
	part test "$outcome"
	uses "$after"
	[ "$before" != "$after" ] || [ ! -e "$store/previous" ] || fail "another set is there"
}

# hides PATTERN: nothing that fits it stands in the store, the log, or what any run of this test said.
hides() {
	local where
	where=$(grep -rlE -- "$1" "$store" "$place/told" "$place/log" 2>/dev/null) || return 0
	fail "it is shown in $where"
}

# tree [DIRECTORY]: all that can be told of it, for comparisons.
tree() {
	(cd "${1:-$store}" && find . -printf '%p %M %u %g %s %T@ %C@ %l\n' | sort && find . -type f -exec sha256sum {} + | sort)
}
