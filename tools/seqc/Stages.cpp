//===- Stages.cpp - From a file to what is asked for --------------------------------===//
#include "tools/seqc/Stages.h"

#include "codegen/Describe.h"
#include "codegen/Header.h"
#include "codegen/Link.h"
#include "codegen/Model.h"
#include "codegen/ModelTable.h"
#include "codegen/Object.h"
#include "codegen/Output.h"
#include "codegen/cpu/Lower.h"
#include "dialect/Recur.h"
#include "frontend/AstPrinter.h"
#include "frontend/Format.h"
#include "frontend/Frontend.h"
#include "frontend/parse/Parser.h"
#include "passes/EquationPrinter.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "passes/Report.h"
#include "tools/seqc/Messages.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace seqc {

namespace {

/// The models as they are compiled for one processor.
struct Level {
  const Target *target;
  std::string suffix; // of the names of functions, where a library has several levels
  OwningOpRef<ModuleOp> module;
  std::vector<Model> models;
};

/// One run of the compiler. Each step says what holds after it; a step that fails has said why.
class Compilation {
public:
  explicit Compilation(const Options &options)
      : options(options), context(MLIRContext::Threading::DISABLED), path(options.outputPath()) {}

  Outcome run();

private:
  /// The file is written in canonical layout, or its tree is.
  Outcome writeSyntax();
  /// `module` holds verified IR: equations, or whatever level a .mlir file has.
  Outcome load();
  Outcome loadSource();
  Outcome loadIr();
  /// `module` is at the level of `stage`, or beyond it already.
  Outcome lowerTo(Stage stage);
  /// With --report, tells what is known at this stage.
  void report(Stage stage);
  /// `levels` are there; the slots of all their programs are final, and their models say all that tables need.
  Outcome planTiles();
  Outcome planTiles(Level &level);
  /// The same, and the modules of the levels are in the LLVM dialect.
  Outcome lowerToMachine();
  Outcome collect(ModuleOp from, std::vector<Model> &models);
  /// With --bptt-memory, every model can be cut in time.
  Outcome checkCuts(const std::vector<Model> &models);
  /// Object, assembly or LLVM IR of the whole library, runtime apart.
  Outcome emit(Emit what, std::string &code);
  Outcome writeLibrary();
  Outcome writeHeader(const std::string &headerPath, const std::vector<Model> &models);
  /// The header without a library.
  Outcome writeHeaderAlone();

  Outcome runPasses(ModuleOp on, llvm::function_ref<void(OpPassManager &)> build, bool verifies = true);
  Outcome writeModule();
  /// The gradients of all models as equations.
  Outcome writeAdjoints();
  Outcome fail(llvm::Error error, Outcome outcome = Outcome::Internal);
  Outcome write(llvm::StringRef text);
  /// A dump on standard output stays clean.
  llvm::raw_ostream &reportStream() const { return path == "-" ? llvm::errs() : llvm::outs(); }
  Outcome badPasses() const { return options.inputIsIr() ? Outcome::BadInput : Outcome::Internal; }
  LibraryInfo info() const;

  const Options &options;
  SourceManager sources;
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::vector<Level> levels; // the best one last
  std::string path;
};

} // namespace

Outcome Compilation::fail(llvm::Error error, Outcome outcome) {
  llvm::errs() << "seqc: " << llvm::toString(std::move(error)) << "\n";
  return outcome;
}

Outcome Compilation::write(llvm::StringRef text) {
  if (llvm::Error error = writeText(path, text))
    return fail(std::move(error));
  return Outcome::Success;
}

LibraryInfo Compilation::info() const {
  LibraryInfo info;
  info.source = llvm::sys::path::filename(options.input).str();
  for (const Target &target : options.targets)
    info.levels.push_back(target.name);
  info.fastActivations = options.fastActivations;
  return info;
}

//===-- Loading ---------------------------------------------------------------------===//

Outcome Compilation::writeSyntax() {
  std::string error;
  const SourceFile *file = sources.open(options.input, error);
  if (!file)
    return fail(llvm::createStringError("cannot read '" + options.input + "': " + error), Outcome::BadInput);
  Diagnostics diags;
  ast::File tree = parse(*file, diags);
  llvm::errs() << diags.render();
  if (diags.hasErrors())
    return Outcome::BadInput;
  return write(options.stage == Stage::Format ? formatSource(tree) : printAst(tree));
}

Outcome Compilation::loadSource() {
  FrontendOptions frontend;
  frontend.model = options.model;
  frontend.dims = options.dims;
  frontend.f64 = options.f64;
  frontend.searchPaths = {options.library};
  Diagnostics diags;
  Messages messages(context, sources, /*internal=*/true);
  module = compileToEquations(sources, options.input, frontend, diags, context);
  llvm::errs() << diags.render();
  if (module)
    return Outcome::Success;
  return diags.hasErrors() ? Outcome::BadInput : Outcome::Internal;
}

Outcome Compilation::loadIr() {
  std::string error;
  const SourceFile *file = sources.open(options.input, error);
  if (!file)
    return fail(llvm::createStringError("cannot read '" + options.input + "': " + error), Outcome::BadInput);
  Messages messages(context, sources, /*internal=*/false);
  module = parseSourceString<ModuleOp>(file->text(), ParserConfig(&context), options.input);
  return module ? Outcome::Success : Outcome::BadInput;
}

Outcome Compilation::load() {
  context.loadDialect<recur::RecurDialect>();
  return options.inputIsIr() ? loadIr() : loadSource();
}

//===-- Lowering ---------------------------------------------------------------------===//

Outcome Compilation::runPasses(ModuleOp on, llvm::function_ref<void(OpPassManager &)> build, bool verifies) {
  PassManager passes(&context);
  passes.enableVerifier(verifies);
  build(passes);
  Messages messages(context, sources, /*internal=*/!options.inputIsIr());
  return succeeded(passes.run(on)) ? Outcome::Success : badPasses();
}

/// The stage at which a module is, told from the ops that only this level has.
static Stage stageOf(ModuleOp module) {
  Stage stage = Stage::Equations;
  module.walk([&](Operation *op) {
    Stage here =
        llvm::TypeSwitch<Operation *, Stage>(op)
            .Case<recur::SlotOp, recur::PhaseOp>([](auto) { return Stage::Phases; })
            .Case<recur::OnceOp, recur::MapOp, recur::LoopOp, recur::AtOp>([](auto) { return Stage::Schedule; })
            .Case<recur::GradientOp, recur::SeedOp, recur::FinalSeedOp>([](auto) { return Stage::Joint; })
            .Default([](auto) { return Stage::Equations; });
    stage = std::max(stage, here);
  });
  return stage;
}

/// What was found out at `stage`, which the module has just reached.
void Compilation::report(Stage stage) {
  llvm::raw_ostream &os = reportStream();
  if (stage == Stage::Joint)
    os << recur::reportRecurrences(*module);
  else if (stage == Stage::Phases)
    os << recur::reportPhases(*module);
}

Outcome Compilation::lowerTo(Stage stage) {
  using Build = void (*)(OpPassManager &);
  const std::pair<Stage, Build> steps[] = {{Stage::Joint, recur::buildAdjointPipeline},
                                           {Stage::Schedule, recur::buildSchedulePipeline},
                                           {Stage::Phases, recur::buildPhasesPipeline}};
  Stage reached = stageOf(*module);
  for (auto [next, build] : steps) {
    if (next <= reached || next > stage)
      continue;
    if (Outcome outcome = runPasses(*module, build); outcome != Outcome::Success)
      return outcome;
    if (options.report)
      report(next);
  }
  return Outcome::Success;
}

Outcome Compilation::collect(ModuleOp from, std::vector<Model> &models) {
  llvm::Expected<std::vector<Model>> collected = collectModels(from);
  if (!collected)
    return fail(collected.takeError(), Outcome::BadInput);
  models = std::move(*collected);
  for (Model &model : models)
    model.bpttMemory = options.bpttMemory;
  if (models.empty())
    return fail(llvm::createStringError(options.input + ": there is nothing to compile: no recur.interface"),
                Outcome::BadInput);
  return options.bpttMemory ? checkCuts(models) : Outcome::Success;
}

Outcome Compilation::checkCuts(const std::vector<Model> &models) {
  Diagnostics diags;
  for (const Model &model : models) {
    auto system = module->lookupSymbol<recur::SystemOp>(model.name + ".forward");
    auto place = [&](llvm::StringRef attribute) {
      auto loc = system ? system->getAttrOfType<LocationAttr>(attribute) : LocationAttr();
      return findRange(loc ? Location(loc) : module->getLoc(), sources);
    };
    if (!model.looksAhead.empty())
      diags.report(DiagId::CutAhead, place("recur.looks_ahead_at"), model.name, model.looksAhead);
    else if (model.readsLater()) // only a loss can do that without looking ahead in a step
      diags.report(DiagId::CutAhead, place("recur.later_at"), model.name, "loss");
    if (model.needsBatch == "loss")
      diags.report(DiagId::CutLoss, place("recur.needs_batch_at"), model.name);
    else if (!model.needsBatch.empty())
      diags.report(DiagId::CutWhole, place("recur.needs_batch_at"), model.name, model.needsBatch);
  }
  llvm::errs() << diags.render();
  return diags.hasErrors() ? Outcome::BadInput : Outcome::Success;
}

Outcome Compilation::planTiles(Level &level) {
  Outcome outcome =
      runPasses(*level.module, [&](OpPassManager &passes) { buildTilePlan(passes, *level.target, options.weights); });
  if (outcome == Outcome::Success)
    outcome = collect(*level.module, level.models);
  if (outcome == Outcome::Success && options.report)
    for (const Model &model : level.models)
      reportStream() << reportWeights(model, level.suffix.empty() ? "" : level.target->name) << reportMemory(model);
  return outcome;
}

Outcome Compilation::planTiles() {
  Outcome outcome = lowerTo(Stage::Phases);
  bool several = options.targets.size() > 1;
  for (const Target &target : options.targets) {
    if (outcome != Outcome::Success)
      break;
    std::string suffix = several ? "." + target.name : "";
    Level &level = levels.emplace_back(Level{&target, suffix, module->clone(), {}});
    outcome = planTiles(level);
  }
  return outcome;
}

Outcome Compilation::lowerToMachine() {
  Outcome outcome = planTiles();
  for (Level &level : levels) {
    if (outcome != Outcome::Success)
      break;
    eraseInterfaces(*level.module);
    outcome = runPasses(
        *level.module, [&](OpPassManager &passes) { buildVectorCode(passes, *level.target, options.fastActivations); });
    // What passes of MLIR make of it is verified when it becomes LLVM's: after each of them it would take as long as
    // they do.
    if (outcome == Outcome::Success)
      outcome = runPasses(*level.module, buildLlvmDialect, /*verifies=*/false);
  }
  return outcome;
}

//===-- Writing ----------------------------------------------------------------------===//

Outcome Compilation::writeModule() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  flags.printNameLocAsPrefix();
  if (options.locations)
    flags.enableDebugInfo();
  module->print(stream, flags);
  return write(text);
}

/// Equations are best read before gates are fused, so less is done to them here than on the way to a library.
static void buildReadableAdjoint(OpPassManager &passes) {
  passes.addPass(recur::createRecurInlineInstances());
  passes.addNestedPass<recur::SystemOp>(recur::createRecurSimplify());
  passes.addPass(recur::createRecurDeriveAdjoint());
  passes.addNestedPass<recur::SystemOp>(recur::createRecurSimplify());
}

Outcome Compilation::writeAdjoints() {
  if (stageOf(*module) == Stage::Equations)
    if (Outcome outcome = runPasses(*module, buildReadableAdjoint); outcome != Outcome::Success)
      return outcome;
  std::string text;
  for (auto system : module->getOps<recur::SystemOp>())
    if (system.getSymName().ends_with(".joint"))
      text += recur::printAdjoint(system);
  return write(text);
}

Outcome Compilation::emit(Emit what, std::string &code) {
  if (Outcome outcome = lowerToMachine(); outcome != Outcome::Success)
    return outcome;
  std::vector<TargetCode> parts;
  std::vector<LevelModels> tables;
  for (const Level &level : levels) {
    parts.push_back({*level.module, level.target, level.suffix});
    tables.push_back({level.target->needs, level.suffix, &level.models});
  }
  Messages messages(context, sources, /*internal=*/true);
  FailureOr<std::string> result =
      emitCode(parts, what, [&](llvm::Module &llvmModule) { emitModelTables(llvmModule, tables, info()); });
  if (failed(result))
    return Outcome::Internal;
  code = std::move(*result);
  return Outcome::Success;
}

Outcome Compilation::writeHeader(const std::string &headerPath, const std::vector<Model> &models) {
  if (llvm::Error error = writeText(headerPath, makeHeader(models, info(), llvm::sys::path::stem(headerPath))))
    return fail(std::move(error));
  return Outcome::Success;
}

Outcome Compilation::writeHeaderAlone() {
  std::vector<Model> models;
  Outcome outcome = lowerTo(Stage::Phases);
  if (outcome == Outcome::Success)
    outcome = collect(*module, models);
  return outcome == Outcome::Success ? writeHeader(path, models) : outcome;
}

Outcome Compilation::writeLibrary() {
  std::string code;
  if (Outcome outcome = emit(Emit::Object, code); outcome != Outcome::Success)
    return outcome;
  llvm::SmallString<128> object;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("seqc", "o", object))
    return fail(llvm::createStringError(error, "cannot create a temporary file: " + error.message()));
  llvm::FileRemover remover(object);
  if (llvm::Error error = writeText(object, code))
    return fail(std::move(error));
  if (llvm::Error error = linkLibrary(object, path, {options.linker, options.executable}))
    return fail(std::move(error));
  llvm::SmallString<128> header = llvm::StringRef(path);
  llvm::sys::path::replace_extension(header, "h");
  return writeHeader(header.str().str(), levels.front().models);
}

Outcome Compilation::run() {
  if (options.stage == Stage::Format || options.stage == Stage::Ast)
    return writeSyntax();
  Outcome outcome = load();
  if (outcome != Outcome::Success || options.stage == Stage::Check)
    return outcome;

  if (options.report && options.output.empty() && options.stage == Stage::Library)
    return planTiles();

  std::string code;
  switch (options.stage) {
  case Stage::Equations:
    return writeModule();
  case Stage::Adjoint:
    return writeAdjoints();
  case Stage::Joint:
  case Stage::Schedule:
  case Stage::Phases:
    outcome = lowerTo(options.stage);
    return outcome == Outcome::Success ? writeModule() : outcome;
  case Stage::Header:
    return writeHeaderAlone();
  case Stage::Llvm:
  case Stage::Asm:
  case Stage::Object:
    outcome = emit(options.stage == Stage::Llvm  ? Emit::LlvmIr
                   : options.stage == Stage::Asm ? Emit::Assembly
                                                 : Emit::Object,
                   code);
    return outcome == Outcome::Success ? write(code) : outcome;
  default:
    return writeLibrary();
  }
}

Outcome compile(const Options &options) { return Compilation(options).run(); }

} // namespace seqc
