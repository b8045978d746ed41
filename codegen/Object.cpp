//===- Object.cpp - LLVM dialect to machine code --------------------------------===//
#include "codegen/Object.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;

namespace seqc {

namespace {

void initializeTargets() {
  static bool done = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    return true;
  }();
  (void)done;
}

/// For the least processor of the architecture: functions for others say so (`describeTarget`).
std::unique_ptr<llvm::TargetMachine> createMachine(const std::string &tripleName, std::string &error) {
  initializeTargets();
  llvm::Triple triple(tripleName);
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return nullptr;
  llvm::TargetOptions options;
  // Contraction happens only where the lowering says so.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  options.UseInitArray = true; // no linker of today calls what is in .ctors
  return std::unique_ptr<llvm::TargetMachine>(
      backend->createTargetMachine(triple, triple.isX86() ? "x86-64" : "generic", /*Features=*/"", options,
                                   llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
}

/// What generated code has use of, of LLVM's default pipeline: in half of its time. Loops are vectors already, and
/// unrolling them would only spill registers; other passes find nothing to do.
constexpr const char *optimizations = "always-inline,ipsccp,globalopt,deadargelim,"
                                      "function(sroa,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>),"
                                      "cgscc(devirt<4>(inline,function-attrs,function("
                                      "sroa,early-cse<memssa>,correlated-propagation,simplifycfg,"
                                      "instcombine<no-verify-fixpoint>,"
                                      "loop-mssa(licm<allowspeculation>,loop-rotate<header-duplication>,"
                                      "licm<allowspeculation>),"
                                      "simplifycfg,instcombine<no-verify-fixpoint>,"
                                      "loop(loop-idiom,indvars,loop-deletion),"
                                      "sroa,gvn,instcombine<no-verify-fixpoint>,"
                                      "jump-threading,correlated-propagation,adce,dse,"
                                      "loop-mssa(licm<allowspeculation>),"
                                      "simplifycfg,instcombine<no-verify-fixpoint>))),"
                                      "globaldce";

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  llvm::cantFail(builder.parsePassPipeline(passes, optimizations));
  passes.run(module, modules);
}

void describeTarget(llvm::Module &module, const Target &target) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    if (!target.features.empty()) // LLVM's verifier takes no empty list
      function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width", std::to_string(target.vectorBits));
  }
}

std::unique_ptr<llvm::Module> translate(const TargetCode &part, const llvm::TargetMachine &machine,
                                        llvm::LLVMContext &context) {
  std::unique_ptr<llvm::Module> module = translateModuleToLLVMIR(part.module, context);
  if (!module)
    return nullptr;
  module->setTargetTriple(machine.getTargetTriple());
  module->setDataLayout(machine.createDataLayout());
  describeTarget(*module, *part.target);
  for (llvm::Function &function : *module)
    if (!function.isDeclaration())
      function.setName(function.getName() + part.suffix);
  return module;
}

FailureOr<std::string> print(llvm::Module &module, llvm::TargetMachine &machine, Emit what) {
  llvm::SmallString<0> code;
  llvm::raw_svector_ostream stream(code);
  if (what == Emit::LlvmIr) {
    module.print(stream, nullptr);
    return std::string(code);
  }
  llvm::legacy::PassManager passes;
  auto kind = what == Emit::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, kind))
    return failure();
  passes.run(module);
  return std::string(code);
}

} // namespace

FailureOr<std::string> emitCode(llvm::ArrayRef<TargetCode> parts, Emit what,
                                llvm::function_ref<void(llvm::Module &)> addTables) {
  ModuleOp first = parts.front().module;
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  first.getContext()->appendDialectRegistry(registry);
  llvm::LLVMContext context;
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(parts.front().target->triple, error);
  if (!machine)
    return first.emitError(error);
  std::unique_ptr<llvm::Module> whole;
  for (const TargetCode &part : parts) {
    std::unique_ptr<llvm::Module> module = translate(part, *machine, context);
    if (!module)
      return failure();
    if (!whole)
      whole = std::move(module);
    else if (llvm::Linker::linkModules(*whole, std::move(module)))
      return first.emitError("LLVM cannot join the code for several processors");
  }
  addTables(*whole);
  // Nothing throws, and tables for unwinding would be a twentieth of a library.
  for (llvm::Function &function : *whole)
    function.setDoesNotThrow();
  optimize(*whole, *machine);
  FailureOr<std::string> code = print(*whole, *machine, what);
  if (failed(code))
    return first.emitError("LLVM cannot generate code for ") << parts.front().target->triple;
  return code;
}

} // namespace seqc
