// Two products of one phase, each with one panel, take turns in who comes first: what the nearest cache still holds is
// what was used last. Either order, the same sums.
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32" --recur-lower-to-cpu="vector-bits=512 registers=32" | FileCheck %s

// CHECK-LABEL: func.func private @S.loop0.h(
// CHECK-SAME: !llvm.ptr, %[[T:[a-z0-9]+]]: i64,
// CHECK: %[[TURN:.*]] = arith.addi %[[T]]
// CHECK: %[[BIT:.*]] = arith.andi %[[TURN]]
// CHECK: %[[ODD:.*]] = arith.cmpi ne, %[[BIT]]
// CHECK: scf.for %[[N:[a-z0-9]+]] =
// CHECK: %[[BACK:.*]] = arith.subi %{{.*}}, %[[N]]
// CHECK: %[[GROUP:.*]] = arith.select %[[ODD]], %[[BACK]], %[[N]]
// CHECK: arith.index_cast %[[GROUP]]
// CHECK: scf.index_switch
// CHECK: case 0
// CHECK: call @tile.f32.16x2.parts2(
// CHECK: case 1
// CHECK: call @tile.f32.16x2.parts2(
// CHECK: default
recur.system @S {
  %W = recur.slot param "W" : <tensor<32x32xf32>>
  %V = recur.slot param "V" : <tensor<32x32xf32>>
  %h = recur.slot output "h" time batch : <tensor<32xf32>>
  recur.loop forward {
    recur.phase "h" space [32] {
      %w = recur.read %W offset 0 strides [32, 1] : (!recur.slot<tensor<32x32xf32>>) -> tensor<32x32xf32>
      %v = recur.read %V offset 0 strides [32, 1] : (!recur.slot<tensor<32x32xf32>>) -> tensor<32x32xf32>
      %h1 = recur.read %h shift -1 offset 0 strides [1] : (!recur.slot<tensor<32xf32>>) -> tensor<32xf32>
      %h2 = recur.read %h shift -2 offset 0 strides [1] : (!recur.slot<tensor<32xf32>>) -> tensor<32xf32>
      %p = recur.matmul %w, %h1 : (tensor<32x32xf32>, tensor<32xf32>) -> tensor<32xf32>
      %q = recur.matmul %v, %h2 : (tensor<32x32xf32>, tensor<32xf32>) -> tensor<32xf32>
      %s = recur.add %p, %q : tensor<32xf32>
      recur.write %s, %h offset 0 strides [1] : tensor<32xf32>, <tensor<32xf32>>
    }
  }
}
