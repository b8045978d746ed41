//===- Report.cpp - What was found out about a model, and what was done ---------------===//
#include "passes/Report.h"

#include "passes/analysis/OpKinds.h"
#include "passes/analysis/Recurrence.h"
#include "passes/analysis/Work.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace recur {

//===-- Equations --------------------------------------------------------------------===//

static void printRecurrence(llvm::raw_ostream &os, const Recurrence &recurrence) {
  os << "  " << llvm::join(recurrence.states, ", ") << ": ";
  if (recurrence.kind == Recurrence::Scan)
    os << "linear scan";
  else
    os << "sequential loop";
  os << (recurrence.backward ? ", from the last step to the first" : "") << " (" << recurrence.reason << ")\n";
  for (const GradientHighway &highway : recurrence.highways)
    os << "    gradient highway: " << highway.state << " "
       << (highway.steps.empty() ? "unchanged" : llvm::join(highway.steps, " ")) << "\n";
}

std::string reportRecurrences(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (auto system : module.getOps<SystemOp>()) {
    if (!system.getExported())
      continue;
    std::vector<Recurrence> recurrences = classifyRecurrences(system);
    os << system.getSymName() << ": recurrences\n";
    for (const Recurrence &recurrence : recurrences)
      printRecurrence(os, recurrence);
    os << (recurrences.empty() ? "  none: everything is a map over all steps\n"
                               : "  everything else: maps over all steps\n");
  }
  return text;
}

//===-- Phases ------------------------------------------------------------------------===//

static int64_t bytesFrom(SystemOp system, SlotSource source, bool time) {
  int64_t bytes = 0;
  for (auto slot : system.getOps<SlotOp>())
    if (slot.getSource() == source && slot.getTime() == time)
      bytes += slotBytes(slot);
  return bytes;
}

static int64_t parametersOf(ModuleOp module, StringRef model) {
  for (auto interface : module.getOps<InterfaceOp>())
    if (interface.getModel() == model)
      return parameterCount(interface);
  return 0;
}

static std::string groupName(Operation *group) {
  if (auto once = dyn_cast<OnceOp>(group))
    return once.getPrepared() ? "once, prepared" : "once";
  if (isa<MapOp>(group))
    return "map over all steps";
  if (auto loop = dyn_cast<LoopOp>(group))
    return loop.getDirection() == Direction::forward ? "loop, first step to last" : "loop, last step to first";
  auto at = cast<AtOp>(group);
  return (stringifyAnchor(at.getAnchor()) + " of the sequence").str();
}

static void printPhase(llvm::raw_ostream &os, PhaseOp phase, bool beforeLoop) {
  unsigned products = 0, pointwise = 0;
  for (Operation &op : phase.getBody().front()) {
    products += isProduct(&op);
    pointwise += isPointwise(&op);
  }
  os << "      " << phase.getName() << " ["
     << llvm::join(llvm::map_range(phase.getSpace(), [](int64_t size) { return std::to_string(size); }), ", ") << "]: ";
  if (products == 0 && pointwise == 0)
    os << "copy";
  else
    os << products << " products, " << pointwise << " pointwise fused";
  if (phase.getTotal())
    os << ", summed over steps and batch";
  else if (beforeLoop && products > 0)
    os << ", hoisted out of the loop";
  os << "\n";
}

static void printProgram(llvm::raw_ostream &os, SystemOp system, StringRef program) {
  Work work = workOf(system);
  os << "  " << program << ": " << work.flops << " flops (" << work.products << " in products) and " << work.bytes
     << " bytes a step and row; workspace " << bytesFrom(system, SlotSource::workspace, true)
     << " bytes a step and row\n";
  bool loopFollows = false;
  SmallVector<std::pair<Operation *, bool>> groups;
  for (Operation &group : llvm::reverse(system.getBody().front())) {
    if (!isa<OnceOp, MapOp, LoopOp, AtOp>(group))
      continue;
    groups.push_back({&group, loopFollows && isa<MapOp>(group)});
    loopFollows |= isa<LoopOp>(group);
  }
  for (auto [group, beforeLoop] : llvm::reverse(groups)) {
    os << "    " << groupName(group) << "\n";
    for (auto phase : group->getRegion(0).front().getOps<PhaseOp>())
      printPhase(os, phase, beforeLoop);
  }
}

static void printTape(llvm::raw_ostream &os, SystemOp system) {
  auto tape = system->getAttrOfType<ArrayAttr>("recur.tape");
  if (!tape)
    return;
  os << "  tape: " << bytesFrom(system, SlotSource::tape, true) << " bytes a step and row\n";
  for (auto decision : tape.getAsRange<StringAttr>())
    os << "    " << decision.getValue() << "\n";
}

std::string reportPhases(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (auto system : module.getOps<SystemOp>()) {
    auto model = system->getAttrOfType<StringAttr>("recur.model");
    auto program = system->getAttrOfType<StringAttr>("recur.program");
    if (!model || !program)
      continue;
    if (program.getValue() == "forward") {
      os << model.getValue() << ": " << parametersOf(module, model.getValue()) << " parameters\n";
    }
    printProgram(os, system, program.getValue());
    printTape(os, system);
  }
  return text;
}

} // namespace recur
