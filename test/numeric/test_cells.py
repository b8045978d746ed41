#!/usr/bin/env python3
"""Every cell of the standard library, compiled, against NumPy and the oracle: forward pass, gradient, lengths, states,
short and long sequences, small and odd sizes."""
import os
import subprocess
import unittest

import numpy as np

import library
import reference
import tensors
from cases import COMPILED, STDLIB, compiled, differences, dims_of, distance, random_input, random_params, random_states, scratch
from reference import CELLS

FORWARD = {"f64": 1e-10, "f32": 1e-5}
GRADIENT = 1e-6


def expected(cell, params, x, states, lengths=None):
    """The reference in f64, under the names of the library: values by name, final states by slot."""
    params = {name: np.asarray(value, np.float64) for name, value in params.items()}
    states = {name: np.asarray(states[f"{name}[0]"], np.float64) for name in cell["states"]}
    values, final = reference.run(cell["step"], params, np.asarray(x, np.float64), states, lengths)
    return values, {f"{name}[0]": state for name, state in final.items()}


class Cells(unittest.TestCase):
    def each_cell(self):
        for name, cell in CELLS.items():
            with self.subTest(cell=name):
                yield name, cell

    def check_forward(self, cell, model, T, B, lengths=None):
        params, x, states = random_params(model), random_input(model, T, B), random_states(model, B)
        values, final = expected(cell, params, x, states, lengths)
        result = model.forward(params, {"x": x}, states=states, lengths=lengths)
        tolerance = FORWARD[model.info["dtype"]]
        self.assertLess(distance(result.outputs[cell["output"]], values[cell["output"]]), tolerance)
        self.assertEqual(set(result.final), set(final))
        for name, state in final.items():
            self.assertLess(distance(result.final[name], state), tolerance, name)

    def test_forward_agrees_with_numpy(self):
        for name, cell in self.each_cell():
            for dtype, sizes in COMPILED.items():
                for size in sizes:
                    for T, B in ((1, 1), (2, 3), (7, 17)):
                        self.check_forward(cell, compiled(name, size, dtype), T, B)

    def test_long_sequences_agree_with_numpy(self):
        for name, cell in self.each_cell():
            self.check_forward(cell, compiled(name), 200, 3)

    def test_no_steps_and_no_rows_give_nothing_and_keep_the_state(self):
        for name, cell in self.each_cell():
            model = compiled(name)
            params, states = random_params(model), random_states(model, 3)
            result = model.forward(params, {"x": random_input(model, 0, 3)}, states=states)
            self.assertEqual(result.outputs[cell["output"]].shape[0], 0)
            for state, value in states.items():
                np.testing.assert_array_equal(result.final[state], value)
            model.forward(params, {"x": random_input(model, 4, 0)})

    def test_lengths_end_each_row_by_itself(self):
        for name, cell in self.each_cell():
            for dtype in FORWARD:
                self.check_forward(cell, compiled(name, 1, dtype), 9, 5, lengths=[9, 0, 1, 4, 8])

    def test_padding_may_hold_anything(self):
        for name, cell in self.each_cell():
            model = compiled(name)
            params, x, lengths = random_params(model), random_input(model, 6, 3), [6, 2, 0]
            clean = model.gradient(params, {"x": x}, lengths=lengths, d_outputs=ones(model, cell, 6, 3))
            for row, length in enumerate(lengths):
                x[length:, row] = np.nan
            dirty = model.gradient(params, {"x": x}, lengths=lengths, d_outputs=ones(model, cell, 6, 3))
            np.testing.assert_array_equal(dirty.outputs[cell["output"]], clean.outputs[cell["output"]])
            for gradient, value in clean.gradients.items():
                np.testing.assert_array_equal(dirty.gradients[gradient], value, gradient)

    def test_without_states_the_boundary_is_zero(self):
        for name, cell in self.each_cell():
            model = compiled(name)
            params, x = random_params(model), random_input(model, 3, 2)
            zeros = {state: np.zeros((2, *shape)) for state, shape in model.states.items()}
            values, _ = expected(cell, params, x, zeros)
            result = model.forward(params, {"x": x})
            self.assertLess(distance(result.outputs[cell["output"]], values[cell["output"]]), FORWARD["f64"])

    def test_steps_and_blocks_equal_one_forward_to_the_bit(self):
        for name, cell in self.each_cell():
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

    def test_a_row_does_not_depend_on_its_batch(self):
        for name, cell in self.each_cell():
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
        cell, model, rng = CELLS[name], compiled(name, size), np.random.default_rng(8)
        params, x, states = random_params(model), random_input(model, T, B), random_states(model, B)
        d_output = {cell["output"]: rng.normal(size=model.output_shape(cell["output"], T, B))}
        d_final = {state: rng.normal(size=value.shape) for state, value in states.items()}

        def objective():
            values, final = expected(cell, params, x, states, lengths)
            total = (values[cell["output"]] * d_output[cell["output"]]).sum()
            return total + sum((final[state] * d_final[state]).sum() for state in final)

        result = model.gradient(
            params, {"x": x}, states=states, lengths=lengths, d_outputs=d_output, d_final=d_final
        )
        for tensor, array in {**params, "x": x, **states}.items():
            indices, values = differences(objective, array)
            error = distance(result.gradients[tensor].reshape(-1)[indices], values) if len(indices) else 0
            self.assertLess(error, GRADIENT, f"{name}: d.{tensor}, T={T} B={B} {dims_of(cell, size)}")

    def test_gradient_agrees_with_differences(self):
        for name in CELLS:
            with self.subTest(cell=name):
                self.check_gradient(name, 0, 6, 3)
                self.check_gradient(name, 1, 2, 2)
                self.check_gradient(name, 2, 1, 1)

    def test_gradient_respects_lengths(self):
        for name in CELLS:
            with self.subTest(cell=name):
                self.check_gradient(name, 0, 5, 4, lengths=[5, 0, 1, 3])

    def test_gradient_of_no_steps_passes_the_final_state_through(self):
        for name in CELLS:
            with self.subTest(cell=name):
                self.check_gradient(name, 0, 0, 2)

    def test_gradient_of_long_sequences_agrees_in_both_precisions(self):
        for name, cell in CELLS.items():
            with self.subTest(cell=name):
                double, single = compiled(name, 1), compiled(name, 1, "f32")
                params, x = random_params(single), random_input(single, 60, 3)
                d_output = ones(double, cell, 60, 3)
                fine = double.gradient(params, {"x": x}, d_outputs=d_output).gradients
                coarse = single.gradient(params, {"x": x}, d_outputs=d_output).gradients
                for tensor, value in fine.items():
                    self.assertLess(distance(coarse[tensor], value), 1e-3, tensor)


class Oracle(unittest.TestCase):
    """Through the command line tools, so that these are tried too."""

    def run_tool(self, *command):
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_oracle_and_library_agree(self):
        for name, cell in CELLS.items():
            with self.subTest(cell=name):
                model = compiled(name)
                params, inputs, given, out = (scratch(f"{name}-{part}.st") for part in ("p", "x", "g", "y"))
                arrays = {"x": random_input(model, 5, 3), "lengths": np.array([5, 2, 0]), **random_states(model, 3)}
                tensors.save(params, random_params(model))
                tensors.save(inputs, arrays)
                tensors.save(given, {**arrays, "d." + cell["output"]: ones(model, cell, 5, 3)[cell["output"]]})
                dims = [part for dim, value in dims_of(cell, 0).items() for part in ("-D", f"{dim}={value}")]
                source = [os.path.join(STDLIB, f"{name}.seq"), *dims]
                for command, file in (("forward", inputs), ("gradient", given)):
                    files = ("--params", params, "--in", file, "--out", out)
                    self.run_tool(library.tool("seq-run"), command, model.library._name, *files)
                    compiled_result = tensors.load(out)
                    self.run_tool(library.tool("seq-interp"), command, *source, *files)
                    oracle = tensors.load(out)
                    tolerance = FORWARD["f64"] if command == "forward" else GRADIENT
                    self.assertEqual(set(compiled_result), set(oracle))
                    for tensor, value in oracle.items():
                        self.assertLess(distance(compiled_result[tensor], value), tolerance, tensor)


if __name__ == "__main__":
    unittest.main()
