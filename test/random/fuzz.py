#!/usr/bin/env python3
"""fuzz.py --count N --seed S: compiles random systems, compares them with the oracle, and shrinks each failure to a small
file in --out. Invalid and garbled files must be refused, or compiled, but never crash the compiler."""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "numeric"))
import library
from generate import generate
from invalid import garbled, invalid
from shrink import shrink

CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check.py")
MISSING = "crash: the check ended early"


def write(path, text):
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    return path


@dataclass
class Verdict:
    """What check.py says of one model."""

    failure: str = None  # how it fails
    compared: int = 0  # arrays and slopes
    infinite: int = 0  # those in which the oracle has no finite number


def check(path, seed=1, part="all"):
    """The verdicts on the models of a file, by name. It runs apart, so that crashes are seen."""
    try:
        run = subprocess.run([sys.executable, CHECK, path, str(seed), part], capture_output=True, text=True, timeout=900)
    except subprocess.TimeoutExpired:
        return {name: Verdict("crash: no end") for name in models_of(path)}
    missing = Verdict(f"{MISSING} (exit {run.returncode}) {run.stderr.strip()[-300:]}")
    results = {name: missing for name in models_of(path)}
    for word, name, rest in re.findall(r"^(ok|FAIL) (\w+) (.*)", run.stdout, re.MULTILINE):
        results[name] = Verdict(None, *map(int, rest.split())) if word == "ok" else Verdict(rest)
    return results


def models_of(path):
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^model (\w+)", file.read(), re.MULTILINE)


def batch_text(seeds):
    """The files of several seeds as one, so that they become one library."""
    files = [generate(seed, f"M{seed}") for seed in seeds]
    uses = sorted({path for file in files for path in file.uses})
    for file in files:
        file.uses = []
    return "\n".join([f"use {path}" for path in uses] + [file.render() for file in files])


def arrays_of(seed):
    """The seed of check.py for a system, the same in whichever batch it is; half of them are for the processor at hand."""
    return 1 + seed // 10 % 2


def check_batch(seeds, folder):
    """(seed, verdict) of some seeds. Those of a batch that does not even compile are looked at one by one."""
    results = check(write(os.path.join(folder, f"batch{seeds[0]}.seq"), batch_text(seeds)), arrays_of(seeds[0]))
    if len(seeds) > 1 and any((one.failure or "").startswith(("compile", "crash")) for one in results.values()):
        return [result for seed in seeds for result in check_batch([seed], folder)]
    return [(int(name[1:]), verdict) for name, verdict in results.items()]


def kind_of(text):
    """What two failures have in common: "gradient", "compile: exit 3"."""
    return re.match(r"compile: exit -?\d+|[^:(]*", text).group()


# What has to run for a failure to show again.
PARTS = {"forward": "forward", "final state": "forward", "loss": "forward", "repeat": "forward", "step": "streaming",
         "block": "streaming", "gradient": "gradient", "adjoint": "gradient", "compile": "compile"}


def shrink_seed(seed, text, folder):
    kind = kind_of(text)
    part = PARTS.get(kind.split(":")[0], "all")

    def fails(file):
        path = write(os.path.join(folder, f"shrink{seed}.seq"), file.render())
        # Most cuts leave a name without its equation; that is found out without compiling.
        if part != "compile" and refusal(path)[0] == 1:
            return False
        return any(one.failure and kind_of(one.failure) == kind for one in check(path, arrays_of(seed), part).values())

    return shrink(generate(seed, f"M{seed}"), fails).render()


def refusal(path):
    """Runs seqc --check on a file: (exit code, what it printed)."""
    run = subprocess.run([library.tool("seqc"), "--check", path], capture_output=True, text=True, errors="replace",
                         timeout=60)
    return run.returncode, run.stderr


def check_invalid(seed, folder):
    """None, or why the refusal of an invalid file is wrong."""
    text, wrong = invalid(seed)
    code, message = refusal(write(os.path.join(folder, f"invalid{seed}.seq"), text))
    if code != 1 or not re.search(r"^\S+:\d+:\d+: error: ", message, re.MULTILINE):
        return f"{wrong} is not refused: exit {code} {message[:200]}"
    return None


def check_garbled(seed, folder):
    code, message = refusal(write(os.path.join(folder, f"garbled{seed}.seq"), garbled(seed)))
    if code not in (0, 1) or (code == 1 and "error:" not in message):
        return f"exit {code} {message[:200]}"
    return None


def run(seeds, folder, batch=10, workers=2):
    """Checks valid systems; yields (seed, verdict)."""
    batches = [seeds[start : start + batch] for start in range(0, len(seeds), batch)]
    with ThreadPoolExecutor(workers) as pool:
        for verdicts in pool.map(lambda part: check_batch(part, folder), batches):
            yield from verdicts


def summary(verdicts):
    """What was compared, and in which systems there was something that could not be."""
    infinite = {seed: verdict.infinite for seed, verdict in verdicts if verdict.infinite}
    return (f"{len(verdicts)} systems: {sum(verdict.compared for _, verdict in verdicts)} arrays and slopes compared, "
            f"{sum(infinite.values())} without a finite number"
            + (f" (seed: how many: {infinite})" if infinite else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="fuzz-failures")
    parser.add_argument("--no-shrink", action="store_true")
    options = parser.parse_args()
    seeds = list(range(options.seed, options.seed + options.count))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="seqc-fuzz-") as folder:
        verdicts = []
        for seed, verdict in run(seeds, folder):
            verdicts.append((seed, verdict))
            text = verdict.failure
            if not text:
                continue
            failed += 1
            os.makedirs(options.out, exist_ok=True)
            source = generate(seed, f"M{seed}").render() if options.no_shrink else shrink_seed(seed, text, folder)
            path = write(os.path.join(options.out, f"{seed}.seq"), source)
            print(f"seed {seed}: {text}\n  {path}", flush=True)
        print(summary(verdicts), flush=True)
        for name, one in (("invalid", check_invalid), ("garbled", check_garbled)):
            for seed in seeds:
                text = one(seed, folder)
                if text:
                    failed += 1
                    os.makedirs(options.out, exist_ok=True)
                    os.replace(os.path.join(folder, f"{name}{seed}.seq"), os.path.join(options.out, f"{name}{seed}.seq"))
                    print(f"{name} {seed}: {text}", flush=True)
    print(f"{len(seeds)} valid, {len(seeds)} invalid, {len(seeds)} garbled files: {failed} failures")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
