#!/usr/bin/env bats
# peers.bats - programs that speak clamd's protocol ask our scanner by it, unchanged. Not part of `make check`, see `make check-peers`.

bats_require_minimum_version 1.5.0
load ../helper
load ../clamd
load ../recipe_smtp

setup_file() {
	[ -n "${CSAPI_PEERS-}" ] || return 0
	open_file
	make_messages
}

setup() {
	[ -n "${CSAPI_PEERS-}" ] || skip "make check-peers runs it"
	place=$BATS_TEST_TMPDIR
	mail=$BATS_FILE_TMPDIR/mail
	chmod a+x "$BATS_RUN_TMPDIR" "$place"
	"$ROOT/scripts/test-mail-programs" "$BUILD/mail-peers" peers || skip "the programs cannot be had here (no network, or no Debian)"
	peers=$BUILD/mail-peers
	# CSAPI_PEER=clamd tries the tests themselves, on a real clamd.
	start_peer "${CSAPI_PEER:-csapi}"
}

teardown() {
	[ -z "${server-}" ] || kill -TERM "$server" 2>/dev/null || true
	[ -z "${server-}" ] || gone "$server" || kill -KILL "$server"
	stop_peer
}

await_port() {
	local _
	for _ in {1..200}; do
		! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || return 0
		alive "$server" || break
		sleep 0.05
	done
	fail "it does not start: $(tail -n 20 "$place"/*.log)"
}

# icap FILE: what the server says of it.
icap() {
	run env LD_LIBRARY_PATH="$peers/lib" "$peers/icap/usr/bin/c-icap-client" -i 127.0.0.1 -p "$port" -s virus_scan -f "$1" -v -o "$place/out.$((++asked))"
}

@test "c-icap: clean passes, infected does not, and nothing passes without the scanner" {
	local modules
	port=$(free_port)
	modules=$(echo "$peers"/icap/usr/lib/*/c_icap)
	mkdir "$place/tmp"
	cat >"$place/c-icap.conf" <<-END
		PidFile $place/pid
		CommandsSocket $place/commands
		Port 127.0.0.1:$port
		StartServers 1
		MaxServers 1
		TmpDir $place/tmp
		ModulesDir $modules
		ServicesDir $modules
		TemplateDir $peers/icap/usr/share/c_icap/templates/
		LoadMagicFile $peers/icap/etc/c-icap/c-icap.magic
		ServerLog $place/server.log
		AccessLog $place/access.log
		Service virus_scan virus_scan.so
		virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE
		virus_scan.SendPercentData 0
		virus_scan.PassOnError off
		virus_scan.DefaultEngine clamd
		Module common clamd_mod.so
		clamd_mod.ClamdSocket $peer_socket
	END
	env LD_LIBRARY_PATH="$peers/lib" "$peers/icap/usr/bin/c-icap" -N -f "$place/c-icap.conf" >"$place/out.log" 2>&1 3>&- &
	server=$!
	await_port "$port"
	icap "$mail/clean"
	[[ $output == *"ICAP/1.0 20"* && $output != *Infection* ]] && cmp "$mail/clean" "$place/out.1" || fail "clean"
	icap "$mail/infected"
	[[ $output == *"X-Infection-Found:"*Eicar-Test-Signature* ]] || fail "infected"
	stop_peer
	icap "$mail/infected"
	[[ $output != *"ICAP/1.0 20"* ]] && ! cmp -s "$mail/infected" "$place/out.3" || fail "without the scanner"
}

# rspamd FILE: the symbols that its antivirus module gives, with what they say.
rspamd() {
	run bash -c "curl -sS --data-binary @'$1' http://127.0.0.1:$port/checkv2 | jq -rc '[.symbols[] | select(.name | startswith(\"CLAM_\")) | .name, .options[]?]'"
}

@test "rspamd: infected, encrypted and failed have each their symbol" {
	local here=$peers/rspamd/usr/share/rspamd
	printf "com\norg\nnet\n" >"$place/tld"
	port=$(free_port)
	cat >"$place/rspamd.conf" <<-END
		lua = "$here/rules/rspamd.lua";
		options { pidfile = "$place/pid"; url_tld = "$place/tld"; filters = ""; dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; } temp_dir = "$place"; hs_cache_dir = "$place"; }
		logging { type = "console"; level = "info"; }
		worker "normal" { bind_socket = "127.0.0.1:$port"; count = 1; }
		modules { path = "$here/plugins/antivirus.lua"; }
		antivirus { clamav { type = "clamav"; servers = "127.0.0.1:$peer_port"; symbol = "CLAM_VIRUS"; scan_mime_parts = false; timeout = 2; retransmits = 1; } }
	END
	env LD_LIBRARY_PATH="$peers/lib:$peers/rspamd/usr/lib/rspamd" "$peers/rspamd/usr/bin/rspamd" -f -i --insecure -c "$place/rspamd.conf" \
		--var=RULESDIR="$here/rules" --var=LUALIBDIR="$here/lualib" --var=SHAREDIR="$here" --var=PLUGINSDIR="$here/plugins" \
		--var=CONFDIR="$peers/rspamd/etc/rspamd" --var=DBDIR="$place" --var=RUNDIR="$place" >"$place/out.log" 2>&1 3>&- &
	server=$!
	await_port "$port"
	rspamd "$mail/clean"
	[ "$output" = "[]" ] || fail "clean"
	rspamd "$mail/infected"
	[[ $output == '["CLAM_VIRUS","Eicar-Test-Signature'* ]] || fail "infected"
	rspamd "$mail/encrypted"
	[[ $output == '["CLAM_VIRUS_ENCRYPTED",'* ]] || fail "encrypted"
	stop_peer
	rspamd "$mail/forged"
	[[ $output == '["CLAM_VIRUS_FAIL",'* ]] || fail "without the scanner"
}
