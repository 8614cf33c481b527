#!/usr/bin/python3
"""Checks a page of metrics on standard input against Prometheus' text format 0.0.4, more strictly than its reader does.

Every metric: one HELP, then one TYPE, then its samples, all in a row. Counters end in _total, gauges and histograms do not. Buckets of a histogram grow
and end at +Inf with its count. No sample occurs twice, and a value is a number. Prints one line for each breach; exit status 1 if there was one.
"""
import re
import sys

NAME = r"[a-z_][a-z0-9_]*"
SAMPLE = re.compile(rf'({NAME})(?:\{{((?:{NAME}="(?:[^"\\\n]|\\["\\n])*",?)+)\}})? (\S+)$')
breaches = []


def breach(number, text):
    breaches.append(f"line {number}: {text}")


def check_histogram(name, samples):
    buckets = [(float(re.search(r'le="([^"]*)"', labels).group(1)), value)
               for sample, labels, value in samples if sample == name + "_bucket"]
    count = [value for sample, _, value in samples if sample == name + "_count"]
    total = [value for sample, _, value in samples if sample == name + "_sum"]
    if len(count) != 1 or len(total) != 1 or total[0] < 0:
        breach(0, f"{name} needs one sum and one count")
    elif not buckets or buckets[-1] != (float("inf"), count[0]):
        breach(0, f"{name} does not end at +Inf with its count")
    for (low, fewer), (high, more) in zip(buckets, buckets[1:]):
        if low >= high or fewer > more:
            breach(0, f"{name}: the bucket {high} does not grow")


def main():
    text = sys.stdin.read()
    if not text.endswith("\n"):
        breach(0, "no newline at the end")
    types, helps, samples, seen, current = {}, set(), {}, set(), None
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.fullmatch(rf"# HELP ({NAME}) (.+)", line):
            current = match.group(1)
            if current in helps:
                breach(number, f"{current} has two HELP lines, or is in two places")
            helps.add(current)
        elif match := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line):
            name, kind = match.groups()
            if name != current or name in types:
                breach(number, f"TYPE of {name} is not just behind its HELP")
            if (kind == "counter") != name.endswith("_total"):
                breach(number, f"{name} is a {kind}")
            types[name] = kind
            samples[name] = []
        elif match := SAMPLE.fullmatch(line):
            name, labels, value = match.groups()
            base = re.sub(r"_(bucket|sum|count)$", "", name) if types.get(current) == "histogram" else name
            if base != current or current not in types:
                breach(number, f"{name} stands below {current}")
                continue
            if (name, labels) in seen:
                breach(number, f"{name} occurs twice")
            seen.add((name, labels))
            if not re.fullmatch(r"\d+(\.\d+)?", value):
                breach(number, f"{value} is no number")
                continue
            samples[current].append((name, labels or "", float(value)))
        else:
            breach(number, f"neither comment nor sample: {line}")
    for name, kind in types.items():
        if not samples[name]:
            breach(0, f"{name} has no sample")
        if kind == "histogram":
            check_histogram(name, samples[name])
    for line in breaches:
        print(line)
    sys.exit(bool(breaches))


main()
