#!/usr/bin/env python3
"""Checks with seq-opt the examples in the descriptions of all ops and passes (`dialect/*.td`, `passes/*.td`, …).

Every op has an example, every pass a pre-condition and one before and one after it; each example parses and verifies.
One whose first line does not stand in a module by itself is put into a `recur.system`, where a value that it uses and
does not define is there already, with the type that the example gives it.

Usage: check_descriptions.py LLVM_TOOLS_DIR MLIR_INCLUDE_DIR FILE.td ... (the folder of seq-opt is in SEQC_BIN_DIR)
"""
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BLOCK = re.compile(r"^ *```mlir\n(.*?)^ *```", re.S | re.M)
PART = re.compile(r"^ *// (before|after)\b.*\n", re.M)
IN_MODULE = re.compile(r"(?:\s|//.*\n)*(recur\.system|recur\.interface|func\.func)\b")
DEFINED = re.compile(r"^ *(%\w+(?:, *%\w+)*) *=", re.M)
MISFIT = re.compile(r"^.*?:(\d+):\d+: error: use of value '(%\w+)' expects different type than prior uses: '(.*)' vs "
                    r"'none'$", re.M)
ERROR = re.compile(r"^.*?:(\d+):\d+: error: .*$", re.M)


def records(path, tools, include):
    command = [os.path.join(tools, "llvm-tblgen"), "--dump-json", "-I", ROOT, "-I", include, os.path.join(ROOT, path)]
    dump = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    for kind in ("Op", "PassBase"):
        for name in dump["!instanceof"].get(kind, []):
            yield kind, dump[name]


class Example:
    def __init__(self, owner, text):
        self.owner, self.text = owner, text
        self.wrapped = not IN_MODULE.match(text)
        defined = {name for names in DEFINED.findall(text) for name in re.split(", *", names)}
        free = set(re.findall(r"%\w+", text)) - defined if self.wrapped else set()
        self.types = dict.fromkeys(sorted(free), "none")

    def module(self):
        if not self.wrapped:
            return self.text
        given = [f"{name} = builtin.unrealized_conversion_cast to {type}\n" for name, type in self.types.items()]
        return "recur.system @Example {\n" + "".join(given) + self.text + "}\n"


def examples_of(kind, record):
    """The examples of an op or a pass, and what its description lacks."""
    blocks = BLOCK.findall(record["description"])
    if kind == "Op":
        owner = f"recur.{record['opName']}"
        return [Example(owner, block) for block in blocks], [] if blocks else [f"{owner} has no example"]
    owner, examples, seen = record["argument"], [], set()
    for block in blocks:
        pieces = PART.split(block)[1:]
        for part, text in zip(pieces[::2], pieces[1::2]):
            examples.append(Example(owner, text))
            seen.add(part)
    lacking = [f"{owner} has no example of what is {part} it" for part in ("before", "after") if part not in seen]
    if "Pre-condition:" not in record["description"]:
        lacking.append(f"{owner} states no pre-condition")
    return examples, lacking


def errors_of(examples, path):
    """What seq-opt says, as pairs of the example and the match of MISFIT or ERROR."""
    owners, lines = [], []
    for example in examples:
        module = example.module() + "// -----\n"
        owners += [example] * module.count("\n")
        lines.append(module)
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(lines))
    command = [os.path.join(os.environ["SEQC_BIN_DIR"], "seq-opt"), "-split-input-file", path, "-o", os.devnull]
    result = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    found = [(owners[int(match[1]) - 1], MISFIT.match(match[0]) or match) for match in ERROR.finditer(result.stderr)]
    if result.returncode and not found:
        sys.exit(result.stderr)
    return found


def main():
    tools, include, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    examples, failures = [], []
    for path in files:
        for kind, record in records(path, tools, include):
            of_record, lacking = examples_of(kind, record)
            examples += of_record
            failures += lacking
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "examples.mlir")
        while True:
            errors = errors_of(examples, path)
            misfits = [(example, match) for example, match in errors if match.re is MISFIT]
            if not misfits:
                break
            for example, match in misfits:
                example.types[match[2]] = match[3]
    failures += [f"{example.owner}: {match[0].split(': error: ', 1)[1]}\n{example.module()}" for example, match in errors]
    for failure in failures:
        print(failure)
    print(f"{len(examples)} examples, {len(failures)} failures")
    sys.exit(1 if failures or not examples else 0)


if __name__ == "__main__":
    main()
