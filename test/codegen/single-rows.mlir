// A loop of the forward program has functions for a batch of one row as well: part of the loop, with neither slices nor
// tiles of several rows.
// RUN: seq-opt %s --recur-plan-tiles --recur-lower-to-cpu | FileCheck %s --implicit-check-not=@Taped.loop0.h.row

// CHECK-LABEL: func.func @S.run(
// CHECK: %[[PLACE:.*]] = llvm.getelementptr %arg0[%c8_i64]
// CHECK: %[[B:.*]] = llvm.load %[[PLACE]]
// CHECK: %[[SHARED:.*]] = arith.andi
// CHECK: %[[SINGLE:.*]] = arith.cmpi eq, %[[B]], %c1_i64
// CHECK: %[[ALONE:.*]] = arith.select %[[SHARED]], %false{{.*}}, %[[SINGLE]]
// CHECK: scf.if %[[ALONE]] {
// CHECK: func.call @S.loop0.h.row(%arg0, %{{[a-z0-9]+}})
// CHECK: } else {
// CHECK: func.call @S.loop0.h(
// CHECK-LABEL: func.func private @S.loop0.h(
// CHECK: call @tile.f32.8x4.ahead(
// CHECK-LABEL: func.func private @S.loop0.h.row(
// CHECK-SAME: %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: i64) attributes {{.*}}["alwaysinline"]
// CHECK-NOT: llvm.intr.prefetch
// CHECK: call @tile.f32.8x4.row(
// Weights that come from beyond the second-level cache come early.
// CHECK-LABEL: func.func private @S.loop1.far.row(
// CHECK: call @tile.f32.8x4.row.far(
// CHECK-LABEL: func.func private @tile.f32.8x4.row(
// CHECK-NOT: case
// CHECK-NOT: llvm.intr.prefetch
// CHECK: return
// CHECK-LABEL: func.func private @tile.f32.8x4.row.far(
// CHECK-NOT: case
// CHECK-COUNT-4: "llvm.intr.prefetch"(%{{.*}}) <{cache = 1 : i32, hint = 3 : i32, rw = 0 : i32}>
// CHECK-NOT: llvm.intr.prefetch
// CHECK: return
recur.system @S attributes {recur.program = "forward"} {
  %U = recur.slot param "U" : <tensor<256x256xf32>>
  %V = recur.slot param "V" : <tensor<1024x512xf32>>
  %h = recur.slot output "h" time batch : <tensor<256xf32>>
  %far = recur.slot output "far" time batch : <tensor<1024xf32>>
  recur.loop forward {
    recur.phase "h" space [256] {
      %u = recur.read %U offset 0 strides [256, 1] : (!recur.slot<tensor<256x256xf32>>) -> tensor<256x256xf32>
      %before = recur.read %h shift -1 offset 0 strides [1] : (!recur.slot<tensor<256xf32>>) -> tensor<256xf32>
      %p = recur.matmul %u, %before : (tensor<256x256xf32>, tensor<256xf32>) -> tensor<256xf32>
      recur.write %p, %h offset 0 strides [1] : tensor<256xf32>, <tensor<256xf32>>
    }
  }
  recur.loop forward {
    recur.phase "far" space [1024] {
      %v = recur.read %V offset 0 strides [512, 1] : (!recur.slot<tensor<1024x512xf32>>) -> tensor<1024x512xf32>
      %before = recur.read %far shift -1 offset 0 strides [1] : (!recur.slot<tensor<1024xf32>>) -> tensor<512xf32>
      %p = recur.matmul %v, %before : (tensor<1024x512xf32>, tensor<512xf32>) -> tensor<1024xf32>
      recur.write %p, %far offset 0 strides [1] : tensor<1024xf32>, <tensor<1024xf32>>
    }
  }
}
// Training has none.
recur.system @Taped attributes {recur.program = "forward_taped"} {
  %U = recur.slot param "U" : <tensor<256x256xf32>>
  %h = recur.slot output "h" time batch : <tensor<256xf32>>
  recur.loop forward {
    recur.phase "h" space [256] {
      %u = recur.read %U offset 0 strides [256, 1] : (!recur.slot<tensor<256x256xf32>>) -> tensor<256x256xf32>
      %before = recur.read %h shift -1 offset 0 strides [1] : (!recur.slot<tensor<256xf32>>) -> tensor<256xf32>
      %p = recur.matmul %u, %before : (tensor<256x256xf32>, tensor<256xf32>) -> tensor<256xf32>
      recur.write %p, %h offset 0 strides [1] : tensor<256xf32>, <tensor<256xf32>>
    }
  }
}
