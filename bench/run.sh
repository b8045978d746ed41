#!/usr/bin/env bash
# The benchmark: installs what is missing, builds, runs, prints the table and draws a plot (build/release/bench).
# Usage: bench/run.sh [--update] [--quick] [--with-pytorch] [regular expression for names of rows ...]
#   bench/run.sh                          every row
#   bench/run.sh inference/LSTM step      some rows
#   bench/run.sh --update                 every row, and writes the tables of docs/performance.md anew
#   bench/run.sh --quick                  every row in 2 rounds instead of 10: shows that all run, not how fast
#   bench/run.sh --with-pytorch           installs PyTorch as well (several GB); it takes part from then on
# ONNX Runtime and PyTorch are looked for in the Python of SEQC_BENCH_PYTHON, by default an environment of our own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

update=() rounds=10 with_pytorch=no rows=()
for argument in "$@"; do
  case $argument in
    --update) update=(--update docs/performance.md) ;;
    --quick) rounds=2 ;;
    --with-pytorch) with_pytorch=yes ;;
    *) rows+=("$argument") ;;
  esac
done
if [ ${#update[@]} -gt 0 ] && [ ${#rows[@]} -gt 0 ]; then
  echo "bench: --update needs every row of one run" >&2
  exit 2
fi

packages=(libdnnl-dev libbenchmark-dev libeigen3-dev libpython3.11 python3-venv gnuplot-nox)
missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "bench: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

python=${SEQC_BENCH_PYTHON:-$HOME/.cache/seqc-bench/python/bin/python}
if [ ! -x "$python" ] && [ -z "${SEQC_BENCH_PYTHON:-}" ]; then
  echo "bench: installing ONNX Runtime into ${python%/bin/python}"
  /usr/bin/python3 -m venv "${python%/bin/python}"
  "$python" -m pip install -q numpy onnx onnxruntime
fi
[ $with_pytorch = no ] || "$python" -m pip install -q torch

tools/setup.sh
build=build/release
out=$build/bench
grep -qs '^SEQC_BENCH:BOOL=ON' $build/CMakeCache.txt || cmake --preset release -DSEQC_BENCH=ON >/dev/null
cmake --build $build --target seqc seq-bench
mkdir -p $out/models

# The library of that Python, and where it finds its modules when it runs inside our program.
{ read -r libpython; read -r home; read -r modules; } < <("$python" -c '
import os, sys, sysconfig
library = os.path.join(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME"))
print(library if os.path.exists(library) else "", sys.base_prefix, sysconfig.get_path("platlib"), sep="\n")')
filter=$(IFS='|'; echo "${rows[*]:-.}")
failed=0
# Large pages for the memory of all contestants, as docs/library.md advises.
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1
PYTHONHOME=$home PYTHONPATH=bench:$modules OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 \
  $build/bin/seq-bench --seqc=$build/bin/seqc --source=. --models=$out/models --python="$libpython" --rounds=$rounds \
  --benchmark_filter="$filter" --benchmark_out=$out/run.json --benchmark_out_format=json || failed=$?
[ $failed -ne 2 ] || exit 2 # wrong arguments: the last results stay
mv $out/run.json $out/last.json
"$python" bench/report.py $out/last.json --plot $out/plot.png "${update[@]}"
exit $failed
