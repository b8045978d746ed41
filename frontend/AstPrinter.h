//===- AstPrinter.h - The syntax tree as indented text --------------*- C++ -*-===//
#ifndef SEQC_FRONTEND_ASTPRINTER_H
#define SEQC_FRONTEND_ASTPRINTER_H

#include "frontend/Ast.h"

#include <string>

namespace seqc {

/// The tree of a file, one node a line, as `--emit=ast` prints it. Places and comments are not in it, so two files
/// with the same text here mean the same.
std::string printAst(const ast::File &file);

} // namespace seqc

#endif // SEQC_FRONTEND_ASTPRINTER_H
