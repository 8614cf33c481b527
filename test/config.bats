#!/usr/bin/env bats
# csapi.conf as the programs see it: where it is found, the example, the manual, and what is printed of it. The parser's own tests are
# in test/unit/config.c.
bats_require_minimum_version 1.5.0

setup() {
	root=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	build=$(cd "${CSAPI_BUILD:-$root/build}" && pwd)
	update=$build/csapi-update
	table=$root/lib/verdict/update_settings.def
	export HOME=$BATS_TEST_TMPDIR/home LC_ALL=C.UTF-8
	unset XDG_CONFIG_HOME CSAPI_CONFIG
	mkdir -p "$HOME/.config/csapi"
	umask 022
	cd "$BATS_TEST_TMPDIR" || return 1
	: >empty
}

# What is in force with the configuration FILE, without the line that names it.
in_force() {
	"$update" --check-config --config="$1" "${@:2}" | sed 1d
}

update_keys() {
	sed -n 's/^UPDATE_[A-Z]*(\([a-z_]*\),.*/\1/p' "$table"
}

feed_keys() {
	sed -n 's/^FEED_[A-Z]*(\([a-z_]*\),.*/\1/p' "$table"
}

@test "the example is read, and is all default" {
	diff <(in_force empty) <(in_force "$root/share/csapi.conf.example")
}

@test "what the example has in comments is the default, too" {
	# Every row that the table has, once; the feed stays a comment.
	sed 's/^\t#\([a-z_]* = \)/\t\1/' "$root/share/csapi.conf.example" >example
	grep -c '^	[a-z_]* = ' example >count
	[ "$(cat count)" -eq "$(update_keys | wc -l)" ]
	diff <(in_force empty) <(in_force example)
	# And the feed, as far as its rows can be empty.
	sed 's/^\t#\(.*\)/\t\1/; s/^\t\t#\([a-z_]* = \)/\t\t\1/; s/^\([^#]*url = \).*/\1"http:\/\/h\/example.ndb"/' "$root/share/csapi.conf.example" |
		sed '/^	 /d; /^	$/d' >whole
	in_force whole >got
	for key in $(feed_keys); do
		grep -Eq "^		(# )?$key( |\$)" got
	done
}

@test "the manual has every row, and mandoc nothing to say" {
	mandoc -Tlint -Wwarning "$root/man/csapi.conf.5"
	[ "$(update_keys | wc -l)" -ge 20 ]
	for key in $(update_keys) $(feed_keys); do
		grep -q "^.It Cm $key Pq " "$root/man/csapi.conf.5"
	done
}

@test "the configuration of the manual's examples is read" {
	awk '/^\.Bd -literal/ { inside = 1; next } /^\.Ed/ { if (text ~ /^update/) print text > ("manual-" ++n); text = ""; inside = 0 } inside { text = text $0 "\n" }' \
		"$root/man/csapi.conf.5"
	[ -e manual-2 ]
	for file in manual-*; do
		in_force "$file" >/dev/null
	done
}

@test "what is printed is a configuration that says the same" {
	cat >mine <<-'END'
		update {
			directory = "/with \"quotes\" \\ and \${HOME}"
			databases += {"test"}
			keep = 7
			reload = no
			user_agent = 'it''s'
			feed "one" { url = "http://h/one.ndb" header = "Accept: x" }
		}
	END
	sed -i "s/'it''s'/\"it's\"/" mine
	in_force mine >first
	grep -q 'keep *= 7 # sets' first
	in_force first >second
	diff <(grep -v 'header is set' first) <(grep -v 'header is not set' second)
}

@test "keys and passwords are not printed" {
	cat >secret <<-'END'
		update {
			private_mirrors = {"http://me:geheim1@h/x"}
			proxy = "http://me:geheim2@p:1"
			proxy_user = "me"
			proxy_password = "geheim3"
			feed "f" { url = "http://u:geheim4@h/{key}/f.ndb" key = "geheim5" header = "X-Key: geheim6" }
		}
	END
	chmod 0600 secret
	run -0 --separate-stderr "$update" --check-config --config=secret
	[ -z "$stderr" ]
	[[ $output != *geheim* ]]
	[[ $output == *'"http://h/x"'* ]]
	[[ $output == *"# key is set, and not shown"* ]]
	[[ $output == *"private_mirrors are asked instead of mirrors"* ]]
	chmod 0644 secret
	run -0 --separate-stderr "$update" --check-config --config=secret
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "csapi-update: secret can be read by everybody"*"key_file"*"chmod o-r" ]]
	run -2 --separate-stderr "$update" --check-config --config=secret -o keep=1
	[[ $output$stderr != *geheim* ]]
}

@test "where it is looked for" {
	echo 'update { keep = 3 }' >home/.config/csapi/csapi.conf
	mkdir -p xdg/csapi
	echo 'update { keep = 4 }' >xdg/csapi/csapi.conf
	echo 'update { keep = 5 }' >environment
	echo 'update { keep = 6 }' >option
	run -0 "$update" --check-config
	[ "${lines[0]}" = "# $HOME/.config/csapi/csapi.conf" ]
	[[ $output == *"keep             = 3 "* ]]
	export XDG_CONFIG_HOME=$PWD/xdg
	[[ $("$update" --check-config) == *"keep             = 4 "* ]]
	export CSAPI_CONFIG=environment
	[[ $("$update" --check-config) == *"keep             = 5 "* ]]
	[[ $("$update" --check-config --config=option) == *"keep             = 6 "* ]]
	[[ $("$update" --check-config --config=option -o keep=7 -o keep=8) == *"keep             = 8 "* ]]
	CSAPI_CONFIG=missing run -2 --separate-stderr "$update" --check-config
	[ "$stderr" = "csapi-update: cannot read missing: No such file or directory" ]
}

@test "a mistake is told once, with file, line, and what was meant" {
	printf '\n\nupdate {\n\tkepp = 3\n}\n' >wrong
	run -2 --separate-stderr "$update" --config=wrong
	[ -z "$output" ]
	[ "$stderr" = "csapi-update: wrong:4: unknown name kepp; did you mean keep?" ]
	printf 'update {\n\tkeep = 99\n}\n' >wrong
	run -2 --separate-stderr "$update" --config=wrong
	[ "$stderr" = "csapi-update: wrong:2: keep must be 2 to 20 sets, not 99" ]
	run -2 --separate-stderr "$update" --config=empty -o keep=99
	[ "$stderr" = "csapi-update: -o: keep must be 2 to 20 sets, not 99" ]
	run -2 --separate-stderr "$update" --config=empty -o kepp=3
	[ "$stderr" = "csapi-update: -o: there is no setting kepp; did you mean keep?" ]
	run -2 --separate-stderr "$update" --config=empty -o mirrors=here
	[[ $stderr == "csapi-update: empty: mirrors takes URLs"* ]]
}

@test "a file that includes itself does not hang" {
	echo 'include("self")' >self
	run -2 --separate-stderr timeout 10 "$update" --check-config --config=self
	[[ $stderr == "csapi-update: self:1: include is not taken"* ]]
}

@test "a pipe that nobody writes to does not hang" {
	mkfifo pipe
	run -2 --separate-stderr timeout 10 "$update" --check-config --config=pipe
	[ "$stderr" = "csapi-update: pipe is no regular file" ]
}
