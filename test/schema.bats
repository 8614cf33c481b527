#!/usr/bin/env bats
# schema.bats - the schemas that are shipped say what the tables say.
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return 1
}

@test "no schema is stale" {
	local schemas=(share/schema/*-1.schema.json) document
	[ "${#schemas[@]}" -ge 2 ]
	for document in "${schemas[@]##*/}"; do
		scripts/generate-schema "${document%-1.schema.json}" | diff "share/schema/$document" -
	done
}

@test "each schema is itself valid" {
	/usr/bin/python3 -c 'import glob, json, jsonschema
for path in glob.glob("share/schema/*.json"):
    jsonschema.Draft202012Validator.check_schema(json.load(open(path)))'
}
