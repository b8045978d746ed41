//===- Work.cpp - What a program computes and touches in a step ------------------------===//
#include "passes/analysis/Work.h"

#include "passes/analysis/OpKinds.h"

#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace recur {

static int64_t elements(Type type) { return cast<RankedTensorType>(type).getNumElements(); }

int64_t parameterCount(InterfaceOp model) {
  int64_t count = 0;
  for (auto tensor : model.getBody().front().getOps<TensorOp>())
    if (tensor.getSource() == SlotSource::param)
      count += elements(tensor.getType());
  return count;
}

int64_t slotBytes(SlotOp slot) {
  RankedTensorType type = slot.getType().getValue();
  return type.getNumElements() * std::max(1u, type.getElementTypeBitWidth() / 8);
}

static void addWork(Operation *op, Work &work) {
  int64_t flops = 0;
  if (auto matmul = dyn_cast<MatmulOp>(op))
    flops = 2 * elements(matmul.getType()) * matmul.getDepth();
  else if (auto outer = dyn_cast<OuterOp>(op))
    flops = 2 * elements(outer.getType());
  else if (auto reduce = dyn_cast<ReduceOp>(op))
    flops = elements(reduce.getX().getType());
  else if (isPointwise(op))
    flops = elements(op->getResult(0).getType());
  work.flops += flops;
  work.products += isa<MatmulOp, OuterOp>(op) ? flops : 0;
}

Work workOf(SystemOp program) {
  Work work;
  for (Operation &group : program.getBody().front())
    if (isa<LoopOp, MapOp>(group))
      group.walk([&](Operation *op) { addWork(op, work); });
  llvm::SmallPtrSet<Operation *, 16> seen;
  program.walk([&](Operation *op) {
    if (!isa<ReadOp, WriteOp>(op) || !isa<LoopOp, MapOp>(op->getParentOp()->getParentOp()))
      return;
    auto slot = (isa<ReadOp>(op) ? cast<ReadOp>(op).getSlot() : cast<WriteOp>(op).getSlot()).getDefiningOp<SlotOp>();
    if (slot.getBatch() && seen.insert(slot).second)
      work.bytes += slotBytes(slot);
  });
  return work;
}

} // namespace recur
