// RUN: seq-opt --recur-derive-adjoint --recur-plan-tape --split-input-file %s | FileCheck %s

// Products' results that the adjoint does not read are not kept; what a loop carries is; 1 - h * h is made of it.
// CHECK-LABEL: recur.system exported @elman.forward attributes {recur.model = "elman", recur.program = "forward"}
// CHECK-NOT: recur.save
// CHECK-LABEL: recur.system exported @elman.forward_taped
// CHECK-SAME: recur.tape = ["keep h: a loop carries it"]
// CHECK: recur.save "h", %{{.*}} : tensor<4xf32>
// CHECK-LABEL: recur.system exported @elman.backward
// CHECK: [[H:%.*]] = recur.saved "h"
// CHECK-DAG: recur.mul [[H]], [[H]]
// CHECK-NOT: recur.tanh
// CHECK-NOT: recur.output
// CHECK-DAG: recur.gradient "W"
// CHECK-DAG: recur.gradient "x"
recur.system exported @elman {
  %x = recur.input "x" : tensor<3xf32>
  %W = recur.param "W" init <xavier> : tensor<4x3xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %w = recur.matmul %W, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
  %a = recur.add %hp, %w : tensor<4xf32>
  %h = recur.tanh %a : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// Where relu passes a gradient its result tells, which the loop carries.
// CHECK-LABEL: recur.system exported @relu.forward_taped
// CHECK-SAME: recur.tape = ["keep h: a loop carries it"]
// CHECK-LABEL: recur.system exported @relu.backward
// CHECK: [[H:%.*]] = recur.saved "h"
// CHECK: recur.compare gt [[H]], %{{.*}}
recur.system exported @relu {
  %zero = recur.constant dense<0.0> : tensor<4xf32>
  %x = recur.input "x" : tensor<4xf32>
  %W = recur.param "W" init <xavier> : tensor<4x4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %u = recur.matmul %W, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %v = recur.add %u, %x : tensor<4xf32>
  %h = recur.max %v, %zero : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// tanh(c) is computed again from c; the mask is drawn again; the input and the parameter are read again.
// CHECK-LABEL: @recomputed.forward_taped
// CHECK-SAME: keep c: a loop carries it
// CHECK-SAME: recompute t: pointwise, and its operands are at hand
// CHECK-SAME: recompute random_mask: the generator gives it again
// CHECK-COUNT-1: recur.save
// CHECK-NOT: recur.save
// CHECK-LABEL: @recomputed.backward
// CHECK: recur.saved "c"
// CHECK-DAG: recur.random_mask
// CHECK-DAG: recur.tanh
recur.system exported @recomputed {
  %x = recur.input "x" : tensor<4xf32>
  %w = recur.param "w" init <xavier> : tensor<4xf32>
  %cp = recur.delay %c by 1 state "c" : tensor<4xf32>
  %wc = recur.mul %w, %cp : tensor<4xf32>
  %c = recur.add %wc, %x : tensor<4xf32>
  %t = recur.tanh %c : tensor<4xf32>
  %m = recur.random_mask 0.5 site 0 : tensor<4xf32>
  %h = recur.mul %m, %t : tensor<4xf32>
  %y = recur.mul %h, %x : tensor<4xf32>
  recur.equation "c", %c : tensor<4xf32>
  recur.equation "t", %t : tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// -----

// Of a product only a part of which is read, that part is kept.
// CHECK-LABEL: @part.forward_taped
// CHECK: recur.save "{{.*}}", %{{.*}} : tensor<2xf32>
recur.system exported @part {
  %x = recur.input "x" : tensor<3xf32>
  %W = recur.param "W" init <xavier> : tensor<4x3xf32>
  %p = recur.matmul %W, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
  %s = recur.slice %p dim 0 at 0 : tensor<4xf32> -> tensor<2xf32>
  %y = recur.mul %s, %s : tensor<2xf32>
  recur.output "y", %y : tensor<2xf32>
}

// -----

// A total is kept once, not for every step.
// CHECK-LABEL: @constant_in_time.forward_taped
// CHECK: recur.save "s", %{{.*}} constant : tensor<4xf32>
// CHECK-LABEL: @constant_in_time.backward
// CHECK: recur.saved "s" constant
recur.system exported @constant_in_time {
  %x = recur.input "x" : tensor<4xf32>
  %s = recur.total %x : tensor<4xf32>
  %y = recur.mul %s, %x : tensor<4xf32>
  recur.equation "s", %s : tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// -----

// Instead of differences to a sum the sum is kept, which takes less.
// CHECK-LABEL: @differences.forward_taped
// CHECK-SAME: keep c: a loop carries it
// CHECK-SAME: recompute d: pointwise, and its operands are at hand
// CHECK: recur.save "sum", %{{.*}} : tensor<1xf32>
// CHECK-LABEL: @differences.backward
// CHECK-DAG: [[C:%.*]] = recur.saved "c"
// CHECK-DAG: [[M:%.*]] = recur.saved "sum"
// CHECK-DAG: [[S:%.*]] = recur.broadcast [[M]]
// CHECK-DAG: recur.sub [[C]], [[S]]
recur.system exported @differences {
  %x = recur.input "x" : tensor<4xf32>
  %cp = recur.delay %c by 1 state "c" : tensor<4xf32>
  %c = recur.add %cp, %x : tensor<4xf32>
  %sum = recur.reduce sum %c dim 0 keep : tensor<4xf32> -> tensor<1xf32>
  %spread = recur.broadcast %sum : tensor<1xf32> -> tensor<4xf32>
  %d = recur.sub %c, %spread : tensor<4xf32>
  %e = recur.mul %c, %d : tensor<4xf32>
  %y = recur.tanh %e : tensor<4xf32>
  recur.equation "c", %c : tensor<4xf32>
  recur.equation "sum", %sum : tensor<1xf32>
  recur.equation "d", %d : tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// -----

// Two values are made of the product that both need; one alone is no reason to keep it.
// CHECK-LABEL: @two_of_one.forward_taped
// CHECK-SAME: keep p: a product
// CHECK-SAME: recompute d: pointwise
// CHECK-SAME: recompute e: pointwise
// CHECK-COUNT-1: recur.save "
// CHECK-NOT: recur.save "
// CHECK-LABEL: @one_of_one.forward_taped
// CHECK-SAME: keep d: its operands are not kept
// CHECK-NOT: recur.save "p"
recur.system exported @two_of_one {
  %x = recur.input "x" : tensor<4xf32>
  %W = recur.param "W" init <xavier> : tensor<4x4xf32>
  %v = recur.param "v" init <xavier> : tensor<4xf32>
  %w = recur.param "w" init <xavier> : tensor<4xf32>
  %p = recur.matmul %W, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %d = recur.sub %p, %v : tensor<4xf32>
  %e = recur.sub %p, %w : tensor<4xf32>
  %y = recur.mul %d, %e : tensor<4xf32>
  recur.equation "p", %p : tensor<4xf32>
  recur.equation "d", %d : tensor<4xf32>
  recur.equation "e", %e : tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}
recur.system exported @one_of_one {
  %x = recur.input "x" : tensor<4xf32>
  %W = recur.param "W" init <xavier> : tensor<4x4xf32>
  %v = recur.param "v" init <xavier> : tensor<4xf32>
  %p = recur.matmul %W, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %d = recur.sub %p, %v : tensor<4xf32>
  %y = recur.mul %d, %d : tensor<4xf32>
  recur.equation "p", %p : tensor<4xf32>
  recur.equation "d", %d : tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}
