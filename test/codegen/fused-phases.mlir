// Phases that read of each row only what others have written of the same row share their loop over rows.
// RUN: seq-opt %s --recur-plan-tiles --recur-lower-to-cpu | FileCheck %s

!v = !recur.slot<tensor<64xf32>>
!s = !recur.slot<tensor<1xf32>>
!w = !recur.slot<tensor<64x64xf32>>

recur.system @S {
  %x = recur.slot input "x" time batch : !v
  %W = recur.slot param "W" : !w
  %m = recur.slot workspace "m" time batch : !v
  %n = recur.slot workspace "n" time batch : !s
  %z = recur.slot workspace "z" time batch : !v
  %h = recur.slot output "h" time batch : !v
  %k = recur.slot workspace "k" batch : !s
  %g = recur.slot output "g" time batch : !v
  // A map: a block of rows through the product, then in smaller ones through a sum and what follows. What only these
  // phases use is kept for the rows of one block, on the stack: here sum and product, 336 rows of 4 and 256 bytes.
  // CHECK-LABEL: func.func private @S.map0.z(
  // CHECK-DAG: llvm.alloca %c1344_i64 x i8
  // CHECK-DAG: llvm.alloca %c86016_i64 x i8
  // CHECK: scf.for
  // CHECK: call @tile.f32.8x4.ahead(
  // CHECK: scf.for
  // CHECK: arith.addf {{.*}} : vector<8xf32>
  // CHECK: arith.subf
  // CHECK-NOT: func.func private @S.map0
  // The next one reads other rows of what this map writes: only when they all are there.
  // CHECK-LABEL: func.func private @S.map0.g(
  recur.map {
    recur.phase "m" space [64] {
      %w = recur.read %W offset 0 strides [64, 1] : (!w) -> tensor<64x64xf32>
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<64xf32>
      %p = recur.matmul %w, %xt : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
      recur.write %p, %m offset 0 strides [1] : tensor<64xf32>, !v
    }
    recur.phase "n" space [1] {
      %a = recur.read %m offset 0 strides [1] : (!v) -> tensor<64xf32>
      %sum = recur.reduce sum %a dim 0 keep : tensor<64xf32> -> tensor<1xf32>
      recur.write %sum, %n offset 0 strides [1] : tensor<1xf32>, !s
    }
    recur.phase "z" space [64] {
      %a = recur.read %m offset 0 strides [1] : (!v) -> tensor<64xf32>
      %sum = recur.read %n offset 0 strides [0] : (!s) -> tensor<64xf32>
      %d = recur.sub %a, %sum : tensor<64xf32>
      recur.write %d, %z offset 0 strides [1] : tensor<64xf32>, !v
    }
    recur.phase "g" space [64] {
      %before = recur.read %z shift -1 offset 0 strides [1] : (!v) -> tensor<64xf32>
      %e = recur.neg %before : tensor<64xf32>
      recur.write %e, %g offset 0 strides [1] : tensor<64xf32>, !v
    }
  }
  // A loop: what was written in the step before is there. The next row comes while one is computed: at once what a sum
  // takes, but vector by vector what a phase of vectors reads and writes.
  // CHECK-LABEL: func.func private @S.loop0.h(
  // CHECK: scf.for {{.*}} step %c64_i64
  // CHECK-NOT: scf.for
  // CHECK: llvm.intr.prefetch
  // CHECK: arith.addf {{.*}} : vector<8xf32>
  // CHECK: scf.for {{.*}} step %c8_i64
  // CHECK-NOT: scf.for
  // CHECK-COUNT-2: llvm.intr.prefetch
  // CHECK-NOT: scf.for
  // CHECK: arith.subf {{.*}} : vector<8xf32>
  // CHECK-NOT: func.func private @S.loop0
  recur.loop forward {
    recur.phase "k" space [1] {
      %a = recur.read %h shift -1 offset 0 strides [1] : (!v) -> tensor<64xf32>
      %sum = recur.reduce sum %a dim 0 keep : tensor<64xf32> -> tensor<1xf32>
      recur.write %sum, %k offset 0 strides [1] : tensor<1xf32>, !s
    }
    recur.phase "h" space [64] {
      %a = recur.read %z offset 0 strides [1] : (!v) -> tensor<64xf32>
      %sum = recur.read %k offset 0 strides [0] : (!s) -> tensor<64xf32>
      %d = recur.sub %a, %sum : tensor<64xf32>
      recur.write %d, %h offset 0 strides [1] : tensor<64xf32>, !v
    }
  }
}
