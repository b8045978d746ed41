// RUN: seq-opt %s -recur-inline-instances -split-input-file -verify-diagnostics

recur.system @A {
  %x = recur.input "x" : tensor<4xf32>
  %h = recur.instance @B "b" (%x) reads ["h"] : (tensor<4xf32>) -> tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
}
recur.system @B {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{a system cannot contain itself: @A -> @B -> @A}}
  %h = recur.instance @A "a" (%x) reads ["h"] : (tensor<4xf32>) -> tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
}

// -----

recur.system @Same {
  %x = recur.input "x" : tensor<4xf32>
  recur.equation "y", %x : tensor<4xf32>
}
recur.system exported @M {
  // expected-error@+1 {{'y' is its own argument: a cycle without a delay}}
  %y = recur.instance @Same "same" (%y) reads ["y"] : (tensor<4xf32>) -> tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}
