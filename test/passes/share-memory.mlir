// RUN: seq-opt --pass-pipeline='builtin.module(recur.system(recur-share-memory))' --split-input-file --mlir-use-nameloc-as-prefix %s | FileCheck %s

!s = !recur.slot<tensor<4xf32>>

// The second layer's sequences follow those of the first one. What is read for the last time where the other is written,
// element by element, is overwritten there.
// CHECK-LABEL: @layers
// CHECK: [[A:%.*]] = recur.slot workspace "a"
// CHECK-NOT: recur.slot workspace "b"
// CHECK: [[C:%.*]] = recur.slot workspace "c"
// CHECK-NOT: recur.slot workspace
// CHECK: recur.phase "b"
// CHECK-NEXT: recur.read [[A]]
// CHECK: recur.write %{{.*}}, [[A]]
// CHECK: recur.phase "c"
// CHECK-NEXT: recur.read [[A]] shift -1
// CHECK: recur.write %{{.*}}, [[C]]
recur.system exported @layers {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  %c = recur.slot workspace "c" time batch : !s
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %a offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.loop forward {
    recur.phase "b" space [4] {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %b shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      recur.write %2, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "c" space [4] {
      %0 = recur.read %b shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %c offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.loop forward {
    recur.phase "y" space [4] {
      %0 = recur.read %c offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %y shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      recur.write %2, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// Where several slots are free, the one that was used last is taken.
// CHECK-LABEL: @used_last
// CHECK: recur.slot workspace "a"
// CHECK: [[B:%.*]] = recur.slot workspace "b"
// CHECK-NOT: recur.slot workspace "c"
// CHECK: recur.phase "c"
// CHECK: recur.write %{{.*}}, [[B]]
recur.system exported @used_last {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  %c = recur.slot workspace "c" time batch : !s
  recur.map {
    recur.phase "ab" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %0, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.at end offset 0 {
    recur.phase "y" space [4] {
      %0 = recur.read %a shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.at end offset 0 {
    recur.phase "y" space [4] {
      %0 = recur.read %b shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "c" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %c offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.at end offset 0 {
    recur.phase "y" space [4] {
      %0 = recur.read %c shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// No row but the phase's own may be needed by a group that overwrites, whichever phase needs it: rows do not pass in step.
// CHECK-LABEL: @another_row
// CHECK: recur.slot workspace "a"
// CHECK: recur.slot workspace "b"
recur.system exported @another_row {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "y" space [4] {
      %0 = recur.read %a shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "b" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "y" space [4] {
      %0 = recur.read %b offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// Nor other elements, in the phase that overwrites: those of a product, or in another order ("a" is free again by then).
// CHECK-LABEL: @other_elements
// CHECK: [[A:%.*]] = recur.slot workspace "a"
// CHECK: [[B:%.*]] = recur.slot workspace "b"
// CHECK-NOT: recur.slot workspace
// CHECK: recur.phase "b"
// CHECK: recur.write %{{.*}}, [[B]]
// CHECK: recur.phase "c"
// CHECK: recur.write %{{.*}}, [[A]]
recur.system exported @other_elements {
  %w = recur.slot param "w" : !recur.slot<tensor<4x4xf32>>
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  %c = recur.slot workspace "c" time batch : !s
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.loop forward {
    recur.phase "b" space [4] {
      %0 = recur.read %w offset 0 strides [4, 1] : (!recur.slot<tensor<4x4xf32>>) -> tensor<4x4xf32>
      %1 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.matmul %0, %1 : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      recur.write %2, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "c" space [4] {
      %0 = recur.read %b offset 3 strides [-1] : (!s) -> tensor<4xf32>
      recur.write %0, %c offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.loop forward {
    recur.phase "y" space [4] {
      %0 = recur.read %c offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %y shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      recur.write %2, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>
!d = !recur.slot<tensor<8xf32>>

// Parts of a row: each takes the place of the same part, and what lies elsewhere does not matter.
// CHECK-LABEL: @parts
// CHECK: recur.slot workspace "a"
// CHECK-NOT: recur.slot workspace "b"
recur.system exported @parts {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %a = recur.slot workspace "a" time batch : !d
  %b = recur.slot workspace "b" time batch : !d
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !d
      recur.write %0, %a offset 4 strides [1] : tensor<4xf32>, !d
    }
  }
  recur.loop forward {
    recur.phase "b" space [4] {
      %0 = recur.read %a offset 0 strides [1] : (!d) -> tensor<4xf32>
      %1 = recur.read %a offset 4 strides [1] : (!d) -> tensor<4xf32>
      recur.write %0, %b offset 4 strides [1] : tensor<4xf32>, !d
      recur.write %1, %b offset 0 strides [1] : tensor<4xf32>, !d
    }
  }
  recur.map {
    recur.phase "y" space [4] {
      %0 = recur.read %b offset 0 strides [1] : (!d) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// A sum over rows that needs nothing of its group comes first, if that sets a slot free. One that needs the group's
// values cannot.
// CHECK-LABEL: @sum_comes_first
// CHECK: recur.slot workspace "a"
// CHECK-NOT: recur.slot workspace "b"
// CHECK: recur.map
// CHECK: recur.map
// CHECK-NEXT: recur.phase "d_c" space [4] total
// CHECK: recur.phase "b"
// CHECK: recur.phase "d_b" space [4] total
recur.system exported @sum_comes_first {
  %x = recur.slot input "x" time batch : !s
  %dc = recur.slot d_param "c" zeroed : !s
  %db = recur.slot d_param "b" zeroed : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "b" space [4] {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_c" space [4] total {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.accumulate %0, %dc offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_b" space [4] total {
      %0 = recur.read %b offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.accumulate %0, %db offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// What the rows of one group alone use keeps its slot.
// CHECK-LABEL: @within_one_group
// CHECK: recur.slot workspace "a"
// CHECK: recur.slot workspace "b"
recur.system exported @within_one_group {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "b" space [4] {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "y" space [4] {
      %0 = recur.read %b offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// A sum that needs the group's values as well cannot come first: the slot is not free.
// CHECK-LABEL: @sum_of_both
// CHECK: recur.slot workspace "a"
// CHECK: recur.slot workspace "b"
recur.system exported @sum_of_both {
  %x = recur.slot input "x" time batch : !s
  %dc = recur.slot d_param "c" zeroed : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "b" space [4] {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_c" space [4] total {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %b offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.mul %0, %1 : tensor<4xf32>
      recur.accumulate %2, %dc offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// Nor can one that adds to what another sum of the group adds to.
// CHECK-LABEL: @sums_of_one_gradient
// CHECK: recur.slot workspace "a"
// CHECK: recur.slot workspace "b"
recur.system exported @sums_of_one_gradient {
  %x = recur.slot input "x" time batch : !s
  %dc = recur.slot d_param "c" zeroed : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "b" space [4] {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_c" space [4] total {
      %0 = recur.read %b offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.accumulate %0, %dc offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_c" space [4] total {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.accumulate %0, %dc offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>
!d = !recur.slot<tensor<8xf32>>

// What is written overlaps other elements that are read: they may not be loaded yet.
// CHECK-LABEL: @overlap
// CHECK: recur.slot workspace "a"
// CHECK: recur.slot workspace "b"
recur.system exported @overlap {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %a = recur.slot workspace "a" time batch : !d
  %b = recur.slot workspace "b" time batch : !d
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !d
    }
  }
  recur.loop forward {
    recur.phase "b" space [4] {
      %0 = recur.read %a offset 0 strides [1] : (!d) -> tensor<4xf32>
      recur.write %0, %b offset 3 strides [1] : tensor<4xf32>, !d
    }
  }
  recur.map {
    recur.phase "y" space [4] {
      %0 = recur.read %b offset 3 strides [1] : (!d) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>
!d = !recur.slot<tensor<8xf32>>

// Slots of different types do not share.
// CHECK-LABEL: @other_type
// CHECK: recur.slot workspace "a"
// CHECK: recur.slot workspace "b"
recur.system exported @other_type {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %a = recur.slot workspace "a" time batch : !d
  %b = recur.slot workspace "b" time batch : !s
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !d
    }
  }
  recur.loop forward {
    recur.phase "b" space [4] {
      %0 = recur.read %a offset 0 strides [1] : (!d) -> tensor<4xf32>
      recur.write %0, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "y" space [4] {
      %0 = recur.read %b offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// A total of outer products is as large as a product: it is not moved, and its operand stays.
// CHECK-LABEL: @outer
// CHECK: recur.slot workspace "a"
// CHECK: recur.slot workspace "b"
// CHECK: recur.phase "b"
// CHECK: recur.phase "w" space [4, 4] total
recur.system exported @outer {
  %x = recur.slot input "x" time batch : !s
  %w = recur.slot d_param "w" zeroed : !recur.slot<tensor<4x4xf32>>
  %y = recur.slot output "y" time batch : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %a offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "b" space [4] {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "w" space [4, 4] total {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.outer %0, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
      recur.accumulate %2, %w offset 0 strides [4, 1] : tensor<4x4xf32>, !recur.slot<tensor<4x4xf32>>
    }
  }
  recur.loop forward {
    recur.phase "y" space [4] {
      %0 = recur.read %b offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %y shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      recur.write %2, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
