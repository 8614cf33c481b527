# postfix.bash - a Postfix of its own for tests: in a directory, on ports of the loopback, ended by stop_postfix.
# shellcheck shell=bash disable=SC2154

# Postfix needs root's rights to become its own user, and the filter's.
need_postfix() {
	as_root || skip "Postfix runs as root only"
	need_mail_programs postfix
}

# start_postfix: with the lines of $main and $master (files) added to the least that it needs; leaves $queue, $mailboxes, $maillog.
start_postfix() {
	local directory _
	postfix=$programs/usr/lib/postfix/sbin queue=$place/queue mailboxes=$place/mailboxes maillog=$place/maillog
	mkdir -p "$place/postfix" "$queue/pid" "$place/data" "$mailboxes"
	for directory in active bounce corrupt defer deferred flush hold incoming maildrop private public saved trace; do
		mkdir -p "$queue/$directory"
		"${with[@]}" chown postfix "$queue/$directory"
		chmod 700 "$queue/$directory"
	done
	"${with[@]}" chown postfix "$place/data"
	"${with[@]}" chown filter "$mailboxes"
	# Unpacked, postdrop has no rights of a group; these take their place.
	chmod 1777 "$queue/maildrop"
	chmod 711 "$queue/public"
	chmod 755 "$place" "$place/postfix" "$queue"
	cat >"$place/postfix/main.cf" - "$main" <<-END
		compatibility_level = 3.6
		config_directory = $place/postfix
		queue_directory = $queue
		data_directory = $place/data
		daemon_directory = $postfix
		command_directory = $programs/usr/sbin
		shlib_directory = $programs/usr/lib/postfix
		meta_directory = $place/postfix
		maillog_file = $maillog
		maillog_file_prefixes = $place
		import_environment = MAIL_CONFIG LANG TZ ${kept[*]}
		export_environment = MAIL_CONFIG LANG TZ ${kept[*]}
		mail_owner = postfix
		setgid_group = postdrop
		default_privs = filter
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		myhostname = mx.example.org
		mynetworks = 127.0.0.0/8
		mydestination =
		alias_maps =
		virtual_mailbox_domains = example.org, example.net
		virtual_mailbox_base = $mailboxes
		virtual_mailbox_maps = inline:{user@example.org=user/, other@example.org=other/, sender@example.net=sender/}
		virtual_uid_maps = static:$("${with[@]}" id -u filter)
		virtual_gid_maps = static:$("${with[@]}" id -g filter)
		smtputf8_enable = no
		in_flow_delay = 0
	END
	cat >"$place/postfix/master.cf" - "$master" <<-END
		pickup unix n - n 1 1 pickup
		cleanup unix n - n - 0 cleanup
		qmgr unix n - n 300 1 qmgr
		rewrite unix - - n - - trivial-rewrite
		bounce unix - - n - 0 bounce
		defer unix - - n - 0 bounce
		trace unix - - n - 0 bounce
		flush unix n - n 1000? 0 flush
		proxymap unix - - n - - proxymap
		error unix - - n - - error
		retry unix - - n - - error
		discard unix - - n - - discard
		virtual unix - n n - - virtual
		anvil unix - - n - 1 anvil
		postlog unix-dgram n - n - 1 postlogd
	END
	touch "$place/postfix/dynamicmaps.cf"
	MAIL_CONFIG=$place/postfix "${with[@]}" "$postfix/master" -c "$place/postfix" -d >"$place/master.log" 2>&1 3>&- &
	postfix_master=$!
	for _ in {1..200}; do
		[ -S "$queue/public/pickup" ] && grep -qs 'daemon started' "$maillog" && return
		alive "$postfix_master" || break
		sleep 0.05
	done
	fail "Postfix does not start: $(cat "$place/master.log" "$maillog" 2>/dev/null)"
}

stop_postfix() {
	[ -n "${postfix_master-}" ] || return 0
	kill -TERM "$postfix_master" 2>/dev/null || true
	gone "$postfix_master" || kill -KILL -- "$postfix_master"
	postfix_master=
}

# settled: all mail is where it stays for now: delivered, deferred, kept or gone.
settled() {
	local _
	for _ in {1..400}; do
		[ -n "$(find "$queue/maildrop" "$queue/incoming" "$queue/active" -type f)" ] || return 0
		sleep 0.05
	done
	fail "the queue does not come to rest: $(tail -n 5 "$maillog")"
}
