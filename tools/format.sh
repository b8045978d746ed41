#!/usr/bin/env bash
# Checks the layout of C++ and C files; with --fix, mends it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode=(--dry-run --Werror)
[ "${1:-}" = "--fix" ] && mode=(-i)
git ls-files '*.cpp' '*.h' '*.c' | xargs clang-format-22 "${mode[@]}"
