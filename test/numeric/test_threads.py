#!/usr/bin/env python3
"""Calls with a pool of threads give the same bits as calls without: every cell of the standard library, forward pass and
gradient, with and without lengths, few and many rows, more threads than cores."""
import os
import unittest

import numpy as np

import library
from cases import STDLIB, compiled, dims_of, random_input, random_params, random_states, scratch
from reference import CELLS

THREADS = (1, 2, 3, 4)

# What the cells do not have: a loss, rows looked up by id (and their gradient), dropout, both directions, heads.
MIXED = """
use std.lstm
use std.gru

model Mixed(V = 40, E = 24, H = 40, N = 3, D = 20, C = 12) {
  input word : id(V)
  input target : id(C)
  input z : [N, D]
  param table : [V, E] ~ normal(0.5)
  param P : [N, C, D] ~ normal(0.3)
  param Q : [C, N] ~ xavier
  param W : [C, 2 * H] ~ xavier
  e = dropout(table[word], 0.2)
  layer there = LSTM(E, H)
  layer back = reverse GRU(E, H)
  h = there(e)
  g = back(e)
  y = W @ [h, g] + Q @ max(P @ z)
  output y, last(h)
  loss = mean(cross_entropy(y, target))
}
"""


def bits(result):
    """Everything that a call has written."""
    parts = [result.outputs, result.final, result.gradients, {"loss": np.float64(result.loss or 0)}]
    return {name: np.asarray(array).tobytes() for part in parts for name, array in part.items()}


class Threads(unittest.TestCase):
    def check(self, model, inputs, states, lengths, **options):
        T, B = next(iter(inputs.values())).shape[:2]
        rng = np.random.default_rng(7)
        params = random_params(model)
        given = {name: rng.normal(0, 1, model.output_shape(name, T, B)) for name in model.outputs}
        options = {"states": states, "lengths": lengths, **options}
        prepared = model.prepare(params)

        def results(pool):
            forward = model.forward(params, inputs, pool=pool, **options)
            yield "forward", bits(forward)
            yield "prepared", bits(model.forward(params, inputs, pool=pool, prepared=prepared, **options))
            yield "gradient", bits(model.gradient(params, inputs, pool=pool, d_outputs=given, **options))

        expected = dict(results(None))
        for threads in THREADS:
            with model.pool(threads) as pool:
                for entry, actual in results(pool):
                    for name, value in expected[entry].items():
                        self.assertEqual(actual[name], value, f"{name} of {entry}, {threads} threads, T={T} B={B}")

    def check_cell(self, model, T, B, lengths=None, states=True):
        states = random_states(model, B) if states else None
        self.check(model, {"x": random_input(model, T, B)}, states, lengths)

    def test_cells(self):
        for name in CELLS:
            with self.subTest(cell=name):
                model = compiled(name, 2)
                self.check_cell(model, 5, 19)
                self.check_cell(model, 40, 1, states=False)
                self.check_cell(model, 9, 7, lengths=[9, 0, 1, 4, 8, 3, 9])
                self.check_cell(model, 0, 5)
                self.check_cell(model, 3, 0)

    def test_one_row_of_a_large_cell(self):
        for name in ("lstm", "gru", "layernorm_lstm", "indrnn"):
            with self.subTest(cell=name):
                cell = CELLS[name]
                dims = {**dims_of(cell, 2), "H": 301}
                path = os.path.join(STDLIB, f"{name}.seq")
                out = scratch(f"liblarge-{name}.so")
                model = library.Model(library.compile_seq(path, out, dims, "f32"), cell["model"])
                self.check_cell(model, 6, 1)
                self.check_cell(model, 6, 2, lengths=[2, 6], states=False)

    def test_few_units_of_many_inputs(self):
        """Threads divide the inputs of a weight's gradient, and the units' biases are for one of them: also where there are
        fewer pieces than threads."""
        for name, inputs in (("lstm", 300), ("gru", 300), ("gru", 30)):
            with self.subTest(cell=name, inputs=inputs):
                dims = {**dims_of(CELLS[name], 2), "H": 4, "I": inputs}
                path = os.path.join(STDLIB, f"{name}.seq")
                out = scratch(f"libwide-{name}-{inputs}.so")
                model = library.Model(library.compile_seq(path, out, dims, "f32"), CELLS[name]["model"])
                self.check_cell(model, 90, 19)

    def test_what_cells_do_not_have(self):
        source = scratch("mixed.seq")
        with open(source, "w") as file:
            file.write(MIXED)
        self.check_mixed(library.Model(library.compile_seq(source, scratch("libmixed.so"), dtype="f32"), "Mixed"))

    def check_mixed(self, model):
        rng = np.random.default_rng(8)
        for T, B, lengths in ((12, 13, None), (30, 5, [30, 0, 7, 29, 16]), (1, 40, None)):
            inputs = {"word": rng.integers(0, 40, (T, B)), "target": rng.integers(0, 12, (T, B))}
            inputs["z"] = rng.normal(0, 1, (T, B, 3, 20))
            for training in (False, True):
                self.check(model, inputs, random_states(model, B), lengths, training=training, seed=11)


if __name__ == "__main__":
    unittest.main()
