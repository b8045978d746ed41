// Equal ops that are seen before their equal operands: when those are merged, the users' hashes change, and the table of
// seen ops, which the tanhs make grow, holds two that are equal. An assertion failed then.
// RUN: awk '{ print } /^  %y0/ { for (i = 1; i < 60; ++i) print "%y" i " = recur.tanh %y" (i - 1) " : tensor<4xf32>" }' %s \
// RUN:   | seq-opt --recur-simplify | FileCheck %s

// CHECK-LABEL: recur.system exported @cycle
// CHECK-COUNT-1: recur.mul
// CHECK-NOT: recur.mul
// CHECK: recur.tanh
recur.system exported @cycle {
  %x = recur.input "x" : tensor<4xf32>
  %u = recur.mul %c, %a : tensor<4xf32>
  %v = recur.mul %c, %b : tensor<4xf32>
  %a = recur.delay %u by 1 : tensor<4xf32>
  %b = recur.delay %u by 1 : tensor<4xf32>
  %c = recur.add %x, %v : tensor<4xf32>
  %y0 = recur.tanh %v : tensor<4xf32>
  recur.output "y", %y59 : tensor<4xf32>
}
