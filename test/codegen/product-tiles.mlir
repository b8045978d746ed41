// How products with packed weights run: panels to and fro, the next one brought in meanwhile, packed by transposing.
// RUN: seq-opt %s --recur-plan-tiles --recur-lower-to-cpu | FileCheck %s

!v = !recur.slot<tensor<64xf32>>
!w = !recur.slot<tensor<64x64xf32>>

recur.system @S {
  %x = recur.slot input "x" time batch : !v
  %W = recur.slot param "W" : !w
  %y = recur.slot output "y" time batch : !v
  %h = recur.slot output "h" time batch : !v
  // All steps at once: blocks of rows, in each every panel in order.
  // CHECK-LABEL: func.func private @S.map0.y(
  // CHECK: scf.for
  // CHECK: scf.for %[[PANEL:[a-z0-9]+]] =
  // CHECK-NOT: arith.andi
  // CHECK: call @tile.f32.8x4.ahead(
  recur.map {
    recur.phase "y" space [64] {
      %w = recur.read %W offset 0 strides [64, 1] : (!w) -> tensor<64x64xf32>
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<64xf32>
      %p = recur.matmul %w, %xt : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<64xf32>, !v
    }
  }
  // A step of a loop: blocks of rows as well, each with its table, and in odd steps from the last panel to the first.
  // CHECK-LABEL: func.func private @S.loop0.h(
  // CHECK-SAME: !llvm.ptr, %[[T:[a-z0-9]+]]: i64, %{{.*}}: i64, %{{.*}}: i64)
  // CHECK: %[[ROWS:.*]] = arith.minsi %{{.*}}, %c384_i64
  // CHECK: %[[END:.*]] = arith.addi %{{.*}}, %[[ROWS]]
  // CHECK: scf.for %{{.*}} = %{{.*}} to %[[END]]
  // CHECK: llvm.store %{{.*}} : !llvm.ptr, !llvm.ptr
  // CHECK: %[[COUNTED:.*]] = llvm.load %{{.*}} invariant
  // CHECK: %[[TURN:.*]] = arith.addi %[[T]], %[[COUNTED]] : i64
  // CHECK: %[[ODD:.*]] = arith.andi %[[TURN]]
  // CHECK: %[[IS:.*]] = arith.cmpi ne, %[[ODD]]
  // CHECK: arith.select %[[IS]]
  // CHECK: call @tile.f32.8x4.parts2(
  recur.loop forward {
    recur.phase "h" space [64] {
      %w = recur.read %W offset 0 strides [64, 1] : (!w) -> tensor<64x64xf32>
      %hp = recur.read %h shift -1 offset 0 strides [1] : (!v) -> tensor<64xf32>
      %p = recur.matmul %w, %hp : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
      recur.write %p, %h offset 0 strides [1] : tensor<64xf32>, !v
    }
  }
}
// Two products whose weights are packed alike share the function that does it.
// CHECK-LABEL: func.func private @S.once0.y.packed(
// CHECK: call @copy.f32.2x4x64x8.2048x512x1x64.2048x8x32x1(
// CHECK-LABEL: func.func private @S.once1.h.packed(
// CHECK: call @copy.f32.2x4x64x8.2048x512x1x64.2048x8x32x1(
// The tile: of other panels, lines are brought in for five rows and more. Fewer are as fast as their weights come, and a
// single one has these brought in early where they come from far.
// CHECK-LABEL: func.func private @tile.f32.8x4.ahead(
// CHECK-SAME: i64, %[[NEXT:[a-z0-9]+]]: !llvm.ptr, %[[APART:[a-z0-9]+]]: i64, %[[LINES:[a-z0-9]+]]: !llvm.ptr, %{{[a-z0-9]+}}: i64, %[[OFFSET:[a-z0-9]+]]: i64, %[[REACH:[a-z0-9]+]]: i64)
// CHECK: case 1 {
// CHECK: %[[FAR:.*]] = arith.cmpi ne, %[[REACH]],
// CHECK: scf.if %[[FAR]] {
// CHECK-NOT: %[[NEXT]]
// CHECK: llvm.getelementptr %{{[0-9]+}}[%[[REACH]]]
// CHECK-COUNT-4: "llvm.intr.prefetch"(%{{.*}}) <{cache = 1 : i32, hint = 3 : i32, rw = 0 : i32}>
// CHECK-NOT: llvm.intr.prefetch
// CHECK: } else {
// CHECK-NOT: llvm.intr.prefetch
// CHECK: case 2 {
// CHECK: case 4 {
// CHECK-NOT: %[[NEXT]]
// CHECK: case 5 {
// In each step a line of the next panel and one that the rows need beside their products, until the list of these has come
// to its end.
// CHECK: scf.for %[[K:[a-z0-9]+]] =
// CHECK: %[[LINE:.*]] = arith.muli %[[K]], %[[APART]]
// CHECK-NEXT: %[[AHEAD:.*]] = llvm.getelementptr %[[NEXT]][%[[LINE]]]
// CHECK-NEXT: "llvm.intr.prefetch"(%[[AHEAD]])
// CHECK: %[[PLACE:.*]] = arith.minsi %[[K]],
// CHECK: %[[ENTRY:.*]] = llvm.getelementptr %[[LINES]][
// CHECK-NEXT: %[[START:.*]] = llvm.load %[[ENTRY]]
// CHECK-NEXT: %[[BESIDE:.*]] = llvm.getelementptr %[[START]][%[[OFFSET]]]
// CHECK-NEXT: "llvm.intr.prefetch"(%[[BESIDE]]) <{cache = 1 : i32, hint = 3 : i32, rw = 0 : i32}>
// CHECK-NOT: llvm.intr.prefetch
// CHECK: scf.yield
// Rows become columns in registers: 3 rounds of 8 shuffles.
// CHECK-LABEL: func.func private @copy.f32.2x4x64x8.2048x512x1x64.2048x8x32x1(
// CHECK-COUNT-24: vector.shuffle
// CHECK-NOT: vector.shuffle
// CHECK: return
