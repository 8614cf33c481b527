#!/usr/bin/env bats
# schema.bats - the schema that is shipped says what the tables say.
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return 1
}

@test "the schema is not stale" {
	scripts/generate-schema | diff share/schema/verdict-1.schema.json -
}

@test "the schema is itself valid" {
	/usr/bin/python3 -c 'import json, jsonschema
jsonschema.Draft202012Validator.check_schema(json.load(open("share/schema/verdict-1.schema.json")))'
}
