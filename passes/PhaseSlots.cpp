//===- PhaseSlots.cpp - The slots that phases read and write -----------------------===//
#include "passes/PhaseSlots.h"

#include "passes/analysis/OpKinds.h"

using namespace mlir;

namespace recur {

PhaseSlots::PhaseSlots(SystemOp system) : system(system), builder(system.getContext()) {
  builder.setInsertionPointToStart(&system.getBody().front());
  system.walk([&](ShiftOpInterface shift) {
    if (!shift.getStateName().empty())
      directions[shift.getStateName()] |= shift.getShift() < 0 ? 1 : 2;
  });
  // A backward need not read the states that it gives gradients of.
  system.walk([&](BoundaryGradientOp op) { directions[op.getState()] |= op.getReversed() ? 2 : 1; });
}

Value PhaseSlots::create(SlotSource source, StringRef name, RankedTensorType type, bool time, bool batch, bool zeroed,
                         int64_t index, Value fallback) {
  Value &slot = known[{source, name.str(), index}];
  if (slot)
    return slot;
  Location loc = NameLoc::get(builder.getStringAttr(name), UnknownLoc::get(builder.getContext()));
  slot = SlotOp::create(builder, loc, SlotType::get(builder.getContext(), type), source, name, index, time,
                        /*ring=*/0, batch, zeroed, fallback, /*host=*/Value());
  return slot;
}

Value PhaseSlots::state(SlotSource source, StringRef name, bool later, int64_t slot, RankedTensorType type,
                        Value fallback) {
  // A state that is read both earlier and later counts the slots after the end downwards.
  int64_t index = later && directions.lookup(name) == 3 ? -1 - slot : slot;
  return create(source, name, type, /*time=*/false, /*batch=*/true, /*zeroed=*/false, index, fallback);
}

std::string PhaseSlots::unique(StringRef name) {
  unsigned count = names[name]++;
  return count == 0 ? name.str() : (name + "." + Twine(count)).str();
}

Value PhaseSlots::workspace(Value value, bool constant, bool zeroed) {
  return create(SlotSource::workspace, unique(nameOf(value)), cast<RankedTensorType>(value.getType()), !constant,
                !constant, zeroed);
}

Value PhaseSlots::zero(RankedTensorType type) {
  Value &slot = zeros[type];
  if (!slot)
    slot = create(SlotSource::workspace, unique("zero"), type, false, false, /*zeroed=*/true);
  return slot;
}

int64_t PhaseSlots::shiftToEnd(Value leaf) {
  if (auto seed = leaf.getDefiningOp<FinalSeedOp>())
    return seed.getReversed() ? -seed.getSlots() : seed.getSlots();
  if (auto seed = leaf.getDefiningOp<SeedOp>())
    return seed.getLast() ? 1 : 0;
  return 0;
}

SmallVector<Value, 2> PhaseSlots::givenAtEnd(Value leaf) {
  auto type = cast<RankedTensorType>(leaf.getType());
  if (auto seed = leaf.getDefiningOp<SeedOp>(); seed && seed.getLast())
    return {create(SlotSource::d_output, seed.getOutput(), type, /*time=*/false, /*batch=*/true, false)};
  auto seed = leaf.getDefiningOp<FinalSeedOp>();
  if (!seed)
    return {};
  // At the last step, K steps before the row that is read, stands slot 0; the nearest row outside is slot K - 1.
  SmallVector<Value, 2> given;
  for (int64_t slot = seed.getSlots(); slot-- > 0;)
    given.push_back(state(SlotSource::d_final_state, seed.getState(), seed.getReversed(), slot, type));
  return given;
}

Value PhaseSlots::ofLeaf(Value leaf) {
  auto type = cast<RankedTensorType>(leaf.getType());
  if (shiftToEnd(leaf) != 0)
    return zero(type);
  return TypeSwitch<Operation *, Value>(leaf.getDefiningOp())
      .Case([&](InputOp op) { return create(SlotSource::input, op.getName(), type, true, true, false); })
      .Case([&](ParamOp op) { return create(SlotSource::param, op.getName(), type, false, false, false); })
      .Case([&](SavedOp op) {
        bool varying = !op.getConstant();
        return create(SlotSource::tape, op.getName(), type, varying, varying, false);
      })
      .Case([&](SeedOp op) {
        bool varying = op.getOutput() != "loss";
        return create(SlotSource::d_output, op.getOutput(), type, varying, varying, false);
      })
      .Default([](Operation *) { return Value(); });
}

void PhaseSlots::sort() {
  SmallVector<SlotOp> slots(system.getOps<SlotOp>());
  llvm::stable_sort(slots, [](SlotOp a, SlotOp b) {
    auto rank = [](SlotOp slot) { return static_cast<unsigned>(slot.getSource()); };
    return rank(a) < rank(b);
  });
  Block &body = system.getBody().front();
  for (SlotOp slot : llvm::reverse(slots))
    slot->moveBefore(&body, body.begin());
}

} // namespace recur
