#!/usr/bin/env bash
# Installs what is missing, configures and builds. Usage: tools/build.sh [preset [target ...]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:-release}
shift || true
runtimes=()
[ "$preset" != sanitize ] || runtimes=(libclang-rt-22-dev)
tools/setup.sh "${runtimes[@]}"
[ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null
cmake --build "build/$preset" ${1:+--target "$@"}
