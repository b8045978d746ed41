//===- FindHosts.cpp - Memory that forward and backward of one call share --------------===//
#include "passes/Passes.h"
#include "passes/analysis/Programs.h"
#include "passes/analysis/SlotSharing.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"

#define DEBUG_TYPE "recur-find-hosts"

namespace recur {
#define GEN_PASS_DEF_RECURFINDHOSTS
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

namespace {

struct FindHosts : public recur::impl::RecurFindHostsBase<FindHosts> {
  void runOnOperation() override {
    for (GradientPrograms programs : gradientProgramsOf(getOperation())) {
      llvm::SmallPtrSet<Operation *, 4> outputs;
      for (SlotOp slot : programs.forwardTaped.getOps<SlotOp>())
        if (slot.getSource() == SlotSource::tape)
          hostByOutput(slot, outputs);
      SmallVector<SlotOp> hosts = llvm::filter_to_vector(programs.backward.getOps<SlotOp>(), [&](SlotOp slot) {
        SlotOp written = findTapeSlot(programs.forwardTaped, slot.getName());
        return slot.isSequenceOf(SlotSource::tape) && isPlain(slot) && !slot.use_empty() && written &&
               !written.getHost();
      });
      for (SlotOp slot : programs.backward.getOps<SlotOp>())
        if (isStoredSequence(slot))
          hostByTape(slot, hosts);
    }
  }

  /// One slot for each output: another one may hold something else at first.
  void hostByOutput(SlotOp slot, llvm::SmallPtrSetImpl<Operation *> &outputs) {
    SlotOp output = findTwin(slot, SlotSource::output);
    if (output && outputs.insert(output).second) {
      slot.getHostMutable().assign(output.getSlot());
      ++numHosted;
    }
  }

  /// Takes the host from `hosts`.
  void hostByTape(SlotOp slot, SmallVectorImpl<SlotOp> &hosts) {
    std::optional<Succession> place = findPlace(slot, hosts);
    if (!place)
      return;
    place->moveTotals();
    slot.getHostMutable().assign(place->earlier.getSlot());
    llvm::erase(hosts, place->earlier);
    ++numHosted;
  }
};

} // namespace
