//===- Load.cpp - The system to evaluate, from text -------------------------===//
#include "tools/seq-interp/Load.h"

#include "frontend/Frontend.h"
#include "passes/Passes.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace seqc::interp;

namespace {

OwningOpRef<ModuleOp> parseText(const LoadOptions &options, MLIRContext &context) {
  if (StringRef(options.path).ends_with(".mlir"))
    return parseSourceFile<ModuleOp>(options.path, ParserConfig(&context));
  seqc::SourceManager sources;
  seqc::Diagnostics diagnostics;
  seqc::FrontendOptions frontend;
  frontend.model = options.model;
  frontend.dims = options.dims;
  frontend.f64 = true;
  frontend.searchPaths = {options.library};
  OwningOpRef<ModuleOp> module = compileToEquations(sources, options.path, frontend, diagnostics, context);
  llvm::errs() << diagnostics.render();
  return module;
}

/// The system called `name`, or the only exported one (the only one at all, if none is exported).
recur::SystemOp choose(ModuleOp module, StringRef name) {
  SmallVector<recur::SystemOp> all(module.getOps<recur::SystemOp>()), exported;
  for (recur::SystemOp system : all) {
    if (system.getSymName() == name)
      return system;
    if (system.getExported())
      exported.push_back(system);
  }
  if (exported.empty())
    exported = all;
  if (name.empty() && exported.size() == 1)
    return exported.front();
  llvm::errs() << "seq-interp: " << (name.empty() ? "choose a system with --model:" : "no such system; there are:");
  for (recur::SystemOp system : all)
    llvm::errs() << " " << system.getSymName();
  llvm::errs() << "\n";
  return nullptr;
}

/// The joint system of `system` and its adjoint, which may be there already; null, with a message, if it has none.
recur::SystemOp deriveAdjoint(ModuleOp module, recur::SystemOp system) {
  std::string joint = (system.getSymName() + ".joint").str();
  if (auto known = module.lookupSymbol<recur::SystemOp>(joint))
    return known;
  system.setExported(true);
  PassManager passes(module.getContext());
  passes.addPass(recur::createRecurInlineInstances());
  passes.addPass(recur::createRecurDeriveAdjoint());
  return failed(passes.run(module)) ? recur::SystemOp() : module.lookupSymbol<recur::SystemOp>(joint);
}

} // namespace

Loaded seqc::interp::load(const LoadOptions &options, MLIRContext &context) {
  Loaded loaded;
  context.loadDialect<recur::RecurDialect>();
  loaded.module = parseText(options, context);
  if (loaded.module)
    loaded.system = choose(*loaded.module, options.model);
  if (loaded.system && options.adjoint)
    loaded.system = deriveAdjoint(*loaded.module, loaded.system);
  return loaded;
}
