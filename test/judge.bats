#!/usr/bin/env bats
# judge.bats - scripts/judge-corpus, which judges csapi by what it says of any tree of files: in small.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	open_file
}

judge() {
	run --separate-stderr "$ROOT/scripts/judge-corpus" --build="$BUILD" --definitions="$DEFINITIONS" "$@"
}

@test "a tree of samples: each has a verdict, nothing is left, and clamscan finds nothing more" {
	mkdir "$BATS_TEST_TMPDIR/tree"
	cp "$ROOT"/share/samples/*.eml "$BATS_TEST_TMPDIR/tree"
	cp "$FIXTURES/codes/eicar.eml" "$BATS_TEST_TMPDIR/tree/"$'odd\nname: FOUND'
	judge --markdown="$BATS_TEST_TMPDIR/table.md" "$BATS_TEST_TMPDIR/tree"
	[ "$status" -eq 0 ] || fail "complaints"
	[[ $output == *"5 files, 5 verdicts"* ]] || fail "not all"
	grep -Eq '^\| by both +\| 2 ' "$BATS_TEST_TMPDIR/table.md"
	grep -Eq '^\| by clamscan only +\| 0 ' "$BATS_TEST_TMPDIR/table.md"
	grep -q 'EC_AV_UNSCANNABLE | DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED' "$BATS_TEST_TMPDIR/table.md"
}

@test "what does not hold is told" {
	judge --memory=0 --no-clamscan "$ROOT/share/samples"
	[ "$status" -eq 1 ] || fail "no complaint about memory"
	[[ $stderr == *"a worker held "* ]]
	printf 'T.short:0:*:%s\n' "$(printf 'the' | od -An -v -tx1 | tr -d ' \n')" >"$BATS_TEST_TMPDIR/short.ndb"
	printf 'T.the:0:*:%s\n' "$(printf ' the ' | od -An -v -tx1 | tr -d ' \n')" >"$BATS_TEST_TMPDIR/the.ndb"
	run --separate-stderr "$ROOT/scripts/judge-corpus" --build="$BUILD" --definitions="$BATS_TEST_TMPDIR" "$ROOT/share/samples"
	[ "$status" -eq 1 ]
	[[ $stderr == *"the scanner does not serve"* ]] || fail "$stderr"
}
