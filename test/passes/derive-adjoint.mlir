// RUN: seq-opt %s -recur-derive-adjoint --mlir-use-nameloc-as-prefix | FileCheck %s

// The adjoint of a recurrence is a recurrence the other way; d.h sums the output's seed, the final state's and what
// flows back through h[t-1].
// CHECK-LABEL: recur.system exported @Recurrence
// CHECK-NOT: recur.seed
// CHECK-LABEL: recur.system @Recurrence.joint
// CHECK: %[[HP:.*]] = recur.delay %h by 1 state "h"
// CHECK: recur.output "h", %h
// CHECK: %[[SEED:.*]] = recur.seed "h"
// CHECK: %[[FINAL:.*]] = recur.final_seed "h" slots 1
// CHECK: %[[DW:.*]] = recur.mul %d.h, %[[HP]]
// CHECK: %[[BACK:.*]] = recur.mul %d.h, %w
// CHECK: %[[NEXT:.*]] = recur.advance %[[BACK]] by 1 :
// CHECK: recur.boundary_gradient "h" slots 1 (%[[NEXT]], %[[FINAL]])
// CHECK: recur.gradient "w", %d.w
// CHECK: %[[SUM:.*]] = recur.add %[[SEED]], %[[FINAL]]
// CHECK: %d.h = recur.add %[[SUM]], %[[NEXT]]
// CHECK: %d.w = recur.total %[[DW]]
recur.system exported @Recurrence {
  %w = recur.param "w" init <xavier> : tensor<4xf32> loc("w")
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %h = recur.mul %w, %hp : tensor<4xf32> loc("h")
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// The boundary's equation gets the total of what flows to h[0]; h[t+1] gives a delay, read behind the end.
// CHECK-LABEL: recur.system @Boundary.joint
// CHECK: %[[PREV:.*]] = recur.delay %{{.*}} by 2 :
// CHECK: %[[TOTAL:.*]] = recur.boundary_gradient "h" slots 2 reversed (%[[PREV]], %{{.*}})
// CHECK: recur.gradient "h0", %[[TOTAL]]
recur.system exported @Boundary {
  %x = recur.input "x" : tensor<4xf32>
  %h0 = recur.param "h0" init <xavier> : tensor<4xf32>
  %hn = recur.advance %h by 2 state "h" init %h0 : tensor<4xf32>
  %h = recur.mul %x, %hn : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// A loss: the seed is one number; a total's adjoint is the same at every step; a constant gets no adjoint.
// CHECK-LABEL: recur.system @Loss.joint
// CHECK: %[[X:.*]] = recur.input "x"
// CHECK: %[[N:.*]] = recur.count
// CHECK: %[[SEED:.*]] = recur.seed "loss" : tensor<f32>
// CHECK: %[[D:.*]] = recur.div %[[SEED]], %[[N]]
// CHECK-NOT: recur.total
// CHECK: recur.gradient "x", %[[DX:.*]] : tensor<f32>
// CHECK: %[[DX]] = recur.add
recur.system exported @Loss {
  %x = recur.input "x" : tensor<f32>
  %n = recur.count : tensor<f32>
  %0 = recur.mul %x, %x : tensor<f32>
  %1 = recur.total %0 : tensor<f32>
  %2 = recur.div %1, %n : tensor<f32>
  recur.loss %2 : tensor<f32>
}

// An id, a comparison and stop_gradient pass nothing; a table gets the total of what its rows get.
// CHECK-LABEL: recur.system @NoGradient.joint
// CHECK: %[[G:.*]] = recur.seed "y"
// CHECK: %[[ROW:.*]] = recur.scatter {{.*}}[%{{.*}}]
// CHECK: %[[ZERO:.*]] = recur.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK: recur.gradient "x", %[[ZERO]]
// CHECK: recur.gradient "E", %[[DE:.*]] : tensor<9x3xf32>
// CHECK-NOT: recur.gradient
// CHECK: %[[DE]] = recur.total %[[ROW]]
recur.system exported @NoGradient {
  %x = recur.input "x" : tensor<3xf32>
  %id = recur.input "id" vocabulary 9 : tensor<i32>
  %e = recur.param "E" init <xavier> : tensor<9x3xf32>
  %0 = recur.gather %e[%id] : (tensor<9x3xf32>, tensor<i32>) -> tensor<3xf32>
  %1 = recur.stop_gradient %x : tensor<3xf32>
  %2 = recur.compare lt %x, %0 : tensor<3xf32> -> tensor<3xi1>
  %3 = recur.mul %0, %1 : tensor<3xf32>
  %y = recur.select %2, %3, %0 : tensor<3xi1>, tensor<3xf32>
  recur.output "y", %y : tensor<3xf32>
}

// A value that is constant in time and computed from parameters: one total, where the sequence begins.
// CHECK-LABEL: recur.system @Invariant.joint
// CHECK: recur.gradient "a", %d.a
// CHECK: %d.s = recur.total
// CHECK-NOT: recur.total
recur.system exported @Invariant {
  %x = recur.input "x" : tensor<4xf32>
  %a = recur.param "a" init <xavier> : tensor<4xf32> loc("a")
  %s = recur.exp %a : tensor<4xf32> loc("s")
  %y = recur.mul %s, %x : tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// All shifts of a sequence share its state and its boundary, though each may hold a copy of the boundary's equation.
// CHECK-LABEL: recur.system @SharedBoundary.joint
// CHECK: recur.final_seed "h" slots 3
// CHECK-NOT: recur.final_seed
// CHECK: recur.boundary_gradient "h" slots 3 (%{{.*}}, %{{.*}}, %{{.*}}) : tensor<4xf32>
// CHECK-NOT: recur.boundary_gradient
recur.system exported @SharedBoundary {
  %0 = recur.constant dense<0.5> : tensor<4xf32>
  %1 = recur.constant dense<0.5> : tensor<4xf32>
  %hp = recur.delay %h by 1 state "h" init %0 : tensor<4xf32>
  %hq = recur.delay %h by 3 state "h" init %1 : tensor<4xf32>
  %h = recur.mul %hp, %hq : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// `z = x` names the input again: its gradient stays that of x.
// CHECK-LABEL: recur.system @Alias.joint
// CHECK: recur.gradient "x"
recur.system exported @Alias {
  %x = recur.input "x" : tensor<4xf32>
  recur.equation "z", %x : tensor<4xf32>
  recur.output "z", %x : tensor<4xf32>
}

// The adjoint of an adjoint: its results are the gradients, whose seeds are d.w, constant in time, and d.x. The seed of
// y is a number given. What flows through every step to w is totalled; to x it is another number at each step.
// CHECK-LABEL: recur.system @Again.joint.joint
// CHECK-NOT: recur.gradient
// CHECK: %d.y = recur.seed "y"
// CHECK: %[[VW:.*]] = recur.seed "d.w" constant : tensor<f32>
// CHECK: %[[VX:.*]] = recur.seed "d.x" : tensor<f32>
// CHECK-NOT: recur.seed
// CHECK: %[[XW:.*]] = recur.mul %[[VX]], %d.y
// CHECK: %[[WX:.*]] = recur.mul %[[VW]], %d.y
// CHECK: recur.gradient "w", %[[DW:.*]] : tensor<f32>
// CHECK: recur.gradient "x", %[[WX]] : tensor<f32>
// CHECK: %[[DW]] = recur.total %[[XW]]
recur.system exported @Again.joint {
  %w = recur.param "w" init <xavier> : tensor<f32> loc("w")
  %x = recur.input "x" : tensor<f32> loc("x")
  %y = recur.mul %w, %x : tensor<f32> loc("y")
  recur.output "y", %y : tensor<f32>
  %s = recur.seed "y" : tensor<f32> loc("d.y")
  %0 = recur.mul %s, %x : tensor<f32>
  %1 = recur.total %0 : tensor<f32>
  recur.gradient "w", %1 : tensor<f32>
  %2 = recur.mul %s, %w : tensor<f32>
  recur.gradient "x", %2 : tensor<f32>
}
