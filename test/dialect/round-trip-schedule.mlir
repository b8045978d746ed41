// Every op of the levels of the schedule and of the phases prints as it is read.
// RUN: seq-opt %s | seq-opt | FileCheck %s

// Results of groups have the names of what they yield.
// CHECK-LABEL: recur.system @Schedule
recur.system @Schedule {
  %x = recur.input "x" : tensor<4xf32>
  %w = recur.param "w" init <xavier> : tensor<4xf32>
  // CHECK: %[[W2:.*]] = recur.once prepared {
  // CHECK:   recur.yield %{{.*}} : tensor<4xf32>
  // CHECK: } : tensor<4xf32>
  %w2 = recur.once prepared {
    %0 = recur.mul %w, %w : tensor<4xf32>
    recur.yield %0 : tensor<4xf32>
  } : tensor<4xf32>
  // CHECK: recur.map {
  %z = recur.map {
    %0 = recur.mul %w2, %x : tensor<4xf32>
    recur.yield %0 : tensor<4xf32>
  } : tensor<4xf32>
  // A loop closes its cycles inside: its body is a graph.
  // CHECK: %[[H:.*]] = recur.loop forward {
  // CHECK:   recur.delay %[[INSIDE:.*]] by 1 state "h"
  // CHECK:   %[[INSIDE]] = recur.add
  %h = recur.loop forward {
    %hp = recur.delay %0 by 1 state "h" : tensor<4xf32>
    %0 = recur.add %hp, %z : tensor<4xf32>
    recur.yield %0 : tensor<4xf32>
  } : tensor<4xf32>
  // CHECK: recur.loop backward {
  recur.loop backward {
    %gn = recur.advance %0 by 1 : tensor<4xf32>
    %0 = recur.add %gn, %h : tensor<4xf32>
  }
  // CHECK: recur.at end offset 0 {
  // CHECK:   recur.final_state "h", %{{.*}} : tensor<4xf32>
  // CHECK:   recur.final_state "h" index 1, %{{.*}} : tensor<4xf32>
  recur.at end offset 0 {
    %0 = recur.delay %h by 1 state "h" : tensor<4xf32>
    recur.final_state "h", %0 : tensor<4xf32>
    %1 = recur.delay %h by 2 : tensor<4xf32>
    recur.final_state "h" index 1, %1 : tensor<4xf32>
  }
  // CHECK: recur.at start offset -1 {
  recur.at start offset -1 {
  }
  recur.output "h", %h : tensor<4xf32>
}

// CHECK-LABEL: recur.system @Phases
recur.system @Phases {
  // CHECK: %[[X:.*]] = recur.slot input "x" time batch : <tensor<4xf32>>
  %x = recur.slot input "x" time batch : !recur.slot<tensor<4xf32>>
  // CHECK: %[[ID:.*]] = recur.slot input "id" time batch : <tensor<i32>>
  %id = recur.slot input "id" time batch : !recur.slot<tensor<i32>>
  // CHECK: %[[E:.*]] = recur.slot param "E" : <tensor<9x4xf32>>
  %e = recur.slot param "E" : !recur.slot<tensor<9x4xf32>>
  %h0p = recur.slot param "h0" : !recur.slot<tensor<4xf32>>
  // CHECK: %[[H1:.*]] = recur.slot state "h" index 1 batch fallback %{{.*}} : {{.*}}slot<tensor<4xf32>> : <tensor<4xf32>>
  %h1 = recur.slot state "h" index 1 batch fallback %h0p : !recur.slot<tensor<4xf32>> : !recur.slot<tensor<4xf32>>
  // CHECK: %[[T:.*]] = recur.slot tape "t" time batch : <tensor<4xf32>>
  %t = recur.slot tape "t" time batch : !recur.slot<tensor<4xf32>>
  // CHECK: recur.slot workspace "z" time batch host %[[T]] : !recur.slot<tensor<4xf32>> : <tensor<4xf32>>
  %z = recur.slot workspace "z" time batch host %t : !recur.slot<tensor<4xf32>> : !recur.slot<tensor<4xf32>>
  // CHECK: %[[DE:.*]] = recur.slot d_param "E" zeroed : <tensor<9x4xf32>>
  %de = recur.slot d_param "E" zeroed : !recur.slot<tensor<9x4xf32>>
  recur.map {
    // CHECK: recur.phase "z" space [4] {
    recur.phase "z" space [4] {
      // CHECK: recur.read %[[E]] id %[[ID]] stride 4 offset 0 strides [1]
      %0 = recur.read %e id %id stride 4 offset 0 strides [1]
        : (!recur.slot<tensor<9x4xf32>>, !recur.slot<tensor<i32>>) -> tensor<4xf32>
      // CHECK: recur.read %[[X]] shift -1 boundary %[[H1]] offset 0 strides [1]
      %1 = recur.read %x shift -1 boundary %h1 offset 0 strides [1]
        : (!recur.slot<tensor<4xf32>>, !recur.slot<tensor<4xf32>>) -> tensor<4xf32>
      %2 = recur.add %0, %1 : tensor<4xf32>
      // CHECK: recur.write %{{.*}}, %{{.*}} offset 0 strides [1] : tensor<4xf32>, <tensor<4xf32>>
      recur.write %2, %z offset 0 strides [1] : tensor<4xf32>, !recur.slot<tensor<4xf32>>
    }
    // CHECK: recur.phase "d.E" space [4] total {
    recur.phase "d.E" space [4] total {
      %0 = recur.read %z offset 0 strides [1] : (!recur.slot<tensor<4xf32>>) -> tensor<4xf32>
      // CHECK: recur.accumulate %{{.*}}, %[[DE]] id %[[ID]] : {{.*}} stride 4 offset 0 strides [1]
      recur.accumulate %0, %de id %id : !recur.slot<tensor<i32>> stride 4 offset 0 strides [1]
        : tensor<4xf32>, !recur.slot<tensor<9x4xf32>>
    }
  }
}

// CHECK-LABEL: recur.system @Packed
recur.system @Packed {
  %w = recur.slot param "W" : !recur.slot<tensor<8x5xf32>>
  %p = recur.slot prepared "W.packed" : !recur.slot<tensor<1x1x3x2x8x2xbf16>>
  %x = recur.slot input "x" time batch : !recur.slot<tensor<5xf32>>
  %y = recur.slot output "y" time batch : !recur.slot<tensor<8xf32>>
  recur.once prepared {
    recur.phase "W.packed" space [8, 5] {
      %0 = recur.read %w offset 0 strides [5, 1] : (!recur.slot<tensor<8x5xf32>>) -> tensor<8x5xf32>
      // CHECK: recur.pack %{{.*}}, %{{.*}} product 1 of 2 : tensor<8x5xf32>, <tensor<1x1x3x2x8x2xbf16>>
      recur.pack %0, %p product 1 of 2 : tensor<8x5xf32>, !recur.slot<tensor<1x1x3x2x8x2xbf16>>
    }
  }
  recur.map {
    recur.phase "y" space [8] {
      %0 = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<5xf32>>) -> tensor<5xf32>
      // CHECK: recur.read_packed %{{.*}} product 1 of 2 : (!recur.slot<tensor<1x1x3x2x8x2xbf16>>) -> tensor<8x5xf32>
      %1 = recur.read_packed %p product 1 of 2 : (!recur.slot<tensor<1x1x3x2x8x2xbf16>>) -> tensor<8x5xf32>
      %2 = recur.matmul %1, %0 : (tensor<8x5xf32>, tensor<5xf32>) -> tensor<8xf32>
      recur.write %2, %y offset 0 strides [1] : tensor<8xf32>, !recur.slot<tensor<8xf32>>
    }
  }
}

// CHECK-LABEL: recur.interface "Elman" dims {H = 4 : i64} loss gates ["z"] looks_ahead "h" needs_batch "loss"
recur.interface "Elman" dims {H = 4 : i64} loss gates ["z"] looks_ahead "h" needs_batch "loss" {
  // CHECK: recur.tensor input "id" vocabulary 96 : tensor<i32>
  recur.tensor input "id" vocabulary 96 : tensor<i32>
  // CHECK: recur.tensor param "v" init <constant, 1.000000e+00 : f64> diagonal : tensor<4xf32>
  recur.tensor param "v" init <constant, 1.0> diagonal : tensor<4xf32>
  // CHECK: recur.tensor state "h" index -1 : tensor<4xf32>
  recur.tensor state "h" index -1 : tensor<4xf32>
  // CHECK: recur.tensor output "h" last : tensor<4xf32>
  recur.tensor output "h" last : tensor<4xf32>
}
