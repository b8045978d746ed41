#!/usr/bin/env python3
"""Formatting a file changes nothing but its layout: the equations compiled from what `seqc --format` prints are those
compiled from the file, for every cell of the standard library and every example."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

SEQC = os.path.join(os.environ["SEQC_BIN_DIR"], "seqc")
ROOT = os.environ["SEQC_SOURCE_DIR"]


def seqc(*arguments):
    run = subprocess.run([SEQC, *arguments], capture_output=True)
    if run.returncode != 0:
        raise RuntimeError(f"seqc {' '.join(arguments)}:\n{run.stderr.decode()}")
    return run.stdout


def check(path, folder):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if os.path.basename(path) == "prelude.seq":
        return
    dims = [name for head in re.findall(r"^(?:cell|model)\s+\w+\(([^)]*)\)", text, re.M) for name in head.split(",")]
    options = [option for dim in dims if dim and "=" not in dim for option in ("-D", dim.strip() + "=4")]
    copy = os.path.join(folder, os.path.basename(path))
    shutil.copy(path, copy)
    original = seqc("--emit=equations", *options, copy, "-o", "-")
    with open(copy, "wb") as file:
        file.write(seqc("--format", path))
    if seqc("--emit=equations", *options, copy, "-o", "-") != original:
        raise RuntimeError(f"{path}: the formatted file compiles to other equations")
    if seqc("--format", copy) != open(copy, "rb").read():
        raise RuntimeError(f"{path}: formatting twice is not formatting once")


def main():
    sources = sorted(glob.glob(ROOT + "/frontend/stdlib/*.seq") + glob.glob(ROOT + "/examples/*.seq"))
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in sources:
            try:
                check(path, folder)
            except RuntimeError as error:
                failed += 1
                print(error)
    print(f"{len(sources)} files, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
