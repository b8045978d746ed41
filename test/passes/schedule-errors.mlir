// RUN: seq-opt --recur-schedule --split-input-file --verify-diagnostics %s

recur.system exported @cycle_without_delay {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error @below {{a cycle without a delay: add -> tanh -> add}}
  %a = recur.add %x, %b : tensor<4xf32>
  // expected-note @below {{through tanh}}
  %b = recur.tanh %a : tensor<4xf32>
  recur.output "b", %b : tensor<4xf32>
}

// -----

recur.system exported @names_of_the_source_along_the_cycle {
  %x = recur.input "x" : tensor<4xf32>
  // expected-error @below {{a cycle without a delay: c -> h -> c}}
  %c = recur.add %x, %h : tensor<4xf32>
  // expected-note @below {{through h}}
  %h = recur.tanh %c : tensor<4xf32>
  recur.equation "c", %c : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
}

// -----

recur.system exported @both_directions {
  // expected-error @below {{a recurrence that needs both earlier and later steps: h[t-1] and h[t+2]}}
  %p = recur.delay %h by 1 : tensor<4xf32>
  // expected-note @below {{the later step is read here}}
  %n = recur.advance %h by 2 : tensor<4xf32>
  %h = recur.add %p, %n : tensor<4xf32>
  recur.equation "h", %h : tensor<4xf32>
}

// -----

recur.system exported @through_a_total {
  %x = recur.input "x" : tensor<4xf32>
  %p = recur.delay %h by 1 : tensor<4xf32>
  %a = recur.add %p, %x : tensor<4xf32>
  // expected-error @below {{a recurrence through s, which needs all steps at once}}
  %s = recur.total %a : tensor<4xf32>
  %h = recur.add %a, %s : tensor<4xf32>
  recur.equation "s", %s : tensor<4xf32>
}
