// RUN: seq-opt %s -recur-derive-adjoint -split-input-file -verify-diagnostics

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

// -----

// The adjoint of an adjoint, where a parameter reaches the boundary.
recur.system exported @Boundary.joint {
  %x = recur.input "x" : tensor<4xf32>
  %h0 = recur.param "h0" init <xavier> : tensor<4xf32>
  %hp = recur.delay %h by 1 state "h" init %h0 : tensor<4xf32>
  %h = recur.mul %x, %hp : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
  %s = recur.seed "h" : tensor<4xf32>
  %d = recur.add %s, %n : tensor<4xf32>
  %g = recur.mul %d, %x : tensor<4xf32>
  %n = recur.advance %g by 1 : tensor<4xf32>
  // expected-error@+1 {{cannot be differentiated}}
  %t = recur.boundary_gradient "h" slots 1 (%n) : tensor<4xf32>
  recur.gradient "h0", %t : tensor<4xf32>
}
