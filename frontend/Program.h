//===- Program.h - The files of a compilation and what they declare -*- C++ -*-===//
//
// Loads the main file, what it uses, and the prelude, and answers which system or function a name means in a file:
// its own, then those of the files it uses directly, then the prelude's.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_PROGRAM_H
#define SEQC_FRONTEND_PROGRAM_H

#include "frontend/Ast.h"
#include "frontend/Diagnostics.h"
#include "frontend/Dims.h"
#include "frontend/Frontend.h"

#include <map>
#include <memory>

namespace seqc {

/// A file with its declarations.
struct FileScope {
  ast::File tree;
  const SourceFile *source = nullptr;
  bool isStandard = false; // of the standard library: messages point at its user instead
  Scope constants;
  std::map<std::string, const ast::System *> systems;
  std::multimap<std::string, const ast::Stmt *> functions;
  std::vector<const FileScope *> uses;
};

struct SystemRef {
  const ast::System *ast = nullptr;
  const FileScope *file = nullptr;
};

struct FunctionRef {
  const ast::Stmt *statement = nullptr;
  const FileScope *file = nullptr;
};

class Program {
public:
  Program(SourceManager &sources, const FrontendOptions &options, Diagnostics &diags)
      : sources(sources), options(options), diags(diags) {}

  /// Loads the main file and everything it needs. Null if that failed.
  const FileScope *load(const std::string &path);

  /// The system of that name as seen from `file`. Reports if two used files declare it.
  SystemRef findSystem(const FileScope &file, const std::string &name, SourceRange place);

  /// The functions of that name as seen from `file`: those of the nearest file that has any.
  std::vector<FunctionRef> findFunctions(const FileScope &file, const std::string &name) const;

  /// Names a misspelled system or function may have meant.
  std::vector<std::string> systemNames(const FileScope &file) const;
  std::vector<std::string> functionNames(const FileScope &file) const;

private:
  const FileScope *loadFile(const std::string &path, bool isStandard, SourceRange usedAt);
  void declare(FileScope &scope);
  void declareConstants(FileScope &scope);
  const FileScope *loadUse(const ast::Stmt &use, const FileScope &from);
  std::string findStandard(const std::string &name) const;

  SourceManager &sources;
  const FrontendOptions &options;
  Diagnostics &diags;
  std::map<std::string, std::unique_ptr<FileScope>> files; // by path
  const FileScope *prelude = nullptr;
};

} // namespace seqc

#endif // SEQC_FRONTEND_PROGRAM_H
