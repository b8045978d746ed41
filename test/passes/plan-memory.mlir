// RUN: seq-opt --pass-pipeline='builtin.module(recur.system(recur-plan-memory))' --split-input-file --mlir-use-nameloc-as-prefix %s | FileCheck %s

!s = !recur.slot<tensor<4xf32>>

// What a prepared group writes is prepared memory.
// CHECK-LABEL: @prepared
// CHECK: recur.slot prepared "w2"
recur.system exported @prepared {
  %w = recur.slot param "w" : !s
  %y = recur.slot output "y" time batch : !s
  %w2 = recur.slot workspace "w2" : !s
  recur.once prepared {
    recur.phase "w2" space [4] {
      %a = recur.read %w offset 0 strides [1] : (!s) -> tensor<4xf32>
      %b = recur.mul %a, %a : tensor<4xf32>
      recur.write %b, %w2 offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "y" space [4] {
      %a = recur.read %w2 offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %a, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// A value on the tape is read from there; the output is only written.
// CHECK-LABEL: @tape_instead_of_workspace
// CHECK-NOT: recur.slot workspace
// CHECK: [[T:%.*]] = recur.slot tape "h"
// CHECK: recur.read [[T]] shift -1
recur.system exported @tape_instead_of_workspace {
  %y = recur.slot output "h" time batch : !s
  %h = recur.slot workspace "h" time batch : !s
  %t = recur.slot tape "h" time batch : !s
  recur.loop forward {
    recur.phase "h" space [4] {
      %a = recur.read %h shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %b = recur.tanh %a : tensor<4xf32>
      recur.write %b, %y offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %b, %t offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %b, %h offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// A value that the caller gets is read from the caller's memory; its workspace is for callers who want none.
// CHECK-LABEL: @output_instead_of_workspace
// CHECK: [[Y:%.*]] = recur.slot output "h" time batch fallback [[H:%[^ ]*]] :
// CHECK: [[H]] = recur.slot workspace "h" time batch
// CHECK: recur.read [[Y]] shift -1
// CHECK: recur.write %{{.*}}, [[Y]]
// CHECK-NOT: recur.write
recur.system exported @output_instead_of_workspace {
  %y = recur.slot output "h" time batch : !s
  %h = recur.slot workspace "h" time batch : !s
  recur.loop forward {
    recur.phase "h" space [4] {
      %a = recur.read %h shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %b = recur.tanh %a : tensor<4xf32>
      recur.write %b, %y offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %b, %h offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// What only another phase of the same step reads is not kept for other steps; what nobody reads is not written.
// CHECK-LABEL: @one_step
// CHECK: recur.slot workspace "a" batch
// CHECK-NOT: "unread"
// CHECK: recur.loop
recur.system exported @one_step {
  %y = recur.slot output "h" time batch : !s
  %a = recur.slot workspace "a" time batch : !s
  %u = recur.slot workspace "unread" time batch : !s
  recur.loop forward {
    recur.phase "a" space [4] {
      %p = recur.read %y shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %p, %a offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "h" space [4] {
      %b = recur.read %a offset 0 strides [1] : (!s) -> tensor<4xf32>
      %c = recur.tanh %b : tensor<4xf32>
      recur.write %c, %y offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %c, %u offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// What only later steps of its loop read is kept for a few steps: two more than the longest lag. The end of a backward
// loop is the first step of every row; that of a forward loop is another step for each length.
// CHECK-LABEL: @rings
// CHECK: recur.slot workspace "a" time ring 4 batch
// CHECK: recur.slot workspace "b" time ring 8 batch
// CHECK: recur.slot workspace "c" time batch
// CHECK: recur.slot workspace "d" time batch
recur.system exported @rings {
  %y = recur.slot output "y" batch : !s
  %z = recur.slot output "z" batch : !s
  %m = recur.slot output "m" time batch : !s
  %a = recur.slot workspace "a" time batch : !s
  %b = recur.slot workspace "b" time batch : !s
  %c = recur.slot workspace "c" time batch : !s
  %d = recur.slot workspace "d" time batch : !s
  recur.loop backward {
    recur.phase "a" space [4] {
      %p = recur.read %a shift 1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %q = recur.read %b shift 3 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %r = recur.read %d shift 1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %q, %a offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %p, %b offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %r, %d offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.at start offset -1 {
    recur.phase "y" space [4] {
      %p = recur.read %a shift 1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "m" space [4] {
      %r = recur.read %d offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %r, %m offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.loop forward {
    recur.phase "c" space [4] {
      %p = recur.read %c shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %p, %c offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.at end offset 0 {
    recur.phase "z" space [4] {
      %p = recur.read %c shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %p, %z offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
