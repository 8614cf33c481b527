#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown() { stop_scanner; }
teardown_file() { close_file; }

# Mail that is built to slip past scanners is named, and ordinary mail never is. The fixtures lie in evasion/REASON/ and
# evasion/innocent/; test/fixture/evasion.py writes them. None of them holds a virus.

reasons() {
	sed -n 's/^EVASION(\([A-Za-z0-9]*\),.*/\1/p' "$ROOT/lib/verdict/evasion.def"
}

# The fixtures that have each reason, and all reasons of the table; as a scan sees them: scan_evasions OPTION...
scan_evasions() {
	local folders
	mapfile -t folders < <(reasons | sed "s|^|$FIXTURES/evasion/|")
	[ "${#folders[@]}" -gt 10 ] || fail "where is the table?"
	scan -r "$@" "${folders[@]}"
}

@test "each reason of the table has at least two fixtures" {
	local reason
	for reason in $(reasons); do
		[ "$(find "$FIXTURES/evasion/$reason" -type f | wc -l)" -ge 2 ] || fail "$reason"
	done
	[ "$(find "$FIXTURES/evasion" -mindepth 1 -maxdepth 1 -type d | wc -l)" -eq "$(($(reasons | wc -l) + 1))" ]
}

@test "each is named by its reason, and is no virus by itself" {
	scan_evasions
	[ "$status" -ne 1 ] || fail "infected"
	holds '(.name | split("/")[-2]) as $reason | any(.evasions[]; .reason == $reason) and .viruses == []'
	holds 'all(.evasions[]; .text != "" and .part != null) and .evasions_omitted == 0'
}

@test "with --paranoid each is a virus by that name" {
	scan_evasions --paranoid
	[ "$status" -eq 1 ] || fail "not infected"
	holds '.status == "EC_AV_INFECTED" and .code == "AVS_RESULT_VIRUS_FOUND" and .engine == "csapi"'
	holds '([.evasions[] | [.part, "Heuristics.Evasion." + .reason]] | sort) == ([.viruses[] | [.part, .name]] | sort)'
	holds 'all(.viruses[]; .official == false) and .info == .viruses[0].name'
}

@test "ordinary mail and archives have none, also with --paranoid" {
	[ "$(find "$FIXTURES/evasion/innocent" -type f | wc -l)" -gt 80 ] || fail "where are they?"
	scan -r --paranoid "$FIXTURES/evasion/innocent"
	[ "$status" -ne 1 ] || fail "infected"
	holds '.evasions == [] and .viruses == []'
}

@test "nor have the ordinary fixtures, damaged and encrypted ones and the samples" {
	scan -r --paranoid "$FIXTURES"/{clean,formats,signatures} "$FIXTURES"/codes/{damaged,encrypted,split,mime} "$ROOT/share/samples"
	holds '.evasions == [] or (.name | endswith("/size.zip")) or (.name | endswith("/size.zip.eml"))'
}

@test "nor have ClamAV's own test files" {
	[ -d "$TESTFILES" ] || skip "the package clamav-testfiles is not installed"
	scan -r "$TESTFILES"
	holds '.evasions == []'
}

@test "a real virus is told beside the evasion, and comes first where its part does" {
	scan --paranoid "$FIXTURES/mime/engine-quoted-encoding.eml"
	is_infected Eicar-Test-Signature
	holds 'any(.viruses[]; .name == "Heuristics.Evasion.OddEncoding" and .part == "2/eicar.zip")'
}

@test "only what lies in the part asked for is told" {
	scan --paranoid --part=1 "$FIXTURES/evasion/OddEncoding/quoted.eml"
	is_clean
	holds '.evasions == []'
	scan --paranoid --part=2 "$FIXTURES/evasion/OddEncoding/quoted.eml"
	is_infected Heuristics.Evasion.OddEncoding
	scan --part=2/between.zip/a.txt "$FIXTURES/evasion/HiddenZipMember/between.zip.eml"
	is_clean
	holds '.evasions == []'
}

@test "--first-threat leaves what follows an evasion in a paranoid scan" {
	scan --paranoid --first-threat "$FIXTURES/evasion/HiddenZipMember/between.zip"
	is_infected Heuristics.Evasion.HiddenZipMember
	has_code DEC_RESULT_ABORTED_AFTER_FIRST_THREAT
}

@test "lines for people show the part with its evasion" {
	scan --format=text "$FIXTURES/evasion/HiddenZipMember/last.zip"
	[ "$status" -eq 0 ]
	[[ ${output} == *"0/h.txt"*"EC_AV_CLEAN evasion: HiddenZipMember"* ]] || fail "not shown"
	[[ $output != *"0/a.txt"* ]] || fail "a part without one"
}

@test "--explain knows each reason, and the name of its virus" {
	local reason
	for reason in $(reasons); do
		run -0 "$SCAN" --explain="$reason"
		[[ $output == "Heuristics.Evasion.$reason"* ]]
		run -0 "$SCAN" --explain="heuristics.evasion.$reason"
	done
}

@test "the manual and the schema have every reason" {
	local reason
	for reason in $(reasons); do
		grep -q "^.It Cm $reason\$" "$ROOT/man/csapi-codes.7"
		grep -q "\"$reason\"" "$ROOT/share/schema/verdict-1.schema.json"
	done
}

@test "a scanner that stays tells the same" {
	start_scanner
	run --separate-stderr "$SCAN" --no-progress --socket="$socket" --paranoid "$FIXTURES/evasion/BrokenField/type.eml"
	keep <<<"$output"
	is_infected Heuristics.Evasion.BrokenField
	run --separate-stderr "$SCAN" --no-progress --socket="$socket" "$FIXTURES/evasion/BrokenField/type.eml"
	keep <<<"$output"
	is_clean
	stop_scanner
}

# --- part by part ------------------------------------------------------------------------------------------------

@test "--mime-decompose gives each MIME part to the engine by itself, and finds the same" {
	local name
	for name in codes/eicar.eml clean/alternative.eml clean/forwarded.eml clean/zip.eml mime/both-rfc822.eml; do
		scan "$FIXTURES/$name"
		jq -S 'del(.times, .parts[].route)' <<<"$output" >"$BATS_TEST_TMPDIR/whole"
		holds 'any(.parts[]; .kind != "member" and (.route | startswith("engine")))'
		scan --mime-decompose "$FIXTURES/$name"
		jq -S 'del(.times, .parts[].route)' <<<"$output" >"$BATS_TEST_TMPDIR/parts"
		cmp "$BATS_TEST_TMPDIR"/{whole,parts} || fail "$name differs"
		holds 'all(.parts[] | select(.kind == "body" or .kind == "attachment" or .kind == "message");
			.route == "decomposer" or .route == "empty")'
		holds 'all(.parts[] | select(.kind == "member"); .route != "decomposer")'
	done
}

@test "--mime-decompose matches signatures that need the part alone" {
	scan --mime-decompose "$FIXTURES/signatures/Csapi-Test-Hash.eml"
	is_infected
	holds 'any(.viruses[]; .name == "Csapi-Test-Hash" and .part == "2/hash.bin")'
}
