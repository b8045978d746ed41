//===- Parser.h - From text to syntax tree --------------------------*- C++ -*-===//
//
// The only way into the parser. ANTLR is used behind it and seen nowhere else.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_PARSE_PARSER_H
#define SEQC_FRONTEND_PARSE_PARSER_H

#include "frontend/Ast.h"
#include "frontend/Diagnostics.h"

namespace seqc {

/// Parses a file. Syntax errors are reported, and parsing goes on with the next statement; what is returned then lacks
/// the statements with errors. Nothing is thrown, whatever the bytes are.
ast::File parse(const SourceFile &file, Diagnostics &diags);

} // namespace seqc

#endif // SEQC_FRONTEND_PARSE_PARSER_H
