// RUN: seq-opt %s --recur-lower-to-cpu | FileCheck %s
// RUN: seq-opt %s --recur-lower-to-cpu=fma=false | FileCheck %s --check-prefix=NOFMA

!v = !recur.slot<tensor<20xf32>>
!w = !recur.slot<tensor<20x20xf32>>

// NOFMA-NOT: math.fma

// One function a program, one a phase; a loop calls its phases with t and a slice of their units.
// CHECK-LABEL: func.func @S.run(%{{.*}}: !llvm.ptr)
// CHECK: scf.for
// CHECK: %[[LAST:.*]] = arith.subi
// CHECK-NEXT: %[[T:.*]] = arith.subi %[[LAST]]
// CHECK: func.call @S.loop0.h(%{{.*}}, %[[T]], %{{.*}}, %{{.*}})
// CHECK: call @S.at0.last(
// CHECK-NOT: Prepared
recur.system @S {
  %P = recur.slot param "P" : !w
  %U = recur.slot prepared "U" : !w
  %h0 = recur.slot state "h" batch : !v
  %h = recur.slot output "h" time batch : !v
  %hT = recur.slot final_state "h" batch : !v
  recur.once prepared {
    recur.phase "U" space [20, 20] {
      %p = recur.read %P offset 0 strides [20, 1] : (!w) -> tensor<20x20xf32>
      recur.write %p, %U offset 0 strides [20, 1] : tensor<20x20xf32>, !w
    }
  }
  // A row of padding is written as zeros: the length of the row decides.
  // CHECK-LABEL: func.func private @S.loop0.h(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: i64)
  // CHECK: arith.cmpi slt
  // The boundary stands in for the row outside.
  // CHECK: arith.cmpi ult
  // CHECK: arith.select %{{.*}} : !llvm.ptr
  // Sixteen elements in two vectors, four in a shorter one, none masked.
  // CHECK: scf.for {{.*}} : i64
  // CHECK: llvm.store %{{.*}} : vector<8xf32>, !llvm.ptr
  // CHECK: llvm.store %{{.*}} : vector<4xf32>, !llvm.ptr
  recur.loop backward {
    recur.phase "h" space [20] {
      %hn = recur.read %h shift 1 boundary %h0 offset 0 strides [1] : (!v, !v) -> tensor<20xf32>
      %u = recur.read %U offset 0 strides [20, 1] : (!w) -> tensor<20x20xf32>
      %one = recur.constant dense<1.0> : tensor<20xf32>
      %y = recur.sigmoid %hn : tensor<20xf32>
      %z = recur.add %y, %one : tensor<20xf32>
      recur.write %z, %h offset 0 strides [1] : tensor<20xf32>, !v
    }
  }
  recur.at start offset 0 {
    recur.phase "last" space [20] {
      %hn = recur.read %h offset 0 strides [1] : (!v) -> tensor<20xf32>
      recur.write %hn, %hT offset 0 strides [1] : tensor<20xf32>, !v
    }
  }
}
// CHECK-LABEL: func.func @S.prepare(%{{.*}}: !llvm.ptr)
// CHECK: call @S.once0.U
