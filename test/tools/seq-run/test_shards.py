"""Training computes a batch in shards, and the result is that of the whole batch: for any loss, with dropout and lengths,
whatever the number of shards and threads."""
import os
import subprocess
import tempfile

import numpy as np

from harness import SeqRunTest, main

MODEL = """
model {name}(I = 3, H = 5) {{
  input x : [I]
  input y : [H]
  param W : [H, I] ~ xavier
  param U : [H, H] ~ xavier
  param a : [] = 0.3
  h = tanh(W @ dropout(x, 0.3) + dropout(U @ h[t-1], 0.4, shared: time))
  loss = {loss}
  output h
}}
"""
LOSSES = {
    "Mean": "mean(mse(h, y))",
    "Sum": "sum(mse(h, y))",
    "Mixture": "mean(mse(h, y)) + 0.01 * a * sum(h * y) - sum(mse(h, y)) / 7 + 0.1 * sum(U * U) + a ^ 2",
    "Parameters": "sum(W * W) + sum(U) + a",
    "Root": "sqrt(mean(mse(h, y)))",
    "Ratio": "sum(mse(h, y)) / (1 + sum(h ^ 2))",
}
WHOLE = ("Root", "Ratio")  # not affine in totals
ROWS, T = 11, 6


class Shards(SeqRunTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        source, cls.library = os.path.join(folder.name, "losses.seq"), os.path.join(folder.name, "liblosses.so")
        with open(source, "w") as file:
            file.write("".join(MODEL.format(name=name, loss=loss) for name, loss in LOSSES.items()))
        subprocess.run([os.path.join(os.environ["SEQC_BIN_DIR"], "seqc"), source, "--dtype=f64", "-o", cls.library],
                       check=True)

    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(1)
        self.data = {"x": rng.normal(size=(T, ROWS, 3)), "y": rng.normal(size=(T, ROWS, 5)),
                     "lengths": np.array([6, 0, 3, 6, 6, 1, 2, 6, 5, 0, 4])}
        self.save("data.st", self.data)

    def train(self, name, out, *more):
        """The parameters after some epochs, and what was said."""
        text = self.run_tool("train", self.library, "--model", name, "--data", "data.st", "--validation", 0, "--out", out,
                             "--batch", 6, "--steps", 4, "--epochs", 4, "--optimizer", "sgd", "--rate", 0.05,
                             "--clip-norm", 0, *more)
        return self.load(f"{out}/weights.safetensors"), self.losses(out), text

    def losses(self, out):
        with open(self.path(f"{out}/loss.tsv")) as file:
            return np.array([line.split()[:3] for line in file.read().splitlines()[1:]], dtype=float)

    def assert_close(self, actual, expected, text):
        for name, value in expected.items():
            np.testing.assert_allclose(actual[name], value, rtol=0, atol=1e-12 * np.abs(value).max(), err_msg=text)

    def test_shards_add_up_to_the_whole_batch(self):
        for name in LOSSES:
            whole, curve, _ = self.train(name, f"{name}1", "--shards", 1)
            self.run_tool("init", self.library, "--model", name, "--out", "p.st")
            self.assertGreater(np.abs(whole["U"] - self.load("p.st")["U"]).max(), 1e-3, f"{name} learnt nothing")
            for shards, threads in ((2, 1), (2, 2), (5, 2), (6, 3), (9, 2)):
                with self.subTest(loss=name, shards=shards, threads=threads):
                    params, losses, _ = self.train(name, f"{name}{shards}-{threads}", "--shards", shards, "--threads",
                                                   threads)
                    self.assert_close(params, whole, f"{name}, {shards} shards")
                    np.testing.assert_allclose(losses, curve, rtol=1e-4)  # the table has few digits

    def test_threads_change_no_bit(self):
        one, two = (self.train("Mixture", f"t{threads}", "--threads", threads)[0] for threads in (1, 2))
        for name, value in one.items():
            np.testing.assert_array_equal(two[name], value)

    def test_says_which_losses_need_the_whole_batch(self):
        for name in LOSSES:
            _, _, text = self.train(name, f"said{name}", "--shards", 2)
            self.assertEqual("'loss' needs all rows of a batch at once" in text, name in WHOLE, text)
        self.assertIn("needs all rows of a batch at once\n  loss", self.run_tool("describe", self.library, "--model", "Root"))


if __name__ == "__main__":
    main()
