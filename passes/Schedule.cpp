//===- Schedule.cpp - Distributes the equations of a system over groups -----------===//
//
// The dependence graph of a system falls into strongly connected components. A component with a cycle is a loop in
// time, whose direction its shifts give; everything else runs for all steps at once, or once a call where it is
// constant in time. What is off a cycle is off the loop by construction.
//
//===------------------------------------------------------------------------------===//
#include "passes/Passes.h"
#include "passes/analysis/Components.h"
#include "passes/analysis/OpKinds.h"
#include "passes/analysis/TimeInvariance.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "llvm/ADT/MapVector.h"

#include <map>

#define DEBUG_TYPE "recur-schedule"

namespace recur {
#define GEN_PASS_DEF_RECURSCHEDULE
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

namespace {

/// Kinds of groups, in the order in which those of one level stand.
enum class Kind { Prepared, Once, Map, Forward, Backward, At };

/// Ops that must run in one group.
struct Node {
  SmallVector<Operation *> ops;
  Kind kind;
  unsigned level = 0;
};

class Scheduler {
public:
  explicit Scheduler(SystemOp system) : system(system), block(system.getBody().front()), invariance(system) {}
  LogicalResult run();

  unsigned loops = 0, maps = 0;

private:
  void foldNames();
  LogicalResult makeNodes();
  FailureOr<Kind> directionOf(const Component &component);
  bool isPrepared(Value value);
  void sinkIntoLoops();
  void findCandidates(ArrayRef<unsigned> order, SmallVectorImpl<int> &loopOf);
  bool isMapBehind(Operation *user, int loop);
  int loopBefore(Operation *op, ArrayRef<int> loopOf);
  bool isFree(Value value, unsigned loop, ArrayRef<int> loopOf);
  void assignLevels();
  bool isStoredFor(Operation *reader, Value operand);
  void delayPointwise();
  Operation *moveSinksToEnd();
  void buildGroups();
  Block *createGroup(Kind kind, Operation *before, Location loc);
  void moveInto(Block *body, ArrayRef<Operation *> ops);
  void addFinalStates();
  void addLastOutputs();
  AtOp createAt(Anchor anchor, int64_t offset, Location loc);

  int nodeOf(Operation *op) {
    auto it = nodes.find(op);
    return it == nodes.end() ? -1 : static_cast<int>(it->second);
  }

  SystemOp system;
  Block &block;
  TimeInvariance invariance;
  SmallVector<Node> list; // in dependence order
  DenseMap<Operation *, unsigned> nodes;
};

} // namespace

static bool isLoop(Kind kind) { return kind == Kind::Forward || kind == Kind::Backward; }

//===-- Recurrences ------------------------------------------------------------------===//

/// Reports a cycle by the names of its values, one note a hop.
static LogicalResult reportCycle(ArrayRef<Operation *> cycle, StringRef what, StringRef hint) {
  // Starts at the first of them in the source, whatever the search met first.
  SmallVector<Operation *> links(cycle);
  auto *first =
      std::min_element(links.begin(), links.end(), [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  std::rotate(links.begin(), first, links.end());
  InFlightDiagnostic error = links.front()->emitError(what) << ": ";
  for (Operation *op : links)
    error << nameOf(op->getResult(0)) << " -> ";
  error << nameOf(links.front()->getResult(0)) << hint;
  for (Operation *op : ArrayRef(links).drop_front())
    error.attachNote(op->getLoc()) << "through " << nameOf(op->getResult(0));
  return error;
}

/// Whether `prepare` may compute the value ahead of the calls: it depends on parameters alone, through values of which
/// none is written to the caller's memory, which only a call has.
bool Scheduler::isPrepared(Value value) {
  auto goesToCaller = [](Operation *user) { return isSink(user) && !isa<EquationOp>(user); };
  return invariance.isPrepared(value) && llvm::none_of(value.getUsers(), goesToCaller) &&
         llvm::all_of(value.getDefiningOp()->getOperands(), [&](Value operand) {
           int n = nodeOf(operand.getDefiningOp());
           return n < 0 || list[n].kind == Kind::Prepared;
         });
}

FailureOr<Kind> Scheduler::directionOf(const Component &component) {
  auto isShift = [](Operation *op) { return isa<ShiftOpInterface>(op); };
  SmallVector<Operation *> instant = findCycle(component, [&](Operation *op) { return !isShift(op); });
  if (!instant.empty())
    return reportCycle(instant, "a cycle without a delay", "");
  ShiftOpInterface forward, backward;
  for (Operation *op : component.ops) {
    if (isa<TotalOp, BoundaryGradientOp>(op)) {
      op->emitError("a recurrence through ") << nameOf(op->getResult(0)) << ", which needs all steps at once";
      return failure();
    }
    if (auto shift = dyn_cast<ShiftOpInterface>(op)) {
      ShiftOpInterface &first = shift.getShift() < 0 ? forward : backward;
      if (!first)
        first = shift;
    }
  }
  if (forward && backward) {
    InFlightDiagnostic error = forward.emitError("a recurrence that needs both earlier and later steps: ")
                               << nameOf(forward.getShiftSource()) << "[t" << forward.getShift() << "] and "
                               << nameOf(backward.getShiftSource()) << "[t+" << backward.getShift() << "]";
    error.attachNote(backward.getLoc()) << "the later step is read here";
    return failure();
  }
  return forward ? Kind::Forward : Kind::Backward;
}

LogicalResult Scheduler::makeNodes() {
  for (const Component &component : findComponents(block)) {
    Operation *first = component.ops.front();
    if (!component.cyclic && (isLeaf(first) || isSink(first) || first->getNumResults() == 0))
      continue;
    Node node{component.ops, Kind::Map};
    if (component.cyclic) {
      FailureOr<Kind> direction = directionOf(component);
      if (failed(direction))
        return failure();
      node.kind = *direction;
    } else if (isa<BoundaryGradientOp>(first)) {
      node.kind = Kind::At;
    } else if (!isa<TotalOp>(first)) {
      Value value = first->getResult(0);
      node.kind = isPrepared(value) ? Kind::Prepared : invariance.isInvariant(value) ? Kind::Once : Kind::Map;
    }
    for (Operation *op : node.ops)
      nodes[op] = list.size();
    list.push_back(std::move(node));
  }
  return success();
}

//===-- What is cheaper in a loop ---------------------------------------------------===//

/// Whether `user` is of a map behind a loop: nothing that the loop needs comes later in dependence order.
bool Scheduler::isMapBehind(Operation *user, int loop) {
  int u = nodeOf(user);
  return u > loop && list[u].kind == Kind::Map;
}

/// The loop that reads all operands of `op` anyway, if products of maps behind it are all that uses `op`; or -1.
int Scheduler::loopBefore(Operation *op, ArrayRef<int> loopOf) {
  auto loopsOf = [&](Value operand) {
    SmallVector<int> loops;
    for (Operation *user : operand.getUsers())
      if (int u = nodeOf(user); u >= 0)
        loops.push_back(isLoop(list[u].kind) ? u : loopOf[u]);
    return loops;
  };
  auto isProductBehind = [&](Operation *user, int loop) {
    return isa<MatmulOp, OuterOp>(user) && isMapBehind(user, loop);
  };
  for (int loop : loopsOf(op->getOperand(0)))
    if (loop >= 0 && llvm::all_of(op->getUsers(), [&](Operation *user) { return isProductBehind(user, loop); }) &&
        llvm::all_of(op->getOperands(), [&](Value operand) { return llvm::is_contained(loopsOf(operand), loop); }))
      return loop;
  return -1;
}

/// `loopOf[n]`: the loop that alone uses the movement or pointwise node n, or -1. What maps behind the loop use as well
/// they read from where the loop stores it.
void Scheduler::findCandidates(ArrayRef<unsigned> order, SmallVectorImpl<int> &loopOf) {
  for (unsigned n : order) {
    Operation *op = list[n].ops.front();
    if (list[n].kind != Kind::Map || !(isMovement(op) || isPointwise(op) || isa<RandomMaskOp, OuterOp>(op)))
      continue;
    int loop = -1;
    bool fits = true;
    SmallVector<Operation *> others;
    for (Operation *user : op->getUsers()) {
      int u = nodeOf(user);
      int usedBy = u < 0 ? -1 : isLoop(list[u].kind) ? u : loopOf[u];
      if (usedBy < 0) {
        others.push_back(user);
        continue;
      }
      // Other steps may not have run yet: what is shifted off the cycle must be complete.
      fits &= !(isa<ShiftOpInterface>(user) && !isLoop(list[u].kind)) && (loop < 0 || usedBy == loop);
      loop = usedBy;
    }
    if (loop < 0 && isPointwise(op))
      loop = loopBefore(op, loopOf);
    fits &= others.empty() ||
            (isPointwise(op) && llvm::all_of(others, [&](Operation *user) { return isMapBehind(user, loop); }));
    if (fits)
      loopOf[n] = loop;
  }
}

/// Whether a loop can read `value` in a step without anything being stored for it.
bool Scheduler::isFree(Value value, unsigned loop, ArrayRef<int> loopOf) {
  Operation *op = value.getDefiningOp();
  int n = nodeOf(op);
  if (n < 0 || list[n].kind != Kind::Map)
    return true; // leaves, constants in time, and what other loops store
  if (llvm::any_of(value.getUsers(), llvm::IsaPred<SaveOp>))
    return true; // the tape has it; what goes to the caller cannot be read there
  if (isMovement(op))
    return true; // what is viewed in part or at another step is stored anyway
  return loopOf[n] == static_cast<int>(loop);
}

/// A pointwise op whose operands a loop can read anyway stays with the loop that uses it: outside it would cost a
/// sequence written and read, or its operands read once more. One that follows a product in a map stays there, unless
/// the tape has the product.
void Scheduler::sinkIntoLoops() {
  SmallVector<int> loopOf(list.size(), -1);
  auto usersFirst = llvm::to_vector(llvm::reverse(llvm::seq<unsigned>(0, list.size())));
  findCandidates(usersFirst, loopOf);
  // What stays outside keeps outside what it reads, and what reads it.
  auto sinks = [&](unsigned n) {
    Operation *op = list[n].ops.front();
    auto inLoop = [&](Operation *user) {
      int u = nodeOf(user);
      return u >= 0 && (u == loopOf[n] || loopOf[u] == loopOf[n] || (isPointwise(op) && isMapBehind(user, loopOf[n])));
    };
    // The operands of an outer product are stored anyway, and far smaller than it is.
    return llvm::all_of(op->getUsers(), inLoop) &&
           (isMovement(op) || isa<OuterOp>(op) ||
            llvm::all_of(op->getOperands(), [&](Value operand) { return isFree(operand, loopOf[n], loopOf); }));
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (unsigned n : usersFirst)
      if (loopOf[n] >= 0 && !sinks(n)) {
        loopOf[n] = -1;
        changed = true;
      }
  }
  for (unsigned n : llvm::seq<unsigned>(0, list.size())) {
    if (loopOf[n] < 0)
      continue;
    Operation *op = list[n].ops.front();
    nodes[op] = loopOf[n];
    list[loopOf[n]].ops.push_back(op);
    list[n].ops.clear();
  }
}

//===-- Groups -------------------------------------------------------------------------===//

/// Whether a node may run in the group of the source of its operand.
static bool sharesGroup(const Node &user, Operation *op, const Node &source, Operation *sourceOp) {
  if (user.kind != source.kind || isLoop(user.kind))
    return false;
  // A map is free to run its rows in any order, so nothing in it reads other rows of it.
  return user.kind != Kind::Map || !(isa<ShiftOpInterface>(op) || isa<TotalOp>(sourceOp));
}

void Scheduler::assignLevels() {
  for (auto [n, node] : llvm::enumerate(list))
    for (Operation *op : node.ops)
      for (Value operand : op->getOperands()) {
        Operation *sourceOp = operand.getDefiningOp();
        int s = nodeOf(sourceOp);
        if (s < 0 || s == static_cast<int>(n))
          continue;
        const Node &source = list[s];
        node.level = std::max(node.level, source.level + (sharesGroup(node, op, source, sourceOp) ? 0 : 1));
      }
  // A mask is drawn where it is used first, instead of being stored from the beginning.
  for (Node &node : list) {
    if (node.ops.size() != 1 || !isa<RandomMaskOp>(node.ops.front()))
      continue;
    unsigned first = ~0u;
    for (Operation *user : node.ops.front()->getUsers())
      if (int u = nodeOf(user); u >= 0)
        first = std::min(first, list[u].kind == Kind::Map && !isa<ShiftOpInterface>(user) ? list[u].level : 0);
    node.level = first == ~0u ? 0 : first;
  }
  delayPointwise();
}

/// Whether a later map can read `operand`, which `reader` reads, without its being stored for that: it is stored
/// anyway, or can be computed there as well.
bool Scheduler::isStoredFor(Operation *reader, Value operand) {
  Operation *op = operand.getDefiningOp();
  int s = nodeOf(op);
  if (s < 0 || list[s].kind != Kind::Map)
    return true;
  auto isOther = [&](Operation *user) { return user != reader; };
  if (llvm::none_of(operand.getUsers(), isOther))
    return isPointwise(op) && llvm::all_of(op->getOperands(), [&](Value inner) { return isStoredFor(op, inner); });
  return llvm::any_of(operand.getUsers(), [&](Operation *user) {
    int u = nodeOf(user);
    return isOther(user) && u >= 0 && list[u].level > list[s].level;
  });
}

/// A pointwise value that only later maps use runs with the first of them, if all it reads is stored anyway: so it need
/// not be stored itself.
void Scheduler::delayPointwise() {
  for (Node &node : llvm::reverse(list)) {
    if (node.kind != Kind::Map || node.ops.size() != 1 || !isPointwise(node.ops.front()))
      continue;
    Operation *op = node.ops.front();
    unsigned first = ~0u;
    for (Operation *user : op->getUsers()) {
      int u = nodeOf(user);
      bool isOfMap = u >= 0 && list[u].kind == Kind::Map && !isa<ShiftOpInterface>(user);
      first = std::min(first, isOfMap ? list[u].level : 0);
    }
    if (first != ~0u && first > node.level &&
        llvm::all_of(op->getOperands(), [&](Value operand) { return isStoredFor(op, operand); }))
      node.level = first;
  }
}

Block *Scheduler::createGroup(Kind kind, Operation *before, Location loc) {
  OpBuilder builder(&block, before ? Block::iterator(before) : block.end());
  Operation *group;
  if (kind == Kind::Prepared || kind == Kind::Once)
    group = OnceOp::create(builder, loc, TypeRange(), kind == Kind::Prepared);
  else if (kind == Kind::Map)
    group = MapOp::create(builder, loc, TypeRange());
  else if (isLoop(kind))
    group = LoopOp::create(builder, loc, TypeRange(), kind == Kind::Forward ? Direction::forward : Direction::backward);
  else
    group = AtOp::create(builder, loc, TypeRange(), Anchor::start, -1);
  Block *body = &group->getRegion(0).emplaceBlock();
  builder.setInsertionPointToEnd(body);
  YieldOp::create(builder, loc, ValueRange());
  return body;
}

/// Moves ops into a group in an order in which values come before their uses, but for those of other steps.
void Scheduler::moveInto(Block *body, ArrayRef<Operation *> ops) {
  for (Operation *op : ops)
    op->moveBefore(body->getTerminator());
  sortTopologically(body, [](Value, Operation *user) { return isa<ShiftOpInterface>(user); });
}

/// Gives a group its results: what is used outside. Returns the group that replaces `body`'s parent.
static void yieldUses(Operation *group) {
  Block *body = &group->getRegion(0).front();
  SmallVector<Value> escaping;
  auto isOutside = [&](OpOperand &use) { return !group->isProperAncestor(use.getOwner()); };
  for (Operation &op : body->without_terminator())
    for (Value result : op.getResults())
      if (llvm::any_of(result.getUses(), isOutside))
        escaping.push_back(result);
  if (escaping.empty())
    return;
  OperationState state(group->getLoc(), group->getName());
  state.addTypes(ValueRange(escaping).getTypes());
  state.propertiesAttr = group->getPropertiesAsAttribute();
  state.addAttributes(group->getDiscardableAttrDictionary().getValue());
  state.addRegion()->takeBody(group->getRegion(0));
  OpBuilder builder(group);
  Operation *replacement = builder.create(state);
  body->getTerminator()->setOperands(escaping);
  for (auto [value, result] : llvm::zip(escaping, replacement->getResults()))
    value.replaceUsesWithIf(result, [&](OpOperand &use) { return !replacement->isProperAncestor(use.getOwner()); });
  group->erase();
}

/// What is given to the caller stands behind all groups, in its order. Returns the first of it, or null.
Operation *Scheduler::moveSinksToEnd() {
  SmallVector<Operation *> sinks;
  for (Operation &op : block)
    if (isSink(&op))
      sinks.push_back(&op);
  for (Operation *sink : sinks)
    sink->moveBefore(&block, block.end());
  return sinks.empty() ? nullptr : sinks.front();
}

void Scheduler::buildGroups() {
  // Groups in execution order: by level, then by kind; loops each for itself.
  std::map<std::tuple<unsigned, Kind, unsigned>, SmallVector<Operation *>> groups;
  for (auto [n, node] : llvm::enumerate(list)) {
    if (node.ops.empty())
      continue;
    auto &ops = groups[{node.level, node.kind, isLoop(node.kind) ? n : 0}];
    ops.append(node.ops.begin(), node.ops.end());
  }
  Operation *firstSink = moveSinksToEnd(); // leaves come first and sinks last
  for (auto &[key, ops] : groups) {
    Kind kind = std::get<Kind>(key);
    moveInto(createGroup(kind, firstSink, ops.front()->getLoc()), ops);
    loops += isLoop(kind);
    maps += kind == Kind::Map;
  }
}

//===-- Ends of the sequence ---------------------------------------------------------===//

AtOp Scheduler::createAt(Anchor anchor, int64_t offset, Location loc) {
  for (auto at : block.getOps<AtOp>())
    if (at.getAnchor() == anchor && at.getOffset() == offset && at->getNumResults() == 0 &&
        llvm::none_of(at.getBody().front(), [](Operation &op) { return isa<BoundaryGradientOp>(op); }))
      return at;
  OpBuilder builder = OpBuilder::atBlockEnd(&block);
  auto at = AtOp::create(builder, loc, TypeRange(), anchor, offset);
  builder.setInsertionPointToEnd(&at.getBody().emplaceBlock());
  YieldOp::create(builder, loc, ValueRange());
  return at;
}

namespace {

/// All shifts that read one state in one direction.
struct StateUse {
  ShiftOpInterface shift; // the first
  int64_t slots = 0;
};

} // namespace

/// Slot j of the state of a forward recurrence is its value j steps before the last step: a delay by 1 + j, read
/// just past the end.
void Scheduler::addFinalStates() {
  llvm::MapVector<std::pair<StringAttr, unsigned>, StateUse> states;
  system.walk([&](ShiftOpInterface shift) {
    if (shift.getStateName().empty())
      return;
    auto name = StringAttr::get(shift.getContext(), shift.getStateName());
    StateUse &use = states[{name, shift.getShift() > 0}];
    if (!use.shift)
      use.shift = shift;
    use.slots = std::max(use.slots, std::abs(shift.getShift()));
  });
  for (auto &[key, use] : states) {
    bool later = key.second != 0;
    ShiftOpInterface shift = use.shift;
    AtOp at = createAt(later ? Anchor::start : Anchor::end, later ? -1 : 0, shift.getLoc());
    OpBuilder builder(at.getBody().front().getTerminator());
    for (int64_t slot = 0; slot < use.slots; ++slot) {
      Value source = shift.getShiftSource();
      Value init = shift.getBoundary();
      Location loc = source.getLoc();
      Value last = later ? AdvanceOp::create(builder, loc, source, 1 + slot, key.first, init).getResult()
                         : DelayOp::create(builder, loc, source, 1 + slot, key.first, init).getResult();
      FinalStateOp::create(builder, loc, key.first, last, slot);
    }
  }
}

/// The last step is read from just past the end, where an empty sequence shows its boundary.
void Scheduler::addLastOutputs() {
  for (OutputOp output : llvm::make_early_inc_range(block.getOps<OutputOp>())) {
    if (!output.getLast())
      continue;
    Value value = output.getValue();
    DelayOp known;
    system.walk([&](DelayOp delay) {
      if (delay.getSource() == value && !known)
        known = delay;
    });
    AtOp at = createAt(Anchor::end, 0, output.getLoc());
    OpBuilder builder(at.getBody().front().getTerminator());
    auto last = DelayOp::create(builder, value.getLoc(), value, 1, known ? known.getStateAttr() : StringAttr(),
                                known ? known.getInit() : Value());
    output->moveBefore(at.getBody().front().getTerminator());
    output.getValueMutable().assign(last.getResult());
  }
}

//===-- The pass -------------------------------------------------------------------------===//

/// Equations only name values from here on.
void Scheduler::foldNames() {
  for (EquationOp equation : llvm::make_early_inc_range(block.getOps<EquationOp>())) {
    Value value = equation.getValue();
    if (nameOf(value.getLoc()) != equation.getName())
      value.setLoc(NameLoc::get(equation.getNameAttr(), value.getLoc()));
    equation.erase();
  }
}

LogicalResult Scheduler::run() {
  if (failed(makeNodes()))
    return failure();
  foldNames();
  sinkIntoLoops();
  assignLevels();
  auto program = system->getAttrOfType<StringAttr>("recur.program");
  buildGroups();
  if (!program || program.getValue() != "backward")
    addFinalStates();
  addLastOutputs();
  for (Operation &op : llvm::make_early_inc_range(block))
    if (isa<OnceOp, MapOp, LoopOp, AtOp>(op))
      yieldUses(&op);
  moveSinksToEnd();
  return success();
}

namespace {

struct Schedule : public recur::impl::RecurScheduleBase<Schedule> {
  void runOnOperation() override {
    for (auto system : getOperation().getOps<SystemOp>()) {
      Scheduler scheduler(system);
      if (failed(scheduler.run()))
        return signalPassFailure();
      numLoops += scheduler.loops;
      numMaps += scheduler.maps;
    }
  }
};

} // namespace
