// From what the frontend makes to phases: three programs a model, each of slots, groups and phases alone, and the
// interface of the model.
// RUN: seq-opt --recur-to-phases %s | FileCheck %s
// RUN: seq-opt --recur-to-schedule %s | FileCheck %s --check-prefix=SCHEDULE
// RUN: seq-opt --recur-to-adjoint %s | FileCheck %s --check-prefix=ADJOINT

// ADJOINT: recur.interface "M"
// ADJOINT: recur.system exported @M
// ADJOINT: recur.system @M.joint

// SCHEDULE: recur.system exported @M.forward attributes
// SCHEDULE: recur.loop forward
// SCHEDULE: recur.system exported @M.forward_taped
// SCHEDULE: recur.save
// SCHEDULE: recur.system exported @M.backward
// SCHEDULE: recur.loop backward

// CHECK: recur.interface "M"
// CHECK: recur.system exported @M.forward attributes
// CHECK-NOT: recur.param
// CHECK-NOT: recur.delay
// CHECK: recur.phase
// CHECK: recur.system exported @M.forward_taped
// CHECK: recur.slot tape
// CHECK: recur.system exported @M.backward
// CHECK: recur.loop backward
// CHECK-NOT: recur.seed
recur.system @Cell {
  %x = recur.input "x" : tensor<3xf32>
  %W = recur.param "W" init <xavier> : tensor<4x7xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %z = recur.concat %hp, %x dim 0 : (tensor<4xf32>, tensor<3xf32>) -> tensor<7xf32>
  %a = recur.matmul %W, %z : (tensor<4x7xf32>, tensor<7xf32>) -> tensor<4xf32>
  %h = recur.tanh %a : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}
recur.system exported @M {
  %x = recur.input "x" : tensor<3xf32>
  %y = recur.instance @Cell "rnn" (%x) reads ["h"] : (tensor<3xf32>) -> tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// Weights are centred instead of their products, but only once the gradient is derived, which is that of the weights as they are.
// RUN: seq-opt --recur-to-adjoint %s | FileCheck %s --check-prefix=CENTRED
// CENTRED-LABEL: recur.system @Normalised.joint
// CENTRED-DAG: %[[W:.*]] = recur.param "W"
// CENTRED-DAG: %[[CENTRED:.*]] = recur.sub %[[W]]
// CENTRED-DAG: recur.matmul %[[CENTRED]]
// CENTRED-DAG: %[[OUTER:.*]] = recur.outer
// CENTRED-DAG: %[[TOTAL:.*]] = recur.total %[[OUTER]]
// CENTRED-DAG: recur.gradient "W", %[[TOTAL]]
recur.system exported @Normalised {
  %n = recur.constant dense<8.0> : tensor<1xf32>
  %x = recur.input "x" : tensor<4xf32>
  %w = recur.param "W" init <xavier> : tensor<8x4xf32>
  %0 = recur.matmul %w, %x : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = recur.reduce sum %0 dim 0 keep : tensor<8xf32> -> tensor<1xf32>
  %2 = recur.div %1, %n : tensor<1xf32>
  %3 = recur.broadcast %2 : tensor<1xf32> -> tensor<8xf32>
  %4 = recur.sub %0, %3 : tensor<8xf32>
  %y = recur.tanh %4 : tensor<8xf32>
  recur.output "y", %y : tensor<8xf32>
}
