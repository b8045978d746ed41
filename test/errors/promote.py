#!/usr/bin/env python3
"""Takes what `seqc --check` prints now as what it should print. Usage: promote.py BIN_DIR [FILE.seq ...]
Without files: all of the corpus. Prints which expectations changed; read the difference before committing it."""
import glob
import os
import sys

from golden import expected_path, run_check


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    here = os.path.dirname(os.path.abspath(__file__))
    sources = sys.argv[2:] or sorted(glob.glob(here + "/**/*.seq", recursive=True))
    failed = False
    for source in sources:
        text, complaint = run_check(os.path.abspath(source), os.path.abspath(sys.argv[1]))
        if complaint:
            print(f"{source}: {complaint}", end="")
            failed = True
            continue
        path = expected_path(source)
        old = None
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                old = file.read()
        if text != old:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            print(("changed " if old is not None else "new     ") + os.path.relpath(path, here))
    sys.exit(failed)


if __name__ == "__main__":
    main()
