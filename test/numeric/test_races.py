#!/usr/bin/env python3
"""The threads of a call touch the same memory only with a meeting in between: generated code and the runtime under
ThreadSanitizer, which has to see every access. So code is generated for SSE, whose vectors it knows, and its masked
accesses are split. Which thread does what, and where threads meet, is the same for every processor."""
import glob
import os
import re
import subprocess
import sys
import unittest

import library
import test_threads
from cases import STDLIB, dims_of, scratch
from reference import CELLS

CC = os.environ.get("SEQC_CC", "clang-22")
OPT = os.path.join(os.environ.get("SEQC_LLVM_TOOLS", "/usr/lib/llvm-22/bin"), "opt")
RUNTIME = os.path.join(library.SOURCE_DIR, "runtime")
SANITIZER = "libclang_rt.tsan-x86_64.so"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


def instrumented(path, dims, name):
    """An object file of a model, in which ThreadSanitizer sees every load and store."""
    out = scratch(f"races-{name}")
    options = ["--emit=llvm", "--march=x86-64-v2"]
    library.compile_seq(path, f"{out}.ll", dims, "f64", name, options)
    passes = "function(scalarize-masked-mem-intrin,scalarizer<load-store>)"
    run(OPT, "-S", f"-passes={passes}", f"{out}.ll", "-o", f"{out}.ll")
    with open(f"{out}.ll") as file:
        text = re.sub(r"^(attributes #\d+ = \{)", r"\1 sanitize_thread", file.read(), flags=re.M)
    with open(f"{out}.ll", "w") as file:
        file.write(text)
    run(CC, "-O1", "-fPIC", "-fsanitize=thread", "-Wno-override-module", "-c", f"{out}.ll", "-o", f"{out}.o")
    return f"{out}.o"


def link(model, pool=os.path.join(RUNTIME, "pool.c")):
    sources = [path for path in glob.glob(os.path.join(RUNTIME, "*.c")) if os.path.basename(path) != "pool.c"]
    out = f"{model[:-2]}.so"
    run(CC, "-shared", "-shared-libsan", "-fsanitize=thread", "-O1", "-g", "-fPIC", "-fvisibility=hidden", "-I",
        library.SOURCE_DIR, "-Wl,-Bsymbolic", "-o", out, model, pool, *sources, "-lm")
    return out


def reports(path, name):
    """What ThreadSanitizer says of calls with a pool. Its runtime has to be there before Python's threads are."""
    preloaded = run(CC, f"-print-file-name={SANITIZER}").strip()
    result = subprocess.run(["setarch", "-R", sys.executable, __file__, "--call", path, name], capture_output=True,
                            text=True, timeout=900,
                            env={**os.environ, "LD_PRELOAD": preloaded, "TSAN_OPTIONS": "exitcode=0"})
    assert result.returncode == 0 or "ThreadSanitizer" in result.stderr, result.stderr
    return result.stderr


def call(path, name):
    test_threads.THREADS = (2, 3)
    model, check = library.Model(path, name), test_threads.Threads()
    if name == "Mixed":
        check.check_mixed(model)
        return
    check.check_cell(model, 5, 19)
    check.check_cell(model, 12, 1, states=False)
    check.check_cell(model, 9, 7, lengths=[9, 0, 1, 4, 8, 3, 9])


class Races(unittest.TestCase):
    def object_of(self, name):
        cell = CELLS[name]
        return instrumented(os.path.join(STDLIB, f"{name}.seq"), dims_of(cell, 2), cell["model"]), cell["model"]

    def test_cells(self):
        for name in ("lstm", "gru", "gru_reset_after", "layernorm_lstm", "batchnorm_lstm", "projected_lstm"):
            with self.subTest(cell=name):
                model, name = self.object_of(name)
                self.assertEqual(reports(link(model), name), "")

    def test_what_cells_do_not_have(self):
        path = scratch("mixed.seq")
        with open(path, "w") as file:
            file.write(test_threads.MIXED)
        self.assertEqual(reports(link(instrumented(path, {}, "Mixed")), "Mixed"), "")

    def test_meetings_that_do_not_wait_are_found(self):
        model, name = self.object_of("elman")
        with open(os.path.join(RUNTIME, "pool.c")) as file:
            text = file.read()
        waits = "    await_others(self, arrive(self));\n    return;\n"
        self.assertEqual(text.count(waits), 1)
        broken = scratch("pool.c")
        with open(broken, "w") as file:
            file.write(text.replace(waits, waits.replace("await_others(self, arrive(self))", "arrive(self)")))
        self.assertIn("data race", reports(link(model, broken), name))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--call"]:
        call(*sys.argv[2:])
    else:
        unittest.main()
