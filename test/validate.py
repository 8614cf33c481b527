#!/usr/bin/python3
"""validate.py - checks verdicts and results of updates against their schema, and against what a schema cannot say.

usage: validate.py SCHEMA DOCUMENTS

DOCUMENTS holds one JSON document a line. Says on standard error what is wrong, and ends with status 1 then.
"""

import json
import sys

import jsonschema


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError("a key occurs twice")
    return dict(pairs)


def contradictions(document):
    """What the parts of one document say against each other."""
    yield from (update_contradictions if "sources" in document else verdict_contradictions)(document)


def verdict_contradictions(document):
    ids = {part["id"] for part in document["parts"]} | {None}
    for evasion in document["evasions"]:
        if evasion["part"] not in ids:
            yield "an evasion in a part that is not there"
    codes = [item["code"] for item in document["codes"]]
    deciding = [item["code"] for item in document["codes"] if not item["information"]]
    status, code = document["status"], document["code"]
    # A clamd has words of its own for its codes.
    foreign = any(engine["kind"] == "clamav" and engine["state"] == "given" and engine["status"] == status and
                  engine["code"] == code for engine in document["engines"])
    if status == "EC_AV_CLEAN":
        if document["viruses"] or deciding or (code is not None and not foreign) or document["info"] or not document["complete"]:
            yield "clean, and yet it has a finding"
        if any(part["status"] != "EC_AV_CLEAN" or part["route"] == "unseen" for part in document["parts"]):
            yield "clean, and yet one of its parts is not"
    if (status == "EC_AV_INFECTED") != bool(document["viruses"] or document["viruses_omitted"]):
        yield "infected without a virus, or a virus without being infected"
    if (document["engine"] is not None) != (status == "EC_AV_INFECTED"):
        yield "an engine is named if and only if a virus was found"
    if status == "EC_AV_INFECTED" and not foreign and code != "AVS_RESULT_VIRUS_FOUND":
        yield "infected with another code"
    if code is not None and status != "EC_AV_INFECTED" and not foreign and code not in codes and not document["codes_omitted"]:
        yield "the code returned is not in the list of codes"
    if code is not None and code.startswith(("DEC_", "GEN_", "LIC_")) and any(c.startswith("AVS_") for c in deciding):
        yield "an AVS code occurred, and another one was returned"
    ids = [part["id"] for part in document["parts"]]
    if len(ids) != len(set(ids)):
        yield "two parts have the same id"
    known = set()
    for part in document["parts"]:
        if part["parent"] is not None and part["parent"] not in known:
            yield f"part {part['id']} stands before its parent"
        known.add(part["id"])
    for item in document["codes"] + document["viruses"]:
        if item["part"] is not None and item["part"] not in known:
            yield f"{item} names a part that is not listed"


WELL = {"updated", "available", "rolled_back", "current", "not_due"}


def update_contradictions(document):
    """The same of a result of an update."""
    outcome, outcomes = document["outcome"], [source["outcome"] for source in document["sources"]]
    trouble = [word for word in outcomes if word not in WELL]
    if (outcome in WELL) != (document["exit_status"] in (0, 1, 9)):
        yield "the exit status is of another outcome"
    if outcome in WELL and trouble:
        yield f"it ended well, and a source did not: {trouble}"
    if outcome == "current" and set(outcomes) - {"current"}:
        yield f"current, and a source is not: {outcomes}"
    if outcome in ("updated", "current") and (document["after"] is None or document["definitions"] is None):
        yield f"{outcome}, and nothing is in use"
    # What was damaged is fetched again.
    if document["before"] == document["after"] and any(s["outcome"] == "updated" and s["before"] for s in document["sources"]):
        yield "a source was updated, and the same set is in use"
    if outcome in ("current", "not_due", "available") and document["before"] != document["after"]:
        yield f"{outcome}, and another set is in use"
    files = document["definitions"]["files"] if document["definitions"] else []
    if any(file["trust"] not in ("signed", "unsigned") for file in files):
        yield "a file is in use that nothing vouches for"
    if document["code"] is not None and document["code"] not in [source["code"] for source in document["sources"]]:
        yield "a code that no source has"
    for source in document["sources"]:
        if source["outcome"] == "updated" and source["before"] and source["after"] == source["before"]:
            yield f"{source['name']} was updated to the same version"
        if source["outcome"] == "current" and source["remote"] and (source["after"] or 0) < source["remote"]:
            yield f"{source['name']} is current, and behind"
        if source["outcome"] not in ("updated", "partial") and source["after"] != source["before"]:
            yield f"{source['name']} is {source['outcome']}, and another version is said to be in use"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    bad = count = 0
    with open(sys.argv[2], "rb") as file:
        for number, line in enumerate(file, 1):
            count += 1
            try:
                text = line.decode("ascii")
                document = json.loads(text, object_pairs_hook=no_duplicates)
                faults = [error.message for error in validator.iter_errors(document)] or list(contradictions(document))
            except (UnicodeDecodeError, ValueError) as error:
                document, faults = {}, [f"not a document: {error}"]
            if faults:
                bad += 1
                name = document.get("name") if isinstance(document, dict) else None
                print(f"validate.py: line {number} ({name}): {'; '.join(faults)[:600]}", file=sys.stderr)
    if count == 0:
        sys.exit("validate.py: there is no document to validate")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
