#!/usr/bin/env python3
"""Random systems with fixed seeds against the oracle; random invalid files must be refused with a message."""
import os
import tempfile
import unittest

import fuzz

VALID = range(1000, 1000 + int(os.environ.get("SEQC_RANDOM_COUNT", "200")))
INVALID = range(2000, 2120)
GARBLED = range(3000, 3120)


class RandomSystems(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="seqc-random-")
        self.addCleanup(self.folder.cleanup)

    def test_valid_systems_agree_with_the_oracle(self):
        verdicts = list(fuzz.run(list(VALID), self.folder.name))
        print(fuzz.summary(verdicts), flush=True)
        failures = [(seed, verdict.failure) for seed, verdict in verdicts if verdict.failure]
        self.assertEqual(failures, [], "test/random/fuzz.py --count 1 --seed SEED shrinks one")

    def verdict(self, output):
        source = f"model M() {{\n  input x : [2]\n  param w, v : [2] = 1\n  {output}\n}}\n"
        return fuzz.check(fuzz.write(os.path.join(self.folder.name, "one.seq"), source))["M"]

    def test_a_system_without_a_finite_number_fails(self):
        verdict = self.verdict("y = sqrt(-1 - w * x * x)\n  output y")
        self.assertEqual(verdict.failure, "nothing finite: check_forward")

    def test_arrays_without_a_finite_number_are_counted(self):
        verdict = self.verdict("y = sqrt(-1 - w * x * x)\n  z = v * x\n  output y, z")
        self.assertIsNone(verdict.failure)
        self.assertGreaterEqual(verdict.infinite, 1)
        self.assertGreaterEqual(verdict.compared, 1)

    def test_invalid_systems_are_refused_with_a_message(self):
        failures = [(seed, fuzz.check_invalid(seed, self.folder.name)) for seed in INVALID]
        self.assertEqual([failure for failure in failures if failure[1]], [])

    def test_garbled_files_crash_nothing(self):
        failures = [(seed, fuzz.check_garbled(seed, self.folder.name)) for seed in GARBLED]
        self.assertEqual([failure for failure in failures if failure[1]], [])


if __name__ == "__main__":
    unittest.main()
