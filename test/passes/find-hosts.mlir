// RUN: seq-opt --pass-pipeline='builtin.module(recur-find-hosts)' --split-input-file --mlir-use-nameloc-as-prefix %s | FileCheck %s

!s = !recur.slot<tensor<4xf32>>

// The tape's h may be where the output is, whatever it holds before (the products that h is made of); what backward
// makes of the gate may be where the gate was, but not where an output is.
// CHECK-LABEL: @model.forward_taped
// CHECK: [[Y:%.*]] = recur.slot output "y"
// CHECK: recur.slot tape "h" time batch host [[Y]] :
// CHECK: recur.slot tape "z" time batch :
// CHECK-LABEL: @model.backward
// CHECK: recur.slot workspace "dz" time batch host [[Z:%[^ ]*]] :
// CHECK: recur.slot workspace "dh" time batch :
// CHECK: [[Z]] = recur.slot tape "z"
recur.system exported @model.forward_taped attributes {recur.model = "model", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %h_tape = recur.slot tape "h" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  recur.map {
    recur.phase "p" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %h_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.loop forward {
    recur.phase "h" space [4] {
      %0 = recur.read %h_tape offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %h_tape shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %z = recur.sigmoid %1 : tensor<4xf32>
      %h = recur.mul %0, %z : tensor<4xf32>
      recur.write %h, %y offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %h, %h_tape offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @model.backward attributes {recur.model = "model", recur.program = "backward"} {
  %dx = recur.slot d_input "x" time batch : !s
  %dz = recur.slot workspace "dz" time batch : !s
  %dh = recur.slot workspace "dh" time batch : !s
  %h_tape = recur.slot tape "h" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  recur.loop backward {
    recur.phase "dz" space [4] {
      %z = recur.read %z_tape offset 0 strides [1] : (!s) -> tensor<4xf32>
      %h = recur.read %h_tape offset 0 strides [1] : (!s) -> tensor<4xf32>
      %0 = recur.mul %z, %h : tensor<4xf32>
      %1 = recur.add %z, %h : tensor<4xf32>
      recur.write %0, %dz offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %1, %dh offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "x" space [4] {
      %0 = recur.read %dz offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %dh offset 0 strides [1] : (!s) -> tensor<4xf32>
      %2 = recur.mul %0, %1 : tensor<4xf32>
      recur.write %2, %dx offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>

// Two slots with one output: what the second holds before would overwrite the first.
// CHECK-LABEL: @twice.forward_taped
// CHECK: [[Y:%.*]] = recur.slot output "y"
// CHECK: recur.slot tape "a" time batch host [[Y]] :
// CHECK: recur.slot tape "b" time batch :
recur.system exported @twice.forward_taped attributes {recur.model = "twice", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %a_tape = recur.slot tape "a" time batch : !s
  %b_tape = recur.slot tape "b" time batch : !s
  recur.map {
    recur.phase "y" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %0, %a_tape offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %0, %b_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @twice.backward attributes {recur.model = "twice", recur.program = "backward"} {
}

// -----

!s = !recur.slot<tensor<4xf32>>

// The output is no twin: it gets the first of two values.
// CHECK-LABEL: @first.forward_taped
// CHECK: recur.slot tape "h" time batch :
recur.system exported @first.forward_taped attributes {recur.model = "first", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %h_tape = recur.slot tape "h" time batch : !s
  recur.map {
    recur.phase "y" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %0, %h_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.loop forward {
    recur.phase "h" space [4] {
      %0 = recur.read %h_tape offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %h_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @first.backward attributes {recur.model = "first", recur.program = "backward"} {
}

// -----

!s = !recur.slot<tensor<4xf32>>

// Sums in the loop of what the tape holds come before that is overwritten, in their order, but behind what else they sum.
// A slot of the tape that backward does not read is no host.
// CHECK-LABEL: @total.backward
// CHECK: recur.slot workspace "dz" time batch host [[Z:%[^ ]*]] :
// CHECK: [[Z]] = recur.slot tape "z"
// CHECK: recur.phase "dh"
// CHECK-NEXT: recur.read
// CHECK-NEXT: recur.write
// CHECK-NEXT: }
// CHECK-NEXT: recur.phase "total"
// CHECK: recur.phase "other"
// CHECK: recur.phase "dz"
recur.system exported @total.forward_taped attributes {recur.model = "total", recur.program = "forward_taped"} {
  %unread = recur.slot tape "unread" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
}
recur.system exported @total.backward attributes {recur.model = "total", recur.program = "backward"} {
  %dw = recur.slot d_param "w" zeroed : !s
  %dx = recur.slot d_input "x" time batch : !s
  %dy = recur.slot d_output "y" time batch : !s
  %dv = recur.slot d_param "v" zeroed : !s
  %dh = recur.slot workspace "dh" batch : !s
  %dz = recur.slot workspace "dz" time batch : !s
  %unread = recur.slot tape "unread" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  recur.loop backward {
    recur.phase "dh" space [4] {
      %0 = recur.read %dy offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %dh offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "dz" space [4] {
      %0 = recur.read %dh offset 0 strides [1] : (!s) -> tensor<4xf32>
      %z = recur.read %z_tape offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.mul %0, %z : tensor<4xf32>
      recur.write %1, %dz offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "total" space [4] total {
      %0 = recur.read %dh offset 0 strides [1] : (!s) -> tensor<4xf32>
      %z = recur.read %z_tape offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.mul %0, %z : tensor<4xf32>
      recur.accumulate %1, %dw offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "other" space [4] total {
      %0 = recur.read %dh offset 0 strides [1] : (!s) -> tensor<4xf32>
      %z = recur.read %z_tape offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.add %0, %z : tensor<4xf32>
      recur.accumulate %1, %dv offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "x" space [4] {
      %0 = recur.read %dz offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %dx offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
