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


def check(path, seed=1):
    """What check.py says of each model of a file: None, or how it fails. It runs apart, so that crashes are seen."""
    try:
        run = subprocess.run([sys.executable, CHECK, path, str(seed)], capture_output=True, text=True, timeout=900)
    except subprocess.TimeoutExpired:
        return {name: "crash: no end" for name in models_of(path)}
    results = {name: f"{MISSING} (exit {run.returncode}) {run.stderr.strip()[-300:]}" for name in models_of(path)}
    for line in run.stdout.splitlines():
        verdict = line.split(" ", 2)
        if verdict[0] == "ok":
            results[verdict[1]] = None
        elif verdict[0] == "FAIL":
            results[verdict[1]] = verdict[2]
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


def check_batch(seeds, folder):
    """The failures of some seeds. Those of a batch that does not even compile are looked at one by one."""
    results = check(write(os.path.join(folder, f"batch{seeds[0]}.seq"), batch_text(seeds)))
    if len(seeds) > 1 and any(text and text.startswith(("compile", "crash")) for text in results.values()):
        return [failure for seed in seeds for failure in check_batch([seed], folder)]
    return [(int(name[1:]), text) for name, text in results.items() if text]


def kind_of(text):
    """What two failures have in common: "gradient", "compile: exit 3"."""
    return re.match(r"compile: exit -?\d+|[^:(]*", text).group()


def shrink_seed(seed, text, folder):
    kind = kind_of(text)

    def fails(file):
        results = check(write(os.path.join(folder, f"shrink{seed}.seq"), file.render()))
        return any(result and kind_of(result) == kind for result in results.values())

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
    """Checks valid systems; yields (seed, text) of those that fail."""
    batches = [seeds[start : start + batch] for start in range(0, len(seeds), batch)]
    with ThreadPoolExecutor(workers) as pool:
        for failures in pool.map(lambda part: check_batch(part, folder), batches):
            yield from failures


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
        for seed, text in run(seeds, folder):
            failed += 1
            os.makedirs(options.out, exist_ok=True)
            source = generate(seed, f"M{seed}").render() if options.no_shrink else shrink_seed(seed, text, folder)
            path = write(os.path.join(options.out, f"{seed}.seq"), source)
            print(f"seed {seed}: {text}\n  {path}", flush=True)
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
