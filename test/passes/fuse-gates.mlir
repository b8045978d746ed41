// RUN: seq-opt %s -pass-pipeline='builtin.module(recur.system(recur-fuse-gates,recur-simplify))' \
// RUN:   --mlir-use-nameloc-as-prefix | FileCheck %s

// Two gates of [h[t-1], x]: one product on the cycle and one off it; the part of x waits for nothing.
// CHECK-LABEL: recur.system @Gates
// CHECK-DAG: %[[HP:.*]] = recur.delay %h by 1
// CHECK-DAG: %[[WH:.*]] = recur.concat %{{.*}}, %{{.*}} dim 0 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
// CHECK-DAG: %[[PH:.*]] = recur.matmul %[[WH]], %[[HP]] : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
// CHECK-DAG: %[[WX:.*]] = recur.concat %{{.*}}, %{{.*}} dim 0 : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
// CHECK-DAG: %[[PX:.*]] = recur.matmul %[[WX]], %x : (tensor<8x3xf32>, tensor<3xf32>) -> tensor<8xf32>
// CHECK-DAG: %[[FH:.*]] = recur.slice %[[PH]] dim 0 at 0
// CHECK-DAG: %[[FX:.*]] = recur.slice %[[PX]] dim 0 at 0
// CHECK-DAG: recur.add %[[FH]], %[[FX]]
recur.system @Gates {
  %x = recur.input "x" : tensor<3xf32> loc("x")
  %wf = recur.param "W_f" init <xavier> : tensor<4x7xf32>
  %wi = recur.param "W_i" init <xavier> : tensor<4x7xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %z = recur.concat %hp, %x dim 0 : (tensor<4xf32>, tensor<3xf32>) -> tensor<7xf32>
  %0 = recur.matmul %wf, %z : (tensor<4x7xf32>, tensor<7xf32>) -> tensor<4xf32>
  %1 = recur.matmul %wi, %z : (tensor<4x7xf32>, tensor<7xf32>) -> tensor<4xf32>
  %f = recur.sigmoid %0 : tensor<4xf32>
  %i = recur.tanh %1 : tensor<4xf32>
  %h = recur.mul %f, %i : tensor<4xf32> loc("h")
  recur.output "h", %h : tensor<4xf32>
}

// For adjoints: sums of transposed products are one product, totals with one right side one total.
// CHECK-LABEL: recur.system @Adjoint
// CHECK-DAG: %[[G:.*]] = recur.concat %a, %b dim 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
// CHECK-DAG: %[[W:.*]] = recur.concat %W1, %W2 dim 0 : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
// CHECK-DAG: %[[WT:.*]] = recur.transpose %[[W]]
// CHECK-DAG: %[[DX:.*]] = recur.matmul %[[WT]], %[[G]] : (tensor<3x8xf32>, tensor<8xf32>) -> tensor<3xf32>
// CHECK-DAG: recur.gradient "x", %[[DX]]
// CHECK-DAG: %[[OUTER:.*]] = recur.outer %[[G]], %x
// CHECK-DAG: %[[TOTAL:.*]] = recur.total %[[OUTER]] : tensor<8x3xf32>
// CHECK-DAG: %[[D1:.*]] = recur.slice %[[TOTAL]] dim 0 at 0
// CHECK-DAG: recur.gradient "W1", %[[D1]]
// CHECK-DAG: %[[D2:.*]] = recur.slice %[[TOTAL]] dim 0 at 4
// CHECK-DAG: recur.gradient "W2", %[[D2]]
recur.system @Adjoint {
  %x = recur.input "x" : tensor<3xf32> loc("x")
  %a = recur.input "a" : tensor<4xf32> loc("a")
  %b = recur.input "b" : tensor<4xf32> loc("b")
  %w1 = recur.param "W1" init <xavier> : tensor<4x3xf32> loc("W1")
  %w2 = recur.param "W2" init <xavier> : tensor<4x3xf32> loc("W2")
  %t1 = recur.transpose %w1 : tensor<4x3xf32> -> tensor<3x4xf32>
  %t2 = recur.transpose %w2 : tensor<4x3xf32> -> tensor<3x4xf32>
  %0 = recur.matmul %t1, %a : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3xf32>
  %1 = recur.matmul %t2, %b : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3xf32>
  %2 = recur.add %0, %1 : tensor<3xf32>
  recur.gradient "x", %2 : tensor<3xf32>
  %3 = recur.outer %a, %x : (tensor<4xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  %4 = recur.total %3 : tensor<4x3xf32>
  recur.gradient "W1", %4 : tensor<4x3xf32>
  %5 = recur.outer %b, %x : (tensor<4xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  %6 = recur.total %5 : tensor<4x3xf32>
  recur.gradient "W2", %6 : tensor<4x3xf32>
}

// A product of the first group is the vector of the second.
// CHECK-LABEL: recur.system @ProductOfAProduct
// CHECK-DAG: %[[P:.*]] = recur.matmul %{{.*}}, %x : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
// CHECK-DAG: %[[Y:.*]] = recur.slice %[[P]] dim 0 at 0
// CHECK-DAG: recur.matmul %{{.*}}, %[[Y]] : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
recur.system @ProductOfAProduct {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %a = recur.param "A" init <xavier> : tensor<4x4xf32>
  %b = recur.param "B" init <xavier> : tensor<4x4xf32>
  %0 = recur.matmul %a, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = recur.matmul %b, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %2 = recur.matmul %a, %0 : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = recur.matmul %b, %0 : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  recur.output "y", %1 : tensor<4xf32>
  recur.output "z", %2 : tensor<4xf32>
  recur.output "w", %3 : tensor<4xf32>
}

// Products of heads: the matrices of each head one below the other, and the rows of each head taken apart again.
// CHECK-LABEL: recur.system @Heads
// CHECK-DAG: %[[HP:.*]] = recur.delay %h by 1
// CHECK-DAG: %[[W:.*]] = recur.concat %A, %B dim 1 : (tensor<2x3x4xf32>, tensor<2x4x4xf32>) -> tensor<2x7x4xf32>
// CHECK-DAG: %[[P:.*]] = recur.matmul %[[W]], %[[HP]] : (tensor<2x7x4xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>
// CHECK-DAG: %[[Y:.*]] = recur.slice %[[P]] dim 1 at 0 : tensor<2x7xf32> -> tensor<2x3xf32>
// CHECK-DAG: %[[Z:.*]] = recur.slice %[[P]] dim 1 at 3 : tensor<2x7xf32> -> tensor<2x4xf32>
// CHECK-DAG: recur.add %{{.*}}, %[[Z]] : tensor<2x4xf32>
// CHECK: }
recur.system @Heads {
  %x = recur.input "x" : tensor<2x4xf32> loc("x")
  %a = recur.param "A" init <xavier> : tensor<2x3x4xf32> loc("A")
  %b = recur.param "B" init <xavier> : tensor<2x4x4xf32> loc("B")
  %hp = recur.delay %h by 1 state "h" : tensor<2x4xf32>
  %0 = recur.matmul %a, %hp : (tensor<2x3x4xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  %1 = recur.matmul %b, %hp : (tensor<2x4x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = recur.reduce sum %0 dim 1 keep : tensor<2x3xf32> -> tensor<2x1xf32>
  %2 = recur.broadcast %s : tensor<2x1xf32> -> tensor<2x4xf32>
  %3 = recur.add %x, %1 : tensor<2x4xf32>
  %4 = recur.mul %3, %2 : tensor<2x4xf32>
  %h = recur.tanh %4 : tensor<2x4xf32> loc("h")
  recur.output "h", %h : tensor<2x4xf32>
}
