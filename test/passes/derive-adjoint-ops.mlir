// The adjoint of every op: what it contributes to its operands, before anything is simplified.
// RUN: seq-opt %s -recur-derive-adjoint -recur-simplify --mlir-use-nameloc-as-prefix | FileCheck %s

// CHECK-LABEL: recur.system @Unary.joint
// CHECK-DAG: %[[GA:.*]] = recur.seed "neg"
// CHECK-DAG: %[[GB:.*]] = recur.seed "abs"
// CHECK-DAG: %[[GC:.*]] = recur.seed "log"
// CHECK-DAG: %[[GD:.*]] = recur.seed "sin"
// CHECK-DAG: %d.a = recur.neg %[[GA]]
// CHECK-DAG: %[[SIGN:.*]] = recur.sign %b
// CHECK-DAG: %d.b = recur.mul %[[GB]], %[[SIGN]]
// CHECK-DAG: %[[INVERSE:.*]] = recur.div %{{.*}}, %c
// CHECK-DAG: %d.c = recur.mul %[[GC]], %[[INVERSE]]
// CHECK-DAG: %[[COS:.*]] = recur.cos %d :
// CHECK-DAG: %d.d = recur.mul %[[GD]], %[[COS]]
recur.system exported @Unary {
  %a = recur.input "a" : tensor<4xf32> loc("a")
  %b = recur.input "b" : tensor<4xf32> loc("b")
  %c = recur.input "c" : tensor<4xf32> loc("c")
  %d = recur.input "d" : tensor<4xf32> loc("d")
  %0 = recur.neg %a : tensor<4xf32>
  recur.output "neg", %0 : tensor<4xf32>
  %1 = recur.abs %b : tensor<4xf32>
  recur.output "abs", %1 : tensor<4xf32>
  %2 = recur.log %c : tensor<4xf32>
  recur.output "log", %2 : tensor<4xf32>
  %3 = recur.sin %d : tensor<4xf32>
  recur.output "sin", %3 : tensor<4xf32>
}

// In training nothing flows to the estimate but its distance from the statistic; elsewhere it is the value.
// CHECK-LABEL: recur.system @Estimate.joint
// CHECK-DAG: %[[G:.*]] = recur.seed "y"
// CHECK-DAG: %[[ZERO:.*]] = recur.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-DAG: %[[TOTAL:.*]] = recur.total %[[G]]
// CHECK-DAG: %d.s = recur.estimate %[[ZERO]], %[[TOTAL]]
// CHECK-DAG: recur.gradient "x", %d.s
// CHECK-DAG: %[[DISTANCE:.*]] = recur.sub %m, %s
// CHECK-DAG: %d.m = recur.estimate %[[TOTAL]], %[[DISTANCE]]
recur.system exported @Estimate {
  %m = recur.param "m" init <constant, 0.0> : tensor<4xf32> loc("m")
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %s = recur.total %x : tensor<4xf32> loc("s")
  %0 = recur.estimate %m, %s : tensor<4xf32>
  recur.output "y", %0 : tensor<4xf32>
}

// CHECK-LABEL: recur.system @Product.joint
// CHECK: %[[G:.*]] = recur.seed "y"
// CHECK: %[[OUTER:.*]] = recur.outer %[[G]], %x : (tensor<2xf32>, tensor<4xf32>) -> tensor<2x4xf32>
// CHECK: %[[T:.*]] = recur.transpose %W
// CHECK: %d.x = recur.matmul %[[T]], %[[G]]
// CHECK: %d.W = recur.total %[[OUTER]]
recur.system exported @Product {
  %w = recur.param "W" init <xavier> : tensor<2x4xf32> loc("W")
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %y = recur.matmul %w, %x : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2xf32>
  recur.output "y", %y : tensor<2xf32>
}

// CHECK-LABEL: recur.system @Movement.joint
// CHECK-DAG: %[[GB:.*]] = recur.seed "broadcast"
// CHECK-DAG: %[[GS:.*]] = recur.seed "slice"
// CHECK-DAG: %[[GT:.*]] = recur.seed "transpose"
// CHECK-DAG: %[[GR:.*]] = recur.seed "reshape"
// CHECK-DAG: recur.reduce sum %[[GB]] dim 0 : tensor<5x2x4xf32> -> tensor<2x4xf32>
// CHECK-DAG: recur.pad %[[GS]] dim 1 at 2 : tensor<2x2xf32> -> tensor<2x4xf32>
// CHECK-DAG: recur.transpose %[[GT]] : tensor<4x2xf32> -> tensor<2x4xf32>
// CHECK-DAG: recur.reshape %[[GR]] : tensor<8xf32> -> tensor<2x4xf32>
recur.system exported @Movement {
  %x = recur.input "x" : tensor<2x4xf32>
  %0 = recur.broadcast %x : tensor<2x4xf32> -> tensor<5x2x4xf32>
  recur.output "broadcast", %0 : tensor<5x2x4xf32>
  %1 = recur.slice %x dim 1 at 2 : tensor<2x4xf32> -> tensor<2x2xf32>
  recur.output "slice", %1 : tensor<2x2xf32>
  %2 = recur.transpose %x : tensor<2x4xf32> -> tensor<4x2xf32>
  recur.output "transpose", %2 : tensor<4x2xf32>
  %3 = recur.reshape %x : tensor<2x4xf32> -> tensor<8xf32>
  recur.output "reshape", %3 : tensor<8xf32>
}
