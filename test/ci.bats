#!/usr/bin/env bats
# ci.bats - the recipes for repositories of mail, as they stand in share/recipes/ci.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	open_file
	start_scanner -j 2
}

teardown_file() {
	stop_scanner
}

# A repository with mail, and csapi-scan where its scripts look for it.
setup() {
	recipes=$ROOT/share/recipes/ci
	export PATH=$BUILD:$PATH CSAPI_SOCKET=$socket
	place=$BATS_TEST_TMPDIR/repository
	mkdir -p "$place/fixtures/attacks"
	cd "$place"
	cp "$FIXTURES/codes/clean.eml" fixtures
	cp "$FIXTURES/codes/eicar.eml" fixtures/attacks
	cp "$ROOT/share/samples/encrypted-zip.eml" fixtures/attacks/encrypted.eml
	# The example of the text, as it is.
	sed -n 's/^    \(attacks.*\)/\1/p; s/^    # NAME/# NAME/p' "$recipes/README.md" >fixtures/expected
	[ "$(grep -c : fixtures/expected)" -eq 4 ]
}

# The command of a file, as a CI system would run it: run_step FILE
run_step() {
	local command
	command=$(sed -n 's/^ *- \(run: \)\{0,1\}\(csapi-scan .*\)/\2/p; s/^    \(csapi-scan .*\)/\1/p' "$1" | head -n 1)
	[ -n "$command" ] || fail "no command in $1"
	run --separate-stderr sh -euc "$command"
}

results() {
	/usr/bin/python3 -c 'import sys, xml.etree.ElementTree as tree
root = tree.parse("results.xml").getroot()
print(root.get("tests"), root.get("failures"), root.get("errors"))'
}

@test "the commands for GitLab, GitHub and the text: passed, changed, and a scanner that fails" {
	local file
	for file in gitlab-ci.yml github-workflow.yml README.md; do
		run_step "$recipes/$file"
		[ "$status" -eq 0 ] || fail "$file"
		[ "$(results)" = "4 0 0" ] || fail "$file: $(results)"
		cp fixtures/clean.eml "$BATS_TEST_TMPDIR/kept.eml"
		cp fixtures/attacks/eicar.eml fixtures/clean.eml
		run_step "$recipes/$file"
		[ "$status" -eq 1 ] || fail "$file: the build does not fail"
		[ "$(results)" = "4 1 0" ] || fail "$file: $(results)"
		cp "$BATS_TEST_TMPDIR/kept.eml" fixtures/clean.eml
	done
	printf 'csapi {\n' >bad.conf
	CSAPI_CONFIG=$PWD/bad.conf run_step "$recipes/gitlab-ci.yml"
	[ "$status" -eq 2 ] || fail "a scanner that fails passes"
}

@test "the files for GitLab and GitHub are YAML" {
	/usr/bin/python3 -c 'import yaml' 2>/dev/null || skip "no python3-yaml"
	/usr/bin/python3 -c 'import sys, yaml
for name in sys.argv[1:]:
    assert yaml.safe_load(open(name))' "$recipes"/*.yml
}

@test "a test for prove" {
	mkdir t
	cp "$recipes/mail.t" t/
	cp -r fixtures t/mail
	sed 's,^[a#],mail/&,; s,^mail/#,#,' fixtures/expected >t/mail.expected
	rm t/mail/expected
	run prove t/mail.t
	[ "$status" -eq 0 ] || fail "it does not pass"
	[[ $output == *"Result: PASS"* ]]
	rm t/mail/attacks/eicar.eml
	run prove t/mail.t
	[ "$status" -ne 0 ] || fail "a missing message passes"
	CSAPI_SOCKET=$BATS_TEST_TMPDIR/none PATH=/usr/bin:/bin run prove t/mail.t
	[ "$status" -ne 0 ] || fail "without csapi-scan it passes"
}

@test "a hook for git: what is to be committed counts" {
	command -v git >/dev/null || skip "no git"
	export HOME=$BATS_TEST_TMPDIR GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	git init -q .
	cp "$recipes/pre-commit" .git/hooks/pre-commit
	git add .
	git commit -qm one
	cp fixtures/attacks/eicar.eml fixtures/new.eml
	git add .
	run git commit -qm two
	[ "$status" -ne 0 ] || fail "committed"
	[[ $output == *"new.eml: EC_AV_CLEAN was expected"* ]] || fail "it does not say what"
	git rm -q --cached fixtures/new.eml
	echo x >>fixtures/clean.eml
	git add fixtures/clean.eml
	git commit -qm three
}
