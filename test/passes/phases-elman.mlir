// The phases level of an Elman network, h = tanh(U @ h[t-1] + W @ x + b), with h[0] = h0 and output h.
// RUN: seq-opt %s | seq-opt | FileCheck %s

// CHECK-LABEL: recur.system exported @Elman.forward
recur.system exported @Elman.forward attributes {recur.model = "Elman", recur.program = "forward"} {
  %x = recur.slot input "x" time batch : !recur.slot<tensor<3xf32>>
  %U = recur.slot param "U" : !recur.slot<tensor<4x4xf32>>
  %W = recur.slot param "W" : !recur.slot<tensor<4x3xf32>>
  %b = recur.slot param "b" : !recur.slot<tensor<4xf32>>
  %h0p = recur.slot param "h0" : !recur.slot<tensor<4xf32>>
  %h0 = recur.slot state "h" batch fallback %h0p : !recur.slot<tensor<4xf32>> : !recur.slot<tensor<4xf32>>
  %hn = recur.slot final_state "h" batch : !recur.slot<tensor<4xf32>>
  %z = recur.slot workspace "z" time batch : !recur.slot<tensor<4xf32>>
  %hs = recur.slot workspace "h" time batch : !recur.slot<tensor<4xf32>>
  // Where the caller wants no output, the place of its slot is that of the fallback, so that it may be read.
  %h = recur.slot output "h" time batch fallback %hs : !recur.slot<tensor<4xf32>> : !recur.slot<tensor<4xf32>>

  // CHECK: recur.map
  // CHECK: recur.phase "z" space [4]
  recur.map {
    recur.phase "z" space [4] {
      %w = recur.read %W offset 0 strides [3, 1] : (!recur.slot<tensor<4x3xf32>>) -> tensor<4x3xf32>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<3xf32>>) -> tensor<3xf32>
      %p = recur.matmul %w, %xt : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
      %bias = recur.read %b offset 0 strides [1] : (!recur.slot<tensor<4xf32>>) -> tensor<4xf32>
      %s = recur.add %p, %bias : tensor<4xf32>
      recur.write %s, %z offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
    }
  }
  // CHECK: recur.loop forward
  // CHECK: recur.read %{{.*}} shift -1 boundary %{{.*}} offset 0 strides [1]
  recur.loop forward {
    recur.phase "h" space [4] {
      %u = recur.read %U offset 0 strides [4, 1] : (!recur.slot<tensor<4x4xf32>>) -> tensor<4x4xf32>
      %hp = recur.read %h shift -1 boundary %h0 offset 0 strides [1]
        : (!recur.slot<tensor<4xf32>>, !recur.slot<tensor<4xf32>>) -> tensor<4xf32>
      %p = recur.matmul %u, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %zt = recur.read %z offset 0 strides [1] : (!recur.slot<tensor<4xf32>>) -> tensor<4xf32>
      %a = recur.add %p, %zt : tensor<4xf32>
      %y = recur.tanh %a : tensor<4xf32>
      recur.write %y, %h offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
    }
  }
  // CHECK: recur.at end offset 0
  recur.at end offset 0 {
    recur.phase "h[T]" space [4] {
      %last = recur.read %h shift -1 boundary %h0 offset 0 strides [1]
        : (!recur.slot<tensor<4xf32>>, !recur.slot<tensor<4xf32>>) -> tensor<4xf32>
      recur.write %last, %hn offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
    }
  }
}
