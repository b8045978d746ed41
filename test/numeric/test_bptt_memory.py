#!/usr/bin/env python3
"""Libraries whose memory is bounded (--bptt-memory) compute what unbounded ones do, segment by segment: every cell of the
standard library, and a model with all that a segment has to get right."""
import functools
import os
import unittest

import numpy as np

import library
from cases import STDLIB, compiled, dims_of, distance, random_input, random_params, random_states, scratch
from reference import CELLS

# Rounding: what segments add up in another order. A loss is one number of any size, so it is compared apart.
TOLERANCE = {"f64": 1e-11, "f32": 2e-5}

# What the cells do not have: ids, a loss with terms that no step contributes to, outputs of the last step (of a state and
# of another value), several steps back, of an input as well, boundaries with parameters, dropout, masks, a stack.
MIXED = """
use std.lstm

model Mixed(V = 9, E = 4, H = 6) {
  input word : id(V)
  input target : id(V)
  input z : [E]
  input use_it : mask
  param table : [V, E] ~ normal(0.5)
  param U : [H, H] ~ xavier
  param W : [V, H] ~ xavier
  param s0, s1 : [H] ~ normal(0.3)
  layer rnn = stack(2, LSTM)(E, H)
  e = dropout(table[word], 0.2) + z[t-2]
  h = rnn(e)
  g = sigmoid(U @ dropout(s[t-1], 0.3, shared: time))
  s = where(use_it, g * s[t-2] + tanh(h), s[t-1])
  s[0] = s0 * tanh(s1)
  y = W @ dropout(s, 0.4)
  output y, last(s), last(h)
  loss = mean(cross_entropy(y, target)) * sum(s0 * s1) + 0.01 * sum(W * W) + 0.1 * sum(sum(g)) + 2
}
"""

# T, B and lengths.
SHAPES = (
    (1, 2, None),
    (2, 3, None),
    (7, 1, None),
    (23, 3, None),
    (40, 4, (40, 0, 7, 39)),
    (24, 5, (1, 0, 3, 12, 8)),
    (0, 3, None),
    (5, 0, None),
)


@functools.lru_cache(maxsize=None)
def compiled_from(path, name, dims, dtype, bound):
    options = [f"--bptt-memory={bound}"] if bound else []
    out = scratch(f"lib{name}-{dtype}-{bound}.so")
    return library.Model(library.compile_seq(path, out, dict(dims), dtype, name, options), name)


def both(path, name, dims=(), dtype="f64", bound="auto"):
    """The model with and without a bound."""
    return compiled_from(path, name, dims, dtype, None), compiled_from(path, name, dims, dtype, bound)


def memory(model, T, B):
    return model.size("tape", T, B) + model.size("workspace", T, B)


def random_inputs(model, T, B, seed=5):
    rng = np.random.default_rng(seed)
    inputs = {}
    for name, entry in model.inputs.items():
        shape = (T, B, *entry["shape"])
        inputs[name] = {
            "real": lambda: rng.normal(0, 1, shape),
            "id": lambda: rng.integers(0, entry.get("vocabulary", 1), shape),
            "mask": lambda: rng.integers(0, 2, shape),
        }[entry["kind"]]()
    return inputs


def random_seeds(model, T, B, seed=6):
    rng = np.random.default_rng(seed)
    return {
        "d_outputs": {name: rng.normal(0, 1, model.output_shape(name, T, B)) for name in model.outputs},
        "d_final": {name: rng.normal(0, 1, (B, *shape)) for name, shape in model.states.items()},
    }


class Bounded(unittest.TestCase):
    def compare(self, whole, cut, params, inputs, where, **options):
        """The results of both, after they were compared: forward bit for bit, but for the loss."""
        tolerance = TOLERANCE[whole.info["dtype"]]
        for entry in ("forward", "gradient"):
            given = dict(options)
            if entry == "forward":
                given.pop("d_outputs", None), given.pop("d_final", None)
            expected = whole.call(entry, params, inputs, **given)
            actual = cut.call(entry, params, inputs, **given)
            for part in ("outputs", "final"):
                for name, value in getattr(expected, part).items():
                    self.assertEqual(getattr(actual, part)[name].tobytes(), value.tobytes(), f"{where}: {entry}, {name}")
            if expected.loss is not None:
                self.assertLess(abs(actual.loss - expected.loss), tolerance * (1 + abs(expected.loss)), where)
            for name, value in expected.gradients.items():
                self.assertLess(distance(actual.gradients[name], value), tolerance, f"{where}: gradient of {name}")

    def compare_shapes(self, whole, cut, params, shapes=SHAPES, **more):
        for T, B, lengths in shapes:
            inputs, seeds = random_inputs(whole, T, B), random_seeds(whole, T, B)
            for states in (None, random_states(whole, B)):
                for training in (False, True):
                    options = {"lengths": lengths, "states": states, "training": training, "seed": 11, **seeds, **more}
                    where = f"{whole.name}, T={T} B={B} training={training} states={states is not None}"
                    self.compare(whole, cut, params, inputs, where, **options)

    def test_cells(self):
        for name, cell in CELLS.items():
            if name == "batchnorm_lstm":
                continue  # needs the statistics of all steps, and is refused: test/tools/seqc/bptt-memory.test
            with self.subTest(cell=name):
                whole = compiled(name)
                out = scratch(f"lib{name}-bounded.so")
                path = os.path.join(STDLIB, f"{name}.seq")
                cut = library.Model(
                    library.compile_seq(path, out, dims_of(cell, 0), "f64", options=["--bptt-memory"]), cell["model"])
                self.assertEqual(cut.info["bptt_memory"], "auto")
                self.assertLess(memory(cut, 400, 8), memory(whole, 400, 8) / 2)
                self.compare_shapes(whole, cut, random_params(whole))

    def mixed(self, **options):
        with open(scratch("mixed.seq"), "w") as file:
            file.write(MIXED)
        return both(scratch("mixed.seq"), "Mixed", **options)

    def test_all_that_a_segment_has_to_get_right(self):
        for dtype in TOLERANCE:
            whole, cut = self.mixed(dtype=dtype)
            params = random_params(whole)
            self.compare_shapes(whole, cut, params)
            self.compare_shapes(whole, cut, params, no_loss=True)

    def test_parts_of_a_batch(self):
        whole, cut = self.mixed()
        shapes = ((23, 3, None), (40, 4, (40, 0, 7, 39)))
        self.compare_shapes(whole, cut, random_params(whole), shapes, first_row=3, batch_steps=200)

    def test_threads(self):
        whole, cut = self.mixed(dtype="f32")
        params, T, B = random_params(whole), 40, 30
        inputs, seeds = random_inputs(whole, T, B), random_seeds(whole, T, B)
        alone = cut.gradient(params, inputs, training=True, seed=3, **seeds)
        with cut.pool(3) as pool:
            shared = cut.gradient(params, inputs, training=True, seed=3, pool=pool, **seeds)
        self.assertEqual(alone.loss, shared.loss)
        for name, value in alone.gradients.items():
            self.assertEqual(shared.gradients[name].tobytes(), value.tobytes(), name)

    def test_central_differences(self):
        whole, cut = self.mixed()
        T, B, lengths = 30, 3, (30, 11, 0)
        params, inputs, rng = random_params(whole), random_inputs(whole, T, B), np.random.default_rng(9)
        options = {"lengths": lengths, "training": True, "seed": 2}
        gradients = cut.gradient(params, inputs, **options).gradients
        for name, value in params.items():
            way, delta = rng.normal(0, 1, value.shape), 1e-6
            up, down = (whole.forward({**params, name: value + sign * delta * way}, inputs, **options).loss
                        for sign in (1, -1))
            slope = (gradients[name] * way).sum()
            self.assertLess(abs((up - down) / (2 * delta) - slope), 1e-7 * (1 + abs(slope)), name)

    def test_memory_is_below_the_bound(self):
        T, B = 300, 8
        path = os.path.join(STDLIB, "lstm.seq")
        dims = (("I", 6), ("H", 17))
        whole, least = both(path, "LSTM", dims)
        shapes = ((T, 2, None), (T, B, (300, 0, 7, 39, 299, 1, 150, 151)))
        for share in (0.9, 0.6, 0.3):
            bound = int(memory(whole, T, B) * share)
            self.assertGreater(bound, memory(least, T, B))
            cut = both(path, "LSTM", dims, bound=bound)[1]
            self.assertEqual(cut.info["bptt_memory"], bound)
            self.assertLessEqual(memory(cut, T, B), bound)
            self.assertGreater(memory(cut, T, B), bound / 2, "segments as long as they may be")
            self.compare_shapes(whole, cut, random_params(whole), shapes)
        cut = both(path, "LSTM", dims, bound="1G")[1]
        self.assertEqual(cut.size("tape", T, B), whole.size("tape", T, B))
        self.assertEqual(cut.size("workspace", T, B), whole.size("workspace", T, B))

    def test_language_model(self):
        path = os.path.join(library.SOURCE_DIR, "examples", "char_lm.seq")
        dims = (("V", 20), ("E", 6), ("H", 16))
        for dtype in TOLERANCE:
            whole, cut = both(path, "CharLM", dims, dtype, "200K")
            self.assertLessEqual(cut.size("tape", 150, 6), 200 << 10)
            self.assertGreater(whole.size("tape", 150, 6), 200 << 10)
            shapes = ((150, 6, None), (64, 3, (64, 0, 5)))
            self.compare_shapes(whole, cut, random_params(whole), shapes)

    def test_narrow_weights_do_not_touch_gradients(self):
        path, dims = os.path.join(STDLIB, "lstm.seq"), {"I": 6, "H": 32}
        whole, cut = (
            library.Model(library.compile_seq(path, scratch(f"libnarrow-{i}.so"), dims, "f32", options=options), "LSTM")
            for i, options in enumerate((["--weights=int8"], ["--weights=int8", "--bptt-memory"])))
        self.compare_shapes(whole, cut, random_params(whole), ((40, 4, (40, 0, 7, 39)),))


if __name__ == "__main__":
    unittest.main()
