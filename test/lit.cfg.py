# How lit runs the tests of this folder. Tests may use:
#   seqc, seq-opt, seq-interp, seq-run   the tools just built
#   FileCheck, not, split-file, ...      LLVM's tools
#   %examples, %stdlib, %include         folders of the source tree (the last for `#include "runtime/seqc.h"`)
#   %python, %cc                         a Python with NumPy, a C compiler
import os

import lit.formats

config.name = "seqc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".seq", ".test"]
config.excludes = ["inputs", "Inputs", "numeric"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.seqc_test_build_dir

config.environment["PATH"] = os.pathsep.join(
    [config.seqc_bin_dir, config.llvm_tools_dir, config.environment.get("PATH", "")]
)
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions += [
    ("%examples", os.path.join(config.seqc_source_dir, "examples")),
    ("%stdlib", os.path.join(config.seqc_source_dir, "frontend", "stdlib")),
    ("%include", config.seqc_source_dir),
    ("%python", config.python),
    ("%cc", config.c_compiler),
]
