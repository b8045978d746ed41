//===- Pipelines.cpp - The passes between the levels, in order ----------------------===//
#include "passes/Pipelines.h"

#include "passes/Passes.h"

#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace recur {

static void addSimplification(OpPassManager &passes, bool isDerived) {
  RecurSimplifyOptions options;
  options.centresWeights = isDerived;
  passes.addNestedPass<SystemOp>(createRecurSimplify(options));
  passes.addNestedPass<SystemOp>(createRecurFuseGates());
  passes.addNestedPass<SystemOp>(createRecurSimplify(options));
}

void buildAdjointPipeline(OpPassManager &passes) {
  passes.addPass(createRecurInlineInstances());
  passes.addPass(createRecurRecordInterface());
  addSimplification(passes, /*isDerived=*/false);
  passes.addPass(createRecurDeriveAdjoint());
  addSimplification(passes, /*isDerived=*/true);
}

void buildSchedulePipeline(OpPassManager &passes) {
  passes.addPass(createRecurPlanTape());
  passes.addPass(createRecurSchedule());
}

void buildPhasesPipeline(OpPassManager &passes) {
  passes.addPass(createRecurFormPhases());
  passes.addNestedPass<SystemOp>(createRecurJoinLoops());
  passes.addNestedPass<SystemOp>(createRecurPlanMemory());
  passes.addPass(createRecurLayTape());
  passes.addNestedPass<SystemOp>(createRecurShareMemory());
  passes.addPass(createRecurFindHosts());
}

void registerPipelines() {
  PassPipelineRegistration<>("recur-to-adjoint", "flattens systems and derives their adjoints", buildAdjointPipeline);
  PassPipelineRegistration<>("recur-to-schedule", "from systems to loops and maps", [](OpPassManager &passes) {
    buildAdjointPipeline(passes);
    buildSchedulePipeline(passes);
  });
  PassPipelineRegistration<>("recur-to-phases", "from systems to phases and their memory", [](OpPassManager &passes) {
    buildAdjointPipeline(passes);
    buildSchedulePipeline(passes);
    buildPhasesPipeline(passes);
  });
}

} // namespace recur
