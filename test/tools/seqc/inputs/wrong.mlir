recur.system exported @M {
  %x = recur.input "x" : tensor<3xf32>
  %y = recur.add %x, %z : tensor<3xf32>
}
