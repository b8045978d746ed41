#!/usr/bin/env python3
"""Compiled code stays in its memory and reads nothing of it that nobody wrote: every array of the caller, and every slot
of workspace, tape, prepared and pool, ends or begins at an inaccessible page, and is full of NaN at first. Sanitizers do
not see generated code; this does. It crashes where the code is wrong, and the line printed last says with which library."""
import faulthandler
import os
import unittest

import numpy as np

import fences
import library
from cases import STDLIB, distance, random_params, random_states, scratch
from reference import CELLS
from test_bptt_memory import MIXED as IN_SEGMENTS
from test_bptt_memory import random_inputs, random_seeds
from test_threads import MIXED

# No multiples of any vector or tile.
DIMS = {"I": 7, "H": 37, "O": 5, "P": 9}
NATIVE, AVX2 = "--march=native", "--march=x86-64-v3"
SHAPES = ((1, 1, None), (5, 19, None), (23, 1, None), (6, 7, (6, 0, 1, 4, 5, 3, 6)), (0, 5, None), (3, 0, None))

# Fences make memory larger, so that a bounded library cuts elsewhere and adds up in another order.
TOLERANCE = 2e-5


def arrays_of(result):
    """Everything that a call has written."""
    return {**result.outputs, **result.final, **result.gradients, "loss": np.float64(result.loss or 0)}


class Fences(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        faulthandler.enable()

    def compare(self, actual, expected, tolerance=0):
        expected = arrays_of(expected)
        for name, array in arrays_of(actual).items():
            if tolerance:
                self.assertLess(distance(array, expected[name]), tolerance, name)
            else:
                np.testing.assert_array_equal(array, expected[name], name)

    def check(self, path, name, dims=None, dtype="f32", options=(), tolerance=0):
        """All entry points of a model."""
        label = f"{os.path.basename(path)} {dims or ''} {dtype} {' '.join(options)}"
        print(label, flush=True)
        out = scratch(f"fenced-{name}-{dtype}-{'-'.join(options)}-{(dims or {}).get('H')}").replace("=", "-")
        library.compile_seq(path, f"{out}.o", dims, dtype, name, ["--emit=object", *options])
        paths = [fences.link(f"{out}.o", f"{out}-{slots}.so", slots) for slots in (False, True)]
        plain = library.Model(paths[0], name)
        for at_end in (True, False):
            arrays, slots = (fences.Model(path, name, at_end) for path in paths)
            for T, B, lengths in SHAPES:
                with self.subTest(library=label, at_end=at_end, T=T, B=B):
                    self.check_calls(plain, slots, T, B, lengths, tolerance)
                    self.check_steps(plain, arrays, T, B)

    def check_calls(self, plain, model, T, B, lengths, tolerance):
        params, inputs = random_params(plain), random_inputs(plain, T, B)
        given, seeds = random_states(plain, B), random_seeds(plain, T, B)
        prepared = model.prepare(params)
        for states, training in ((given, False), (None, True)):
            options = {"states": states, "lengths": lengths, "training": training, "seed": 5}
            forward = plain.forward(params, inputs, **options)
            gradient = plain.gradient(params, inputs, **options, **seeds)
            self.compare(model.forward(params, inputs, prepared=prepared, **options), forward, tolerance)
            with model.pool(3) as threads:
                for pool in (None, threads):
                    actual = model.forward(params, inputs, pool=pool, **options)
                    self.compare(actual, forward, tolerance)
                    actual = model.gradient(params, inputs, pool=pool, **options, **seeds)
                    self.compare(actual, gradient, tolerance)

    def check_steps(self, plain, model, T, B):
        """The entry point `step` knows at compile time where prepared slots are, so there is no fence between them."""
        if "step" not in model.info["entry_points"]:
            return
        params, inputs, states = random_params(plain), random_inputs(plain, T, B), random_states(plain, B)
        expected = plain.steps(params, inputs, states=states)
        for actual, step in zip(model.steps(params, inputs, states=states, prepared=model.prepare(params)), expected):
            self.compare(actual, step)

    def check_cell(self, name, H=DIMS["H"], **options):
        cell = CELLS[name]
        sizes = {dim: {**DIMS, "H": H}[dim] for dim in cell["dims"]}
        self.check(os.path.join(STDLIB, f"{name}.seq"), cell["model"], sizes, **options)

    def check_text(self, text, name, **options):
        path = scratch(f"fences-{name}.seq")
        with open(path, "w") as file:
            file.write(text)
        self.check(path, name, **options)

    def test_cells(self):
        for name in CELLS:
            for march in (NATIVE, AVX2):
                self.check_cell(name, options=[march])

    def test_cells_in_f64(self):
        for name in ("lstm", "gru", "layernorm_lstm", "indrnn"):
            self.check_cell(name, dtype="f64", options=[NATIVE])

    def test_narrow_weights(self):
        for weights in ("bf16", "int8"):
            for march in (NATIVE, AVX2):
                self.check_cell("lstm", options=[f"--weights={weights}", march])
                self.check_cell("gru", H=70, options=[f"--weights={weights}", march])

    def test_fast_activations(self):
        for march in (NATIVE, AVX2):
            self.check_cell("lstm", options=["--fast-activations", march])

    def test_large_cells(self):
        for name in ("lstm", "gru_reset_after"):
            self.check_cell(name, options=[NATIVE], H=301)

    def test_segments(self):
        self.check_cell("lstm", options=["--bptt-memory=auto"], tolerance=TOLERANCE)
        self.check_text(IN_SEGMENTS, "Mixed", options=["--bptt-memory=auto"], tolerance=TOLERANCE)

    def test_what_cells_do_not_have(self):
        for march in (NATIVE, AVX2):
            self.check_text(MIXED, "Mixed", options=[march])


if __name__ == "__main__":
    unittest.main()
