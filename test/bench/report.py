#!/usr/bin/python3
"""report - makes a table and a plot of what run.py measured.

    report.py DIRECTORY      reads DIRECTORY/raw.jsonl, writes table.md, plot.svg and, where rsvg-convert is there, plot.png

Of each comparison the ratio is taken round by round, since only what ran side by side can be compared; shown are the median
and the ends of these ratios.
"""

import json
import math
import os
import shutil
import statistics
import subprocess
import sys


def median(values):
    return statistics.median(values)


def plain(value):
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


class Comparison:
    """One line of the table: values by round, and the goal where there is one."""

    def __init__(self, key, title, values, unit="", goal=None, more=False, absolute=""):
        self.key, self.title, self.values, self.unit = key, title, values, unit
        self.goal, self.more, self.absolute = goal, more, absolute

    @property
    def middle(self):
        return median(self.values)

    @property
    def reached(self):
        if self.goal is None:
            return None
        return self.middle >= self.goal if self.more else self.middle <= self.goal

    def number(self, value):
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 20 else 2
        return f"{value:.{digits}f}{self.unit}"

    def goal_text(self):
        return "" if self.goal is None else f"{'≥' if self.more else '≤'} {self.goal:g}{self.unit}"


class Figures:
    """The rows of raw.jsonl."""

    def __init__(self, directory):
        with open(os.path.join(directory, "raw.jsonl"), encoding="utf-8") as file:
            self.rows = [json.loads(line) for line in file]

    def one(self, measure):
        return next((row for row in self.rows if row["measure"] == measure), None)

    def series(self, measure, field, **wanted):
        """The values of a side, by round; [] where it was not measured."""
        found = [row for row in self.rows if row["measure"] == measure and all(row[key] == value for key, value in wanted.items())]
        values = [row[field] for row in sorted(found, key=lambda row: row["round"])]
        return values if all(value is not None for value in values) else []

    def ratio(self, measure, field, above, below):
        one, other = self.series(measure, field, **above), self.series(measure, field, **below)
        return [a / b for a, b in zip(one, other) if b]


def pair(figures, measure, field, names, unit, scale=1.0):
    """The medians themselves, for orientation: `csapi 3.1 ms, clamdscan 9.9 ms`."""
    texts = []
    for label, wanted in names:
        values = figures.series(measure, field, **wanted)
        if values:
            texts.append(f"{label} {plain(median(values) * scale)} {unit}")
    return ", ".join(texts)


def latency(figures):
    for name in ("small", "full"):
        csapi, raw, clamdscan = ({"set": name, "side": side} for side in ("csapi", "raw", "clamdscan"))
        labels = [("csapi-scan", csapi), ("clamdscan", clamdscan), ("raw client", raw), ("/bin/true", {"set": name, "side": "true"})]
        goal = {"small": 0.25}.get(name)
        yield Comparison(f"wall-{name}", f"one small message, {name} set: wall clock, of clamdscan --fdpass",
                         figures.ratio("latency", "wall_us", csapi, clamdscan), goal=goal,
                         absolute=pair(figures, "latency", "wall_us", labels, "ms", 0.001))
        yield Comparison(f"client-cpu-{name}", f"one small message, {name} set: CPU of the client, of clamdscan's",
                         figures.ratio("latency", "cpu_us", csapi, clamdscan),
                         absolute=pair(figures, "latency", "cpu_us", labels, "ms", 0.001))
        above = [(a - b) / 1000 for a, b in zip(figures.series("latency", "wall_us", **csapi), figures.series("latency", "wall_us", **raw))]
        yield Comparison(f"above-raw-{name}", f"one small message, {name} set: wall clock above the raw client", above, " ms", 2.0)


def throughput(figures):
    for other, label, goal in (("clamdscan", "clamdscan --multiscan --fdpass", 1.3), ("raw", "the raw client", 1.15)):
        csapi, side = {"side": "csapi"}, {"side": other}
        walls = figures.ratio("throughput", "wall_s", side, csapi)
        rates = []
        for name, wanted in (("csapi", csapi), (other, side)):
            found = figures.series("throughput", "wall_s", **wanted)
            if found:
                rates.append(f"{name} {plain(figures.one('corpus')['messages'] / median(found))} messages/s")
        yield Comparison(f"throughput-{other}", f"all messages on all cores: throughput, of {label}", walls, goal=goal, more=True,
                         absolute=", ".join(rates))
        yield Comparison(f"cpu-{other}", f"all messages on all cores: CPU of daemon and client, of {label}",
                         figures.ratio("throughput", "cpu_s", csapi, side), goal=0.85,
                         absolute=pair(figures, "throughput", "cpu_s", [("csapi", csapi), (other, side)], "s"))


def daemon(figures):
    csapi, clamd = {"side": "csapi"}, {"side": "clamdscan"}
    yield Comparison("memory", "memory of all processes (PSS) after all messages, of clamd", figures.ratio("memory", "pss_mb", csapi, clamd),
                     goal=1.05, absolute=pair(figures, "memory", "pss_mb", [("csapi", csapi), ("clamd", clamd)], "MB"))
    both = [("csapi", csapi), ("clamd", {"side": "clamd"})]
    yield Comparison("reload-peak", "reload: most memory held (PSS), of clamd", figures.ratio("reload", "peak_mb", csapi, {"side": "clamd"}),
                     absolute=pair(figures, "reload", "peak_mb", both, "MB"))
    yield Comparison("reload-time", "reload: time, of clamd", figures.ratio("reload", "seconds", csapi, {"side": "clamd"}),
                     absolute=pair(figures, "reload", "seconds", both, "s"))
    yield Comparison("fork", "a new worker with the full set: time of the fork (under strace)", figures.series("fork", "ms", side="csapi"),
                     " ms", 5.0)
    require, off = {"side": "require"}, {"side": "off"}
    both = [("with", require), ("without", off)]
    yield Comparison("sandbox-wall", "the sandbox: wall clock, of a scanner without one", figures.ratio("sandbox", "wall_s", require, off),
                     goal=1.05, absolute=pair(figures, "sandbox", "wall_s", both, "s"))
    yield Comparison("sandbox-cpu", "the sandbox: CPU, of a scanner without one", figures.ratio("sandbox", "cpu_s", require, off),
                     goal=1.05, absolute=pair(figures, "sandbox", "cpu_s", both, "s"))


def clamscan(figures):
    csapi, other = {"side": "csapi"}, {"side": "clamscan"}
    both = [("csapi-scan", csapi), ("clamscan", other)]
    yield Comparison("clamscan-one", "one message, full set: clamscan's wall clock, of csapi-scan's with a running scanner",
                     figures.ratio("clamscan", "wall_s", other, csapi), more=True, absolute=pair(figures, "clamscan", "wall_s", both, "s"))
    yield Comparison("private", "all messages, no daemon, one load: speed of csapi-scan -j, of clamscan",
                     figures.ratio("private", "wall_s", other, csapi), goal=1.8, more=True,
                     absolute=pair(figures, "private", "wall_s", both, "s"))


def comparisons(figures):
    found = [*latency(figures), *throughput(figures), *daemon(figures), *clamscan(figures)]
    return [comparison for comparison in found if comparison.values]


# --- the table ---------------------------------------------------------------------------------------------------

def circumstances(figures):
    run, corpus, verdicts = figures.one("run"), figures.one("corpus"), figures.one("verdicts")
    machine, differences = run["machine"], verdicts["differences"] if verdicts else None
    loads = [row["load"] for row in figures.rows if "load" in row and "round" in row]
    return [
        f"{run['versions']['csapi']} and {run['versions']['clamav']}, {run['date']}",
        f"{machine['cores']} cores ({machine['cpu']}), {machine['memory_gb']} GB, Linux {machine['kernel']}",
        f"{run['signatures']:,} signatures; {corpus['messages']:,} messages, {corpus['bytes'] / 1e6:.0f} MB, {corpus['planted']} of them infected",
        f"{run['rounds']} rounds ({run['slow_rounds']} of what loads definitions each time), load of the machine before them {min(loads):.1f} to {max(loads):.1f}" if loads else "no rounds",
        "verdicts: " + ("not compared" if differences is None else "the same on all sides" if not differences else f"{differences} DIFFER"),
    ]


def table(figures):
    lines = [f"- {line}" for line in circumstances(figures)]
    lines += ["", "| what, compared with what | median | of rounds | goal | reached | medians themselves |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for row in comparisons(figures):
        reached = {None: "", True: "yes", False: "**no**"}[row.reached]
        spread = f"{row.number(min(row.values))} to {row.number(max(row.values))}"
        lines.append(f"| {row.title} | {row.number(row.middle)} | {spread} | {row.goal_text()} | {reached} | {row.absolute} |")
    return "\n".join(lines) + "\n"


# --- the plot ----------------------------------------------------------------------------------------------------

WIDTH, LEFT, RIGHT, ROW, BAR = 980, 390, 110, 34, 16
GOOD, BAD, PLAIN, INK, FAINT = "#2f7d4f", "#b5482f", "#5b7ea6", "#222222", "#cccccc"
# How many times better csapi is: a throughput as it is, what should be small turned over. Short names for the rows.
RATIOS = [("wall-small", "one small message: wall clock, vs clamdscan"), ("client-cpu-small", "one small message: client's CPU, vs clamdscan"),
          ("throughput-clamdscan", "throughput, vs clamdscan --multiscan"), ("throughput-raw", "throughput, vs raw clamd client"),
          ("cpu-clamdscan", "CPU for all messages, vs clamdscan"), ("cpu-raw", "CPU for all messages, vs raw clamd client"),
          ("memory", "memory of all processes, vs clamd"), ("reload-peak", "memory at reload, vs clamd"),
          ("sandbox-cpu", "CPU with sandbox, vs without sandbox"), ("private", "all messages without daemon, vs clamscan")]
TIMES = [("above-raw-small", "small message above raw client, small set"), ("above-raw-full", "small message above raw client, full set"),
         ("fork", "fork of a worker, full set")]


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Drawing:
    """Lines of SVG."""

    def __init__(self):
        self.lines = []

    def text(self, x, y, text, anchor="start", size=13, fill=INK, weight="normal"):
        self.lines.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}" '
                          f'font-weight="{weight}">{escape(text)}</text>')

    def line(self, x1, y1, x2, y2, stroke=INK, width=1.0, dash=""):
        self.lines.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="{width}"'
                          + (f' stroke-dasharray="{dash}"' if dash else "") + "/>")

    def box(self, x, y, width, height, fill):
        self.lines.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"/>')


def colour(row):
    return PLAIN if row.reached is None else GOOD if row.reached else BAD


class Panel:
    """Bars on one axis: `place` takes a value to its x."""

    def __init__(self, drawing, top, title, place, ticks, unit):
        self.drawing, self.top, self.title, self.place, self.ticks, self.unit = drawing, top, title, place, ticks, unit

    def draw(self, bars, base):
        """Bars are (label, low, middle, high, goal, colour); they begin at `base`. Gives the y below the panel."""
        drawing, top = self.drawing, self.top + 34
        bottom = top + ROW * len(bars)
        drawing.text(LEFT, self.top + 8, self.title, size=14, weight="bold")
        for tick in self.ticks:
            x = self.place(tick)
            drawing.line(x, top, x, bottom, INK if tick == base else FAINT, 1.2 if tick == base else 1)
            drawing.text(x, bottom + 17, f"{tick:g}{self.unit}", "middle", 12)
        for number, (label, low, middle, high, goal, fill) in enumerate(bars):
            y = top + ROW * number + ROW / 2
            drawing.text(LEFT - 12, y + 4.5, label, "end")
            begin, end = sorted((self.place(base), self.place(middle)))
            drawing.box(begin, y - BAR / 2, max(end - begin, 1), BAR, fill)
            drawing.line(self.place(low), y, self.place(high), y, INK, 1.4)
            for at in (low, high):
                drawing.line(self.place(at), y - 4, self.place(at), y + 4, INK, 1.4)
            if goal is not None:
                x = self.place(goal)
                drawing.line(x, y - ROW / 2 + 3, x, y + ROW / 2 - 3, INK, 2.4, "4 2")
            drawing.text(WIDTH - RIGHT + 14, y + 4.5, f"{middle:.2f}{self.unit}", weight="bold", fill=fill)
        return bottom + 44


def ratio_bars(rows):
    for key, label in RATIOS:
        row = rows.get(key)
        if row:
            turn = (lambda value: value) if row.more else (lambda value: 1 / value)
            ends = sorted((turn(min(row.values)), turn(max(row.values))))
            yield label, ends[0], turn(row.middle), ends[1], None if row.goal is None else turn(row.goal), colour(row)


def time_bars(rows):
    for key, label in TIMES:
        row = rows.get(key)
        if row:
            yield label, min(row.values), row.middle, max(row.values), row.goal, colour(row)


def logarithmic(values):
    low, high = min(0.5, *values) / 1.05, max(2, *values) * 1.1
    span = math.log(high / low)
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50, 100) if low <= tick <= high]
    return (lambda value: LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / low) / span), ticks


def linear(values):
    low, high = min(0, *values), max(5, *values) * 1.1
    step = 1 if high - low < 12 else 5 if high - low < 60 else 50
    ticks = [tick for tick in range(math.floor(low), math.ceil(high)) if tick % step == 0 and low <= tick]
    return (lambda value: LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)), ticks


def legend(drawing, y):
    x = LEFT
    for fill, text in ((GOOD, "goal reached"), (BAD, "goal not reached"), (PLAIN, "no goal")):
        drawing.box(x, y - 10, 12, 12, fill)
        drawing.text(x + 18, y, text, size=12)
        x += 140
    drawing.line(x, y - 13, x, y + 4, INK, 2.4, "4 2")
    drawing.text(x + 8, y, "goal", size=12)


def plot(figures):
    rows = {row.key: row for row in comparisons(figures)}
    drawing, y = Drawing(), 132
    drawing.text(24, 34, "csapi beside clamd", size=20, weight="bold")
    for number, line in enumerate(circumstances(figures)[:4]):
        drawing.text(24, 56 + 17 * number, line, size=12, fill="#555555")
    for bars, title, scale, unit, base in (
            (list(ratio_bars(rows)), "how many times better csapi is (1 = equal; bar: median, line: all rounds)", logarithmic, "×", 1),
            (list(time_bars(rows)), "milliseconds (less is better)", linear, " ms", 0)):
        if bars:
            place, ticks = scale([value for bar in bars for value in bar[1:5] if value is not None])
            y = Panel(drawing, y, title, place, ticks, unit).draw(bars, base)
    legend(drawing, y)
    height = y + 24
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}" '
            'font-family="DejaVu Sans, Verdana, sans-serif">\n<title>csapi beside clamd: ratios measured side by side</title>\n'
            f'<rect width="{WIDTH}" height="{height:.0f}" fill="white"/>\n' + "\n".join(drawing.lines) + "\n</svg>\n")


def write(directory):
    figures = Figures(directory)
    text = table(figures)
    print(text, end="", flush=True)
    for name, content in (("table.md", text), ("plot.svg", plot(figures))):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(content)
    if shutil.which("rsvg-convert"):
        subprocess.run(["rsvg-convert", "-o", os.path.join(directory, "plot.png"), os.path.join(directory, "plot.svg")], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: report.py DIRECTORY")
    write(sys.argv[1])
