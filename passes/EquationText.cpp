//===- EquationText.cpp - Values of a system as formulas -----------------------------===//
#include "passes/EquationText.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

#include <cstdlib>

using namespace mlir;

namespace recur {

std::string Step::index() const {
  if (base == Now && shift == 0)
    return "";
  if (base == Start)
    return "[" + std::to_string(shift) + "]";
  std::string text = base == Now ? "[t" : "[T";
  if (shift != 0)
    text += (shift > 0 ? "+" : "-") + std::to_string(std::abs(shift));
  return text + "]";
}

/// The shortest decimal that reads back as `number`.
static std::string number(double number) {
  for (int digits = 1; digits < 17; ++digits) {
    std::string text = llvm::formatv("{0}", llvm::format("%.*g", digits, number)).str();
    if (std::strtod(text.c_str(), nullptr) == number)
      return text;
  }
  return llvm::formatv("{0}", llvm::format("%.17g", number)).str();
}

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

//===-- Names ------------------------------------------------------------------------------===//

EquationText::EquationText(SystemOp system) : invariance(system) { nameValues(system); }

StringRef EquationText::getName(Value value) const {
  auto it = names.find(value);
  return it == names.end() ? StringRef() : StringRef(it->second);
}

static std::string givenName(Operation *op) {
  if (auto input = dyn_cast<InputOp>(op))
    return input.getName().str();
  if (auto param = dyn_cast<ParamOp>(op))
    return param.getName().str();
  for (Operation *user : op->getResult(0).getUsers())
    if (auto equation = dyn_cast<EquationOp>(user))
      return equation.getName().str();
  auto named = dyn_cast<NameLoc>(op->getLoc());
  return named ? named.getName().str() : "";
}

/// Values that the formula of their user shows best, however often they are used.
bool EquationText::isWrittenOut(Operation *op) const {
  if (isa<ConstantOp, CountOp, SeedOp, FinalSeedOp, BoundaryGradientOp, RandomMaskOp, SavedOp, ShiftOpInterface,
          BroadcastOp, TransposeOp, ToRealOp>(op))
    return true;
  SmallPtrSet<Operation *, 4> users;
  for (Operation *user : op->getResult(0).getUsers())
    users.insert(user);
  if (users.size() <= 1)
    return true;
  // f(x), 1 - x, [a, b] of what has a name are shorter than another name.
  auto isShort = [&](Value value) {
    Operation *source = value.getDefiningOp();
    return names.count(value) || isa<ConstantOp>(source) ||
           (isa<ShiftOpInterface>(source) && names.count(source->getOperand(0)));
  };
  bool fewNames = op->getNumOperands() == 1 || isa<ConcatOp>(op) ||
                  llvm::any_of(op->getOperands(), [](Value value) { return value.getDefiningOp<ConstantOp>(); });
  return fewNames && !isa<MatmulOp, TotalOp, ReduceOp>(op) && llvm::all_of(op->getOperands(), isShort);
}

void EquationText::nameValues(SystemOp system) {
  llvm::StringSet<> taken;
  SmallVector<Operation *> unnamed;
  for (Operation &op : system.getBody().front()) {
    if (op.getNumResults() != 1)
      continue;
    std::string name = isa<ShiftOpInterface, ConstantOp>(op) ? "" : givenName(&op);
    if (name.empty() || !taken.insert(name).second)
      unnamed.push_back(&op);
    else
      names[op.getResult(0)] = name;
  }
  unsigned next = 1;
  for (Operation *op : unnamed) {
    if (isWrittenOut(op))
      continue;
    std::string name;
    do
      name = "z" + std::to_string(next++);
    while (!taken.insert(name).second);
    names[op->getResult(0)] = name;
    invented.insert(op->getResult(0));
  }
}

//===-- Formulas -----------------------------------------------------------------------------===//

Formula EquationText::write(Value value, Step step) {
  auto named = names.find(value);
  if (named != names.end())
    return {named->second + (invariance.isInvariant(value) ? "" : step.index()), Binding::Atom};
  return formula(value.getDefiningOp(), step);
}

std::string EquationText::write(Value value, Step step, Binding least) {
  Formula inner = write(value, step);
  return inner.binding < least ? "(" + inner.text + ")" : inner.text;
}

Formula EquationText::call(StringRef function, ValueRange arguments, Step step) {
  std::string text = function.str() + "(";
  for (auto [i, argument] : llvm::enumerate(arguments))
    text += (i ? ", " : "") + write(argument, step).text;
  return {text + ")", Binding::Atom};
}

Formula EquationText::binary(Operation *op, StringRef sign, Binding binding, Step step) {
  // Left to right: the right side needs parentheses already if it binds alike, unless the operation is associative.
  auto tighter = static_cast<Binding>(static_cast<int>(binding) + 1);
  bool associative = isa<AddOp>(op) || (isa<MulOp>(op) && op->getOperand(1).getDefiningOp<MulOp>());
  std::string left = write(op->getOperand(0), step, binding == Binding::Power ? Binding::Atom : binding);
  std::string right = write(op->getOperand(1), step, associative ? binding : tighter);
  return {left + " " + sign.str() + " " + right, binding};
}

static StringRef sign(Predicate predicate) {
  switch (predicate) {
  case Predicate::lt:
    return "<";
  case Predicate::le:
    return "<=";
  case Predicate::gt:
    return ">";
  case Predicate::ge:
    return ">=";
  case Predicate::eq:
    return "==";
  case Predicate::ne:
    return "!=";
  }
  llvm_unreachable("unknown predicate");
}

/// `[:, 4:7]`
static std::string range(int64_t dim, int64_t begin, int64_t size) {
  std::string text = "[";
  for (int64_t i = 0; i < dim; ++i)
    text += ":, ";
  return text + std::to_string(begin) + ":" + std::to_string(begin + size) + "]";
}

Formula EquationText::movement(Operation *op, Step step) {
  Value x = op->getOperand(0);
  return llvm::TypeSwitch<Operation *, Formula>(op)
      .Case([&](ShiftOpInterface shift) { return write(x, step + shift.getShift()); })
      .Case<BroadcastOp, ToRealOp>([&](auto) { return write(x, step); })
      .Case([&](TransposeOp) { return Formula{write(x, step, Binding::Atom) + ".T", Binding::Atom}; })
      .Case([&](SliceOp slice) {
        int64_t size = shapeOf(slice)[slice.getDim()];
        return Formula{write(x, step, Binding::Atom) + range(slice.getDim(), slice.getOffset(), size), Binding::Atom};
      })
      .Case([&](PadOp pad) {
        // What stands in a larger value of zeros.
        int64_t size = shapeOf(x)[pad.getDim()];
        return Formula{"pad(" + write(x, step).text + ", " + range(pad.getDim(), pad.getOffset(), size) + ")",
                       Binding::Atom};
      })
      .Case([&](ReshapeOp reshape) {
        std::string text = "reshape(" + write(x, step).text + ", [";
        for (auto [i, size] : llvm::enumerate(shapeOf(reshape)))
          text += (i ? ", " : "") + std::to_string(size);
        return Formula{text + "])", Binding::Atom};
      })
      .Case([&](ConcatOp concat) {
        Formula list = call("", concat.getParts(), step);
        std::string dim = concat.getDim() == 0 ? "" : "[dim " + std::to_string(concat.getDim()) + "]";
        return Formula{"[" + list.text.substr(1, list.text.size() - 2) + "]" + dim, Binding::Atom};
      })
      .Default([&](Operation *other) { return call(other->getName().stripDialect(), other->getOperands(), step); });
}

Formula EquationText::formula(Operation *op, Step step) {
  // What is constant in time has no step; a total takes its operand at every step.
  if (op->getNumResults() == 1 && invariance.isInvariant(op->getResult(0)))
    step = Step();
  auto atom = [](const Twine &text) { return Formula{text.str(), Binding::Atom}; };
  return llvm::TypeSwitch<Operation *, Formula>(op)
      .Case([&](ConstantOp constant) {
        std::optional<double> splat = constant.getSplat();
        return splat ? Formula{number(*splat), *splat < 0 ? Binding::Negation : Binding::Atom} : atom("constant");
      })
      .Case([&](AddOp) { return binary(op, "+", Binding::Sum, step); })
      .Case([&](SubOp) { return binary(op, "-", Binding::Sum, step); })
      .Case([&](MulOp mul) {
        if (mul.getX() == mul.getY())
          return Formula{write(mul.getX(), step, Binding::Atom) + "^2", Binding::Power};
        return binary(op, "*", Binding::Product, step);
      })
      .Case([&](DivOp) { return binary(op, "/", Binding::Product, step); })
      .Case([&](MatmulOp) { return binary(op, "@", Binding::Product, step); })
      .Case([&](PowOp) { return binary(op, "^", Binding::Power, step); })
      .Case([&](NegOp neg) { return Formula{"-" + write(neg.getX(), step, Binding::Power), Binding::Negation}; })
      .Case([&](CompareOp compare) { return binary(op, sign(compare.getPredicate()), Binding::Compare, step); })
      .Case([&](SelectOp) { return call("where", op->getOperands(), step); })
      .Case([&](ReduceOp reduce) {
        std::string text = stringifyReduceKind(reduce.getKind()).str() + "(" + write(reduce.getX(), step).text;
        if (reduce.getDim() + 1 != reduce.getX().getType().getRank())
          text += ", dim: " + std::to_string(reduce.getDim());
        return atom(text + ")");
      })
      .Case([&](GatherOp gather) {
        return atom(write(gather.getTable(), step, Binding::Atom) + "[" + write(gather.getId(), step).text + "]");
      })
      .Case([&](SeedOp seed) { return atom("given(" + seed.getOutput() + ")" + step.index()); })
      .Case([&](FinalSeedOp seed) { return atom("final(" + seed.getState() + ")" + step.index()); })
      .Case([&](BoundaryGradientOp boundary) {
        return atom("total(d." + boundary.getState() + (boundary.getReversed() ? "[T+1])" : "[0])"));
      })
      .Case([&](RandomMaskOp mask) { return atom("mask_" + Twine(mask.getSite()) + step.index()); })
      .Case([&](CountOp) { return atom("count"); })
      .Case([&](SavedOp saved) { return atom(saved.getName() + step.index()); })
      .Default([&](Operation *other) { return movement(other, step); });
}

} // namespace recur
