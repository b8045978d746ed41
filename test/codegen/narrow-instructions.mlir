// The instructions that multiply narrow weights, where the target has them and where it has not.
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32 weights=bf16" --recur-lower-to-cpu="vector-bits=512 registers=32 dot-bf16=2" | FileCheck %s --check-prefix=DOT-BF16
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=256 weights=bf16" --recur-lower-to-cpu="vector-bits=256" | FileCheck %s --check-prefix=WIDENED-BF16
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32 weights=int8" --recur-lower-to-cpu="vector-bits=512 registers=32 dot-int8=4" | FileCheck %s --check-prefix=DOT-INT8
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=256 weights=int8" --recur-lower-to-cpu="vector-bits=256 dot-int8=2" | FileCheck %s --check-prefix=PAIRWISE-INT8
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=128 registers=32 weights=int8" --recur-lower-to-cpu="vector-bits=128 registers=32" | FileCheck %s --check-prefix=SINGLE-INT8

// DOT-BF16: func.func private @tile.bf16.16x1.parts2
// DOT-BF16: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// WIDENED-BF16: func.func private @"tile.widened-bf16.8x2.parts2"
// WIDENED-BF16: arith.shli
// DOT-INT8: func.func private @tile.int8.16x1.parts2
// DOT-INT8: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// PAIRWISE-INT8: func.func private @"tile.pairwise-int8.8x2.parts2"
// PAIRWISE-INT8: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// SINGLE-INT8: func.func private @"tile.single-int8.4x4.parts2"
// SINGLE-INT8: arith.muli %{{.*}} : vector<4xi32>
!v = !recur.slot<tensor<16xf32>>
!w = !recur.slot<tensor<16x16xf32>>
recur.system @Product {
  %W = recur.slot param "W" : !w
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot output "y" time batch : !v
  recur.map {
    recur.phase "y" space [16] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<16xf32>
      %w = recur.read %W offset 0 strides [16, 1] : (!w) -> tensor<16x16xf32>
      %p = recur.matmul %w, %xt : (tensor<16x16xf32>, tensor<16xf32>) -> tensor<16xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<16xf32>, !v
    }
  }
}
