#!/usr/bin/env bats
# The units in share/systemd, as installed: systemd understands them, they are hardened, and user and directories come to be.
# How the service behaves under systemd's protocols (activation, notification) is in service.bats.
bats_require_minimum_version 1.5.0
load helper.bash
load mirror.bash

setup_file() {
	root=$BATS_TEST_DIRNAME/..
	export dest=$BATS_FILE_TMPDIR/dest
	# `-o all`: what is built, and nothing is built below the feet of the other tests.
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$root" -o all B="${CSAPI_BUILD:-$root/build}" \
		DESTDIR="$dest" install PREFIX=/usr sbindir=/usr/libexec/elsewhere
	export units=$dest/usr/lib/systemd/system user_units=$dest/usr/lib/systemd/user
}

requires() { # PROGRAM
	command -v "$1" >/dev/null || skip "no $1"
}

# unit_value FILE KEY: the last value of a setting.
unit_value() {
	sed -n "s/^$2=//p" "$1" | tail -n 1
}

@test "units, user and directories are installed, and name the programs where they lie" {
	for dir in "$units" "$user_units"; do
		[ -f "$dir/csapi-scanner.socket" ]
		[[ $(unit_value "$dir/csapi-scanner.service" ExecStart) == "/usr/libexec/elsewhere/csapi-scanner "* ]]
		[[ $(unit_value "$dir/csapi-scanner.service" ExecReload) == "/usr/libexec/elsewhere/csapi-scanner reload "* ]]
	done
	[ "$(unit_value "$units/csapi-update.service" ExecStart)" = \
		"/usr/libexec/elsewhere/csapi-update --if-older-than=auto --quiet" ]
	[ -f "$units/csapi-update.timer" ]
	[ -f "$dest/usr/lib/sysusers.d/csapi.conf" ]
	[ -f "$dest/usr/lib/tmpfiles.d/csapi.conf" ]
	run -1 grep -r '@[a-z]*dir@' "$units" "$user_units"
	run -0 find "$dest" ! -perm -go+r
	[ -z "$output" ]
}

@test "socket, reload command and the client's default path are the same" {
	path=$(unit_value "$units/csapi-scanner.socket" ListenStream)
	[ "$path" = /run/csapi/scanner.sock ]
	[[ $(unit_value "$units/csapi-scanner.service" ExecReload) == *" --socket=$path" ]]
	path=$(unit_value "$user_units/csapi-scanner.socket" ListenStream)
	[ "$path" = %t/csapi/scanner.sock ]
	[[ $(unit_value "$user_units/csapi-scanner.service" ExecReload) == *" --socket=$path" ]]
	[ "$(unit_value "$user_units/csapi-scanner.socket" SocketMode)" = 0600 ]
}

# systemd looks for the programs and for units that ours name: they are given to it in a root of their own.
@test "systemd finds nothing to complain about in the units" {
	requires systemd-analyze
	for dir in "$units" "$user_units"; do
		where=$BATS_TEST_TMPDIR/$(basename "$dir")
		mkdir -p "$where"
		sed "s|/usr/libexec/elsewhere|$dest&|" "$dir/csapi-scanner.service" >"$where/csapi-scanner.service"
		cp "$dir/csapi-scanner.socket" "$where"
		manager=$([ "$dir" = "$units" ] || echo --user)
		XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR run -0 systemd-analyze $manager verify --man=no --recursive-errors=no \
			"$where/csapi-scanner.service" "$where/csapi-scanner.socket"
		[ -z "$output" ]
	done
}

@test "nor in those of updates, and the timer fires" {
	requires systemd-analyze
	[ -x "$dest/usr/libexec/elsewhere/csapi-update" ]
	sed "s|/usr/libexec/elsewhere|$dest&|" "$units/csapi-update.service" >"$BATS_TEST_TMPDIR/csapi-update.service"
	cp "$units/csapi-update.timer" "$BATS_TEST_TMPDIR"
	run -0 systemd-analyze verify --man=no --recursive-errors=no "$BATS_TEST_TMPDIR/csapi-update.service" \
		"$BATS_TEST_TMPDIR/csapi-update.timer"
	[ -z "$output" ]
	run -0 systemd-analyze calendar "$(unit_value "$units/csapi-update.timer" OnCalendar)"
	[[ $output == *"Next elapse: "* ]]
}

# Exit statuses as csapi-update has them: the timer is no reason for alarm while there is nothing to do, and is one when anything fails.
@test "an update that is not needed is no failure" {
	[ "$(unit_value "$units/csapi-update.service" SuccessExitStatus)" = "1 9" ]
	for words in '"current", 1' '"not_due", 9'; do
		grep -q "$words" "$BATS_TEST_DIRNAME/../lib/verdict/update_outcome.def"
	done
}

@test "updates run as the scanner's user, who owns the definitions; the scanner's service cannot write there" {
	for key in User Group; do
		[ "$(unit_value "$units/csapi-update.service" $key)" = csapi ]
		[ "$(unit_value "$units/csapi-scanner.service" $key)" = csapi ]
	done
	[ "$(unit_value "$units/csapi-update.service" StateDirectory)" = csapi/definitions ]
	for unit in csapi-update csapi-scanner; do
		[ "$(unit_value "$units/$unit.service" ProtectSystem)" = strict ]
	done
	run -1 grep -E '^(StateDirectory|ReadWritePaths|LogsDirectory|CacheDirectory|ConfigurationDirectory)=' "$units/csapi-scanner.service"
	# Readable by the scanner and by everybody's csapi-scan.
	[ "$(unit_value "$units/csapi-update.service" UMask)" = 0022 ]
	[ "$(unit_value "$units/csapi-update.service" StateDirectoryMode)" = 0755 ]
}

@test "a unit with a mistake in it is complained about" {
	requires systemd-analyze
	sed "s|/usr/libexec/elsewhere|$dest&|; s/^RestrictRealtime=yes/RestrictRealtimes=yes/" \
		"$units/csapi-scanner.service" >"$BATS_TEST_TMPDIR/csapi-scanner.service"
	cp "$units/csapi-scanner.socket" "$BATS_TEST_TMPDIR"
	run systemd-analyze verify --man=no --recursive-errors=no "$BATS_TEST_TMPDIR/csapi-scanner.service"
	[[ $output == *RestrictRealtimes* ]]
}

@test "the exposure of the system's service is at most 1.0 of 10" {
	requires systemd-analyze
	systemd-analyze security --help | grep -q -e --offline || skip "systemd before 250"
	cp "$units/csapi-scanner.service" "$BATS_TEST_TMPDIR"
	# --threshold counts in tenths.
	run -0 systemd-analyze security --offline=true --no-pager --threshold=10 "$BATS_TEST_TMPDIR/csapi-scanner.service"
	[[ $output == *"Overall exposure level for csapi-scanner.service: "[01].* ]]
}

# It has a network, which counts for more than half of it.
@test "the exposure of the updates is at most 1.7 of 10" {
	requires systemd-analyze
	systemd-analyze security --help | grep -q -e --offline || skip "systemd before 250"
	cp "$units/csapi-update.service" "$BATS_TEST_TMPDIR"
	run -0 systemd-analyze security --offline=true --no-pager --threshold=17 "$BATS_TEST_TMPDIR/csapi-update.service"
	[[ $output == *"Overall exposure level for csapi-update.service: "[01].* ]]
}

# Those that a worker needs for its walls must be in the unit's filter, or systemd would take them away.
@test "the filters of the services leave what the sandbox is made with" {
	for unit in csapi-scanner csapi-update; do
		filter=$(sed -n 's/^SystemCallFilter=//p' "$units/$unit.service" | tr '\n' ' ')
		for call in landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp capset; do
			[[ " $filter " == *" $call "* ]]
		done
	done
	[[ $(unit_value "$units/csapi-scanner.service" ExecStart) == *--no-namespaces* ]]
	[ "$(unit_value "$units/csapi-scanner.service" RestrictNamespaces)" = yes ]
	[[ $(unit_value "$user_units/csapi-scanner.service" ExecStart) != *--no-namespaces* ]]
	run -1 grep RestrictNamespaces= "$user_units/csapi-scanner.service"
}

teardown() {
	stop_mirrors
	stop_scanner
}

# What runs a program behind a unit's filter, and as nobody special: leaves it in $filtered. behind UNIT
behind() {
	programs=$(programs_within_reach)
	filtered=(/usr/bin/python3 "$(within_reach "$BATS_TEST_DIRNAME/unit_filter.py")" "$units/$1")
	! as_root || filtered=(setpriv --reuid=65534 --regid=65534 --clear-groups "${filtered[@]}")
}

requires_filter() {
	requires systemd-analyze
	systemd-analyze syscall-filter @system-service >/dev/null 2>&1 || skip "systemd does not list its groups"
	! sanitized || skip "a sanitizer needs more than the unit allows"
	! as_root || chmod a+x "$BATS_RUN_TMPDIR"
	! as_root || chown 65534 "$BATS_TEST_TMPDIR"
}

@test "behind its filter an update fetches, patches, verifies and loads" {
	requires_filter
	behind csapi-update.service
	start_mirror
	touch "$BATS_TEST_TMPDIR/csapi.conf"
	for version in 4 6; do
		mirror_version $version
		run --separate-stderr "${filtered[@]}" "$programs/csapi-update" --config="$BATS_TEST_TMPDIR/csapi.conf" \
			--directory="$BATS_TEST_TMPDIR/store" -o "private_mirrors=$mirror" -o databases=test --no-reload --format=json
		[ "$status" -eq 0 ] || fail "version $version"
		is '.sources[0].outcome + " \(.sources[0].after)"' "updated $version"
	done
	is '.sources[0].incremental' true
	is '.definitions.files[0].trust' signed
}

@test "behind its filter the scanner is isolated as promised, and finds" {
	requires_filter
	scanner_base=$BATS_TEST_TMPDIR/base scanner_log=$BATS_TEST_TMPDIR/log socket=$BATS_TEST_TMPDIR/s
	behind csapi-scanner.service
	mkdir -m 777 "$scanner_base"
	"${filtered[@]}" "$programs/csapi-scanner" --no-namespaces --listen="$socket" --definitions="$(within_reach "$DEFINITIONS")" \
		--file-base="$scanner_base" --timeout=60 >"$scanner_log" 2>&1 3>&- &
	scanner=$!
	await_scanner
	run -0 --separate-stderr "$BUILD/csapi-scanner" status --socket="$socket" --format=json
	is .degraded false
	run --separate-stderr "$SCAN" --socket="$socket" "$ROOT/share/samples/eicar-in-nested-zip.eml"
	is_infected Eicar-Test-Signature
}

@test "the user comes to be" {
	requires systemd-sysusers
	[ "$(id -u)" -eq 0 ] || skip "not root"
	mkdir -p "$BATS_TEST_TMPDIR/root/etc"
	systemd-sysusers --root="$BATS_TEST_TMPDIR/root" "$dest/usr/lib/sysusers.d/csapi.conf"
	run -0 grep ^csapi: "$BATS_TEST_TMPDIR/root/etc/passwd"
	[[ $output == csapi:*:/usr/sbin/nologin ]]
	[ "$(cut -d: -f3 <<<"$output")" -lt 1000 ]
	grep -q ^csapi: "$BATS_TEST_TMPDIR/root/etc/group"
}

@test "the directories come to be, and belong to whom they should" {
	requires systemd-tmpfiles
	requires systemd-sysusers
	[ "$(id -u)" -eq 0 ] || skip "not root"
	mkdir -p "$BATS_TEST_TMPDIR/root/etc" "$BATS_TEST_TMPDIR/root/run" "$BATS_TEST_TMPDIR/root/var/lib" "$BATS_TEST_TMPDIR/root/var/log"
	systemd-sysusers --root="$BATS_TEST_TMPDIR/root" "$dest/usr/lib/sysusers.d/csapi.conf"
	systemd-tmpfiles --create --root="$BATS_TEST_TMPDIR/root" "$dest/usr/lib/tmpfiles.d/csapi.conf"
	user=$(sed -n 's/^csapi:[^:]*:\([0-9]*\):\([0-9]*\):.*/\1:\2/p' "$BATS_TEST_TMPDIR/root/etc/passwd")
	while read -r dir expected; do
		[ "$(stat -c '%u:%g %a' "$BATS_TEST_TMPDIR/root/$dir")" = "$expected" ]
	done <<-EOF
		run/csapi 0:0 755
		var/lib/csapi 0:0 755
		var/lib/csapi/definitions $user 755
		var/log/csapi $user 750
	EOF
}

# What `systemd-analyze verify` does not see: options of a mount know no %%, and the mount would fail; a SIGTERM to all processes would
# end workers in the middle of a message.
@test "the service can be started and stopped" {
	run -1 grep '^TemporaryFileSystem=.*%%' "$units/csapi-scanner.service"
	[ "$(unit_value "$units/csapi-scanner.service" KillMode)" = mixed ]
	[ "$(unit_value "$user_units/csapi-scanner.service" KillMode)" = mixed ]
}

@test "the service that was started may be reached by all, and its temporary files by none" {
	[ "$(unit_value "$units/csapi-scanner.socket" SocketMode)" = 0666 ]
	[ "$(unit_value "$units/csapi-scanner.service" UMask)" = 0077 ]
	[ "$(unit_value "$units/csapi-scanner.service" LimitCORE)" = 0 ]
	[ "$(unit_value "$user_units/csapi-scanner.service" LimitCORE)" = 0 ]
}
