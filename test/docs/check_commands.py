#!/usr/bin/env python3
"""Keeps the outputs shown in the documentation true.

A fenced block that follows a line `<!-- run: COMMAND -->` must be what COMMAND prints (standard output and error).
COMMAND is run by bash in the root of the source tree with the built tools on PATH and an empty directory as $OUT;
`| sed …` and the like may cut a long output down.

Usage: check_commands.py BIN_DIR [--update] FILE.md ...   (--update writes what the commands print now)
"""
import difflib, os, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BLOCK = re.compile(r"(<!-- run: (?P<command>.*?) -->\n```\w*\n)(?P<shown>.*?)(?P<end>^```$)", re.S | re.M)


def run(command, bin_dir):
    with tempfile.TemporaryDirectory() as out:
        env = dict(os.environ, PATH=os.path.abspath(bin_dir) + os.pathsep + os.environ["PATH"], OUT=out)
        result = subprocess.run(["bash", "-c", command], cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=300)
        return "".join(line.rstrip() + "\n" for line in result.stdout.replace(out, "$OUT").splitlines())


def check(path, bin_dir, update):
    """Returns the number of blocks seen and the number that differ."""
    text = open(path, encoding="utf-8").read()
    seen = differing = 0

    def visit(match):
        nonlocal seen, differing
        seen += 1
        printed = run(match["command"], bin_dir)
        if printed != match["shown"]:
            differing += 1
            if not update:
                sys.stdout.writelines(difflib.unified_diff(match["shown"].splitlines(True), printed.splitlines(True),
                                                           f"{path} shows", f"{match['command']} prints"))
        return match[1] + printed + match["end"]

    new_text = BLOCK.sub(visit, text)
    if update and new_text != text:
        with open(path, "w", encoding="utf-8") as file:
            file.write(new_text)
    return seen, differing


def main():
    update = "--update" in sys.argv
    bin_dir, *files = [argument for argument in sys.argv[1:] if argument != "--update"]
    counts = [check(file, bin_dir, update) for file in files]
    seen, differing = (sum(column) for column in zip(*counts))
    print(f"{seen} commands in {len(files)} files, {differing} {'updated' if update else 'differ'}")
    if not seen:
        sys.exit("no commands found: the check would be empty")
    sys.exit(bool(differing) and not update)


if __name__ == "__main__":
    main()
