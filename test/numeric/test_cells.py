#!/usr/bin/env python3
"""Every cell of the standard library, compiled, against NumPy and the oracle: forward pass, gradient, lengths, states,
short and long sequences, small and odd sizes."""
import functools
import itertools
import os
import subprocess
import unittest

import numpy as np

import library
import reference
import tensors
from cases import (COMPILED, LARGE, STDLIB, compiled, differences, dims_of, distance, random_input, random_params,
                   random_states, scratch)
from reference import CELLS

FORWARD = {"f64": 1e-10, "f32": 1e-5}
# Of f64 from central differences; of f32 from f64: sums of 200 · 17 terms gather rounding errors of √3400 · 2⁻²⁴ = 3.5e-6.
GRADIENT = {"f64": 1e-6, "f32": 1e-5}
BOTH = (("forward", FORWARD["f64"]), ("gradient", GRADIENT["f64"]))
STEPS, ROWS = (0, 1, 2, 200), (1, 3, 17)


def lengths_for(T, B):
    """Without lengths, and with lengths from 0 to T."""
    return None, np.random.default_rng(7).permutation(np.linspace(T // 2 if B == 1 else 0, T, B).astype(int))


def expected(cell, params, x, states, lengths=None):
    """The reference in f64, under the names of the library: values by name, final states by slot."""
    params = {name: np.asarray(value, np.float64) for name, value in params.items()}
    states = {name: np.asarray(states[f"{name}[0]"], np.float64) for name in cell["states"]}
    values, final = reference.run(cell["step"], params, np.asarray(x, np.float64), states, lengths)
    return values, {f"{name}[0]": state for name, state in final.items()}


def each_cell(test):
    """Runs a test for each cell by itself."""

    @functools.wraps(test)
    def run(self):
        for name, cell in CELLS.items():
            with self.subTest(cell=name):
                test(self, name, cell)

    return run


class Cells(unittest.TestCase):
    def check_forward(self, cell, model, T, B, lengths=None):
        params, x, states = random_params(model), random_input(model, T, B), random_states(model, B)
        values, final = expected(cell, params, x, states, lengths)
        result = model.forward(params, {"x": x}, states=states, lengths=lengths)
        tolerance = FORWARD[model.info["dtype"]]
        self.assertLess(distance(result.outputs[cell["output"]], values[cell["output"]]), tolerance)
        self.assertEqual(set(result.final), set(final))
        for name, state in final.items():
            self.assertLess(distance(result.final[name], state), tolerance, name)

    @each_cell
    def test_forward_agrees_with_numpy(self, name, cell):
        for dtype, sizes in COMPILED.items():
            for size, T, B in itertools.product(sizes, STEPS, ROWS):
                for lengths in lengths_for(T, B):
                    self.check_forward(cell, compiled(name, size, dtype), T, B, lengths)

    def test_large_weights_of_odd_sizes_agree_with_numpy(self):
        for name, dtype in itertools.product(("lstm", "gru"), FORWARD):
            with self.subTest(cell=name, dtype=dtype):
                self.check_forward(CELLS[name], compiled(name, LARGE, dtype), 3, 5)

    @each_cell
    def test_no_steps_and_no_rows_give_nothing_and_keep_the_state(self, name, cell):
        model = compiled(name)
        params, states = random_params(model), random_states(model, 3)
        result = model.forward(params, {"x": random_input(model, 0, 3)}, states=states)
        self.assertEqual(result.outputs[cell["output"]].shape[0], 0)
        for state, value in states.items():
            np.testing.assert_array_equal(result.final[state], value)
        model.forward(params, {"x": random_input(model, 4, 0)})

    @each_cell
    def test_padding_may_hold_anything(self, name, cell):
        model = compiled(name)
        params, x, lengths = random_params(model), random_input(model, 6, 3), [6, 2, 0]
        clean = model.gradient(params, {"x": x}, lengths=lengths, d_outputs=ones(model, cell, 6, 3))
        for row, length in enumerate(lengths):
            x[length:, row] = np.nan
        dirty = model.gradient(params, {"x": x}, lengths=lengths, d_outputs=ones(model, cell, 6, 3))
        np.testing.assert_array_equal(dirty.outputs[cell["output"]], clean.outputs[cell["output"]])
        for gradient, value in clean.gradients.items():
            np.testing.assert_array_equal(dirty.gradients[gradient], value, gradient)

    @each_cell
    def test_without_states_the_boundary_is_zero(self, name, cell):
        model = compiled(name)
        params, x = random_params(model), random_input(model, 3, 2)
        zeros = {state: np.zeros((2, *shape)) for state, shape in model.states.items()}
        values, _ = expected(cell, params, x, zeros)
        result = model.forward(params, {"x": x})
        self.assertLess(distance(result.outputs[cell["output"]], values[cell["output"]]), FORWARD["f64"])

    @each_cell
    def test_steps_and_blocks_equal_one_forward_to_the_bit(self, name, cell):
        for dtype in FORWARD:
            model = compiled(name, 1, dtype)
            params, x, states = random_params(model), random_input(model, 11, 7), random_states(model, 7)
            whole = model.forward(params, {"x": x}, states=states)
            output = whole.outputs[cell["output"]]
            steps = model.steps(params, {"x": x}, states=states)
            np.testing.assert_array_equal(np.concatenate([s.outputs[cell["output"]] for s in steps]), output)
            first = model.forward(params, {"x": x[:4]}, states=states, prepared=model.prepare(params))
            rest = model.forward(params, {"x": x[4:]}, states=first.final)
            blocks = np.concatenate([first.outputs[cell["output"]], rest.outputs[cell["output"]]])
            np.testing.assert_array_equal(blocks, output)
            for state in whole.final:
                np.testing.assert_array_equal(steps[-1].final[state], whole.final[state])
                np.testing.assert_array_equal(rest.final[state], whole.final[state])

    @each_cell
    def test_a_row_does_not_depend_on_its_batch(self, name, cell):
        model = compiled(name, 2)
        params, x = random_params(model), random_input(model, 5, 13)
        whole = model.forward(params, {"x": x}).outputs[cell["output"]]
        for row in (0, 6, 12):
            alone = model.forward(params, {"x": x[:, row : row + 1]}).outputs[cell["output"]]
            np.testing.assert_array_equal(alone[:, 0], whole[:, row])


def ones(model, cell, T, B):
    return {cell["output"]: np.ones(model.output_shape(cell["output"], T, B))}


class Gradients(unittest.TestCase):
    def check_gradient(self, name, size, T, B, lengths=None):
        """Every element of every parameter, input and initial state."""
        cell, model, rng = CELLS[name], compiled(name, size), np.random.default_rng(8)
        params, x, states = random_params(model), random_input(model, T, B), random_states(model, B)
        d_output = {cell["output"]: rng.normal(size=model.output_shape(cell["output"], T, B))}
        d_final = {state: rng.normal(size=value.shape) for state, value in states.items()}
        arrays = {**params, "x": x, **states}
        ranks = {tensor: array.ndim for tensor, array in arrays.items()}

        def objective(copies):
            values, final = reference.run_copies(cell["step"], copies, ranks, lengths)
            total = np.einsum("tkbh,tbh->kb", values[cell["output"]], d_output[cell["output"]])
            return total + sum((final[state] * d_final[f"{state}[0]"]).sum(axis=-1) for state in final)

        result = model.gradient(
            params, {"x": x}, states=states, lengths=lengths, d_outputs=d_output, d_final=d_final
        )
        for tensor in arrays:
            row_axis = {"x": 1}.get(tensor, 0 if tensor in states else None)
            error = distance(result.gradients[tensor], differences(objective, arrays, tensor, row_axis))
            self.assertLess(error, GRADIENT["f64"], f"{name}: d.{tensor}, T={T} B={B} {dims_of(cell, size)} {lengths}")

    @each_cell
    def test_gradient_agrees_with_differences(self, name, cell):
        for T, B in itertools.product(STEPS, ROWS):
            for lengths in lengths_for(T, B):
                with self.subTest(cell=name, T=T, B=B, lengths=lengths):
                    self.check_gradient(name, 0, T, B, lengths)

    @each_cell
    def test_gradient_of_odd_sizes_agrees_with_differences(self, name, cell):
        for size in COMPILED["f64"]:
            self.check_gradient(name, size, 3, 3)

    def check_precisions(self, name, size, T, B):
        cell, double, single = CELLS[name], compiled(name, size), compiled(name, size, "f32")
        params, x, states = random_params(single), random_input(single, T, B), random_states(single, B)
        given = dict(states=states, d_outputs=ones(double, cell, T, B))
        fine = double.gradient(params, {"x": x}, **given).gradients
        coarse = single.gradient(params, {"x": x}, **given).gradients
        for tensor, value in fine.items():
            self.assertLess(distance(coarse[tensor], value), GRADIENT["f32"], f"{tensor}, T={T} B={B}")

    @each_cell
    def test_gradient_agrees_in_both_precisions(self, name, cell):
        for T, B in itertools.product(STEPS, ROWS):
            self.check_precisions(name, 1, T, B)

    def test_gradient_of_large_odd_sizes_agrees_in_both_precisions(self):
        for name in ("lstm", "gru"):
            self.check_precisions(name, LARGE, 3, 5)


class Oracle(unittest.TestCase):
    """Through the command line tools, so that these are tried too."""

    def run_tool(self, *command):
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)

    @each_cell
    def test_oracle_and_library_agree(self, name, cell):
        model = compiled(name)
        dims = [part for dim, value in dims_of(cell, 0).items() for part in ("-D", f"{dim}={value}")]
        source = [os.path.join(STDLIB, f"{name}.seq"), *dims]
        params, given, out = (scratch(f"{name}-{part}.st") for part in ("p", "g", "y"))
        tensors.save(params, random_params(model))
        # The oracle's gradient is by differences: long sequences take it minutes.
        for T, B, commands in ((0, 1, BOTH), (1, 17, BOTH), (2, 3, BOTH), (5, 3, BOTH), (200, 3, BOTH[:1])):
            arrays = {"x": random_input(model, T, B), "lengths": lengths_for(T, B)[1], **random_states(model, B)}
            seeds = {"d." + cell["output"]: ones(model, cell, T, B)[cell["output"]]}
            for command, tolerance in commands:
                tensors.save(given, {**arrays, **(seeds if command == "gradient" else {})})
                files = ("--params", params, "--in", given, "--out", out)
                self.run_tool(library.tool("seq-run"), command, model.library._name, *files)
                compiled_result = tensors.load(out)
                self.run_tool(library.tool("seq-interp"), command, *source, *files)
                oracle = tensors.load(out)
                self.assertEqual(set(compiled_result), set(oracle))
                for tensor, value in oracle.items():
                    self.assertLess(distance(compiled_result[tensor], value), tolerance, f"{tensor}, T={T} B={B}")


if __name__ == "__main__":
    unittest.main()
