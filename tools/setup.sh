#!/usr/bin/env bash
# Installs what building and testing seqc needs on Debian 12, and the packages named, if they are not there. Needs root (or
# sudo) only then. Usage: tools/setup.sh [package ...]
set -euo pipefail

packages=(
  # the compiler and its build
  cmake ninja-build ccache mold g++ libc6-dev clang-22 lld-22 liblld-22-dev
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools zlib1g-dev libzstd-dev
  antlr4 libantlr4-runtime-dev
  # seq-run
  libcli11-dev nlohmann-json3-dev gnuplot-nox
  # the tests
  libgtest-dev python3-numpy python3-psutil python3-onnx libonnx-testdata binutils clang-format-22
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup: run as root, or install sudo; missing: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
