//===- RecordInterface.cpp - Notes what callers know of a model -------------------===//
#include "passes/Passes.h"
#include "passes/analysis/OpKinds.h"
#include "passes/analysis/WholeBatch.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"

namespace recur {
#define GEN_PASS_DEF_RECURRECORDINTERFACE
#include "passes/Passes.h.inc"
} // namespace recur

using namespace mlir;
using namespace recur;

namespace {

/// How far back and ahead the shifts of one state reach.
struct StateExtent {
  Type type;
  int64_t delay = 0, advance = 0;
};

/// Writes the interface of one system.
class Recorder {
public:
  Recorder(SystemOp system, OpBuilder &builder) : system(system), builder(builder) {}

  void run() {
    auto interface = InterfaceOp::create(builder, system.getLoc(), system.getSymName(), dims(), hasLoss(), gates(),
                                         system->getAttrOfType<StringAttr>("recur.looks_ahead"), needsBatch());
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&interface.getBody().emplaceBlock());
    recordParams();
    recordInputs();
    recordStates();
    recordOutputs();
  }

private:
  DictionaryAttr dims() {
    auto given = system->getAttrOfType<DictionaryAttr>("recur.dims");
    return given ? given : builder.getDictionaryAttr({});
  }

  StringAttr needsBatch() {
    Operation *need = findWholeBatchNeed(system);
    if (!need)
      return {};
    system->setAttr("recur.needs_batch_at", LocationAttr(need->getLoc()));
    return builder.getStringAttr(isa<LossOp>(need) ? "loss" : nameOf(need->getOperand(0)));
  }

  bool hasLoss() { return !ops<LossOp>().empty(); }

  ArrayAttr gates() {
    SmallVector<StringRef> names;
    for (EquationOp equation : ops<EquationOp>())
      if (equation.getGate())
        names.push_back(equation.getName());
    return builder.getStrArrayAttr(names);
  }

  void recordParams() {
    for (ParamOp param : ops<ParamOp>()) {
      TensorOp tensor = add(param, SlotSource::param, param.getName(), param.getType());
      tensor.setInitAttr(param.getInitAttr());
      tensor.setDiagonal(param.getDiagonal());
      tensor.setEstimate(llvm::any_of(param->getUsers(), [&](Operation *user) {
        auto estimate = dyn_cast<EstimateOp>(user);
        return estimate && estimate.getRunning() == param.getValue();
      }));
    }
  }

  void recordInputs() {
    for (InputOp input : ops<InputOp>())
      add(input, SlotSource::input, input.getName(), input.getType()).setVocabularyAttr(input.getVocabularyAttr());
  }

  void recordStates() {
    llvm::MapVector<StringRef, StateExtent> states;
    system.walk([&](ShiftOpInterface shift) {
      if (shift.getShift() > 0 && !system->hasAttr("recur.later_at"))
        system->setAttr("recur.later_at", LocationAttr(shift.getLoc()));
      if (shift.getStateName().empty())
        return;
      StateExtent &state = states[shift.getStateName()];
      state.type = shift->getResult(0).getType();
      state.delay = std::max(state.delay, -shift.getShift());
      state.advance = std::max(state.advance, shift.getShift());
    });
    for (auto &[name, state] : states) {
      for (int64_t k = 0; k < state.delay; ++k)
        add(system, SlotSource::state, name, state.type).setIndex(k);
      for (int64_t k = 0; k < state.advance; ++k)
        add(system, SlotSource::state, name, state.type).setIndex(-1 - k);
    }
  }

  void recordOutputs() {
    for (OutputOp output : ops<OutputOp>())
      add(output, SlotSource::output, output.getName(), output.getValue().getType()).setLast(output.getLast());
  }

  template <typename OpTy> SmallVector<OpTy> ops() { return llvm::to_vector(system.getBody().getOps<OpTy>()); }

  TensorOp add(Operation *from, SlotSource source, StringRef name, Type type) {
    return TensorOp::create(builder, from->getLoc(), source, name, /*index=*/nullptr, /*init=*/nullptr,
                            /*vocabulary=*/nullptr, /*diagonal=*/false, /*estimate=*/false, /*last=*/false,
                            cast<RankedTensorType>(type));
  }

  SystemOp system;
  OpBuilder &builder;
};

struct RecordInterface : recur::impl::RecurRecordInterfaceBase<RecordInterface> {
  void runOnOperation() override {
    OpBuilder builder = OpBuilder::atBlockBegin(getOperation().getBody());
    for (SystemOp system : getOperation().getOps<SystemOp>())
      if (system.getExported())
        Recorder(system, builder).run();
  }
};

} // namespace
