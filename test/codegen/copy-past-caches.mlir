// RUN: seq-opt --recur-lower-to-cpu="vector-bits=512 registers=32" --split-input-file %s | FileCheck %s

// Packed weights that do not stay in a second-level cache are written past it, whole lines at a time, whether packing
// transposes or not; a fence makes that known to other threads.
// CHECK-LABEL: @M.run
// CHECK-LABEL: func.func private @M.once0.large(
// CHECK: call @copy.f32.past.8x512x16.8192x1x512.8192x16x1(
// CHECK: llvm.fence seq_cst
// CHECK-LABEL: func.func private @M.once0.large_as_it_is(
// CHECK: call @copy.f32.past.8x512x16.16x128x1.8192x16x1(
// CHECK: llvm.fence seq_cst
// CHECK-LABEL: func.func private @copy.f32.past.8x512x16.8192x1x512.8192x16x1(
// CHECK: vector.shuffle
// CHECK: llvm.store {{.*}}nontemporal
// CHECK-LABEL: func.func private @copy.f32.past.8x512x16.16x128x1.8192x16x1(
// CHECK-NOT: vector.shuffle
// CHECK: llvm.store {{.*}}nontemporal
recur.system @M {
  %w = recur.slot param "w" : !recur.slot<tensor<128x512xf32>>
  %v = recur.slot param "v" : !recur.slot<tensor<512x128xf32>>
  %p = recur.slot prepared "p" : !recur.slot<tensor<8x512x16xf32>>
  %q = recur.slot workspace "q" : !recur.slot<tensor<8x512x16xf32>>
  recur.once {
    recur.phase "large" space [8, 512, 16] {
      %r = recur.read %w offset 0 strides [8192, 1, 512] : (!recur.slot<tensor<128x512xf32>>) -> tensor<8x512x16xf32>
      recur.write %r, %p offset 0 strides [8192, 16, 1] : tensor<8x512x16xf32>, !recur.slot<tensor<8x512x16xf32>>
    }
    recur.phase "large_as_it_is" space [8, 512, 16] {
      %r = recur.read %v offset 0 strides [16, 128, 1] : (!recur.slot<tensor<512x128xf32>>) -> tensor<8x512x16xf32>
      recur.write %r, %q offset 0 strides [8192, 16, 1] : tensor<8x512x16xf32>, !recur.slot<tensor<8x512x16xf32>>
    }
  }
}

// -----

// What stays in the caches, memory of the caller, which may lie anywhere, and lines that are not written whole.
// CHECK-LABEL: @N.run
// CHECK-NOT: nontemporal
// CHECK-NOT: llvm.fence
recur.system @N {
  %w = recur.slot param "w" : !recur.slot<tensor<128x512xf32>>
  %small = recur.slot workspace "small" : !recur.slot<tensor<2x512x16xf32>>
  %out = recur.slot output "out" : !recur.slot<tensor<8x512x16xf32>>
  %apart = recur.slot workspace "apart" : !recur.slot<tensor<8x512x24xf32>>
  recur.once {
    recur.phase "small" space [2, 512, 16] {
      %r = recur.read %w offset 0 strides [8192, 1, 512] : (!recur.slot<tensor<128x512xf32>>) -> tensor<2x512x16xf32>
      recur.write %r, %small offset 0 strides [8192, 16, 1] : tensor<2x512x16xf32>, !recur.slot<tensor<2x512x16xf32>>
    }
    recur.phase "out" space [8, 512, 16] {
      %r = recur.read %w offset 0 strides [8192, 1, 512] : (!recur.slot<tensor<128x512xf32>>) -> tensor<8x512x16xf32>
      recur.write %r, %out offset 0 strides [8192, 16, 1] : tensor<8x512x16xf32>, !recur.slot<tensor<8x512x16xf32>>
    }
    recur.phase "apart" space [8, 512, 16] {
      %r = recur.read %w offset 0 strides [8192, 1, 512] : (!recur.slot<tensor<128x512xf32>>) -> tensor<8x512x16xf32>
      recur.write %r, %apart offset 0 strides [12288, 24, 1] : tensor<8x512x16xf32>, !recur.slot<tensor<8x512x24xf32>>
    }
  }
}
