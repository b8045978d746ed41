//===- Object.cpp - LLVM dialect to machine code --------------------------------===//
#include "codegen/Object.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;

namespace seqc {

namespace {

struct NamedTarget {
  const char *name, *triple, *cpu;
  int64_t vectorBits, registers;
  bool fma;
  int64_t dotInt8; // no level has an instruction for bf16
};

const NamedTarget namedTargets[] = {
    {"x86-64", "x86_64-unknown-linux-gnu", "x86-64", 128, 16, false, 2},
    {"x86-64-v2", "x86_64-unknown-linux-gnu", "x86-64-v2", 128, 16, false, 2},
    {"x86-64-v3", "x86_64-unknown-linux-gnu", "x86-64-v3", 256, 16, true, 2},
    {"x86-64-v4", "x86_64-unknown-linux-gnu", "x86-64-v4", 512, 32, true, 2},
    {"aarch64", "aarch64-unknown-linux-gnu", "generic", 128, 32, true, 1},
};

Target nativeTarget() {
  Target target;
  target.triple = llvm::sys::getDefaultTargetTriple();
  target.cpu = llvm::sys::getHostCPUName().str();
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  for (const auto &feature : features)
    target.features += (feature.second ? "+" : "-") + feature.first().str() + ",";
  if (llvm::Triple(target.triple).isAArch64()) {
    target.registers = 32;
    target.fma = true;
    return target;
  }
  bool wide = features.lookup("avx512f") && features.lookup("avx512dq") && features.lookup("avx512vl");
  target.vectorBits = wide ? 512 : features.lookup("avx2") ? 256 : 128;
  target.registers = wide ? 32 : 16;
  target.fma = features.lookup("fma");
  target.dotBf16 = wide && features.lookup("avx512bf16") ? 2 : 1;
  target.dotInt8 = (wide && features.lookup("avx512vnni")) || features.lookup("avxvnni") ? 4 : 2;
  bool tiles = wide && features.lookup("amx-tile");
  if (tiles && target.dotBf16 == 2 && features.lookup("amx-bf16"))
    target.dotBf16 = 32;
  if (tiles && target.dotInt8 == 4 && features.lookup("amx-int8"))
    target.dotInt8 = 64;
  return target;
}

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

std::unique_ptr<llvm::TargetMachine> createMachine(const Target &target, std::string &error) {
  initializeTargets();
  llvm::Triple triple(target.triple);
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return nullptr;
  llvm::TargetOptions options;
  // Contraction happens only where the lowering says so.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(backend->createTargetMachine(
      triple, target.cpu, target.features, options, llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  // Our loops are vectors already, and unrolling them would only spill registers.
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopInterleaving = tuning.LoopUnrolling = false;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

void describeTarget(llvm::Module &module, const Target &target) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width", std::to_string(target.vectorBits));
  }
}

} // namespace

std::string targetNames() {
  std::string names = "native";
  for (const NamedTarget &target : namedTargets)
    names += std::string(", ") + target.name;
  return names;
}

std::string defaultTargetName() {
  return llvm::Triple(llvm::sys::getDefaultTargetTriple()).getArch() == llvm::Triple::x86_64 ? "x86-64-v3" : "native";
}

std::optional<Target> findTarget(llvm::StringRef name) {
  if (name == "native")
    return nativeTarget();
  for (const NamedTarget &target : namedTargets)
    if (name == target.name)
      return Target{target.triple, target.cpu,    "", target.vectorBits, target.registers, target.fma,
                    /*dotBf16=*/1, target.dotInt8};
  return std::nullopt;
}

FailureOr<std::string> emitCode(ModuleOp module, const Target &target, Emit what,
                                llvm::function_ref<void(llvm::Module &)> addTables) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(module, context);
  if (!translated)
    return failure();

  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target, error);
  if (!machine)
    return module.emitError(error);
  translated->setTargetTriple(machine->getTargetTriple());
  translated->setDataLayout(machine->createDataLayout());
  addTables(*translated);
  describeTarget(*translated, target);
  optimize(*translated, *machine);

  llvm::SmallString<0> code;
  llvm::raw_svector_ostream stream(code);
  if (what == Emit::LlvmIr) {
    translated->print(stream, nullptr);
    return std::string(code);
  }
  llvm::legacy::PassManager passes;
  auto kind = what == Emit::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, kind))
    return module.emitError("LLVM cannot generate code for ") << target.triple;
  passes.run(*translated);
  return std::string(code);
}

} // namespace seqc
