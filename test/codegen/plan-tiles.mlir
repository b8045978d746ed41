// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32" --split-input-file | FileCheck %s
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=128 registers=16" --split-input-file | FileCheck %s --check-prefix=SMALL

!v = !recur.slot<tensor<40xf32>>
!w = !recur.slot<tensor<40x40xf32>>
!w3 = !recur.slot<tensor<40x3xf32>>

// Two products with one vector share a panel; the last eight outputs fill half a vector, the rest is cleared.
// CHECK-LABEL: recur.system @Shared
// SMALL-LABEL: recur.system @Shared
recur.system @Shared {
  %U = recur.slot param "U" : !w
  %V = recur.slot param "V" : !w
  %h = recur.slot output "h" time batch : !v
  // CHECK: %[[PACKED:.*]] = recur.slot prepared "h.packed" : <tensor<1x1x40x6x16xf32>>
  // SMALL: recur.slot prepared "h.packed" : <tensor<1x5x40x4x4xf32>>
  // CHECK: recur.once prepared
  // CHECK: recur.phase "h.packed.clear" space [1, 3840]
  // CHECK: recur.phase "h.packed" space [1, 2, 40, 16]
  // CHECK-NEXT: recur.read %{{.*}} offset 0 strides [1920, 640, 1, 40]
  // CHECK-NEXT: recur.write %{{.*}}, %[[PACKED]] offset 0 strides [3840, 32, 96, 1]
  // CHECK: recur.phase "h.packed" space [1, 1, 40, 8]
  // CHECK-NEXT: recur.read %{{.*}} offset 1280 strides
  // CHECK-NEXT: recur.write %{{.*}}, %[[PACKED]] offset 64 strides [3840, 32, 96, 1]
  // SMALL-NOT: clear
  // CHECK: recur.loop forward
  recur.loop forward {
    recur.phase "h" space [40] {
      %hp = recur.read %h shift -1 offset 0 strides [1] : (!v) -> tensor<40xf32>
      %u = recur.read %U offset 0 strides [40, 1] : (!w) -> tensor<40x40xf32>
      %v = recur.read %V offset 0 strides [1, 40] : (!w) -> tensor<40x40xf32>
      // CHECK: %[[U:.*]] = recur.read_packed %[[PACKED]] product 0 of 2
      // CHECK: recur.matmul %[[U]],
      // CHECK: %[[V:.*]] = recur.read_packed %[[PACKED]] product 1 of 2
      // CHECK: recur.matmul %[[V]],
      %p = recur.matmul %u, %hp : (tensor<40x40xf32>, tensor<40xf32>) -> tensor<40xf32>
      %q = recur.matmul %v, %hp : (tensor<40x40xf32>, tensor<40xf32>) -> tensor<40xf32>
      %s = recur.add %p, %q : tensor<40xf32>
      recur.write %s, %h offset 0 strides [1] : tensor<40xf32>, !v
    }
  }
}

// -----

!v = !recur.slot<tensor<8xf32>>
!w = !recur.slot<tensor<8x8xf32>>
!s = !recur.slot<tensor<2x8xf32>>
!o = !recur.slot<tensor<2xf32>>

// Weights that vary in time are not packed, nor weights of few outputs, which go along the contracted dim.
// CHECK-LABEL: recur.system @NotPacked
recur.system @NotPacked {
  // CHECK-NOT: packed
  %M = recur.slot workspace "M" time batch : !w
  %S = recur.slot param "S" : !s
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot output "y" time batch : !v
  %o = recur.slot output "o" time batch : !o
  recur.map {
    recur.phase "y" space [8] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %m = recur.read %M offset 0 strides [8, 1] : (!w) -> tensor<8x8xf32>
      %p = recur.matmul %m, %xt : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<8xf32>, !v
    }
    recur.phase "o" space [2] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %m = recur.read %S offset 0 strides [8, 1] : (!s) -> tensor<2x8xf32>
      %p = recur.matmul %m, %xt : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2xf32>
      recur.write %p, %o offset 0 strides [1] : tensor<2xf32>, !o
    }
  }
}

// -----

!v = !recur.slot<tensor<8xf32>>
!w = !recur.slot<tensor<8x8xf32>>

// Weights that are not parameters alone are packed in every call; totals of outer products get scratch memory.
// CHECK-LABEL: recur.system @EachCall
recur.system @EachCall {
  %U = recur.slot workspace "U" : !w
  %dU = recur.slot d_param "U" zeroed : !w
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot output "y" time batch : !v
  // CHECK: recur.slot workspace "y.packed"
  // CHECK: recur.slot workspace "scratch" {recur.scratch}
  // CHECK: recur.once {
  recur.map {
    recur.phase "y" space [8] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %u = recur.read %U offset 0 strides [8, 1] : (!w) -> tensor<8x8xf32>
      %p = recur.matmul %u, %xt : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<8xf32>, !v
    }
    recur.phase "d.U" space [8, 8] total {
      %yt = recur.read %y offset 0 strides [1] : (!v) -> tensor<8xf32>
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %p = recur.outer %yt, %xt : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %p, %dU offset 0 strides [8, 1] : tensor<8x8xf32>, !w
    }
  }
}

// -----

!v = !recur.slot<tensor<8xf32>>
!z = !recur.slot<tensor<16xf32>>
!w = !recur.slot<tensor<8x8xf32>>
!c = !recur.slot<tensor<16x8xf32>>

// Weights concatenated along the contracted dim, as the adjoint of fused gates has them, are packed from their parts.
// CHECK-LABEL: recur.system @Concatenated
recur.system @Concatenated {
  %U = recur.slot param "U" : !w
  %V = recur.slot param "V" : !w
  %x = recur.slot input "x" time batch : !z
  %y = recur.slot output "y" time batch : !v
  // CHECK-NOT: "concat"
  %concat = recur.slot prepared "concat" : !c
  // CHECK: recur.once prepared
  // CHECK: recur.read %[[U:[0-9]+]] offset 0 strides [8, 8, 8, 1]
  // CHECK-NEXT: recur.write %{{.*}}, %[[PACKED:.*]] offset 0 strides [128, 8, 8, 1]
  // CHECK-NOT: recur.read %[[U]]
  // CHECK: recur.read %{{.*}} offset 0 strides [8, 8, 8, 1]
  // CHECK-NEXT: recur.write %{{.*}}, %[[PACKED]] offset 64 strides [128, 8, 8, 1]
  recur.once prepared {
    recur.phase "concat" space [8, 8] {
      %u = recur.read %U offset 0 strides [8, 1] : (!w) -> tensor<8x8xf32>
      %v = recur.read %V offset 0 strides [8, 1] : (!w) -> tensor<8x8xf32>
      recur.write %u, %concat offset 0 strides [8, 1] : tensor<8x8xf32>, !c
      recur.write %v, %concat offset 64 strides [8, 1] : tensor<8x8xf32>, !c
    }
  }
  recur.map {
    recur.phase "y" space [8] {
      %xt = recur.read %x offset 0 strides [1] : (!z) -> tensor<16xf32>
      %w = recur.read %concat offset 0 strides [1, 8] : (!c) -> tensor<8x16xf32>
      %p = recur.matmul %w, %xt : (tensor<8x16xf32>, tensor<16xf32>) -> tensor<8xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<8xf32>, !v
    }
  }
}

// -----

!v = !recur.slot<tensor<256xf32>>
!w = !recur.slot<tensor<536x256xf32>>
!c = !recur.slot<tensor<1072x256xf32>>

// Large weights are packed from their parts even where one starts inside of a panel, or of a vector: lanes up to the
// vector's end, vectors up to the panel's end, panels, and the rest.
// CHECK-LABEL: recur.system @Unaligned
recur.system @Unaligned {
  %U = recur.slot param "U" : !w
  %V = recur.slot param "V" : !w
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot output "y" time batch : <tensor<1072xf32>>
  // CHECK-NOT: "concat"
  // CHECK: recur.phase "y.packed" space [1, 1, 256, 8]
  // CHECK: recur.write %{{.*}}, %[[PACKED:.*]] offset 131088 strides
  // CHECK: recur.phase "y.packed" space [1, 1, 256, 8]
  // CHECK-NEXT: recur.read %{{.*}} offset 0 strides
  // CHECK-NEXT: recur.write %{{.*}}, %[[PACKED]] offset 131096 strides
  // CHECK: recur.phase "y.packed" space [1, 2, 256, 16]
  // CHECK-NEXT: recur.read %{{.*}} offset 2048 strides
  // CHECK-NEXT: recur.write %{{.*}}, %[[PACKED]] offset 131104 strides
  // CHECK: recur.phase "y.packed" space [7, 4, 256, 16]
  // CHECK-NEXT: recur.read %{{.*}} offset 10240 strides
  // CHECK-NEXT: recur.write %{{.*}}, %[[PACKED]] offset 147456 strides
  // CHECK: recur.phase "y.packed" space [1, 3, 256, 16]
  // CHECK-NEXT: recur.read %{{.*}} offset 124928 strides
  // CHECK-NEXT: recur.write %{{.*}}, %[[PACKED]] offset 262144 strides
  %concat = recur.slot prepared "concat" : !c
  recur.once prepared {
    recur.phase "concat" space [536, 256] {
      %u = recur.read %U offset 0 strides [256, 1] : (!w) -> tensor<536x256xf32>
      %v = recur.read %V offset 0 strides [256, 1] : (!w) -> tensor<536x256xf32>
      recur.write %u, %concat offset 0 strides [256, 1] : tensor<536x256xf32>, !c
      recur.write %v, %concat offset 137216 strides [256, 1] : tensor<536x256xf32>, !c
    }
  }
  recur.map {
    recur.phase "y" space [1072] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<256xf32>
      %w = recur.read %concat offset 0 strides [256, 1] : (!c) -> tensor<1072x256xf32>
      %p = recur.matmul %w, %xt : (tensor<1072x256xf32>, tensor<256xf32>) -> tensor<1072xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<1072xf32>, <tensor<1072xf32>>
    }
  }
}

// -----

!v = !recur.slot<tensor<8xf32>>
!w = !recur.slot<tensor<8x8xf32>>

// Totals of outer products that share an operand are one phase, which copies it once; not where they might add to the
// same element. Those that fill a gradient to which nothing has been added before are first.
// CHECK-LABEL: recur.system @Totals
recur.system @Totals {
  %a = recur.slot input "a" time batch : !v
  %c = recur.slot input "c" time batch : !v
  %x = recur.slot input "x" time batch : !v
  %dU = recur.slot d_param "U" zeroed : !w
  %dV = recur.slot d_param "V" zeroed : !w
  // CHECK: recur.phase "U" space [8, 8] total
  // CHECK: recur.accumulate first %{{.*}}, %[[U:[0-9]+]]
  // CHECK-NOT: recur.phase
  // CHECK: recur.accumulate first %{{.*}}, %[[V:[0-9]+]]
  // CHECK: recur.phase "again" space [8, 8] total
  // CHECK: recur.accumulate %{{.*}}, %[[V]]
  recur.map {
    recur.phase "U" space [8, 8] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dU offset 0 strides [8, 1] : tensor<8x8xf32>, !w
    }
    recur.phase "V" space [8, 8] total {
      %0 = recur.read %c offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dV offset 0 strides [8, 1] : tensor<8x8xf32>, !w
    }
    recur.phase "again" space [8, 8] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dV offset 0 strides [8, 1] : tensor<8x8xf32>, !w
    }
  }
}

// -----

!v = !recur.slot<tensor<8xf32>>
!w = !recur.slot<tensor<8x16xf32>>

// Other columns of the same matrix are other elements.
// CHECK-LABEL: recur.system @Columns
recur.system @Columns {
  %a = recur.slot input "a" time batch : !v
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot input "y" time batch : !v
  %dW = recur.slot d_param "W" zeroed : !w
  // CHECK: recur.phase "x" space [8, 8] total
  // CHECK: %[[A:.*]] = recur.read %0 offset 0
  // CHECK: recur.outer %[[A]],
  // CHECK: recur.accumulate first %{{.*}} offset 0
  // CHECK-NOT: recur.phase
  // CHECK: recur.outer %[[A]],
  // CHECK: recur.accumulate first %{{.*}} offset 8
  // CHECK: recur.phase "half" space [8, 8] total
  // CHECK: recur.accumulate %{{.*}} offset 4
  recur.map {
    recur.phase "x" space [8, 8] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dW offset 0 strides [16, 1] : tensor<8x8xf32>, !w
    }
    recur.phase "y" space [8, 8] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %y offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dW offset 8 strides [16, 1] : tensor<8x8xf32>, !w
    }
    recur.phase "half" space [8, 8] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %y offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dW offset 4 strides [16, 1] : tensor<8x8xf32>, !w
    }
  }
}

// -----

!v = !recur.slot<tensor<8xf32>>
!w = !recur.slot<tensor<8x16xf32>>

// Totals that do not fill a gradient, or overlap before they do, are not first: the memory has to be cleared.
// CHECK-LABEL: recur.system @NotFilled
// CHECK-NOT: recur.accumulate first
recur.system @NotFilled {
  %a = recur.slot input "a" time batch : !v
  %x = recur.slot input "x" time batch : !v
  %dW = recur.slot d_param "W" zeroed : !w
  %dV = recur.slot d_param "V" zeroed : !w
  recur.map {
    recur.phase "half" space [8, 8] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dW offset 0 strides [16, 1] : tensor<8x8xf32>, !w
    }
    recur.phase "left" space [8, 8] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dV offset 0 strides [16, 1] : tensor<8x8xf32>, !w
    }
    recur.phase "middle" space [8, 8] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dV offset 4 strides [16, 1] : tensor<8x8xf32>, !w
    }
  }
}

// -----

!v = !recur.slot<tensor<8xf32>>
!w = !recur.slot<tensor<16x8xf32>>

// Other rows of the same matrix are other elements, too; these fill it.
// CHECK-LABEL: recur.system @Rows
// CHECK: recur.phase "upper" space [8, 8] total
// CHECK: recur.accumulate first %{{.*}} offset 0
// CHECK-NOT: recur.phase
// CHECK: recur.accumulate first %{{.*}} offset 64
recur.system @Rows {
  %a = recur.slot input "a" time batch : !v
  %c = recur.slot input "c" time batch : !v
  %x = recur.slot input "x" time batch : !v
  %dW = recur.slot d_param "W" zeroed : !w
  recur.map {
    recur.phase "upper" space [8, 8] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dW offset 0 strides [8, 1] : tensor<8x8xf32>, !w
    }
    recur.phase "lower" space [8, 8] total {
      %0 = recur.read %c offset 0 strides [1] : (!v) -> tensor<8xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %2 = recur.outer %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
      recur.accumulate %2, %dW offset 64 strides [8, 1] : tensor<8x8xf32>, !w
    }
  }
}
