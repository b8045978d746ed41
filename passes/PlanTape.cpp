//===- PlanTape.cpp - What forward keeps and what the adjoint recomputes -------------===//
//
// Every value of the primal that the adjoint reads is kept on the tape or computed again. Products and what a loop
// carries are kept; pointwise values of which all operands are at hand are cheaper to compute than to store and load.
// An operand is kept for that where it takes less than what is made of it.
//
//===--------------------------------------------------------------------------------===//
#include "passes/Passes.h"
#include "passes/analysis/Components.h"
#include "passes/analysis/OpKinds.h"
#include "passes/analysis/TimeInvariance.h"

#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "recur-plan-tape"

namespace recur {
#define GEN_PASS_DEF_RECURPLANTAPE
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

namespace {

struct Decision {
  bool keep;
  StringRef reason;
};

/// Decides for one joint system.
class TapePlan {
public:
  explicit TapePlan(SystemOp joint)
      : block(joint.getBody().front()), invariance(joint), components(findComponents(block)) {}

  void run();
  bool isAdjoint(Operation *op) const { return adjoint.contains(op); }

  llvm::MapVector<Value, Decision> decisions; // in dependence order

private:
  void findAdjoint();
  void findPrimal();
  void require(Value value);
  void requireShrunk();
  void findMissing(Value value, SetVector<Value> &missing, DenseSet<Value> &visited);
  Decision decide(Operation *op, bool carried);
  void decideAll();
  bool requireSources();

  Block &block;
  TimeInvariance invariance;
  SmallVector<Component> components;
  DenseSet<Operation *> adjoint; // depends on a seed
  DenseSet<Operation *> primal;  // what forward computes anyway
  DenseSet<Value> required;
  SmallVector<Operation *> shrinking;                // movement that reads less than its source
  DenseSet<Value> derivable;                         // made of what is required, or of leaves
  llvm::MapVector<Value, SmallVector<Value>> unkept; // what is missing to compute what is kept for want of it
};

} // namespace

/// Adds `roots` and everything they lead to.
static void markUsers(DenseSet<Operation *> &set, SmallVector<Operation *> roots) {
  while (!roots.empty()) {
    Operation *op = roots.pop_back_val();
    if (set.insert(op).second)
      roots.append(op->user_begin(), op->user_end());
  }
}

/// Adds `roots` and everything they are made of.
static void markSources(DenseSet<Operation *> &set, SmallVector<Operation *> roots) {
  while (!roots.empty()) {
    Operation *op = roots.pop_back_val();
    if (set.insert(op).second)
      for (Value operand : op->getOperands())
        roots.push_back(operand.getDefiningOp());
  }
}

void TapePlan::findAdjoint() {
  SmallVector<Operation *> roots;
  for (Operation &op : block)
    if (isa<SeedOp, FinalSeedOp, BoundaryGradientOp, GradientOp>(op))
      roots.push_back(&op);
  markUsers(adjoint, std::move(roots));
}

void TapePlan::findPrimal() {
  SmallVector<Operation *> roots;
  for (Operation &op : block) {
    auto shift = dyn_cast<ShiftOpInterface>(op);
    if (isa<OutputOp, LossOp>(op) || (shift && !isAdjoint(&op) && !shift.getStateName().empty()))
      roots.push_back(&op);
  }
  markSources(primal, std::move(roots));
}

static int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

/// The adjoint reads `value`: so it needs it, or what it is made of.
void TapePlan::require(Value value) {
  SmallVector<Value> pending = {value};
  while (!pending.empty()) {
    Value next = pending.pop_back_val();
    Operation *op = next.getDefiningOp();
    if (isLeaf(op) || required.contains(next) || derivable.contains(next) || isAdjoint(op))
      continue;
    bool shrinks = isa<SliceOp, GatherOp>(op) && elementsOf(next) < elementsOf(op->getOperand(0));
    if (shrinks && !invariance.isInvariant(next) && primal.contains(op)) {
      shrinking.push_back(op);
      continue;
    }
    bool derived = isMovement(op) || isPlacement(op) || !primal.contains(op) ||
                   (invariance.isInvariant(next) && !isa<TotalOp>(op));
    if (derived) {
      derivable.insert(next);
      pending.append(op->operand_begin(), op->operand_end());
    } else {
      required.insert(next);
    }
  }
}

/// A slice of what is needed anyway is read from it; else the slice itself is kept.
void TapePlan::requireShrunk() {
  for (Operation *op : shrinking) {
    Value source = op->getOperand(0);
    Operation *sourceOp = source.getDefiningOp();
    if (!isLeaf(sourceOp) && !required.contains(source) && !derivable.contains(source)) {
      required.insert(op->getResult(0));
      continue;
    }
    for (Value operand : op->getOperands())
      require(operand);
  }
}

/// What `value` is made of that the adjoint has not got, through movement and what is computed once for all steps.
void TapePlan::findMissing(Value value, SetVector<Value> &missing, DenseSet<Value> &visited) {
  if (!visited.insert(value).second)
    return; // a cycle of movement alone
  Operation *op = value.getDefiningOp();
  if (isLeaf(op) || isa<RandomMaskOp>(op) || invariance.isPrepared(value) || decisions.count(value))
    return;
  bool derived = isMovement(op) || isPlacement(op) || (invariance.isInvariant(value) && !isa<TotalOp>(op));
  if (required.contains(value) || !derived) { // if required, not decided yet: of another step
    missing.insert(value);
    return;
  }
  for (Value operand : op->getOperands())
    if (!required.contains(operand))
      findMissing(operand, missing, visited);
}

Decision TapePlan::decide(Operation *op, bool carried) {
  if (isa<RandomMaskOp>(op))
    return {false, "the generator gives it again"};
  if (isa<TotalOp>(op))
    return {true, "a total over all steps"};
  if (isMovement(op))
    return {true, "only a part of its source is read"};
  if (!isPointwise(op))
    return {true, "a product"};
  if (carried)
    return {true, "a loop carries it"};
  SetVector<Value> missing;
  DenseSet<Value> visited;
  for (Value operand : op->getOperands())
    findMissing(operand, missing, visited);
  if (missing.empty())
    return {false, "pointwise, and its operands are at hand"};
  unkept[op->getResult(0)] = missing.takeVector();
  return {true, "its operands are not kept"};
}

void TapePlan::run() {
  findAdjoint();
  findPrimal();
  for (Operation &op : block)
    if (isAdjoint(&op))
      for (Value operand : op.getOperands())
        require(operand);
  requireShrunk();
  do
    decideAll();
  while (requireSources());
}

void TapePlan::decideAll() {
  decisions.clear();
  unkept.clear();
  for (const Component &component : components)
    for (Operation *op : component.ops) {
      if (op->getNumResults() != 1 || !required.contains(op->getResult(0)))
        continue;
      bool carried = component.cyclic && llvm::any_of(op->getUsers(), [&](Operation *user) {
                       return isa<ShiftOpInterface>(user) && !isAdjoint(user);
                     });
      decisions[op->getResult(0)] = decide(op, carried);
    }
}

/// Where values are kept that take more than the one sequence that is missing to compute them, that is kept instead:
/// the mean instead of deviations from it. What is computed once for all steps takes next to nothing.
bool TapePlan::requireSources() {
  llvm::MapVector<Value, int64_t> saved; // by keeping a source
  llvm::MapVector<Value, SmallVector<Value>> madeOf;
  for (auto &[value, missing] : unkept) {
    auto varying = llvm::make_filter_range(missing, [&](Value source) { return !invariance.isInvariant(source); });
    if (!llvm::hasSingleElement(varying))
      continue;
    saved[*varying.begin()] += elementsOf(value);
    llvm::append_range(madeOf[*varying.begin()], missing);
  }
  size_t before = required.size();
  for (auto [source, elements] : saved)
    if (elements > elementsOf(source))
      for (Value value : madeOf[source])
        require(value);
  return required.size() > before;
}

//===-- Splitting the joint system ------------------------------------------------------===//

/// Erases all ops that none of `roots` needs. Leaves stay: they are the interface of the system.
static void keepOnly(Block &block, ArrayRef<Operation *> roots) {
  DenseSet<Operation *> live;
  markSources(live, llvm::to_vector(roots));
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (live.contains(&op) || isa<InputOp, ParamOp, InterfaceOp>(op))
      continue;
    op.dropAllUses();
    op.erase();
  }
}

static SystemOp cloneAs(SystemOp joint, StringRef model, StringRef program, IRMapping &mapping) {
  OpBuilder builder(joint);
  auto system = cast<SystemOp>(builder.clone(*joint, mapping));
  system.setSymName((model + "." + program).str());
  system.setExported(true);
  system->setAttr("recur.model", builder.getStringAttr(model));
  system->setAttr("recur.program", builder.getStringAttr(program));
  return system;
}

static void buildTaped(SystemOp joint, StringRef model, const TapePlan &plan,
                       ArrayRef<std::pair<Value, std::string>> kept, const TimeInvariance &invariance) {
  IRMapping mapping;
  SystemOp system = cloneAs(joint, model, "forward_taped", mapping);
  OpBuilder builder = OpBuilder::atBlockEnd(&system.getBody().front());
  for (auto &[value, name] : kept)
    SaveOp::create(builder, value.getLoc(), name, mapping.lookup(value), invariance.isInvariant(value));
  SmallVector<Operation *> roots;
  for (Operation &op : joint.getBody().front()) {
    auto shift = dyn_cast<ShiftOpInterface>(op);
    bool state = shift && !shift.getStateName().empty();
    if (!plan.isAdjoint(&op) && (isSink(&op) || state))
      roots.push_back(mapping.lookup(&op));
  }
  for (SaveOp save : system.getOps<SaveOp>())
    roots.push_back(save);
  keepOnly(system.getBody().front(), roots);
  SmallVector<Attribute> report;
  for (auto &[value, decision] : plan.decisions)
    report.push_back(
        builder.getStringAttr((decision.keep ? "keep " : "recompute ") + nameOf(value) + ": " + decision.reason));
  system->setAttr("recur.tape", builder.getArrayAttr(report));
}

static void buildBackward(SystemOp joint, StringRef model, ArrayRef<std::pair<Value, std::string>> kept,
                          const TimeInvariance &invariance) {
  IRMapping mapping;
  SystemOp system = cloneAs(joint, model, "backward", mapping);
  OpBuilder builder = OpBuilder::atBlockBegin(&system.getBody().front());
  for (auto &[value, name] : kept) {
    auto saved = SavedOp::create(builder, value.getLoc(), value.getType(), name, invariance.isInvariant(value));
    mapping.lookup(value).replaceAllUsesWith(saved);
  }
  SmallVector<Operation *> roots;
  for (Operation &op : system.getBody().front())
    if (isa<GradientOp, BoundaryGradientOp>(op))
      roots.push_back(&op);
  keepOnly(system.getBody().front(), roots);
}

namespace {

struct PlanTape : public recur::impl::RecurPlanTapeBase<PlanTape> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    // Listed before any is split, without the joint systems, which are erased then.
    auto isModel = [](SystemOp system) { return system.getExported() && !system->hasAttr("recur.program"); };
    for (SystemOp system : llvm::to_vector(llvm::make_filter_range(getOperation().getOps<SystemOp>(), isModel))) {
      std::string model = system.getSymName().str();
      if (auto joint = symbols.lookup<SystemOp>(model + ".joint")) {
        split(joint, model);
        symbols.erase(joint);
      }
      Builder builder(&getContext());
      system.setSymName(model + ".forward");
      system->setAttr("recur.model", builder.getStringAttr(model));
      system->setAttr("recur.program", builder.getStringAttr("forward"));
    }
  }

  void split(SystemOp joint, StringRef model) {
    TapePlan plan(joint);
    plan.run();
    TimeInvariance invariance(joint);
    SmallVector<std::pair<Value, std::string>> kept;
    llvm::StringMap<unsigned> names;
    for (auto &[value, decision] : plan.decisions) {
      numKept += decision.keep;
      numRecomputed += !decision.keep;
      if (!decision.keep)
        continue;
      std::string name = nameOf(value);
      unsigned count = names[name]++;
      kept.emplace_back(value, count == 0 ? name : name + "." + std::to_string(count));
    }
    buildTaped(joint, model, plan, kept, invariance);
    buildBackward(joint, model, kept, invariance);
  }
};

} // namespace
