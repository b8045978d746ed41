#!/usr/bin/env python3
"""Weights of other frameworks in our cells: ONNX's node test data (Debian's libonnx-testdata) for RNN, GRU and LSTM,
and PyTorch's equations as its documentation prints them."""
import glob
import os
import unittest

import numpy as np
import onnx
from onnx import numpy_helper

import library
import weights
from cases import STDLIB, distance, scratch
from reference import CELLS, sigmoid, times

ONNX_NODES = "/usr/share/libonnx-testdata/data/node"
STATES = {"initial_h": "h[0]", "initial_c": "c[0]"}


def compiled(name, I, H):
    path = scratch(f"lib{name}-{I}-{H}.so")
    source = os.path.join(STDLIB, f"{name}.seq")
    return library.Model(library.compile_seq(source, path, {"I": I, "H": H}), CELLS[name]["model"])


def read_tensors(folder, kind, names):
    """The .pb files of a node's inputs or outputs, by name."""
    arrays = {}
    for index, name in enumerate(name for name in names if name):
        tensor = onnx.TensorProto()
        with open(os.path.join(folder, "test_data_set_0", f"{kind}_{index}.pb"), "rb") as file:
            tensor.ParseFromString(file.read())
        arrays[name] = numpy_helper.to_array(tensor).astype(np.float64)
    return arrays


class OnnxNode:
    """One test of the data: an operator, its arguments, and what it must give."""

    def __init__(self, folder):
        node = onnx.load(os.path.join(folder, "model.onnx")).graph.node[0]
        self.operator = node.op_type
        attributes = {entry.name: onnx.helper.get_attribute_value(entry) for entry in node.attribute}
        self.batch_first = attributes.get("layout", 0) == 1
        self.linear_before_reset = bool(attributes.get("linear_before_reset", 0))
        self.given = read_tensors(folder, "input", node.input)
        self.expected = read_tensors(folder, "output", node.output)

    def optional(self, name):
        return self.given[name][0] if name in self.given else None

    def cell(self):
        W, R, B = self.given["W"][0], self.given["R"][0], self.optional("B")
        if self.operator == "GRU":
            return weights.onnx_gru(W, R, B, self.linear_before_reset)
        if self.operator == "LSTM":
            return weights.onnx_lstm(W, R, B, self.optional("P"))
        return weights.onnx_rnn(W, R, B)

    def run(self):
        """Y [T, directions, B, H] and Y_h [directions, B, H]; batch first: [B, T, directions, H], [B, directions, H]."""
        name, params = self.cell()
        X = self.given["X"].swapaxes(0, 1) if self.batch_first else self.given["X"]
        model = compiled(name, X.shape[2], self.given["R"].shape[2])
        states = {ours: self.given[theirs][0] for theirs, ours in STATES.items() if theirs in self.given}
        lengths = self.given["sequence_lens"].astype(np.int64) if "sequence_lens" in self.given else None
        result = model.forward(params, {"x": X}, states=states, lengths=lengths)
        Y, Y_h = result.outputs["h"][:, None], result.final["h[0]"][None]
        return (Y.transpose(2, 0, 1, 3), Y_h.swapaxes(0, 1)) if self.batch_first else (Y, Y_h)


class Onnx(unittest.TestCase):
    def test_node_data_of_recurrent_operators(self):
        folders = [path for kind in ("gru", "lstm", "rnn", "simple_rnn")
                   for path in sorted(glob.glob(os.path.join(ONNX_NODES, f"test_{kind}_*")))]
        self.assertGreaterEqual(len(folders), 12, "install libonnx-testdata")
        for folder in folders:
            with self.subTest(node=os.path.basename(folder)):
                node = OnnxNode(folder)
                Y, Y_h = node.run()
                for name, value in (("Y", Y), ("Y_h", Y_h)):
                    if name in node.expected:
                        self.assertLess(distance(value, node.expected[name]), 1e-5, name)


def torch_gru_step(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    W, R = weights.rows(weight_ih, "rzn"), weights.rows(weight_hh, "rzn")
    b, c = weights.rows(bias_ih, "rzn"), weights.rows(bias_hh, "rzn")
    r = sigmoid(times(W["r"], x) + b["r"] + times(R["r"], h) + c["r"])
    z = sigmoid(times(W["z"], x) + b["z"] + times(R["z"], h) + c["z"])
    n = np.tanh(times(W["n"], x) + b["n"] + r * (times(R["n"], h) + c["n"]))
    return (1 - z) * n + z * h


def torch_lstm_step(x, h, c, weight_ih, weight_hh, bias_ih, bias_hh):
    a = weights.rows((times(weight_ih, x) + bias_ih + times(weight_hh, h) + bias_hh).T, "ifgo")
    c = sigmoid(a["f"].T) * c + sigmoid(a["i"].T) * np.tanh(a["g"].T)
    return sigmoid(a["o"].T) * np.tanh(c), c


class PyTorch(unittest.TestCase):
    I, H = 3, 5

    def arrays(self, gates):
        rng = np.random.default_rng(2)
        return [rng.normal(0, 0.5, shape) for shape in ((gates * self.H, self.I), (gates * self.H, self.H),
                                                        (gates * self.H,), (gates * self.H,))]

    def check(self, name, params, step, states):
        x = np.random.default_rng(3).normal(size=(4, 2, self.I))
        result = compiled(name, self.I, self.H).forward(params, {"x": x})
        for t in range(4):
            states = step(x[t], *states)
            self.assertLess(distance(result.outputs["h"][t], states[0]), 1e-12)

    def test_gru(self):
        arrays = self.arrays(3)
        zeros = np.zeros((2, self.H))
        self.check(*weights.torch_gru(*arrays), lambda x, h: (torch_gru_step(x, h, *arrays),), (zeros,))

    def test_lstm(self):
        arrays = self.arrays(4)
        zeros = np.zeros((2, self.H))
        self.check(*weights.torch_lstm(*arrays), lambda x, h, c: torch_lstm_step(x, h, c, *arrays), (zeros, zeros))

    def test_rnn(self):
        weight_ih, weight_hh, bias_ih, bias_hh = arrays = self.arrays(1)

        def step(x, h):
            return (np.tanh(times(weight_ih, x) + bias_ih + times(weight_hh, h) + bias_hh),)

        self.check(*weights.torch_rnn(*arrays), step, (np.zeros((2, self.H)),))


if __name__ == "__main__":
    unittest.main()
