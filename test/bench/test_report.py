#!/usr/bin/env python3
"""The tables of bench/report.py: every bar gets its verdict, failures are listed, and only the table is replaced."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.environ["SEQC_SOURCE_DIR"], "bench"))
import report

CONTEXT = {"date": "2026-01-01T00:00:00", "processor": "a processor", "num_cpus": 2}


def row(name, **numbers):
    """A row whose `numbers` are ratios, times and others by the names that bench/Row.h gives them, _ for a space."""
    entry = {"name": f"{name}/iterations:1/manual_time", "ours us": 1.0, "GFLOP/s": 1.0, "peak %": 90.0}
    for key, value in numbers.items():
        key = key.replace("_", " ")
        entry[key] = value
        if key.endswith(" ratio"):
            other = key[:-len(" ratio")]
            entry.update({f"{other} us": value, f"{other} low": value, f"{other} high": value})
    return report.Row(entry)


def verdicts(write, *rows):
    return write(list(rows)).verdicts()


class Report(unittest.TestCase):
    def test_the_best_opponent_counts(self):
        fast, slow = row("inference/LSTM/100,1,128", A_ratio=1.5, B_ratio=1.3), row("inference/LSTM/100,1,128", A_ratio=1.5)
        self.assertEqual(verdicts(report.inference_single, fast, slow), [False, True])

    def test_batched_inference_has_a_bar_of_the_peak_and_a_mean(self):
        low = row("inference/LSTM/64,64,512", A_ratio=1.2, **{"peak %": 80.0})
        self.assertEqual(verdicts(report.inference_batched, low), [False, True])

    def test_packing_has_a_bar(self):
        step = row("training/LSTM/64,64,512", A_ratio=1.2, **{"packing %": 2.5})
        self.assertEqual(verdicts(report.training, step), [True, True, False])
        self.assertIn("but for 2.5 % (LSTM 64,64,512)", report.training([step]).notes[-1][0])

    def test_other_shapes_have_tables_and_means_of_their_own(self):
        known, other = row("training/LSTM/64,64,512", A_ratio=1.2, **{"packing %": 1}), row("training/LSTM/64,2,1024", A_ratio=0.9)
        self.assertEqual(verdicts(report.training, known, other), [True, True, True])
        self.assertEqual(verdicts(report.other_shapes, known, other), [False])

    def test_own_times_are_no_opponents(self):
        self.assertEqual(row("bf16/LSTM/100,1,128", f32_ratio=1.1, A_ratio=3).opponents(), ["A"])

    def test_what_is_written_by_hand_has_a_column_but_is_no_opponent(self):
        both = row("inference/LSTM/100,1,128", A_ratio=1.5, by_hand_ratio=0.96)
        for written, others in ((both, []), (row("inference/LSTM/100,1,512", A_ratio=1.5), ["by hand"])):
            header = report.inference_single([written]).header
            self.assertEqual([name for name in ("A", "by hand") if name not in header], others)
        section = report.inference_single([both])
        self.assertEqual(section.verdicts(), [True])
        self.assertIn("0.96 [0.96, 0.96]", section.lines[0][0])

    def test_the_better_narrow_weights_count(self):
        bf16, int8 = (row(f"{kind}/LSTM/100,1,128", f32_ratio=1.6, A_ratio=ratio, error=1e-3)
                      for kind, ratio in (("bf16", 1.7), ("int8", 2.1)))
        self.assertEqual(verdicts(report.narrow_single, bf16, int8), [True])
        self.assertEqual(verdicts(report.narrow, bf16, int8), [True])

    def test_fast_steps_have_the_bars_of_steps(self):
        rows = [row(f"fast-step/LSTM/{H}", exact_ratio=1.3, A_ratio=1.25) for H in (16, 32)]
        self.assertEqual(verdicts(report.fast_steps, *rows), [False, True])

    def test_threads_have_another_bar_for_single_rows(self):
        self.assertEqual(verdicts(report.threads, row("threads/inference/64,64,512", one_thread_ratio=1.7),
                                  row("threads/inference/100,1,512", one_thread_ratio=1.7)), [False, True])

    def test_ratios_at_most(self):
        self.assertEqual(verdicts(report.gradients, row("gradient/LSTM/64,32,256", gradient_ratio=3.3)), [False])
        self.assertEqual(verdicts(report.denormals, row("denormals/LSTM/8", denormals_ratio=1.1)), [True])

    def test_failed_rows_are_listed(self):
        failed = report.Row({"name": "step/LSTM/8/iterations:1", "error_message": "traceback\nthe cause\n"})
        lines = report.report({"context": CONTEXT}, [failed, row("gradient/LSTM/64,32,256", gradient_ratio=3)])
        self.assertEqual(lines[-1], "- step/LSTM/8: the cause")
        self.assertIn("| Cost of a gradient, (64,32,256) | 1 of 1 |", lines)

    def test_a_page_without_a_place_for_the_table_is_left_as_it_is(self):
        with tempfile.NamedTemporaryFile("w+", suffix=".md") as page:
            page.write(f"before\n{report.BEGIN}\nhalf a table")
            page.flush()
            with self.assertRaisesRegex(SystemExit, "has no place for the table"):
                report.replace_table(page.name, ["line"])
            page.seek(0)
            self.assertIn("half a table", page.read())

    def test_the_page_of_the_project_has_a_place_for_the_table(self):
        with open(os.path.join(os.environ["SEQC_SOURCE_DIR"], "docs", "performance.md"), encoding="utf-8") as page:
            text = page.read()
        self.assertEqual((text.count(report.BEGIN), text.count(report.END)), (1, 1))

    def test_only_the_table_is_replaced(self):
        with tempfile.NamedTemporaryFile("w+", suffix=".md") as page:
            page.write(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
            page.flush()
            report.replace_table(page.name, ["new"])
            page.seek(0)
            self.assertEqual(page.read(), f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n")


if __name__ == "__main__":
    unittest.main()
