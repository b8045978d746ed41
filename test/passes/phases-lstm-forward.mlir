// The phases level of an LSTM with a loss, taped: all gates of a unit in one phase of the loop. W_f, … are [4, 4 + 3]
// over [h[t-1], x]; fuse-gates has stacked the input columns into one product of 16 rows, which stays one product.
// RUN: seq-opt %s | seq-opt | FileCheck %s

!s = !recur.slot<tensor<f32>>
!s3 = !recur.slot<tensor<3xf32>>
!s4 = !recur.slot<tensor<4xf32>>
!s16 = !recur.slot<tensor<16xf32>>
!w = !recur.slot<tensor<4x7xf32>>
!wx = !recur.slot<tensor<16x3xf32>>

// CHECK-LABEL: recur.system exported @LSTM.forward_taped
recur.system exported @LSTM.forward_taped attributes {recur.model = "LSTM", recur.program = "forward_taped"} {
  %x = recur.slot input "x" time batch : !s3
  %W_f = recur.slot param "W_f" : !w
  %W_i = recur.slot param "W_i" : !w
  %W_o = recur.slot param "W_o" : !w
  %W_C = recur.slot param "W_C" : !w
  %b_f = recur.slot param "b_f" : !s4
  %h0 = recur.slot state "h" batch : !s4
  %c0 = recur.slot state "c" batch : !s4
  %h_out = recur.slot output "h" time batch : !s4
  %hT = recur.slot final_state "h" batch : !s4
  %cT = recur.slot final_state "c" batch : !s4
  %loss = recur.slot loss "loss" : !s
  %Wx = recur.slot prepared "Wx" : !wx
  %z = recur.slot workspace "z" time batch : !s16
  %loss_sum = recur.slot workspace "loss.sum" zeroed : !s
  %tape_f = recur.slot tape "f" time batch : !s4
  %tape_i = recur.slot tape "i" time batch : !s4
  %tape_o = recur.slot tape "o" time batch : !s4
  %tape_g = recur.slot tape "g" time batch : !s4
  %tape_c = recur.slot tape "c" time batch : !s4
  %tape_h = recur.slot tape "h" time batch : !s4

  // CHECK: recur.once prepared
  recur.once prepared {
    // A concat of parameter slices: one copy a part.
    recur.phase "Wx.0" space [4, 3] {
      %p = recur.read %W_f offset 4 strides [7, 1] : (!w) -> tensor<4x3xf32>
      recur.write %p, %Wx offset 0 strides [3, 1] : tensor<4x3xf32>, !wx
    }
    recur.phase "Wx.1" space [4, 3] {
      %p = recur.read %W_i offset 4 strides [7, 1] : (!w) -> tensor<4x3xf32>
      recur.write %p, %Wx offset 12 strides [3, 1] : tensor<4x3xf32>, !wx
    }
    recur.phase "Wx.2" space [4, 3] {
      %p = recur.read %W_o offset 4 strides [7, 1] : (!w) -> tensor<4x3xf32>
      recur.write %p, %Wx offset 24 strides [3, 1] : tensor<4x3xf32>, !wx
    }
    recur.phase "Wx.3" space [4, 3] {
      %p = recur.read %W_C offset 4 strides [7, 1] : (!w) -> tensor<4x3xf32>
      recur.write %p, %Wx offset 36 strides [3, 1] : tensor<4x3xf32>, !wx
    }
  }
  recur.map {
    recur.phase "z" space [16] {
      %w = recur.read %Wx offset 0 strides [3, 1] : (!wx) -> tensor<16x3xf32>
      %xt = recur.read %x offset 0 strides [1] : (!s3) -> tensor<3xf32>
      %p = recur.matmul %w, %xt : (tensor<16x3xf32>, tensor<3xf32>) -> tensor<16xf32>
      recur.write %p, %z offset 0 strides [1] : tensor<16xf32>, !s16
    }
  }
  // CHECK: recur.loop forward
  recur.loop forward {
    // CHECK: recur.phase "h" space [4]
    // CHECK-COUNT-4: recur.matmul
    recur.phase "h" space [4] {
      %hp = recur.read %tape_h shift -1 boundary %h0 offset 0 strides [1] : (!s4, !s4) -> tensor<4xf32>
      %uf = recur.read %W_f offset 0 strides [7, 1] : (!w) -> tensor<4x4xf32>
      %ui = recur.read %W_i offset 0 strides [7, 1] : (!w) -> tensor<4x4xf32>
      %uo = recur.read %W_o offset 0 strides [7, 1] : (!w) -> tensor<4x4xf32>
      %ug = recur.read %W_C offset 0 strides [7, 1] : (!w) -> tensor<4x4xf32>
      %pf = recur.matmul %uf, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %pi = recur.matmul %ui, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %po = recur.matmul %uo, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %pg = recur.matmul %ug, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %zf = recur.read %z offset 0 strides [1] : (!s16) -> tensor<4xf32>
      %zi = recur.read %z offset 4 strides [1] : (!s16) -> tensor<4xf32>
      %zo = recur.read %z offset 8 strides [1] : (!s16) -> tensor<4xf32>
      %zg = recur.read %z offset 12 strides [1] : (!s16) -> tensor<4xf32>
      %bf = recur.read %b_f offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %af0 = recur.add %pf, %zf : tensor<4xf32>
      %af = recur.add %af0, %bf : tensor<4xf32>
      %ai = recur.add %pi, %zi : tensor<4xf32>
      %ao = recur.add %po, %zo : tensor<4xf32>
      %ag = recur.add %pg, %zg : tensor<4xf32>
      %f = recur.sigmoid %af : tensor<4xf32>
      %i = recur.sigmoid %ai : tensor<4xf32>
      %o = recur.sigmoid %ao : tensor<4xf32>
      %g = recur.tanh %ag : tensor<4xf32>
      %cp = recur.read %tape_c shift -1 boundary %c0 offset 0 strides [1] : (!s4, !s4) -> tensor<4xf32>
      %fc = recur.mul %f, %cp : tensor<4xf32>
      %ig = recur.mul %i, %g : tensor<4xf32>
      %c = recur.add %fc, %ig : tensor<4xf32>
      %tc = recur.tanh %c : tensor<4xf32>
      %h = recur.mul %o, %tc : tensor<4xf32>
      recur.write %f, %tape_f offset 0 strides [1] : tensor<4xf32>, !s4
      recur.write %i, %tape_i offset 0 strides [1] : tensor<4xf32>, !s4
      recur.write %o, %tape_o offset 0 strides [1] : tensor<4xf32>, !s4
      recur.write %g, %tape_g offset 0 strides [1] : tensor<4xf32>, !s4
      recur.write %c, %tape_c offset 0 strides [1] : tensor<4xf32>, !s4
      recur.write %h, %tape_h offset 0 strides [1] : tensor<4xf32>, !s4
      recur.write %h, %h_out offset 0 strides [1] : tensor<4xf32>, !s4
    }
  }
  // loss = mean(h): a reduction over the features, then a total over the valid rows.
  // CHECK: recur.map
  recur.map {
    recur.phase "e" space [] total {
      %h = recur.read %tape_h offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %e = recur.reduce sum %h dim 0 : tensor<4xf32> -> tensor<f32>
      recur.accumulate %e, %loss_sum offset 0 strides [] : tensor<f32>, !s
    }
  }
  recur.once {
    recur.phase "loss" space [] {
      %s = recur.read %loss_sum offset 0 strides [] : (!s) -> tensor<f32>
      %n = recur.count : tensor<f32>
      %four = recur.constant dense<4.0> : tensor<f32>
      %d = recur.mul %n, %four : tensor<f32>
      %l = recur.div %s, %d : tensor<f32>
      recur.write %l, %loss offset 0 strides [] : tensor<f32>, !s
    }
  }
  recur.at end offset 0 {
    recur.phase "h[T]" space [4] {
      %hl = recur.read %tape_h shift -1 boundary %h0 offset 0 strides [1] : (!s4, !s4) -> tensor<4xf32>
      %cl = recur.read %tape_c shift -1 boundary %c0 offset 0 strides [1] : (!s4, !s4) -> tensor<4xf32>
      recur.write %hl, %hT offset 0 strides [1] : tensor<4xf32>, !s4
      recur.write %cl, %cT offset 0 strides [1] : tensor<4xf32>, !s4
    }
  }
}
