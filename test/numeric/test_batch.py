#!/usr/bin/env python3
"""What a row of a batch comes to does not depend on the others: its bits are those of a call with a few rows, in batches
of more rows than a table of addresses holds (codegen/cpu/RowTable.h) as in smaller ones, on loops of several panels and of
one, in which each sum has two parts, and in tiles of eight rows. A call with one row has functions of its own."""
import os
import unittest

import numpy as np

import library
from cases import random_params, random_states, scratch

CELLS = {"lstm": "LSTM", "gru": "GRU", "gru_reset_after": "GRUResetAfter"}
INPUTS, STEPS = 5, 3
BATCHES = ((66, 385), (66, 400), (24, 20))  # units, and rows, of which 384 are in a table at once
EIGHT_ROWS = ((256, 399),)  # three sums of many steps for each unit: as many rows as that leaves registers for
CASES = {"lstm": BATCHES, "gru": BATCHES, "gru_reset_after": EIGHT_ROWS}


def compiled(cell, units, weights):
    out = scratch(f"libbatch-{cell}-{units}-{weights}.so")
    path = os.path.join(library.SOURCE_DIR, "frontend/stdlib", f"{cell}.seq")
    dims = {"I": INPUTS, "H": units}
    library.compile_seq(path, out, dims, "f32", CELLS[cell], [f"--weights={weights}"])
    return library.Model(out, CELLS[cell])


class Batches(unittest.TestCase):
    def check(self, cell, units, weights, rows, run):
        model, random = compiled(cell, units, weights), np.random.default_rng(7)
        params, states = random_params(model), random_states(model, rows)
        x, lengths = random.normal(size=(STEPS, rows, INPUTS)), np.arange(rows) % (STEPS + 1)
        whole = run(model, params, x, states, lengths)
        for part in (slice(0, 1), slice(rows - 1, rows), slice(0, 7), slice(rows - 14, rows)):
            given = {name: value[part] for name, value in states.items()}
            few = run(model, params, x[:, part], given, lengths[part])
            for name, (value, rows_of) in few.items():
                np.testing.assert_array_equal(value, rows_of(whole[name][0], part), f"{name}, rows {part}")

    def each(self, weights, run):
        for cell, batches in CASES.items():
            for form in weights:
                for units, rows in batches:
                    with self.subTest(cell=cell, units=units, weights=form, rows=rows):
                        self.check(cell, units, form, rows, run)

    def test_outputs_of_a_row_do_not_depend_on_the_others(self):
        def run(model, params, x, states, lengths):
            result = model.forward(params, {"x": x}, states=states, lengths=lengths)
            of_steps = {name: (value, lambda a, part: a[:, part]) for name, value in result.outputs.items()}
            return {**of_steps, **{f"final {name}": (value, lambda a, part: a[part]) for name, value in result.final.items()}}

        self.each(("f32", "bf16", "int8"), run)

    def test_gradients_of_a_row_do_not_depend_on_the_others(self):
        def run(model, params, x, states, lengths):
            d_outputs = {"h": np.ones((*x.shape[:2], next(iter(states.values())).shape[-1]))}
            result = model.gradient(params, {"x": x}, states=states, lengths=lengths, d_outputs=d_outputs)
            found = {name: (result.gradients[name], lambda a, part: a[part]) for name in states}
            return {"x": (result.gradients["x"], lambda a, part: a[:, part]), **found}

        self.each(("f32",), run)


if __name__ == "__main__":
    unittest.main()
