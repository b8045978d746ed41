//===- Lower.cpp - From phases to the LLVM dialect ------------------------------===//
#include "codegen/cpu/Lower.h"

#include "codegen/cpu/CpuPasses.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace seqc {

void buildTilePlan(OpPassManager &passes, const Target &target, WeightFormat weights) {
  passes.addPass(cpu::createPlanTiles({target.vectorBits, target.registers, target.dotBf16, target.dotInt8, weights}));
}

void buildVectorCode(OpPassManager &passes, const Target &target, bool fastActivations) {
  passes.addPass(cpu::createLowerToCpu(
      {target.vectorBits, target.registers, target.dotBf16, target.dotInt8, target.fma, fastActivations}));
  passes.addPass(createCSEPass());
}

void buildLlvmDialect(OpPassManager &passes) {
  passes.addPass(createSCFToControlFlowPass());
  // What has an instruction first: the libm pass would call floor and its like.
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertMathToLibmPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
}

} // namespace seqc
