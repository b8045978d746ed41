//===- EquationPrinter.cpp - A system as equations ------------------------------------===//
#include "passes/EquationPrinter.h"
#include "passes/EquationText.h"
#include "passes/Passes.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

namespace recur {
#define GEN_PASS_DEF_RECURPRINTEQUATIONS
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;

namespace recur {

namespace {

class SystemPrinter {
public:
  explicit SystemPrinter(SystemOp system) : system(system), text(system), stream(result) {}

  std::string printPrimal();
  std::string printAdjointPart();

private:
  Block &body() { return system.getBody().front(); }
  /// The named values that `op` needs at the same step, each behind those it needs itself.
  void order(Operation *op, llvm::SetVector<Operation *> &ordered, DenseSet<Operation *> &open);
  void printDeclaration(Operation *op);
  void printEquation(Operation *op);
  void printBoundary(ShiftOpInterface shift);
  void printBoundaryGradient(BoundaryGradientOp op);
  void printGradient(GradientOp op);
  DenseSet<Operation *> findAdjointOps();

  SystemOp system;
  EquationText text;
  std::string result;
  llvm::raw_string_ostream stream;
  llvm::StringSet<> boundaries;
};

} // namespace

static std::string shape(RankedTensorType type) {
  std::string text = "[";
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    text += (i ? ", " : "") + std::to_string(size);
  return text + "]";
}

//===-- Order ------------------------------------------------------------------------------===//

void SystemPrinter::order(Operation *op, llvm::SetVector<Operation *> &ordered, DenseSet<Operation *> &open) {
  if (!open.insert(op).second)
    return;
  // Another step is no dependence within this one.
  if (!isa<ShiftOpInterface>(op))
    for (Value operand : op->getOperands())
      order(operand.getDefiningOp(), ordered, open);
  ordered.insert(op);
}

//===-- The equations of the source -----------------------------------------------------------===//

static std::string initialiser(InitAttr init) {
  auto value = [](FloatAttr attr) { return llvm::formatv("{0}", llvm::format("%g", attr.getValueAsDouble())).str(); };
  if (init.getKind() == InitKind::constant)
    return "= " + value(init.getA());
  std::string text = "~ " + stringifyInitKind(init.getKind()).str();
  if (init.getA())
    text += "(" + value(init.getA()) + (init.getB() ? ", " + value(init.getB()) : "") + ")";
  return text;
}

void SystemPrinter::printDeclaration(Operation *op) {
  if (auto input = dyn_cast<InputOp>(op)) {
    stream << "  input " << input.getName() << " : ";
    if (input.getVocabulary())
      stream << "id(" << *input.getVocabulary() << ")\n";
    else
      stream << (input.getType().getElementType().isInteger(1) ? "mask" : shape(input.getType())) << "\n";
  } else if (auto param = dyn_cast<ParamOp>(op)) {
    stream << "  param " << param.getName() << " : " << (param.getDiagonal() ? "diag" : "") << shape(param.getType())
           << " " << initialiser(param.getInit()) << "\n";
  }
}

void SystemPrinter::printBoundary(ShiftOpInterface shift) {
  StringRef name = text.getName(shift.getShiftSource());
  if (!shift.getBoundary() || name.empty() || !boundaries.insert(name).second)
    return;
  stream << "  " << name << (shift.getShift() < 0 ? "[0]" : "[T+1]") << " = " << text.use(shift.getBoundary()) << "\n";
}

void SystemPrinter::printEquation(Operation *op) {
  if (op->getNumResults() != 1 || isa<InputOp, ParamOp, ShiftOpInterface>(op))
    return;
  StringRef name = text.getName(op->getResult(0));
  if (name.empty())
    return;
  bool gate = llvm::any_of(op->getResult(0).getUsers(), [](Operation *user) {
    auto equation = dyn_cast<EquationOp>(user);
    return equation && equation.getGate();
  });
  stream << "  " << (gate ? "gate " : "") << name << " = " << text.define(op) << "\n";
}

std::string SystemPrinter::printPrimal() {
  stream << "model " << system.getSymName() << " {\n";
  for (Operation &op : body())
    printDeclaration(&op);
  for (Operation &op : body())
    if (auto shift = dyn_cast<ShiftOpInterface>(op))
      printBoundary(shift);
  llvm::SetVector<Operation *> ordered;
  DenseSet<Operation *> open;
  for (Operation &op : body())
    order(&op, ordered, open);
  for (Operation *op : ordered)
    printEquation(op);
  for (Operation &op : body()) {
    // An equation that gives another name to a value.
    if (auto equation = dyn_cast<EquationOp>(op); equation && text.getName(equation.getValue()) != equation.getName())
      stream << "  " << equation.getName() << " = " << text.use(equation.getValue()) << "\n";
    if (auto loss = dyn_cast<LossOp>(op))
      stream << "  loss = " << text.use(loss.getValue()) << "\n";
    if (auto output = dyn_cast<OutputOp>(op))
      stream << "  output " << (output.getLast() ? "last(" + output.getName() + ")" : output.getName()) << "\n";
  }
  stream << "}\n";
  return result;
}

//===-- The adjoint ---------------------------------------------------------------------------===//

/// What depends on a seed.
DenseSet<Operation *> SystemPrinter::findAdjointOps() {
  DenseSet<Operation *> found;
  SmallVector<Operation *> next;
  for (Operation &op : body())
    if (isa<SeedOp, FinalSeedOp, GradientOp, BoundaryGradientOp>(op))
      next.push_back(&op);
  while (!next.empty()) {
    Operation *op = next.pop_back_val();
    if (found.insert(op).second)
      next.append(op->user_begin(), op->user_end());
  }
  return found;
}

/// `d.h[0] = W.T @ d.a[1]`: what flows back through the shifts, read at the boundary.
void SystemPrinter::printBoundaryGradient(BoundaryGradientOp op) {
  for (int64_t slot = 0; slot < op.getSlots(); ++slot) {
    Step step = op.getReversed() ? Step{Step::End, slot + 1} : Step{Step::Start, -slot};
    std::string sum;
    for (Value value : op.getShifted()) {
      auto shift = value.getDefiningOp<ShiftOpInterface>();
      // Only sequences shorter than the lag would show the others.
      if (!shift || std::abs(shift.getShift()) <= slot)
        continue;
      sum += (sum.empty() ? "" : " + ") + text.use(value, step);
    }
    stream << "  d." << op.getState() << step.index() << " = " << (sum.empty() ? "0" : sum) << "\n";
  }
}

void SystemPrinter::printGradient(GradientOp op) {
  std::string name = ("d." + op.getName()).str();
  if (text.getName(op.getValue()) != name)
    stream << "  " << name << " = " << text.use(op.getValue()) << "\n";
}

std::string SystemPrinter::printAdjointPart() {
  StringRef name = system.getSymName();
  name.consume_back(".joint");
  stream << "// given(y): the caller's gradient of the output y. final(h): of the final state h.\n"
         << "// total(e): the sum of e over time and batch.\n"
         << "gradient of " << name << " {\n";
  DenseSet<Operation *> adjoint = findAdjointOps();
  llvm::SetVector<Operation *> ordered;
  DenseSet<Operation *> open;
  for (Operation &op : body())
    if (adjoint.contains(&op))
      order(&op, ordered, open);
  for (Operation *op : ordered) {
    bool invented = op->getNumResults() == 1 && text.isInvented(op->getResult(0));
    if (auto boundary = dyn_cast<BoundaryGradientOp>(op))
      printBoundaryGradient(boundary);
    else if (auto gradient = dyn_cast<GradientOp>(op))
      printGradient(gradient);
    else if (adjoint.contains(op) || invented)
      printEquation(op);
  }
  stream << "}\n";
  return result;
}

std::string printEquations(SystemOp system) { return SystemPrinter(system).printPrimal(); }

std::string printAdjoint(SystemOp joint) { return SystemPrinter(joint).printAdjointPart(); }

namespace {

struct PrintEquations : public impl::RecurPrintEquationsBase<PrintEquations> {
  void runOnOperation() override {
    SystemOp system = getOperation();
    bool joint = system.getSymName().ends_with(".joint");
    llvm::outs() << (joint ? printAdjoint(system) : printEquations(system));
  }
};

} // namespace

} // namespace recur
