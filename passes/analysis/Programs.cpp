//===- Programs.cpp - The systems that make up a model -----------------------------------===//
#include "passes/analysis/Programs.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace recur {

SmallVector<GradientPrograms> gradientProgramsOf(ModuleOp module) {
  llvm::MapVector<StringRef, GradientPrograms> models;
  for (auto system : module.getOps<SystemOp>()) {
    auto model = system->getAttrOfType<StringAttr>("recur.model");
    auto program = system->getAttrOfType<StringAttr>("recur.program");
    if (model && program && program.getValue() == "forward_taped")
      models[model.getValue()].forwardTaped = system;
    else if (model && program && program.getValue() == "backward")
      models[model.getValue()].backward = system;
  }
  SmallVector<GradientPrograms> found;
  for (const auto &[name, programs] : models)
    if (programs.forwardTaped && programs.backward)
      found.push_back(programs);
  return found;
}

SlotOp findTapeSlot(SystemOp system, StringRef name) {
  auto slots = system.getOps<SlotOp>();
  auto found =
      llvm::find_if(slots, [&](SlotOp slot) { return slot.getSource() == SlotSource::tape && slot.getName() == name; });
  return found == slots.end() ? SlotOp() : *found;
}

} // namespace recur
