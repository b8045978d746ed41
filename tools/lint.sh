#!/usr/bin/env bash
# Runs clang-tidy (the checks of .clang-tidy) over the C++ and C files, or over those named, with the compile commands of
# build/release, which must be built; not over those of test/abi/inputs, which need a header that their test generates.
# Takes about ten seconds a file. Usage: tools/lint.sh [file ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/setup.sh clang-tidy-22
[ $# -gt 0 ] || set -- $(git ls-files '*.cpp' '*.c' ':!test/abi/inputs')
printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-22 -p build/release --quiet
