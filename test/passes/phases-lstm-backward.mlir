// The phases level of an LSTM's adjoint: per step one phase of gate adjoints and one product; the weight gradients are
// totals over all rows after the loop. All four pre-activation adjoints stand in one slot of 16.
// RUN: seq-opt %s | seq-opt | FileCheck %s

!s3 = !recur.slot<tensor<3xf32>>
!s4 = !recur.slot<tensor<4xf32>>
!s16 = !recur.slot<tensor<16xf32>>
!u = !recur.slot<tensor<16x4xf32>>
!w = !recur.slot<tensor<16x3xf32>>

// CHECK-LABEL: recur.system exported @LSTM.backward
recur.system exported @LSTM.backward attributes {recur.model = "LSTM", recur.program = "backward"} {
  %x = recur.slot input "x" time batch : !s3
  %U = recur.slot param "U" : !u
  %W = recur.slot param "W" : !w
  %c0_param = recur.slot param "c0" : !s4
  %h0 = recur.slot state "h" batch : !s4
  %c0 = recur.slot state "c" batch fallback %c0_param : !s4 : !s4
  %f = recur.slot tape "f" time batch : !s4
  %i = recur.slot tape "i" time batch : !s4
  %o = recur.slot tape "o" time batch : !s4
  %g = recur.slot tape "g" time batch : !s4
  %c = recur.slot tape "c" time batch : !s4
  %h = recur.slot tape "h" time batch : !s4
  %d_h = recur.slot d_output "h" time batch : !s4
  %d_hT = recur.slot d_final_state "h" batch : !s4
  %d_cT = recur.slot d_final_state "c" batch : !s4
  %d_x = recur.slot d_input "x" time batch : !s3
  %d_h0 = recur.slot d_state "h" batch : !s4
  %d_c0 = recur.slot d_state "c" batch : !s4
  %d_U = recur.slot d_param "U" zeroed : !u
  %d_W = recur.slot d_param "W" zeroed : !w
  %d_c0_param = recur.slot d_param "c0" zeroed : !s4
  // Constant zero: a gradient given for the final state alone is a shifted read of it with the given one as boundary.
  %zero = recur.slot workspace "zero" zeroed : !s4
  %dz = recur.slot workspace "dz" time batch : !s16
  %dh_back = recur.slot workspace "dh.back" time batch : !s4
  %dc_back = recur.slot workspace "dc.back" time batch : !s4

  // CHECK: recur.loop backward
  recur.loop backward {
    // CHECK: recur.phase "dz" space [4]
    recur.phase "dz" space [4] {
      %one = recur.constant dense<1.0> : tensor<4xf32>
      %ft = recur.read %f offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %it = recur.read %i offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %ot = recur.read %o offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %gt = recur.read %g offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %ct = recur.read %c offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %cp = recur.read %c shift -1 boundary %c0 offset 0 strides [1] : (!s4, !s4) -> tensor<4xf32>
      %dh_given = recur.read %d_h offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %dh_last = recur.read %zero shift 1 boundary %d_hT offset 0 strides [1] : (!s4, !s4) -> tensor<4xf32>
      %dc_last = recur.read %zero shift 1 boundary %d_cT offset 0 strides [1] : (!s4, !s4) -> tensor<4xf32>
      // No boundary: zero after the last step of a row.
      %dh_next = recur.read %dh_back shift 1 offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %dc_next = recur.read %dc_back shift 1 offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %dh0 = recur.add %dh_given, %dh_last : tensor<4xf32>
      %dh = recur.add %dh0, %dh_next : tensor<4xf32>
      %tc = recur.tanh %ct : tensor<4xf32>
      %do = recur.mul %dh, %tc : tensor<4xf32>
      %dtc = recur.mul %dh, %ot : tensor<4xf32>
      %tc2 = recur.mul %tc, %tc : tensor<4xf32>
      %tcd = recur.sub %one, %tc2 : tensor<4xf32>
      %dc_h = recur.mul %dtc, %tcd : tensor<4xf32>
      %dc1 = recur.add %dc_h, %dc_next : tensor<4xf32>
      %dc = recur.add %dc1, %dc_last : tensor<4xf32>
      %df = recur.mul %dc, %cp : tensor<4xf32>
      %di = recur.mul %dc, %gt : tensor<4xf32>
      %dg = recur.mul %dc, %it : tensor<4xf32>
      %dcb = recur.mul %dc, %ft : tensor<4xf32>
      %f1 = recur.sub %one, %ft : tensor<4xf32>
      %ff = recur.mul %ft, %f1 : tensor<4xf32>
      %zf = recur.mul %df, %ff : tensor<4xf32>
      %i1 = recur.sub %one, %it : tensor<4xf32>
      %ii = recur.mul %it, %i1 : tensor<4xf32>
      %zi = recur.mul %di, %ii : tensor<4xf32>
      %o1 = recur.sub %one, %ot : tensor<4xf32>
      %oo = recur.mul %ot, %o1 : tensor<4xf32>
      %zo = recur.mul %do, %oo : tensor<4xf32>
      %g2 = recur.mul %gt, %gt : tensor<4xf32>
      %g1 = recur.sub %one, %g2 : tensor<4xf32>
      %zg = recur.mul %dg, %g1 : tensor<4xf32>
      recur.write %dcb, %dc_back offset 0 strides [1] : tensor<4xf32>, !s4
      recur.write %zf, %dz offset 0 strides [1] : tensor<4xf32>, !s16
      recur.write %zi, %dz offset 4 strides [1] : tensor<4xf32>, !s16
      recur.write %zo, %dz offset 8 strides [1] : tensor<4xf32>, !s16
      recur.write %zg, %dz offset 12 strides [1] : tensor<4xf32>, !s16
    }
    // CHECK: recur.phase "dh.back" space [4]
    // CHECK: recur.read %{{.*}} offset 0 strides [1, 4]
    recur.phase "dh.back" space [4] {
      %ut = recur.read %U offset 0 strides [1, 4] : (!u) -> tensor<4x16xf32>
      %zt = recur.read %dz offset 0 strides [1] : (!s16) -> tensor<16xf32>
      %p = recur.matmul %ut, %zt : (tensor<4x16xf32>, tensor<16xf32>) -> tensor<4xf32>
      recur.write %p, %dh_back offset 0 strides [1] : tensor<4xf32>, !s4
    }
  }
  // CHECK: recur.map
  recur.map {
    recur.phase "dx" space [3] {
      %wt = recur.read %W offset 0 strides [1, 3] : (!w) -> tensor<3x16xf32>
      %zt = recur.read %dz offset 0 strides [1] : (!s16) -> tensor<16xf32>
      %p = recur.matmul %wt, %zt : (tensor<3x16xf32>, tensor<16xf32>) -> tensor<3xf32>
      recur.write %p, %d_x offset 0 strides [1] : tensor<3xf32>, !s3
    }
    // CHECK: recur.phase "d.U" space [16, 4] total
    recur.phase "d.U" space [16, 4] total {
      %zt = recur.read %dz offset 0 strides [1] : (!s16) -> tensor<16xf32>
      %hp = recur.read %h shift -1 boundary %h0 offset 0 strides [1] : (!s4, !s4) -> tensor<4xf32>
      %dw = recur.outer %zt, %hp : (tensor<16xf32>, tensor<4xf32>) -> tensor<16x4xf32>
      recur.accumulate %dw, %d_U offset 0 strides [4, 1] : tensor<16x4xf32>, !u
    }
    recur.phase "d.W" space [16, 3] total {
      %zt = recur.read %dz offset 0 strides [1] : (!s16) -> tensor<16xf32>
      %xt = recur.read %x offset 0 strides [1] : (!s3) -> tensor<3xf32>
      %dw = recur.outer %zt, %xt : (tensor<16xf32>, tensor<3xf32>) -> tensor<16x3xf32>
      recur.accumulate %dw, %d_W offset 0 strides [3, 1] : tensor<16x3xf32>, !w
    }
  }
  // The gradients of h[0] and c[0]: what would be read one step before the first. c[0] also is a parameter here; its
  // gradient is the total over the batch, unless the caller gave the states himself.
  // CHECK: recur.at start offset -1
  recur.at start offset -1 {
    recur.phase "d.h[0]" space [4] {
      %dh = recur.read %dh_back shift 1 offset 0 strides [1] : (!s4) -> tensor<4xf32>
      %dc = recur.read %dc_back shift 1 offset 0 strides [1] : (!s4) -> tensor<4xf32>
      recur.write %dh, %d_h0 offset 0 strides [1] : tensor<4xf32>, !s4
      recur.write %dc, %d_c0 offset 0 strides [1] : tensor<4xf32>, !s4
    }
    // CHECK: recur.accumulate {{.*}} unless_given
    recur.phase "d.c0" space [4] total {
      %dc = recur.read %dc_back shift 1 offset 0 strides [1] : (!s4) -> tensor<4xf32>
      recur.accumulate %dc, %d_c0_param offset 0 strides [1] unless_given %c0 : !s4 : tensor<4xf32>, !s4
    }
  }
}
