// RUN: seq-opt %s --recur-lower-to-cpu --verify-diagnostics --split-input-file

recur.system @Equations {
  // expected-error @+1 {{'recur-lower-to-cpu' expects slots, groups and phases only}}
  %x = recur.input "x" : tensor<3xf32>
}
