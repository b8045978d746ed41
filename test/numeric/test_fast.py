#!/usr/bin/env python3
"""`--fast-activations`: within its bounds of NumPy and the oracle, and as consistent as without."""
import functools
import os
import subprocess
import unittest

import numpy as np

import library
import tensors
from cases import SIZES, STDLIB, compiled, distance, random_input, random_params, random_states, scratch
from reference import CELLS
from test_cells import expected, ones

MARCHES = ("native", "x86-64-v3", "x86-64")
NAMES = ("lstm", "gru", "peephole_lstm")
FUNCTIONS = """model Functions(N = 37) {
  input x : [N]
  s = sigmoid(x)
  t = tanh(x)
  e = exp(x)
  output s, t, e
}
"""
# FastMath.h, with the rounding of the result to f32.
RELATIVE, ABSOLUTE = 4.5e-6, {"s": 2.1e-7, "t": 8.6e-7}


def option(march):
    return ("--fast-activations", f"--march={march}")


@functools.lru_cache(maxsize=None)
def fast_cell(name, march):
    out = scratch(f"libfast-{name}-{march}.so")
    dims = {dim: SIZES[1][dim] for dim in CELLS[name]["dims"]}
    return library.Model(
        library.compile_seq(os.path.join(STDLIB, f"{name}.seq"), out, dims, "f32", options=option(march)),
        CELLS[name]["model"])


def usable(march):
    """Whether this processor has it."""
    try:
        fast_cell(NAMES[0], march).init()
    except library.CallError:
        return False
    return True


class Fast(unittest.TestCase):
    def each(self):
        for march in filter(usable, MARCHES):
            for name in NAMES:
                with self.subTest(cell=name, march=march):
                    yield CELLS[name], fast_cell(name, march)

    def test_describe_says_so(self):
        for _, model in self.each():
            self.assertEqual(model.info["activations"], "fast")
        self.assertEqual(compiled("lstm", 1, "f32").info["activations"], "exact")

    def test_forward_agrees_with_numpy(self):
        for cell, model in self.each():
            params, x, states = random_params(model), random_input(model, 50, 5), random_states(model, 5)
            values, _ = expected(cell, params, x, states)
            result = model.forward(params, {"x": x}, states=states)
            self.assertLess(distance(result.outputs[cell["output"]], values[cell["output"]]), 1e-5)

    def test_the_gradient_agrees_with_the_exact_one(self):
        for name in NAMES:
            cell, exact, fast = CELLS[name], compiled(name, 1, "f32"), fast_cell(name, "native")
            params, x = random_params(exact), random_input(exact, 20, 3)
            gradients = [model.gradient(params, {"x": x}, d_outputs=ones(model, cell, 20, 3)).gradients
                         for model in (exact, fast)]
            for tensor, value in gradients[0].items():
                self.assertLess(distance(gradients[1][tensor], value), 1e-4, f"{name} {tensor}")

    def test_all_programs_give_the_same_bits(self):
        for cell, model in self.each():
            params, x, states = random_params(model), random_input(model, 9, 4), random_states(model, 4)
            output = model.forward(params, {"x": x}, states=states).outputs[cell["output"]]
            taped = model.gradient(params, {"x": x}, states=states, d_outputs=ones(model, cell, 9, 4))
            np.testing.assert_array_equal(taped.outputs[cell["output"]], output)
            prepared = model.prepare(params)
            for row in range(4):
                steps = model.steps(params, {"x": x[:, row : row + 1]}, prepared=prepared,
                                    states={name: state[row : row + 1] for name, state in states.items()})
                alone = np.concatenate([step.outputs[cell["output"]] for step in steps])
                np.testing.assert_array_equal(alone[:, 0], output[:, row])

    def test_functions_agree_with_the_oracle(self):
        source, params, given, out = (scratch(f"Functions.{end}") for end in ("seq", "p", "g", "y"))
        with open(source, "w") as file:
            file.write(FUNCTIONS)
        x = np.random.default_rng(3).normal(0, 6, (20, 5, 37)).astype(np.float32)
        x[0, 0, :4] = [0, -0.0, 80, -80]
        tensors.save(params, {})
        tensors.save(given, {"x": x.astype(np.float64)})
        subprocess.run([library.tool("seq-interp"), "forward", source, "--params", params, "--in", given, "--out", out],
                       check=True, timeout=120)
        oracle = tensors.load(out)
        for march in filter(usable, MARCHES):
            path = library.compile_seq(source, scratch(f"libfunctions-{march}.so"), {}, "f32", options=option(march))
            result = library.Model(path, "Functions").forward({}, {"x": x}).outputs
            for name, value in oracle.items():
                error = np.abs(result[name] - value)
                self.assertLess((error / np.maximum(np.abs(value), 1e-37)).max(), RELATIVE, name)
                if name in ABSOLUTE:
                    self.assertLess(error.max(), ABSOLUTE[name], name)


if __name__ == "__main__":
    unittest.main()
