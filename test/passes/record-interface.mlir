// What callers of a model see, noted while every tensor is still there.
// RUN: seq-opt --recur-record-interface %s | FileCheck %s
// The dump can be read again.
// RUN: seq-opt --recur-record-interface %s | seq-opt | FileCheck %s

// CHECK:      recur.interface "M" dims {H = 4 : i64} loss gates ["f"] looks_ahead "y" {
// CHECK-NEXT:   recur.tensor param "W" init <xavier> : tensor<4x3xf32>
// CHECK-NEXT:   recur.tensor param "v" init <constant, 1.0{{.*}}> diagonal : tensor<4xf32>
// CHECK-NEXT:   recur.tensor param "m" init <constant, 0.0{{.*}}> estimate : tensor<4xf32>
// CHECK-NEXT:   recur.tensor input "x" : tensor<3xf32>
// CHECK-NEXT:   recur.tensor input "id" vocabulary 96 : tensor<i32>
// A state with a lag of 2 has two slots, one that is read from the other side another.
// CHECK-NEXT:   recur.tensor state "f" index 0 : tensor<4xf32>
// CHECK-NEXT:   recur.tensor state "f" index 1 : tensor<4xf32>
// CHECK-NEXT:   recur.tensor state "f" index -1 : tensor<4xf32>
// CHECK-NEXT:   recur.tensor output "f" : tensor<4xf32>
// CHECK-NEXT:   recur.tensor output "y" last : tensor<4xf32>
// CHECK-NEXT: }
// CHECK-NOT:  recur.interface
recur.system exported @M attributes {recur.dims = {H = 4 : i64}, recur.looks_ahead = "y"} {
  %W = recur.param "W" init <xavier> : tensor<4x3xf32>
  %v = recur.param "v" init <constant, 1.0> {diagonal} : tensor<4xf32>
  %m = recur.param "m" init <constant, 0.0> : tensor<4xf32>
  %x = recur.input "x" : tensor<3xf32>
  %id = recur.input "id" vocabulary 96 : tensor<i32>
  %a = recur.matmul %W, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
  %total = recur.total %a : tensor<4xf32>
  %mean = recur.estimate %m, %total : tensor<4xf32>
  %f1 = recur.delay %f by 1 state "f" : tensor<4xf32>
  %f2 = recur.delay %f by 2 state "f" : tensor<4xf32>
  %s = recur.add %f1, %f2 : tensor<4xf32>
  %z = recur.add %a, %s : tensor<4xf32>
  %f = recur.sigmoid %z : tensor<4xf32>
  recur.equation "f", %f gate : tensor<4xf32>
  %y = recur.advance %f by 1 state "f" : tensor<4xf32>
  recur.equation "y", %y : tensor<4xf32>
  %e = recur.constant dense<0.0> : tensor<f32>
  recur.loss %e : tensor<f32>
  recur.output "f", %f : tensor<4xf32>
  recur.output "y", %y last : tensor<4xf32>
}

// A system that is only used by others has no callers outside.
recur.system @Cell {
  %x = recur.input "x" : tensor<3xf32>
}
