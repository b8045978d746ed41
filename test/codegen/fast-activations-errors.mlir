// RUN: seq-opt %s --recur-lower-to-cpu=fast-activations --verify-diagnostics

// expected-error @+1 {{fast activations need a model that computes in f32}}
recur.system @Doubles {
  %x = recur.slot input "x" time batch : !recur.slot<tensor<3xf64>>
}
