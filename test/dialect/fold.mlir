// Constants and identities. Each output names the rule.
// RUN: seq-opt %s -canonicalize | FileCheck %s

// CHECK-LABEL: recur.system @Identities
recur.system @Identities {
  // CHECK-DAG: %[[X:.*]] = recur.input "x"
  // CHECK-DAG: %[[A:.*]] = recur.input "A"
  // CHECK-DAG: %[[ZERO:.*]] = recur.constant dense<0.000000e+00> : tensor<4xf32>
  // CHECK-DAG: %[[ONE:.*]] = recur.constant dense<1.000000e+00> : tensor<4xf32>
  %x = recur.input "x" : tensor<4xf32>
  %a = recur.input "A" : tensor<2x4xf32>
  %zero = recur.constant dense<0.0> : tensor<4xf32>
  %one = recur.constant dense<1.0> : tensor<4xf32>
  %0 = recur.add %x, %zero : tensor<4xf32>
  // CHECK: recur.output "x + 0", %[[X]]
  recur.output "x + 0", %0 : tensor<4xf32>
  %1 = recur.sub %x, %zero : tensor<4xf32>
  // CHECK: recur.output "x - 0", %[[X]]
  recur.output "x - 0", %1 : tensor<4xf32>
  %2 = recur.mul %one, %x : tensor<4xf32>
  // CHECK: recur.output "1 * x", %[[X]]
  recur.output "1 * x", %2 : tensor<4xf32>
  %3 = recur.mul %x, %zero : tensor<4xf32>
  // CHECK: recur.output "x * 0", %[[ZERO]]
  recur.output "x * 0", %3 : tensor<4xf32>
  %4 = recur.div %x, %one : tensor<4xf32>
  // CHECK: recur.output "x / 1", %[[X]]
  recur.output "x / 1", %4 : tensor<4xf32>
  %5 = recur.pow %x, %one : tensor<4xf32>
  // CHECK: recur.output "x ^ 1", %[[X]]
  recur.output "x ^ 1", %5 : tensor<4xf32>
  %6 = recur.pow %x, %zero : tensor<4xf32>
  // CHECK: recur.output "x ^ 0", %[[ONE]]
  recur.output "x ^ 0", %6 : tensor<4xf32>
  %7 = recur.neg %x : tensor<4xf32>
  %8 = recur.neg %7 : tensor<4xf32>
  // CHECK: recur.output "-(-x)", %[[X]]
  recur.output "-(-x)", %8 : tensor<4xf32>
  %same = recur.estimate %x, %x : tensor<4xf32>
  // CHECK: recur.output "estimate of x by x", %[[X]]
  recur.output "estimate of x by x", %same : tensor<4xf32>
  %9 = recur.max %x, %x : tensor<4xf32>
  // CHECK: recur.output "max(x, x)", %[[X]]
  recur.output "max(x, x)", %9 : tensor<4xf32>
  %t = recur.transpose %a : tensor<2x4xf32> -> tensor<4x2xf32>
  %tt = recur.transpose %t : tensor<4x2xf32> -> tensor<2x4xf32>
  // CHECK: recur.output "A.T.T", %[[A]]
  recur.output "A.T.T", %tt : tensor<2x4xf32>
  %r = recur.reshape %a : tensor<2x4xf32> -> tensor<8xf32>
  %rr = recur.reshape %r : tensor<8xf32> -> tensor<2x4xf32>
  // CHECK: recur.output "reshape back", %[[A]]
  recur.output "reshape back", %rr : tensor<2x4xf32>
  %b = recur.broadcast %x : tensor<4xf32> -> tensor<4xf32>
  // CHECK: recur.output "broadcast to the same", %[[X]]
  recur.output "broadcast to the same", %b : tensor<4xf32>
  %k = recur.reduce sum %y dim 0 keep : tensor<1xf32> -> tensor<1xf32>
  // CHECK: recur.output "sum of one", %[[Y:.*]] :
  recur.output "sum of one", %k : tensor<1xf32>
  // CHECK: %[[Y]] = recur.input "y"
  %y = recur.input "y" : tensor<1xf32>
}

// CHECK-LABEL: recur.system @Constants
recur.system @Constants {
  %two = recur.constant dense<2.0> : tensor<4xf32>
  %many = recur.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = recur.exp %zero : tensor<4xf32>
  %zero = recur.constant dense<0.0> : tensor<4xf32>
  %1 = recur.mul %two, %many : tensor<4xf32>
  %2 = recur.reduce sum %two dim 0 : tensor<4xf32> -> tensor<f32>
  %3 = recur.broadcast %2 : tensor<f32> -> tensor<2x3xf32>
  // CHECK-DAG: %[[EXP:.*]] = recur.constant dense<1.000000e+00> : tensor<4xf32>
  // CHECK-DAG: %[[MUL:.*]] = recur.constant dense<[2.000000e+00, 4.000000e+00, 6.000000e+00, 8.000000e+00]>
  // CHECK-DAG: %[[SUM:.*]] = recur.constant dense<8.000000e+00> : tensor<2x3xf32>
  // CHECK: recur.output "exp", %[[EXP]]
  recur.output "exp", %0 : tensor<4xf32>
  // CHECK: recur.output "mul", %[[MUL]]
  recur.output "mul", %1 : tensor<4xf32>
  // CHECK: recur.output "sum", %[[SUM]]
  recur.output "sum", %3 : tensor<2x3xf32>
}

// CHECK-LABEL: recur.system @Parts
recur.system @Parts {
  // CHECK-DAG: %[[X:.*]] = recur.input "x"
  // CHECK-DAG: %[[Y:.*]] = recur.input "y"
  // CHECK-DAG: %[[ZERO:.*]] = recur.constant dense<0.000000e+00> : tensor<2xf32>
  %x = recur.input "x" : tensor<4xf32>
  %y = recur.input "y" : tensor<3xf32>
  %z = recur.concat %x, %y dim 0 : (tensor<4xf32>, tensor<3xf32>) -> tensor<7xf32>
  %0 = recur.slice %z dim 0 at 4 : tensor<7xf32> -> tensor<3xf32>
  // CHECK-DAG: recur.output "slice of concat", %[[Y]]
  recur.output "slice of concat", %0 : tensor<3xf32>
  %1 = recur.slice %z dim 0 at 1 : tensor<7xf32> -> tensor<2xf32>
  // CHECK-DAG: %[[PART:.*]] = recur.slice %[[X]] dim 0 at 1 : tensor<4xf32> -> tensor<2xf32>
  // CHECK-DAG: recur.output "slice of a part", %[[PART]]
  recur.output "slice of a part", %1 : tensor<2xf32>
  %p = recur.pad %x dim 0 at 2 : tensor<4xf32> -> tensor<8xf32>
  %2 = recur.slice %p dim 0 at 2 : tensor<8xf32> -> tensor<4xf32>
  // CHECK-DAG: recur.output "slice of pad", %[[X]]
  recur.output "slice of pad", %2 : tensor<4xf32>
  %3 = recur.slice %p dim 0 at 6 : tensor<8xf32> -> tensor<2xf32>
  // CHECK-DAG: recur.output "slice of padding", %[[ZERO]]
  recur.output "slice of padding", %3 : tensor<2xf32>
  %4 = recur.slice %x dim 0 at 0 : tensor<4xf32> -> tensor<1xf32>
  %5 = recur.slice %x dim 0 at 1 : tensor<4xf32> -> tensor<3xf32>
  %6 = recur.concat %4, %5 dim 0 : (tensor<1xf32>, tensor<3xf32>) -> tensor<4xf32>
  // CHECK-DAG: recur.output "concat of slices", %[[X]]
  recur.output "concat of slices", %6 : tensor<4xf32>
}
