// What needs all rows of a batch at once.
// RUN: seq-opt --recur-record-interface %s | FileCheck %s

// Affine in totals: a mean, a sum times a parameter, a term of parameters.
// CHECK: recur.interface "Affine" dims {} loss {
recur.system exported @Affine {
  %x = recur.input "x" : tensor<3xf32>
  %w = recur.param "w" init <constant, 1.0> : tensor<f32>
  %e = recur.reduce sum %x dim 0 : tensor<3xf32> -> tensor<f32>
  %total = recur.total %e : tensor<f32>
  %n = recur.count : tensor<f32>
  %mean = recur.div %total, %n : tensor<f32>
  %scaled = recur.mul %w, %total : tensor<f32>
  %a = recur.sub %mean, %scaled : tensor<f32>
  %w2 = recur.mul %w, %w : tensor<f32>
  %loss = recur.add %a, %w2 : tensor<f32>
  recur.loss %loss : tensor<f32>
}

// CHECK: recur.interface "Root" dims {} loss needs_batch "loss" {
recur.system exported @Root {
  %x = recur.input "x" : tensor<f32>
  %total = recur.total %x : tensor<f32>
  %loss = recur.sqrt %total : tensor<f32>
  recur.loss %loss : tensor<f32>
}

// CHECK: recur.interface "Ratio" dims {} loss needs_batch "loss" {
recur.system exported @Ratio {
  %x = recur.input "x" : tensor<f32>
  %m = recur.input "m" : tensor<f32>
  %a = recur.total %x : tensor<f32>
  %b = recur.total %m : tensor<f32>
  %loss = recur.div %a, %b : tensor<f32>
  recur.loss %loss : tensor<f32>
}

// CHECK: recur.interface "Square" dims {} loss needs_batch "loss" {
recur.system exported @Square {
  %x = recur.input "x" : tensor<f32>
  %total = recur.total %x : tensor<f32>
  %loss = recur.mul %total, %total : tensor<f32>
  recur.loss %loss : tensor<f32>
}

// A total that an equation reads, here in a recurrence.
// CHECK: recur.interface "Centred" dims {} loss needs_batch "h" {
recur.system exported @Centred {
  %x = recur.input "x" : tensor<f32>
  %total = recur.total %x : tensor<f32>
  %before = recur.delay %h by 1 state "h" : tensor<f32>
  %h = recur.sub %before, %total : tensor<f32>
  recur.equation "h", %h : tensor<f32>
  %sum = recur.total %h : tensor<f32>
  recur.loss %sum : tensor<f32>
}
