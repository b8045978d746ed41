//===- EquationText.h - Values of a system as formulas -----------------*- C++ -*-===//
#ifndef SEQC_PASSES_EQUATIONTEXT_H
#define SEQC_PASSES_EQUATIONTEXT_H

#include "dialect/Recur.h"
#include "passes/analysis/TimeInvariance.h"

#include <string>

namespace recur {

/// How tightly a formula binds: what binds less than its surroundings gets parentheses.
enum class Binding { Compare, Sum, Product, Negation, Power, Atom };

struct Formula {
  std::string text;
  Binding binding;
};

/// The step at which a formula is taken: `[t+1]`, or `[1]` and `[T]` counted from an end of the sequence.
struct Step {
  enum Base { Now, Start, End } base = Now;
  int64_t shift = 0;

  Step operator+(int64_t steps) const { return {base, shift + steps}; }
  /// `[t+1]`; nothing for t itself.
  std::string index() const;
};

/// Writes the values of one system in the notation of `.seq` files. A value has a name if the source, or the pass that
/// made it, gave it one; else it is written out where it is used, unless it is long and used more than once: then it
/// gets an invented name.
class EquationText {
public:
  explicit EquationText(SystemOp system);

  /// The name under which `value` has an equation; empty if it is written out.
  llvm::StringRef getName(mlir::Value value) const;
  /// Whether the name is not from the source.
  bool isInvented(mlir::Value value) const { return invented.contains(value); }
  /// The right side of the equation of `op`.
  std::string define(mlir::Operation *op) { return formula(op, Step()).text; }
  /// `value` at a step: its name with an index, or the formula.
  std::string use(mlir::Value value, Step step = Step()) { return write(value, step).text; }

private:
  void nameValues(SystemOp system);
  bool isWrittenOut(mlir::Operation *op) const;
  Formula write(mlir::Value value, Step step);
  std::string write(mlir::Value value, Step step, Binding least);
  Formula formula(mlir::Operation *op, Step step);
  Formula movement(mlir::Operation *op, Step step);
  Formula call(llvm::StringRef function, mlir::ValueRange arguments, Step step);
  Formula binary(mlir::Operation *op, llvm::StringRef sign, Binding binding, Step step);

  TimeInvariance invariance;
  llvm::DenseMap<mlir::Value, std::string> names;
  llvm::DenseSet<mlir::Value> invented;
};

} // namespace recur

#endif // SEQC_PASSES_EQUATIONTEXT_H
