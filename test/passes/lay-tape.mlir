// RUN: seq-opt --pass-pipeline='builtin.module(recur-lay-tape)' --split-input-file --mlir-use-nameloc-as-prefix %s | FileCheck %s

!s = !recur.slot<tensor<4xf32>>
!w = !recur.slot<tensor<8xf32>>

// The gates go where their products were, in one phase (%z) or in a later one (%g); backward finds them there. Of what
// is made of a product, the gate is made first.
// CHECK-LABEL: @gates.forward_taped
// CHECK-NOT: workspace
// CHECK: [[C:%.*]] = recur.slot tape "c" time batch
// CHECK-NEXT: [[T:%.*]] = recur.slot tape "z-g" time batch : <tensor<8xf32>>
// CHECK-NOT: recur.slot
// CHECK: recur.phase "products"
// CHECK: recur.write %{{.*}}, [[T]] offset 0
// CHECK: recur.phase "z"
// CHECK: [[Z:%.*]] = recur.sigmoid
// CHECK: recur.write %{{.*}}, [[C]] offset 0
// CHECK: recur.write [[Z]], [[T]] offset 0
// CHECK: recur.phase "g"
// CHECK-NEXT: recur.read [[T]] offset 4
// CHECK: recur.write %{{.*}}, [[T]] offset 4
// CHECK-LABEL: @gates.backward
// CHECK: [[T:%.*]] = recur.slot tape "z-g" time batch : <tensor<8xf32>>
// CHECK-NEXT: recur.slot tape "c"
// CHECK: recur.read [[T]] offset 4
// CHECK: recur.read [[T]] offset 0
recur.system exported @gates.forward_taped attributes {recur.model = "gates", recur.program = "forward_taped"} {
  %W = recur.slot param "W" : !recur.slot<tensor<8x4xf32>>
  %x = recur.slot input "x" time batch : !s
  %p = recur.slot workspace "p" time batch : !w
  %c_tape = recur.slot tape "c" time batch : !s
  %g_tape = recur.slot tape "g" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  recur.map {
    recur.phase "products" space [8] {
      %w = recur.read %W offset 0 strides [4, 1] : (!recur.slot<tensor<8x4xf32>>) -> tensor<8x4xf32>
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.matmul %w, %0 : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
      recur.write %1, %p offset 0 strides [1] : tensor<8xf32>, !w
    }
  }
  recur.loop forward {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!w) -> tensor<4xf32>
      %z = recur.sigmoid %0 : tensor<4xf32>
      %1 = recur.read %c_tape shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %c = recur.mul %z, %1 : tensor<4xf32>
      recur.write %c, %c_tape offset 0 strides [1] : tensor<4xf32>, !s
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "g" space [4] {
      %0 = recur.read %p offset 4 strides [1] : (!w) -> tensor<4xf32>
      %g = recur.tanh %0 : tensor<4xf32>
      recur.write %g, %g_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @gates.backward attributes {recur.model = "gates", recur.program = "backward"} {
  %dx = recur.slot d_input "x" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  %c_tape = recur.slot tape "c" time batch : !s
  %g_tape = recur.slot tape "g" time batch : !s
  recur.map {
    recur.phase "x" space [4] {
      %g = recur.read %g_tape offset 0 strides [1] : (!s) -> tensor<4xf32>
      %z = recur.read %z_tape offset 0 strides [1] : (!s) -> tensor<4xf32>
      %c = recur.read %c_tape offset 0 strides [1] : (!s) -> tensor<4xf32>
      %0 = recur.mul %g, %z : tensor<4xf32>
      %1 = recur.mul %0, %c : tensor<4xf32>
      recur.write %1, %dx offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>
!w = !recur.slot<tensor<8xf32>>

// The tape does not grow: half of the products are of no gate that it keeps.
// CHECK-LABEL: @half.forward_taped
// CHECK: recur.slot workspace "p"
// CHECK: recur.slot tape "z"
recur.system exported @half.forward_taped attributes {recur.model = "half", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !w
  %y = recur.slot output "y" time batch : !s
  %p = recur.slot workspace "p" time batch : !w
  %z_tape = recur.slot tape "z" time batch : !s
  recur.map {
    recur.phase "p" space [8] {
      %0 = recur.read %x shift 1 offset 0 strides [1] : (!w) -> tensor<8xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<8xf32>, !w
    }
  }
  recur.map {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!w) -> tensor<4xf32>
      %z = recur.sigmoid %0 : tensor<4xf32>
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
      %1 = recur.read %p offset 4 strides [1] : (!w) -> tensor<4xf32>
      recur.write %1, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @half.backward attributes {recur.model = "half", recur.program = "backward"} {
  %z_tape = recur.slot tape "z" time batch : !s
}

// -----

!s = !recur.slot<tensor<4xf32>>

// What is read again later stays; so does what another row needs (@later reads %p for the output, @shifted the row before).
// CHECK-LABEL: @later.forward_taped
// CHECK: recur.slot workspace "p"
recur.system exported @later.forward_taped attributes {recur.model = "later", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !s
  %y = recur.slot output "y" time batch : !s
  %p = recur.slot workspace "p" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  recur.map {
    recur.phase "p" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.loop forward {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!s) -> tensor<4xf32>
      %z = recur.sigmoid %0 : tensor<4xf32>
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "y" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %y offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @later.backward attributes {recur.model = "later", recur.program = "backward"} {
  %z_tape = recur.slot tape "z" time batch : !s
}
// CHECK-LABEL: @shifted.forward_taped
// CHECK: recur.slot workspace "p"
recur.system exported @shifted.forward_taped attributes {recur.model = "shifted", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !s
  %p = recur.slot workspace "p" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  recur.map {
    recur.phase "p" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.loop forward {
    recur.phase "z" space [4] {
      %0 = recur.read %p shift -1 offset 0 strides [1] : (!s) -> tensor<4xf32>
      %z = recur.sigmoid %0 : tensor<4xf32>
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @shifted.backward attributes {recur.model = "shifted", recur.program = "backward"} {
  %z_tape = recur.slot tape "z" time batch : !s
}

// -----

!s = !recur.slot<tensor<4xf32>>
!w = !recur.slot<tensor<8xf32>>

// A view of a boundary begins where that of the sequence does: what has one, here or in backward, can only stand first.
// CHECK-LABEL: @boundary.forward_taped
// CHECK: recur.slot workspace "p"
// CHECK-LABEL: @boundary_first.forward_taped
// CHECK: recur.slot tape "c-z"
recur.system exported @boundary.forward_taped attributes {recur.model = "boundary", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !w
  %p = recur.slot workspace "p" time batch : !w
  %z_tape = recur.slot tape "z" time batch : !s
  %c_tape = recur.slot tape "c" time batch : !s
  recur.map {
    recur.phase "p" space [8] {
      %0 = recur.read %x offset 0 strides [1] : (!w) -> tensor<8xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<8xf32>, !w
    }
  }
  recur.loop forward {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!w) -> tensor<4xf32>
      %z = recur.sigmoid %0 : tensor<4xf32>
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
      %1 = recur.read %p offset 4 strides [1] : (!w) -> tensor<4xf32>
      %c = recur.tanh %1 : tensor<4xf32>
      recur.write %c, %c_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @boundary.backward attributes {recur.model = "boundary", recur.program = "backward"} {
  %c0 = recur.slot state "c" batch : !s
  %dx = recur.slot d_input "x" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  %c_tape = recur.slot tape "c" time batch : !s
  recur.map {
    recur.phase "x" space [4] {
      %0 = recur.read %c_tape shift -1 boundary %c0 offset 0 strides [1] : (!s, !s) -> tensor<4xf32>
      recur.write %0, %dx offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @boundary_first.forward_taped attributes {recur.model = "boundary_first", recur.program = "forward_taped"} {
  %c0 = recur.slot state "c" batch : !s
  %x = recur.slot input "x" time batch : !w
  %p = recur.slot workspace "p" time batch : !w
  %z_tape = recur.slot tape "z" time batch : !s
  %c_tape = recur.slot tape "c" time batch : !s
  recur.map {
    recur.phase "p" space [8] {
      %0 = recur.read %x offset 0 strides [1] : (!w) -> tensor<8xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<8xf32>, !w
    }
  }
  recur.loop forward {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 4 strides [1] : (!w) -> tensor<4xf32>
      %z = recur.sigmoid %0 : tensor<4xf32>
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
      %1 = recur.read %p offset 0 strides [1] : (!w) -> tensor<4xf32>
      %2 = recur.read %c_tape shift -1 boundary %c0 offset 0 strides [1] : (!s, !s) -> tensor<4xf32>
      %c = recur.add %1, %2 : tensor<4xf32>
      recur.write %c, %c_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @boundary_first.backward attributes {recur.model = "boundary_first", recur.program = "backward"} {
  %z_tape = recur.slot tape "z" time batch : !s
}

// -----

!s = !recur.slot<tensor<4xf32>>

// What would be copied to where it is needs no copy, and no phase and map for that.
// CHECK-LABEL: @copy.forward_taped
// CHECK: recur.slot tape "z"
// CHECK: recur.phase "p"
// CHECK-NOT: recur.map
// CHECK-NOT: recur.phase
// CHECK-LABEL: @copy.backward
recur.system exported @copy.forward_taped attributes {recur.model = "copy", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !s
  %p = recur.slot workspace "p" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  recur.map {
    recur.phase "p" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @copy.backward attributes {recur.model = "copy", recur.program = "backward"} {
  %z_tape = recur.slot tape "z" time batch : !s
}

// -----

!s = !recur.slot<tensor<4xf32>>

// Without a backward there is no tape to lay out.
// CHECK-LABEL: @alone.forward_taped
// CHECK: recur.slot workspace "p"
recur.system exported @alone.forward_taped attributes {recur.model = "alone", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !s
  %p = recur.slot workspace "p" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  recur.map {
    recur.phase "p" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.tanh %0 : tensor<4xf32>
      recur.write %1, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}

// -----

!s = !recur.slot<tensor<4xf32>>
!w = !recur.slot<tensor<8xf32>>

// One value of both halves has one place; booleans have none among numbers.
// CHECK-LABEL: @one.forward_taped
// CHECK: recur.slot workspace "p"
// CHECK-LABEL: @boolean.forward_taped
// CHECK: recur.slot workspace "p"
recur.system exported @one.forward_taped attributes {recur.model = "one", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !w
  %p = recur.slot workspace "p" time batch : !w
  %z_tape = recur.slot tape "z" time batch : !s
  recur.map {
    recur.phase "p" space [8] {
      %0 = recur.read %x offset 0 strides [1] : (!w) -> tensor<8xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<8xf32>, !w
    }
  }
  recur.loop forward {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!w) -> tensor<4xf32>
      %1 = recur.read %p offset 4 strides [1] : (!w) -> tensor<4xf32>
      %z = recur.add %0, %1 : tensor<4xf32>
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @one.backward attributes {recur.model = "one", recur.program = "backward"} {
  %z_tape = recur.slot tape "z" time batch : !s
}
recur.system exported @boolean.forward_taped attributes {recur.model = "boolean", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !s
  %p = recur.slot workspace "p" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !recur.slot<tensor<4xi1>>
  recur.map {
    recur.phase "p" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.loop forward {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!s) -> tensor<4xf32>
      %1 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      %z = recur.compare gt %0, %1 : tensor<4xf32> -> tensor<4xi1>
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xi1>, !recur.slot<tensor<4xi1>>
    }
  }
}
recur.system exported @boolean.backward attributes {recur.model = "boolean", recur.program = "backward"} {
  %z_tape = recur.slot tape "z" time batch : !recur.slot<tensor<4xi1>>
}

// -----

!s = !recur.slot<tensor<4xf32>>
!w = !recur.slot<tensor<8xf32>>

// A boundary in forward, of what would not stand first; and a sum behind the phase that overwrites what it reads.
// CHECK-LABEL: @boundary_here.forward_taped
// CHECK: recur.slot workspace "p"
// CHECK-LABEL: @summed.forward_taped
// CHECK: recur.slot workspace "p"
recur.system exported @boundary_here.forward_taped attributes {recur.model = "boundary_here", recur.program = "forward_taped"} {
  %c0 = recur.slot state "c" batch : !s
  %x = recur.slot input "x" time batch : !w
  %p = recur.slot workspace "p" time batch : !w
  %z_tape = recur.slot tape "z" time batch : !s
  %c_tape = recur.slot tape "c" time batch : !s
  recur.map {
    recur.phase "p" space [8] {
      %0 = recur.read %x offset 0 strides [1] : (!w) -> tensor<8xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<8xf32>, !w
    }
  }
  recur.loop forward {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!w) -> tensor<4xf32>
      %z = recur.sigmoid %0 : tensor<4xf32>
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
      %1 = recur.read %p offset 4 strides [1] : (!w) -> tensor<4xf32>
      %2 = recur.read %c_tape shift -1 boundary %c0 offset 0 strides [1] : (!s, !s) -> tensor<4xf32>
      %c = recur.add %1, %2 : tensor<4xf32>
      recur.write %c, %c_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @boundary_here.backward attributes {recur.model = "boundary_here", recur.program = "backward"} {
  %z_tape = recur.slot tape "z" time batch : !s
  %c_tape = recur.slot tape "c" time batch : !s
}
recur.system exported @summed.forward_taped attributes {recur.model = "summed", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !s
  %sum = recur.slot workspace "sum" zeroed : !s
  %p = recur.slot workspace "p" time batch : !s
  %z_tape = recur.slot tape "z" time batch : !s
  recur.map {
    recur.phase "p" space [4] {
      %0 = recur.read %x offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
  recur.map {
    recur.phase "z" space [4] {
      %0 = recur.read %p offset 0 strides [1] : (!s) -> tensor<4xf32>
      %z = recur.sigmoid %0 : tensor<4xf32>
      recur.write %z, %z_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
    recur.phase "sum" space [4] total {
      %0 = recur.read %p offset 0 strides [1] : (!s) -> tensor<4xf32>
      recur.accumulate %0, %sum offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @summed.backward attributes {recur.model = "summed", recur.program = "backward"} {
  %z_tape = recur.slot tape "z" time batch : !s
}

// -----

!s = !recur.slot<tensor<4xf32>>
!w = !recur.slot<tensor<8xf32>>

// What two phases write in parts is one slot of the tape all the same; a part that the other half is copied to stays a
// copy.
// CHECK-LABEL: @parts.forward_taped
// CHECK: [[T:%.*]] = recur.slot tape "z-g" time batch : <tensor<8xf32>>
// CHECK: recur.phase "z"
// CHECK: [[COPY:%.*]] = recur.read [[T]] offset 6
// CHECK: recur.write [[COPY]], [[T]] offset 2
recur.system exported @parts.forward_taped attributes {recur.model = "parts", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !w
  %p = recur.slot workspace "p" time batch : !w
  %z_tape = recur.slot tape "z" time batch : !s
  %g_tape = recur.slot tape "g" time batch : !s
  recur.map {
    recur.phase "p" space [8] {
      %0 = recur.read %x offset 0 strides [1] : (!w) -> tensor<8xf32>
      recur.write %0, %p offset 0 strides [1] : tensor<8xf32>, !w
    }
  }
  recur.map {
    recur.phase "z" space [2] {
      %0 = recur.read %p offset 0 strides [1] : (!w) -> tensor<2xf32>
      %1 = recur.sigmoid %0 : tensor<2xf32>
      recur.write %1, %z_tape offset 0 strides [1] : tensor<2xf32>, !s
      %2 = recur.read %p offset 6 strides [1] : (!w) -> tensor<2xf32>
      recur.write %2, %z_tape offset 2 strides [1] : tensor<2xf32>, !s
    }
    recur.phase "g" space [4] {
      %0 = recur.read %p offset 4 strides [1] : (!w) -> tensor<4xf32>
      %1 = recur.sigmoid %0 : tensor<4xf32>
      recur.write %1, %g_tape offset 0 strides [1] : tensor<4xf32>, !s
    }
  }
}
recur.system exported @parts.backward attributes {recur.model = "parts", recur.program = "backward"} {
  %z_tape = recur.slot tape "z" time batch : !s
  %g_tape = recur.slot tape "g" time batch : !s
}
