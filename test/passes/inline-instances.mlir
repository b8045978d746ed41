// RUN: seq-opt %s -recur-inline-instances --mlir-use-nameloc-as-prefix | FileCheck %s

// CHECK-NOT: recur.system @Cell
recur.system @Cell {
  %x = recur.input "x" : tensor<4xf32>
  %w = recur.param "W" init <xavier> : tensor<4x4xf32>
  %m = recur.random_mask 0.5 site 0 : tensor<4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %0 = recur.matmul %w, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = recur.mul %x, %m : tensor<4xf32>
  %h = recur.add %0, %1 : tensor<4xf32> loc("h")
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// CHECK-NOT: recur.system @Two
recur.system @Two {
  %x = recur.input "x" : tensor<4xf32>
  %0 = recur.instance @Cell "l0" (%x) reads ["h"] : (tensor<4xf32>) -> tensor<4xf32>
  %1 = recur.instance @Cell "l1" (%0) reads ["h"] : (tensor<4xf32>) -> tensor<4xf32>
  recur.equation "h", %1 : tensor<4xf32>
}

// Names, locations and states get the path in front; the input is the argument; the output and the cell are gone.
// CHECK-LABEL: recur.system exported @OneInstance
// CHECK-NEXT: %[[X:.*]] = recur.input "x"
// CHECK-NEXT: %[[W:.*]] = recur.param "enc.W" init <xavier>
// CHECK-NEXT: %[[M:.*]] = recur.random_mask 5.000000e-01 site 0
// CHECK-NEXT: %[[HP:.*]] = recur.delay %enc.h by 1 state "enc.h"
// CHECK-NEXT: %[[P:.*]] = recur.matmul %[[W]], %[[HP]]
// CHECK-NEXT: %[[A:.*]] = recur.mul %[[X]], %[[M]]
// CHECK-NEXT: %enc.h = recur.add %[[P]], %[[A]]
// CHECK-NEXT: recur.equation "enc.h", %enc.h
// CHECK-NEXT: recur.output "y", %enc.h
// CHECK-NEXT: }
recur.system exported @OneInstance {
  %x = recur.input "x" : tensor<4xf32>
  %y = recur.instance @Cell "enc" (%x) reads ["h"] : (tensor<4xf32>) -> tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// A second application of an instance shares the parameters and has states and masks of its own.
// CHECK-LABEL: recur.system exported @AppliedTwice
// CHECK-COUNT-1: recur.param "enc.W"
// CHECK-NOT: recur.param
// CHECK: recur.random_mask 5.000000e-01 site 0
// CHECK: recur.delay {{.*}} state "enc.h"
// CHECK: recur.equation "enc.h"
// CHECK: recur.random_mask 5.000000e-01 site 1
// CHECK: recur.delay {{.*}} state "enc@1.h"
// CHECK: recur.equation "enc@1.h"
recur.system exported @AppliedTwice {
  %x = recur.input "x" : tensor<4xf32>
  %y = recur.instance @Cell "enc" (%x) reads ["h"] : (tensor<4xf32>) -> tensor<4xf32>
  %z = recur.instance @Cell "enc" (%y) reads ["h"] {application = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  recur.output "z", %z : tensor<4xf32>
}

// A reversed instance looks ahead. The masks of the model come first.
// CHECK-LABEL: recur.system exported @Reversed
// CHECK: recur.random_mask 2.500000e-01 site 7
// CHECK: recur.random_mask 5.000000e-01 site 8
// CHECK: recur.advance %enc.h by 1 state "enc.h"
recur.system exported @Reversed {
  %x = recur.input "x" : tensor<4xf32>
  %m = recur.random_mask 0.25 site 7 : tensor<4xf32>
  %y = recur.instance reversed @Cell "enc" (%x) reads ["h"] : (tensor<4xf32>) -> tensor<4xf32>
  %z = recur.mul %y, %m : tensor<4xf32>
  recur.output "z", %z : tensor<4xf32>
}

// Paths nest, for states with the number of the application; what is reversed twice runs forward.
// CHECK-LABEL: recur.system exported @Nested
// CHECK: recur.param "two.l0.W"
// CHECK: recur.advance {{.*}} state "two@1.l0.h"
// CHECK: recur.equation "two@1.l0.h"
// CHECK: recur.param "two.l1.W"
// CHECK: recur.advance {{.*}} state "two@1.l1.h"
// CHECK: recur.equation "two@1.h"
recur.system exported @Nested {
  %x = recur.input "x" : tensor<4xf32>
  %y = recur.instance reversed @Two "two" (%x) reads ["h"] {application = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// An instance may use what is defined behind it: the body is a graph.
// CHECK-LABEL: recur.system exported @FeedsItself
// CHECK: recur.mul %[[BACK:.*]], %{{.*}} :
// CHECK: %[[BACK]] = recur.delay %enc.h by 1 :
recur.system exported @FeedsItself {
  %y = recur.instance @Cell "enc" (%back) reads ["h"] : (tensor<4xf32>) -> tensor<4xf32>
  %back = recur.delay %y by 1 : tensor<4xf32>
  recur.output "y", %y : tensor<4xf32>
}

// What is inside an instance inside an instance is read by its path.
// CHECK-LABEL: recur.system exported @ReadInside
// CHECK: recur.equation "two.l0.h", %[[INNER:.*]] :
// CHECK: recur.equation "two.h", %[[OUTER:.*]] :
// CHECK: recur.output "y", %[[OUTER]]
// CHECK: recur.output "inside", %[[INNER]]
recur.system exported @ReadInside {
  %x = recur.input "x" : tensor<4xf32>
  %y:2 = recur.instance @Two "two" (%x) reads ["h", "l0.h"] : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  recur.output "y", %y#0 : tensor<4xf32>
  recur.output "inside", %y#1 : tensor<4xf32>
}

// One state has one boundary, also where the outer system reads it.
// CHECK-LABEL: recur.system exported @OutsideOfBoundary
// CHECK: %[[B:.*]] = recur.param "e.b"
// CHECK-DAG: recur.delay %{{.*}} by 1 state "e.c" init %[[B]] : tensor<4xf32>
// CHECK-DAG: recur.delay %{{.*}} by 2 state "e.c" init %[[B]] : tensor<4xf32>
recur.system exported @OutsideOfBoundary {
  %x = recur.input "x" : tensor<4xf32>
  %c = recur.instance @Bounded "e" (%x) reads ["c"] : (tensor<4xf32>) -> tensor<4xf32>
  %before = recur.delay %c by 2 state "e.c" : tensor<4xf32>
  recur.output "y", %before : tensor<4xf32>
}
recur.system @Bounded {
  %x = recur.input "x" : tensor<4xf32>
  %b = recur.param "b" init <constant, 0.5> : tensor<4xf32>
  %p = recur.delay %c by 1 state "c" init %b : tensor<4xf32>
  %c = recur.add %p, %x : tensor<4xf32>
  recur.equation "c", %c : tensor<4xf32>
  recur.output "c", %c : tensor<4xf32>
}
