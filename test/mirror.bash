# mirror.bash - a mirror on the loopback for tests: see mirror.py for what it can do wrong.
# shellcheck shell=bash disable=SC2034,SC2154

# start_mirror [NAME [OPTION]...]: serves $BATS_TEST_TMPDIR/NAME (default "mirror"), which is made with ClamAV's test databases
# as version 6 unless it is there. Leaves its URL in $mirror. Faults and its log have the mirror's name: fault, asked.
start_mirror() {
	local name=${1:-mirror} scheme=http _
	local there=$BATS_TEST_TMPDIR/$name
	shift || true
	[[ " $* " != *" --tls="* ]] || scheme=https
	if [ ! -d "$there" ]; then
		test_databases
		mkdir -p "$there"
		cp "$TEST_DATABASES"/test-* "$there/"
		mirror_version 6 "$name"
	fi
	rm -f "$there.port"
	/usr/bin/python3 "$ROOT/test/mirror.py" --directory="$there" --port-file="$there.port" --control="$there.faults" \
		--log="$there.log" "$@" >/dev/null 2>"$there.errors" 3>&- &
	mirrors+=("$!")
	for _ in {1..400}; do
		[ ! -e "$there.port" ] || break
		sleep 0.02
	done
	mirror=$scheme://127.0.0.1:$(cat "$there.port")
}

# Every file that uses this calls it in teardown.
stop_mirrors() {
	[ -z "${mirrors-}" ] || kill "${mirrors[@]}" 2>/dev/null || true
	[ -z "${mirrors-}" ] || wait "${mirrors[@]}" 2>/dev/null || true
	mirrors=()
}

# mirror_version N [NAME]: it has version N of the database `test`, and the increments up to it.
mirror_version() {
	local there=$BATS_TEST_TMPDIR/${2:-mirror} n
	cp "$TEST_DATABASES/test-$1.cvd" "$there/test.cvd"
	for n in 2 3 4 5 6; do
		rm -f "$there/test-$n.cdiff"
		[ "$n" -gt "$1" ] || cp "$TEST_DATABASES/test-$n.cdiff" "$there/"
	done
}

# fault_at NAME [RULE]...: the rules of that mirror from now on; none: it behaves.
fault_at() {
	local file=$BATS_TEST_TMPDIR/$1.faults
	shift
	printf '%s\n' "$@" | jq -cs . >"$file.new"
	mv "$file.new" "$file"
}

# The same for the mirror named "mirror".
fault() {
	fault_at mirror "$@"
}

# rule DO [KEY=JSON]...: a rule of mirror.py, for fault.
rule() {
	local what=$1
	shift
	jq -nc --arg do "$what" '{do: $do}'"$(printf ' + {%s}' "${@/=/:}")"
}

# A certificate for 127.0.0.1 of an authority of our own: $BATS_TEST_TMPDIR/ca.pem and server.pem.
make_certificate() {
	(cd "$BATS_TEST_TMPDIR" &&
		openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 2 &&
		openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=127.0.0.1 &&
		openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.crt \
			-extfile <(echo subjectAltName=IP:127.0.0.1) && cat server.crt server.key >server.pem) 2>/dev/null
}

# asked [FILTER [NAME]]: how many of the requests that the mirror got fit the jq filter.
asked() {
	local file=$BATS_TEST_TMPDIR/${2:-mirror}.log
	[ -e "$file" ] || file=/dev/null
	jq -s "[.[] | select(${1:-true})] | length" "$file"
}
