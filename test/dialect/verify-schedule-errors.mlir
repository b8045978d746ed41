// What the verifiers refuse on the levels of the schedule and of the phases.
// RUN: seq-opt %s -split-input-file -verify-diagnostics

recur.system @M {
  recur.map {
    // expected-error@+1 {{'recur.map' op expects parent op 'recur.system'}}
    recur.map {
    }
  }
}

// -----

recur.system @M {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error@+1 {{expects parent op to be one of 'recur.once, recur.map, recur.loop, recur.at'}}
  recur.yield %x : tensor<4xf32>
}

// -----

recur.system @M {
  %s = recur.slot input "x" time batch : !recur.slot<tensor<8xf32>>
  recur.map {
    recur.phase "y" space [4] {
      %x = recur.read %s offset 0 strides [1] : (!recur.slot<tensor<8xf32>>) -> tensor<8xf32>
      // expected-error@+1 {{has the shape [8] in a phase over [4]}}
      %y = recur.tanh %x : tensor<8xf32>
    }
  }
}

// -----

recur.system @M {
  // expected-error@+1 {{'recur.tensor' op expects parent op 'recur.interface'}}
  recur.tensor input "x" : tensor<4xf32>
}

// -----

recur.system @M {
  // expected-error@+1 {{expects a ring of a power of two steps, along time}}
  %s = recur.slot workspace "h" time ring 3 batch : !recur.slot<tensor<8xf32>>
}

// -----

recur.system @M {
  // expected-error@+1 {{expects a ring of a power of two steps, along time}}
  %s = recur.slot workspace "h" ring 4 batch : !recur.slot<tensor<8xf32>>
}

// -----

recur.system @M {
  %t = recur.slot tape "t" time batch : !recur.slot<tensor<8xf32>>
  // expected-error@+1 {{of output cannot have a host}}
  %y = recur.slot output "y" time batch host %t : !recur.slot<tensor<8xf32>> : !recur.slot<tensor<8xf32>>
}

// -----

recur.system @M {
  %x = recur.slot input "x" time batch : !recur.slot<tensor<8xf32>>
  // expected-error@+1 {{expects as host an output with the same extents}}
  %t = recur.slot tape "t" time batch host %x : !recur.slot<tensor<8xf32>> : !recur.slot<tensor<8xf32>>
}

// -----

recur.system @M {
  %t = recur.slot tape "t" time batch : !recur.slot<tensor<4xf32>>
  // expected-error@+1 {{expects as host a slot of the tape with the same extents}}
  %s = recur.slot workspace "s" time batch host %t : !recur.slot<tensor<4xf32>> : !recur.slot<tensor<8xf32>>
}
