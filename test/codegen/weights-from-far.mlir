// A single row has the weights of a loop that the second-level cache does not hold brought in 2 KB before their turn.
// RUN: seq-opt %s --recur-plan-tiles --recur-lower-to-cpu --canonicalize | FileCheck %s

// CHECK-LABEL: func.func private @S.loop0.near(
// CHECK: call @tile.f32.8x4.ahead({{.*}}, %c0_i64)
// CHECK-LABEL: func.func private @S.loop1.far(
// CHECK: call @tile.f32.8x3.ahead({{.*}}, %c512_i64)
recur.system @S {
  %V = recur.slot param "V" : <tensor<512x512xf32>>
  %W = recur.slot param "W" : <tensor<520x520xf32>>
  %near = recur.slot output "near" time batch : <tensor<512xf32>>
  %far = recur.slot output "far" time batch : <tensor<520xf32>>
  recur.loop forward {
    recur.phase "near" space [512] {
      %v = recur.read %V offset 0 strides [512, 1] : (!recur.slot<tensor<512x512xf32>>) -> tensor<512x512xf32>
      %hp = recur.read %near shift -1 offset 0 strides [1] : (!recur.slot<tensor<512xf32>>) -> tensor<512xf32>
      %p = recur.matmul %v, %hp : (tensor<512x512xf32>, tensor<512xf32>) -> tensor<512xf32>
      recur.write %p, %near offset 0 strides [1] : tensor<512xf32>, <tensor<512xf32>>
    }
  }
  recur.loop forward {
    recur.phase "far" space [520] {
      %w = recur.read %W offset 0 strides [520, 1] : (!recur.slot<tensor<520x520xf32>>) -> tensor<520x520xf32>
      %hp = recur.read %far shift -1 offset 0 strides [1] : (!recur.slot<tensor<520xf32>>) -> tensor<520xf32>
      %p = recur.matmul %w, %hp : (tensor<520x520xf32>, tensor<520xf32>) -> tensor<520xf32>
      recur.write %p, %far offset 0 strides [1] : tensor<520xf32>, <tensor<520xf32>>
    }
  }
}
