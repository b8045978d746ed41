// RUN: seq-opt --pass-pipeline='builtin.module(recur.system(recur-join-loops))' --split-input-file --mlir-use-nameloc-as-prefix %s | FileCheck %s

!s = !recur.slot<tensor<4xf32>>

// Rows join before sums, both before the product behind what they read. The product of all steps stays, and so does a
// sum that needs it.
// CHECK-LABEL: @rows_and_sums
// CHECK: recur.loop backward
// CHECK: recur.phase "d_z"
// CHECK-NEXT: recur.read
// CHECK: recur.phase "norm"
// CHECK: recur.phase "d_b" space [4] total
// CHECK: recur.phase "d_h"
// CHECK: recur.map
// CHECK-NEXT: recur.phase "d_x"
// CHECK: recur.phase "d_c" space [4] total
// CHECK-NOT: recur.phase
recur.system exported @rows_and_sums {
  %w = recur.slot param "w" : !recur.slot<tensor<4x4xf32>>
  %g = recur.slot d_output "h" time batch : !s
  %db = recur.slot d_param "b" zeroed : !s
  %dc = recur.slot d_param "c" zeroed : !s
  %dx = recur.slot d_input "x" time batch : !s
  %dz = recur.slot workspace "d_z" time batch : !s
  %n = recur.slot workspace "norm" time batch : !s
  %dh = recur.slot workspace "d_h" time batch : !s
  recur.loop backward {
    recur.phase "d_z" space [4] {
      %0 = recur.read %g offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %dh shift 1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      recur.write %2, %dz offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_h" space [4] {
      %0 = recur.read %w offset 0 strides [1, 4] : (!recur.slot<tensor<4x4xf32>>) -> tensor<4x4xf32>
      %1 = recur.read %dz offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.matmul %0, %1 : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      recur.write %2, %dh offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "norm" space [4] {
      %0 = recur.read %dz offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.mul %0, %0 : tensor<4xf32>
      recur.write %1, %n offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_x" space [4] {
      %0 = recur.read %w offset 0 strides [1, 4] : (!recur.slot<tensor<4x4xf32>>) -> tensor<4x4xf32>
      %1 = recur.read %n offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.matmul %0, %1 : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      recur.write %2, %dx offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_b" space [4] total {
      %0 = recur.read %dz offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.accumulate %0, %db offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_c" space [4] total {
      %0 = recur.read %dx offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.accumulate %0, %dc offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// A sequence that the loop needs at the next step is stored anyway.
// CHECK-LABEL: @needed_at_other_steps
// CHECK: recur.map
// CHECK-NEXT: recur.phase "y"
recur.system exported @needed_at_other_steps {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %h = recur.slot workspace "h" time batch : !s
  recur.loop forward {
    recur.phase "h" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %h shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      recur.write %2, %h offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "y" space [4] {
      %0 = recur.read %h offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// Two readers in the map, of which one needs another step of what the map makes: neither joins, since the sequence would
// be stored for the other.
// CHECK-LABEL: @another_step_of_the_map
// CHECK: recur.map
// CHECK-NEXT: recur.phase "a"
// CHECK: recur.phase "y"
recur.system exported @another_step_of_the_map {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %h = recur.slot workspace "h" time batch : !s
  %c = recur.slot workspace "c" time batch : !s
  %a = recur.slot workspace "a" time batch : !s
  recur.loop forward {
    recur.phase "h" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %c shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      recur.write %2, %c offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %0, %h offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "a" space [4] {
      %0 = recur.read %h offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %a offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "y" space [4] {
      %0 = recur.read %h offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %a shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      recur.write %2, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// A sum stays beside another one that adds to the same memory: their order is the map's.
// CHECK-LABEL: @two_sums_of_one_gradient
// CHECK: recur.map
// CHECK-NEXT: recur.phase "d_u"
// CHECK: recur.phase "d_b"
recur.system exported @two_sums_of_one_gradient {
  %x = recur.slot input "x" time batch : !s
  %g = recur.slot d_output "h" time batch : !s
  %db = recur.slot d_param "b" zeroed : !s
  %dz = recur.slot workspace "d_z" time batch : !s
  %dh = recur.slot workspace "d_h" time batch : !s
  recur.loop backward {
    recur.phase "d_z" space [4] {
      %0 = recur.read %g offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %dh shift 1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      recur.write %2, %dz offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %2, %dh offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "d_u" space [4] total {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.accumulate %0, %db offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_b" space [4] total {
      %0 = recur.read %dz offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.accumulate %0, %db offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// A map of which nothing is left goes.
// CHECK-LABEL: @nothing_left
// CHECK: recur.loop forward
// CHECK: recur.phase "y"
// CHECK-NOT: recur.map
recur.system exported @nothing_left {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %h = recur.slot workspace "h" time batch : !s
  %c = recur.slot workspace "c" time batch : !s
  recur.loop forward {
    recur.phase "h" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %c shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      recur.write %2, %c offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %0, %h offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "y" space [4] {
      %0 = recur.read %h offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// Of two sequences, the first one's sum does not come between the loop's rows and those that the second one brings; these
// bring with them what they need of the map.
// CHECK-LABEL: @two_sequences
// CHECK: recur.phase "a"
// CHECK: recur.phase "scale"
// CHECK: recur.phase "y"
// CHECK: recur.phase "d_b" space [4] total
// CHECK-NOT: recur.map
recur.system exported @two_sequences {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %db = recur.slot d_param "b" zeroed : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  %k = recur.slot workspace "k" time batch : !s
  recur.loop forward {
    recur.phase "a" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %a offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %0, %b offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "scale" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %k offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "y" space [4] {
      %0 = recur.read %b offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %k offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.mul %0, %1 : tensor<4xf32>
      recur.write %2, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "d_b" space [4] total {
      %0 = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.accumulate %0, %db offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
