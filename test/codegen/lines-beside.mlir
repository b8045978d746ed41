// What a tile's rows need beside their products, a cache line each: where rows are not whole lines, also the line in
// which a panel's part of them ends, which no other panel has brought in yet.
// RUN: seq-opt %s --recur-plan-tiles --recur-lower-to-cpu | FileCheck %s

// CHECK-LABEL: func.func private @S.loop0.h(
// CHECK-NOT: llvm.getelementptr %{{.*}}[%c127_i64{{.*}}] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK-LABEL: func.func private @S.loop1.odd(
// CHECK: %[[END:.*]] = arith.constant 95 : i64
// CHECK: llvm.getelementptr %{{.*}}[%[[END]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
recur.system @S {
  %W = recur.slot param "W" : <tensor<64x64xf32>>
  %V = recur.slot param "V" : <tensor<65x65xf32>>
  %x = recur.slot input "x" time batch : <tensor<64xf32>>
  %h = recur.slot output "h" time batch : <tensor<64xf32>>
  %z = recur.slot input "z" time batch : <tensor<65xf32>>
  %odd = recur.slot output "odd" time batch : <tensor<65xf32>>
  recur.loop forward {
    recur.phase "h" space [64] {
      %w = recur.read %W offset 0 strides [64, 1] : (!recur.slot<tensor<64x64xf32>>) -> tensor<64x64xf32>
      %hp = recur.read %h shift -1 offset 0 strides [1] : (!recur.slot<tensor<64xf32>>) -> tensor<64xf32>
      %p = recur.matmul %w, %hp : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<64xf32>>) -> tensor<64xf32>
      %s = recur.add %p, %xt : tensor<64xf32>
      recur.write %s, %h offset 0 strides [1] : tensor<64xf32>, <tensor<64xf32>>
    }
  }
  recur.loop forward {
    recur.phase "odd" space [65] {
      %v = recur.read %V offset 0 strides [65, 1] : (!recur.slot<tensor<65x65xf32>>) -> tensor<65x65xf32>
      %hp = recur.read %odd shift -1 offset 0 strides [1] : (!recur.slot<tensor<65xf32>>) -> tensor<65xf32>
      %p = recur.matmul %v, %hp : (tensor<65x65xf32>, tensor<65xf32>) -> tensor<65xf32>
      %zt = recur.read %z offset 0 strides [1] : (!recur.slot<tensor<65xf32>>) -> tensor<65xf32>
      %s = recur.add %p, %zt : tensor<65xf32>
      recur.write %s, %odd offset 0 strides [1] : tensor<65xf32>, <tensor<65xf32>>
    }
  }
}
