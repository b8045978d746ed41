//===- SyntaxErrors.h - What the parser says when it is stuck -------*- C++ -*-===//
//
// ANTLR's error strategy in terms of the language: messages name what was expected and what was found in words of the
// user, and parsing goes on with the next statement.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_PARSE_SYNTAXERRORS_H
#define SEQC_FRONTEND_PARSE_SYNTAXERRORS_H

#include "frontend/parse/Lexemes.h"

#include "antlr4-runtime.h"

namespace seqc::syntax {

class SyntaxErrors : public antlr4::DefaultErrorStrategy {
public:
  SyntaxErrors(const std::vector<Lexeme> &lexemes, SyntaxReport &report) : lexemes(lexemes), report(report) {}

  void reportError(antlr4::Parser *parser, const antlr4::RecognitionException &error) override;

  /// Skips to the end of the statement, over blocks; from the head of a system or a `for` only to its block.
  void recover(antlr4::Parser *parser, std::exception_ptr error) override;

  /// Never makes up or drops a single token: the statement is lost.
  antlr4::Token *recoverInline(antlr4::Parser *parser) override;

  /// Between statements: reports and skips what cannot begin one.
  void sync(antlr4::Parser *parser) override;

private:
  void reportAt(antlr4::Parser *parser, size_t index);
  size_t firstWord(size_t index) const;
  bool isBehindExpression(antlr4::Parser *parser, size_t index) const;
  std::vector<std::string> expected(antlr4::Parser *parser, bool behindExpression) const;
  std::string found(const Lexeme &lexeme) const;
  std::string quote(const Lexeme &lexeme) const;
  void skipToEndOfStatement(antlr4::Parser *parser, bool stopAtBlock);

  const std::vector<Lexeme> &lexemes;
  SyntaxReport &report;
};

} // namespace seqc::syntax

#endif // SEQC_FRONTEND_PARSE_SYNTAXERRORS_H
