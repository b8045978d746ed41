//===- DeriveAdjoint.cpp - Adds the adjoint system (BPTT) ------------------------===//
//
// Reverse mode on equations: every value v that a gradient reaches gets an adjoint d.v, the sum of what the ops that
// use v contribute (AdjointOpInterface). The adjoint of a delay is an advance, so that the adjoint of a recurrence is
// a recurrence the other way: a cycle of the adjoint may be closed before its members are known, hence placeholders.
//
//===----------------------------------------------------------------------===//
#include "passes/Passes.h"
#include "passes/analysis/TimeInvariance.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "recur-derive-adjoint"

namespace recur {
#define GEN_PASS_DEF_RECURDERIVEADJOINT
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

namespace {

/// The shifts of one sequence that share their boundary: one state, one direction.
struct State {
  std::string name;
  bool reversed = false;
  int64_t slots = 0;
  RankedTensorType type;
  Value source;
  Value init;
  SmallVector<Operation *> shifts;
  SmallVector<Value> seeds; // reach the initial state of a sequence that has fewer steps than the state has slots
};

/// Adds adjoint equations to a system that holds a copy of the primal one.
class AdjointDeriver {
public:
  explicit AdjointDeriver(SystemOp system);

  /// Returns the number of values that got an adjoint.
  FailureOr<unsigned> run();

private:
  void findStates();
  void findWanted();
  void addSeeds();
  void addSeed(OutputOp output);
  void addFinalSeed(State &state);
  void addSeedsOfGradients();
  LogicalResult visitReached();
  void visitBoundary(const State &state);
  void addGradients();
  void closeCycles();

  /// The op that stands for the adjoint of `value` until all contributions are known.
  Value placeholder(Value value);
  bool contributesSequence(Operation *from) const;
  Value sumOf(Value value, Location loc);
  Value sum(ArrayRef<Value> values, Location loc);
  std::string sourceName(Value value, bool activations) const;
  Location nameOf(Value value) const;
  Value zero(RankedTensorType type) { return ConstantOp::create(builder, system.getLoc(), type, 0.0); }

  SystemOp system;
  OpBuilder builder;
  TimeInvariance invariance;
  AdjointBuilder adjoint;
  size_t numVisited = 0;
  SmallVector<State> states;
  llvm::DenseSet<Value> wanted; // depends on a parameter, an input or a state
  llvm::MapVector<Value, Operation *> placeholders;
  DenseMap<Value, StringRef> names;
};

} // namespace

static bool isReal(Value value) { return isa<FloatType>(cast<RankedTensorType>(value.getType()).getElementType()); }

AdjointDeriver::AdjointDeriver(SystemOp system)
    : system(system), builder(OpBuilder::atBlockEnd(&system.getBody().front())), invariance(system),
      adjoint(builder, [this](Value value) { return wanted.contains(value); }) {
  for (Operation &op : system.getBody().front()) {
    if (auto equation = dyn_cast<EquationOp>(op))
      names.try_emplace(equation.getValue(), equation.getName()); // another one is an alias
    else if (auto param = dyn_cast<ParamOp>(op))
      names[param.getValue()] = param.getName();
    else if (auto input = dyn_cast<InputOp>(op))
      names[input.getValue()] = input.getName();
  }
}

//===-- What is differentiated ---------------------------------------------------------===//

void AdjointDeriver::findStates() {
  for (Operation &op : system.getBody().front()) {
    auto shift = dyn_cast<ShiftOpInterface>(op);
    if (!shift || !isReal(shift.getShiftSource()) || (shift.getStateName().empty() && !shift.getBoundary()))
      continue;
    bool reversed = shift.getShift() > 0;
    // A state has one boundary, though each shift may hold a copy of its equation.
    auto same = [&](const State &state) {
      return state.name == shift.getStateName() && state.reversed == reversed &&
             state.source == shift.getShiftSource() && (!state.name.empty() || state.init == shift.getBoundary());
    };
    auto *state = llvm::find_if(states, same);
    if (state == states.end()) {
      auto type = cast<RankedTensorType>(shift.getShiftSource().getType());
      states.push_back(
          {shift.getStateName().str(), reversed, 0, type, shift.getShiftSource(), shift.getBoundary(), {}, {}});
      state = &states.back();
    }
    if (!state->init)
      state->init = shift.getBoundary();
    state->slots = std::max(state->slots, std::abs(shift.getShift()));
    state->shifts.push_back(shift);
  }
}

void AdjointDeriver::findWanted() {
  SmallVector<Value> next;
  for (Operation &op : system.getBody().front()) {
    if (isa<ParamOp, InputOp>(op))
      next.push_back(op.getResult(0));
    if (auto shift = dyn_cast<ShiftOpInterface>(op); shift && !shift.getStateName().empty())
      next.push_back(op.getResult(0));
  }
  for (State &state : states)
    if (!state.name.empty())
      next.push_back(state.source); // the seed of the final state
  while (!next.empty()) {
    Value value = next.pop_back_val();
    if (!isReal(value) || !wanted.insert(value).second)
      continue;
    for (Operation *user : value.getUsers())
      next.append(user->result_begin(), user->result_end());
  }
}

void AdjointDeriver::addSeed(OutputOp output) {
  adjoint.visit(output);
  Value value = output.getValue();
  Value seed = SeedOp::create(builder, output.getLoc(), value.getType(), output.getName(), output.getLast());
  adjoint.add(value, adjoint.expr(seed));
  for (State &state : states)
    if (output.getLast() && !state.reversed && state.source == value)
      state.seeds.push_back(seed);
}

void AdjointDeriver::addFinalSeed(State &state) {
  Operation *shift = state.shifts.front();
  adjoint.visit(shift);
  Value seed = FinalSeedOp::create(builder, shift->getLoc(), state.type, state.name, state.slots, state.reversed);
  adjoint.add(state.source, adjoint.expr(seed));
  state.seeds.push_back(seed);
}

void AdjointDeriver::addSeeds() {
  SmallVector<OutputOp> outputs(system.getBody().getOps<OutputOp>());
  SmallVector<LossOp> losses(system.getBody().getOps<LossOp>());
  for (OutputOp output : outputs)
    if (isReal(output.getValue()))
      addSeed(output);
  for (LossOp loss : losses) {
    adjoint.visit(loss);
    Value seed = SeedOp::create(builder, loss.getLoc(), loss.getValue().getType(), "loss");
    adjoint.add(loss.getValue(), adjoint.expr(seed));
  }
  for (State &state : states)
    if (!state.name.empty())
      addFinalSeed(state);
}

/// The results of an adjoint system are its gradients, and its seeds are numbers given. Its gradients make room for
/// those that are derived here, which have the same names.
void AdjointDeriver::addSeedsOfGradients() {
  for (auto boundary : llvm::make_early_inc_range(system.getBody().getOps<BoundaryGradientOp>()))
    if (boundary.use_empty())
      boundary.erase();
  for (GradientOp gradient : llvm::make_early_inc_range(system.getBody().getOps<GradientOp>())) {
    Value value = gradient.getValue();
    bool ofInput = llvm::any_of(system.getBody().getOps<InputOp>(),
                                [&](InputOp input) { return input.getName() == gradient.getName(); });
    auto seed = SeedOp::create(builder, gradient.getLoc(), value.getType(), ("d." + gradient.getName()).str(),
                               /*last=*/false, /*constant=*/!ofInput);
    adjoint.visit(seed);
    adjoint.add(value, adjoint.expr(seed));
    gradient.erase();
  }
}

//===-- The walk ---------------------------------------------------------------------------===//

Value AdjointDeriver::placeholder(Value value) {
  Operation *&op = placeholders[value];
  if (!op)
    op = UnrealizedConversionCastOp::create(builder, nameOf(value), value.getType(), ValueRange());
  return op->getResult(0);
}

LogicalResult AdjointDeriver::visitReached() {
  // Grows while it is walked: an op is visited when the first contribution to its result is known.
  for (; numVisited < adjoint.getReached().size(); ++numVisited) {
    Value value = adjoint.getReached()[numVisited];
    Operation *op = value.getDefiningOp();
    Value g = placeholder(value);
    if (isa<ParamOp, InputOp>(op))
      continue;
    auto differentiable = dyn_cast<AdjointOpInterface>(op);
    if (!differentiable)
      return op->emitOpError("cannot be differentiated");
    adjoint.visit(op);
    differentiable.buildAdjoint(adjoint, adjoint.expr(g));
  }
  return success();
}

void AdjointDeriver::visitBoundary(const State &state) {
  SmallVector<Value> shifted;
  for (const AdjointBuilder::Shifted &entry : adjoint.getShifted())
    if (llvm::is_contained(state.shifts, entry.primal))
      shifted.push_back(entry.adjoint);
  shifted.append(state.seeds);
  if (state.name.empty() && (shifted.empty() || !wanted.contains(state.init)))
    return;
  auto total = BoundaryGradientOp::create(builder, state.shifts.front()->getLoc(), state.type, state.name, state.slots,
                                          state.reversed, shifted);
  adjoint.visit(total);
  if (state.init && !shifted.empty())
    adjoint.add(state.init, adjoint.expr(total));
}

//===-- Sums ---------------------------------------------------------------------------------===//

/// The name that the source gives a value, or ""; for what an activation f is applied to, `a_f`.
std::string AdjointDeriver::sourceName(Value value, bool activations) const {
  if (StringRef name = names.lookup(value); !name.empty())
    return name.str();
  if (auto named = dyn_cast<NameLoc>(value.getLoc()))
    return named.getName().str();
  if (!activations || !value.hasOneUse())
    return "";
  Operation *user = *value.user_begin();
  if (user->getNumOperands() != 1 || !user->hasTrait<PointwiseOpTrait>())
    return "";
  std::string activation = sourceName(user->getResult(0), false);
  if (activation.empty())
    return "";
  size_t path = activation.rfind('.');
  return activation.insert(path == std::string::npos ? 0 : path + 1, "a_");
}

Location AdjointDeriver::nameOf(Value value) const {
  Location loc = value.getLoc();
  if (auto named = dyn_cast<NameLoc>(loc))
    loc = named.getChildLoc();
  std::string name = sourceName(value, /*activations=*/true);
  return name.empty() ? loc : NameLoc::get(StringAttr::get(loc.getContext(), "d." + name), loc);
}

Value AdjointDeriver::sum(ArrayRef<Value> values, Location loc) {
  auto named = dyn_cast<NameLoc>(loc);
  Value sum = values.front();
  for (Value value : values.drop_front())
    sum = AddOp::create(builder, named ? named.getChildLoc() : loc, sum, value);
  return sum;
}

/// Whether what `from` contributes is another number at every step.
bool AdjointDeriver::contributesSequence(Operation *from) const {
  if (isa<OutputOp, TotalOp>(from))
    return true;
  if (isa<LossOp, BoundaryGradientOp>(from))
    return false;
  if (auto seed = dyn_cast<SeedOp>(from)) // not there when the analysis was made
    return !seed.isConstant();
  return !invariance.isInvariant(from->getResult(0));
}

/// The adjoint of `value`: the sum of its contributions. What a sequence contributes to an invariant value is summed
/// over time and batch.
Value AdjointDeriver::sumOf(Value value, Location loc) {
  SmallVector<Value> direct, totalled;
  for (const AdjointBuilder::Contribution &part : adjoint.getContributions(value)) {
    bool wraps = invariance.isInvariant(value) && contributesSequence(part.from);
    (wraps ? totalled : direct).push_back(part.value);
  }
  if (!totalled.empty())
    direct.push_back(TotalOp::create(builder, loc, sum(totalled, loc)));
  Value result = sum(direct, loc);
  if (Operation *op = result.getDefiningOp(); !isa<NameLoc>(op->getLoc()))
    op->setLoc(loc);
  return result;
}

/// Puts the sums in place of the placeholders.
void AdjointDeriver::closeCycles() {
  DenseMap<Value, Value> sums;
  for (auto &[value, op] : placeholders)
    sums[op->getResult(0)] = sumOf(value, op->getLoc());
  for (auto &[value, op] : placeholders) {
    Value result = sums[op->getResult(0)];
    while (sums.contains(result))
      result = sums[result];
    op->getResult(0).replaceAllUsesWith(result);
    if (!isa<NameLoc>(result.getLoc()))
      result.getDefiningOp()->setLoc(op->getLoc());
  }
  for (auto &[value, op] : placeholders)
    op->erase();
}

void AdjointDeriver::addGradients() {
  SmallVector<Operation *> primal;
  for (Operation &op : system.getBody().front())
    if (isa<ParamOp, InputOp>(op) && isReal(op.getResult(0)))
      primal.push_back(&op);
  for (Operation *op : primal) {
    Value value = op->getResult(0);
    Value gradient =
        placeholders.count(value) ? placeholders[value]->getResult(0) : zero(cast<RankedTensorType>(value.getType()));
    StringRef name = isa<ParamOp>(op) ? cast<ParamOp>(op).getName() : cast<InputOp>(op).getName();
    GradientOp::create(builder, op->getLoc(), name, gradient);
  }
}

FailureOr<unsigned> AdjointDeriver::run() {
  findStates();
  findWanted();
  if (system.getBody().getOps<GradientOp>().empty())
    addSeeds();
  else
    addSeedsOfGradients();
  if (failed(visitReached()))
    return failure();
  for (const State &state : states)
    visitBoundary(state);
  // A boundary's equation may reach values that nothing else reached.
  if (failed(visitReached()))
    return failure();
  addGradients();
  closeCycles();
  return placeholders.size();
}

namespace {

struct DeriveAdjoint : public recur::impl::RecurDeriveAdjointBase<DeriveAdjoint> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<SystemOp> systems(getOperation().getOps<SystemOp>());
    for (SystemOp system : systems) {
      std::string name = (system.getSymName() + ".joint").str();
      if (!system.getExported() || symbols.lookup(name))
        continue;
      SystemOp joint = system.clone();
      joint.setSymName(name);
      joint.setExported(false);
      symbols.insert(joint, std::next(Block::iterator(system)));
      FailureOr<unsigned> derived = AdjointDeriver(joint).run();
      if (failed(derived))
        return signalPassFailure();
      numAdjoints += *derived;
    }
  }
};

} // namespace
