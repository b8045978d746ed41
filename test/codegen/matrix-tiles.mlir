// Products in tile registers: panels of whole tiles, registers set up for a group as its rows want them, vectors where
// permission is refused.
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32 dot-bf16=32 weights=bf16" | FileCheck %s --check-prefix=PLAN
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32 dot-bf16=32 weights=bf16" --recur-lower-to-cpu="vector-bits=512 registers=32 dot-bf16=32" | FileCheck %s
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32 dot-int8=64 weights=int8" --recur-lower-to-cpu="vector-bits=512 registers=32 dot-int8=64" | FileCheck %s --check-prefix=INT8

// 65 elements are 33 pairs, filled up to 48.
// PLAN: recur.slot prepared "y.packed" : <tensor<1x1x48x1x16x2xbf16>>

// CHECK: llvm.mlir.global internal constant @tile.shapes
// CHECK: func.func private @seqc_matrix_tiles() -> i32 attributes {llvm.readnone}
// CHECK: func.func @Product.run
// CHECK: %[[ROWS:.*]] = arith.muli
// CHECK: %[[ANSWER:.*]] = call @seqc_matrix_tiles()
// CHECK: %[[ALLOWED:.*]] = arith.cmpi ne, %[[ANSWER]]
// CHECK: %[[FEW:.*]] = arith.minsi %[[ROWS]], %c16_i64
// CHECK: %[[WANTED:.*]] = arith.select %[[ALLOWED]], %[[FEW]]
// CHECK: arith.cmpi ne, %{{.*}}, %[[WANTED]]
// CHECK: llvm.mlir.addressof @tile.shapes
// CHECK: llvm.call_intrinsic "llvm.x86.ldtilecfg"
// CHECK: arith.cmpi ne, %[[WANTED]]
// CHECK: llvm.call_intrinsic "llvm.x86.tilerelease"
// CHECK: func.func private @Product.map0.y
// CHECK: %[[ANSWER:.*]] = call @seqc_matrix_tiles()
// CHECK: %[[ALLOWED:.*]] = arith.cmpi ne, %[[ANSWER]]
// CHECK: llvm.call_intrinsic "llvm.x86.avx512bf16.cvtneps2bf16.512"
// CHECK: func.call @"tile.matrix-bf16.1.rows256"({{.*}}, %[[ALLOWED]])
// CHECK: func.func private @"tile.matrix-bf16.1.rows256"
// CHECK: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// CHECK: } else {
// CHECK: func.call @tile.bf16.16x1

// For one or two rows vectors are faster, and give the same integers.
// INT8: %[[ANSWER:.*]] = call @seqc_matrix_tiles()
// INT8: %[[ALLOWED:.*]] = arith.cmpi ne, %[[ANSWER]]
// INT8: %[[ENOUGH:.*]] = arith.cmpi sge, %{{.*}}, %c3_i64
// INT8: arith.andi %[[ALLOWED]], %[[ENOUGH]]
// INT8: llvm.call_intrinsic "llvm.x86.tdpbusd"
!v = !recur.slot<tensor<65xf32>>
!w = !recur.slot<tensor<16x65xf32>>
!o = !recur.slot<tensor<16xf32>>
recur.system @Product {
  %W = recur.slot param "W" : !w
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot output "y" time batch : !o
  recur.map {
    recur.phase "y" space [16] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<65xf32>
      %w = recur.read %W offset 0 strides [65, 1] : (!w) -> tensor<16x65xf32>
      %p = recur.matmul %w, %xt : (tensor<16x65xf32>, tensor<65xf32>) -> tensor<16xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<16xf32>, !o
    }
  }
}
