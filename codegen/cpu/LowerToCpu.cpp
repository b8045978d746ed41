//===- LowerToCpu.cpp - Turns each system of phases into functions on vectors ---===//
#include "codegen/cpu/CpuPasses.h"
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/Lower.h"
#include "codegen/cpu/Phases.h"
#include "codegen/cpu/Team.h"

#include <map>

namespace seqc::cpu {
#define GEN_PASS_DEF_LOWERTOCPU
#include "codegen/cpu/CpuPasses.h.inc"

using namespace mlir;

namespace {

/// Lowers one system.
class SystemLowering {
public:
  SystemLowering(recur::SystemOp system, const Machine &machine)
      : system(system), machine(machine), numbers(numberSlots(system)), b(system.getLoc(), system.getContext()),
        pointer(b.pointerType()) {
    for (auto slot : system.getOps<recur::SlotOp>())
      if (slot->hasAttr("recur.scratch"))
        scratch = slot.getSlot();
  }

  void lower() {
    b.setInsertionPoint(system);
    auto prepared = [](Operation &group) {
      auto once = dyn_cast<recur::OnceOp>(group);
      return once && once.getPrepared();
    };
    bool any = llvm::any_of(system.getBody().front(), prepared);
    program("run", [&](Operation &group) { return !prepared(group); });
    if (any)
      program("prepare", prepared);
    system.erase();
  }

private:
  /// A function that runs the groups that `wanted` picks, in order.
  void program(StringRef suffix, function_ref<bool(Operation &)> wanted) {
    OpBuilder::InsertionGuard guard(b);
    b.setLoc(system.getLoc());
    auto function = func::FuncOp::create(b, (system.getSymName() + "." + suffix).str(), b.getFunctionType(pointer, {}));
    b.setInsertionPointToStart(function.addEntryBlock());
    Team team(b, machine, function.getArgument(0), scratch);
    for (Operation &op : system.getBody().front())
      if (isa<recur::OnceOp, recur::MapOp, recur::LoopOp, recur::AtOp>(op) && wanted(op))
        group(op, team);
    b.setLoc(system.getLoc());
    team.end();
    func::ReturnOp::create(b);
  }

  void group(Operation &op, Team &team) {
    b.setLoc(op.getLoc());
    std::string kind = op.getName().stripDialect().str();
    std::string prefix = (system.getSymName() + "." + kind + std::to_string(groups[kind]++) + ".").str();
    auto phases = llvm::to_vector(op.getRegion(0).getOps<recur::PhaseOp>());
    SmallVector<FusedPhases> parts = fusePhases(machine, phases, scratch);
    SmallVector<std::string> names, ofSingleRow;
    for (const FusedPhases &fused : parts) {
      names.push_back(unusedName(prefix + mainPhase(fused).getName().str()));
      emitFunction(fused, names.back(), isa<recur::LoopOp>(op), /*singleRow=*/false);
      if (isForSingleRows(op))
        emitFunction(fused, ofSingleRow.emplace_back(nameForSingleRow(names.back())), true, /*singleRow=*/true);
    }
    team.run(&op, parts, names, ofSingleRow);
  }

  /// Streams and decoders run row by row, and their steps are short: what only several rows need would show.
  bool isForSingleRows(Operation &group) {
    auto program = system->getAttrOfType<StringAttr>("recur.program");
    return isa<recur::LoopOp>(group) && program && program == "forward";
  }

  /// Of a slice of the phases' units; `singleRow`: of all of them, in a batch of one row.
  void emitFunction(ArrayRef<recur::PhaseOp> phases, StringRef name, bool inLoop, bool singleRow) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(system);
    SmallVector<Type> inputs = {pointer};
    if (inLoop)
      inputs.push_back(b.getI64Type());
    if (!singleRow)
      inputs.append({b.getI64Type(), b.getI64Type()}); // the slice
    Location place = mainPhase(phases).getLoc();
    b.setLoc(place);
    func::FuncOp function = b.internalFunction(name, b.getFunctionType(inputs, {}), /*inlined=*/singleRow);
    SmallVector<Frame> frames;
    for (recur::PhaseOp phase : phases)
      frames.emplace_back(b, function.getArgument(0), inLoop ? function.getArgument(1) : Value(), phase, numbers,
                          isTotalOfOuter(phase) ? scratch : Value(), singleRow);
    Slice slice = singleRow ? Slice{b.integer(0), fusedUnits(b, machine, phases, scratch, b.integer(1))}
                            : Slice{*std::prev(function.args_end(), 2), *std::prev(function.args_end())};
    emitFused(frames, machine, phases, scratch, slice);
    b.setLoc(place);
    func::ReturnOp::create(b);
  }

  std::string unusedName(const std::string &wanted) {
    int64_t uses = names[wanted]++;
    return uses == 0 ? wanted : wanted + "." + std::to_string(uses);
  }

  recur::SystemOp system;
  const Machine &machine;
  SlotNumbers numbers;
  Code b;
  Type pointer;
  Value scratch;
  std::map<std::string, int64_t> groups, names;
};

struct LowerToCpu : impl::LowerToCpuBase<LowerToCpu> {
  using LowerToCpuBase::LowerToCpuBase;

  void runOnOperation() override {
    Machine machine{vectorBits, registers, fma, dotBf16, dotInt8, fastActivations};
    SmallVector<recur::SystemOp> systems(getOperation().getOps<recur::SystemOp>());
    for (recur::SystemOp system : systems) {
      if (failed(check(system)))
        return signalPassFailure();
      SystemLowering(system, machine).lower();
    }
    locate();
  }

  /// Gives each op one place in the source: LLVM wants one for every call in a function with debug information, and
  /// drops a fused location of which one part is unknown.
  void locate() {
    MLIRContext *context = &getContext();
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto own = function.getLoc()->findInstanceOf<FileLineColLoc>();
      Location fallback = own ? Location(own) : Location(FileLineColLoc::get(context, "<unknown>", 1, 1));
      function.walk([&](Operation *op) {
        auto place = op->getLoc()->findInstanceOf<FileLineColLoc>();
        op->setLoc(place ? Location(place) : fallback);
      });
    }
  }

  /// Equations that no phase computes cannot be lowered.
  LogicalResult check(recur::SystemOp system) {
    if (fastActivations && computesInF64(system))
      return system.emitError("fast activations need a model that computes in f32");
    for (Operation &op : system.getBody().front())
      if (!isa<recur::SlotOp, recur::OnceOp, recur::MapOp, recur::LoopOp, recur::AtOp>(op))
        return op.emitError("'recur-lower-to-cpu' expects slots, groups and phases only");
    return success();
  }
};

} // namespace
} // namespace seqc::cpu
