//===- Program.cpp - The files of a compilation and what they declare ------===//

#include "frontend/Program.h"

#include "frontend/parse/Parser.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace seqc;

const FileScope *Program::load(const std::string &path) {
  std::string preludePath = findStandard("prelude");
  if (preludePath.empty())
    diags.report(DiagId::NoStandardLibrary, SourceRange());
  else
    prelude = loadFile(preludePath, /*isStandard=*/true, SourceRange());
  const FileScope *main = loadFile(path, /*isStandard=*/false, SourceRange());
  return diags.hasErrors() ? nullptr : main;
}

std::string Program::findStandard(const std::string &name) const {
  for (const std::string &folder : options.searchPaths) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, name + ".seq");
    if (llvm::sys::fs::exists(path))
      return std::string(path);
  }
  return "";
}

/// One name for one file, however it is reached.
static std::string canonicalPath(const std::string &path) {
  llvm::SmallString<128> real;
  return llvm::sys::fs::real_path(path, real) ? path : std::string(real);
}

const FileScope *Program::loadFile(const std::string &path, bool isStandard, SourceRange usedAt) {
  auto [it, isNew] = files.try_emplace(canonicalPath(path));
  if (!isNew)
    return it->second.get(); // also when it is being loaded: files may use each other
  it->second = std::make_unique<FileScope>();
  FileScope &scope = *it->second;
  scope.isStandard = isStandard;
  std::string error;
  scope.source = sources.open(path, error);
  if (!scope.source) {
    diags.report(DiagId::CannotRead, usedAt, path, error);
    return nullptr;
  }
  scope.tree = parse(*scope.source, diags);
  declare(scope);
  return &scope;
}

void Program::declare(FileScope &scope) {
  for (const ast::StmtPtr &statement : scope.tree.topLevel) {
    if (statement->kind == ast::StmtKind::Use) {
      if (const FileScope *used = loadUse(*statement, scope))
        scope.uses.push_back(used);
    } else if (statement->kind == ast::StmtKind::Fn) {
      const ast::Name &name = statement->names.front();
      auto [begin, end] = scope.functions.equal_range(name.text);
      for (auto it = begin; it != end; ++it)
        if (it->second->parameters.size() == statement->parameters.size())
          diags.report(DiagId::DeclaredTwice, name.range, name.text)
              .note(it->second->names.front().range, DiagId::FirstDeclaredHere, name.text);
      scope.functions.emplace(name.text, statement.get());
    }
  }
  declareConstants(scope);
  for (const ast::System &system : scope.tree.systems) {
    auto [it, isNew] = scope.systems.try_emplace(system.name.text, &system);
    if (!isNew)
      diags.report(DiagId::DeclaredTwice, system.name.range, system.name.text)
          .note(it->second->name.range, DiagId::FirstDeclaredHere, system.name.text);
  }
}

void Program::declareConstants(FileScope &scope) {
  auto lookup = [&](llvm::StringRef name) { return scope.constants.find(name); };
  for (const ast::StmtPtr &statement : scope.tree.topLevel) {
    if (statement->kind != ast::StmtKind::Const)
      continue;
    const ast::Name &name = statement->names.front();
    auto value = evaluate(*statement->value, lookup, diags);
    if (value && !scope.constants.numbers.emplace(name.text, *value).second)
      diags.report(DiagId::DeclaredTwice, name.range, name.text);
  }
}

const FileScope *Program::loadUse(const ast::Stmt &use, const FileScope &from) {
  if (use.pathIsFile) {
    llvm::SmallString<128> path(use.path);
    if (!llvm::sys::path::is_absolute(path)) {
      path = llvm::sys::path::parent_path(from.source->path());
      llvm::sys::path::append(path, use.path);
    }
    return loadFile(std::string(path), from.isStandard, use.range);
  }
  llvm::StringRef name(use.path);
  name.consume_front("std.");
  std::string path = findStandard(name.str());
  if (!path.empty())
    return loadFile(path, /*isStandard=*/true, use.range);
  diags.report(DiagId::NoSuchLibrary, use.range, use.path);
  return nullptr;
}

SystemRef Program::findSystem(const FileScope &file, const std::string &name, SourceRange place) {
  if (auto it = file.systems.find(name); it != file.systems.end())
    return {it->second, &file};
  SystemRef found;
  for (const FileScope *used : file.uses) {
    auto it = used->systems.find(name);
    if (it == used->systems.end())
      continue;
    if (found.ast && found.ast != it->second)
      diags.report(DiagId::AmbiguousName, place, name)
          .note(found.ast->name.range, DiagId::DeclaredHere, name)
          .note(it->second->name.range, DiagId::DeclaredHere, name);
    found = {it->second, used};
  }
  return found;
}

std::vector<FunctionRef> Program::findFunctions(const FileScope &file, const std::string &name) const {
  auto functionsOf = [&](const FileScope *scope) {
    std::vector<FunctionRef> found;
    auto [begin, end] = scope->functions.equal_range(name);
    for (auto it = begin; it != end; ++it)
      found.push_back({it->second, scope});
    return found;
  };
  std::vector<FunctionRef> found = functionsOf(&file);
  for (const FileScope *used : file.uses)
    if (found.empty())
      found = functionsOf(used);
  if (found.empty() && prelude)
    found = functionsOf(prelude);
  return found;
}

std::vector<std::string> Program::systemNames(const FileScope &file) const {
  std::vector<std::string> names;
  for (auto &[name, system] : file.systems)
    names.push_back(name);
  for (const FileScope *used : file.uses)
    for (auto &[name, system] : used->systems)
      names.push_back(name);
  return names;
}

std::vector<std::string> Program::functionNames(const FileScope &file) const {
  std::vector<std::string> names;
  auto add = [&](const FileScope *scope) {
    for (auto &[name, function] : scope->functions)
      if (!llvm::StringRef(name).starts_with("_"))
        names.push_back(name);
  };
  add(&file);
  for (const FileScope *used : file.uses)
    add(used);
  if (prelude)
    add(prelude);
  return names;
}
