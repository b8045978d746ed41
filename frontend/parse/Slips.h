//===- Slips.h - What people write who come from other languages ----*- C++ -*-===//
//
// Finds habits of NumPy, MATLAB, C, Lustre and the like among the tokens, says what to write here, and mends what can
// be mended, so that parsing goes on.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_PARSE_SLIPS_H
#define SEQC_FRONTEND_PARSE_SLIPS_H

#include "frontend/parse/Lexemes.h"

namespace seqc::syntax {

/// Takes tokens as Layout left them.
std::vector<Lexeme> mendSlips(std::vector<Lexeme> lexemes, SyntaxReport &report);

} // namespace seqc::syntax

#endif // SEQC_FRONTEND_PARSE_SLIPS_H
