"""train, evaluate and sample: exact resuming, independence of threads, what is written and what is refused."""
import json
import os
import pty
import signal
import subprocess

import numpy as np

from harness import DOUBLE, SEQ_RUN, SINGLE, SeqRunTest, V, main

VERSE = """the cat sat on the mat and the rat sat on the cat
a hat and a bat are not that fat said the cat to the rat
"""
SMALL = ["--batch", 4, "--steps", 8, "--rate", 0.02]


def loss_table(run):
    """The rows of loss.tsv: update, training, validation."""
    with open(os.path.join(run, "loss.tsv")) as file:
        return [line.split() for line in file if not line.startswith("#")]


class TrainingTest(SeqRunTest):
    library = SINGLE

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("texts"))
        for name, times in (("a.txt", 6), ("b.txt", 3)):
            with open(self.path("texts/" + name), "w") as file:
                file.write(VERSE * times)

    def train(self, out, *more, exit_code=0):
        return self.run_tool("train", self.library, "--model", "TinyLM", "--text", "texts", "--out", out, *SMALL, *more,
                             exit_code=exit_code)

    def resume(self, out, *more, exit_code=0):
        return self.run_tool("train", self.library, "--model", "TinyLM", "--resume", out, *more, exit_code=exit_code)

    def content(self, out, name):
        with open(self.path(f"{out}/{name}"), "rb") as file:
            return file.read()

    def assert_same_run(self, a, b):
        for name in ("checkpoint.safetensors", "weights.safetensors", "loss.tsv"):
            self.assertEqual(self.content(a, name), self.content(b, name), name)


class Training(TrainingTest):
    def test_learns_and_leaves_weights_curve_and_held_out_text(self):
        text = self.train("run", "--epochs", 20)
        self.assertEqual(
            set(os.listdir(self.path("run"))),
            {"checkpoint.safetensors", "weights.safetensors", "loss.tsv", "loss.gp", "loss.png", "validation.txt"},
        )
        self.assertEqual(self.content("run", "loss.png")[:8], b"\x89PNG\r\n\x1a\n")
        self.assertIn("a unigram model has", text)
        result = json.loads(self.run_tool("evaluate", self.library, "--model", "TinyLM", "--params",
                                          "run/weights.safetensors", "--text", "run/validation.txt", "--json"))
        self.assertLess(result["bits"], 0.75 * result["unigram_bits"])
        self.assertAlmostEqual(result["perplexity"], 2 ** result["bits"], places=5)

    def test_lines_instead_of_a_bar_without_a_terminal(self):
        text = self.train("run", "--epochs", 2)
        self.assertNotIn("\r", text)
        self.assertNotIn("\x1b", text)
        self.assertRegex(text, r"epoch   2/2  training \S+  validation \S+ \(\S+ bits/char, perplexity \S+\)")

    def test_redraws_a_bar_on_a_terminal(self):
        terminal, inside = pty.openpty()
        arguments = [SEQ_RUN, "train", self.library, "--model", "TinyLM", "--text", "texts", "--out", "run", *SMALL,
                     "--epochs", "300"]
        process = subprocess.Popen([str(a) for a in arguments], cwd=self.folder, stdout=inside)
        os.close(inside)
        shown = b""
        try:
            while part := os.read(terminal, 4096):
                shown += part
        except OSError:  # how a terminal ends
            pass
        os.close(terminal)
        self.assertEqual(process.wait(60), 0)
        self.assertRegex(shown.decode(),
                         r"\r\x1b\[Kepoch \d+/300 ━.*┄ +\d+ %  loss \S+  \S+ bits/char  \S+ chars/s")

    def test_quiet_says_nothing(self):
        self.assertEqual(self.train("run", "--epochs", 1, "--quiet"), "")

    def test_repeats_itself_bit_for_bit(self):
        for out in ("a", "b"):
            self.train(out, "--epochs", 2)
        self.assert_same_run("a", "b")

    def test_does_not_depend_on_the_number_of_threads(self):
        self.train("one", "--epochs", 2, "--shards", 3, "--threads", 1)
        self.train("three", "--epochs", 2, "--shards", 3, "--threads", 3)
        self.assert_same_run("one", "three")

    def test_another_seed_is_another_run(self):
        self.train("a", "--epochs", 1)
        self.train("b", "--epochs", 1, "--seed", 2)
        self.assertNotEqual(self.content("a", "weights.safetensors"), self.content("b", "weights.safetensors"))

    def test_optimisers_and_schedules_all_learn(self):
        for number, more in enumerate((
            ["--optimizer", "sgd", "--rate", 0.5], ["--optimizer", "sgd", "--momentum", 0.9, "--rate", 0.1],
            ["--optimizer", "adamw", "--weight-decay", 0.01], ["--schedule", "linear", "--warmup", 5],
            ["--schedule", "step", "--step-every", 20], ["--schedule", "constant"], ["--clip-norm", 0.5],
            ["--clip-value", 0.05])):
            self.run_tool("train", self.library, "--model", "TinyLM", "--text", "texts", "--out", number, *SMALL[:4],
                          "--epochs", 6, *(more if "--rate" in more else [*more, "--rate", 0.02]))
            training = [float(row[1]) for row in loss_table(self.path(str(number)))]
            self.assertLess(training[-1], 0.85 * training[0], more)

    def test_stops_early_when_validation_gets_no_better(self):
        # A rate of almost nothing: after the first epoch validation hardly moves, in one direction or the other.
        text = self.run_tool("train", self.library, "--model", "TinyLM", "--text", "texts", "--out", "run",
                             "--batch", 4, "--steps", 8, "--rate", 1e-30, "--epochs", 50, "--patience", 2)
        self.assertIn("stopped early: no better validation loss for 2 epochs", text)
        self.assertIn("epoch   3/50", text)
        self.assertNotIn("epoch   4/50", text)

    def test_starts_from_given_parameters(self):
        self.train("first", "--epochs", 4)
        self.train("second", "--epochs", 0, "--params", "first/weights.safetensors")
        self.assertTrue(os.path.exists(self.path("second/checkpoint.safetensors")))
        self.assertIn("params/E", self.load("second/checkpoint.safetensors"))
        np.testing.assert_array_equal(self.load("second/checkpoint.safetensors")["params/E"],
                                      self.load("first/weights.safetensors")["E"])

    def test_a_file_reached_by_a_link_counts_once(self):
        self.train("plain", "--epochs", 1)
        os.symlink("a.txt", self.path("texts/c.txt"))
        self.train("linked", "--epochs", 1)
        self.assertEqual(self.content("plain", "weights.safetensors"), self.content("linked", "weights.safetensors"))

    def test_bytes_need_no_utf8(self):
        with open(self.path("texts/c.bin"), "wb") as file:
            file.write(b"\xff\xfe" * 40)
        self.train("run", "--epochs", 1, "--unit", "byte")
        message = self.run_tool("train", self.library, "--model", "TinyLM", "--text", "texts", "--out", "other",
                                exit_code=3)
        self.assertIn("'texts/c.bin' is not UTF-8 at byte 0; use --unit byte", message)


class Resuming(TrainingTest):
    def test_is_bit_identical_to_an_uninterrupted_run(self):
        for extra in ([], ["--optimizer", "sgd", "--momentum", 0.9], ["--patience", 3]):
            name = "-".join(str(word) for word in ["whole", *extra]).replace("--", "")
            parts = "parts-" + name
            self.train(name, "--epochs", 4, *extra)
            self.train(parts, "--epochs", 4, "--stop-after", 7, *extra)
            self.resume(parts, "--stop-after", 1, "--threads", 1)
            while "stopped after update" in self.resume(parts, "--stop-after", 29):
                pass
            self.assert_same_run(name, parts)

    def test_more_epochs_can_be_added(self):
        self.train("run", "--epochs", 1)
        self.assertIn("epoch   3/3", self.resume("run", "--epochs", 3))

    def test_a_finished_run_stays_as_it_is(self):
        self.train("run", "--epochs", 1)
        before = self.content("run", "checkpoint.safetensors")
        self.resume("run")
        self.assertEqual(self.content("run", "checkpoint.safetensors"), before)

    def interrupt_a_run(self, number):
        arguments = [SEQ_RUN, "train", self.library, "--model", "TinyLM", "--text", "texts", "--out", "run", *SMALL,
                     "--epochs", "1000000", "--schedule", "constant"]
        process = subprocess.Popen([str(a) for a in arguments], cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        while "epoch   2/" not in process.stdout.readline():
            self.assertIsNone(process.poll())
        process.send_signal(number)
        output = process.stdout.read()
        return process.wait(60), output

    def test_ctrl_c_saves_and_says_how_to_go_on(self):
        code, output = self.interrupt_a_run(signal.SIGINT)
        self.assertEqual(code, 130)
        self.assertRegex(output, r"stopped after update \d+ and saved; go on with: seq-run train .* --model TinyLM "
                                 r"--resume run\n")
        update = int(output.split("stopped after update ")[1].split()[0])
        self.assertIn(f"resumed after update {update}", self.resume("run", "--stop-after", 3))

    def test_being_terminated_saves_too(self):
        self.assertEqual(self.interrupt_a_run(signal.SIGTERM)[0], 130)
        self.resume("run", "--stop-after", 3)

    def test_other_settings_are_refused(self):
        self.train("run", "--epochs", 1)
        self.assertIn("--rate excludes --resume", self.resume("run", "--rate", 1, exit_code=2))

    def test_changed_texts_are_refused(self):
        self.train("run", "--epochs", 1)
        with open(self.path("texts/a.txt"), "a") as file:
            file.write("the end\n")
        self.assertIn("an exact resume is impossible", self.resume("run", exit_code=3))

    def test_a_file_that_is_no_checkpoint_is_refused(self):
        self.train("run", "--epochs", 1)
        os.replace(self.path("run/weights.safetensors"), self.path("run/checkpoint.safetensors"))
        self.assertIn("is no checkpoint of seq-run train", self.resume("run", exit_code=3))
        self.assertIn("cannot read 'none/checkpoint.safetensors'", self.resume("none", exit_code=3))

    def test_a_run_is_not_overwritten_by_accident(self):
        self.train("run", "--epochs", 1)
        self.assertIn("use --resume 'run' to go on", self.train("run", "--epochs", 1, exit_code=2))
        self.train("run", "--epochs", 1, "--overwrite")


class ArrayTraining(SeqRunTest):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(2)
        start = rng.integers(0, V, 40)
        steps = (start[None, :] + 3 * np.arange(13)[:, None]) % V  # a rule that one step of memory suffices for
        self.save("data.st", {"x": steps[:-1], "y": steps[1:], "lengths": rng.integers(6, 13, 40)})

    def train(self, out, *more, exit_code=0):
        return self.run_tool("train", DOUBLE, "--model", "TinyLM", "--data", "data.st", "--out", out, "--batch", 8,
                             *([] if "--rate" in more else ["--rate", 0.05]), *more, exit_code=exit_code)

    def test_learns_whole_examples_and_pieces_of_them(self):
        for steps in (0, 5):
            text = self.train(f"run{steps}", "--steps", steps, "--epochs", 30)
            self.assertIn("36 examples to train on, 4 held out", text)
            validation = [float(row[2]) for row in loss_table(self.path(f"run{steps}")) if row[2] != "NaN"]
            self.assertEqual(len(validation), 30)
            self.assertLess(validation[-1], 0.1 * validation[0])

    def test_resuming_is_exact(self):
        self.train("whole", "--steps", 5, "--epochs", 3)
        self.train("parts", "--steps", 5, "--epochs", 3, "--stop-after", 8)
        self.run_tool("train", DOUBLE, "--model", "TinyLM", "--resume", "parts")
        for name in ("checkpoint.safetensors", "weights.safetensors"):
            with open(self.path("whole/" + name), "rb") as a, open(self.path("parts/" + name), "rb") as b:
                self.assertEqual(a.read(), b.read())

    def test_validation_data_of_its_own(self):
        self.assertIn("40 examples to train on, 40 held out",
                      self.train("run", "--validation-data", "data.st", "--epochs", 1))

    def test_the_loss_of_shards_is_that_of_the_batch(self):
        # Shards with unequal numbers of valid steps, one of them with none.
        rng = np.random.default_rng(4)
        self.save("data.st", {"x": rng.integers(0, V, (4, 7)), "y": rng.integers(0, V, (4, 7)),
                              "lengths": np.array([0, 0, 2, 1, 4, 3, 4])})
        self.run_tool("init", DOUBLE, "--model", "TinyLM", "--out", "p.st")
        self.run_tool("forward", DOUBLE, "--model", "TinyLM", "--params", "p.st", "--in", "data.st", "--out", "y.st")
        self.train("run", "--validation-data", "data.st", "--params", "p.st", "--steps", 0, "--shards", 3,
                   "--epochs", 1, "--optimizer", "sgd", "--rate", 1e-30)
        self.assertAlmostEqual(float(loss_table(self.path("run"))[-1][2]), float(self.load("y.st")["loss"]), places=5)

    def test_examples_must_fit_the_model(self):
        self.save("data.st", {"x": np.zeros((3, 4))})
        self.assertIn("'y' [3, 4] is missing", self.train("run", exit_code=3))


class Sampling(TrainingTest):
    def setUp(self):
        super().setUp()
        self.train("run", "--epochs", 15)

    def sample(self, *more, exit_code=0):
        return self.run_tool("sample", self.library, "--model", "TinyLM", "--params", "run/weights.safetensors", *more,
                             exit_code=exit_code)

    def test_begins_with_the_prompt_and_has_the_length(self):
        text = self.sample("--prompt", "the ", "--length", 50)
        self.assertTrue(text.startswith("the "))
        self.assertEqual(len(text), 4 + 50 + 1)

    def test_the_same_seed_writes_the_same(self):
        self.assertEqual(self.sample("--seed", 5), self.sample("--seed", 5))
        self.assertNotEqual(self.sample("--seed", 5), self.sample("--seed", 6))

    def test_temperature_zero_does_not_depend_on_the_seed(self):
        first = self.sample("--temperature", 0, "--seed", 1, "--prompt", "the ", "--length", 30)
        self.assertEqual(first, self.sample("--top-k", 1, "--seed", 2, "--prompt", "the ", "--length", 30))

    def test_several_samples_are_apart(self):
        self.assertEqual(self.sample("--count", 3, "--length", 5).count("\n----------\n"), 2)

    def test_refusals(self):
        self.assertIn("has the symbol 'Z', which is not in the vocabulary", self.sample("--prompt", "Z", exit_code=3))
        self.assertIn("has no output 'h'; its outputs: logits", self.sample("--logits", "h", exit_code=4))
        self.assertIn("has no id input 'z'", self.sample("--input", "z", exit_code=2))
        self.run_tool("init", self.library, "--model", "TinyLM", "--out", "p.st")
        self.assertIn("holds no vocabulary", self.run_tool(
            "sample", self.library, "--model", "TinyLM", "--params", "p.st", exit_code=3))

    def test_unknown_symbols_are_counted_in_evaluation(self):
        with open(self.path("other.txt"), "w") as file:
            file.write("the CAT sat\n")
        text = self.run_tool("evaluate", self.library, "--model", "TinyLM", "--params", "run/weights.safetensors",
                             "--text", "other.txt")
        self.assertIn("12 symbols, 3 of them not in the vocabulary", text)


class Refusals(TrainingTest):
    def refused_training(self, exit_code, *arguments):
        return self.refused(exit_code, "train", self.library, *arguments, "--out", "run")

    def test_models_that_cannot_be_trained_so(self):
        self.assertIn("model 'Elman' has no loss", self.refused_training(4, "--model", "Elman", "--text", "texts"))

    def test_nothing_to_train_on(self):
        self.assertIn("--text PATH or --data FILE", self.refused_training(2, "--model", "TinyLM"))
        self.assertIn("cannot read 'none.txt'", self.refused_training(3, "--model", "TinyLM", "--text", "none.txt"))
        open(self.path("empty.txt"), "w").close()
        message = self.refused_training(3, "--model", "TinyLM", "--text", "empty.txt")
        self.assertIn("there is no text in empty.txt", message)
        with open(self.path("short.txt"), "w") as file:
            file.write("abc")
        self.assertIn("the training text has 3 symbols; 32 rows of at least one step need 33",
                      self.refused_training(3, "--model", "TinyLM", "--text", "short.txt"))

    def test_a_vocabulary_larger_than_the_models(self):
        with open(self.path("texts/c.txt"), "w") as file:
            file.write("".join(chr(0x4e00 + i) for i in range(50)))
        self.assertRegex(self.refused_training(4, "--model", "TinyLM", "--text", "texts"),
                         r"the text has (\d+) different symbols, but input 'x' takes only 40; .* -D V=\1$")

    def test_an_input_that_is_none(self):
        self.assertIn("has no id input 'z'; its id inputs: x, y",
                      self.refused_training(2, "--model", "TinyLM", "--text", "texts", "--target", "z"))

    def test_a_loss_that_is_no_number_ends_training(self):
        message = self.refused_training(6, "--model", "TinyLM", "--text", "texts", "--optimizer", "sgd", "--rate", 1e30,
                                        "--schedule", "constant", "--epochs", 50)
        self.assertRegex(message, r"the loss is \S*(nan|inf) at update \d+: training has diverged")


if __name__ == "__main__":
    main()
