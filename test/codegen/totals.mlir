// Totals that share operands: each is copied once for a block of rows, the second ones first, and no total falls back to
// going element by element.
// RUN: seq-opt %s --split-input-file --recur-plan-tiles="vector-bits=512 registers=32" --recur-lower-to-cpu="vector-bits=512 registers=32" | FileCheck %s

!v = !recur.slot<tensor<32xf32>>
!w = !recur.slot<tensor<32x64xf32>>

// CHECK-LABEL: func.func private @S.map0.x(
// CHECK-COUNT-2: call @total.copy.f32.16x2(
// CHECK-NOT: call @total.copy
// CHECK: call @total.turn.f32(
// CHECK-COUNT-2: call @total.f32.16x2(
// CHECK-NOT: call @
// CHECK: return
// The sums of a first block of rows are stored, whatever the memory holds, unless the caller accumulates.
// CHECK-LABEL: func.func private @total.f32.16x2(
// CHECK-SAME: %[[BEGINS:[a-z0-9]+]]: i1)
// CHECK: call @tile.f32.16x2.ahead(
// CHECK: %[[SUM:.*]] = llvm.load %{{.*}} -> vector<16xf32>
// CHECK: %[[MORE:.*]] = arith.addf %{{.*}}, %[[SUM]]
// CHECK: arith.select %[[BEGINS]], %[[SUM]], %[[MORE]]
recur.system @S {
  %a = recur.slot input "a" time batch : !v
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot input "y" time batch : !v
  %dW = recur.slot d_param "W" zeroed : !w
  recur.map {
    recur.phase "x" space [32, 32] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<32xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<32xf32>
      %2 = recur.outer %0, %1 : (tensor<32xf32>, tensor<32xf32>) -> tensor<32x32xf32>
      recur.accumulate %2, %dW offset 0 strides [64, 1] : tensor<32x32xf32>, !w
    }
    recur.phase "y" space [32, 32] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<32xf32>
      %1 = recur.read %y offset 0 strides [1] : (!v) -> tensor<32xf32>
      %2 = recur.outer %0, %1 : (tensor<32xf32>, tensor<32xf32>) -> tensor<32x32xf32>
      recur.accumulate %2, %dW offset 32 strides [64, 1] : tensor<32x32xf32>, !w
    }
  }
}

// -----

// What totals copy is summed up from there, for the gradient of a bias; anything else is not, such as another sequence or
// an operand of the second kind, which is copied in another order.
// CHECK-LABEL: func.func private @B.map0.x(
// CHECK: call @total.turn.f32(
// CHECK: call @total.f32.16x2(
// CHECK: call @total.sum.f32(
// CHECK-NOT: call @
// CHECK: return
// CHECK-LABEL: func.func private @B.map0.second(
// CHECK-LABEL: func.func private @B.map0.other(
!v = !recur.slot<tensor<32xf32>>
!m = !recur.slot<tensor<32x32xf32>>
recur.system @B {
  %a = recur.slot input "a" time batch : !v
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot input "y" time batch : !v
  %dW = recur.slot d_param "W" zeroed : !m
  %db = recur.slot d_param "b" zeroed : !v
  %dc = recur.slot d_param "c" zeroed : !v
  %dd = recur.slot d_param "d" zeroed : !v
  recur.map {
    recur.phase "x" space [32, 32] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<32xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<32xf32>
      %2 = recur.outer %0, %1 : (tensor<32xf32>, tensor<32xf32>) -> tensor<32x32xf32>
      recur.accumulate %2, %dW offset 0 strides [32, 1] : tensor<32x32xf32>, !m
    }
    recur.phase "first" space [32] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<32xf32>
      recur.accumulate %0, %db offset 0 strides [1] : tensor<32xf32>, !v
    }
    recur.phase "second" space [32] total {
      %0 = recur.read %x offset 0 strides [1] : (!v) -> tensor<32xf32>
      recur.accumulate %0, %dc offset 0 strides [1] : tensor<32xf32>, !v
    }
    recur.phase "other" space [32] total {
      %0 = recur.read %y offset 0 strides [1] : (!v) -> tensor<32xf32>
      recur.accumulate %0, %dd offset 0 strides [1] : tensor<32xf32>, !v
    }
  }
}

// -----

// A sum that adds to what a later total stores first stays where it is, behind that total.
// CHECK-LABEL: func.func private @T.map0.v(
// CHECK-NOT: @total.sum
// CHECK-LABEL: func.func private @T.map0.w(
// CHECK-NOT: @total.sum
// CHECK-LABEL: func.func private @T.map0.row(
// CHECK-NOT: @total.sum
!v = !recur.slot<tensor<32xf32>>
!m = !recur.slot<tensor<32x32xf32>>
!w = !recur.slot<tensor<16x32xf32>>
!c = !recur.slot<tensor<16xf32>>
recur.system @T {
  %a = recur.slot input "a" time batch : !v
  %c = recur.slot input "c" time batch : !c
  %x = recur.slot input "x" time batch : !v
  %y = recur.slot input "y" time batch : !v
  %dV = recur.slot d_param "V" zeroed : !m
  %dW = recur.slot d_param "W" zeroed : !w
  recur.map {
    recur.phase "v" space [32, 32] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<32xf32>
      %1 = recur.read %x offset 0 strides [1] : (!v) -> tensor<32xf32>
      %2 = recur.outer %0, %1 : (tensor<32xf32>, tensor<32xf32>) -> tensor<32x32xf32>
      recur.accumulate %2, %dV offset 0 strides [32, 1] : tensor<32x32xf32>, !m
    }
    recur.phase "w" space [16, 32] total {
      %0 = recur.read %c offset 0 strides [1] : (!c) -> tensor<16xf32>
      %1 = recur.read %y offset 0 strides [1] : (!v) -> tensor<32xf32>
      %2 = recur.outer %0, %1 : (tensor<16xf32>, tensor<32xf32>) -> tensor<16x32xf32>
      recur.accumulate %2, %dW offset 0 strides [32, 1] : tensor<16x32xf32>, !w
    }
    recur.phase "row" space [32] total {
      %0 = recur.read %a offset 0 strides [1] : (!v) -> tensor<32xf32>
      recur.accumulate %0, %dW offset 0 strides [1] : tensor<32xf32>, !w
    }
  }
}
