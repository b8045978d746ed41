//===- Format.h - Canonical source ----------------------------------*- C++ -*-===//
//
// Prints a syntax tree as a .seq file again, in plain notation and with the fewest parentheses. Parsing what is printed
// gives the same tree, and formatting it again changes nothing.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_FORMAT_H
#define SEQC_FRONTEND_FORMAT_H

#include "frontend/Ast.h"

#include <string>

namespace seqc {

/// The file must have been parsed without errors. Comments are kept, and so are single empty lines.
std::string formatSource(const ast::File &file);

/// One expression, on one line.
std::string formatExpr(const ast::Expr &expr);

/// A name with its index: `z{l}`.
std::string formatName(const ast::Name &name);

} // namespace seqc

#endif // SEQC_FRONTEND_FORMAT_H
