"""What the tests of seq-run share. Their arguments: seq-run and the libraries of the hand-written models."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "numeric"))
import tensors  # noqa: E402

SEQ_RUN, DOUBLE, SINGLE, BROKEN = sys.argv[1:5]
I, H, V = 3, 8, 40


class SeqRunTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def save(self, name, arrays):
        tensors.save(self.path(name), arrays)
        return self.path(name)

    def load(self, name):
        return tensors.load(self.path(name))

    def run_tool(self, *arguments, exit_code=0):
        """Runs seq-run in the test's folder and returns standard output, or the errors if it shall fail."""
        arguments = [str(a) for a in arguments]
        result = subprocess.run(
            [SEQ_RUN, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120
        )
        self.assertEqual(
            result.returncode, exit_code, f"seq-run {' '.join(arguments)}\n{result.stdout}{result.stderr}"
        )
        return result.stderr if exit_code in (2, 3, 4, 5, 6) else result.stdout

    def refused(self, exit_code, *arguments):
        """The one message of a refusal."""
        text = self.run_tool(*arguments, exit_code=exit_code)
        self.assertEqual(text.count("seq-run: error: "), 1, text)
        return text.removeprefix("seq-run: error: ").rstrip("\n")


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
