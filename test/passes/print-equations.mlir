// A system and its gradient, as one would write them.
// RUN: seq-opt %s -o /dev/null -mlir-disable-threading \
// RUN:   -pass-pipeline='builtin.module(recur-derive-adjoint,recur.system(recur-simplify,recur-print-equations))' \
// RUN: | FileCheck %s --match-full-lines --strict-whitespace

//      CHECK:model LSTM {
// CHECK-NEXT:  input x : [3]
// CHECK-NEXT:  param W_f : [4, 7] ~ xavier
// CHECK-NEXT:  param W_g : [4, 7] ~ normal(0.1)
// CHECK-NEXT:  param b_f : [4] = 1
// CHECK-NEXT:  param c_0 : [4] ~ uniform(-1, 1)
// CHECK-NEXT:  c[0] = tanh(c_0)
// CHECK-NEXT:  gate f = sigmoid(W_f @ [h[t-1], x] + b_f)
// CHECK-NEXT:  g = tanh(W_g @ [h[t-1], x])
// CHECK-NEXT:  c = f * c[t-1] + (1 - f) * g
// CHECK-NEXT:  h = tanh(c)
// CHECK-NEXT:  output h
// CHECK-NEXT:}
//      CHECK:gradient of LSTM {
// CHECK-NEXT:  d.h = given(h) + final(h) + z1[t+1][0:4]
// CHECK-NEXT:  d.c = final(c) + d.h * (1 - h^2) + d.c[t+1] * f[t+1]
// CHECK-NEXT:  d.g = d.c * (1 - f)
// CHECK-NEXT:  d.f = d.c * c[t-1] - d.c * g
// CHECK-NEXT:  d.a_f = d.f * f * (1 - f)
// CHECK-NEXT:  d.a_g = d.g * (1 - g^2)
// CHECK-NEXT:  z1 = W_g.T @ d.a_g + W_f.T @ d.a_f
// CHECK-NEXT:  d.x = z1[4:7]
// CHECK-NEXT:  d.h[0] = z1[1][0:4]
// CHECK-NEXT:  d.c[0] = d.c[1] * f[1]
// CHECK-NEXT:  d.c_0 = total(d.c[0]) * (1 - tanh(c_0)^2)
// CHECK-NEXT:  d.W_f = total(outer(d.a_f, [h[t-1], x]))
// CHECK-NEXT:  d.W_g = total(outer(d.a_g, [h[t-1], x]))
// CHECK-NEXT:  d.b_f = total(d.a_f)
// CHECK-NEXT:}
recur.system exported @LSTM {
  %x = recur.input "x" : tensor<3xf32>
  %wf = recur.param "W_f" init <xavier> : tensor<4x7xf32>
  %wg = recur.param "W_g" init <normal, 0.1> : tensor<4x7xf32>
  %bf = recur.param "b_f" init <constant, 1.0> : tensor<4xf32>
  %p = recur.param "c_0" init <uniform, -1.0, 1.0> : tensor<4xf32>
  %c0 = recur.tanh %p : tensor<4xf32>
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %cp = recur.delay %c by 1 state "c" init %c0 : tensor<4xf32>
  %z = recur.concat %hp, %x dim 0 : (tensor<4xf32>, tensor<3xf32>) -> tensor<7xf32>
  %0 = recur.matmul %wf, %z : (tensor<4x7xf32>, tensor<7xf32>) -> tensor<4xf32>
  %1 = recur.add %0, %bf : tensor<4xf32>
  %f = recur.sigmoid %1 : tensor<4xf32>
  recur.equation "f", %f gate : tensor<4xf32>
  %2 = recur.matmul %wg, %z : (tensor<4x7xf32>, tensor<7xf32>) -> tensor<4xf32>
  %g = recur.tanh %2 : tensor<4xf32>
  recur.equation "g", %g : tensor<4xf32>
  %one = recur.constant dense<1.0> : tensor<4xf32>
  %3 = recur.sub %one, %f : tensor<4xf32>
  %4 = recur.mul %f, %cp : tensor<4xf32>
  %5 = recur.mul %3, %g : tensor<4xf32>
  %c = recur.add %4, %5 : tensor<4xf32>
  recur.equation "c", %c : tensor<4xf32>
  %h = recur.tanh %c : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
  recur.output "h", %h : tensor<4xf32>
}

// Other shapes of formula: h[t+1], a loss, an id, a reduction, what is used twice and gets a name.
//      CHECK:model Tagger {
// CHECK-NEXT:  input id : id(9)
// CHECK-NEXT:  input y : []
// CHECK-NEXT:  param E : [9, 4] ~ xavier
// CHECK-NEXT:  param U : diag[4] ~ xavier
// CHECK-NEXT:  h = tanh(U * h[t+1] + E[id])
// CHECK-NEXT:  loss = total((sum(h) - y)^2) / 2 / count
// CHECK-NEXT:  output last(h)
// CHECK-NEXT:}
//      CHECK:gradient of Tagger {
// CHECK-NEXT:  z1 = sum(h) - y
// CHECK-NEXT:  z2 = given(loss) / count / 2 * z1 * 2
// CHECK-NEXT:  d.h = given(h) + final(h) + reshape(z2, [1]) + d.a_h[t-1] * U
// CHECK-NEXT:  d.a_h = d.h * (1 - h^2)
// CHECK-NEXT:  d.y = -z2
// CHECK-NEXT:  d.h[T+1] = d.a_h[T] * U
// CHECK-NEXT:  d.E = total(scatter(d.a_h, id))
// CHECK-NEXT:  d.U = total(d.a_h * h[t+1])
// CHECK-NEXT:}
recur.system exported @Tagger {
  %id = recur.input "id" vocabulary 9 : tensor<i32>
  %y = recur.input "y" : tensor<f32>
  %e = recur.param "E" init <xavier> : tensor<9x4xf32>
  %u = recur.param "U" init <xavier> {diagonal} : tensor<4xf32>
  %row = recur.gather %e[%id] : (tensor<9x4xf32>, tensor<i32>) -> tensor<4xf32>
  %next = recur.advance %h by 1 state "h" : tensor<4xf32>
  %0 = recur.mul %u, %next : tensor<4xf32>
  %1 = recur.add %0, %row : tensor<4xf32>
  %h = recur.tanh %1 : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
  %s = recur.reduce sum %h dim 0 : tensor<4xf32> -> tensor<f32>
  %d = recur.sub %s, %y : tensor<f32>
  %sq = recur.mul %d, %d : tensor<f32>
  %two = recur.constant dense<2.0> : tensor<f32>
  %half = recur.div %sq, %two : tensor<f32>
  %total = recur.total %half : tensor<f32>
  %n = recur.count : tensor<f32>
  %loss = recur.div %total, %n : tensor<f32>
  recur.loss %loss : tensor<f32>
  recur.output "h", %h last : tensor<4xf32>
}
