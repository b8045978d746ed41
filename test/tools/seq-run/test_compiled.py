"""The language model of examples/, compiled small: seq-run with what seqc makes, from the equations to a sample."""
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
        cls.single, cls.double = (os.path.join(folder.name, f"lib{dtype}.so") for dtype in ("f32", "f64"))
        for dtype, library in (("f32", cls.single), ("f64", cls.double)):
            subprocess.run([os.path.join(os.environ["SEQC_BIN_DIR"], "seqc"), SOURCE, f"--dtype={dtype}", "-D", "V=30",
                            "-D", "E=8", "-D", "H=19", "-o", library], check=True)

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

    def test_streaming_is_forward_bit_for_bit(self):
        self.run_tool("init", self.single, "--out", "p.st")
        ids = np.random.default_rng(1).integers(0, 30, (2, 9, 5))
        self.save("x.st", {"x": ids[0], "y": ids[1]})
        outputs = []
        for command in ("forward", "step"):
            self.run_tool(command, self.single, "--params", "p.st", "--in", "x.st", "--out", "y.st")
            outputs.append(self.load("y.st")["logits"])
        np.testing.assert_array_equal(*outputs)

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


if __name__ == "__main__":
    main()
