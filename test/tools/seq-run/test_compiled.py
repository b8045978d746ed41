"""seq-run with what seqc makes: the language model of examples/, compiled small, from the equations to a sample; and the
running estimates of batchnorm."""
import json
import os
import subprocess
import tempfile

import numpy as np

from harness import SeqRunTest, main

SOURCE = os.path.join(os.environ["SEQC_SOURCE_DIR"], "examples", "char_lm.seq")
TEXT = "she sells sea shells by the sea shore; the shells she sells are sea shells, she is sure\n" * 40


class CompiledLanguageModel(SeqRunTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.single, cls.double, cls.bounded, cls.bounded_double = (
            cls.compile(os.path.join(folder.name, f"lib{number}.so"), *options)
            for number, options in enumerate((["--dtype=f32"], ["--dtype=f64"], ["--dtype=f32", "--bptt-memory=40K"],
                                              ["--dtype=f64", "--bptt-memory"])))

    @staticmethod
    def compile(library, *options):
        subprocess.run([os.path.join(os.environ["SEQC_BIN_DIR"], "seqc"), SOURCE, "-D", "V=30", "-D", "E=8", "-D", "H=19",
                        "-o", library, *options], check=True)
        return library

    def setUp(self):
        super().setUp()
        with open(self.path("text.txt"), "w") as file:
            file.write(TEXT)

    def train(self, out, *more):
        return self.run_tool("train", self.single, "--text", "text.txt", "--out", out, "--epochs", 12, "--batch", 4,
                             "--steps", 16, "--rate", 0.02, *more)

    def test_its_gradient_agrees_with_differences(self):
        for more in ([], ["--lengths"], ["--training"]):
            self.assertIn("the gradient agrees", self.run_tool("check-gradient", self.double, *more))

    def test_its_gradient_in_segments_agrees_with_differences(self):
        for more in ([], ["--lengths"], ["--training"]):
            self.assertIn("the gradient agrees", self.run_tool("check-gradient", self.bounded_double, *more))

    def test_it_learns_the_same_in_segments(self):
        bits = []
        for library in (self.single, self.bounded):
            for threads in (1, 2):
                out = f"{os.path.basename(library)}-{threads}"
                self.run_tool("train", library, "--text", "text.txt", "--out", out, "--epochs", 2, "--batch", 4, "--steps", 64,
                              "--rate", 0.02, "--threads", threads)
                bits.append(json.loads(self.run_tool("evaluate", self.single, "--params", f"{out}/weights.safetensors",
                                                     "--text", f"{out}/validation.txt", "--json"))["bits"])
        self.assertEqual(bits[0], bits[1])
        self.assertEqual(bits[2], bits[3])
        self.assertAlmostEqual(bits[0], bits[2], places=3)

    def test_streaming_is_forward_bit_for_bit(self):
        self.run_tool("init", self.single, "--out", "p.st")
        ids = np.random.default_rng(1).integers(0, 30, (2, 9, 5))
        self.save("x.st", {"x": ids[0], "y": ids[1]})
        outputs = []
        for command in ("forward", "step"):
            self.run_tool(command, self.single, "--params", "p.st", "--in", "x.st", "--out", "y.st")
            outputs.append(self.load("y.st")["logits"])
        np.testing.assert_array_equal(*outputs)

    def test_threads_of_a_call_change_no_bit(self):
        self.run_tool("init", self.single, "--out", "p.st")
        ids = np.random.default_rng(1).integers(0, 30, (2, 9, 40))
        self.save("x.st", {"x": ids[0], "y": ids[1]})
        for command in ("forward", "gradient"):
            files = []
            for threads in (1, 3):
                self.run_tool(command, self.single, "--params", "p.st", "--in", "x.st", "--out", "y.st", "--threads",
                              threads)
                with open(self.path("y.st"), "rb") as file:
                    files.append(file.read())
            self.assertEqual(*files)

    def test_it_learns_and_writes(self):
        self.train("run")
        result = json.loads(self.run_tool("evaluate", self.single, "--params", "run/weights.safetensors", "--text",
                                          "run/validation.txt", "--json"))
        self.assertLess(result["bits"], 0.4 * result["unigram_bits"])
        text = self.run_tool("sample", self.single, "--params", "run/weights.safetensors", "--prompt", "she ",
                             "--length", 200, "--temperature", 0.2)
        self.assertRegex(text, r"^she .*\bsea shells\b")

    def test_resuming_and_threads_change_no_bit(self):
        self.train("whole")
        self.train("parts", "--threads", 1, "--stop-after", 31)
        self.run_tool("train", self.single, "--resume", "parts")
        for name in ("checkpoint.safetensors", "weights.safetensors"):
            with open(self.path("whole/" + name), "rb") as a, open(self.path("parts/" + name), "rb") as b:
                self.assertEqual(a.read(), b.read())


NORMAL = """
model Normal(I = 3) {
  input x : [I]
  param W : [I, I] ~ xavier
  param m : [I] = 0
  param v : [I] = 1
  y = W @ batchnorm(x, m, v)
  loss = mean(mse(y, x))
  output y
}
"""


class CompiledBatchnorm(SeqRunTest):
    """Data whose moments are known: each update sees all of it, so that the statistics are the same each time."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.library, source = os.path.join(folder.name, "libnormal.so"), os.path.join(folder.name, "normal.seq")
        with open(source, "w") as file:
            file.write(NORMAL)
        subprocess.run([os.path.join(os.environ["SEQC_BIN_DIR"], "seqc"), source, "--dtype=f64", "-o", cls.library],
                       check=True)

    def train(self, x, *more):
        self.save("x.st", {"x": x})
        self.run_tool("train", self.library, "--data", "x.st", "--validation", 0, "--out", "run", "--batch", x.shape[1],
                      "--steps", 0, "--overwrite", *more)
        return self.load("run/weights.safetensors")

    def data(self):
        return np.random.default_rng(3).normal([1, -2, 5], [0.5, 2, 1], (12, 8, 3))

    def test_estimates_converge_to_the_moments(self):
        x = self.data()
        # What the optimiser does to other parameters, decay and clipping, is nothing to them.
        for more in (["--optimizer", "adamw", "--weight-decay", 0.5], ["--optimizer", "sgd", "--weight-decay", 0.5],
                     ["--clip-norm", 1e-3, "--clip-value", 1e-4], ["--estimate-rate", 0.2]):
            params = self.train(x, "--shards", 1, "--epochs", 150, "--schedule", "constant", "--rate", 1e-3, *more)
            np.testing.assert_allclose(params["m"], x.mean(axis=(0, 1)), rtol=1e-5)
            np.testing.assert_allclose(params["v"], x.var(axis=(0, 1)), rtol=1e-5)

    def test_each_update_is_a_moving_average(self):
        x = self.data()
        for rate in (0.1, 0.25):
            params = self.train(x, "--shards", 1, "--epochs", 3, "--estimate-rate", rate)
            kept = (1 - rate) ** 3
            np.testing.assert_allclose(params["m"], (1 - kept) * x.mean(axis=(0, 1)), rtol=1e-12)
            np.testing.assert_allclose(params["v"], kept + (1 - kept) * x.var(axis=(0, 1)), rtol=1e-12)

    def test_the_batch_is_not_cut(self):
        x = self.data()
        whole = self.train(x, "--shards", 1, "--epochs", 3)
        asked = self.train(x, "--shards", 4, "--epochs", 3)
        for name in whole:
            np.testing.assert_array_equal(asked[name], whole[name])

    def test_its_gradient_agrees_with_differences(self):
        for more in ([], ["--lengths"], ["--training"]):
            text = self.run_tool("check-gradient", self.library, *more)
            self.assertIn("the gradient agrees", text)
            self.assertEqual(" m (" in text, more != ["--training"])  # its distance from the batch is no derivative

    def test_describe_names_the_estimates(self):
        self.assertRegex(self.run_tool("describe", self.library), r"m +\[3\] += 0, an estimate\n")


if __name__ == "__main__":
    main()
