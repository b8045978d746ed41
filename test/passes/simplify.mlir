// RUN: seq-opt %s -pass-pipeline='builtin.module(recur.system(recur-simplify{drop-equations=true}))' \
// RUN:   --mlir-use-nameloc-as-prefix | FileCheck %s

// A recurrence waits for as little as possible: first what is off its cycle, then the constant part, then the cycle.
// CHECK-LABEL: recur.system @SumAroundRecurrence
// CHECK-DAG: %[[PH:.*]] = recur.matmul %Wh, %
// CHECK-DAG: %[[PX:.*]] = recur.matmul %Wx, %
// CHECK-DAG: %[[AHEAD:.*]] = recur.add %[[PX]], %b
// CHECK-DAG: %[[ALL:.*]] = recur.add %[[AHEAD]], %[[PH]]
// CHECK-DAG: %h = recur.tanh %[[ALL]]
recur.system @SumAroundRecurrence {
  %x = recur.input "x" : tensor<3xf32>
  %wh = recur.param "Wh" init <xavier> : tensor<4x4xf32> loc("Wh")
  %wx = recur.param "Wx" init <xavier> : tensor<4x3xf32> loc("Wx")
  %b = recur.param "b" init <constant, 0.0> : tensor<4xf32> loc("b")
  %hp = recur.delay %h by 1 state "h" : tensor<4xf32>
  %0 = recur.matmul %wh, %hp : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = recur.matmul %wx, %x : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
  %2 = recur.add %0, %1 : tensor<4xf32>
  %3 = recur.add %2, %b : tensor<4xf32>
  %h = recur.tanh %3 : tensor<4xf32> loc("h")
  recur.output "h", %h : tensor<4xf32>
}

// A sum that the source names is computed as it is written.
// CHECK-LABEL: recur.system @NamedSumStays
// CHECK: %z = recur.add %x, %y
// CHECK: recur.add %z, %b
recur.system @NamedSumStays {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %y = recur.input "y" : tensor<4xf32> loc("y")
  %b = recur.param "b" init <constant, 0.0> : tensor<4xf32> loc("b")
  %z = recur.add %x, %y : tensor<4xf32> loc("z")
  %s = recur.add %z, %b : tensor<4xf32>
  recur.output "z", %z : tensor<4xf32>
  recur.output "s", %s : tensor<4xf32>
}

// Pads that cover a value become a concatenation; a gap is filled with zeros; the same place adds up inside.
// CHECK-LABEL: recur.system @Pads
// CHECK-DAG: %[[ZERO:.*]] = recur.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK-DAG: %[[COVER:.*]] = recur.concat %x, %y dim 0 : (tensor<4xf32>, tensor<3xf32>) -> tensor<7xf32>
// CHECK-DAG: recur.output "cover", %[[COVER]]
// CHECK-DAG: %[[GAP:.*]] = recur.concat %x, %[[ZERO]], %y dim 0
// CHECK-DAG: recur.output "gap", %[[GAP]]
// CHECK-DAG: %[[TWO:.*]] = recur.constant dense<2.000000e+00> : tensor<4xf32>
// CHECK-DAG: %[[XX:.*]] = recur.mul %x, %[[TWO]]
// CHECK-DAG: %[[SAME:.*]] = recur.pad %[[XX]] dim 0 at 0
// CHECK-DAG: recur.output "same", %[[SAME]]
recur.system @Pads {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %y = recur.input "y" : tensor<3xf32> loc("y")
  %0 = recur.pad %x dim 0 at 0 : tensor<4xf32> -> tensor<7xf32>
  %1 = recur.pad %y dim 0 at 4 : tensor<3xf32> -> tensor<7xf32>
  %2 = recur.add %1, %0 : tensor<7xf32>
  recur.output "cover", %2 : tensor<7xf32>
  %3 = recur.pad %x dim 0 at 0 : tensor<4xf32> -> tensor<9xf32>
  %4 = recur.pad %y dim 0 at 6 : tensor<3xf32> -> tensor<9xf32>
  %5 = recur.add %3, %4 : tensor<9xf32>
  recur.output "gap", %5 : tensor<9xf32>
  %6 = recur.pad %x dim 0 at 0 : tensor<4xf32> -> tensor<8xf32>
  %7 = recur.pad %x dim 0 at 0 : tensor<4xf32> -> tensor<8xf32>
  %8 = recur.add %6, %7 : tensor<8xf32>
  recur.output "same", %8 : tensor<8xf32>
}

// Equal equations are merged wherever they stand, also around a cycle; the name of the source survives.
// CHECK-LABEL: recur.system @EqualEquations
// CHECK: recur.add
// CHECK-NOT: recur.add
// CHECK: recur.output "y", %[[Y:.*]] :
// CHECK: recur.output "z", %[[Y]] :
// CHECK: %[[Y]] = recur.tanh
// CHECK-NOT: recur.tanh
// CHECK: recur.delay %[[Y]] by 1
// CHECK-NOT: recur.delay
recur.system @EqualEquations {
  %x = recur.input "x" : tensor<4xf32>
  %0 = recur.add %x, %y : tensor<4xf32>
  %1 = recur.add %y, %x : tensor<4xf32>
  recur.output "y", %2 : tensor<4xf32>
  recur.output "z", %3 : tensor<4xf32>
  %2 = recur.tanh %0 : tensor<4xf32>
  %3 = recur.tanh %1 : tensor<4xf32>
  %y = recur.delay %2 by 1 : tensor<4xf32>
  %unused = recur.delay %3 by 1 : tensor<4xf32>
}

// What no result needs goes, named or not; parameters, inputs and states belong to the caller.
// CHECK-LABEL: recur.system @DeadEquations
// CHECK: recur.input "unused"
// CHECK: recur.param "unused"
// CHECK: recur.delay {{.*}} state "c"
// CHECK-NOT: recur.exp
// CHECK-NOT: recur.equation "e"
// CHECK: recur.equation "c"
recur.system @DeadEquations {
  %x = recur.input "unused" : tensor<4xf32>
  %p = recur.param "unused" init <xavier> : tensor<4xf32>
  %c = recur.add %cp, %x : tensor<4xf32>
  %cp = recur.delay %c by 1 state "c" : tensor<4xf32>
  %e = recur.exp %c : tensor<4xf32>
  recur.equation "e", %e : tensor<4xf32>
  recur.equation "c", %c : tensor<4xf32>
}

// Signs, powers, products.
// CHECK-LABEL: recur.system @Algebra
// CHECK-DAG: %[[SUB:.*]] = recur.sub %x, %y
// CHECK-DAG: recur.output "x + (-y)", %[[SUB]]
// CHECK-DAG: %[[ADD:.*]] = recur.add %x, %y
// CHECK-DAG: recur.output "x - (-y)", %[[ADD]]
// CHECK-DAG: %[[NEG:.*]] = recur.neg %x
// CHECK-DAG: recur.output "-1 * x", %[[NEG]]
// CHECK-DAG: %[[SQUARE:.*]] = recur.mul %x, %x
// CHECK-DAG: recur.output "x ^ 2", %[[SQUARE]]
// CHECK-DAG: %[[CUBE:.*]] = recur.mul %[[SQUARE]], %x
// CHECK-DAG: recur.output "x ^ 3", %[[CUBE]]
// CHECK-DAG: %[[OUTER:.*]] = recur.outer %y, %x
// CHECK-DAG: recur.output "outer(x, y).T", %[[OUTER]]
// CHECK-DAG: %[[ZERO:.*]] = recur.constant dense<0.000000e+00> : tensor<4x4xf32>
// CHECK-DAG: recur.output "outer(0, y)", %[[ZERO]]
// CHECK-DAG: %[[PRODUCT:.*]] = recur.mul %y, %x
// CHECK-DAG: %[[LESS:.*]] = recur.sub %y, %[[PRODUCT]]
// CHECK-DAG: recur.output "-y * x + y", %[[LESS]]
// CHECK-DAG: %[[DOUBLE:.*]] = recur.mul %x, %{{.*}}
// CHECK-DAG: recur.output "x + x", %[[DOUBLE]]
// CHECK-DAG: %[[SUMY:.*]] = recur.reduce sum %y
// CHECK-DAG: %[[MINUS:.*]] = recur.neg %[[SUMY]]
// CHECK-DAG: recur.output "sum(-y)", %[[MINUS]]
recur.system @Algebra {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %y = recur.input "y" : tensor<4xf32> loc("y")
  %0 = recur.neg %y : tensor<4xf32>
  %1 = recur.add %0, %x : tensor<4xf32>
  recur.output "x + (-y)", %1 : tensor<4xf32>
  %2 = recur.sub %x, %0 : tensor<4xf32>
  recur.output "x - (-y)", %2 : tensor<4xf32>
  %minus = recur.constant dense<-1.0> : tensor<4xf32>
  %3 = recur.mul %minus, %x : tensor<4xf32>
  recur.output "-1 * x", %3 : tensor<4xf32>
  %two = recur.constant dense<2.0> : tensor<4xf32>
  %4 = recur.pow %x, %two : tensor<4xf32>
  recur.output "x ^ 2", %4 : tensor<4xf32>
  %three = recur.constant dense<3.0> : tensor<4xf32>
  %5 = recur.pow %x, %three : tensor<4xf32>
  recur.output "x ^ 3", %5 : tensor<4xf32>
  %12 = recur.mul %0, %x : tensor<4xf32>
  %13 = recur.add %12, %y : tensor<4xf32>
  recur.output "-y * x + y", %13 : tensor<4xf32>
  %10 = recur.add %x, %x : tensor<4xf32>
  recur.output "x + x", %10 : tensor<4xf32>
  %11 = recur.reduce sum %0 dim 0 : tensor<4xf32> -> tensor<f32>
  recur.output "sum(-y)", %11 : tensor<f32>
  %6 = recur.outer %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %7 = recur.transpose %6 : tensor<4x4xf32> -> tensor<4x4xf32>
  recur.output "outer(x, y).T", %7 : tensor<4x4xf32>
  %zero = recur.constant dense<0.0> : tensor<4xf32>
  %8 = recur.outer %zero, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  recur.output "outer(0, y)", %8 : tensor<4x4xf32>
}

// A total of products becomes a sum of totals of one product each; what only moves elements moves behind it.
// CHECK-LABEL: recur.system @Totals
// CHECK-DAG: %[[O1:.*]] = recur.outer %x, %x
// CHECK-DAG: %[[T1:.*]] = recur.total %[[O1]]
// CHECK-DAG: %[[O2:.*]] = recur.outer %y, %y
// CHECK-DAG: %[[T2:.*]] = recur.total %[[O2]]
// CHECK-DAG: %[[SUM:.*]] = recur.add %[[T1]], %[[T2]]
// CHECK-DAG: %[[PAD:.*]] = recur.pad %[[SUM]] dim 0 at 0
// CHECK-DAG: recur.gradient "W", %[[PAD]]
recur.system @Totals {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %y = recur.input "y" : tensor<4xf32> loc("y")
  %0 = recur.outer %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %1 = recur.outer %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %2 = recur.add %0, %1 : tensor<4x4xf32>
  %3 = recur.pad %2 dim 0 at 0 : tensor<4x4xf32> -> tensor<8x4xf32>
  %4 = recur.total %3 : tensor<8x4xf32>
  recur.gradient "W", %4 : tensor<8x4xf32>
}

// What is the same at every step is a factor of the total, not of each term, even of terms that others use.
// CHECK-LABEL: recur.system @FactorsOfTotals
// CHECK-DAG: %[[W:.*]] = recur.param "w"
// CHECK-DAG: %[[V:.*]] = recur.param "v"
// CHECK-DAG: %[[XY:.*]] = recur.mul %x, %y
// CHECK-DAG: %[[TXY:.*]] = recur.total %[[XY]]
// CHECK-DAG: %[[Q:.*]] = recur.div %[[TXY]], %[[V]]
// CHECK-DAG: %[[D:.*]] = recur.mul %[[Q]], %[[W]]
// CHECK-DAG: recur.gradient "w", %[[D]]
// CHECK-DAG: %[[TX:.*]] = recur.total %x
// CHECK-DAG: %[[E:.*]] = recur.mul %[[TX]], %[[W]]
// CHECK-DAG: recur.gradient "v", %[[E]]
recur.system @FactorsOfTotals {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %y = recur.input "y" : tensor<4xf32> loc("y")
  %w = recur.param "w" init <xavier> : tensor<4xf32> loc("w")
  %v = recur.param "v" init <xavier> : tensor<4xf32> loc("v")
  %0 = recur.mul %x, %w : tensor<4xf32>
  %1 = recur.mul %0, %y : tensor<4xf32>
  %2 = recur.div %1, %v : tensor<4xf32>
  %3 = recur.total %2 : tensor<4xf32>
  recur.gradient "w", %3 : tensor<4xf32>
  %4 = recur.total %0 : tensor<4xf32>
  recur.gradient "v", %4 : tensor<4xf32>
  recur.output "z", %0 : tensor<4xf32>
}

// The mean over the outputs of a product is taken of its weights, unless the product is needed as it is.
// CHECK-LABEL: recur.system @CentredProducts
// CHECK-DAG: %[[V:.*]] = recur.param "V"
// CHECK-DAG: %[[W:.*]] = recur.param "W"
// CHECK-DAG: %[[SUM:.*]] = recur.reduce sum %[[W]] dim 0 keep : tensor<8x4xf32> -> tensor<1x4xf32>
// CHECK-DAG: %[[MEAN:.*]] = recur.div %[[SUM]]
// CHECK-DAG: %[[SPREAD:.*]] = recur.broadcast %[[MEAN]] : tensor<1x4xf32> -> tensor<8x4xf32>
// CHECK-DAG: %[[CENTRED:.*]] = recur.sub %[[W]], %[[SPREAD]]
// CHECK-DAG: %[[Y:.*]] = recur.matmul %[[CENTRED]], %x
// CHECK-DAG: recur.output "y", %[[Y]]
// CHECK-DAG: %[[P:.*]] = recur.matmul %[[V]], %x
// CHECK-DAG: recur.output "p", %[[P]]
// CHECK-DAG: %[[Z:.*]] = recur.sub %[[P]]
// CHECK-DAG: recur.output "z", %[[Z]]
recur.system @CentredProducts {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %w = recur.param "W" init <xavier> : tensor<8x4xf32>
  %v = recur.param "V" init <xavier> : tensor<8x4xf32>
  %n = recur.constant dense<8.0> : tensor<1xf32>
  %0 = recur.matmul %w, %x : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = recur.reduce sum %0 dim 0 keep : tensor<8xf32> -> tensor<1xf32>
  %2 = recur.div %1, %n : tensor<1xf32>
  %3 = recur.broadcast %2 : tensor<1xf32> -> tensor<8xf32>
  %y = recur.sub %0, %3 : tensor<8xf32>
  recur.output "y", %y : tensor<8xf32>
  %4 = recur.matmul %v, %x : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %5 = recur.reduce sum %4 dim 0 keep : tensor<8xf32> -> tensor<1xf32>
  %6 = recur.div %5, %n : tensor<1xf32>
  %7 = recur.broadcast %6 : tensor<1xf32> -> tensor<8xf32>
  %z = recur.sub %4, %7 : tensor<8xf32>
  recur.output "z", %z : tensor<8xf32>
  recur.output "p", %4 : tensor<8xf32>
}

// What has had its mean subtracted sums to zero, also multiplied by what is the same for all its elements, or computed with
// centred weights; a mean of something else, or over another dim, says nothing.
// CHECK-LABEL: recur.system @SumsOfCentred
// CHECK-DAG: %[[Y:.*]] = recur.reduce sum %y dim 0 keep
// CHECK-DAG: recur.output "rest", %[[Y]]
// CHECK-DAG: %[[NEG:.*]] = recur.neg %[[Y]]
// CHECK-DAG: recur.output "negative", %[[NEG]]
// CHECK-DAG: %[[ZERO:.*]] = recur.constant dense<0.000000e+00> : tensor<1xf32>
// CHECK-DAG: recur.output "centred", %[[ZERO]]
// CHECK-DAG: recur.output "product", %[[ZERO]]
// CHECK-DAG: %[[OTHER:.*]] = recur.reduce sum %other dim 0 keep
// CHECK-DAG: recur.output "other", %[[OTHER]]
// CHECK-DAG: %[[ACROSS:.*]] = recur.reduce sum %across dim 1 keep
// CHECK-DAG: recur.output "across", %[[ACROSS]]
recur.system @SumsOfCentred {
  %n = recur.constant dense<4.0> : tensor<1xf32>
  %columns = recur.constant dense<4.0> : tensor<1x4xf32>
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %y = recur.input "y" : tensor<4xf32> loc("y")
  %k = recur.input "k" : tensor<1xf32> loc("k")
  %A = recur.input "A" : tensor<4x4xf32> loc("A")
  %0 = recur.reduce sum %x dim 0 keep : tensor<4xf32> -> tensor<1xf32>
  %1 = recur.div %0, %n : tensor<1xf32>
  %2 = recur.broadcast %1 : tensor<1xf32> -> tensor<4xf32>
  %centred = recur.sub %x, %2 : tensor<4xf32>
  %3 = recur.reduce sum %centred dim 0 keep : tensor<4xf32> -> tensor<1xf32>
  recur.output "centred", %3 : tensor<1xf32>
  %4 = recur.broadcast %k : tensor<1xf32> -> tensor<4xf32>
  %scaled = recur.mul %4, %centred : tensor<4xf32>
  %5 = recur.sub %y, %scaled : tensor<4xf32>
  %6 = recur.sub %5, %scaled : tensor<4xf32>
  %7 = recur.reduce sum %6 dim 0 keep : tensor<4xf32> -> tensor<1xf32>
  recur.output "rest", %7 : tensor<1xf32>
  %8 = recur.sub %scaled, %y : tensor<4xf32>
  %9 = recur.reduce sum %8 dim 0 keep : tensor<4xf32> -> tensor<1xf32>
  recur.output "negative", %9 : tensor<1xf32>
  %other = recur.sub %y, %2 : tensor<4xf32> loc("other")
  %10 = recur.reduce sum %other dim 0 keep : tensor<4xf32> -> tensor<1xf32>
  recur.output "other", %10 : tensor<1xf32>
  %11 = recur.reduce sum %A dim 0 keep : tensor<4x4xf32> -> tensor<1x4xf32>
  %12 = recur.div %11, %columns : tensor<1x4xf32>
  %13 = recur.broadcast %12 : tensor<1x4xf32> -> tensor<4x4xf32>
  %across = recur.sub %A, %13 : tensor<4x4xf32> loc("across")
  %14 = recur.reduce sum %across dim 1 keep : tensor<4x4xf32> -> tensor<4x1xf32>
  recur.output "across", %14 : tensor<4x1xf32>
  %15 = recur.matmul %across, %y : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %16 = recur.reduce sum %15 dim 0 keep : tensor<4xf32> -> tensor<1xf32>
  recur.output "product", %16 : tensor<1xf32>
}

// Nor do deviations from the mean over all steps add up to anything; from another one they do.
// CHECK-LABEL: recur.system @TotalsOfCentred
// CHECK-DAG: %[[ZERO:.*]] = recur.constant dense<0.000000e+00>
// CHECK-DAG: recur.output "centred", %[[ZERO]]
// CHECK-DAG: %[[TOTAL:.*]] = recur.total %other
// CHECK-DAG: recur.output "other", %[[TOTAL]]
recur.system @TotalsOfCentred {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %y = recur.input "y" : tensor<4xf32> loc("y")
  %0 = recur.total %x : tensor<4xf32>
  %n = recur.count : tensor<f32>
  %1 = recur.broadcast %n : tensor<f32> -> tensor<4xf32>
  %2 = recur.div %0, %1 : tensor<4xf32>
  %3 = recur.sub %x, %2 : tensor<4xf32>
  %4 = recur.total %3 : tensor<4xf32>
  recur.output "centred", %4 : tensor<4xf32>
  %other = recur.sub %y, %2 : tensor<4xf32> loc("other")
  %5 = recur.total %other : tensor<4xf32>
  recur.output "other", %5 : tensor<4xf32>
}

// Nor if another reduction needs the product: there would be two.
// CHECK-LABEL: recur.system @AlsoReduced
// CHECK: recur.matmul %{{.*}}, %x
// CHECK-NOT: recur.matmul
// CHECK: recur.output "z"
recur.system @AlsoReduced {
  %x = recur.input "x" : tensor<4xf32> loc("x")
  %w = recur.param "W" init <xavier> : tensor<8x4xf32>
  %n = recur.constant dense<8.0> : tensor<1xf32>
  %0 = recur.matmul %w, %x : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = recur.reduce sum %0 dim 0 keep : tensor<8xf32> -> tensor<1xf32>
  %2 = recur.div %1, %n : tensor<1xf32>
  %3 = recur.broadcast %2 : tensor<1xf32> -> tensor<8xf32>
  %y = recur.sub %0, %3 : tensor<8xf32>
  recur.output "y", %y : tensor<8xf32>
  %z = recur.reduce max %0 dim 0 keep : tensor<8xf32> -> tensor<1xf32>
  recur.output "z", %z : tensor<1xf32>
}

// A state reads what the caller gives, even if the sequence is zero; a shift without a state does not.
// CHECK-LABEL: recur.system @ShiftsOfZero
// CHECK: %[[S:.*]] = recur.delay %{{.*}} by 1 state "s"
// CHECK-NOT: recur.advance
// CHECK: recur.output "s", %[[S]]
// CHECK: recur.boundary_gradient "s" slots 1 ()
recur.system @ShiftsOfZero {
  %zero = recur.constant dense<0.0> : tensor<4xf32>
  %0 = recur.delay %zero by 1 state "s" : tensor<4xf32>
  recur.output "s", %0 : tensor<4xf32>
  %1 = recur.advance %zero by 1 : tensor<4xf32>
  %2 = recur.boundary_gradient "s" slots 1 (%1) : tensor<4xf32>
}
