//===- Options.cpp - What seqc is asked to do -------------------------------------===//
#include "tools/seqc/Options.h"

#include "codegen/Version.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace cl = llvm::cl;
using llvm::StringRef;

namespace seqc {

static cl::OptionCategory category("Options of seqc");

static cl::opt<std::string> input(cl::Positional, cl::desc("FILE.seq"), cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("Where to write (- is standard output)"), cl::value_desc("file"),
                                   cl::cat(category));
static cl::opt<Stage>
    emit("emit", cl::desc("What to write:"), cl::init(Stage::Library), cl::cat(category),
         cl::values(clEnumValN(Stage::Ast, "ast", "the syntax tree"),
                    clEnumValN(Stage::Equations, "equations", "checked equations (recur dialect)"),
                    clEnumValN(Stage::Adjoint, "adjoint", "the gradient, in the notation of .seq files"),
                    clEnumValN(Stage::Joint, "joint", "equations and their gradient (recur dialect)"),
                    clEnumValN(Stage::Schedule, "schedule", "loops and maps"),
                    clEnumValN(Stage::Phases, "phases", "what runs together, and its memory"),
                    clEnumValN(Stage::Llvm, "llvm", "optimised LLVM IR"), clEnumValN(Stage::Asm, "asm", "assembly"),
                    clEnumValN(Stage::Header, "header", "the C header"),
                    clEnumValN(Stage::Object, "object", "an object file"),
                    clEnumValN(Stage::Library, "library", "a shared library and its header (default)")));
static cl::opt<bool> check("check", cl::desc("Only check the file"), cl::cat(category));
static cl::opt<bool> format("format", cl::desc("Write the file in canonical layout"), cl::cat(category));
static cl::opt<bool> report("report", cl::desc("Tell what was found out about each model, and what was done"),
                            cl::cat(category));
static cl::opt<std::string> model("model", cl::desc("The model or cell to compile (default: every model)"),
                                  cl::value_desc("name"), cl::cat(category));
static cl::list<std::string> dims("D", cl::desc("Value of a dim"), cl::value_desc("name=number"), cl::Prefix,
                                  cl::cat(category));
static cl::opt<std::string> dtype("dtype", cl::desc("Real numbers: f32 (default) or f64"), cl::init("f32"),
                                  cl::value_desc("type"), cl::cat(category));
static cl::opt<WeightFormat>
    weights("weights", cl::desc("How inference stores the weights of products:"), cl::init(WeightFormat::full),
            cl::cat(category),
            cl::values(clEnumValN(WeightFormat::full, "f32", "as the model computes (default)"),
                       clEnumValN(WeightFormat::bf16, "bf16", "rounded to bf16"),
                       clEnumValN(WeightFormat::int8, "int8", "rounded to int8, with a scale for each output")));
static cl::opt<std::string> bpttMemory("bptt-memory", cl::ValueOptional, cl::value_desc("bytes"), cl::cat(category),
                                       cl::desc("Bound on tape and workspace of a gradient, by computing segments of "
                                                "the sequence again: 512M, or `auto` for about the least"));
static cl::opt<bool> fastActivations("fast-activations",
                                     cl::desc("Faster sigmoid, tanh and exp, with errors of up to 5e-6 (f32 only)"),
                                     cl::cat(category));
static cl::list<std::string> march("march",
                                   cl::desc("Processors to compile for, with commas between; `native` is this one, "
                                            "`portable` x86-64-v3,x86-64-v4"),
                                   cl::value_desc("names"), cl::CommaSeparated, cl::cat(category));
static cl::opt<std::string> linker("linker", cl::desc("lld (default, inside seqc), or a program such as cc"),
                                   cl::init("lld"), cl::value_desc("program"), cl::cat(category));
static cl::opt<std::string> library("std", cl::desc("Folder of the standard library"), cl::value_desc("folder"),
                                    cl::cat(category));
static cl::opt<bool> locations("emit-locations", cl::desc("Show places of the source in dumps"), cl::cat(category));

bool Options::inputIsIr() const { return StringRef(input).ends_with(".mlir"); }

std::string Options::outputPath() const {
  if (!output.empty())
    return output;
  std::string stem = llvm::sys::path::stem(input).str();
  if (stage == Stage::Library)
    return "lib" + stem + ".so";
  return stage == Stage::Object ? stem + ".o" : "-";
}

static std::nullopt_t wrong(const llvm::Twine &text) {
  llvm::errs() << "seqc: " << text << "\n";
  return std::nullopt;
}

static std::optional<std::vector<Target>> parseTargets() {
  std::vector<std::string> names = march;
  if (names.empty())
    names.push_back(defaultTargetName());
  llvm::Expected<std::vector<Target>> targets = findTargets(names);
  if (!targets)
    return wrong(llvm::toString(targets.takeError()));
  return *targets;
}

static std::optional<std::map<std::string, int64_t>> parseDims() {
  std::map<std::string, int64_t> result;
  for (const std::string &given : dims) {
    auto [name, value] = StringRef(given).split('=');
    int64_t number = 0;
    if (name.empty() || value.getAsInteger(10, number))
      return wrong("-D takes a dim and a whole number, such as -D H=32, not '" + given + "'");
    if (!result.emplace(name.str(), number).second)
      return wrong("-D gives the dim '" + name + "' twice");
  }
  return result;
}

/// As seqc_model::bptt_memory.
static std::optional<int64_t> parseMemory() {
  StringRef text = bpttMemory;
  if (bpttMemory.getNumOccurrences() == 0)
    return 0;
  if (text.empty() || text == "auto")
    return -1;
  size_t unit = StringRef("KMG").find(text.back());
  int64_t shift = unit == StringRef::npos ? 0 : 10 * (static_cast<int64_t>(unit) + 1), number = 0;
  if (text.drop_back(shift ? 1 : 0).getAsInteger(10, number) || number <= 0 || number > INT64_MAX >> shift)
    return wrong("--bptt-memory takes bytes, such as 512M (K, M and G are powers of 1024), or auto, not '" + text +
                 "'");
  return number << shift;
}

/// `../frontend/stdlib` of the source tree is used in place; an installed seqc has it in `../share/seqc/std`.
static std::string findStandardLibrary(StringRef executable) {
  llvm::SmallString<128> installed = llvm::sys::path::parent_path(llvm::sys::path::parent_path(executable));
  llvm::sys::path::append(installed, "share", "seqc", "std");
  return llvm::sys::fs::is_directory(installed) ? installed.str().str() : SEQC_SOURCE_STDLIB;
}

static void forgetOptions() {
  llvm::SmallVector<cl::Option *> ours;
  for (auto &entry : cl::getRegisteredOptions())
    if (llvm::is_contained(entry.second->Categories, &category))
      ours.push_back(entry.second);
  for (cl::Option *option : ours)
    option->removeArgument();
  input.removeArgument();
}

static std::optional<Stage> chooseStage() {
  int wanted = (emit.getNumOccurrences() > 0) + (check ? 1 : 0) + (format ? 1 : 0);
  if (wanted > 1)
    return wrong("--check, --format and --emit exclude each other");
  return check ? Stage::Check : format ? Stage::Format : emit;
}

std::optional<Options> parseOptions(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter([](llvm::raw_ostream &out) { out << "seqc " << SEQC_VERSION << "\n"; });
  if (!cl::ParseCommandLineOptions(argc, argv, "compiler for sequence models\n", &llvm::errs()))
    return std::nullopt;
  if (input.empty())
    return wrong("which file? (seqc --help lists the options)");
  if (dtype != "f32" && dtype != "f64")
    return wrong("--dtype is f32 or f64, not '" + dtype + "'");
  if (dtype == "f64" && weights != WeightFormat::full)
    return wrong("--weights=bf16 and --weights=int8 need --dtype=f32");
  if (dtype == "f64" && fastActivations)
    return wrong("--fast-activations needs --dtype=f32");
  std::optional<std::vector<Target>> targets = parseTargets();
  if (!targets)
    return std::nullopt;
  std::optional<std::map<std::string, int64_t>> dimValues = parseDims();
  std::optional<Stage> stage = chooseStage();
  std::optional<int64_t> memory = parseMemory();
  if (!dimValues || !stage || !memory)
    return std::nullopt;

  bool typeGiven = dtype.getNumOccurrences() != 0;
  Options options;
  options.input = input;
  options.output = output;
  options.stage = *stage;
  options.model = model;
  options.dims = *dimValues;
  options.f64 = dtype == "f64";
  options.weights = weights;
  options.fastActivations = fastActivations;
  options.targets = std::move(*targets);
  options.bpttMemory = *memory;
  options.report = report;
  options.locations = locations;
  options.linker = linker;
  options.executable = llvm::sys::fs::getMainExecutable(argv[0], reinterpret_cast<void *>(&parseOptions));
  options.library = library.empty() ? findStandardLibrary(options.executable) : std::string(library);
  forgetOptions();
  if (options.inputIsIr() && (*stage == Stage::Ast || *stage == Stage::Format))
    return wrong("--format and --emit=ast need a .seq file");
  if (options.inputIsIr() && (!options.model.empty() || !options.dims.empty() || typeGiven))
    return wrong("--model, -D and --dtype need a .seq file: in a .mlir file they are fixed");
  if (options.stage == Stage::Library && StringRef(options.output).ends_with(".h"))
    return wrong("-o names the library; its header is written beside it");
  if (options.stage == Stage::Library && options.output == "-")
    return wrong("a library needs a file: -o - is for texts and objects");
  return options;
}

} // namespace seqc
