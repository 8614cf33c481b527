#!/bin/bash
# cache.sh - what the cache of verdicts gains on a mass mailing, and what it costs where no message comes twice.
#
#   test/bench/cache.sh [BUILD [COPIES [ROUNDS]]]
#
# One scanner with the cache and one without, on the definitions shipped; they take turns, ROUNDS times, and the medians of the same
# run are compared. Prints a Markdown table of ratios. Called by `make bench-cache`.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$root/build}" && pwd) copies=${2:-2000} rounds=${3:-5}
place=$(mktemp -d)
scanners=
end() {
	# shellcheck disable=SC2086 # several
	[ -z "$scanners" ] || kill $scanners 2>/dev/null || true
	wait
	rm -rf "$place"
}
trap end EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$place"

mail() { # NUMBER: some 50 KB, as a newsletter with a picture
	printf 'Subject: news %s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nDear reader %s\n--b\n' "$1" "$1"
	printf 'Content-Type: image/png; name=news.png\nContent-Transfer-Encoding: base64\n\n'
	base64 "$place/picture"
	printf -- '--b--\n'
}
head -c 36000 /dev/urandom >"$place/picture"
mail 0 >"$place/mail"
for ((i = 0; i < copies; i++)); do printf '%s\0' "$place/mail"; done >"$place/same"
mkdir "$place/different"
for ((i = 0; i < copies / 2; i++)); do
	mail $i >"$place/different/$i"
	printf '%s\0' "$place/different/$i"
done >"$place/others"

for kind in on off; do
	size=1000
	[ $kind = on ] || size=0
	mkdir -m 777 "$place/$kind"
	"$build/csapi-scanner" --listen="$place/$kind.sock" --definitions="$root/share/definitions" --file-base="$place/$kind" \
		--cache-size=$size --scanner-log=none &
	scanners+=" $!"
	until "$build/csapi-scanner" status --socket="$place/$kind.sock" >/dev/null 2>&1; do sleep 0.05; done
done

ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
run() { # KIND WHAT: milliseconds
	local begin i
	begin=$(ms)
	case $2 in
	each) for ((i = 0; i < copies / 4; i++)); do "$build/csapi-scan" --quiet --socket="$place/$1.sock" "$place/mail"; done ;;
	*) "$build/csapi-scan" --quiet --no-progress --socket="$place/$1.sock" --files0-from="$place/$2" ;;
	esac
	echo $(($(ms) - begin))
}
median() { sort -n | sed -n "$(((rounds + 1) / 2))p"; }

echo "| messages | cache on, in units of cache off |"
echo "| --- | --- |"
for what in same each others; do
	for ((round = 0; round < rounds; round++)); do
		# Nothing that was seen in the round before may help, and both begin anew.
		if [ $what = others ]; then
			for kind in on off; do "$build/csapi-scanner" reload --socket="$place/$kind.sock" >/dev/null; done
		fi
		run on $what >>"$place/on.$what"
		run off $what >>"$place/off.$what"
	done
	on=$(median <"$place/on.$what") off=$(median <"$place/off.$what")
	case $what in
	same) text="$copies copies of one mail of 50 KB, in one call" ;;
	each) text="$((copies / 4)) copies of it, one call each" ;;
	others) text="$((copies / 2)) mails that differ, in one call" ;;
	esac
	awk -v text="$text" -v on="$on" -v off="$off" 'BEGIN { printf "| %s | %.2f |\n", text, on / off }'
done
"$build/csapi-scanner" stats --socket="$place/on.sock" | sed -n '/^Cache/,/hit rate/p' >&2
