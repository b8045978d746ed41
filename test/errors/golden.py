"""The corpus of bad programs: what `seqc --check` must say about a .seq file stands in the .expected file beside it."""
import os
import subprocess


# Where notes about the standard library point; `std` in the expected text.
STDLIB = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "frontend", "stdlib"))


def expected_path(source):
    return os.path.splitext(source)[0] + ".expected"


def run_check(source, bin_dir, env=None):
    """What `seqc --check` prints, and a complaint if it did not end as a compiler should. The file is named without its
    folder, so that the output is the same everywhere."""
    run = subprocess.run(
        [os.path.join(bin_dir, "seqc"), "--check", os.path.basename(source)],
        cwd=os.path.dirname(source) or ".",
        env=env,
        capture_output=True,
        timeout=60,
    )
    text = (run.stdout + run.stderr).decode("utf-8", "replace")
    text = text.replace(STDLIB + os.sep, "std/")
    complaint = "" if run.returncode in (0, 1) else f"seqc ended with status {run.returncode}\n"
    if run.returncode == 0 and "error:" in text:
        complaint = "seqc printed an error and yet ended with status 0\n"
    return text, complaint


try:
    import difflib

    import lit.formats
    import lit.Test

    class GoldenFormat(lit.formats.FileBasedTest):
        def execute(self, test, lit_config):
            source = test.getSourcePath()
            expected = expected_path(source)
            if not os.path.exists(expected):
                return lit.Test.FAIL, f"{expected} is missing: run test/errors/promote.py\n"
            text, complaint = run_check(source, test.config.seqc_bin_dir, test.config.environment)
            with open(expected, encoding="utf-8") as file:
                wanted = file.read()
            if text == wanted and not complaint:
                return lit.Test.PASS, ""
            diff = difflib.unified_diff(
                wanted.splitlines(True), text.splitlines(True), os.path.basename(expected), "what seqc printed"
            )
            return lit.Test.FAIL, complaint + "".join(diff)

except ImportError:  # promote.py runs without lit
    pass
