#!/usr/bin/env python3
"""The benchmark's JSON against the bars that issue 3 sets: a table in Markdown, and a plot.

Usage: report.py last.json [--plot plot.png] [--update docs/performance.md]
"""
import argparse
import json
import math
import subprocess

BEGIN, END = "<!-- table: begin (bench/run.sh --update) -->", "<!-- table: end -->"
BATCHED = ["64,64,512", "64,32,256", "35,20,650", "100,16,1024"]
SINGLE_BARS = {"512": 1.15, "128": 1.4, "64": 1.4, "32": 2, "16": 2}
EIGEN_BARS = {"8": 1.3, "16": 1.3, "32": 1.2, "64": 1.6}
LOOP_BARS = {"64,32,256": 1.5, "1000,1,64": 20}


class Row:
    def __init__(self, entry):
        self.work, self.what, self.shape = (entry["name"].split("/iterations")[0].split("/") + [""])[:3]
        self.numbers = entry
        self.error = entry.get("error_message", "")

    def opponents(self):
        return [key[:-len(" ratio")] for key in self.numbers if key.endswith(" ratio")]

    def ratio(self, opponent):
        """An opponent's time over ours: median, lower and upper quartile."""
        return tuple(self.numbers[f"{opponent} {which}"] for which in ("ratio", "low", "high"))

    def best(self, opponents=None):
        """The opponent that comes nearest, or nothing."""
        chosen = self.opponents() if opponents is None else opponents
        return min(chosen, key=lambda name: self.ratio(name)[0], default=None)


def spread(ratio):
    return f"{ratio[0]:.2f} [{ratio[1]:.2f}, {ratio[2]:.2f}]"


def verdict(met):
    return "met" if met else "**missed**"


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def table(header, lines):
    return ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)] + \
           ["| " + " | ".join(line) + " |" for line in lines]


def versus_best(rows, bar_of, peak_bar_of=lambda row: 0):
    """Rows against the best opponent in each, and the others beside it."""
    names = []
    for row in rows:
        names += [name for name in row.opponents() if name not in names]
    lines = []
    for row in rows:
        best = row.best()
        if best is None:
            continue
        bar, peak_bar, peak = bar_of(row), peak_bar_of(row), row.numbers["peak %"]
        met = row.ratio(best)[0] >= bar and peak >= peak_bar
        bars = f"{bar}" + (f", {peak_bar} %" if peak_bar else "")
        lines.append([row.what, row.shape, f"{row.numbers['ours us']:.1f}", f"{row.numbers['GFLOP/s']:.1f}", f"{peak:.0f} %"] +
                     [spread(row.ratio(name)) if name in row.opponents() else "" for name in names] + [bars, verdict(met)])
    return table(["cell", "T,B,H", "µs", "GFLOP/s", "of peak"] + names + ["bar", ""], lines)


def with_mean(rows, bar_of, mean_bar, peak_bar_of=lambda row: 0):
    lines = versus_best(rows, bar_of, peak_bar_of)
    ratios = [row.ratio(row.best())[0] for row in rows if row.best()]
    if ratios:
        mean = geometric_mean(ratios)
        lines += ["", f"Geometric mean over these rows against the best opponent: {mean:.2f}, bar {mean_bar}: {verdict(mean >= mean_bar)}."]
    return lines


def hidden(row):
    return row.shape.split(",")[-1]


def inference_batched(rows):
    return with_mean([row for row in rows if row.shape in BATCHED], lambda row: 1.0, 1.08,
                     lambda row: 88 if int(hidden(row)) >= 512 else 0)


def inference_single(rows):
    return versus_best([row for row in rows if row.shape not in BATCHED], lambda row: SINGLE_BARS[hidden(row)])


def training(rows):
    most = max(row.numbers["packing %"] for row in rows)
    return with_mean(rows, lambda row: 1.0, 1.05) + [
        f"Packing the weights takes at most {most:.1f} % of a step, bar 2 %: {verdict(most < 2)}."]


def cells(rows):
    lines = []
    for row in rows:
        rate, loop = row.ratio("LSTM rate"), row.best([name for name in row.opponents() if name.endswith("loop")])
        bar = LOOP_BARS[row.shape]
        met = rate[0] >= 0.9 and (not loop or row.ratio(loop)[0] >= bar)
        lines.append([row.what, row.shape, f"{row.numbers['GFLOP/s']:.1f}", spread(rate),
                      f"{spread(row.ratio(loop))} ({loop})" if loop else "", f"0.9, {bar}", verdict(met)])
    return table(["cell", "T,B,H", "GFLOP/s", "rate over the LSTM's", "over a framework's loop", "bars", ""], lines)


def steps(rows):
    lines = []
    for row in rows:
        H = row.shape
        eigen = row.best([name for name in row.opponents() if name.startswith("Eigen")])
        calls = [name for name in row.opponents() if name.endswith("one-step calls")]
        met = row.ratio(eigen)[0] >= EIGEN_BARS[H] and all(row.ratio(name)[0] >= 10 for name in calls)
        lines.append([H, f"{row.numbers['ours us'] * 1e3:.0f}", f"{row.numbers[eigen + ' us'] * 1e3:.0f}",
                      f"{spread(row.ratio(eigen))} ({eigen})", "; ".join(f"{name.split(',')[0]} {row.ratio(name)[0]:.1f}" for name in calls),
                      f"{EIGEN_BARS[H]}, 10", verdict(met)])
    return table(["H", "ns", "template, ns", "over the better template step", "over one-step calls", "bars", ""], lines)


def gradients(rows):
    return table(["cell", "forward, µs", "forward and gradient, µs", "ratio", "bar", ""],
                 [[row.what, f"{row.numbers['ours us']:.0f}", f"{row.numbers['gradient us']:.0f}", spread(row.ratio("gradient")),
                   "at most 3.2", verdict(row.ratio("gradient")[0] <= 3.2)] for row in rows])


def compilation(rows):
    return table(["cell", "seconds", "library, KB", "bars", ""],
                 [[row.what, f"{row.numbers['s to compile']:.2f}", f"{row.numbers['KB library']:.0f}", "1 s, 100 KB",
                   verdict(row.numbers["s to compile"] < 1 and row.numbers["KB library"] < 100)] for row in rows])


def limits(rows):
    lines = []
    for row in rows:
        unit = "GFLOP/s" if "GFLOP/s" in row.numbers else "GB/s"
        lines.append([row.what, spread([row.numbers[unit + which] for which in ("", " low", " high")]), unit])
    return table(["limit", "median [quartiles]", "unit"], lines)


SECTIONS = [("The machine's limits, one core", "limits", limits),
            ("Inference, batched", "inference", inference_batched),
            ("Inference, batch 1", "inference", inference_single),
            ("Training step", "training", training),
            ("Other cells, forward", "cell", cells),
            ("Streaming step, batch 1, I = 1", "step", steps),
            ("Cost of a gradient, (64,32,256)", "gradient", gradients),
            ("Compiling, H = I = 256", "compile", compilation)]


def versions(context):
    names = {"oneDNN": "oneDNN", "Eigen": "Eigen", "onnxruntime": "ONNX Runtime", "torch": "PyTorch"}
    found = ", ".join(f"{text} {context[key]}" for key, text in names.items() if key in context)
    return f"{context['date'][:10]}, {context['processor']}, {context['num_cpus']} cores, {found}."


def report(data, rows):
    lines = ["Measured " + versions(data["context"])]
    for title, work, write in SECTIONS:
        chosen = [row for row in rows if row.work == work and not row.error]
        written = write(chosen) if chosen else []
        if len(written) > 2:
            lines += ["", f"### {title}", ""] + written
    failed = [f"- {'/'.join(part for part in (row.work, row.what, row.shape) if part)}: {row.error}" for row in rows if row.error]
    return lines + (["", "### Rows that failed", ""] + failed if failed else [])


def plot(rows, path):
    """The best opponent's time over ours, row by row, with quartiles, on a logarithmic axis."""
    compared = [row for row in rows if row.work in ("inference", "training", "step") and row.best()]
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
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
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
