// What the verifiers refuse on the level of equations. No .seq program leads here: sema reports first.
// RUN: seq-opt %s -split-input-file -verify-diagnostics

recur.system @M {
  %w = recur.param "W" init <xavier> : tensor<4x3xf32>
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{contracts dims of different size: [4, 3] and [4]}}
  %y = recur.matmul %w, %x : (tensor<4x3xf32>, tensor<4xf32>) -> tensor<4xf32>
}

// -----

recur.system @M {
  %w = recur.input "W" : tensor<2x4x3xf32>
  %x = recur.input "x" : tensor<5x3xf32>
  // expected-error@+1 {{has different leading dims: [2, 4, 3] and [5, 3]}}
  %y = recur.matmul %w, %x : (tensor<2x4x3xf32>, tensor<5x3xf32>) -> tensor<2x4xf32>
}

// -----

recur.system @M {
  %w = recur.input "w" : tensor<3xf32>
  // expected-error@+1 {{needs a matrix, and a vector or a matrix: got [3] and [3]}}
  %y = recur.matmul %w, %w : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
}

// -----

recur.system @M {
  %w = recur.input "w" : tensor<4x3xf32>
  // expected-error@+1 {{needs two vectors with the same leading dims: got [4, 3] and [3, 4]}}
  %y = recur.outer %w, %v : (tensor<4x3xf32>, tensor<3x4xf32>) -> tensor<4x3x4xf32>
  %v = recur.input "v" : tensor<3x4xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<4x3xf32>
  // expected-error@+1 {{has no dim 2 in [4, 3]}}
  %y = recur.reduce sum %x dim 2 : tensor<4x3xf32> -> tensor<4xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<4x3xf32>
  // expected-error@+1 {{has a result of shape [4, 1], expected [4]}}
  %y = recur.reduce sum %x dim 1 : tensor<4x3xf32> -> tensor<4x1xf32>
}

// -----

recur.system @M {
  %t = recur.param "E" init <xavier> : tensor<9x3xf32>
  %id = recur.input "id" vocabulary 9 : tensor<i32>
  // expected-error@+1 {{has a result of shape [9], expected [3]}}
  %y = recur.gather %t[%id] : (tensor<9x3xf32>, tensor<i32>) -> tensor<9xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<3xf32>
  %id = recur.input "id" vocabulary 9 : tensor<i32>
  // expected-error@+1 {{needs a result whose rows have the shape [3], got [9, 4]}}
  %y = recur.scatter %x[%id] : (tensor<3xf32>, tensor<i32>) -> tensor<9x4xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<3xf32>
  // expected-error@+1 {{cannot repeat [3] to [3, 4]}}
  %y = recur.broadcast %x : tensor<3xf32> -> tensor<3x4xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<8xf32>
  // expected-error@+1 {{changes the number of elements: [8] to [3, 4]}}
  %y = recur.reshape %x : tensor<8xf32> -> tensor<3x4xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<8xf32>
  // expected-error@+1 {{needs at least two dims, got [8]}}
  %y = recur.transpose %x : tensor<8xf32> -> tensor<8xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<8xf32>
  // expected-error@+1 {{leaves dim 0 of [8]: elements 6 to 10}}
  %y = recur.slice %x dim 0 at 6 : tensor<8xf32> -> tensor<4xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<8x2xf32>
  // expected-error@+1 {{changes other dims than 0: [4, 1] in [8, 2]}}
  %y = recur.slice %x dim 0 at 0 : tensor<8x2xf32> -> tensor<4x1xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{leaves dim 0 of [8]: elements -1 to 3}}
  %y = recur.pad %x dim 0 at -1 : tensor<4xf32> -> tensor<8xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{has a result of shape [7], expected [8]}}
  %y = recur.concat %x, %x dim 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<7xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<4x2xf32>
  %y = recur.input "y" : tensor<4x3xf32>
  // expected-error@+1 {{has parts that differ in other dims than 0}}
  %z = recur.concat %x, %y dim 0 : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<8x2xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{attribute 'steps' failed to satisfy constraint}}
  %y = recur.delay %x by 0 : tensor<4xf32>
}

// -----

recur.system @M {
  // expected-error@+1 {{has a vocabulary if and only if it holds ids}}
  %x = recur.input "x" : tensor<i32>
}

// -----

recur.system @M {
  // expected-error@+1 {{needs a vocabulary of at least one id}}
  %x = recur.input "x" vocabulary 0 : tensor<i32>
}

// -----

recur.system @M {
  // expected-error@+1 {{initialiser uniform takes 2 numbers, got 1}}
  %x = recur.param "x" init <uniform, 0.5> : tensor<4xf32>
}

// -----

recur.system @M {
  // expected-error@+1 {{needs a probability in [0, 1), got 1.000000e+00}}
  %m = recur.random_mask 1.0 site 0 : tensor<4xf32>
}

// -----

// In the generic form: the other one has no place for two types.
recur.system @M {
  %m = recur.param "m" init <constant, 0.0> : tensor<4xf32>
  %x = recur.input "x" : tensor<3xf32>
  // expected-error@+1 {{requires the same type for all operands and results}}
  %y = "recur.estimate"(%m, %x) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{is the second input named 'x'}}
  %y = recur.input "x" : tensor<4xf32>
}

// -----

recur.system @M {
  %n = recur.count : tensor<f32>
  recur.loss %n : tensor<f32>
  // expected-error@+1 {{is the second loss}}
  recur.loss %n : tensor<f32>
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{names no system: @Missing}}
  %y = recur.instance @Missing "a" (%x) reads ["h"] : (tensor<4xf32>) -> tensor<4xf32>
}

// -----

recur.system @Cell {
  %x = recur.input "x" : tensor<4xf32>
  recur.equation "h", %x : tensor<4xf32>
}
recur.system @M {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{reads 'c', which @Cell lacks}}
  %y = recur.instance @Cell "a" (%x) reads ["c"] : (tensor<4xf32>) -> tensor<4xf32>
}

// -----

recur.system @Cell {
  %x = recur.input "x" : tensor<4xf32>
  recur.equation "h", %x : tensor<4xf32>
}
recur.system @Wrap {
  %x = recur.input "x" : tensor<4xf32>
  %h = recur.instance @Cell "rnn" (%x) reads ["h"] : (tensor<4xf32>) -> tensor<4xf32>
}
recur.system @M {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{reads 'rnn.c', which @Wrap lacks}}
  %y:2 = recur.instance @Wrap "a" (%x) reads ["rnn.h", "rnn.c"] : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
}

// -----

recur.system @Cell {
  %x = recur.input "x" : tensor<4xf32>
  recur.equation "h", %x : tensor<4xf32>
}
recur.system @M {
  // expected-error@+1 {{has other arguments than @Cell has inputs}}
  %y = recur.instance @Cell "a" () reads ["h"] : () -> tensor<4xf32>
}
