// RUN: seq-opt --recur-schedule --split-input-file --mlir-use-nameloc-as-prefix %s | FileCheck %s

// The input product is off the cycle, so it is off the loop; the bias goes with it. Final states become explicit.
// CHECK-LABEL: @elman
// CHECK: [[W:%.*]] = recur.map {
// CHECK-NEXT: recur.matmul
// CHECK: [[H:%.*]] = recur.loop forward {
// CHECK-NEXT: recur.delay
// CHECK-NEXT: recur.matmul
// CHECK-NEXT: recur.add %{{.*}}, [[W]]
// CHECK: recur.at end offset 0 {
// CHECK-NEXT: [[L:%.*]] = recur.delay [[H]] by 1 state "h"
// CHECK-NEXT: recur.final_state "h", [[L]]
// CHECK: recur.output "h", [[H]]
recur.system exported @elman {
  %x = recur.input "x" : tensor<3xf32>
  %U = recur.param "U" init <xavier> : tensor<4x4xf32>
  %W = recur.param "W" init <xavier> : tensor<4x3xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %u = recur.matmul %U, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %w = recur.matmul %W, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
  %a = recur.add %u, %w : tensor<4xf32>
  %h = recur.tanh %a : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// Two directions are two loops; what joins them is a map behind both.
// CHECK-LABEL: @bidirectional
// CHECK: recur.loop forward
// CHECK: recur.loop backward
// CHECK: recur.map
// CHECK: recur.concat
// CHECK: recur.at start offset -1
// CHECK: recur.advance %{{.*}} by 1 state "b"
recur.system exported @bidirectional {
  %x = recur.input "x" : tensor<4xf32>
  %fp = recur.delay %f by 1 : tensor<4xf32>
  %f0 = recur.mul %fp, %x : tensor<4xf32>
  %f = recur.tanh %f0 : tensor<4xf32>
  %bn = recur.advance %b by 1 state "b" : tensor<4xf32>
  %b0 = recur.mul %bn, %x : tensor<4xf32>
  %b = recur.tanh %b0 : tensor<4xf32>
  %y = recur.concat %f, %b dim 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  recur.output "y", %y : tensor<8xf32>
}

// -----

// Stacked layers: loop, hoisted product of the second layer, loop.
// CHECK-LABEL: @stacked
// CHECK: recur.loop forward
// CHECK: recur.map
// CHECK-NEXT: recur.matmul
// CHECK: recur.loop forward
recur.system exported @stacked {
  %x = recur.input "x" : tensor<4xf32>
  %W = recur.param "W" init <xavier> : tensor<4x4xf32>
  %ap = recur.delay %a by 1 : tensor<4xf32>
  %a = recur.add %ap, %x : tensor<4xf32>
  %w = recur.matmul %W, %a : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %bp = recur.delay %b by 1 : tensor<4xf32>
  %b = recur.mul %bp, %w : tensor<4xf32>
  recur.output "b", %b : tensor<4xf32>
}

// -----

// What depends on parameters alone is prepared; what depends on a total runs once a call, behind its map; what needs a
// total at every step is a later map.
// CHECK-LABEL: @rates
// CHECK: recur.once prepared
// CHECK-NEXT: recur.sub
// CHECK: recur.map
// CHECK: recur.total
// CHECK: recur.once {
// CHECK-NEXT: recur.div
// CHECK: recur.map
// CHECK-NEXT: recur.sub
recur.system exported @rates {
  %x = recur.input "x" : tensor<4xf32>
  %v = recur.param "v" init <xavier> : tensor<4xf32>
  %w = recur.param "w" init <xavier> : tensor<4xf32>
  %d = recur.sub %v, %w : tensor<4xf32>
  %s = recur.mul %d, %x : tensor<4xf32>
  %t = recur.total %s : tensor<4xf32>
  %m = recur.div %t, %v : tensor<4xf32>
  %y = recur.sub %s, %m : tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// -----

// A map may run its rows in any order, so what reads other steps of it is a later map.
// CHECK-LABEL: @shift_of_a_map
// CHECK: recur.map
// CHECK-NEXT: recur.tanh
// CHECK: recur.map
// CHECK-NEXT: recur.advance
recur.system exported @shift_of_a_map {
  %x = recur.input "x" : tensor<4xf32>
  %a = recur.tanh %x : tensor<4xf32>
  %n = recur.advance %a by 2 : tensor<4xf32>
  %y = recur.add %a, %n : tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// -----

// A pointwise value of inputs that only the loop reads costs less there than a sequence written and read.
// CHECK-LABEL: @pointwise_stays
// CHECK-NOT: recur.map
// CHECK: recur.loop forward
// CHECK: recur.sigmoid
recur.system exported @pointwise_stays {
  %x = recur.input "x" : tensor<4xf32>
  %f = recur.sigmoid %x : tensor<4xf32>
  %hp = recur.delay %h by 1 : tensor<4xf32>
  %h = recur.mul %f, %hp : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// So does one that follows a product which is stored for the tape; else it stays with the product, which is not stored
// where a loop could read it, even if it is an output.
// CHECK-LABEL: @pointwise_of_product
// CHECK: [[MAP:%.*]]:3 = recur.map
// CHECK: [[P:%.*]] = recur.matmul
// CHECK: [[Q:%.*]] = recur.matmul
// CHECK: [[B:%.*]] = recur.add [[Q]],
// CHECK-NEXT: recur.yield [[P]], [[Q]], [[B]]
// CHECK: recur.loop forward
// CHECK: recur.add [[MAP]]#0,
recur.system exported @pointwise_of_product {
  %x = recur.input "x" : tensor<4xf32>
  %U = recur.param "U" init <xavier> : tensor<4x4xf32>
  %V = recur.param "V" init <xavier> : tensor<4x4xf32>
  %b = recur.param "b" init <constant, 0.0> : tensor<4xf32>
  %p = recur.matmul %U, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %q = recur.matmul %V, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %pb = recur.add %p, %b : tensor<4xf32>
  %qb = recur.add %q, %b : tensor<4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %i = recur.mul %pb, %hp : tensor<4xf32>
  %h = recur.add %i, %qb : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
  recur.save "p", %p : tensor<4xf32>
  recur.output "q", %q : tensor<4xf32>
}

// -----

// What a loop computes anyway, or makes of what it reads anyway, is not computed in a map of its own for the products
// behind the loop; a total behind it stores nothing and computes its summands itself.
// CHECK-LABEL: @products_behind
// CHECK-NOT: recur.map
// CHECK: recur.loop forward
// CHECK-DAG: recur.sigmoid
// CHECK-DAG: [[Q:%.*]] = recur.mul %{{.*}}
// CHECK: recur.yield
// CHECK: recur.map {
// CHECK-NOT: recur.sigmoid
// CHECK-COUNT-2: recur.matmul
// CHECK-NOT: recur.matmul
// CHECK: recur.sub
// CHECK: recur.total
recur.system exported @products_behind {
  %x = recur.input "x" : tensor<4xf32>
  %V = recur.param "V" init <xavier> : tensor<3x4xf32>
  %W = recur.param "W" init <xavier> : tensor<3x4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %s = recur.sigmoid %x : tensor<4xf32>
  %a = recur.mul %s, %hp : tensor<4xf32>
  %h = recur.add %a, %x : tensor<4xf32>
  %y = recur.matmul %V, %s : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3xf32>
  %q = recur.mul %x, %hp : tensor<4xf32>
  %z = recur.matmul %W, %q : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3xf32>
  %d = recur.sub %x, %hp : tensor<4xf32>
  %total = recur.total %d : tensor<4xf32>
  recur.output "y", %y : tensor<3xf32>
  recur.output "z", %z : tensor<3xf32>
  recur.gradient "d", %total : tensor<4xf32>
}

// -----

// A pointwise value that only a later map uses runs there, where it need not be stored, with what it alone uses; one
// that the loop reads as well does not.
// CHECK-LABEL: @delayed
// CHECK: recur.map
// CHECK-NEXT: [[E:%.*]] = recur.matmul
// CHECK-NEXT: recur.yield [[E]]
// CHECK: recur.loop forward
// CHECK: recur.map
// CHECK-DAG: recur.tanh
// CHECK-DAG: recur.exp
// CHECK-DAG: recur.mul
recur.system exported @delayed {
  %x = recur.input "x" : tensor<4xf32>
  %w = recur.param "w" init <xavier> : tensor<4x4xf32>
  %e = recur.matmul %w, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %h = recur.add %e, %hp : tensor<4xf32>
  %a = recur.exp %e : tensor<4xf32>
  %b = recur.tanh %a : tensor<4xf32>
  %y = recur.mul %b, %h : tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// -----

// The last step is read from just past the end, where an empty sequence shows its boundary. Several sinks keep order.
// CHECK-LABEL: @two_outputs_and_last
// CHECK: recur.at end offset 0
// CHECK: recur.final_state
// CHECK: [[L:%.*]] = recur.delay %{{.*}} by 1 state "h" init
// CHECK: recur.output "l", [[L]] last
// CHECK: recur.output "h"
// CHECK: recur.output "g"
recur.system exported @two_outputs_and_last {
  %x = recur.input "x" : tensor<4xf32>
  %h0 = recur.param "h0" init <xavier> : tensor<4xf32>
  %hp = recur.delay %h by 1 state "h" init %h0 : tensor<4xf32>
  %h = recur.add %x, %hp : tensor<4xf32>
  %g = recur.neg %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
  recur.output "l", %h last : tensor<4xf32>
  recur.output "g", %g : tensor<4xf32>
}
// -----

// What goes to the caller is no part of `prepare`, which has no caller's memory to write; what it is made of is.
// CHECK-LABEL: @loss_of_a_parameter
// CHECK: recur.once prepared
// CHECK-NEXT: recur.tanh
// CHECK: recur.once {
// CHECK: recur.reduce
recur.system exported @loss_of_a_parameter {
  %w = recur.param "w" init <xavier> : tensor<4xf32>
  %t = recur.tanh %w : tensor<4xf32>
  %l = recur.reduce sum %t dim 0 : tensor<4xf32> -> tensor<f32>
  recur.loss %l : tensor<f32>
}
