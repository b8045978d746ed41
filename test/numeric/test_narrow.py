#!/usr/bin/env python3
"""Narrow weights (`--weights=bf16`, `--weights=int8`) against NumPy that rounds as the library says it does."""
import os
import unittest

import numpy as np

import library
import reference
from cases import STDLIB, distance, random_input, random_params, random_states, scratch
from reference import CELLS

# Where no instruction multiplies bf16, weights alone are rounded.
PORTABLE, NATIVE = "x86-64-v3", "native"
SHAPES = ({"I": 6, "H": 17}, {"I": 5, "H": 66})
ROWS = (1, 3, 17)
HEADS = """
model Heads(A = 3, I = 7, H = 21) {
  input x : [A, I]
  param W : [A, H, I] ~ xavier
  param U : [A, H, H] ~ xavier
  param V : [5, A * H] ~ xavier
  h = tanh(W @ x + U @ h[t-1])
  y = V @ reshape(h, [A * H])
  output h, y
}
"""
LINEAR = """
model Linear(I = 37, O = 29) {
  input x : [I]
  param W : [O, I] ~ xavier
  y = W @ x
  output y
}
"""


def multiplies_bf16():
    """Whether the code for this machine rounds rows to bf16 as well."""
    with open("/proc/cpuinfo") as file:
        flags = file.read().split("flags", 1)[-1].split("\n", 1)[0].split()
    return {"avx512_bf16", "avx512f", "avx512dq", "avx512vl"} <= set(flags)


def to_bf16(array):
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return rounded.view(np.float32).astype(np.float64)


def quantize(array):
    """Whole numbers in -127 … 127 and their scale, along the last dim, as the library computes them in f32."""
    array = np.asarray(array, np.float32)
    largest = np.abs(array).max(-1, keepdims=True)
    inverse = np.divide(np.float32(127), largest, out=np.zeros_like(largest), where=largest > 0)
    return np.rint(array * inverse).astype(np.int64), largest / np.float32(127)


def bf16_times(round_rows):
    def times(W, x):
        return (to_bf16(x) if round_rows else np.asarray(x, np.float64)) @ to_bf16(W).T

    return times


def int8_times(W, x):
    weights, weight_scale = quantize(W)
    rows, row_scale = quantize(x)
    return ((rows @ weights.T).astype(np.float32) * weight_scale[:, 0] * row_scale).astype(np.float64)


def apart(times, width):
    """Products with [h, x] are two: the part of x leaves the loop."""

    def split_times(W, z):
        if z.shape[-1] <= width:
            return times(W, z)
        return times(W[:, :width], z[:, :width]) + times(W[:, width:], z[:, width:])

    return split_times


_models = {}


def compiled(name, dims, weights, march):
    key = (name, tuple(dims.items()), weights, march)
    if key not in _models:
        text = {"Heads": HEADS, "Linear": LINEAR}.get(name)
        source = scratch(f"{name}.seq") if text else os.path.join(STDLIB, f"{name}.seq")
        if text:
            with open(source, "w") as file:
                file.write(text)
        out = scratch(f"lib{name}-{len(_models)}.so")
        options = (f"--weights={weights}", f"--march={march}")
        library.compile_seq(source, out, dims, "f32", options=options)
        _models[key] = library.Model(out, name if text else CELLS[name]["model"])
    return _models[key]


def inputs_of(model, T, B, seed=5):
    return {"x": random_input(model, T, B, seed)}


def rounded(params):
    """What `--weights=bf16` makes of the matrices; vectors are no product's weights."""
    return {name: to_bf16(value).astype(np.float32) if value.ndim > 1 else value for name, value in params.items()}


MODELS = [(name, dims) for name in ("lstm", "gru", "gru_reset_after") for dims in SHAPES] + [("Heads", {})]
VARIANTS = [(weights, march) for weights in ("bf16", "int8") for march in (PORTABLE, NATIVE)]


class Narrow(unittest.TestCase):
    def each(self, models=MODELS, variants=VARIANTS):
        for name, dims in models:
            for weights, march in variants:
                with self.subTest(model=name, dims=dims, weights=weights, march=march):
                    yield name, dims, compiled(name, dims, weights, march), weights, march

    def test_widened_bf16_is_the_f32_library_on_rounded_weights_to_the_bit(self):
        for name, dims, model, _, march in self.each(variants=[("bf16", PORTABLE)]):
            full, params = compiled(name, dims, "f32", march), random_params(model)
            for B in ROWS:
                x, states = inputs_of(model, 5, B), random_states(model, B)
                narrow = model.forward(params, x, states=states)
                expected = full.forward(rounded(params), x, states=states)
                for output, value in expected.outputs.items():
                    np.testing.assert_array_equal(narrow.outputs[output], value)

    def test_steps_of_cells_agree_with_rounded_arithmetic(self):
        cells = [model for model in MODELS if model[0] in ("lstm", "gru_reset_after")]
        for name, dims, model, weights, march in self.each(models=cells):
            times = int8_times if weights == "int8" else bf16_times(march == NATIVE and multiplies_bf16())
            cell, params = CELLS[name], random_params(model)
            exact, reference.times = reference.times, apart(times, dims["H"])
            try:
                for B in ROWS:
                    # One step each: what is rounded is then the same number here and there.
                    for seed in range(3):
                        x, states = inputs_of(model, 1, B, seed), random_states(model, B, seed)
                        given = {state: np.asarray(states[f"{state}[0]"], np.float64) for state in cell["states"]}
                        values, _ = reference.run(cell["step"], params, np.asarray(x["x"], np.float64), given)
                        result = model.forward(params, x, states=states)
                        self.assertLess(distance(result.outputs[cell["output"]], values[cell["output"]]), 2e-6)
            finally:
                reference.times = exact

    def test_products_stay_in_the_documented_bound(self):
        for _, _, model, weights, march in self.each(models=[("Linear", {})]):
            W, x = random_params(model)["W"], random_input(model, 3, 17)
            result = model.forward({"W": W}, {"x": x}).outputs["y"].astype(np.float64)
            W, x = W.astype(np.float64), x.astype(np.float64)
            error, size = np.abs(result - x @ W.T), np.abs(x) @ np.abs(W).T
            if weights == "bf16":
                bound = 2**-8 * (1.01 if march == NATIVE and multiplies_bf16() else 0.505) * size
            else:
                half = np.abs(W).max(-1) / 254, np.abs(x).max(-1, keepdims=True) / 254
                bound = np.abs(x).sum(-1, keepdims=True) * half[0] + np.abs(W).sum(-1) * half[1]
                bound = 1.001 * (bound + half[0] * half[1] * W.shape[1])
            self.assertTrue((error <= bound).all())
            self.assertGreater((error / bound).max(), 0.05, "the bound is far too wide")

    def test_int8_is_the_same_on_every_machine(self):
        for _, _, native, _, _ in self.each(models=[("Linear", {})], variants=[("int8", NATIVE)]):
            params, x = random_params(native), inputs_of(native, 4, 7)
            for march in (PORTABLE, "x86-64-v2"):
                other = compiled("Linear", {}, "int8", march).forward(params, x)
                np.testing.assert_array_equal(other.outputs["y"], native.forward(params, x).outputs["y"])

    def test_steps_blocks_prepared_and_batches_give_the_same_bits(self):
        for _, _, model, _, _ in self.each():
            params = random_params(model)
            prepared = model.prepare(params)
            x, states = inputs_of(model, 6, 17), random_states(model, 17)
            whole = model.forward(params, x, states=states)
            again = model.forward(params, x, states=states, prepared=prepared)
            steps = model.steps(params, x, states=states, prepared=prepared)
            for output, value in whole.outputs.items():
                np.testing.assert_array_equal(again.outputs[output], value)
                np.testing.assert_array_equal(np.concatenate([step.outputs[output] for step in steps]), value)
            for first, count in ((0, 1), (4, 3), (16, 1)):
                rows = slice(first, first + count)
                some = {state: value[rows] for state, value in states.items()}
                part = model.forward(params, {"x": x["x"][:, rows]}, states=some)
                for output, value in whole.outputs.items():
                    np.testing.assert_array_equal(part.outputs[output], value[:, rows])

    def test_threads_change_no_bit(self):
        for weights in ("bf16", "int8"):
            model = compiled("lstm", {"I": 40, "H": 200}, weights, NATIVE)
            params = random_params(model)
            for B in (1, 2, 5, 40):
                with self.subTest(weights=weights, B=B), model.pool(3) as pool:
                    x, states = inputs_of(model, 7, B), random_states(model, B)
                    alone = model.forward(params, x, states=states).outputs["h"]
                    np.testing.assert_array_equal(model.forward(params, x, states=states, pool=pool).outputs["h"], alone)
                    rest = {state: value[B - 1 :] for state, value in states.items()}
                    last = model.forward(params, {"x": x["x"][:, B - 1 :]}, states=rest).outputs["h"]
                    np.testing.assert_array_equal(last, alone[:, B - 1 :])

    def test_what_is_not_finite_stays_so_and_in_its_row(self):
        for _, _, model, weights, _ in self.each(models=[("Linear", {})]):
            params, x = random_params(model), random_input(model, 1, 7)
            clean = model.forward(params, {"x": x}).outputs["y"]
            for bad in (np.nan, np.inf, -np.inf):
                dirty = x.copy()
                dirty[0, 3, 5] = bad
                result = model.forward(params, {"x": dirty}).outputs["y"]
                self.assertFalse(np.isfinite(result[0, 3]).any())
                others = np.arange(7) != 3
                np.testing.assert_array_equal(result[0, others], clean[0, others])
                broken = {"W": params["W"].copy()}
                broken["W"][4, 2] = bad
                result = model.forward(broken, {"x": x}).outputs["y"]
                self.assertFalse(np.isfinite(result[..., 4]).any())
                others = np.arange(29) != 4
                np.testing.assert_array_equal(result[..., others], clean[..., others])

    def test_zero_rows_and_extreme_sizes_are_finite(self):
        for _, _, model, _, _ in self.each(models=[("Linear", {})]):
            params, x = random_params(model), random_input(model, 1, 3)
            x[0, 0] = 0
            x[0, 1] *= 1e-38
            x[0, 2] *= 1e30
            result = model.forward(params, {"x": x}).outputs["y"]
            self.assertTrue((result[0, 0] == 0).all())
            self.assertTrue((np.abs(result[0, 1]) < 1e-36).all())
            self.assertTrue(np.isfinite(result[0, 2]).all() and (result[0, 2] != 0).all())

    def test_training_is_not_touched(self):
        for name, dims, model, _, march in self.each(models=MODELS[:1]):
            full, params = compiled(name, dims, "f32", march), random_params(model)
            x, d_output = inputs_of(model, 5, 3), {CELLS[name]["output"]: np.ones((5, 3, dims["H"]))}
            narrow = model.gradient(params, x, d_outputs=d_output)
            expected = full.gradient(params, x, d_outputs=d_output)
            np.testing.assert_array_equal(narrow.outputs["h"], expected.outputs["h"])
            for tensor, value in expected.gradients.items():
                np.testing.assert_array_equal(narrow.gradients[tensor], value)

    def test_prepared_memory_shrinks_and_describe_says_how(self):
        dims = {"I": 64, "H": 128}
        full = compiled("lstm", dims, "f32", NATIVE).info["weights"]
        self.assertEqual({entry["stored"] for entry in full}, {"f32"})
        for weights, share in (("bf16", 0.5), ("int8", 0.28)):
            model = compiled("lstm", dims, weights, NATIVE)
            self.assertEqual({entry["stored"] for entry in model.info["weights"]}, {weights})
            bytes_of = [sum(entry["bytes"] for entry in entries) for entries in (model.info["weights"], full)]
            self.assertLessEqual(bytes_of[0], share * bytes_of[1])
            saved = compiled("lstm", dims, "f32", NATIVE).size("prepared") - model.size("prepared")
            self.assertAlmostEqual(saved, bytes_of[1] - bytes_of[0], delta=256)


if __name__ == "__main__":
    unittest.main()
