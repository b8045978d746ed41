//===- Elaborate.cpp - Cells and models with their dims filled in -----------===//

#include "frontend/Elaborate.h"

#include "frontend/Analyses.h"
#include "frontend/Checker.h"

#include "llvm/ADT/STLExtras.h"

using namespace seqc;

bool System::isStandard() const { return file->isStandard; }

std::vector<Sequence *> System::inputs() {
  std::vector<Sequence *> found;
  for (Sequence &sequence : sequences)
    if (sequence.isInput)
      found.push_back(&sequence);
  return found;
}

Extent Layer::extentOutside(const Extent &extent, unsigned level) const {
  const System &cell = *levels[level];
  for (size_t i = 0; i < cell.dims.size() && i < dimTexts[level].size(); ++i)
    if (cell.dims[i].first == extent.text)
      return {extent.size, dimTexts[level][i]};
  return Extent::of(extent.size);
}

static std::string symbolOf(const ast::System &ast, llvm::ArrayRef<std::pair<std::string, int64_t>> dims) {
  if (dims.empty())
    return ast.name.text;
  std::vector<std::string> parts;
  for (auto &[name, value] : dims)
    parts.push_back(name + "=" + std::to_string(value));
  return ast.name.text + "<" + llvm::join(parts, ", ") + ">";
}

/// Fills in defaults. Gives nothing if a dim has no value or none that is possible.
std::optional<Elaborator::Dims> Elaborator::completeDims(SystemRef ref, Dims known, bool report, SourceRange place) {
  Diagnostics scratch;
  Diagnostics &messages = report ? diags : scratch;
  Scope scope;
  scope.parent = &ref.file->constants;
  auto lookup = [&](llvm::StringRef name) { return scope.find(name); };
  Dims complete;
  bool good = true;
  for (const ast::Dim &dim : ref.ast->dims) {
    const std::string &name = dim.name.text;
    auto given = llvm::find_if(known, [&](auto &entry) { return entry.first == name; });
    std::optional<int64_t> value;
    if (given != known.end()) {
      value = given->second;
      if (*value < 1 || *value > maxExtent) {
        DiagId id = *value < 1 ? DiagId::DimNotPositive : DiagId::DimTooLarge;
        messages.report(id, place.isValid() ? place : dim.name.range, valueText(name, *value), maxExtent);
        value.reset();
      }
    } else if (dim.defaultValue) {
      value = evaluateExtent(*dim.defaultValue, lookup, good ? messages : scratch);
    } else {
      messages.report(DiagId::DimUnknown, dim.name.range, name, ref.ast->name.text);
    }
    good &= value.has_value();
    if (!value)
      continue;
    if (!scope.numbers.emplace(name, Number::of(*value)).second) {
      messages.report(DiagId::DeclaredTwice, dim.name.range, name);
      good = false;
    }
    complete.emplace_back(name, *value);
  }
  return good ? std::optional(std::move(complete)) : std::nullopt;
}

System *Elaborator::elaborateExported(SystemRef ref, const std::map<std::string, int64_t> &given, bool mustKnow) {
  Dims known;
  for (const ast::Dim &dim : ref.ast->dims)
    if (auto it = given.find(dim.name.text); it != given.end())
      known.emplace_back(*it);
  auto dims = completeDims(ref, std::move(known), mustKnow, SourceRange());
  return dims ? elaborate(ref, std::move(*dims), /*exported=*/true) : nullptr;
}

System *Elaborator::elaborateCell(SystemRef ref, std::vector<int64_t> dims, SourceRange place) {
  auto needed = llvm::count_if(ref.ast->dims, [](const ast::Dim &dim) { return !dim.defaultValue; });
  if (dims.size() < size_t(needed) || dims.size() > ref.ast->dims.size()) {
    diags.report(DiagId::DimCount, place, ref.ast->name.text, counted(ref.ast->dims.size(), "dim"), dims.size())
        .note(ref.ast->name.range, DiagId::DeclaredHere, ref.ast->name.text);
    return nullptr;
  }
  Dims known;
  for (size_t i = 0; i < dims.size(); ++i)
    known.emplace_back(ref.ast->dims[i].name.text, dims[i]);
  auto complete = completeDims(ref, std::move(known), /*report=*/true, place);
  if (!complete)
    return nullptr;
  constexpr unsigned maxNesting = 64;
  if (depth >= maxNesting) {
    diags.report(DiagId::CellInItself, place, ref.ast->name.text);
    return nullptr;
  }
  ++depth;
  System *system = elaborate(ref, std::move(*complete), /*exported=*/false);
  --depth;
  if (system && !llvm::is_contained(finished, system) && !system->failed) {
    diags.report(DiagId::CellInItself, place, ref.ast->name.text);
    return nullptr;
  }
  return system && system->failed ? nullptr : system;
}

System *Elaborator::elaborate(SystemRef ref, Dims dims, bool exported) {
  std::string symbol = exported ? ref.ast->name.text : symbolOf(*ref.ast, dims);
  auto [it, isNew] = systems.try_emplace(ref.file->source->path() + ":" + symbol + (exported ? "!" : ""));
  if (!isNew)
    return it->second.get(); // being elaborated, if it is not among the finished
  it->second = std::make_unique<System>();
  System &system = *it->second;
  system.ast = ref.ast;
  system.file = ref.file;
  system.symbol = std::move(symbol);
  system.exported = exported;
  system.dims = std::move(dims);
  unsigned errorsBefore = diags.errorCount();
  Scope &scope = system.scopes.emplace_back();
  scope.parent = &ref.file->constants;
  for (auto &[name, value] : system.dims)
    scope.numbers[name] = Number::of(value);
  declareSystem(system, program, *this, diags);
  checkSystem(system, program, diags, errorsBefore);
  if (diags.errorCount() == errorsBefore)
    analyze(system, diags);
  system.failed = diags.errorCount() != errorsBefore;
  finished.push_back(&system);
  return &system;
}
