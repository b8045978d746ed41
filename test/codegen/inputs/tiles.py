#!/usr/bin/env python3
"""Prints the functions of tiles that are in the assembly on standard input."""
import re
import sys

inside = False
for line in sys.stdin:
    if re.match(r'"?tile\.', line):
        inside = True
    if inside:
        sys.stdout.write(line)
    if "func_end" in line:
        inside = False
