// How wide the panels of packed weights are: four vectors of sums for each of six rows fit in registers, and a single row
// is faster with eight.
// RUN: seq-opt %s --recur-plan-tiles="vector-bits=512 registers=32" --split-input-file | FileCheck %s

// Two products of one phase go through the same panels: the deeper one says how wide they are.
// CHECK-LABEL: recur.system @TwoDepths
// CHECK-DAG: recur.slot prepared "y.packed" : <tensor<1x4x64x4x16xf32>>
// CHECK-DAG: recur.slot prepared "y.packed1" : <tensor<1x4x1024x4x16xf32>>
recur.system @TwoDepths {
  %W = recur.slot param "W" : <tensor<256x64xf32>>
  %V = recur.slot param "V" : <tensor<256x1024xf32>>
  %x = recur.slot input "x" time batch : <tensor<64xf32>>
  %z = recur.slot input "z" time batch : <tensor<1024xf32>>
  %y = recur.slot output "y" time batch : <tensor<256xf32>>
  recur.map {
    recur.phase "y" space [256] {
      %w = recur.read %W offset 0 strides [64, 1] : (!recur.slot<tensor<256x64xf32>>) -> tensor<256x64xf32>
      %v = recur.read %V offset 0 strides [1024, 1] : (!recur.slot<tensor<256x1024xf32>>) -> tensor<256x1024xf32>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<64xf32>>) -> tensor<64xf32>
      %zt = recur.read %z offset 0 strides [1] : (!recur.slot<tensor<1024xf32>>) -> tensor<1024xf32>
      %p = recur.matmul %w, %xt : (tensor<256x64xf32>, tensor<64xf32>) -> tensor<256xf32>
      %q = recur.matmul %v, %zt : (tensor<256x1024xf32>, tensor<1024xf32>) -> tensor<256xf32>
      %s = recur.add %p, %q : tensor<256xf32>
      recur.write %s, %y offset 0 strides [1] : tensor<256xf32>, <tensor<256xf32>>
    }
  }
}

// -----

// A panel of eight vectors is 48 KB here, and nothing would be left of it in the nearest cache when the next step of the
// loop comes back to it.
// CHECK-LABEL: recur.system @LargeInLoop
// CHECK: recur.slot prepared "h.packed" : <tensor<1x4x96x4x16xf32>>
recur.system @LargeInLoop {
  %W = recur.slot param "W" : <tensor<256x96xf32>>
  %h = recur.slot output "h" time batch : <tensor<256xf32>>
  recur.loop forward {
    recur.phase "h" space [256] {
      %w = recur.read %W offset 0 strides [96, 1] : (!recur.slot<tensor<256x96xf32>>) -> tensor<256x96xf32>
      %hp = recur.read %h shift -1 offset 0 strides [1] : (!recur.slot<tensor<256xf32>>) -> tensor<96xf32>
      %p = recur.matmul %w, %hp : (tensor<256x96xf32>, tensor<96xf32>) -> tensor<256xf32>
      recur.write %p, %h offset 0 strides [1] : tensor<256xf32>, <tensor<256xf32>>
    }
  }
}

// -----

// Once, for all steps, the same weights have wide ones.
// CHECK-LABEL: recur.system @LargeInMap
// CHECK: recur.slot prepared "y.packed" : <tensor<1x2x96x8x16xf32>>
recur.system @LargeInMap {
  %W = recur.slot param "W" : <tensor<256x96xf32>>
  %x = recur.slot input "x" time batch : <tensor<96xf32>>
  %y = recur.slot output "y" time batch : <tensor<256xf32>>
  recur.map {
    recur.phase "y" space [256] {
      %w = recur.read %W offset 0 strides [96, 1] : (!recur.slot<tensor<256x96xf32>>) -> tensor<256x96xf32>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<96xf32>>) -> tensor<96xf32>
      %p = recur.matmul %w, %xt : (tensor<256x96xf32>, tensor<96xf32>) -> tensor<256xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<256xf32>, <tensor<256xf32>>
    }
  }
}

// -----

// The weights of this loop are as large as the nearest cache: of two panels one is still there.
// CHECK-LABEL: recur.system @TwoPhases
// CHECK-DAG: recur.slot prepared "g.packed" : <tensor<1x2x64x4x16xf32>>
// CHECK-DAG: recur.slot prepared "h.packed" : <tensor<1x1x64x4x16xf32>>
// Without the second phase they fit, and one panel is faster.
// CHECK-LABEL: recur.system @OnePhase
// CHECK: recur.slot prepared "g.packed" : <tensor<1x1x64x8x16xf32>>
recur.system @TwoPhases {
  %W = recur.slot param "W" : <tensor<128x64xf32>>
  %V = recur.slot param "V" : <tensor<64x64xf32>>
  %g = recur.slot output "g" time batch : <tensor<128xf32>>
  %h = recur.slot output "h" time batch : <tensor<64xf32>>
  recur.loop forward {
    recur.phase "g" space [128] {
      %w = recur.read %W offset 0 strides [64, 1] : (!recur.slot<tensor<128x64xf32>>) -> tensor<128x64xf32>
      %hp = recur.read %h shift -1 offset 0 strides [1] : (!recur.slot<tensor<64xf32>>) -> tensor<64xf32>
      %p = recur.matmul %w, %hp : (tensor<128x64xf32>, tensor<64xf32>) -> tensor<128xf32>
      recur.write %p, %g offset 0 strides [1] : tensor<128xf32>, <tensor<128xf32>>
    }
    recur.phase "h" space [64] {
      %v = recur.read %V offset 0 strides [64, 1] : (!recur.slot<tensor<64x64xf32>>) -> tensor<64x64xf32>
      %gt = recur.read %g offset 0 strides [1] : (!recur.slot<tensor<128xf32>>) -> tensor<64xf32>
      %p = recur.matmul %v, %gt : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64xf32>
      recur.write %p, %h offset 0 strides [1] : tensor<64xf32>, <tensor<64xf32>>
    }
  }
}
recur.system @OnePhase {
  %W = recur.slot param "W" : <tensor<128x64xf32>>
  %g = recur.slot output "g" time batch : <tensor<128xf32>>
  recur.loop forward {
    recur.phase "g" space [128] {
      %w = recur.read %W offset 0 strides [64, 1] : (!recur.slot<tensor<128x64xf32>>) -> tensor<128x64xf32>
      %gp = recur.read %g shift -1 offset 0 strides [1] : (!recur.slot<tensor<128xf32>>) -> tensor<64xf32>
      %p = recur.matmul %w, %gp : (tensor<128x64xf32>, tensor<64xf32>) -> tensor<128xf32>
      recur.write %p, %g offset 0 strides [1] : tensor<128xf32>, <tensor<128xf32>>
    }
  }
}

// -----

// 41 vectors fill 14 panels of three but for one, where 11 of four would have three empty ones.
// CHECK-LABEL: recur.system @Odd
// CHECK: recur.slot prepared "y.packed" : <tensor<1x14x1024x3x16xf32>>
recur.system @Odd {
  %W = recur.slot param "W" : <tensor<650x1024xf32>>
  %x = recur.slot input "x" time batch : <tensor<1024xf32>>
  %y = recur.slot output "y" time batch : <tensor<650xf32>>
  recur.map {
    recur.phase "y" space [650] {
      %w = recur.read %W offset 0 strides [1024, 1] : (!recur.slot<tensor<650x1024xf32>>) -> tensor<650x1024xf32>
      %xt = recur.read %x offset 0 strides [1] : (!recur.slot<tensor<1024xf32>>) -> tensor<1024xf32>
      %p = recur.matmul %w, %xt : (tensor<650x1024xf32>, tensor<1024xf32>) -> tensor<650xf32>
      recur.write %p, %y offset 0 strides [1] : tensor<650xf32>, <tensor<650xf32>>
    }
  }
}

// -----

// Twice as much as the nearest cache holds: narrow panels, of which two stay there from step to step. Their sums have parts
// (partial-sums.mlir).
// CHECK-LABEL: recur.system @SmallInLoop
// CHECK: recur.slot prepared "h.packed" : <tensor<1x4x64x4x16xf32>>
recur.system @SmallInLoop {
  %W = recur.slot param "W" : <tensor<256x64xf32>>
  %h = recur.slot output "h" time batch : <tensor<256xf32>>
  recur.loop forward {
    recur.phase "h" space [256] {
      %w = recur.read %W offset 0 strides [64, 1] : (!recur.slot<tensor<256x64xf32>>) -> tensor<256x64xf32>
      %before = recur.read %h shift -1 offset 64 strides [1] : (!recur.slot<tensor<256xf32>>) -> tensor<64xf32>
      %p = recur.matmul %w, %before : (tensor<256x64xf32>, tensor<64xf32>) -> tensor<256xf32>
      recur.write %p, %h offset 0 strides [1] : tensor<256xf32>, <tensor<256xf32>>
    }
  }
}
