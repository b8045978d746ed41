// Every op of the level of equations prints as it is read.
// RUN: seq-opt %s | seq-opt | FileCheck %s

// CHECK-LABEL: recur.system @Cell
recur.system @Cell {
  // CHECK: recur.input "x" : tensor<3xf32>
  %x = recur.input "x" : tensor<3xf32>
  // CHECK: recur.param "W" init <xavier> : tensor<4x3xf32>
  %w = recur.param "W" init <xavier> : tensor<4x3xf32>
  // CHECK: recur.matmul {{.*}} : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
  %h = recur.matmul %w, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
  // CHECK: recur.equation "h", {{.*}} : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
}

// CHECK-LABEL: recur.system exported @Leaves attributes {recur.model = "Leaves"}
recur.system exported @Leaves attributes {recur.model = "Leaves"} {
  // CHECK: recur.input "id" vocabulary 96 : tensor<i32>
  %id = recur.input "id" vocabulary 96 : tensor<i32>
  // CHECK: recur.input "m" : tensor<i1>
  %m = recur.input "m" : tensor<i1>
  // CHECK: recur.param "V" init <normal, 1.000000e-01 : f64> {diagonal} : tensor<4xf32>
  %v = recur.param "V" init <normal, 0.1> {diagonal} : tensor<4xf32>
  // CHECK: recur.param "u" init <uniform, -1.000000e+00 : f64, 1.000000e+00 : f64> : tensor<f32>
  %u = recur.param "u" init <uniform, -1.0, 1.0> : tensor<f32>
  // CHECK: recur.param "E" init <orthogonal> : tensor<96x3xf32>
  %e = recur.param "E" init <orthogonal> : tensor<96x3xf32>
  // CHECK: recur.constant dense<5.000000e-01> : tensor<4xf32>
  %half = recur.constant dense<0.5> : tensor<4xf32>
  // CHECK: recur.random_mask 2.000000e-01 site 3 shared : tensor<4xf32>
  %mask = recur.random_mask 0.2 site 3 shared : tensor<4xf32>
  // CHECK: recur.count : tensor<f32>
  %n = recur.count : tensor<f32>
  // CHECK: recur.gather {{.*}}[{{.*}}] : (tensor<96x3xf32>, tensor<i32>) -> tensor<3xf32>
  %x = recur.gather %e[%id] : (tensor<96x3xf32>, tensor<i32>) -> tensor<3xf32>
  // CHECK: recur.instance @Cell "enc"({{.*}}) reads ["h"] : (tensor<3xf32>) -> tensor<4xf32>
  %y = recur.instance @Cell "enc" (%x) reads ["h"] : (tensor<3xf32>) -> tensor<4xf32>
  // CHECK: recur.instance reversed @Cell "enc"({{.*}}) reads ["h"] {application = 1 : i64}
  %z = recur.instance reversed @Cell "enc" (%x) reads ["h"] {application = 1 : i64} : (tensor<3xf32>) -> tensor<4xf32>
  // CHECK: recur.equation "y", {{.*}} gate : tensor<4xf32>
  recur.equation "y", %y gate : tensor<4xf32>
  // CHECK: recur.output "y", {{.*}} last : tensor<4xf32>
  recur.output "y", %y last : tensor<4xf32>
  // CHECK: recur.output "z", {{.*}} : tensor<4xf32>
  recur.output "z", %z : tensor<4xf32>
  // CHECK: recur.loss {{.*}} : tensor<f32>
  recur.loss %n : tensor<f32>
}

// CHECK-LABEL: recur.system @Time
recur.system @Time {
  %h0 = recur.param "h0" init <constant, 0.0> : tensor<4xf32>
  // CHECK: %[[H:.*]] = recur.delay %{{.*}} by 1 state "h" init %{{.*}} : tensor<4xf32>
  %h = recur.delay %g by 1 state "h" init %h0 : tensor<4xf32>
  // CHECK: recur.advance %[[H]] by 2 : tensor<4xf32>
  %g = recur.advance %h by 2 : tensor<4xf32>
  // CHECK: recur.total %[[H]] : tensor<4xf32>
  %t = recur.total %h : tensor<4xf32>
  recur.output "t", %t : tensor<4xf32>
}

// CHECK-LABEL: recur.system @Pointwise
recur.system @Pointwise {
  %x = recur.input "x" : tensor<4xf64>
  %y = recur.input "y" : tensor<4xf64>
  // CHECK: recur.neg {{.*}} : tensor<4xf64>
  %0 = recur.neg %x : tensor<4xf64>
  // CHECK: recur.abs
  %1 = recur.abs %x : tensor<4xf64>
  // CHECK: recur.exp
  %2 = recur.exp %x : tensor<4xf64>
  // CHECK: recur.log
  %3 = recur.log %x : tensor<4xf64>
  // CHECK: recur.log1p
  %4 = recur.log1p %x : tensor<4xf64>
  // CHECK: recur.sqrt
  %5 = recur.sqrt %x : tensor<4xf64>
  // CHECK: recur.tanh
  %6 = recur.tanh %x : tensor<4xf64>
  // CHECK: recur.sigmoid
  %7 = recur.sigmoid %x : tensor<4xf64>
  // CHECK: recur.erf
  %8 = recur.erf %x : tensor<4xf64>
  // CHECK: recur.sin
  %9 = recur.sin %x : tensor<4xf64>
  // CHECK: recur.cos
  %10 = recur.cos %x : tensor<4xf64>
  // CHECK: recur.sign
  %11 = recur.sign %x : tensor<4xf64>
  // CHECK: recur.floor
  %12 = recur.floor %x : tensor<4xf64>
  // CHECK: recur.stop_gradient
  %13 = recur.stop_gradient %x : tensor<4xf64>
  // CHECK: recur.add {{.*}}, {{.*}} : tensor<4xf64>
  %14 = recur.add %x, %y : tensor<4xf64>
  // CHECK: recur.sub
  %15 = recur.sub %x, %y : tensor<4xf64>
  // CHECK: recur.mul
  %16 = recur.mul %x, %y : tensor<4xf64>
  // CHECK: recur.div
  %17 = recur.div %x, %y : tensor<4xf64>
  // CHECK: recur.pow
  %18 = recur.pow %x, %y : tensor<4xf64>
  // CHECK: recur.min
  %19 = recur.min %x, %y : tensor<4xf64>
  // CHECK: recur.max
  %20 = recur.max %x, %y : tensor<4xf64>
  // CHECK: recur.compare le {{.*}}, {{.*}} : tensor<4xf64> -> tensor<4xi1>
  %21 = recur.compare le %x, %y : tensor<4xf64> -> tensor<4xi1>
  // CHECK: recur.select {{.*}}, {{.*}}, {{.*}} : tensor<4xi1>, tensor<4xf64>
  %22 = recur.select %21, %x, %y : tensor<4xi1>, tensor<4xf64>
  // CHECK: recur.to_real {{.*}} : tensor<4xi1> -> tensor<4xf64>
  %23 = recur.to_real %21 : tensor<4xi1> -> tensor<4xf64>
  // CHECK: recur.estimate {{.*}}, {{.*}} : tensor<4xf64>
  %24 = recur.estimate %x, %y : tensor<4xf64>
}

// CHECK-LABEL: recur.system @Shapes
recur.system @Shapes {
  %x = recur.input "x" : tensor<2x4xf32>
  %y = recur.input "y" : tensor<2x3xf32>
  // CHECK: recur.broadcast {{.*}} : tensor<2x4xf32> -> tensor<5x2x4xf32>
  %0 = recur.broadcast %x : tensor<2x4xf32> -> tensor<5x2x4xf32>
  // CHECK: recur.reshape {{.*}} : tensor<2x4xf32> -> tensor<8xf32>
  %1 = recur.reshape %x : tensor<2x4xf32> -> tensor<8xf32>
  // CHECK: recur.transpose {{.*}} : tensor<2x4xf32> -> tensor<4x2xf32>
  %2 = recur.transpose %x : tensor<2x4xf32> -> tensor<4x2xf32>
  // CHECK: recur.slice {{.*}} dim 1 at 2 : tensor<2x4xf32> -> tensor<2x2xf32>
  %3 = recur.slice %x dim 1 at 2 : tensor<2x4xf32> -> tensor<2x2xf32>
  // CHECK: recur.pad {{.*}} dim 0 at 1 : tensor<2x4xf32> -> tensor<5x4xf32>
  %4 = recur.pad %x dim 0 at 1 : tensor<2x4xf32> -> tensor<5x4xf32>
  // CHECK: recur.concat {{.*}}, {{.*}} dim 1 : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<2x7xf32>
  %5 = recur.concat %x, %y dim 1 : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<2x7xf32>
  // CHECK: recur.matmul {{.*}} : (tensor<4x2xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  %6 = recur.matmul %2, %y : (tensor<4x2xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  // CHECK: recur.outer {{.*}} : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<2x4x3xf32>
  %7 = recur.outer %x, %y : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<2x4x3xf32>
  // CHECK: recur.reduce sum {{.*}} dim 0 : tensor<2x4xf32> -> tensor<4xf32>
  %8 = recur.reduce sum %x dim 0 : tensor<2x4xf32> -> tensor<4xf32>
  // CHECK: recur.reduce max {{.*}} dim 1 keep : tensor<2x4xf32> -> tensor<2x1xf32>
  %9 = recur.reduce max %x dim 1 keep : tensor<2x4xf32> -> tensor<2x1xf32>
}

// CHECK-LABEL: recur.system @Adjoint
recur.system @Adjoint {
  %id = recur.input "id" vocabulary 5 : tensor<i32>
  // CHECK: recur.seed "h" : tensor<4xf32>
  %dh = recur.seed "h" : tensor<4xf32>
  // CHECK: recur.seed "y" last : tensor<4xf32>
  %dy = recur.seed "y" last : tensor<4xf32>
  // CHECK: recur.seed "d.W" constant : tensor<4xf32>
  %dw = recur.seed "d.W" constant : tensor<4xf32>
  // CHECK: recur.final_seed "h" slots 2 : tensor<4xf32>
  %f = recur.final_seed "h" slots 2 : tensor<4xf32>
  // CHECK: recur.final_seed "g" slots 1 reversed : tensor<4xf32>
  %g = recur.final_seed "g" slots 1 reversed : tensor<4xf32>
  %n = recur.advance %dh by 2 : tensor<4xf32>
  // CHECK: recur.boundary_gradient "h" slots 2 (%{{.*}}, %{{.*}}) : tensor<4xf32>
  %b = recur.boundary_gradient "h" slots 2 (%n, %f) : tensor<4xf32>
  // CHECK: recur.boundary_gradient "g" slots 1 reversed () : tensor<4xf32>
  %c = recur.boundary_gradient "g" slots 1 reversed () : tensor<4xf32>
  // CHECK: recur.scatter {{.*}}[{{.*}}] : (tensor<4xf32>, tensor<i32>) -> tensor<5x4xf32>
  %s = recur.scatter %dh[%id] : (tensor<4xf32>, tensor<i32>) -> tensor<5x4xf32>
  %t = recur.total %s : tensor<5x4xf32>
  // CHECK: recur.gradient "E", {{.*}} : tensor<5x4xf32>
  recur.gradient "E", %t : tensor<5x4xf32>
  // CHECK: recur.save "c", {{.*}} : tensor<4xf32>
  recur.save "c", %dy : tensor<4xf32>
  // CHECK: recur.saved "c" : tensor<4xf32>
  %v = recur.saved "c" : tensor<4xf32>
}
