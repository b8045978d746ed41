#!/usr/bin/env python3
"""Prepared steps of one row, which have code of their own (codegen/StepEntry.h), on models that reach back further than
a step: the bits of one forward call, with final states in place of the states."""
import os
import unittest

import numpy as np

import library
from cases import random_params, random_states, scratch

# Values of other values' past, parts of it, and several steps of it: what becomes one state was another before the step.
MODELS = {
    "Lags": """
  h = tanh(W @ h[t-1] + x)
  y = h[t-2] - 2 * h[t-3] + h""",
    "Chain": """
  h = tanh(W @ h[t-1] + x)
  k = h[t-1]
  y = k[t-1] + k[t-2] + h""",
    "Parts": """
  h = tanh(W @ h[t-1] + x)
  a = h[t-1][0:2]
  y = h + sum(a[t-1])""",
    "Twice": """
  h = tanh(W @ h[t-1] + x + g[t-2])
  g = h[t-1] * 0.5
  y = g + h[t-2]""",
}


# Loops whose weights do not all fit in the nearest cache, so that they go through panels, or products, to and fro: what
# comes first depends on the step's number, which a call of one step does not know.
TO_AND_FRO = {"frontend/stdlib/gru.seq": "GRU", "frontend/stdlib/lstm.seq": "LSTM", "examples/made_up.seq": "TwoClocks"}


def compiled(name):
    source = scratch(f"steps-{name}.seq")
    with open(source, "w") as file:
        file.write(f"cell {name}(H) {{\n  input x : [H]\n  param W : [H, H] ~ xavier\n{MODELS[name]}\n  output y\n}}\n")
    return library.Model(library.compile_seq(source, scratch(f"libsteps-{name}.so"), {"H": 5}, "f32"), name)


class Steps(unittest.TestCase):
    def test_in_place_they_are_one_forward(self):
        for name in MODELS:
            with self.subTest(model=name):
                model = compiled(name)
                params, states = random_params(model), random_states(model, 1)
                x = np.random.default_rng(3).normal(size=(7, 1, 5))
                whole, prepared = model.forward(params, {"x": x}, states=states), model.prepare(params)
                for t in range(len(x)):
                    step = model.call("step", params, {"x": x[t : t + 1]}, states=states, prepared=prepared, in_place=True)
                    np.testing.assert_array_equal(step.outputs["y"][0], whole.outputs["y"][t])
                    states = step.final
                for state, value in whole.final.items():
                    np.testing.assert_array_equal(states[state], value, state)

    def test_to_and_fro_they_have_the_bits_of_one_forward(self):
        for path, name in TO_AND_FRO.items():
            for march in ("native", "x86-64-v3"):
                with self.subTest(cell=name, march=march):
                    out = scratch(f"libsteps-{name}-{march}.so")
                    library.compile_seq(os.path.join(library.SOURCE_DIR, path), out, {"I": 8, "H": 64}, "f32", name,
                                        [f"--march={march}"])
                    model = library.Model(out, name)
                    params, states = random_params(model), random_states(model, 1)
                    x = np.random.default_rng(5).normal(size=(6, 1, 8))
                    whole, prepared = model.forward(params, {"x": x}, states=states), model.prepare(params)
                    for t in range(len(x)):
                        step = model.call("step", params, {"x": x[t : t + 1]}, states=states, prepared=prepared)
                        for output, value in step.outputs.items():
                            np.testing.assert_array_equal(value[0], whole.outputs[output][t], output)
                        states = step.final

    def test_they_do_not_look_at_what_prepare_has_packed(self):
        model = compiled("Lags")
        params, states = random_params(model), random_states(model, 1)
        x, prepared = np.ones((1, 1, 5)), model.prepare(params)
        expected = model.call("step", params, {"x": x}, states=states, prepared=prepared)
        without = model.call("step", {}, {"x": x}, states=states, prepared=prepared)
        np.testing.assert_array_equal(without.outputs["y"], expected.outputs["y"])


if __name__ == "__main__":
    unittest.main()
