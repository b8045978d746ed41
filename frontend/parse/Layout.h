//===- Layout.h - Lines and brackets --------------------------------*- C++ -*-===//
//
// What stands between lexer and parser: see the top of grammar/Seq.g4.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_PARSE_LAYOUT_H
#define SEQC_FRONTEND_PARSE_LAYOUT_H

#include "frontend/parse/Lexemes.h"

namespace seqc::syntax {

/// Decides which line breaks end a statement, numbers the statements, and makes brackets match, reporting what did not.
/// Returns nothing if the brackets are nested too deep or a statement is too long to be parsed with a bounded stack.
std::optional<std::vector<Lexeme>> layOut(const std::vector<Lexeme> &lexemes, SyntaxReport &report);

} // namespace seqc::syntax

#endif // SEQC_FRONTEND_PARSE_LAYOUT_H
