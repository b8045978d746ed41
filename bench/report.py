#!/usr/bin/env python3
"""The benchmark's JSON against the bars that issue 3 sets: tables in Markdown, and a plot.

Usage: report.py last.json [--plot plot.png] [--update docs/performance.md]
"""
import argparse
import json
import math
import subprocess
import sys

BEGIN, END = "<!-- table: begin (bench/run.sh --update) -->", "<!-- table: end -->"
BATCHED = ["64,64,512", "64,32,256", "35,20,650", "100,16,1024"]
SINGLE_BARS = {"100,1,512": 1.15, "100,1,128": 1.4, "2000,1,64": 1.4, "2000,1,32": 2, "2000,1,16": 2}
INT8_BARS = {"100,1,512": 2.5, "100,1,1024": 2.5}
EIGEN_BARS = {"8": 1.3, "16": 1.3, "32": 1.2, "64": 1.6}
LOOP_BARS = {"64,32,256": 1.5, "1000,1,64": 20}
# What rows time beside opponents: ours, and what is written for one size by hand.
BESIDE = ["denormals", "exact", "f32", "one thread", "LSTM rate", "gradient", "by hand"]


class Row:
    def __init__(self, entry):
        self.name = entry["name"].split("/iterations")[0]
        self.work, self.what, self.shape = (self.name.split("/") + [""])[:3]
        self.numbers = entry
        self.error = entry.get("error_message", "").strip()

    def opponents(self):
        names = [key[:-len(" ratio")] for key in self.numbers if key.endswith(" ratio")]
        return [name for name in names if name not in BESIDE]

    def ratio(self, other):
        """The time of another over ours: median, lower and upper quartile."""
        return tuple(self.numbers[f"{other} {which}"] for which in ("ratio", "low", "high"))

    def by_hand(self):
        """How a loop in intrinsics compares with ours, where there is one."""
        return spread(self.ratio("by hand")) if "by hand ratio" in self.numbers else ""

    def best(self, opponents=None):
        """The opponent that comes nearest, or nothing."""
        chosen = self.opponents() if opponents is None else opponents
        return min(chosen, key=lambda name: self.ratio(name)[0], default=None)

    def microseconds(self, who="ours"):
        return f"{self.numbers[who + ' us']:.1f}"

    def nanoseconds(self, who="ours"):
        return f"{self.numbers[who + ' us'] * 1e3:.0f}"


class Section:
    """A table whose lines end in a verdict (None: no bar), and sentences below it with theirs."""

    def __init__(self, header):
        self.header = header
        self.lines, self.notes = [], []

    def add(self, cells, met):
        self.lines.append((cells, met))

    def note(self, text, met):
        self.notes.append((text, met))

    def verdicts(self):
        return [met for _, met in self.lines + self.notes if met is not None]

    def markdown(self):
        if not self.verdicts():
            return table(self.header, [cells for cells, _ in self.lines])
        return table(self.header + [""], [cells + [verdict(met)] for cells, met in self.lines]) + \
            [text for note, met in self.notes for text in ("", f"{note}: {verdict(met)}.")]


def spread(ratio):
    return f"{ratio[0]:.2f} [{ratio[1]:.2f}, {ratio[2]:.2f}]"


def verdict(met):
    return "" if met is None else "met" if met else "**missed**"


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def table(header, lines):
    return ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)] + \
           ["| " + " | ".join(line) + " |" for line in lines]


def hidden(row):
    return int(row.shape.split(",")[-1])


def versus_best(rows, bar_of, peak_bar_of=lambda row: 0):
    """Rows against the best opponent in each (bold), and the others beside it."""
    rows = [row for row in rows if row.best()]
    names = list(dict.fromkeys(name for row in rows for name in row.opponents()))
    by_hand = ["by hand"] if any(row.by_hand() for row in rows) else []
    section = Section(["cell", "T,B,H", "µs", "GFLOP/s", "of peak"] + names + by_hand + ["bar"])
    for row in rows:
        bar, peak_bar, peak, best = bar_of(row), peak_bar_of(row), row.numbers["peak %"], row.best()
        ratios = {name: spread(row.ratio(name)) for name in row.opponents()}
        ratios[best] = f"**{ratios[best]}**"
        section.add([row.what, row.shape, row.microseconds(), f"{row.numbers['GFLOP/s']:.1f}", f"{peak:.0f} %"] +
                    [ratios.get(name, "") for name in names] + [row.by_hand() for _ in by_hand] +
                    [f"{bar}" + (f", {peak_bar} %" if peak_bar else "")],
                    row.ratio(best)[0] >= bar and peak >= peak_bar)
    return section


def add_mean(section, rows, bar):
    ratios = [row.ratio(row.best())[0] for row in rows if row.best()]
    if ratios:
        mean = geometric_mean(ratios)
        section.note(f"Geometric mean over these rows against the best opponent {mean:.4f}, bar {bar}", mean >= bar)


def inference_batched(rows):
    rows = [row for row in rows if row.shape in BATCHED]
    section = versus_best(rows, lambda row: 1.0, lambda row: 88 if hidden(row) >= 512 else 0)
    add_mean(section, rows, 1.08)
    return section


def inference_single(rows):
    return versus_best([row for row in rows if row.shape in SINGLE_BARS], lambda row: SINGLE_BARS[row.shape])


def other_shapes(rows):
    return versus_best([row for row in rows if row.shape not in BATCHED + list(SINGLE_BARS)], lambda row: 1.0)


def training(rows):
    rows = [row for row in rows if row.shape in BATCHED]
    section = versus_best(rows, lambda row: 1.0)
    add_mean(section, rows, 1.05)
    shares = [f"{row.numbers['packing %']:.1f} % ({row.what} {row.shape})" for row in rows if row.numbers["packing %"] >= 2]
    section.note(f"Packing the weights takes less than 2 % of a step{', but for ' + ', '.join(shares) if shares else ''}",
                 not shares)
    return section


def narrow(rows):
    rows = sorted(rows, key=lambda row: row.work)
    section = Section(["weights", "cell", "T,B,H", "µs", "over our f32", "over the best f32 opponent", "error", "bar"])
    for row in rows:
        best = row.best()
        bar = None if row.what != "LSTM" else 1.6 if row.work == "bf16" else INT8_BARS.get(row.shape)
        section.add([row.work, row.what, row.shape, row.microseconds(), spread(row.ratio("f32")),
                     f"{spread(row.ratio(best))} ({best})" if best else "", f"{row.numbers['error']:.1e}", f"{bar or ''}"],
                    bar and row.ratio("f32")[0] >= bar)
    return section


def narrow_single(rows):
    """The better of both types counts."""
    section = Section(["cell", "T,B,H", "bf16", "int8", "bar"])
    places = [(row.what, row.shape) for row in rows if row.shape in SINGLE_BARS and row.best()]
    for what, shape in dict.fromkeys(places):
        found = {row.work: row.ratio(row.best()) for row in rows if (row.what, row.shape) == (what, shape)}
        section.add([what, shape] + [spread(found[work]) if work in found else "" for work in ("bf16", "int8")] + ["2"],
                    max(ratio[0] for ratio in found.values()) >= 2)
    return section


def threads(rows):
    section = Section(["work", "T,B,H", "one thread, µs", "two threads, µs", "ratio", "bar"])
    for row in rows:
        bar, ratio = 1.8 if row.shape in BATCHED else 1.6, row.ratio("one thread")
        section.add([row.what, row.shape, row.microseconds("one thread"), row.microseconds(), spread(ratio), f"{bar}"],
                    ratio[0] >= bar)
    return section


def cells(rows):
    section = Section(["cell", "T,B,H", "GFLOP/s", "rate over the LSTM's", "over a framework's loop", "by hand", "bars"])
    for row in rows:
        rate, loop, bar = row.ratio("LSTM rate"), row.best(), LOOP_BARS[row.shape]
        section.add([row.what, row.shape, f"{row.numbers['GFLOP/s']:.1f}", spread(rate),
                     f"{spread(row.ratio(loop))} ({loop})" if loop else "", row.by_hand(), f"0.9, {bar}"],
                    rate[0] >= 0.9 and (not loop or row.ratio(loop)[0] >= bar))
    return section


def steps(rows):
    section = Section(["weights", "H", "ns", "template, ns", "over the better template step", "over one-step calls",
                       "by hand", "error", "bars"])
    for row in rows:
        eigen = row.best([name for name in row.opponents() if name.startswith("Eigen")])
        calls = [name for name in row.opponents() if name.endswith("one-step calls")]
        exact = row.work == "step"
        bar = EIGEN_BARS[row.shape] if exact else 2.4
        section.add(["f32" if exact else "bf16", row.shape, row.nanoseconds(),
                     row.nanoseconds(eigen), f"{spread(row.ratio(eigen))} ({eigen})",
                     "; ".join(f"{name.split(',')[0]} {row.ratio(name)[0]:.1f}" for name in calls),
                     row.by_hand(), "" if exact else f"{row.numbers['error']:.1e}", f"{bar}, 10" if calls else f"{bar}"],
                    row.ratio(eigen)[0] >= bar and all(row.ratio(name)[0] >= 10 for name in calls))
    return section


def fast_steps(rows):
    """The bars are those of the exact step; these rows do not stand in for it."""
    section = Section(["H", "ns", "template, ns", "over the better template step", "exact, ns", "over our exact step", "bar"])
    for row in rows:
        eigen, bar = row.best(), EIGEN_BARS[row.shape]
        section.add([row.shape, row.nanoseconds(), row.nanoseconds(eigen), f"{spread(row.ratio(eigen))} ({eigen})",
                     row.nanoseconds("exact"), spread(row.ratio("exact")), f"{bar}"], row.ratio(eigen)[0] >= bar)
    return section


def denormals(rows):
    section = Section(["H", "ns", "ns on denormal numbers", "ratio", "bar"])
    for row in rows:
        ratio = row.ratio("denormals")
        section.add([row.shape] + [row.nanoseconds(who) for who in ("ours", "denormals")] +
                    [spread(ratio), "at most 1.2"], ratio[0] <= 1.2)
    return section


def gradients(rows):
    section = Section(["cell", "forward, µs", "forward and gradient, µs", "ratio", "bar"])
    for row in rows:
        ratio = row.ratio("gradient")
        section.add([row.what, row.microseconds(), row.microseconds("gradient"), spread(ratio), "at most 3.2"], ratio[0] <= 3.2)
    return section


def compilation(rows):
    section = Section(["file", "seconds", "library, KB", "bars"])
    for row in rows:
        seconds, size = row.numbers["s to compile"], row.numbers["KB library"]
        section.add([f"{row.what}.seq", f"{seconds:.2f}", f"{size:.1f}", "1 s, 100 KB"], seconds < 1 and size < 100)
    return section


def limits(rows):
    section = Section(["limit", "median [quartiles]", "unit"])
    for row in rows:
        unit = "GFLOP/s" if "GFLOP/s" in row.numbers else "GB/s"
        section.add([row.what, spread([row.numbers[unit + which] for which in ("", " low", " high")]), unit], None)
    return section


SECTIONS = [("The machine's limits", ["limits"], limits),
            ("Inference, batched", ["inference"], inference_batched),
            ("Inference, batch 1", ["inference"], inference_single),
            ("Training step", ["training"], training),
            ("Inference, other batches (bars of our own)", ["inference"], other_shapes),
            ("Training step, other batches (bars of our own)", ["training"], other_shapes),
            ("Other cells, forward", ["cell"], cells),
            ("Streaming step, batch 1, I = 1", ["step", "bf16-step"], steps),
            ("Streaming step with `--fast-activations`", ["fast-step"], fast_steps),
            ("Step on denormal numbers", ["denormals"], denormals),
            ("Two threads", ["threads"], threads),
            ("Narrow weights, inference", ["bf16", "int8"], narrow),
            ("Narrow weights, batch 1, against the best f32 opponent", ["bf16", "int8"], narrow_single),
            ("Cost of a gradient, (64,32,256)", ["gradient"], gradients),
            ("Compiling the standard library, H = I = 256", ["compile"], compilation)]


def versions(context):
    names = {"oneDNN": "oneDNN", "Eigen": "Eigen", "onnxruntime": "ONNX Runtime", "torch": "PyTorch"}
    found = ", ".join(f"{text} {context[key]}" for key, text in names.items() if key in context)
    return f"{context['date'][:10]}, {context['processor']}, {context['num_cpus']} cores, {found}."


def overview(sections):
    lines = []
    for title, section in sections:
        verdicts = section.verdicts()
        if verdicts:
            lines.append([title, f"{sum(verdicts)} of {len(verdicts)}"])
    return table(["bars", "met"], lines) if lines else []


def report(data, rows):
    sections = []
    for title, works, write in SECTIONS:
        chosen = [row for row in rows if row.work in works and not row.error]
        section = write(chosen) if chosen else None
        if section and section.lines:
            sections.append((title, section))
    lines = ["Measured " + versions(data["context"]), ""] + overview(sections)
    for title, section in sections:
        lines += ["", f"### {title}", ""] + section.markdown()
    failed = [f"- {row.name}: {row.error.splitlines()[-1]}" for row in rows if row.error]
    return lines + (["", "### Rows that failed", ""] + failed if failed else [])


def plot(rows, path):
    """The best opponent's time over ours, row by row, with quartiles, on a logarithmic axis."""
    works = ("inference", "training", "step", "fast-step", "bf16-step", "bf16", "int8")
    compared = [row for row in rows if row.work in works and row.best()]
    if not compared:
        return
    points = []
    for place, row in enumerate(reversed(compared)):
        ratio = row.ratio(row.best())
        points.append(f'{ratio[0]} {place} {ratio[1]} {ratio[2]} "{row.work} {row.what} {row.shape}" {1 if ratio[0] >= 1 else 2}')
    script = f"""$rows << END
{chr(10).join(points)}
END
set terminal pngcairo size 1000,{120 + 22 * len(points)} font "sans,11"
set output "{path}"
set title "Best opponent's time over ours (median, quartiles; right of 1: we are faster)"
set logscale x 2
set xtics (0.125, 0.25, 0.5, 0.7, 1, 1.4, 2, 4, 8, 16)
set grid x
set xrange [*:*]
set yrange [-1:{len(points)}]
set arrow from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb "#888888"
unset key
set linetype 1 lc rgb "#1a7f37"
set linetype 2 lc rgb "#cf222e"
plot $rows using 1:2:3:4:6:ytic(5) with xerrorbars pt 7 ps 1.2 lw 2 lc variable
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def replace_table(path, lines):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{path} has no place for the table: expected the lines '{BEGIN}' and '{END}'")
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results")
    parser.add_argument("--plot")
    parser.add_argument("--update", metavar="PAGE")
    arguments = parser.parse_args()
    with open(arguments.results, encoding="utf-8") as file:
        data = json.load(file)
    rows = [Row(entry) for entry in data["benchmarks"]]
    lines = report(data, rows)
    print("\n" + "\n".join(lines))
    if arguments.plot:
        plot(rows, arguments.plot)
    if arguments.update:
        replace_table(arguments.update, lines)


if __name__ == "__main__":
    main()
