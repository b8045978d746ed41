// What recur-simplify must leave alone.
// RUN: seq-opt %s -recur-simplify | FileCheck %s

// Without `drop-equations` a named equation stays, whatever needs it.
// CHECK-LABEL: recur.system @KeepsNamedEquations
// CHECK: recur.equation "e"
recur.system @KeepsNamedEquations {
  %x = recur.input "x" : tensor<4xf32>
  %e = recur.exp %x : tensor<4xf32>
  recur.equation "e", %e : tensor<4xf32>
}

// Masks of different sites are different numbers.
// CHECK-LABEL: recur.system @KeepsMasksApart
// CHECK: recur.random_mask {{.*}} site 0
// CHECK: recur.random_mask {{.*}} site 1
recur.system @KeepsMasksApart {
  %0 = recur.random_mask 0.5 site 0 : tensor<4xf32>
  %1 = recur.random_mask 0.5 site 1 : tensor<4xf32>
  %2 = recur.add %0, %1 : tensor<4xf32>
  recur.output "y", %2 : tensor<4xf32>
}

// (x * 0.1) * 0.3 is rounded twice, x * 0.03 once.
// CHECK-LABEL: recur.system @KeepsRounding
// CHECK: recur.mul
// CHECK: recur.mul
recur.system @KeepsRounding {
  %x = recur.input "x" : tensor<4xf32>
  %a = recur.constant dense<0.1> : tensor<4xf32>
  %b = recur.constant dense<0.3> : tensor<4xf32>
  %0 = recur.mul %x, %a : tensor<4xf32>
  %1 = recur.mul %0, %b : tensor<4xf32>
  recur.output "y", %1 : tensor<4xf32>
}
