"""describe, init, forward, step, gradient, check-gradient and bench against NumPy, and what they refuse."""
import json

import numpy as np

from harness import BROKEN, DOUBLE, H, I, SINGLE, SeqRunTest, V, main


def elman(params, x, mask, state=None, lengths=None):
    """Outputs h and s and the final state of models.cpp's Elman."""
    T, B, _ = x.shape
    lengths = np.full(B, T) if lengths is None else lengths
    h = np.zeros((B, H)) if state is None else state
    outputs, last = [], np.zeros((B, H))
    for t in range(T):
        new = np.tanh(x[t] @ params["W"].T + h @ params["U"].T + params["b"])
        valid = (t < lengths)[:, None]
        h = np.where(valid & (mask[t][:, None] != 0), new, h)
        outputs.append(np.where(valid, h, 0))
        last = np.where((t == lengths - 1)[:, None], h, last)
    return np.array(outputs).reshape(T, B, H), last, h


class ArraysBase(SeqRunTest):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(1)
        self.rng = rng
        self.T, self.B = 5, 4
        self.params = {"W": rng.normal(size=(H, I)), "U": rng.normal(size=(H, H)) / 3, "b": rng.normal(size=H)}
        self.inputs = {
            "x": rng.normal(size=(self.T, self.B, I)),
            "m": rng.random((self.T, self.B)) > 0.3,
        }
        self.save("p.st", self.params)
        self.save("x.st", self.inputs)

    def elman_run(self, command, *more, exit_code=0, library=DOUBLE, params="p.st", inputs="x.st"):
        arguments = [command, library, "--model", "Elman", "--params", params, "--in", inputs, "--out", "y.st", *more]
        return self.run_tool(*arguments, exit_code=exit_code)


class Arrays(ArraysBase):
    def test_describe_lists_everything(self):
        text = self.run_tool("describe", DOUBLE, "--model", "Elman")
        for part in ("model Elman (f64, H = 8, I = 3), 96 parameters", "W  [8, 3]", "= 0", "[T, B, 3]  real",
                     "m  [T, B]     mask", "h[0]  [B, 8]", "s  [B, 8]     last step only", "backward"):
            self.assertIn(part, text)
        self.assertIn("id below 40", self.run_tool("describe", DOUBLE, "--model", "TinyLM"))

    def test_describe_prints_the_librarys_json(self):
        text = self.run_tool("describe", DOUBLE, "--model", "TinyLM", "--json")
        self.assertEqual(json.loads(text)["model"], "TinyLM")

    def test_init_repeats_itself(self):
        for seed, name in ((3, "a.st"), (3, "b.st"), (4, "c.st")):
            self.run_tool("init", DOUBLE, "--model", "Elman", "--seed", seed, "--out", name)
        a, b, c = self.load("a.st"), self.load("b.st"), self.load("c.st")
        self.assertEqual({k: v.shape for k, v in a.items()}, {"W": (H, I), "U": (H, H), "b": (H,)})
        self.assertTrue((a["W"] == b["W"]).all() and (a["W"] != c["W"]).any())

    def test_forward_agrees_with_numpy(self):
        self.elman_run("forward", "--final-states", "f.st")
        h, s, final = elman(self.params, self.inputs["x"], self.inputs["m"])
        y = self.load("y.st")
        self.assertEqual(set(y), {"h", "s"})
        np.testing.assert_allclose(y["h"], h, rtol=1e-12)
        np.testing.assert_allclose(y["s"], s, rtol=1e-12)
        np.testing.assert_allclose(self.load("f.st")["h[0]"], final, rtol=1e-12)

    def test_lengths_and_states_come_from_the_input_file(self):
        lengths, state = np.array([5, 0, 2, 3]), self.rng.normal(size=(self.B, H))
        self.save("x.st", {**self.inputs, "lengths": lengths, "h[0]": state})
        h, s, final = elman(self.params, self.inputs["x"], self.inputs["m"], state, lengths)
        for command in ("forward", "step"):
            self.elman_run(command, "--final-states", "f.st")
            y = self.load("y.st")
            np.testing.assert_allclose(y["h"], h, rtol=1e-12)
            np.testing.assert_allclose(y["s"], s, rtol=1e-12)
            np.testing.assert_allclose(self.load("f.st")["h[0]"], final, rtol=1e-12)

    def test_blocks_joined_by_their_states_are_the_whole(self):
        self.elman_run("forward", "--final-states", "whole.st")
        whole = self.load("y.st")["h"]
        parts = []
        for begin, end, states in ((0, 2, []), (2, 5, ["--states", "f.st"])):
            self.save("part.st", {k: v[begin:end] for k, v in self.inputs.items()})
            self.elman_run("forward", "--final-states", "f.st", *states, inputs="part.st")
            parts.append(self.load("y.st")["h"])
        np.testing.assert_array_equal(np.concatenate(parts), whole)
        np.testing.assert_array_equal(self.load("f.st")["h[0]"], self.load("whole.st")["h[0]"])

    def test_step_is_forward_bit_for_bit(self):
        self.elman_run("forward")
        forward = self.load("y.st")
        self.elman_run("step")
        for name, value in self.load("y.st").items():
            np.testing.assert_array_equal(value, forward[name])

    def test_no_steps_and_no_rows_are_fine(self):
        for T, B in ((0, 3), (4, 0), (0, 0)):
            self.save("x.st", {"x": np.zeros((T, B, I)), "m": np.zeros((T, B), bool)})
            for command in ("forward", "step"):
                self.elman_run(command, "--final-states", "f.st")
                self.assertEqual(self.load("y.st")["h"].shape, (T, B, H))
                self.assertTrue((self.load("f.st")["h[0]"] == np.zeros((B, H))).all())

    def test_single_precision_reads_any_real_type(self):
        self.save("p.st", {"W": self.params["W"].astype(np.float32), "U": self.params["U"], "b": np.zeros(H, np.int32)})
        self.elman_run("forward", library=SINGLE)
        y = self.load("y.st")["h"]
        self.assertEqual(y.dtype, np.float32)
        h, _, _ = elman({**self.params, "b": np.zeros(H)}, self.inputs["x"], self.inputs["m"])
        np.testing.assert_allclose(y, h, atol=1e-5)

    def test_a_mask_may_be_stored_as_numbers(self):
        self.elman_run("forward")
        expected = self.load("y.st")["h"]
        self.save("x.st", {"x": self.inputs["x"], "m": self.inputs["m"].astype(np.float64)})
        self.elman_run("forward")
        np.testing.assert_array_equal(self.load("y.st")["h"], expected)

    def test_gradient_of_given_output_gradients(self):
        dh, ds, df = (self.rng.normal(size=s) for s in ((self.T, self.B, H), (self.B, H), (self.B, H)))
        state = self.rng.normal(size=(self.B, H))
        self.save("x.st", {**self.inputs, "h[0]": state, "d.h": dh, "d.s": ds, "d.final.h[0]": df})
        self.elman_run("gradient", "--outputs")
        result = self.load("y.st")
        self.assertEqual(set(result), {"d.W", "d.U", "d.b", "d.x", "d.h[0]", "h", "s"})

        def objective(params, x, h0):
            h, s, final = elman(params, x, self.inputs["m"], h0)
            return (h * dh).sum() + (s * ds).sum() + (final * df).sum()

        for name, array in {**self.params, "x": self.inputs["x"], "h[0]": state}.items():
            for index in list(np.ndindex(array.shape))[::5]:
                old, sides = array[index], []
                for delta in (1e-6, -1e-6):
                    array[index] = old + delta
                    sides.append(objective(self.params, self.inputs["x"], state))
                array[index] = old
                self.assertAlmostEqual(result["d." + name][index], (sides[0] - sides[1]) / 2e-6, places=7, msg=name)

    def test_gradient_of_the_loss_and_without_it(self):
        self.run_tool("init", DOUBLE, "--model", "TinyLM", "--out", "lm.st")
        ids = {"x": self.rng.integers(0, V, (3, 2)), "y": self.rng.integers(0, V, (3, 2))}
        start = np.full((3, 2, V), 0.25)
        base = ["gradient", DOUBLE, "--model", "TinyLM", "--params", "lm.st", "--in", "x.st", "--out", "y.st"]
        results = []
        for given, flags in ((ids, []), ({**ids, "d.logits": start}, ["--no-loss"]), ({**ids, "d.logits": start}, [])):
            self.save("x.st", given)
            self.run_tool(*base, *flags)
            results.append(self.load("y.st"))
        loss, outputs, both = results
        self.assertEqual(loss["loss"].shape, ())
        for name in ("d.E", "d.U", "d.b", "d.O"):
            np.testing.assert_allclose(loss[name] + outputs[name], both[name], atol=1e-12)
        self.save("x.st", ids)
        self.assertIn("--no-loss needs gradients", self.refused(2, *base, "--no-loss"))

    def test_a_model_without_a_loss_says_which_gradients_it_wants(self):
        message = self.refused(
            2, "gradient", DOUBLE, "--model", "Elman", "--params", "p.st", "--in", "x.st", "--out", "y.st"
        )
        self.assertEqual(
            message, "model 'Elman' has no loss; put the gradients of its outputs into 'x.st': d.h, d.s"
        )

    def test_check_gradient_passes_a_right_gradient(self):
        for model in ("Elman", "TinyLM"):
            for more in ([], ["--lengths"], ["--training"], ["--steps", 0], ["--steps", 1]):
                text = self.run_tool("check-gradient", DOUBLE, "--model", model, *more)
                self.assertIn("the gradient agrees", text)
                self.assertIn("h[0]", text)

    def test_check_gradient_finds_a_wrong_gradient(self):
        text = self.run_tool("check-gradient", BROKEN, exit_code=1)
        self.assertRegex(text, r"WRONG .* U \(64 elements\)")
        self.assertRegex(text, r"ok .* O \(320 elements\)")
        text = self.run_tool("check-gradient", BROKEN, "--samples", 40, exit_code=1)
        self.assertRegex(text, r"WRONG .* U \(40 elements\)")

    def test_check_gradient_uses_given_files(self):
        text = self.run_tool("check-gradient", DOUBLE, "--model", "Elman", "--params", "p.st", "--in", "x.st")
        self.assertIn("the gradient agrees", text)

    def test_check_gradient_needs_double_precision(self):
        message = self.refused(4, "check-gradient", SINGLE, "--model", "Elman")
        self.assertIn("compile it again with --dtype=f64", message)

    def test_bench_times_all_entry_points(self):
        arguments = ["bench", DOUBLE, "--model", "Elman", "--seconds", 0.01, "--steps", 5, "--batch", 2]
        times = {entry["entry"]: entry for entry in json.loads(self.run_tool(*arguments, "--json"))}
        self.assertEqual(set(times), {"prepare", "forward", "forward_taped", "backward", "gradient", "step"})
        for entry in times.values():
            self.assertLessEqual(0, entry["min_us"])
            self.assertLessEqual(entry["min_us"], entry["median_us"])
            self.assertLessEqual(entry["median_us"], entry["max_us"])
        for name, flops in {"forward": 176, "forward_taped": 176, "backward": 352, "gradient": 528}.items():
            work = times[name]["gflops"] * 1e9 * times[name]["median_us"] * 1e-6
            self.assertAlmostEqual(work / (flops * 5 * 2), 1, msg=name)
        self.assertIsNone(times["prepare"]["gflops"])
        self.assertRegex(self.run_tool(*arguments, "--entry", "step"), r"GFLOP/s +runs\nstep .*\n$")
        self.assertIn("T = 5, B = 2, 2 threads; microseconds", self.run_tool(*arguments, "--threads", 2))


class Refusals(ArraysBase):
    """Everything that does not fit is named, with what was expected and what was found."""

    def refused_forward(self, exit_code=3, library=DOUBLE, **given):
        files = {"params": "p.st", "inputs": "x.st", **given}
        return self.refused(exit_code, "forward", library, "--model", "Elman", "--params", files["params"], "--in",
                            files["inputs"], "--out", "y.st")

    def test_all_problems_of_a_file_come_at_once(self):
        self.save("p.st", {"W": np.zeros((H, I + 1)), "b": np.zeros(H), "Wx": np.zeros(2)})
        self.assertEqual(
            self.refused_forward(),
            "'p.st' does not fit model 'Elman':\n"
            "  'W' is F64 [8, 4], expected [8, 3]\n"
            "  'U' [8, 8] is missing\n"
            "  'Wx' [2] is not expected here",
        )

    def test_inputs_must_agree_on_steps_and_rows(self):
        self.save("x.st", {"x": self.inputs["x"], "m": self.inputs["m"][1:]})
        self.assertIn("'m' is BOOL [4, 4], expected [5, 4]", self.refused_forward())

    def test_lengths_must_be_whole_numbers_one_for_each_row(self):
        for lengths, message in ((np.ones(3), "'lengths' is F64 [3], expected [4]"),
                                 (np.full(4, 0.5), "'lengths' must hold whole numbers")):
            self.save("x.st", {**self.inputs, "lengths": lengths})
            self.assertIn(message, self.refused_forward())

    def test_what_the_library_refuses_is_passed_on(self):
        self.save("x.st", {**self.inputs, "lengths": np.full(4, 9)})
        self.assertEqual(self.refused_forward(5), "Elman_forward refused the call: a length is outside [0, T]")

    def test_a_mask_of_other_numbers_is_refused(self):
        self.save("x.st", {**self.inputs, "m": np.full((self.T, self.B), 2.0)})
        self.assertIn("'m' must hold 0 and 1 only", self.refused_forward())

    def test_ids_are_whole_and_in_range(self):
        self.run_tool("init", DOUBLE, "--model", "TinyLM", "--out", "lm.st")
        base = ["forward", DOUBLE, "--model", "TinyLM", "--params", "lm.st", "--in", "x.st", "--out", "y.st"]
        self.save("x.st", {"x": np.full((2, 2), 0.5), "y": np.zeros((2, 2))})
        self.assertIn("'x' must hold whole numbers (ids)", self.refused(3, *base))
        self.save("x.st", {"x": np.full((2, 2), V), "y": np.zeros((2, 2))})
        self.assertIn("id outside [0, 40)", self.refused(5, *base))

    def test_missing_and_damaged_files(self):
        self.assertIn("cannot read 'none.st': No such file", self.refused_forward(params="none.st"))
        self.assertIn("it is a directory", self.refused_forward(inputs="."))
        with open(self.path("bad.st"), "wb") as file:
            file.write(b"\x10\0\0\0\0\0\0\0{}")
        self.assertIn("'bad.st' is not a valid safetensors file", self.refused_forward(inputs="bad.st"))

    def test_an_output_that_cannot_be_written(self):
        self.assertIn("cannot write '/nonexistent/y.st'", self.refused(
            3, "forward", DOUBLE, "--model", "Elman", "--params", "p.st", "--in", "x.st", "--out", "/nonexistent/y.st"))

    def test_libraries_that_are_none(self):
        self.assertIn("cannot read 'none.so'", self.refused(3, "describe", "none.so"))
        self.assertIn("cannot load 'p.st'", self.refused(4, "describe", "p.st"))
        self.assertIn("holds no model", self.refused(4, "describe", "/lib/x86_64-linux-gnu/libc.so.6"))

    def test_a_library_of_several_models_asks_which(self):
        self.assertIn("choose one with --model: Elman, TinyLM", self.refused(2, "describe", DOUBLE))
        message = self.refused(4, "describe", DOUBLE, "--model", "LSTM")
        self.assertIn("has no model 'LSTM'; it has: Elman, TinyLM", message)

    def test_wrong_usage_has_its_own_exit_code(self):
        for arguments in ([], ["fly"], ["forward", DOUBLE], ["init", DOUBLE, "--out", "a", "--seed", "many"]):
            self.assertIn("Run with --help", self.run_tool(*arguments, exit_code=2))

    def test_inputs_are_asked_for(self):
        self.assertIn("give them with --in FILE", self.refused(
            2, "forward", DOUBLE, "--model", "Elman", "--params", "p.st", "--out", "y.st"))

    def test_help_shows_every_command_and_the_exit_codes(self):
        text = self.run_tool("--help")
        for command in ("describe", "init", "forward", "step", "gradient", "check-gradient", "train", "evaluate",
                        "sample", "bench"):
            self.assertIn(f"  {command} ", text)
            self.assertIn("Usage: seq-run " + command, self.run_tool(command, "--help"))
        self.assertIn("Exit codes: 0 done; 1 a check failed", text)


if __name__ == "__main__":
    main()
