#!/usr/bin/env python3
"""The passes on equations keep what a system computes: every cell of the standard library, evaluated by the oracle
before and after them, and its derived gradient, simplified and fused, against central differences. The adjoint of its
adjoint is its Hessian times a vector, against central differences of the gradient."""
import os
import re
import subprocess
import unittest

import numpy as np

import tensors
from cases import STDLIB, dims_of, distance, scratch
from reference import CELLS

BIN = os.environ["SEQC_BIN_DIR"]

SIMPLIFY = "recur.system(recur-simplify{drop-equations=true})"
FUSE = "recur.system(recur-simplify,recur-fuse-gates,recur-simplify{drop-equations=true})"
PIPELINES = {
    "simplify": f"recur-inline-instances,{SIMPLIFY}",
    "fuse": f"recur-inline-instances,{FUSE}",
    "adjoint": f"recur-inline-instances,recur-derive-adjoint,{SIMPLIFY}",
    "adjoint then fuse": f"recur-inline-instances,recur-derive-adjoint,{FUSE}",
    "fuse, adjoint, fuse": f"recur-inline-instances,{FUSE},recur-derive-adjoint,{FUSE}",
}
T, B = 5, 3


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise AssertionError(f"{' '.join(command)}\n{result.stderr}")
    return result.stdout


class Passes(unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(5)

    def equations(self, name, cell):
        out = scratch("cell.mlir")
        dims = [f"-D{dim}={size}" for dim, size in dims_of(cell, 0).items()]
        source = os.path.join(STDLIB, f"{name}.seq")
        run(f"{BIN}/seqc", source, f"--model={cell['model']}", *dims, "--dtype=f64", "--emit=equations", "-o", out)
        return out

    def arrays(self, path):
        """Random parameters, inputs and states, by the lines of the dump that declare them."""
        params, inputs = {}, {"lengths": np.array([T, 2, 0])}
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
        for line in lines:
            match = re.search(r'recur\.(param|input|delay|advance) .*"(.*?)".*tensor<([0-9x]*)', line)
            if not match:
                continue
            kind, name, dims = match.groups()
            name = re.sub(rb"\\([0-9A-F]{2})", lambda code: bytes.fromhex(code[1].decode()), name.encode()).decode()
            shape = tuple(int(dim) for dim in dims.split("x") if dim)
            if kind == "param":
                # About its initial value where that is one number: a variance stays positive.
                start = re.search(r"init <constant, ([^ >]*)", line)
                params[name] = self.rng.uniform(-0.9, 0.9, shape) + (float(start.group(1)) if start else 0)
            elif kind == "input":
                inputs[name] = self.rng.normal(0, 1, (T, B, *shape))
            else:
                inputs[f"{name}[0]"] = self.rng.normal(0, 0.5, (B, *shape))
        tensors.save(scratch("params.st"), params)
        tensors.save(scratch("in.st"), inputs)

    def oracle(self, command, path, *extra, params="params.st", arrays="in.st"):
        out = scratch("out.st")
        run(f"{BIN}/seq-interp", command, path, "--params", scratch(params), "--in", scratch(arrays),
            "--out", out, *extra)
        return tensors.load(out)

    def seed_outputs(self, forward):
        inputs = dict(tensors.load(scratch("in.st")))
        inputs.update({f"d.{name}": self.rng.normal(0, 1, value.shape) for name, value in forward.items()})
        tensors.save(scratch("in.st"), inputs)

    def check(self, actual, expected, tolerance):
        self.assertEqual(set(actual), set(expected))
        for name, value in expected.items():
            self.assertLess(distance(actual[name], value), tolerance, name)

    def test_passes_keep_outputs_and_gradients(self):
        for cell in CELLS:
            source = self.equations(cell, CELLS[cell])
            self.arrays(source)
            forward = self.oracle("forward", source)
            self.seed_outputs(forward)
            gradient = self.oracle("gradient", source)
            for name, pipeline in PIPELINES.items():
                with self.subTest(cell=cell, pipeline=name):
                    changed = scratch("changed.mlir")
                    run(f"{BIN}/seq-opt", source, f"-pass-pipeline=builtin.module({pipeline})", "-o", changed)
                    self.check(self.oracle("forward", changed), forward, 1e-12)
                    self.check(self.oracle("gradient", changed, "--adjoint"), gradient, 1e-6)

    def moved(self, direction, step):
        """The gradient at parameters and inputs moved by `step` along `direction`."""
        params, inputs = tensors.load(scratch("params.st")), tensors.load(scratch("in.st"))
        tensors.save(scratch("params+.st"), {name: value + step * direction[name] for name, value in params.items()})
        moved = {name: value + step * direction[name] for name, value in inputs.items() if name in direction}
        tensors.save(scratch("in+.st"), {**inputs, **moved})
        return self.oracle("gradient", scratch("cell.mlir"), "--adjoint", params="params+.st", arrays="in+.st")

    def test_the_adjoint_of_an_adjoint_is_the_hessian_times_a_vector(self):
        delta = 1e-5
        for cell in CELLS:
            with self.subTest(cell=cell):
                source = self.equations(cell, CELLS[cell])
                self.arrays(source)
                self.seed_outputs(self.oracle("forward", source))
                gradient = self.oracle("gradient", source, "--adjoint")
                direction = {name[2:]: self.rng.normal(0, 1, value.shape) for name, value in gradient.items()
                             if not name.endswith("]")}
                above, below = self.moved(direction, delta), self.moved(direction, -delta)
                expected = {name: (above[name] - below[name]) / (2 * delta) for name in gradient}
                inputs = dict(tensors.load(scratch("in.st")))
                inputs.update({f"d.d.{name}": value for name, value in direction.items()})
                tensors.save(scratch("in.st"), inputs)
                run(f"{BIN}/seq-opt", source, "-recur-inline-instances", "-recur-derive-adjoint",
                    "-o", scratch("joint.mlir"))
                model = f"{CELLS[cell]['model']}.joint"
                self.check(self.oracle("gradient", scratch("joint.mlir"), "--adjoint", f"--model={model}"), expected,
                           1e-6)


if __name__ == "__main__":
    unittest.main()
