//===- Graph.cpp - A system with its instances unrolled ---------------------===//
#include "tools/seq-interp/Graph.h"

#include "mlir/IR/SymbolTable.h"

#include <map>

using namespace mlir;
using namespace seqc::interp;

namespace {

llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

class GraphBuilder {
public:
  llvm::Expected<Graph> build(recur::SystemOp system);

private:
  llvm::Error addFrame(Frame *frame, unsigned depth);
  llvm::Error addInstance(Frame *frame, recur::InstanceOp instance, unsigned depth);
  llvm::Error connect(Node &node);
  llvm::Expected<unsigned> resolve(Frame *frame, Value value);
  llvm::Expected<Value> readOf(Frame *child, StringRef name);
  void shareBoundaries();
  void numberMasks();
  void findVarying();

  Graph graph;
};

/// Deeper than any sensible net; a cell that contains itself has no bottom.
constexpr unsigned maxDepth = 200;

/// Leaves that differ from step to step, whatever their operands are.
bool isVaryingLeaf(Operation *op) {
  if (auto seed = dyn_cast<recur::SeedOp>(op))
    return !seed.isConstant();
  return isa<recur::InputOp, recur::RandomMaskOp, recur::DelayOp, recur::AdvanceOp, recur::FinalSeedOp>(op);
}

/// Ops whose result is the same at every step although their operands are not.
bool isReduction(Operation *op) { return isa<recur::TotalOp, recur::BoundaryGradientOp>(op); }

llvm::Error GraphBuilder::addInstance(Frame *frame, recur::InstanceOp instance, unsigned depth) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<recur::SystemOp>(instance, instance.getSystemAttr());
  if (!callee)
    return refuse("there is no system @" + instance.getSystem());
  auto child = std::make_unique<Frame>();
  child->system = callee;
  child->parent = frame;
  child->instance = instance;
  child->paramPrefix = frame->paramPrefix + instance.getPath().str() + ".";
  child->statePrefix = frame->statePrefix + instance.getPath().str();
  if (instance.getApplication() > 0)
    child->statePrefix += "@" + std::to_string(instance.getApplication());
  child->statePrefix += ".";
  child->reversed = frame->reversed != instance.getReversed();
  Frame *childFrame = child.get();
  frame->children[instance] = childFrame;
  graph.frames.push_back(std::move(child));
  return addFrame(childFrame, depth + 1);
}

llvm::Error GraphBuilder::addFrame(Frame *frame, unsigned depth) {
  if (depth > maxDepth)
    return refuse("instances nest without end in @" + frame->system.getSymName());
  for (Operation &op : frame->system.getBody().front()) {
    if (auto instance = dyn_cast<recur::InstanceOp>(op)) {
      if (llvm::Error error = addInstance(frame, instance, depth))
        return error;
      continue;
    }
    if (frame->parent && isa<recur::InputOp>(op))
      continue;
    frame->nodes[&op] = graph.nodes.size();
    graph.nodes.push_back(Node{&op, frame, {}});
  }
  return llvm::Error::success();
}

/// The value of the equation or input `name` of a system, or of what its instances read: `rnn.c`.
llvm::Expected<Value> GraphBuilder::readOf(Frame *child, StringRef name) {
  for (auto equation : child->system.getBody().front().getOps<recur::EquationOp>())
    if (equation.getName() == name)
      return equation.getValue();
  for (auto input : child->system.getBody().front().getOps<recur::InputOp>())
    if (input.getName() == name)
      return input.getValue();
  for (auto instance : child->system.getBody().front().getOps<recur::InstanceOp>()) {
    StringRef inner = name;
    if (instance.getApplication() > 0 || !inner.consume_front(instance.getPath()) || !inner.consume_front("."))
      continue;
    for (auto [index, read] : llvm::enumerate(instance.getReads().getAsRange<StringAttr>()))
      if (read.getValue() == inner)
        return Value(instance.getResult(index));
  }
  return refuse("@" + child->system.getSymName() + " has no equation \"" + name + "\"");
}

/// The node that computes `value` of `frame`, through instances and their arguments.
llvm::Expected<unsigned> GraphBuilder::resolve(Frame *frame, Value value) {
  for (size_t hops = 0; hops <= 2 * graph.frames.size(); ++hops) {
    Operation *op = value.getDefiningOp();
    if (auto instance = dyn_cast<recur::InstanceOp>(op)) {
      Frame *child = frame->children.lookup(op);
      unsigned index = cast<OpResult>(value).getResultNumber();
      llvm::Expected<Value> read = readOf(child, cast<StringAttr>(instance.getReads()[index]).getValue());
      if (!read)
        return read.takeError();
      frame = child;
      value = *read;
      continue;
    }
    if (auto input = dyn_cast<recur::InputOp>(op); input && frame->parent) {
      unsigned index = 0;
      for (auto other : frame->system.getBody().front().getOps<recur::InputOp>()) {
        if (other == input)
          break;
        ++index;
      }
      if (index >= frame->instance.getArguments().size())
        return refuse("too few arguments for @" + frame->system.getSymName());
      value = frame->instance.getArguments()[index];
      frame = frame->parent;
      continue;
    }
    return frame->nodes.lookup(op);
  }
  return refuse("the arguments of instances form a cycle");
}

llvm::Error GraphBuilder::connect(Node &node) {
  for (Value operand : node.op->getOperands()) {
    llvm::Expected<unsigned> source = resolve(node.frame, operand);
    if (!source)
      return source.takeError();
    node.operands.push_back(*source);
  }
  if (isa<recur::BoundaryGradientOp>(node.op))
    for (unsigned operand : node.operands)
      if (!isa<recur::ShiftOpInterface, recur::SeedOp, recur::FinalSeedOp>(graph.nodes[operand].op))
        return refuse("boundary_gradient takes shifts and seeds only");
  if (auto shift = dyn_cast<recur::ShiftOpInterface>(node.op))
    node.shift = node.frame->reversed ? -shift.getShift() : shift.getShift();
  return llvm::Error::success();
}

/// A state has one boundary, wherever it is read from.
void GraphBuilder::shareBoundaries() {
  std::map<std::pair<std::string, bool>, unsigned> boundaries;
  auto keyOf = [](const Node &node) { return std::pair(stateName(node), node.shift < 0); };
  for (const Node &node : graph.nodes)
    if (isa<recur::ShiftOpInterface>(node.op) && node.operands.size() > 1)
      boundaries.try_emplace(keyOf(node), node.operands[1]);
  for (Node &node : graph.nodes) {
    if (!isa<recur::ShiftOpInterface>(node.op) || node.operands.size() > 1 || stateName(node).empty())
      continue;
    if (auto boundary = boundaries.find(keyOf(node)); boundary != boundaries.end())
      node.operands.push_back(boundary->second);
  }
}

/// The masks of the exported system keep their sites; those of instances are numbered after them, level by level.
void GraphBuilder::numberMasks() {
  int64_t next = 0;
  std::vector<Frame *> frames = {graph.frames.front().get()};
  for (size_t index = 0; index < frames.size(); ++index)
    for (Operation &op : frames[index]->system.getBody().front()) {
      if (isa<recur::InstanceOp>(op))
        frames.push_back(frames[index]->children.lookup(&op));
      auto mask = dyn_cast<recur::RandomMaskOp>(op);
      if (!mask)
        continue;
      int64_t &site = graph.nodes[frames[index]->nodes.lookup(&op)].site;
      site = index == 0 ? mask.getSite() : next;
      next = std::max(next, site + 1);
    }
}

/// A value varies if anything it is computed from does. Cycles are fine: the set only grows.
void GraphBuilder::findVarying() {
  for (Node &node : graph.nodes)
    node.varying = isVaryingLeaf(node.op);
  for (bool changed = true; changed;) {
    changed = false;
    for (Node &node : graph.nodes) {
      if (node.varying || isReduction(node.op))
        continue;
      node.varying = llvm::any_of(node.operands, [&](unsigned operand) { return graph.nodes[operand].varying; });
      changed |= node.varying;
    }
  }
}

llvm::Expected<Graph> GraphBuilder::build(recur::SystemOp system) {
  auto top = std::make_unique<Frame>();
  top->system = system;
  Frame *frame = top.get();
  graph.frames.push_back(std::move(top));
  if (llvm::Error error = addFrame(frame, 0))
    return std::move(error);
  for (Node &node : graph.nodes)
    if (llvm::Error error = connect(node))
      return std::move(error);
  shareBoundaries();
  numberMasks();
  findVarying();
  return std::move(graph);
}

} // namespace

llvm::Expected<Graph> Graph::build(recur::SystemOp system) { return GraphBuilder().build(system); }

int64_t Node::elements() const {
  return op->getNumResults() ? cast<RankedTensorType>(op->getResult(0).getType()).getNumElements() : 0;
}

std::string seqc::interp::stateName(const Node &shift) {
  StringRef name = cast<recur::ShiftOpInterface>(shift.op).getStateName();
  return name.empty() ? "" : shift.frame->statePrefix + name.str();
}

std::string State::slotName(int64_t slot) const {
  return atEnd ? name + "[T+" + std::to_string(slot + 1) + "]" : name + "[" + std::to_string(-slot) + "]";
}

std::vector<State> seqc::interp::collectStates(const Graph &graph) {
  std::vector<State> states;
  for (auto [index, node] : llvm::enumerate(graph.nodes)) {
    std::string name = isa<recur::ShiftOpInterface>(node.op) ? stateName(node) : "";
    if (name.empty())
      continue;
    bool atEnd = node.shift > 0;
    auto same = llvm::find_if(states, [&](const State &state) { return state.name == name && state.atEnd == atEnd; });
    if (same == states.end())
      same = states.insert(states.end(), State{name, node.operands[0], unsigned(index), 0, atEnd});
    same->slots = std::max<int64_t>(same->slots, std::abs(node.shift));
  }
  return states;
}
