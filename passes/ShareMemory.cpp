//===- ShareMemory.cpp - One slot for values of different times -----------------------===//
#include "passes/Passes.h"
#include "passes/analysis/SlotSharing.h"

#include "llvm/ADT/STLExtras.h"

#define DEBUG_TYPE "recur-share-memory"

namespace recur {
#define GEN_PASS_DEF_RECURSHAREMEMORY
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

namespace {

struct ShareMemory : public recur::impl::RecurShareMemoryBase<ShareMemory> {
  void runOnOperation() override {
    SmallVector<SlotOp> slots = llvm::filter_to_vector(getOperation().getOps<SlotOp>(), isStoredSequence);
    llvm::sort(slots, [](SlotOp x, SlotOp y) {
      PhaseOp writerOfX = firstWriter(x), writerOfY = firstWriter(y);
      return writerOfX == writerOfY ? x->isBeforeInBlock(y) : precedes(writerOfX, writerOfY);
    });
    for (SlotOp later : SmallVector<SlotOp>(slots)) {
      std::optional<Succession> place = findPlace(later, slots);
      if (!place)
        continue;
      place->moveTotals();
      later.replaceAllUsesWith(place->earlier.getResult());
      llvm::erase(slots, later);
      later.erase();
      ++numShared;
    }
  }
};

} // namespace
