#!/usr/bin/env bash
# Builds everything and runs all tests. Usage: test/run.sh [preset [ctest options ...]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:-release}
shift || true
tools/build.sh "$preset"
ctest --test-dir "build/$preset" --output-on-failure -j"$(nproc)" "$@"
