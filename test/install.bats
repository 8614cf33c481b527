#!/usr/bin/env bats
# make install and uninstall: everything lands in its usual place, and what was installed works where it lies.
bats_require_minimum_version 1.5.0

setup() {
	root=$BATS_TEST_DIRNAME/..
	build=${CSAPI_BUILD:-$root/build}
	dest=$BATS_TEST_TMPDIR/dest
	# A scanner that runs on this machine takes no part.
	export CSAPI_SOCKET=$BATS_TEST_TMPDIR/none
}

# `-o all`: install what is built. Nothing may be built anew below the feet of the other tests.
install_to_dest() { # TARGET [VARIABLE=VALUE]...
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$root" -o all B="$build" DESTDIR="$dest" "$@"
}

@test "everything lands in its usual place, readable by all" {
	install_to_dest install PREFIX=/usr
	cd "$dest/usr"
	[ -x bin/csapi-scan ]
	[ -x bin/csapi-version ]
	[ -x bin/csapi-limits ]
	[ -x sbin/csapi-scanner ]
	[ -x sbin/csapi-update ]
	[ -x libexec/csapi/csapi-worker ]
	[ -x libexec/csapi/csapi-fetch ]
	[ -f share/csapi/definitions/csapi-test.ndb ]
	[ -f share/csapi/schema/verdict-1.schema.json ]
	[ -f share/csapi/samples/clean.eml ]
	[ -f include/csapi.h ]
	[ -f lib/pkgconfig/libcsapi.pc ]
	[ -f lib/libcsapi.a ]
	[ "$(readlink lib/libcsapi.so)" = libcsapi.so.1 ]
	[ -f "lib/$(readlink lib/libcsapi.so.1)" ]
	[ -f share/csapi/lua/validate_data.lua ]
	for module in "$build"/lua/5.*/msys/av.so; do
		[ ! -e "$module" ] || [ -f "lib/lua/${module#"$build"/lua/}" ]
	done
	for page in csapi.3 msys.av.3 csapi-scan.1 csapi-version.1 csapi-limits.1 csapi-protocol.5 csapi-codes.7 csapi-scanner.8 csapi-update.8; do
		[ -f "share/man/man${page##*.}/$page" ]
	done
	for program in csapi-scan csapi-scanner csapi-update csapi-version csapi-limits; do
		[ -f "share/bash-completion/completions/$program" ]
		[ -f "share/zsh/site-functions/_$program" ]
		[ -f "share/fish/vendor_completions.d/$program.fish" ]
	done
	run -0 find . ! -perm -go+r
	[ -z "$output" ]
}

# What runs by itself is for the administrator to switch on.
@test "files for cron and logrotate lie among the examples, and nothing is put into /etc or /var" {
	install_to_dest install PREFIX=/usr sbindir=/srv/sbin bindir=/srv/bin
	run -0 ls "$dest"
	[ "$output" = $'srv\nusr' ]
	examples=$dest/usr/share/csapi/examples
	[ -f "$examples/cron/csapi-update" ]
	[ -f "$examples/logrotate/csapi" ]
	[ -f "$examples/csapi.conf.example" ]
	run -1 grep -r '@[a-z]*dir@' "$examples"
	run -0 grep -c '/srv/s\?bin/csapi-' "$examples/cron/csapi-update" "$examples/logrotate/csapi"
}

# Also those that are commented out: who needs one takes away the sign alone.
@test "every line of the file for cron is a job of the user csapi that the programs understand" {
	install_to_dest install
	jobs=0
	while read -r job; do
		[[ $job =~ ^([-0-9*/,]+\ ){5}csapi\ (/usr/local/s?bin/csapi-[a-z]+.*)$ ]]
		command=${BASH_REMATCH[2]//\/usr\/local/$dest/usr/local}
		# Its options are good, and nothing is done.
		sh -c "${command%%>*} --help" >/dev/null
		jobs=$((jobs + 1))
	done < <(sed -n 's/^#\?\([0-9*].*csapi .*\)/\1/p' "$dest/usr/local/share/csapi/examples/cron/csapi-update")
	[ "$jobs" -ge 5 ]
}

@test "recipes name the programs and each other where they were installed" {
	install_to_dest install PREFIX=/opt/csapi bindir=/srv/bin
	recipes=$dest/opt/csapi/share/csapi/recipes
	for name in procmail/csapi.rc procmail/csapi-variables.rc maildrop/csapi.mailfilter sieve/csapi_process.sieve sieve/dovecot.conf; do
		[ -f "$recipes/$name" ]
	done
	[ -x "$recipes/cron/csapi-nightly" ]
	[ -x "$recipes/shell/deliver" ]
	run -1 grep -rE '/usr/share/csapi|/usr/bin/csapi' "$recipes"
	for name in procmail/csapi.rc procmail/csapi-variables.rc maildrop/csapi.mailfilter cron/csapi-nightly shell/deliver; do
		grep -qE 'CSAPI_SCAN(:-|=")/srv/bin/csapi-scan' "$recipes/$name"
	done
	grep -q '^#   INCLUDERC=/opt/csapi/share/csapi/recipes/procmail/csapi.rc$' "$recipes/procmail/csapi.rc"
}

@test "single directories can be moved" {
	install_to_dest install PREFIX=/opt/csapi sbindir=/srv/sbin mandir=/srv/man
	[ -x "$dest/srv/sbin/csapi-scanner" ]
	[ -f "$dest/srv/man/man1/csapi-scan.1" ]
	[ -x "$dest/opt/csapi/bin/csapi-scan" ]
	[ ! -e "$dest/opt/csapi/sbin/csapi-scanner" ]
}

@test "the installed csapi-scan finds the installed scanner, worker and definitions" {
	install_to_dest install
	cd "$dest"
	there=$(pwd -P)/usr/local
	run -1 --separate-stderr usr/local/bin/csapi-scan "$there/share/csapi/samples/eicar-in-nested-zip.eml"
	[ -z "$stderr" ]
	[[ $output == '{"status":"EC_AV_INFECTED"'* ]]
	run -1 --separate-stderr usr/local/bin/csapi-scan --definitions "$there/share/csapi/definitions" \
		"$there/share/csapi/samples/eicar-in-nested-zip.eml"
	[[ $output == *"$there/share/csapi/definitions"* ]]
	run -0 usr/local/bin/csapi-scan "$there/share/csapi/samples/clean.eml"
	[[ $output == '{"status":"EC_AV_CLEAN"'* ]]
}

@test "an installed csapi-scan without its worker gives an error and no clean verdict" {
	install_to_dest install
	rm "$dest/usr/local/libexec/csapi/csapi-worker"
	[ ! -e /usr/local/libexec/csapi/csapi-worker ] || skip "csapi is installed on this machine as well"
	run -2 --separate-stderr "$dest/usr/local/bin/csapi-scan" "$dest/usr/local/share/csapi/samples/clean.eml"
	[[ $output == '{"status":"EC_AV_ERROR"'* ]]
}

@test "uninstall leaves no file behind, and nothing of others is touched" {
	mkdir -p "$dest/usr/local/bin"
	echo other >"$dest/usr/local/bin/other"
	install_to_dest install
	install_to_dest uninstall
	run -0 find "$dest" ! -type d
	[ "$output" = "$dest/usr/local/bin/other" ]
	[ ! -e "$dest/usr/local/share/csapi" ]
	[ ! -e "$dest/usr/local/libexec/csapi" ]
}
