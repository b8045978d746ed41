// Where three vectors of sums leave registers free, tiles of many steps have eight rows, and the blocks of a map whole
// tiles. Few steps do not gain by it.
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32" --recur-lower-to-cpu="vector-bits=512 registers=32" --split-input-file | FileCheck %s

// CHECK-LABEL: func.func private @Deep.map0.y(
// CHECK: arith.minsi %{{.*}}, %c368_i64
// CHECK: call @tile.f32.16x3.rows8.ahead(
// CHECK-LABEL: func.func private @tile.f32.16x3.rows8.ahead(
// Of two steps in a turn, the compiler would keep so many elements at hand that sums go to memory.
// CHECK: case 8 {
// CHECK: scf.for
// CHECK-COUNT-24: math.fma
// CHECK-NOT: math.fma
// CHECK: scf.yield
recur.system @Deep {
  %U = recur.slot param "U" : <tensor<64x704xf32>>
  %V = recur.slot param "V" : <tensor<64x704xf32>>
  %W = recur.slot param "W" : <tensor<64x704xf32>>
  %x = recur.slot input "x" time batch : <tensor<704xf32>>
  %y = recur.slot output "y" time batch : <tensor<64xf32>>
  recur.map {
    recur.phase "y" space [64] {
      %u = recur.read %U offset 0 strides [704, 1] : (!recur.slot<tensor<64x704xf32>>) -> tensor<64x704xf32>
      %v = recur.read %V offset 0 strides [704, 1] : (!recur.slot<tensor<64x704xf32>>) -> tensor<64x704xf32>
      %w = recur.read %W offset 0 strides [704, 1] : (!recur.slot<tensor<64x704xf32>>) -> tensor<64x704xf32>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<704xf32>>) -> tensor<704xf32>
      %p = recur.matmul %u, %xt : (tensor<64x704xf32>, tensor<704xf32>) -> tensor<64xf32>
      %q = recur.matmul %v, %xt : (tensor<64x704xf32>, tensor<704xf32>) -> tensor<64xf32>
      %r = recur.matmul %w, %xt : (tensor<64x704xf32>, tensor<704xf32>) -> tensor<64xf32>
      %s = recur.add %p, %q : tensor<64xf32>
      %z = recur.mul %s, %r : tensor<64xf32>
      recur.write %z, %y offset 0 strides [1] : tensor<64xf32>, <tensor<64xf32>>
    }
  }
}

// -----

// CHECK-LABEL: func.func private @Shallow.map0.y(
// CHECK: call @tile.f32.16x6.ahead(
// CHECK-LABEL: func.func private @tile.f32.16x6.ahead(
// CHECK: case 6 {
// CHECK-NOT: case 7 {
recur.system @Shallow {
  %U = recur.slot param "U" : <tensor<128x128xf32>>
  %V = recur.slot param "V" : <tensor<128x128xf32>>
  %W = recur.slot param "W" : <tensor<128x128xf32>>
  %x = recur.slot input "x" time batch : <tensor<128xf32>>
  %y = recur.slot output "y" time batch : <tensor<128xf32>>
  recur.map {
    recur.phase "y" space [128] {
      %u = recur.read %U offset 0 strides [128, 1] : (!recur.slot<tensor<128x128xf32>>) -> tensor<128x128xf32>
      %v = recur.read %V offset 0 strides [128, 1] : (!recur.slot<tensor<128x128xf32>>) -> tensor<128x128xf32>
      %w = recur.read %W offset 0 strides [128, 1] : (!recur.slot<tensor<128x128xf32>>) -> tensor<128x128xf32>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<128xf32>>) -> tensor<128xf32>
      %p = recur.matmul %u, %xt : (tensor<128x128xf32>, tensor<128xf32>) -> tensor<128xf32>
      %q = recur.matmul %v, %xt : (tensor<128x128xf32>, tensor<128xf32>) -> tensor<128xf32>
      %r = recur.matmul %w, %xt : (tensor<128x128xf32>, tensor<128xf32>) -> tensor<128xf32>
      %s = recur.add %p, %q : tensor<128xf32>
      %z = recur.mul %s, %r : tensor<128xf32>
      recur.write %z, %y offset 0 strides [1] : tensor<128xf32>, <tensor<128xf32>>
    }
  }
}
