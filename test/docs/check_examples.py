#!/usr/bin/env python3
"""Checks with `seqc --check` that every ```seq block of the documentation compiles.

A block is a whole file, or what stands for `…` in a line `<!-- around: TEXT … TEXT -->` right before it. Dims without a
default get a small size. Usage: check_examples.py FILE.md ... (the folder of seqc is in SEQC_BIN_DIR)
"""
import os
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"(?:<!-- around: (?P<around>.*?) -->\n)?```seq\n(?P<text>.*?)^```$", re.S | re.M)
SYSTEM = re.compile(r"(model|cell) \w+\(([^)]*)\)")


def dims_of(text):
    """-D options for the dims of the system that seqc compiles: the last one, a model if there is any."""
    systems = SYSTEM.findall(text)
    models = [dims for kind, dims in systems if kind == "model"] or [dims for _, dims in systems]
    names = [dim.strip() for dim in models[-1].split(",")]
    return [option for name in names if name and "=" not in name for option in ("-D", f"{name}=4")]


def main():
    seqc = os.path.join(os.environ["SEQC_BIN_DIR"], "seqc")
    seen = failed = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            document = file.read()
        for match in BLOCK.finditer(document):
            text = match["text"]
            if match["around"]:
                text = match["around"].replace("…", "\n" + text)
            with tempfile.TemporaryDirectory() as folder:
                source = os.path.join(folder, "example.seq")
                with open(source, "w", encoding="utf-8") as file:
                    file.write(text)
                run = subprocess.run([seqc, "--check", *dims_of(text), source], capture_output=True, text=True)
            seen += 1
            if run.returncode != 0:
                failed += 1
                line = document.count("\n", 0, match.start("text")) + 1
                print(f"{path}:{line}: this example does not compile\n{run.stdout}{run.stderr}")
    print(f"{seen} examples, {failed} failed")
    sys.exit(failed != 0 or seen == 0)


if __name__ == "__main__":
    main()
