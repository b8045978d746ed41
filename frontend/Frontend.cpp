//===- Frontend.cpp - From .seq text to checked equations -------------------===//

#include "frontend/Frontend.h"

#include "frontend/Analyses.h"
#include "frontend/Checker.h"
#include "frontend/Elaborate.h"
#include "frontend/Lower.h"

#include "dialect/Recur.h"

#include "mlir/IR/Verifier.h"

using namespace seqc;

namespace {

/// Chooses what to export and asks for it.
class Compilation {
public:
  Compilation(Program &program, const FrontendOptions &options, Diagnostics &diags)
      : program(program), options(options), diags(diags), elaborator(program, diags) {}

  bool elaborate(const FileScope &main);
  llvm::ArrayRef<System *> systems() const { return elaborator.finished; }

private:
  void elaborateNamed(const FileScope &main);
  void elaborateModels(const FileScope &main);
  void checkGivenDims(llvm::ArrayRef<const ast::System *> exported);

  Program &program;
  const FrontendOptions &options;
  Diagnostics &diags;
  Elaborator elaborator;
};

} // namespace

bool Compilation::elaborate(const FileScope &main) {
  if (options.model.empty())
    elaborateModels(main);
  else
    elaborateNamed(main);
  return !diags.hasErrors();
}

void Compilation::elaborateNamed(const FileScope &main) {
  SystemRef ref = program.findSystem(main, options.model, SourceRange());
  if (!ref.ast) {
    auto builder = diags.report(DiagId::UnknownModel, SourceRange(), options.model, main.source->path());
    std::string nearest = nearestName(options.model, program.systemNames(main));
    if (!nearest.empty())
      builder.hint("did you mean `" + nearest + "`?");
    return;
  }
  checkGivenDims(ref.ast);
  elaborator.elaborateExported(ref, options.dims, /*mustKnow=*/true);
}

void Compilation::elaborateModels(const FileScope &main) {
  std::vector<const ast::System *> models;
  for (const ast::System &system : main.tree.systems)
    if (system.isModel)
      models.push_back(&system);
  if (models.empty() && !main.tree.systems.empty())
    models.push_back(&main.tree.systems.back());
  if (models.empty()) {
    diags.report(DiagId::NothingToCompile, SourceRange(), main.source->path());
    return;
  }
  checkGivenDims(models);
  unsigned errors = diags.errorCount();
  bool any = false;
  for (const ast::System *model : models)
    any |= elaborator.elaborateExported({model, &main}, options.dims, /*mustKnow=*/false) != nullptr;
  if (!any && diags.errorCount() == errors) // say what is missing
    for (const ast::System *model : models)
      elaborator.elaborateExported({model, &main}, options.dims, /*mustKnow=*/true);
}

void Compilation::checkGivenDims(llvm::ArrayRef<const ast::System *> exported) {
  for (auto &[name, value] : options.dims) {
    std::vector<std::string> known;
    for (const ast::System *system : exported)
      for (const ast::Dim &dim : system->dims)
        known.push_back(dim.name.text);
    if (llvm::is_contained(known, name))
      continue;
    auto builder =
        diags.report(DiagId::NoSuchDimGiven, exported.front()->name.range, name, exported.front()->name.text);
    std::string nearest = nearestName(name, known);
    if (!nearest.empty())
      builder.hint("did you mean `" + nearest + "`?");
  }
}

mlir::OwningOpRef<mlir::ModuleOp> seqc::compileToEquations(SourceManager &sources, const std::string &path,
                                                           const FrontendOptions &options, Diagnostics &diags,
                                                           mlir::MLIRContext &context) {
  Program program(sources, options, diags);
  const FileScope *main = program.load(path);
  if (!main)
    return nullptr;
  Compilation compilation(program, options, diags);
  if (!compilation.elaborate(*main))
    return nullptr;
  warnUnused(compilation.systems(), diags);
  context.loadDialect<recur::RecurDialect>();
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(mlir::FileLineColLoc::get(mlir::StringAttr::get(&context, main->source->path()), 1, 1));
  for (System *system : compilation.systems())
    lowerSystem(*system, *module, options.f64);
  return mlir::succeeded(mlir::verify(*module)) ? std::move(module) : nullptr;
}
