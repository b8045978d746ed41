#!/usr/bin/env python3
"""Where `gradient` keeps its sequences changes no bit: in outputs, on the tape or in the workspace, for every cell of the
standard library. `backward` as a call of its own leaves the tape as it is, so that it can be called again."""
import unittest

import numpy as np

import library
from cases import compiled, random_input, random_params, random_states, scratch
from reference import CELLS
from test_threads import MIXED, bits


class Hosts(unittest.TestCase):
    def check(self, model, inputs, states, lengths, **options):
        T, B = next(iter(inputs.values())).shape[:2]
        rng = np.random.default_rng(7)
        given = {name: rng.normal(0, 1, model.output_shape(name, T, B)) for name in model.outputs}
        params = random_params(model)

        def run(entries, **memory):
            return bits(model.call(entries, params, inputs, states=states, lengths=lengths, d_outputs=given, **memory,
                                   **options))

        expected = run("gradient")
        ways = {
            "outputs not wanted": run("gradient", wanted=False),
            "outputs batch first": run("gradient", batch_first=True),
            "two calls": run(("forward_taped", "backward")),
            "backward twice": run(("forward_taped", "backward", "backward")),
            "gradient twice": run(("gradient", "gradient")),
        }
        for way, actual in ways.items():
            for name in expected.keys() - (model.outputs.keys() if way == "outputs not wanted" else set()):
                self.assertEqual(actual[name], expected[name], f"{name}, {way}, T={T} B={B}")

    def test_cells(self):
        for name in CELLS:
            for T, B, lengths in ((5, 19, None), (40, 1, None), (9, 7, [9, 0, 1, 4, 8, 3, 9])):
                with self.subTest(cell=name, lengths=lengths):
                    model = compiled(name, 2)
                    self.check(model, {"x": random_input(model, T, B)}, random_states(model, B), lengths)

    def test_what_cells_do_not_have(self):
        source = scratch("mixed.seq")
        with open(source, "w") as file:
            file.write(MIXED)
        model = library.Model(library.compile_seq(source, scratch("libmixed.so"), dtype="f32"), "Mixed")
        rng = np.random.default_rng(8)
        for T, B, lengths in ((12, 13, None), (30, 5, [30, 0, 7, 29, 16])):
            inputs = {"word": rng.integers(0, 40, (T, B)), "target": rng.integers(0, 12, (T, B))}
            inputs["z"] = rng.normal(0, 1, (T, B, 3, 20))
            self.check(model, inputs, random_states(model, B), lengths, training=True, seed=11)


if __name__ == "__main__":
    unittest.main()
