// RUN: seq-opt %s --recur-plan-tiles="weights=bf16" --verify-diagnostics --split-input-file

// expected-error @+1 {{narrow weights need a model that computes in f32}}
recur.system @Double {
  %W = recur.slot param "W" : !recur.slot<tensor<8x8xf64>>
}
