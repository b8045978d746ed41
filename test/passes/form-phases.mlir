// RUN: seq-opt --recur-schedule --recur-form-phases --split-input-file --mlir-use-nameloc-as-prefix %s | FileCheck %s

// All gates of a unit in one phase: the product of which only slices are used is split, and slices of the stacked
// weight are reads of the parameters, without a copy.
// CHECK-LABEL: @gates
// CHECK: [[U:%.*]] = recur.slot param "U"
// CHECK: recur.loop forward {
// CHECK-NEXT: recur.phase "h" space [4]
// CHECK: recur.read [[U]] offset 0 strides [4, 1]
// CHECK: recur.matmul
// CHECK: recur.read [[U]] offset 16 strides [4, 1]
// CHECK: recur.matmul
// CHECK: recur.tanh
// CHECK: recur.at end
// CHECK: recur.phase "h[T]" space [4]
recur.system exported @gates {
  %x = recur.input "x" : tensor<8xf32>
  %U = recur.param "U" init <xavier> : tensor<8x4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %p = recur.matmul %U, %hp : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %z = recur.add %p, %x : tensor<8xf32>
  %za = recur.slice %z dim 0 at 0 : tensor<8xf32> -> tensor<4xf32>
  %zb = recur.slice %z dim 0 at 4 : tensor<8xf32> -> tensor<4xf32>
  %a = recur.sigmoid %za : tensor<4xf32>
  %b = recur.tanh %zb : tensor<4xf32>
  %h = recur.mul %a, %b : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// Reset before the product: r * h[t-1] must be complete, so the loop has two phases.
// CHECK-LABEL: @reset_before
// CHECK: recur.loop forward
// CHECK: recur.phase "q" space [4]
// CHECK: recur.matmul
// CHECK-NOT: recur.matmul
// CHECK: recur.phase "h" space [4]
// CHECK: recur.matmul
// CHECK-NOT: recur.phase
// CHECK: recur.at
recur.system exported @reset_before {
  %U = recur.param "U" init <xavier> : tensor<4x4xf32>
  %V = recur.param "V" init <xavier> : tensor<4x4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %p = recur.matmul %U, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %r = recur.sigmoid %p : tensor<4xf32>
  %q = recur.mul %r, %hp : tensor<4xf32>
  %s = recur.matmul %V, %q : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %h = recur.tanh %s : tensor<4xf32>
  recur.equation "q", %q : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// A reduction needs its operand complete, its result is spread by a stride of zero: three phases.
// CHECK-LABEL: @norm_in_a_loop
// CHECK: recur.phase "a" space [4]
// CHECK: recur.phase "m" space []
// CHECK: recur.reduce sum
// CHECK: recur.phase "h" space [4]
// CHECK: recur.read %{{.*}} offset 0 strides [0] : (!recur.slot<tensor<f32>>) -> tensor<4xf32>
recur.system exported @norm_in_a_loop {
  %x = recur.input "x" : tensor<4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %z = recur.add %x, %hp : tensor<4xf32>
  %a = recur.tanh %z : tensor<4xf32>
  %m = recur.reduce sum %a dim 0 : tensor<4xf32> -> tensor<f32>
  %s = recur.broadcast %m : tensor<f32> -> tensor<4xf32>
  %h = recur.sub %a, %s : tensor<4xf32>
  recur.equation "a", %a : tensor<4xf32>
  recur.equation "m", %m : tensor<f32>
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// Deviations and their squares are computed where they are summed, and deviations again where slices of them are used:
// nothing but the sums is stored.
// CHECK-LABEL: @deviations
// CHECK: recur.phase "m" space [1]
// CHECK: recur.phase "s" space [1]
// CHECK: [[X:%.*]] = recur.read %x offset 0 strides [1] : {{.*}} -> tensor<8xf32>
// CHECK: [[M:%.*]] = recur.read %m offset 0 strides [0] : {{.*}} -> tensor<8xf32>
// CHECK: [[D:%.*]] = recur.sub [[X]], [[M]]
// CHECK: [[Q:%.*]] = recur.mul [[D]], [[D]]
// CHECK: [[S:%.*]] = recur.reduce sum [[Q]]
// CHECK-NEXT: recur.write [[S]]
// CHECK: recur.phase "mul" space [4]
// CHECK: [[X0:%.*]] = recur.read %x offset 0 strides [1] : {{.*}} -> tensor<4xf32>
// CHECK: recur.sub [[X0]]
// CHECK: [[X4:%.*]] = recur.read %x offset 4 strides [1] : {{.*}} -> tensor<4xf32>
// CHECK: recur.sub [[X4]]
// CHECK-NOT: recur.phase
recur.system exported @deviations {
  %x = recur.input "x" : tensor<8xf32>
  %m = recur.reduce sum %x dim 0 keep : tensor<8xf32> -> tensor<1xf32>
  %mx = recur.broadcast %m : tensor<1xf32> -> tensor<8xf32>
  %d = recur.sub %x, %mx : tensor<8xf32>
  %q = recur.mul %d, %d : tensor<8xf32>
  %s = recur.reduce sum %q dim 0 keep : tensor<8xf32> -> tensor<1xf32>
  %sx = recur.broadcast %s : tensor<1xf32> -> tensor<4xf32>
  %d0 = recur.slice %d dim 0 at 0 : tensor<8xf32> -> tensor<4xf32>
  %d4 = recur.slice %d dim 0 at 4 : tensor<8xf32> -> tensor<4xf32>
  %p = recur.mul %d0, %d4 : tensor<4xf32>
  %y = recur.mul %p, %sx : tensor<4xf32>
  recur.equation "m", %m : tensor<1xf32>
  recur.equation "s", %s : tensor<1xf32>
  recur.output "y", %y : tensor<4xf32>
}

// -----

// What is stored for another reader anyway is read from there, and what takes an exponential is not computed twice.
// CHECK-LABEL: @stored_once
// CHECK: recur.phase "exp" space [8]
// CHECK: [[D:%.*]] = recur.sub
// CHECK: recur.exp
// CHECK: recur.write [[D]]
// CHECK-NOT: recur.exp
// CHECK-NOT: recur.sub
// CHECK: @x
recur.system exported @stored_once {
  %x = recur.input "x" : tensor<8xf32>
  %b = recur.param "b" init <xavier> : tensor<8xf32>
  %d = recur.sub %x, %b : tensor<8xf32>
  %q = recur.mul %d, %d : tensor<8xf32>
  %s = recur.reduce sum %q dim 0 : tensor<8xf32> -> tensor<f32>
  %e = recur.exp %d : tensor<8xf32>
  %t = recur.reduce sum %e dim 0 : tensor<8xf32> -> tensor<f32>
  recur.output "d", %d : tensor<8xf32>
  recur.output "s", %s : tensor<f32>
  recur.output "t", %t : tensor<f32>
}
recur.system @x {
}

// -----

// Several lags read the slots of one state, whose fallback is the boundary.
// CHECK-LABEL: @lags
// CHECK: [[B:%.*]] = recur.slot param "b"
// CHECK: [[S0:%.*]] = recur.slot state "h" batch fallback [[B]]
// CHECK: [[S1:%.*]] = recur.slot state "h" index 1 batch fallback [[B]]
// CHECK: recur.read [[H:%.*]] shift -1 boundary [[S0]]
// CHECK: recur.read [[H]] shift -2 boundary [[S0]], [[S1]]
// CHECK: recur.phase "h[T-1]"
recur.system exported @lags {
  %b = recur.param "b" init <xavier> : tensor<4xf32>
  %h1 = recur.delay %h by 1 state "h" init %b : tensor<4xf32>
  %h2 = recur.delay %h by 2 state "h" init %b : tensor<4xf32>
  %h = recur.add %h1, %h2 : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// Outputs that are inputs, constants or views are copies.
// CHECK-LABEL: @copies
// CHECK: recur.map
// CHECK: recur.phase "x2" space [4]
// CHECK-NEXT: recur.read %x
// CHECK-NEXT: recur.write
// CHECK: recur.phase "k" space [4]
// CHECK-NEXT: recur.constant
// CHECK: recur.phase "t" space [2, 2]
// CHECK-NEXT: recur.read %x{{.*}} strides [1, 2]
recur.system exported @copies {
  %x = recur.input "x" : tensor<4xf32>
  %k = recur.constant dense<2.0> : tensor<4xf32>
  %r = recur.reshape %x : tensor<4xf32> -> tensor<2x2xf32>
  %t = recur.transpose %r : tensor<2x2xf32> -> tensor<2x2xf32>
  recur.output "x2", %x : tensor<4xf32>
  recur.output "k", %k : tensor<4xf32>
  recur.output "t", %t : tensor<2x2xf32>
}

// -----

// No strides give a reshape of a transpose: the transpose is copied.
// CHECK-LABEL: @reshape_of_transpose
// CHECK: recur.read %x offset 0 strides [1, 3]
// CHECK: recur.write
// CHECK: recur.read %{{.*}} offset 0 strides [1] : (!recur.slot<tensor<3x2xf32>>) -> tensor<6xf32>
recur.system exported @reshape_of_transpose {
  %x = recur.input "x" : tensor<2x3xf32>
  %t = recur.transpose %x : tensor<2x3xf32> -> tensor<3x2xf32>
  %r = recur.reshape %t : tensor<3x2xf32> -> tensor<6xf32>
  %y = recur.tanh %r : tensor<6xf32>
  recur.output "y", %y : tensor<6xf32>
}

// -----

// The parts of a concat are written side by side; who reads a part reads it there.
// CHECK-LABEL: @side_by_side
// CHECK: [[C:%.*]] = recur.slot workspace "c"
// CHECK: recur.write %{{.*}}, [[C]] offset 0 strides [1]
// CHECK: recur.write %{{.*}}, [[C]] offset 4 strides [1]
// CHECK: recur.read [[C]] offset 0 strides [1] : (!recur.slot<tensor<8xf32>>) -> tensor<8xf32>
// CHECK: recur.phase {{.*}} total
// CHECK: recur.read [[C]] offset 4 strides [1] : (!recur.slot<tensor<8xf32>>) -> tensor<4xf32>
recur.system exported @side_by_side {
  %x = recur.input "x" : tensor<4xf32>
  %W = recur.param "W" init <xavier> : tensor<3x8xf32>
  %a = recur.tanh %x : tensor<4xf32>
  %b = recur.sigmoid %x : tensor<4xf32>
  %c = recur.concat %a, %b dim 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %y = recur.matmul %W, %c : (tensor<3x8xf32>, tensor<8xf32>) -> tensor<3xf32>
  %t = recur.total %b : tensor<4xf32>
  recur.equation "c", %c : tensor<8xf32>
  recur.output "y", %y : tensor<3xf32>
  recur.gradient "b", %t : tensor<4xf32>
}

// -----

// A loop writes the parts of a concat that only a map reads, and what concatenates some of them is a part of it.
// CHECK-LABEL: @concat_of_concat
// CHECK: [[C:%.*]] = recur.slot workspace "concat" time batch : <tensor<12xf32>>
// CHECK-NOT: recur.slot
// CHECK: recur.loop
// CHECK: recur.write %{{.*}}, [[C]] offset 0 strides [1]
// CHECK: recur.write %{{.*}}, [[C]] offset 4 strides [1]
// CHECK: recur.write %{{.*}}, [[C]] offset 8 strides [1]
// CHECK: recur.read [[C]] offset 4 strides [1] : (!recur.slot<tensor<12xf32>>) -> tensor<8xf32>
// CHECK: recur.map
// CHECK-NEXT: recur.phase "matmul" space [3]
// CHECK: recur.read [[C]] offset 0 strides [1] : (!recur.slot<tensor<12xf32>>) -> tensor<12xf32>
// CHECK-NOT: recur.write %{{.*}}, [[C]]
recur.system exported @concat_of_concat {
  %x = recur.input "x" : tensor<4xf32>
  %U = recur.param "U" init <xavier> : tensor<4x8xf32>
  %W = recur.param "W" init <xavier> : tensor<3x12xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %a = recur.mul %x, %hp : tensor<4xf32>
  %b = recur.tanh %a : tensor<4xf32>
  %c = recur.sigmoid %a : tensor<4xf32>
  %bc = recur.concat %b, %c dim 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %p = recur.matmul %U, %bc : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4xf32>
  %h = recur.add %p, %a : tensor<4xf32>
  %all = recur.concat %a, %b, %c dim 0 : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<12xf32>
  %y = recur.matmul %W, %all : (tensor<3x12xf32>, tensor<12xf32>) -> tensor<3xf32>
  recur.output "y", %y : tensor<3xf32>
}

// -----

// The gradient of a table is added in place at the id; that of a parameter made of sums, concats and transposes too.
// CHECK-LABEL: @gradients_in_place
// CHECK: [[E:%.*]] = recur.slot d_param "E" zeroed
// CHECK: [[W:%.*]] = recur.slot d_param "W" zeroed
// CHECK: recur.accumulate %{{.*}}, [[E]] id %{{.*}} : !recur.slot<tensor<i32>> stride 4 offset 0 strides [1]
// CHECK: recur.accumulate %{{.*}}, [[W]] offset 0 strides [1, 7]
// CHECK: recur.accumulate %{{.*}}, [[W]] offset 4 strides [7, 1]
// CHECK: recur.accumulate %{{.*}}, [[W]] offset 4 strides [7, 1]
recur.system exported @gradients_in_place {
  %x = recur.input "x" : tensor<4xf32>
  %u = recur.input "u" : tensor<3xf32>
  %id = recur.input "id" vocabulary 9 : tensor<i32>
  %s = recur.scatter %x[%id] : (tensor<4xf32>, tensor<i32>) -> tensor<9x4xf32>
  %e = recur.total %s : tensor<9x4xf32>
  %o = recur.outer %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %p = recur.total %o : tensor<4x4xf32>
  %pt = recur.transpose %p : tensor<4x4xf32> -> tensor<4x4xf32>
  %q = recur.outer %x, %u : (tensor<4xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  %r = recur.total %q : tensor<4x3xf32>
  %r2 = recur.add %r, %r : tensor<4x3xf32>
  %w = recur.concat %pt, %r2 dim 1 : (tensor<4x4xf32>, tensor<4x3xf32>) -> tensor<4x7xf32>
  recur.gradient "E", %e : tensor<9x4xf32>
  recur.gradient "W", %w : tensor<4x7xf32>
}

// -----

// A scatter that is not totalled compares the id with row numbers.
// CHECK-LABEL: @one_hot
// CHECK: recur.compare eq
// CHECK: recur.select
recur.system exported @one_hot {
  %x = recur.input "x" : tensor<f32>
  %id = recur.input "id" vocabulary 5 : tensor<i32>
  %s = recur.scatter %x[%id] : (tensor<f32>, tensor<i32>) -> tensor<5xf32>
  recur.output "s", %s : tensor<5xf32>
}

// -----

// Rank 2 on the cycle: an outer product and a product with a matrix that varies in time.
// CHECK-LABEL: @matrix_memory
// CHECK: recur.loop forward
// CHECK: recur.phase "M" space [4, 3]
// CHECK: recur.outer
// CHECK: recur.map
// CHECK: recur.matmul
recur.system exported @matrix_memory {
  %k = recur.input "k" : tensor<3xf32>
  %v = recur.input "v" : tensor<4xf32>
  %Mp = recur.delay %M by 1 state "M" : tensor<4x3xf32>
  %o = recur.outer %v, %k : (tensor<4xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  %s = recur.mul %Mp, %Mp : tensor<4x3xf32>
  %M = recur.add %s, %o : tensor<4x3xf32>
  %y = recur.matmul %M, %k : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
  recur.equation "M", %M : tensor<4x3xf32>
  recur.output "y", %y : tensor<4xf32>
}

// -----

// A gradient that is given at an end only is a shifted read of zero with the given one as boundary. The gradient of a
// boundary is read before the first step, for the caller and summed for the boundary equation.
// CHECK-LABEL: @ends
// CHECK: [[S:%.*]] = recur.slot state "h" batch
// CHECK: [[DP:%.*]] = recur.slot d_param "b"
// CHECK: [[DS:%.*]] = recur.slot d_state "h" batch
// CHECK: [[F:%.*]] = recur.slot d_final_state "h" batch
// CHECK: [[Z:%.*]] = recur.slot workspace "zero" zeroed
// CHECK: recur.read [[Z]] shift 1 boundary [[F]]
// CHECK: recur.at start offset -1
// CHECK: recur.read [[H:%.*]] shift 1 offset 0
// CHECK: recur.write %{{.*}}, [[DS]]
// CHECK: recur.phase "d.h[0].total" space [4] total
// CHECK: recur.accumulate %{{.*}}, [[DP]] offset 0 strides [1] unless_given [[S]]
recur.system exported @ends attributes {recur.program = "backward"} {
  %f = recur.saved "f" : tensor<4xf32>
  %e = recur.final_seed "h" slots 1 : tensor<4xf32>
  %g = recur.add %e, %n : tensor<4xf32>
  %d = recur.mul %g, %f : tensor<4xf32>
  %n = recur.advance %d by 1 : tensor<4xf32>
  %b = recur.boundary_gradient "h" slots 1 (%n) : tensor<4xf32>
  recur.gradient "b", %b : tensor<4xf32>
}

// -----

// The loss: a total of a reduction in one phase, then what is constant in time.
// CHECK-LABEL: @loss
// CHECK: recur.phase "{{.*}}" space [] total
// CHECK: recur.reduce sum
// CHECK: recur.accumulate
// CHECK: recur.once
// CHECK: recur.count
// CHECK: recur.div
// CHECK: recur.write
recur.system exported @loss {
  %x = recur.input "x" : tensor<4xf32>
  %s = recur.reduce sum %x dim 0 : tensor<4xf32> -> tensor<f32>
  %t = recur.total %s : tensor<f32>
  %n = recur.count : tensor<f32>
  %l = recur.div %t, %n : tensor<f32>
  recur.loss %l : tensor<f32>
}

// -----

// Totals of one shape that read the same sequence read it once, and stand behind what others in the map wait for.
// CHECK-LABEL: @totals_of_one_sequence
// CHECK: recur.phase "y" space [4] {
// CHECK: recur.phase "{{.*}}" space [4] total {
// CHECK: [[X:%.*]] = recur.read %x
// CHECK: [[P:%.*]] = recur.mul [[X]]
// CHECK-DAG: recur.accumulate [[X]]
// CHECK-DAG: recur.accumulate [[P]]
// CHECK-NOT: recur.phase
recur.system exported @totals_of_one_sequence {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %z = recur.input "z" : tensor<4xf32> loc("z")
  %a = recur.total %x : tensor<4xf32>
  %p = recur.mul %x, %z : tensor<4xf32>
  %b = recur.total %p : tensor<4xf32>
  %y = recur.tanh %z : tensor<4xf32> loc("y")
  recur.output "y", %y : tensor<4xf32>
  recur.gradient "a", %a : tensor<4xf32>
  recur.gradient "b", %b : tensor<4xf32>
}

// -----

// A cycle of movement alone: the value is stored and copied from step to step.
// CHECK-LABEL: @held
// CHECK: recur.loop forward
// CHECK: [[P:%.*]] = recur.read [[H:%[^ ]*]] shift -1 boundary
// CHECK: recur.write [[P]], [[H]]
recur.system exported @held {
  %b = recur.param "b" init <xavier> : tensor<4xf32>
  %h = recur.delay %h by 1 state "h" init %b : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// What is made of an input for a later phase alone is made there, the whole chain: nothing of it is stored in between.
// CHECK-LABEL: @chain_where_used
// CHECK: recur.loop forward
// CHECK: recur.phase "{{.*}}" space [4] {
// CHECK-NOT: recur.sub
// CHECK: recur.sigmoid
// CHECK-NOT: recur.sub
// CHECK: recur.phase "mul" space [4] {
// CHECK: [[D:%.*]] = recur.sub %{{.*}}, [[F:%.*]] :
// CHECK: recur.mul [[F]], [[D]]
recur.system exported @chain_where_used {
  %f = recur.input "f" : tensor<4xf32>
  %U = recur.param "U" init <xavier> : tensor<4x4xf32>
  %W = recur.param "W" init <xavier> : tensor<4x4xf32>
  %one = recur.constant dense<1.0> : tensor<4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %p = recur.matmul %U, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %r = recur.sigmoid %p : tensor<4xf32>
  %q = recur.matmul %W, %r : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %rest = recur.sub %one, %f : tensor<4xf32>
  %d = recur.mul %f, %rest : tensor<4xf32>
  %h = recur.mul %q, %d : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// What one operation makes of an input is computed in each phase that uses it, so that f * (1 - f), which the later one
// alone needs, is computed there too.
// CHECK-LABEL: @repeated_in_loop
// CHECK: recur.loop forward
// CHECK: recur.phase "{{.*}}" space [4] {
// CHECK-COUNT-1: recur.sub
// CHECK: recur.sigmoid
// CHECK-COUNT-1: recur.write
// CHECK-NOT: recur.write
// CHECK: recur.phase "{{.*}}" space [4] {
// CHECK: [[REST:%.*]] = recur.sub %{{.*}}, [[F:%.*]] :
// CHECK: recur.mul [[F]], [[REST]]
recur.system exported @repeated_in_loop {
  %f = recur.input "f" : tensor<4xf32>
  %U = recur.param "U" init <xavier> : tensor<4x4xf32>
  %W = recur.param "W" init <xavier> : tensor<4x4xf32>
  %one = recur.constant dense<1.0> : tensor<4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %p = recur.matmul %U, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %rest = recur.sub %one, %f : tensor<4xf32>
  %a = recur.mul %p, %rest : tensor<4xf32>
  %r = recur.sigmoid %a : tensor<4xf32>
  %q = recur.matmul %W, %r : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %d = recur.mul %f, %rest : tensor<4xf32>
  %h = recur.mul %q, %d : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// -----

// A gate that only a later phase needs is computed there, if what it is made of is stored anyway: nothing is stored for it,
// and its activation runs while that phase waits for a sum.
// CHECK-LABEL: @gate_where_used
// CHECK: recur.loop forward
// CHECK: recur.phase "z" space [4] {
// CHECK-NOT: recur.sigmoid
// CHECK: recur.reduce sum
// CHECK-NOT: recur.sigmoid
// CHECK: recur.phase "mul" space [4] {
// CHECK: recur.sigmoid
recur.system exported @gate_where_used {
  %x = recur.input "x" : tensor<4xf32>
  %U = recur.param "U" init <xavier> : tensor<4x4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %z = recur.matmul %U, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %a = recur.add %z, %x : tensor<4xf32>
  %o = recur.sigmoid %a : tensor<4xf32>
  %s = recur.reduce sum %z dim 0 keep : tensor<4xf32> -> tensor<1xf32>
  %b = recur.broadcast %s : tensor<1xf32> -> tensor<4xf32>
  %t = recur.tanh %b : tensor<4xf32>
  %h = recur.mul %o, %t : tensor<4xf32>
  recur.equation "z", %z : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}
