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
