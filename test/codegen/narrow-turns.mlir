// A turn of a tile's loop takes two steps of k, but one of narrow weights: of two, the compiler would keep so many elements
// at hand that sums go to memory (sums-in-registers.test).
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32 weights=int8" --recur-lower-to-cpu="vector-bits=512 registers=32 dot-int8=4" | FileCheck %s --check-prefix=INT8
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32 weights=bf16" --recur-lower-to-cpu="vector-bits=512 registers=32 dot-bf16=2" | FileCheck %s --check-prefix=BF16
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32" --recur-lower-to-cpu="vector-bits=512 registers=32" | FileCheck %s

// CHECK-LABEL: func.func private @tile.f32.16x4.ahead(
// CHECK: case 6 {
// CHECK: scf.for
// CHECK-COUNT-48: math.fma
// CHECK-NOT: math.fma
// CHECK: scf.yield
// INT8-LABEL: func.func private @tile.int8.16x4.ahead(
// INT8: case 6 {
// INT8: scf.for
// INT8-COUNT-24: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// INT8-NOT: vpdpbusd
// INT8: scf.yield
// BF16-LABEL: func.func private @tile.bf16.16x4.ahead(
// BF16: case 6 {
// BF16: scf.for
// BF16-COUNT-24: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// BF16-NOT: dpbf16ps
// BF16: scf.yield
recur.system @S attributes {recur.program = "forward"} {
  %U = recur.slot param "U" : <tensor<1024x1024xf32>>
  %h = recur.slot output "h" time batch : <tensor<1024xf32>>
  recur.loop forward {
    recur.phase "h" space [1024] {
      %u = recur.read %U offset 0 strides [1024, 1] : (!recur.slot<tensor<1024x1024xf32>>) -> tensor<1024x1024xf32>
      %before = recur.read %h shift -1 offset 0 strides [1] : (!recur.slot<tensor<1024xf32>>) -> tensor<1024xf32>
      %p = recur.matmul %u, %before : (tensor<1024x1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
      recur.write %p, %h offset 0 strides [1] : tensor<1024xf32>, <tensor<1024xf32>>
    }
  }
}
