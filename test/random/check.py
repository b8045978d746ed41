#!/usr/bin/env python3
"""check.py FILE.seq [SEED [PART]]: compiles the file in f64 and compares each of its models with the oracle: forward pass,
loss, final states, streaming and gradient, or one PART of it: compile, forward, streaming, gradient.

With an even SEED it is compiled for the processor at hand.

Prints one line a model, `ok NAME COMPARED INFINITE` or `FAIL NAME KIND: what differs`. COMPARED: how many arrays and slopes
were compared; INFINITE: in how many the oracle has no finite number, so that there was nothing to compare."""
import os
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "numeric"))
import library
import tensors

T, B = 5, 3
FORWARD, GRADIENT = 1e-9, 1e-6


class Mismatch(Exception):
    def __init__(self, kind, text):
        super().__init__(f"{kind}: {text}")
        self.kind = kind


def distance(actual, expected):
    """The largest difference, relative to the largest expected element or to 1e-3."""
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    if actual.shape != expected.shape:
        return np.inf
    if actual.size == 0:
        return 0.0
    finite = np.isfinite(expected)
    return np.abs(actual - expected)[finite].max() / max(np.abs(expected[finite]).max(), 1e-3)


class ModelCheck:
    """One model on one set of random arrays."""

    def __init__(self, path, folder, model, seed, text):
        self.path, self.folder, self.model = path, folder, model
        self.rng = np.random.default_rng(seed)
        self.rows = B if self.rng.random() < 0.8 else 1
        self.training = "dropout" in text or ("batchnorm" in text and self.rng.random() < 0.7)
        self.differentiable = "stop_gradient" not in text
        self.params = {
            name: np.array(value + self.rng.normal(0, 0.1, value.shape)) for name, value in model.init(seed).items()
        }
        self.inputs = {name: self.random_input(entry) for name, entry in model.inputs.items()}
        self.states = self.random_states() if self.rng.random() < 0.6 else {}
        self.lengths = self.rng.integers(0, T + 1, self.rows) if self.rng.random() < 0.4 else None
        self.compared = self.infinite = 0

    def random_input(self, entry):
        shape = (T, self.rows, *entry["shape"])
        if entry["kind"] == "id":
            return self.rng.integers(0, entry["vocabulary"], shape).astype(np.int32)
        if entry["kind"] == "mask":
            return self.rng.integers(0, 2, shape).astype(np.uint8)
        return self.rng.normal(0, 1, shape)

    def random_states(self):
        return {name: self.rng.normal(0, 0.5, (self.rows, *shape)) for name, shape in self.model.states.items()
                if self.rng.random() < 0.9}

    def options(self):
        return dict(states=self.states, lengths=self.lengths, training=self.training, seed=11)

    # The oracle

    def oracle(self, command, extra=(), arrays=None):
        files = {part: os.path.join(self.folder, f"{part}.st") for part in ("params", "in", "out", "final")}
        tensors.save(files["params"], self.params)
        given = {**self.inputs, **self.states, **(arrays or {})}
        if self.lengths is not None:
            given["lengths"] = self.lengths.astype(np.int64)
        tensors.save(files["in"], given)
        arguments = [library.tool("seq-interp"), command, self.path, "--model", self.model.info["model"]]
        arguments += ["--params", files["params"], "--in", files["in"], "--out", files["out"], *extra]
        if command == "forward":
            arguments += ["--final-states", files["final"]]
        if self.training:
            arguments += ["--training", "--seed", "11"]
        result = subprocess.run(arguments, capture_output=True, text=True, timeout=300)
        if result.returncode:
            raise Mismatch("oracle", f"exit {result.returncode}: {result.stderr.strip()[:300]}")
        final = tensors.load(files["final"]) if command == "forward" else {}
        return tensors.load(files["out"]), final

    # The comparisons

    def check(self, part="all"):
        if part in ("all", "forward", "streaming"):
            self.must_compare(self.check_forward)
        if part in ("all", "streaming"):
            self.check_streaming()
        if part in ("all", "gradient"):
            self.must_compare(self.check_gradient)

    def must_compare(self, part):
        """A system without a finite number anywhere would pass whatever it computes."""
        compared = self.compared
        part()
        if self.compared == compared:
            raise Mismatch("nothing finite", part.__name__)

    def compare(self, kind, actual, expected, tolerance):
        for name, value in expected.items():
            if name not in actual:
                raise Mismatch(kind, f"{name} is missing")
            if np.size(value) and np.shape(actual[name]) == np.shape(value) and not np.isfinite(value).any():
                self.infinite += 1
                continue
            error = distance(actual[name], value)
            if not error <= tolerance:
                raise Mismatch(kind, f"{name} differs by {error:.1e}")
            self.compared += 1

    def check_forward(self):
        result = self.model.forward(self.params, self.inputs, **self.options())
        expected, final = self.oracle("forward")
        loss = expected.pop("loss", None)
        self.compare("forward", result.outputs, expected, FORWARD)
        self.compare("final state", result.final, final, FORWARD)
        if loss is not None:
            self.compare("loss", {"loss": result.loss}, {"loss": loss}, FORWARD)
        again = self.model.forward(self.params, self.inputs, **self.options(), prepared=self.model.prepare(self.params))
        for name, value in result.outputs.items():
            if not np.array_equal(again.outputs[name], value, equal_nan=True):
                raise Mismatch("repeat", f"{name} differs when run again with prepared parameters")

    def check_streaming(self):
        """Steps and blocks give the very bits of one forward call (masks depend on the step: not in training)."""
        if self.model.info["looks_ahead"] or self.lengths is not None or self.training:
            return
        whole = self.model.forward(self.params, self.inputs, **self.options())
        steps = self.model.steps(self.params, self.inputs, states=self.states, size=(T, self.rows))
        cut = T // 2
        first, rest = ({name: array[part] for name, array in self.inputs.items()} for part in (slice(cut), slice(cut, T)))
        head = self.model.forward(self.params, first, states=self.states)
        tail = self.model.forward(self.params, rest, states=head.final)
        for name, value in whole.outputs.items():
            last = self.model.outputs[name]["last"]
            stepped = steps[-1].outputs[name] if last else np.concatenate([step.outputs[name] for step in steps])
            blocks = tail.outputs[name] if last else np.concatenate([head.outputs[name], tail.outputs[name]])
            for kind, other in (("step", stepped), ("block", blocks)):
                if not np.array_equal(other, value, equal_nan=True):
                    raise Mismatch(kind, f"{name} differs by {distance(other, value):.1e}")

    def check_gradient(self):
        d_outputs = {name: self.rng.normal(size=self.model.output_shape(name, T, self.rows))
                     for name in self.model.outputs}
        d_final = {name: self.rng.normal(size=(self.rows, *shape)) for name, shape in self.model.states.items()}
        result = self.model.gradient(self.params, self.inputs, d_outputs=d_outputs, d_final=d_final, **self.options())
        given = {f"d.{name}": value for name, value in d_outputs.items()}
        given.update({f"d.final.{name}": value for name, value in d_final.items()})
        adjoint, _ = self.oracle("gradient", ["--adjoint"], given)
        adjoint.pop("loss", None)
        self.check_differences(adjoint, d_outputs, d_final)
        self.compare("gradient", {f"d.{name}": value for name, value in result.gradients.items()}, adjoint, FORWARD)

    def check_differences(self, adjoint, d_outputs, d_final):
        """The derived adjoint against differences of the compiled forward pass, at a few elements of each array."""
        if not self.differentiable:
            return

        def objective():
            run = self.model.forward(self.params, self.inputs, **self.options())
            total = sum((run.outputs[name] * d_outputs[name]).sum() for name in d_outputs)
            return total + sum((run.final[name] * d_final[name]).sum() for name in d_final) + (run.loss or 0)

        real = {name: array for name, array in self.inputs.items() if array.dtype == np.float64}
        # In training the objective does not read the estimates of batchnorm: their gradient is a distance.
        params = {entry["name"]: self.params[entry["name"]] for entry in self.model.info["params"]
                  if not (self.training and entry.get("estimate"))}
        for name, array in {**params, **real, **self.states}.items():
            flat, gradient = array.reshape(-1), adjoint[f"d.{name}"].reshape(-1)
            tolerance = GRADIENT * max(np.abs(gradient[np.isfinite(gradient)]).max(initial=0), 1)
            for index in self.rng.permutation(flat.size)[:6]:
                self.check_slope(f"d.{name} at {index}", gradient[index], tolerance,
                                 lambda delta: slope(objective, flat, index, delta))

    def check_slope(self, where, expected, tolerance, slope):
        actual = slope(1e-5)
        if not np.isfinite([expected, actual]).all():
            self.infinite += 1
            return
        # A kink within the step is no error; a smaller step passes it.
        if abs(expected - actual) > tolerance and not abs(expected - slope(1e-7)) <= 100 * tolerance:
            raise Mismatch("adjoint", f"{where} is {expected}, the slope {actual}")
        self.compared += 1


def slope(objective, flat, index, delta):
    old = flat[index]
    flat[index] = old + delta
    above = objective()
    flat[index] = old - delta
    below = objective()
    flat[index] = old
    return (above - below) / (2 * delta)


def model_names(text):
    return [line.split()[1].split("(")[0] for line in text.splitlines() if line.startswith("model ")]


def processor(seed):
    """Every other seed is for the processor at hand, whose vectors may be longer than those of the default."""
    return ["--march=native"] if seed % 2 == 0 else []


def check_file(path, seed=1, part="all"):
    """Yields (model, its ModelCheck or the Mismatch)."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with tempfile.TemporaryDirectory(prefix="seqc-random-") as folder:
        lib = os.path.join(folder, "librandom.so")
        try:
            library.compile_seq(path, lib, options=processor(seed))
        except library.CompileError as error:
            yield from ((name, Mismatch("compile", str(error))) for name in model_names(text))
            return
        for name in model_names(text):
            try:
                one = ModelCheck(path, folder, library.Model(lib, name), seed, text)
                one.check(part)
                yield name, one
            except (Mismatch, library.CallError) as error:
                yield name, error if isinstance(error, Mismatch) else Mismatch("call", str(error))


if __name__ == "__main__":
    failed = False
    for name, result in check_file(sys.argv[1], *map(int, sys.argv[2:3]), *sys.argv[3:4]):
        wrong = isinstance(result, Exception)
        print(f"FAIL {name} {result}" if wrong else f"ok {name} {result.compared} {result.infinite}", flush=True)
        failed |= wrong
    sys.exit(failed)
