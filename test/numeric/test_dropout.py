#!/usr/bin/env python3
"""Dropout in training, against NumPy: masks from the generator that docs/library.md describes, written here once more."""
import itertools
import os
import unittest

import numpy as np

import library
import reference
from cases import STDLIB, compiled, differences, distance, random_input, random_params, random_states, scratch
from reference import sigmoid, times

FORWARD, GRADIENT = {"f64": 1e-10, "f32": 1e-5}, 1e-6
SEEDS = (0, 1, 2**63 + 12345, 2**64 - 1)

SOURCE = """
model Dropped(I, H) {
  input x : [I]
  param U : [H, I] ~ xavier
  param W, V : [H, H] ~ xavier
  param b : [H] = 0
  input M : [2, 3]
  a = dropout(x, 0.3)
  z = sigmoid(V @ dropout(h[t-1], 0.45, shared: time))
  h = z * h[t-1] + (1 - z) * tanh(U @ a + W @ dropout(h[t-1], 0.2) + b)
  y = dropout(h, 0.75) + mean(mean(dropout(M, 0.5)))
  output h, y
}
"""


def mix(z):
    """The finalizer of splitmix64."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def mask(p, site, seed, T, B, shape, shared=False, first_row=0):
    """[T, B, *shape]: 0 with probability p, else 1 / (1 - p)."""
    t = np.zeros((T, 1, 1), np.uint64) if shared else np.arange(T, dtype=np.uint64).reshape(T, 1, 1)
    row = np.arange(first_row, first_row + B, dtype=np.uint64).reshape(1, B, 1)
    element = np.arange(np.prod(shape, dtype=int), dtype=np.uint64).reshape(1, 1, -1)
    with np.errstate(over="ignore"):
        state = np.uint64(seed) ^ (np.uint64(site) * np.uint64(0x9E3779B97F4A7C15))
        state = mix(state + t * np.uint64(0xBF58476D1CE4E5B9))
        state = mix(state + row * np.uint64(0x94D049BB133111EB))
        drawn = mix(state + element) >> np.uint64(40)
    return np.where(drawn / 2.0**24 < p, 0, 1 / (1 - p)).reshape(T, B, *shape)


def masks_of(seed, T, B, I, H, first_row=0):
    """Those of Dropped, in the order of its text."""
    sites = ((0.3, (I,), False), (0.45, (H,), True), (0.2, (H,), False), (0.75, (H,), False), (0.5, (2, 3), False))
    return [mask(p, site, seed, T, B, shape, shared, first_row) for site, (p, shape, shared) in enumerate(sites)]


def dropped(p, x, M, h, masks, lengths):
    """h and y [T, …, B, H], and the last h. `p`, `x`, `M`, `h` may have an axis of copies."""
    hs, ys = [], []
    for t in range(len(x)):
        m_x, m_z, m_h, m_y, m_M = (m[t] for m in masks)
        z = sigmoid(times(p["V"], m_z * h))
        new = z * h + (1 - z) * np.tanh(times(p["U"], m_x * x[t]) + times(p["W"], m_h * h) + p["b"])
        active = (t < lengths)[:, None]
        h = np.where(active, new, h)
        hs.append(np.where(active, new, 0))
        ys.append(np.where(active, m_y * new + (m_M * M[t]).mean(axis=(-2, -1))[..., None], 0))
    return hs, ys, h


class Masks(unittest.TestCase):
    def test_elements_are_dropped_as_often_as_p_says(self):
        drawn = mask(0.3, 2, 7, 40, 50, (50,)) == 0
        self.assertLess(abs(drawn.mean() - 0.3), 5 * np.sqrt(0.3 * 0.7 / drawn.size))

    def test_masks_of_other_places_differ(self):
        masks = [mask(0.5, site, seed, 4, 4, (9,)) for site in range(3) for seed in SEEDS]
        for a, b in itertools.combinations(masks, 2):
            self.assertTrue((a != b).any())


class Dropped(unittest.TestCase):
    I, H = 3, 7

    @classmethod
    def setUpClass(cls):
        with open(scratch("dropped.seq"), "w") as file:
            file.write(SOURCE)
        cls.models = {
            dtype: library.Model(
                library.compile_seq(scratch("dropped.seq"), scratch(f"libdropped-{dtype}.so"), {"I": cls.I, "H": cls.H}, dtype),
                "Dropped")
            for dtype in FORWARD
        }

    def arrays(self, model, T, B):
        rng = np.random.default_rng(T + B)
        return {**random_params(model), "x": rng.normal(size=(T, B, self.I)).astype(model.dtype),
                "M": rng.normal(size=(T, B, 2, 3)).astype(model.dtype), **random_states(model, B)}

    def split(self, model, arrays):
        """What a call takes: parameters, inputs, states."""
        return [{name: arrays[name] for name in part} for part in (model.params, model.inputs, model.states)]

    def check_forward(self, dtype, T, B, seed, lengths, first_row=0):
        model = self.models[dtype]
        arrays = self.arrays(model, T, B)
        params, inputs, states = self.split(model, arrays)
        result = model.forward(params, inputs, states=states, lengths=lengths, training=True, seed=seed,
                               first_row=first_row)
        wide = {name: np.asarray(array, np.float64) for name, array in arrays.items()}
        hs, ys, h = dropped(wide, wide["x"], wide["M"], wide["h[0]"], masks_of(seed, T, B, self.I, self.H, first_row), lengths)
        for actual, expected in ((result.outputs["h"], hs), (result.outputs["y"], ys), (result.final["h[0]"], h)):
            self.assertLess(distance(actual, np.asarray(expected).reshape(actual.shape)), FORWARD[dtype])

    def test_forward_agrees_with_numpy(self):
        for dtype, seed, T, B in itertools.product(FORWARD, SEEDS, (0, 1, 2, 200), (1, 3, 17)):
            for lengths in (np.full(B, T), np.arange(B) % (T + 1)):
                with self.subTest(dtype=dtype, seed=seed, T=T, B=B):
                    self.check_forward(dtype, T, B, seed, lengths)

    def test_rows_of_a_larger_batch_have_its_masks(self):
        for dtype in FORWARD:
            self.check_forward(dtype, 4, 3, 5, np.array([4, 4, 2]), first_row=14)

    def test_steps_draw_those_of_step_0(self):
        """`step` is a call of its own: what it draws depends on its seed alone."""
        model = self.models["f64"]
        params, inputs, states = self.split(model, self.arrays(model, 1, 3))
        whole = model.forward(params, inputs, states=states, training=True, seed=9)
        step = model.call("step", params, inputs, states=states, training=True, seed=9)
        np.testing.assert_array_equal(step.outputs["y"], whole.outputs["y"])

    def test_gradient_agrees_with_differences(self):
        model, rng = self.models["f64"], np.random.default_rng(3)
        for T, B, seed in ((1, 1, 0), (5, 3, 2**63 + 12345), (30, 2, 1)):
            lengths = np.arange(T, T - B, -1)
            arrays, masks = self.arrays(model, T, B), masks_of(seed, T, B, self.I, self.H)
            params, inputs, states = self.split(model, arrays)
            d_h, d_y, d_final = (rng.normal(size=shape) for shape in ((T, B, self.H), (T, B, self.H), (B, self.H)))

            def objective(copies):
                count = next(len(copies[name]) for name in arrays if copies[name].ndim > arrays[name].ndim)
                p = {name: copies[name] for name in params}
                if p["b"].ndim == 2:
                    p["b"] = p["b"][:, None]
                x, M = (np.moveaxis(a, 0, 1) if a.ndim > arrays[name].ndim else a[:, None]
                        for name, a in ((name, copies[name]) for name in inputs))
                hs, ys, h = dropped(p, x, M, copies["h[0]"], masks, lengths)
                total = sum((hs[t] * d_h[t] + ys[t] * d_y[t]).sum(axis=-1) for t in range(T)) + (h * d_final).sum(axis=-1)
                return np.broadcast_to(total, (count, B))

            result = model.gradient(params, inputs, states=states, lengths=lengths, training=True, seed=seed,
                                    d_outputs={"h": d_h, "y": d_y}, d_final={"h[0]": d_final})
            for name in arrays:
                with self.subTest(T=T, B=B, seed=seed, tensor=name):
                    row_axis = 1 if name in inputs else 0 if name in states else None
                    self.assertLess(distance(result.gradients[name], differences(objective, arrays, name, row_axis)),
                                    GRADIENT)


class Zoneout(unittest.TestCase):
    def test_forward_agrees_with_numpy(self):
        """A unit that is dropped keeps its old value."""
        cell = reference.CELLS["zoneout_lstm"]
        for dtype, seed in itertools.product(FORWARD, SEEDS):
            model = compiled("zoneout_lstm", 1, dtype)
            T, B, H = 9, 4, model.states["h[0]"][0]
            params, x, states = random_params(model), random_input(model, T, B), random_states(model, B)
            keeps = [mask(p, site, seed, T, B, (H,)) == 0 for site, p in enumerate((0.5, 0.05))]
            wide = {name: np.asarray(value, np.float64) for name, value in params.items()}
            h, c = (np.asarray(states[f"{name}[0]"], np.float64) for name in "hc")
            result = model.forward(params, {"x": x}, states=states, training=True, seed=seed)
            for t in range(T):
                values = cell["step"](wide, np.asarray(x[t], np.float64), h, c, keep_c=keeps[0][t], keep_h=keeps[1][t])
                h, c = values["h"], values["c"]
                self.assertLess(distance(result.outputs["h"][t], h), FORWARD[dtype], f"seed {seed}, step {t}")


if __name__ == "__main__":
    unittest.main()
