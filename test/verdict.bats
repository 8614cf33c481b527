#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
load helper

setup_file() { open_file; }
teardown_file() { close_file; }

# The verdict itself: the seed's four values, what stands around them, exit statuses, single parts, the wire form.

@test "a clean message: the four values and exit status 0" {
	scan <"$FIXTURES/clean/plain.eml"
	is_clean
	is '.name' -
	is '.version | test("^1\\.")' true
}

@test "an infected message: the four values and exit status 1" {
	scan <"$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
	is '[.viruses[].name] | unique | length' 1
	is '.viruses[0].name' Eicar-Test-Signature
	is '.viruses[0].official' false
}

@test "an encrypted attachment: unscannable, exit status 3, and the informational text says which part" {
	scan <"$FIXTURES/codes/encrypted/zipcrypto.zip.eml"
	is_unscannable DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED
	is '.info | contains("zipcrypto.zip")' true
}

@test "an input that is missing: error, exit status 2, a line on standard error and a document all the same" {
	scan "$BATS_TEST_TMPDIR/missing.eml"
	is_error DEC_RESULT_CONTAINER_ACCESS_FAILED
	[[ $stderr == *missing.eml* ]] || fail "standard error does not name the file"
	is '.size' null
}

@test "name, size and SHA-256 are those of the input" {
	scan "$FIXTURES/clean/png.eml"
	is .name "$FIXTURES/clean/png.eml"
	is .size "$(stat -c %s "$FIXTURES/clean/png.eml")"
	is .sha256 "$(sha256sum <"$FIXTURES/clean/png.eml" | cut -d' ' -f1)"
}

@test "the tree of parts: ids, parents, kinds, names, types, sizes, digests, routes" {
	scan "$FIXTURES/codes/eicar.eml"
	is '[.parts[].id] | join(" ")' '0 1 2/eicar.zip 2/eicar.zip/eicar.com'
	is '[.parts[].kind] | join(" ")' 'input body attachment member'
	is '[.parts[].parent] | map(. // "-") | join(" ")' '- 0 0 2/eicar.zip'
	is '.parts[3].name' eicar.com
	is '.parts[3].size' 68
	is '.parts[3].sha256' "$(sha256sum <"$FIXTURES/eicar.com" | cut -d' ' -f1)"
	is '.parts[1].mime_type' text/plain
	is '.parts[2].mime_type' application/octet-stream
	is '.parts[2].detected_type' application/zip
	is '.parts[0].route' whole
	is '.parts[1].status' EC_AV_CLEAN
	is 'any(.parts[]; .route == "unseen")' false
	is '[.viruses[].part | startswith("2/eicar.zip") or . == "0"] | all' true
}

@test "a virus hangs on the innermost part that the engine alone could not reach" {
	scan "$FIXTURES/formats/ppmd.zip.eml"
	is_infected Eicar-Test-Signature
	is '.viruses[0].part' 2/ppmd.zip/eicar.com
	is '.parts[] | select(.id == "2/ppmd.zip/eicar.com") | .status + " " + .route' 'EC_AV_INFECTED decomposer'
}

@test "parts of nested multiparts and of messages in messages are numbered as in IMAP" {
	scan "$FIXTURES/clean/mixed-related.eml"
	is '[.parts[].id] | join(" ")' '0 1 1.1 1.1.1 1.1.2 1.2 2/n.pdf'
	scan "$FIXTURES/clean/forwarded-attachments.eml"
	is '[.parts[].id] | join(" ")' '0 1 2/mail.eml 2.1 2.2/p.png'
}

@test "a raw archive, no mail at all, is scanned as what it is" {
	scan "$FIXTURES/formats/deflate.zip"
	is_infected Eicar-Test-Signature
	is '[.parts[].id] | join(" ")' '0 0/eicar.com'
	is 'any(.codes[]; .code == "DEC_RESULT_OUTER_CONTAINER_IS_MIME")' false
}

@test "versions, definitions, limits, usage and times are told" {
	scan "$FIXTURES/codes/eicar.eml"
	is '.versions.engine | startswith("ClamAV ")' true
	is '.versions.decomposer | test("libarchive .*GMime ")' true
	is '.definitions.shipped' false
	is '.definitions.signatures > 10' true
	is '.definitions.source' "$DEFINITIONS"
	is '.limits.max_extract_depth' 10
	is '.limits.max_extract_size' 104857600
	is '.limits.max_extract_time' 180
	is '.limits.max_file_count' 5000
	is .usage.file_count 3
	is '.usage.cumulative_extract_size >= 68' true
	is '.times.started | type' string
	is '.times.total_ms >= 0' true
	is .attempts 1
}

@test "without --definitions the shipped set is used, unless a real one is there" {
	run --separate-stderr "$SCAN" "$FIXTURES/codes/eicar.eml"
	keep <<<"$output"
	[ "$status" -eq 1 ] || fail "not infected"
	is '.definitions.signatures > 0' true
}

@test "several inputs: one document each, in order, and the worst exit status, infected first" {
	local clean=$FIXTURES/clean/plain.eml bad=$FIXTURES/codes/eicar.eml
	local locked=$FIXTURES/codes/encrypted/zipcrypto.zip.eml none=$BATS_TEST_TMPDIR/none
	scan "$clean" "$none" "$locked" "$bad"
	[ "$status" -eq 1 ] || fail "infected comes first"
	[ "$(jq -r .status <<<"$output" | xargs)" = "EC_AV_CLEAN EC_AV_ERROR EC_AV_UNSCANNABLE EC_AV_INFECTED" ] || fail order
	scan "$clean" "$locked" "$none"
	[ "$status" -eq 2 ] || fail "an error comes before unscannable"
	scan "$clean" "$locked"
	[ "$status" -eq 3 ] || fail "unscannable comes before clean"
	scan "$clean" "$clean"
	[ "$status" -eq 0 ] || fail "two clean ones"
}

@test "a virus wins over everything else in the same message" {
	scan "$FIXTURES/traps/truncated-after-eicar.zip.eml" "$FIXTURES/traps/bad-crc-eicar.zip.eml"
	is_infected Eicar-Test-Signature
	holds 'any(.codes[]; .code == "DEC_RESULT_MALFORMED_CONTAINER_DETECTED")'
}

@test "the same input gives the same document, times aside" {
	local first
	scan "$FIXTURES/formats/rar-in-tar-in-xz.tar.xz.eml"
	first=$(jq -S 'del(.times)' <<<"$output")
	scan "$FIXTURES/formats/rar-in-tar-in-xz.tar.xz.eml"
	[ "$first" = "$(jq -S 'del(.times)' <<<"$output")" ] || fail "they differ"
}

@test "--part scans one part alone" {
	scan --part 1 "$FIXTURES/codes/eicar.eml"
	is_clean
	scan --part 2 "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
	scan --part 2/eicar.zip "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
	scan --part 2/eicar.zip/eicar.com "$FIXTURES/codes/eicar.eml"
	is_infected Eicar-Test-Signature
}

@test "--part of a MIME container says so" {
	scan --part 1 "$FIXTURES/clean/mixed-related.eml"
	[ "$status" -eq 2 ] || fail "exit status"
	is .status EC_AV_PART_IS_CONTAINER
	is .engine null
	scan --part 1.1 "$FIXTURES/clean/mixed-related.eml"
	is .status EC_AV_PART_IS_CONTAINER
}

@test "--part that the message has not" {
	scan --part 7 "$FIXTURES/codes/eicar.eml"
	is_error DEC_RESULT_FILE_ACCESS_FAILED
	scan --part 2/eicar.zip/other.com "$FIXTURES/codes/eicar.eml"
	is_error DEC_RESULT_FILE_ACCESS_FAILED
}

@test "--wire undoes doubled dots before anything else" {
	scan "$FIXTURES/mime/dot-stuffed.wire" "$FIXTURES/mime/dotted-uuencode.wire" --wire
	is_infected Eicar-Test-Signature
	holds .wire
	scan "$FIXTURES/mime/dotted-uuencode.wire"
	is .wire false
	is .status EC_AV_CLEAN
}

@test "--wire ends the message at the single dot" {
	scan --wire "$FIXTURES/mime/after-end.wire"
	is_clean
	scan "$FIXTURES/mime/after-end.wire"
	is_infected Csapi-Test-Body
}

@test "every test signature is found in the message made for it" {
	scan "$FIXTURES"/signatures/*.eml
	is_infected
	holds '.info as $info | .name | split("/") | last | startswith($info)'
}
