// A phase that is nothing but one product: its tiles go where the slot has them, and each of the last four tiles of rows
// brings in another part of the next panel (once all of them brought in the same).
// RUN: seq-opt %s --recur-plan-tiles --recur-lower-to-cpu --canonicalize --cse | FileCheck %s

!v = !recur.slot<tensor<64xf32>>
!w = !recur.slot<tensor<64x64xf32>>

recur.system @S {
  %x = recur.slot input "x" time batch : !v
  %W = recur.slot param "W" : !w
  %m = recur.slot workspace "m" time batch : !v
  %y = recur.slot output "y" time batch : !v
  // Neither a buffer nor a loop that empties it.
  // CHECK-LABEL: func.func private @S.map0.m(
  // CHECK-NOT: vector
  // CHECK: %[[OTHERS:.*]] = arith.subi %[[END:.*]], %arg{{[0-9]+}}
  // CHECK: %[[LEFT:.*]] = arith.subi %[[OTHERS]], %c1_i64
  // CHECK: %[[OFFSET:.*]] = arith.muli %[[LEFT]], %c512_i64
  // CHECK: %[[COLUMN:.*]] = llvm.getelementptr %{{.*}}[%[[OFFSET]]]
  // CHECK: %[[IS_LAST:.*]] = arith.cmpi slt, %[[LEFT]], %c4_i64
  // Lines of the rows that the tile has no turns for come at once, the others on its way.
  // CHECK: scf.for %{{.*}} = %c32_i64 to %[[LINES:[^ ]*]] step
  // CHECK: llvm.intr.prefetch
  // CHECK: %[[AHEAD:.*]] = arith.select %[[IS_LAST]], %[[COLUMN]], %[[ROWS:.*]] : !llvm.ptr
  // CHECK: %[[APART:.*]] = arith.select %[[IS_LAST]], %c8_i64, %c0_i64
  // CHECK: call @tile.f32.8x4.ahead(%[[ROWS]], %{{.*}}, %{{.*}}, %c64_i64, %c1_i64, %{{.*}}, %c64_i64, %[[AHEAD]], %[[APART]], %{{.*}}, %[[LINES]], %{{.*}}, %c0_i64)
  // CHECK-NOT: vector
  // CHECK: return
  // A caller's rows may lie anywhere: through the buffer.
  // CHECK-LABEL: func.func private @S.map1.y(
  // CHECK: call @tile.f32.8x4.ahead(
  // CHECK: llvm.load %{{.*}} -> vector<8xf32>
  recur.map {
    recur.phase "m" space [64] {
      %w = recur.read %W offset 0 strides [64, 1] : (!w) -> tensor<64x64xf32>
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<64xf32>
      %p = recur.matmul %w, %xt : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
      recur.write %p, %m offset 0 strides [1] : tensor<64xf32>, !v
    }
  }
  recur.map {
    recur.phase "y" space [64] {
      %w = recur.read %W offset 0 strides [64, 1] : (!w) -> tensor<64x64xf32>
      %mt = recur.read %m offset 0 strides [1] : (!v) -> tensor<64xf32>
      %p = recur.matmul %w, %mt : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<64xf32>, !v
    }
  }
}
