//===- Recurrence.h - What kind of recurrence a component is -----------*- C++ -*-===//
#ifndef SEQC_PASSES_ANALYSIS_RECURRENCE_H
#define SEQC_PASSES_ANALYSIS_RECURRENCE_H

#include "passes/analysis/Components.h"

#include <string>
#include <vector>

namespace recur {

/// A way from a state back to itself one shift away that meets no product: gradients neither mix nor grow on it but by
/// the factors named.
struct GradientHighway {
  std::string state; // with its time, `c[t-1]`
  std::vector<std::string> steps;
};

/// One recurrence of a flat system.
struct Recurrence {
  enum Class {
    Scan,      // h[t] = a[t] * h[t-1] + b[t], a and b off the cycle: parallel in time
    Sequential // anything else
  };
  Class kind;
  bool backward;
  std::vector<std::string> states; // what its shifts read
  std::string reason;              // why it is of this class
  std::vector<GradientHighway> highways;
};

/// All recurrences of a flat system, in dependence order.
std::vector<Recurrence> classifyRecurrences(SystemOp system);

} // namespace recur

#endif // SEQC_PASSES_ANALYSIS_RECURRENCE_H
