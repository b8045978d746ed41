#!/usr/bin/env bash
# Builds seqc, compiles a character language model, trains it on the license texts of this machine and lets it write.
# Usage: examples/char_lm.sh [options of `seq-run train`]; results go to out/char_lm/. A run that was interrupted
# goes on where it stopped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=out/char_lm
text=/usr/share/common-licenses

tools/build.sh release seqc seq-run
export PATH="$PWD/build/release/bin:$PATH"
mkdir -p "$out"

echo "== compiling examples/char_lm.seq for this processor"
seqc examples/char_lm.seq --model CharLM --march=native -o "$out/libchar_lm.so"
seq-run describe "$out/libchar_lm.so"

if [ $# -eq 0 ] && [ -f "$out/run/checkpoint.safetensors" ]; then
  echo "== going on with the training run in $out/run"
  seq-run train "$out/libchar_lm.so" --resume "$out/run"
else
  echo "== training on the texts in $text"
  seq-run train "$out/libchar_lm.so" --text "$text" --out "$out/run" --overwrite \
    --epochs 30 --batch 32 --steps 64 --optimizer adamw --rate 0.003 --weight-decay 0.01 \
    --warmup 50 --clip-norm 1 "$@"
fi

echo "== how well it predicts text it has not seen"
seq-run evaluate "$out/libchar_lm.so" --params "$out/run/weights.safetensors" --text "$out/run/validation.txt"

for temperature in 0.5 0.8; do
  echo "== what it writes (temperature $temperature)"
  seq-run sample "$out/libchar_lm.so" --params "$out/run/weights.safetensors" \
    --prompt "You may " --length 500 --temperature "$temperature"
done

echo "== left in $out"
ls -l "$out" "$out/run"
