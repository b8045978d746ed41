//===- Components.cpp - Strongly connected components of a system ------------------===//
#include "passes/analysis/Components.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace recur {
namespace {

class Tarjan {
public:
  explicit Tarjan(Block &block) : block(block) {}
  SmallVector<Component> run();

private:
  struct Frame {
    Operation *op;
    unsigned nextOperand;
  };
  void open(Operation *op);
  /// Handles one operand of the innermost frame, or closes the frame.
  void advance();
  void close(Operation *op);

  Block &block;
  DenseMap<Operation *, unsigned> position, index, low;
  SmallVector<Operation *> stack;
  DenseSet<Operation *> onStack;
  SmallVector<Frame> frames;
  SmallVector<Component> components;
};

} // namespace

void Tarjan::open(Operation *op) {
  unsigned next = index.size();
  index[op] = low[op] = next;
  stack.push_back(op);
  onStack.insert(op);
  frames.push_back({op, 0});
}

void Tarjan::advance() {
  Frame &frame = frames.back();
  Operation *op = frame.op;
  if (frame.nextOperand == op->getNumOperands()) {
    frames.pop_back();
    if (!frames.empty())
      low[frames.back().op] = std::min(low[frames.back().op], low[op]);
    close(op);
    return;
  }
  Operation *source = op->getOperand(frame.nextOperand++).getDefiningOp();
  if (!source || source->getBlock() != &block)
    return;
  if (!index.count(source))
    open(source);
  else if (onStack.contains(source))
    low[op] = std::min(low[op], index[source]);
}

void Tarjan::close(Operation *op) {
  if (low[op] != index[op])
    return;
  Component component;
  Operation *member;
  do {
    member = stack.pop_back_val();
    onStack.erase(member);
    component.ops.push_back(member);
  } while (member != op);
  llvm::sort(component.ops, [&](Operation *a, Operation *b) { return position[a] < position[b]; });
  component.cyclic = component.ops.size() > 1 ||
                     llvm::any_of(op->getOperands(), [&](Value operand) { return operand.getDefiningOp() == op; });
  components.push_back(std::move(component));
}

SmallVector<Component> Tarjan::run() {
  for (Operation &op : block)
    position[&op] = position.size();
  for (Operation &op : block) {
    if (!index.count(&op))
      open(&op);
    while (!frames.empty())
      advance();
  }
  return std::move(components);
}

SmallVector<Component> findComponents(Block &block) { return Tarjan(block).run(); }

SmallVector<Operation *> findCycle(const Component &component, llvm::function_ref<bool(Operation *)> follow) {
  DenseSet<Operation *> members(component.ops.begin(), component.ops.end());
  DenseSet<Operation *> done;
  for (Operation *root : component.ops) {
    if (done.contains(root) || !follow(root))
      continue;
    // The path from the root, each op with the next operand to look at.
    SmallVector<std::pair<Operation *, unsigned>> path = {{root, 0}};
    DenseSet<Operation *> onPath = {root};
    while (!path.empty()) {
      auto &[op, next] = path.back();
      if (next == op->getNumOperands()) {
        onPath.erase(op);
        done.insert(op);
        path.pop_back();
        continue;
      }
      Operation *source = op->getOperand(next++).getDefiningOp();
      if (!source || !members.contains(source) || !follow(source) || done.contains(source))
        continue;
      if (onPath.contains(source)) {
        SmallVector<Operation *> cycle;
        for (auto &[link, unused] : llvm::reverse(path)) {
          cycle.push_back(link);
          if (link == source)
            return cycle; // from the source of each dependence to its user's source, backwards along the path
        }
      }
      onPath.insert(source);
      path.push_back({source, 0});
    }
  }
  return {};
}

} // namespace recur
