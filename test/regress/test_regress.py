#!/usr/bin/env python3
"""Systems compared with the oracle: those on which the compiler was wrong once, each kept as small as it fails, and
forms that no cell of the standard library has."""
import glob
import os
import sys
import unittest

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(FOLDER, "..", "random"))
import check


class Regressions(unittest.TestCase):
    def test_systems_agree_with_the_oracle(self):
        for path in sorted(glob.glob(os.path.join(FOLDER, "systems", "*.seq"))):
            for seed in (1, 2, 3):
                for model, result in check.check_file(path, seed):
                    with self.subTest(file=os.path.basename(path), seed=seed, model=model):
                        self.assertNotIsInstance(result, Exception, result)


if __name__ == "__main__":
    unittest.main()
