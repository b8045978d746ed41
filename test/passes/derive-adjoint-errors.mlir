// RUN: seq-opt %s -recur-derive-adjoint -verify-diagnostics

recur.system @Cell {
  %x = recur.input "x" : tensor<4xf32>
  recur.equation "y", %x : tensor<4xf32>
}
recur.system exported @M {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{cannot be differentiated}}
  %y = recur.instance @Cell "cell" (%x) reads ["y"] : (tensor<4xf32>) -> tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}
