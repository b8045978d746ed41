// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32 weights=bf16" --split-input-file | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32 weights=int8" --split-input-file | FileCheck %s --check-prefixes=CHECK,INT8

!v = !recur.slot<tensor<41xf32>>
!w = !recur.slot<tensor<41x41xf32>>

// Pairs of k in bf16, groups of four after two rows for sums and scales in int8; the odd depth is filled up.
// CHECK-LABEL: recur.system @Inference
recur.system @Inference attributes {recur.program = "forward"} {
  %U = recur.slot param "U" : !w
  %V = recur.slot param "V" : !w
  %h = recur.slot output "h" time batch : !v
  // BF16: %[[PACKED:.*]] = recur.slot prepared "h.packed" : <tensor<1x1x21x6x16x2xbf16>>
  // INT8: %[[PACKED:.*]] = recur.slot prepared "h.packed" : <tensor<1x1x13x6x16x4xi8>>
  // CHECK: recur.once prepared
  // CHECK-NEXT: recur.phase "h.packed" space [41, 41]
  // CHECK-NEXT: %[[W:.*]] = recur.read %{{.*}} offset 0 strides [41, 1]
  // CHECK-NEXT: recur.pack %[[W]], %[[PACKED]] product 0 of 2
  // CHECK: recur.phase "h.packed" space [41, 41]
  // CHECK-NEXT: %[[W:.*]] = recur.read %{{.*}} offset 0 strides [1, 41]
  // CHECK-NEXT: recur.pack %[[W]], %[[PACKED]] product 1 of 2
  recur.loop forward {
    recur.phase "h" space [41] {
      %hp = recur.read %h shift -1 offset 0 strides [1] : (!v) -> tensor<41xf32>
      %u = recur.read %U offset 0 strides [41, 1] : (!w) -> tensor<41x41xf32>
      %v = recur.read %V offset 0 strides [1, 41] : (!w) -> tensor<41x41xf32>
      // CHECK: recur.read_packed %[[PACKED]] product 0 of 2
      // CHECK: recur.read_packed %[[PACKED]] product 1 of 2
      %p = recur.matmul %u, %hp : (tensor<41x41xf32>, tensor<41xf32>) -> tensor<41xf32>
      %q = recur.matmul %v, %hp : (tensor<41x41xf32>, tensor<41xf32>) -> tensor<41xf32>
      %s = recur.add %p, %q : tensor<41xf32>
      recur.write %s, %h offset 0 strides [1] : tensor<41xf32>, !v
    }
  }
}

// -----

!v = !recur.slot<tensor<8xf32>>
!w = !recur.slot<tensor<8x8xf32>>

// Training keeps the model's own numbers.
// CHECK-LABEL: recur.system @Training
recur.system @Training attributes {recur.program = "forward_taped"} {
  // CHECK: recur.slot prepared "y.packed" : <tensor<1x1x8x1x8xf32>>
  // CHECK-NOT: recur.pack
  %W = recur.slot param "W" : !w
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot output "y" time batch : !v
  recur.map {
    recur.phase "y" space [8] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %w = recur.read %W offset 0 strides [8, 1] : (!w) -> tensor<8x8xf32>
      %p = recur.matmul %w, %xt : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<8xf32>, !v
    }
  }
}

// -----

!x = !recur.slot<tensor<4097xf32>>
!y = !recur.slot<tensor<4xf32>>
!w = !recur.slot<tensor<4x4097xf32>>

// A row that would be too much for a stack is left as it is.
// CHECK-LABEL: recur.system @Long
recur.system @Long {
  // CHECK: recur.slot prepared "y.packed" : <tensor<1x1x4097x1x4xf32>>
  %W = recur.slot param "W" : !w
  %x = recur.slot input "x" time batch : !x
  %y = recur.slot output "y" time batch : !y
  recur.map {
    recur.phase "y" space [4] {
      %xt = recur.read %x offset 0 strides [1] : (!x) -> tensor<4097xf32>
      %w = recur.read %W offset 0 strides [4097, 1] : (!w) -> tensor<4x4097xf32>
      %p = recur.matmul %w, %xt : (tensor<4x4097xf32>, tensor<4097xf32>) -> tensor<4xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<4xf32>, !y
    }
  }
}

// -----

!v = !recur.slot<tensor<8xf32>>
!w = !recur.slot<tensor<4x8xf32>>
!c = !recur.slot<tensor<8x8xf32>>

// Concatenated gates are rounded piece by piece, and the whole is not kept.
// CHECK-LABEL: recur.system @Concatenated
recur.system @Concatenated attributes {recur.program = "forward"} {
  %U = recur.slot param "U" : !w
  %V = recur.slot param "V" : !w
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot output "y" time batch : !v
  // CHECK-NOT: "concat"
  %concat = recur.slot prepared "concat" : !c
  // CHECK: recur.once prepared
  // CHECK: recur.read %[[U:[0-9]+]] offset 0 strides [8, 1]
  // CHECK-NEXT: recur.pack %{{.*}}, %[[PACKED:.*]] product 0 of 1 : tensor<4x8xf32>
  // CHECK-NOT: recur.read %[[U]]
  // CHECK: recur.read %{{.*}} offset 0 strides [8, 1]
  // CHECK-NEXT: recur.pack %{{.*}}, %[[PACKED]] product 0 of 1 from 4 : tensor<4x8xf32>
  recur.once prepared {
    recur.phase "concat" space [4, 8] {
      %u = recur.read %U offset 0 strides [8, 1] : (!w) -> tensor<4x8xf32>
      %v = recur.read %V offset 0 strides [8, 1] : (!w) -> tensor<4x8xf32>
      recur.write %u, %concat offset 0 strides [8, 1] : tensor<4x8xf32>, !c
      recur.write %v, %concat offset 32 strides [8, 1] : tensor<4x8xf32>, !c
    }
  }
  recur.map {
    recur.phase "y" space [8] {
      %xt = recur.read %x offset 0 strides [1] : (!v) -> tensor<8xf32>
      %w = recur.read %concat offset 0 strides [8, 1] : (!c) -> tensor<8x8xf32>
      %p = recur.matmul %w, %xt : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<8xf32>, !v
    }
  }
}
