//===- InlineInstances.cpp - Flattens instances into the exported systems --------===//
#include "passes/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

#define DEBUG_TYPE "recur-inline-instances"

namespace recur {
#define GEN_PASS_DEF_RECURINLINEINSTANCES
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

namespace {

/// Where an instance stands: what precedes the names of its parameters and of its states, and which way it runs.
struct Context {
  std::string params;
  std::string states;
  bool reversed = false;
};

} // namespace

static std::string joinPath(StringRef path, StringRef name) {
  return path.empty() ? name.str() : (path + "." + name).str();
}

static Context enter(const Context &outer, InstanceOp instance) {
  std::string local = instance.getPath().str();
  if (instance.getApplication() > 0)
    local += "@" + std::to_string(instance.getApplication());
  return {joinPath(outer.params, instance.getPath()), joinPath(outer.states, local),
          outer.reversed != instance.getReversed()};
}

/// `h` becomes `enc.h` in the names that dumps and debuggers show.
static Location prefixed(Location loc, StringRef path) {
  auto named = dyn_cast<NameLoc>(loc);
  if (!named)
    return loc;
  return NameLoc::get(StringAttr::get(loc.getContext(), joinPath(path, named.getName())), named.getChildLoc());
}

namespace {

/// Flattens one exported system.
class Inliner {
public:
  Inliner(SystemOp system, SymbolTable &symbols) : system(system), symbols(symbols) {}

  /// Returns the number of instances inlined.
  FailureOr<unsigned> run();

private:
  LogicalResult inlineInstance(InstanceOp instance);
  /// The clone of `op` for the instance, or null where the instance needs none (inputs, outputs, loss).
  Operation *cloneOp(Operation &op, const Context &context, OpBuilder &builder);
  Operation *cloneShift(ShiftOpInterface shift, const Context &context, OpBuilder &builder);
  void shareBoundaries();

  SystemOp system;
  SymbolTable &symbols;
  SmallVector<InstanceOp> pending;
  DenseMap<Operation *, Context> contexts; // of the instances that came out of other instances
  llvm::StringMap<Value> params;
  int64_t nextSite = 0;
};

} // namespace

Operation *Inliner::cloneShift(ShiftOpInterface shift, const Context &context, OpBuilder &builder) {
  Location loc = prefixed(shift.getLoc(), context.states);
  StringAttr state;
  if (!shift.getStateName().empty())
    state = builder.getStringAttr(joinPath(context.states, shift.getStateName()));
  int64_t steps = context.reversed ? -shift.getShift() : shift.getShift();
  if (steps < 0)
    return DelayOp::create(builder, loc, shift.getShiftSource(), -steps, state, shift.getBoundary());
  return AdvanceOp::create(builder, loc, shift.getShiftSource(), steps, state, shift.getBoundary());
}

Operation *Inliner::cloneOp(Operation &op, const Context &context, OpBuilder &builder) {
  if (isa<InputOp, OutputOp, LossOp>(op))
    return nullptr;
  if (auto shift = dyn_cast<ShiftOpInterface>(op))
    return cloneShift(shift, context, builder);
  Operation *clone = builder.clone(op);
  clone->setLoc(prefixed(op.getLoc(), context.states));
  if (auto param = dyn_cast<ParamOp>(clone))
    param.setName(joinPath(context.params, param.getName()));
  else if (auto equation = dyn_cast<EquationOp>(clone))
    equation.setName(joinPath(context.states, equation.getName()));
  else if (auto mask = dyn_cast<RandomMaskOp>(clone))
    mask.setSite(nextSite++);
  else if (auto inner = dyn_cast<InstanceOp>(clone)) {
    contexts[inner] = enter(context, inner);
    pending.push_back(inner);
  }
  return clone;
}

LogicalResult Inliner::inlineInstance(InstanceOp instance) {
  auto callee = symbols.lookup<SystemOp>(instance.getSystem());
  if (!callee)
    return instance.emitOpError("names no system: ") << instance.getSystemAttr();
  auto it = contexts.find(instance);
  Context context = it == contexts.end() ? enter(Context(), instance) : it->second;

  // The body is a graph: first clone everything, then connect.
  OpBuilder builder(instance);
  IRMapping mapping;
  SmallVector<Operation *> clones;
  unsigned nextArgument = 0;
  for (Operation &op : callee.getBody().front()) {
    if (auto input = dyn_cast<InputOp>(op)) {
      if (nextArgument == instance.getArguments().size())
        return instance.emitOpError("has too few arguments for ") << instance.getSystemAttr();
      mapping.map(input.getValue(), instance.getArguments()[nextArgument++]);
    }
    if (auto param = dyn_cast<ParamOp>(op)) {
      // Parameters with one path are one parameter.
      auto known = params.find(joinPath(context.params, param.getName()));
      if (known != params.end()) {
        mapping.map(param.getValue(), known->second);
        continue;
      }
    }
    Operation *clone = cloneOp(op, context, builder);
    if (!clone)
      continue;
    mapping.map(op.getResults(), clone->getResults());
    clones.push_back(clone);
    if (auto param = dyn_cast<ParamOp>(clone))
      params[param.getName()] = param.getValue();
  }
  for (Operation *clone : clones)
    for (OpOperand &operand : clone->getOpOperands())
      operand.set(mapping.lookup(operand.get()));

  llvm::StringMap<Value> readable = callee.getReadable();
  for (auto [result, read] : llvm::zip(instance.getValues(), instance.getReads().getAsRange<StringAttr>())) {
    Value value = readable.lookup(read.getValue());
    if (!value)
      return instance.emitOpError("reads '") << read.getValue() << "', which " << instance.getSystemAttr() << " lacks";
    Value mapped = mapping.lookup(value);
    if (mapped == result)
      return instance.emitOpError("'") << read.getValue() << "' is its own argument: a cycle without a delay";
    result.replaceAllUsesWith(mapped);
  }
  contexts.erase(instance);
  instance.erase();
  return success();
}

/// One state has one boundary: a shift outside an instance that reads a state of its inside gets the boundary equation
/// that stands there.
void Inliner::shareBoundaries() {
  auto keyOf = [](ShiftOpInterface shift) { return std::pair(shift.getStateName(), unsigned(shift.getShift() < 0)); };
  DenseMap<std::pair<StringRef, unsigned>, Value> boundaries;
  auto shifts = llvm::to_vector(system.getOps<ShiftOpInterface>());
  for (ShiftOpInterface shift : shifts)
    if (shift.getBoundary())
      boundaries.try_emplace(keyOf(shift), shift.getBoundary());
  for (ShiftOpInterface shift : shifts) {
    Value boundary = shift.getStateName().empty() ? Value() : boundaries.lookup(keyOf(shift));
    if (boundary && !shift.getBoundary())
      shift->insertOperands(shift->getNumOperands(), boundary);
  }
}

FailureOr<unsigned> Inliner::run() {
  for (Operation &op : system.getBody().front()) {
    if (auto param = dyn_cast<ParamOp>(op))
      params[param.getName()] = param.getValue();
    else if (auto mask = dyn_cast<RandomMaskOp>(op))
      nextSite = std::max(nextSite, mask.getSite() + 1);
    else if (auto instance = dyn_cast<InstanceOp>(op))
      pending.push_back(instance);
  }
  unsigned inlined = 0;
  // In the order of the source, so that mask sites and names are the same from run to run.
  for (size_t next = 0; next < pending.size(); ++next, ++inlined)
    if (failed(inlineInstance(pending[next])))
      return failure();
  shareBoundaries();
  return inlined;
}

/// Reports a system that contains itself. `open` holds the systems that are being visited, outermost first.
static LogicalResult checkRecursion(SystemOp system, SymbolTable &symbols, llvm::SetVector<Operation *> &open,
                                    DenseSet<Operation *> &done) {
  if (done.contains(system))
    return success();
  open.insert(system);
  for (auto instance : system.getOps<InstanceOp>()) {
    auto callee = symbols.lookup<SystemOp>(instance.getSystem());
    if (!callee)
      continue;
    if (open.contains(callee)) {
      InFlightDiagnostic error = instance.emitError("a system cannot contain itself: ");
      auto from = llvm::find(open, callee.getOperation());
      for (Operation *link : llvm::make_range(from, open.end()))
        error << "@" << cast<SystemOp>(link).getSymName() << " -> ";
      return error << "@" << callee.getSymName();
    }
    if (failed(checkRecursion(callee, symbols, open, done)))
      return failure();
  }
  open.pop_back();
  done.insert(system);
  return success();
}

namespace {

struct InlineInstances : public recur::impl::RecurInlineInstancesBase<InlineInstances> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    SmallVector<SystemOp> systems(module.getOps<SystemOp>());
    llvm::SetVector<Operation *> open;
    DenseSet<Operation *> done;
    for (SystemOp system : systems)
      if (failed(checkRecursion(system, symbols, open, done)))
        return signalPassFailure();
    for (SystemOp system : systems) {
      if (!system.getExported())
        continue;
      FailureOr<unsigned> inlined = Inliner(system, symbols).run();
      if (failed(inlined))
        return signalPassFailure();
      numInlined += *inlined;
    }
    for (SystemOp system : systems)
      if (!system.getExported())
        symbols.erase(system);
  }
};

} // namespace
