//===- Recurrence.cpp - What kind of recurrence a component is ------------------------===//
#include "passes/analysis/Recurrence.h"

#include "passes/analysis/OpKinds.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace recur {
namespace {

/// More paths than this say nothing more.
constexpr size_t maxHighways = 4;

class Classifier {
public:
  explicit Classifier(const Component &component)
      : component(component), members(component.ops.begin(), component.ops.end()) {}
  Recurrence run();

private:
  bool onCycle(Value value) const { return members.contains(value.getDefiningOp()); }
  unsigned cyclicOperands(Operation *op) const {
    return llvm::count_if(op->getOperands(), [&](Value operand) { return onCycle(operand); });
  }
  /// Why `op` keeps the recurrence from being a scan; empty if it does not.
  std::string obstacle(Operation *op) const;
  void follow(Value value, Value target, SmallVectorImpl<std::string> &steps, DenseSet<Operation *> &visited,
              const std::string &state, std::vector<GradientHighway> &found) const;

  const Component &component;
  DenseSet<Operation *> members;
};

} // namespace

static std::string timed(ShiftOpInterface shift) {
  int64_t steps = shift.getShift();
  return nameOf(shift.getShiftSource()) + "[t" + (steps > 0 ? "+" : "") + std::to_string(steps) + "]";
}

std::string Classifier::obstacle(Operation *op) const {
  std::string name = nameOf(op->getResult(0));
  if (isProduct(op))
    return "a " + op->getName().stripDialect().str() + " of its state, in " + name;
  if (isa<AddOp, SubOp, NegOp, ShiftOpInterface, SliceOp, ReshapeOp, StopGradientOp>(op))
    return "";
  if (isa<MulOp>(op))
    return cyclicOperands(op) == 1 ? "" : "two of its values are multiplied in " + name;
  if (auto div = dyn_cast<DivOp>(op))
    return onCycle(div.getY()) ? "it divides by its state in " + name : "";
  if (auto select = dyn_cast<SelectOp>(op))
    return onCycle(select.getCondition()) ? "it chooses by its state in " + name : "";
  if (isPointwise(op))
    return "a " + op->getName().stripDialect().str() + " of its state, in " + name;
  return "elements of its state move, in " + name;
}

/// How a step of a path reads: the factor of a product, or the function.
static std::string stepOf(Operation *op, Value from) {
  if (auto mul = dyn_cast<MulOp>(op))
    return "* " + nameOf(mul.getX() == from ? mul.getY() : mul.getX());
  if (auto div = dyn_cast<DivOp>(op); div && div.getX() == from)
    return "/ " + nameOf(div.getY());
  if (isa<AddOp, SubOp>(op) || isMovement(op))
    return "";
  return op->getName().stripDialect().str();
}

void Classifier::follow(Value value, Value target, SmallVectorImpl<std::string> &steps, DenseSet<Operation *> &visited,
                        const std::string &state, std::vector<GradientHighway> &found) const {
  if (value == target) {
    found.push_back({state, {steps.begin(), steps.end()}});
    return;
  }
  for (Operation *user : value.getUsers()) {
    if (found.size() == maxHighways || !members.contains(user) || isProduct(user) || isa<ShiftOpInterface>(user) ||
        !visited.insert(user).second)
      continue;
    std::string step = stepOf(user, value);
    if (!step.empty())
      steps.push_back(step);
    follow(user->getResult(0), target, steps, visited, state, found);
    if (!step.empty())
      steps.pop_back();
    visited.erase(user);
  }
}

Recurrence Classifier::run() {
  Recurrence result{Recurrence::Scan, false, {}, "linear in its state, with coefficients off the cycle", {}};
  llvm::SetVector<Value> states;
  for (Operation *op : component.ops) {
    if (auto shift = dyn_cast<ShiftOpInterface>(op)) {
      result.backward = shift.getShift() > 0;
      if (states.insert(shift.getShiftSource()))
        result.states.push_back(nameOf(shift.getShiftSource()));
      SmallVector<std::string> steps;
      DenseSet<Operation *> visited;
      follow(op->getResult(0), shift.getShiftSource(), steps, visited, timed(shift), result.highways);
    }
    if (result.kind == Recurrence::Sequential)
      continue;
    if (std::string why = obstacle(op); !why.empty()) {
      result.kind = Recurrence::Sequential;
      result.reason = why;
    }
  }
  return result;
}

std::vector<Recurrence> classifyRecurrences(SystemOp system) {
  std::vector<Recurrence> recurrences;
  for (const Component &component : findComponents(system.getBody().front()))
    if (component.cyclic)
      recurrences.push_back(Classifier(component).run());
  return recurrences;
}

} // namespace recur
