// What recur-fuse-gates must leave alone.
// RUN: seq-opt %s -recur-fuse-gates --mlir-use-nameloc-as-prefix | FileCheck %s

// A product that is off the cycle stays off it, though it shares h[t-1] with one on it.
// CHECK-LABEL: recur.system @OffTheCycle
// CHECK: recur.matmul %U, %hp
// CHECK: recur.matmul %V, %hp
recur.system @OffTheCycle {
  %u = recur.param "U" init <xavier> : tensor<4x4xf32> loc("U")
  %v = recur.param "V" init <xavier> : tensor<4x4xf32> loc("V")
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32> loc("hp")
  %0 = recur.matmul %u, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %h = recur.tanh %0 : tensor<4xf32>
  %y = recur.matmul %v, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// A concatenation whose parts are all on the cycle is one product as it is.
// CHECK-LABEL: recur.system @AllOnTheCycle
// CHECK: %[[Z:.*]] = recur.concat
// CHECK: recur.matmul %W, %[[Z]]
recur.system @AllOnTheCycle {
  %w = recur.param "W" init <xavier> : tensor<4x8xf32> loc("W")
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %hq = recur.delay %h by 2 state "h" : tensor<4xf32>
  %z = recur.concat %hp, %hq dim 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %0 = recur.matmul %w, %z : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4xf32>
  %h = recur.tanh %0 : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// The second product needs the total of the first: one product could not come before itself.
// CHECK-LABEL: recur.system @ThroughATotal
// CHECK: recur.matmul %W, %x
// CHECK: recur.matmul %{{.*}}, %x
// CHECK-NOT: recur.concat
recur.system @ThroughATotal {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %w = recur.param "W" init <xavier> : tensor<4x4xf32> loc("W")
  %0 = recur.matmul %w, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = recur.outer %0, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %2 = recur.total %1 : tensor<4x4xf32>
  %3 = recur.matmul %2, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  recur.output "y", %3 : tensor<4xf32>
}

// The second total needs the first.
// CHECK-LABEL: recur.system @TotalOfATotal
// CHECK: recur.total
// CHECK: recur.total
recur.system @TotalOfATotal {
  %x = recur.input "x" : tensor<4xf32>
  %0 = recur.outer %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %1 = recur.total %0 : tensor<4x4xf32>
  %2 = recur.matmul %1, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = recur.outer %2, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %4 = recur.total %3 : tensor<4x4xf32>
  recur.gradient "W", %4 : tensor<4x4xf32>
}

// Each pair could be one total, but not both: the first total of each needs the second of the other.
// CHECK-LABEL: recur.system @TotalsThatCross
// CHECK-COUNT-3: recur.total
// CHECK-NOT: recur.total
recur.system @TotalsThatCross {
  %x = recur.input "x" : tensor<4xf32>
  %y = recur.input "y" : tensor<4xf32>
  %0 = recur.outer %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %xx = recur.total %0 : tensor<4x4xf32>
  %1 = recur.outer %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %yy = recur.total %1 : tensor<4x4xf32>
  %2 = recur.matmul %yy, %x : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = recur.outer %2, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %crossx = recur.total %3 : tensor<4x4xf32>
  %4 = recur.matmul %xx, %y : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %5 = recur.outer %4, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %crossy = recur.total %5 : tensor<4x4xf32>
  recur.gradient "a", %crossx : tensor<4x4xf32>
  recur.gradient "b", %crossy : tensor<4x4xf32>
}

// Heads: a matrix that changes in time, and one that takes all heads for one matrix.
// CHECK-LABEL: recur.system @OtherProductsOfHeads
// CHECK: recur.matmul %A, %x
// CHECK: recur.matmul %S, %x
// CHECK: recur.matmul %M, %x
// CHECK-NOT: recur.slice
recur.system @OtherProductsOfHeads {
  %x = recur.input "x" : tensor<2x4xf32> loc("x")
  %s = recur.input "S" : tensor<2x4x4xf32> loc("S")
  %a = recur.param "A" init <xavier> : tensor<2x4x4xf32> loc("A")
  %m = recur.param "M" init <xavier> : tensor<2x2xf32> loc("M")
  %0 = recur.matmul %a, %x : (tensor<2x4x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = recur.matmul %s, %x : (tensor<2x4x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = recur.matmul %m, %x : (tensor<2x2xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  recur.output "a", %0 : tensor<2x4xf32>
  recur.output "s", %1 : tensor<2x4xf32>
  recur.output "m", %2 : tensor<2x4xf32>
}

// Heads that are off the cycle stay off it.
// CHECK-LABEL: recur.system @HeadsOffTheCycle
// CHECK: recur.matmul %U, %hp
// CHECK: recur.matmul %V, %hp
recur.system @HeadsOffTheCycle {
  %u = recur.param "U" init <xavier> : tensor<2x4x4xf32> loc("U")
  %v = recur.param "V" init <xavier> : tensor<2x4x4xf32> loc("V")
  %hp = recur.delay %h by 1 state "h" : tensor<2x4xf32> loc("hp")
  %0 = recur.matmul %u, %hp : (tensor<2x4x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %h = recur.tanh %0 : tensor<2x4xf32>
  %y = recur.matmul %v, %hp : (tensor<2x4x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  recur.output "y", %y : tensor<2x4xf32>
}
