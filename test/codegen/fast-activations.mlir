// Activations where tables stand in AVX-512's registers, and elsewhere; shorter vectors are padded.
// RUN: seq-opt %s --recur-lower-to-cpu="vector-bits=512 fast-activations" | FileCheck %s --check-prefix=TABLES
// RUN: seq-opt %s --recur-lower-to-cpu="vector-bits=256 fast-activations" | FileCheck %s --check-prefix=PLAIN
// RUN: seq-opt %s --recur-lower-to-cpu="vector-bits=512" | FileCheck %s --check-prefix=EXACT

// TABLES: vector.shuffle %{{.*}} : vector<4xf32>, vector<4xf32>
// TABLES: llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.256"
// TABLES: llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.ps.256"
// TABLES: llvm.call_intrinsic "llvm.x86.avx512.rcp14.ps.256"
// PLAIN-NOT: llvm.x86
// PLAIN-COUNT-2: arith.divf
// Without a division as well: the sigmoid corrects the reciprocal, tanh has a table of seven columns.
// EXACT-NOT: arith.divf
// EXACT: llvm.call_intrinsic "llvm.x86.avx512.rcp14.ps.256"
// EXACT-COUNT-7: llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.ps.256"
// EXACT-NOT: arith.divf
!v = !recur.slot<tensor<4xf32>>
recur.system @Activations {
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot output "y" time batch : !v
  recur.map {
    recur.phase "y" space [4] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<4xf32>
      %s = recur.sigmoid %xt : tensor<4xf32>
      %t = recur.tanh %s : tensor<4xf32>
      recur.write %t, %y offset 0 strides [1] : tensor<4xf32>, !v
    }
  }
}
