// A matrix of one narrow panel: two sums for each output, which steps of k go to in turn, so that a single row waits for
// half as many multiplications. Wide ones have another panel's sums to go on with, and an odd depth stays as it is.
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32" --recur-lower-to-cpu="vector-bits=512 registers=32" | FileCheck %s
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=256 registers=16" --recur-lower-to-cpu="vector-bits=256 registers=16" | FileCheck %s --check-prefix=FEW

// CHECK-LABEL: func.func private @S.map0.y(
// CHECK: call @tile.f32.16x1.parts2(
// CHECK-LABEL: func.func private @S.map1.odd(
// CHECK: call @tile.f32.16x1.ahead(
// CHECK-LABEL: func.func private @S.map2.wide(
// CHECK: call @tile.f32.16x6.ahead(
// Several narrow panels, of which a loop finds some in the nearest cache: with registers enough.
// FEW-LABEL: func.func private @S.loop0.small(
// FEW-NOT: parts2
// FEW: call @tile.f32.8x
// CHECK-LABEL: func.func private @S.loop0.small(
// CHECK: call @tile.f32.16x4.parts2(
// A row of its own: weights are read in their order, which the processor's prefetching follows.
// CHECK-LABEL: func.func private @tile.f32.16x1.parts2
// CHECK: case 1 {
// CHECK: scf.for {{.*}} iter_args(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}}) -> (vector<16xf32>, vector<16xf32>)
// CHECK: %[[A0:.*]] = math.fma %{{.*}}, %{{.*}}, %[[A]]
// CHECK: %[[B0:.*]] = math.fma %{{.*}}, %{{.*}}, %[[B]]
// CHECK: %[[A1:.*]] = math.fma %{{.*}}, %{{.*}}, %[[A0]]
// CHECK: %[[B1:.*]] = math.fma %{{.*}}, %{{.*}}, %[[B0]]
// CHECK: scf.yield %[[A1]], %[[B1]]
// CHECK: arith.addf
// CHECK: case 2 {
recur.system @S {
  %x = recur.slot input "x" time batch : <tensor<16xf32>>
  %W = recur.slot param "W" : <tensor<16x16xf32>>
  %V = recur.slot param "V" : <tensor<160x16xf32>>
  %y = recur.slot output "y" time batch : <tensor<16xf32>>
  %odd = recur.slot output "odd" time batch : <tensor<16xf32>>
  %L = recur.slot param "L" : <tensor<256x64xf32>>
  %small = recur.slot output "small" time batch : <tensor<256xf32>>
  %wide = recur.slot output "wide" time batch : <tensor<160xf32>>
  recur.map {
    recur.phase "y" space [16] {
      %w = recur.read %W offset 0 strides [16, 1] : (!recur.slot<tensor<16x16xf32>>) -> tensor<16x16xf32>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<16xf32>>) -> tensor<16xf32>
      %p = recur.matmul %w, %xt : (tensor<16x16xf32>, tensor<16xf32>) -> tensor<16xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<16xf32>, <tensor<16xf32>>
    }
  }
  recur.map {
    recur.phase "odd" space [16] {
      %w = recur.read %W offset 0 strides [16, 1] : (!recur.slot<tensor<16x16xf32>>) -> tensor<16x15xf32>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<16xf32>>) -> tensor<15xf32>
      %p = recur.matmul %w, %xt : (tensor<16x15xf32>, tensor<15xf32>) -> tensor<16xf32>
      recur.write %p, %odd offset 0 strides [1] : tensor<16xf32>, <tensor<16xf32>>
    }
  }
  recur.map {
    recur.phase "wide" space [160] {
      %w = recur.read %V offset 0 strides [16, 1] : (!recur.slot<tensor<160x16xf32>>) -> tensor<160x16xf32>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<16xf32>>) -> tensor<16xf32>
      %p = recur.matmul %w, %xt : (tensor<160x16xf32>, tensor<16xf32>) -> tensor<160xf32>
      recur.write %p, %wide offset 0 strides [1] : tensor<160xf32>, <tensor<160xf32>>
    }
  }
  recur.loop forward {
    recur.phase "small" space [256] {
      %w = recur.read %L offset 0 strides [64, 1] : (!recur.slot<tensor<256x64xf32>>) -> tensor<256x64xf32>
      %before = recur.read %small shift -1 offset 64 strides [1] : (!recur.slot<tensor<256xf32>>) -> tensor<64xf32>
      %p = recur.matmul %w, %before : (tensor<256x64xf32>, tensor<64xf32>) -> tensor<256xf32>
      recur.write %p, %small offset 0 strides [1] : tensor<256xf32>, <tensor<256xf32>>
    }
  }
}
