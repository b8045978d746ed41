#!/usr/bin/env python3
"""Batch normalisation over sequences, compiled, against NumPy and the oracle, in training and outside it."""
import itertools
import subprocess
import unittest

import numpy as np

import library
import tensors
from cases import distance, scratch

FORWARD, GRADIENT = 1e-10, 1e-6
SIZES = ((1, 1), (2, 3), (7, 17), (40, 2))

SOURCE = """
model Net(I = 3, H = 5) {
  input x : [I]
  input target : [H]
  param W : [H, I] ~ xavier
  param U : [H, H] ~ orthogonal
  param gain : [H] = 1
  param bias, m : [H] = 0
  param v : [H] = 1
  a = batchnorm(W @ x, m, v, gain, bias)
  h = tanh(U @ h[t-1] + a)
  loss = mean(mse(h, target))
  output a, h
}

// One pair of estimates for two values, one of them normalised before it is shifted.
model Twice(I = 3) {
  input x : [I]
  param m : [I] = 0
  param v : [I] = 1
  y = batchnorm(x, m, v)
  z = batchnorm(2 * x + 1, m, v) * y[t-1]
  output y, z
}
"""


def setUpModule():
    with open(scratch("batchnorm.seq"), "w", encoding="utf-8") as file:
        file.write(SOURCE)
    library.compile_seq(scratch("batchnorm.seq"), scratch("libbatchnorm.so"))


def model(name="Net"):
    return library.Model(scratch("libbatchnorm.so"), name)


def valid(T, B, lengths):
    return np.arange(T)[:, None] < (np.full(B, T) if lengths is None else np.asarray(lengths))


def batchnorm(a, mean, var, steps, training):
    """a [T, B, H]. Returns it normalised, and the statistics of the valid steps."""
    values = a[steps]
    batch_mean = values.mean(axis=0) if len(values) else np.zeros(a.shape[2])
    batch_var = ((values - batch_mean) ** 2).mean(axis=0) if len(values) else np.zeros(a.shape[2])
    used = (batch_mean, batch_var) if training else (mean, var)
    return (a - used[0]) / np.sqrt(used[1] + 1e-5), batch_mean, batch_var


def net(p, x, target, h, lengths, training):
    """The model Net in NumPy: its outputs, final state and loss."""
    T, B = x.shape[:2]
    steps = valid(T, B, lengths)
    a, _, _ = batchnorm(x @ p["W"].T, p["m"], p["v"], steps, training)
    a = p["gain"] * a + p["bias"]
    hs = np.zeros_like(a)
    for t in range(T):
        h = np.where(steps[t][:, None], np.tanh(h @ p["U"].T + a[t]), h)
        hs[t] = h
    keep = steps[:, :, None]
    loss = (np.where(keep, (hs - target) ** 2, 0)).mean(axis=2).sum() / max(steps.sum(), 1)
    return {"a": np.where(keep, a, 0), "h": np.where(keep, hs, 0)}, h, loss


class Case:
    """Random arrays for Net, in training or not."""

    def __init__(self, T, B, training, lengths=None, seed=1):
        rng = np.random.default_rng(seed)
        self.model, self.training, self.lengths = model(), training, lengths
        self.params = {name: rng.normal(0, 0.6, shape) for name, shape in self.model.params.items()}
        self.params["v"] = rng.uniform(0.3, 2, self.params["v"].shape)
        self.x, self.target = rng.normal(0.5, 1.5, (T, B, 3)), rng.normal(size=(T, B, 5))
        self.h = rng.normal(0, 0.5, (B, 5))
        self.d_outputs = {name: rng.normal(size=(T, B, 5)) for name in ("a", "h")}
        self.d_final = {"h[0]": rng.normal(size=(B, 5))}

    def inputs(self):
        return {"x": self.x, "target": self.target}

    def options(self):
        return dict(states={"h[0]": self.h}, lengths=self.lengths, training=self.training)

    def expected(self):
        return net(self.params, self.x, self.target, self.h, self.lengths, self.training)

    def statistics(self):
        steps = valid(*self.x.shape[:2], self.lengths)
        return batchnorm(self.x @ self.params["W"].T, 0, 1, steps, True)[1:]

    def forward(self):
        return self.model.forward(self.params, self.inputs(), **self.options())

    def gradient(self, **more):
        return self.model.gradient(
            self.params, self.inputs(), d_outputs=self.d_outputs, d_final=self.d_final, **self.options(), **more
        )

    def objective(self):
        outputs, final, loss = self.expected()
        given = sum((outputs[name] * self.d_outputs[name]).sum() for name in outputs)
        return loss + given + (final * self.d_final["h[0]"]).sum()

    def oracle(self, command, *extra):
        files = {part: scratch(f"batchnorm-{part}.st") for part in ("params", "in", "out")}
        tensors.save(files["params"], self.params)
        given = {**self.inputs(), "h[0]": self.h, "d.final.h[0]": self.d_final["h[0]"]}
        given.update({f"d.{name}": value for name, value in self.d_outputs.items()})
        if self.lengths is not None:
            given["lengths"] = np.asarray(self.lengths, np.int64)
        tensors.save(files["in"], given)
        arguments = [library.tool("seq-interp"), command, scratch("batchnorm.seq"), "--model", "Net", *extra]
        for part, path in files.items():
            arguments += [f"--{part}", path]
        subprocess.run(arguments + ["--training"] * self.training, check=True, timeout=300)
        return tensors.load(files["out"])


def cases():
    """In training and outside, whole sequences and short ones."""
    for training, (T, B) in itertools.product((True, False), SIZES):
        yield Case(T, B, training)
    for training in (True, False):
        yield Case(6, 4, training, lengths=[6, 0, 1, 4])
        yield Case(3, 2, training, lengths=[0, 0])


class Forward(unittest.TestCase):
    def test_agrees_with_numpy(self):
        for case in cases():
            outputs, final, loss = case.expected()
            result = case.forward()
            for name, value in outputs.items():
                self.assertLess(distance(result.outputs[name], value), FORWARD, name)
            self.assertLess(distance(result.final["h[0]"], final), FORWARD)
            self.assertLess(distance(result.loss, loss), FORWARD)

    def test_agrees_with_the_oracle(self):
        for case in cases():
            expected = case.oracle("forward")
            result = case.forward()
            for name, value in result.outputs.items():
                self.assertLess(distance(value, expected[name]), FORWARD, name)

    def test_no_steps_and_no_rows_give_nothing(self):
        for training, (T, B) in itertools.product((True, False), ((0, 3), (4, 0))):
            self.assertEqual(Case(T, B, training).forward().outputs["h"].size, 0)

    def test_training_normalises_each_feature(self):
        case = Case(9, 4, True, lengths=[9, 2, 0, 5])
        case.params["gain"][:], case.params["bias"][:] = 1, 0
        values = case.forward().outputs["a"][valid(9, 4, case.lengths)]
        np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(values.var(axis=0), 1, atol=1e-3)

    def test_a_far_mean_costs_no_accuracy_of_the_variance(self):
        case = Case(30, 8, True)
        case.params["W"][:] = np.eye(5, 3)
        case.x += 1e6
        self.assertLess(distance(case.forward().outputs["a"], case.expected()[0]["a"]), 1e-8)

    def test_padding_may_hold_anything(self):
        for training in (True, False):
            case = Case(6, 3, training, lengths=[6, 2, 0])
            clean = case.gradient()
            for row, length in enumerate(case.lengths):
                case.x[length:, row] = np.nan
            dirty = case.gradient()
            np.testing.assert_array_equal(dirty.outputs["h"], clean.outputs["h"])
            for name, value in clean.gradients.items():
                np.testing.assert_array_equal(dirty.gradients[name], value, name)


class Streaming(unittest.TestCase):
    def test_steps_and_blocks_equal_one_forward_to_the_bit(self):
        case = Case(8, 3, False)
        states = {"h[0]": case.h}
        whole = case.forward().outputs
        steps = case.model.steps(case.params, case.inputs(), states=states)
        head, rest = ({name: array[part] for name, array in case.inputs().items()} for part in (slice(5), slice(5, 8)))
        first = case.model.forward(case.params, head, states=states, prepared=case.model.prepare(case.params))
        second = case.model.forward(case.params, rest, states=first.final)
        for name, value in whole.items():
            np.testing.assert_array_equal(np.concatenate([step.outputs[name] for step in steps]), value)
            np.testing.assert_array_equal(np.concatenate([first.outputs[name], second.outputs[name]]), value)

    def test_a_step_in_training_takes_the_statistics_of_its_rows(self):
        case = Case(1, 6, True)
        step = case.model.call("step", case.params, case.inputs(), **case.options())
        self.assertLess(distance(step.outputs["a"], case.expected()[0]["a"]), FORWARD)


def differences(objective, array, delta=1e-5):
    """Central differences for every element of an array that the objective reads: through the statistics all rows meet,
    so that one element is moved at a time."""
    slopes = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + delta
        above = objective()
        array[index] = kept - delta
        below = objective()
        array[index] = kept
        slopes[index] = (above - below) / (2 * delta)
    return slopes


class Gradient(unittest.TestCase):
    def check(self, case, names):
        result = case.gradient()
        arrays = {**case.params, "x": case.x, "target": case.target, "h[0]": case.h}
        for name in names:
            error = distance(result.gradients[name], differences(case.objective, arrays[name]))
            self.assertLess(error, GRADIENT, f"d.{name}, training={case.training}, {case.x.shape}, {case.lengths}")

    def test_flows_through_the_statistics(self):
        for case in (Case(5, 3, True), Case(6, 4, True, lengths=[6, 0, 1, 4])):
            self.check(case, ("x", "W", "U", "gain", "bias", "target", "h[0]"))

    def test_is_the_ordinary_one_outside_training(self):
        for case in (Case(5, 3, False), Case(6, 4, False, lengths=[6, 0, 1, 4])):
            self.check(case, ("x", "W", "U", "gain", "bias", "m", "v", "target", "h[0]"))

    def test_of_an_estimate_in_training_is_its_distance(self):
        for case in (Case(5, 3, True), Case(7, 17, True), Case(6, 4, True, lengths=[6, 0, 1, 4])):
            mean, var = case.statistics()
            for more in ({}, {"no_loss": True}):
                result = case.gradient(**more)
                self.assertLess(distance(result.gradients["m"], case.params["m"] - mean), FORWARD)
                self.assertLess(distance(result.gradients["v"], case.params["v"] - var), FORWARD)

    def test_of_a_shared_estimate_sums_the_distances(self):
        twice, rng = model("Twice"), np.random.default_rng(2)
        x, params = rng.normal(size=(6, 4, 3)), {"m": rng.normal(size=3), "v": rng.uniform(1, 2, 3)}
        result = twice.gradient(params, {"x": x}, training=True)
        mean, var = x.mean(axis=(0, 1)), x.var(axis=(0, 1))
        self.assertLess(distance(result.gradients["m"], 2 * params["m"] - mean - (2 * mean + 1)), FORWARD)
        self.assertLess(distance(result.gradients["v"], 2 * params["v"] - 5 * var), FORWARD)

    def test_agrees_with_the_oracle(self):
        for case in (Case(3, 2, True), Case(3, 2, False), Case(4, 3, True, lengths=[4, 0, 2])):
            result = case.gradient()
            adjoint, numeric = case.oracle("gradient", "--adjoint"), case.oracle("gradient")
            for name, value in result.gradients.items():
                self.assertLess(distance(value, adjoint[f"d.{name}"]), FORWARD, name)
                self.assertLess(distance(value, numeric[f"d.{name}"]), GRADIENT, name)


class Description(unittest.TestCase):
    def test_marks_the_estimates(self):
        estimates = [param["name"] for param in model().info["params"] if param.get("estimate")]
        self.assertEqual(estimates, ["m", "v"])
        self.assertIn("step", model().info["entry_points"])


if __name__ == "__main__":
    unittest.main()
