//===- Parser.cpp - From text to syntax tree ------------------------------===//

#include "frontend/parse/Parser.h"

#include "frontend/parse/AstBuilder.h"
#include "frontend/parse/Layout.h"
#include "frontend/parse/Lexemes.h"
#include "frontend/parse/Slips.h"
#include "frontend/parse/SyntaxErrors.h"

#include "SeqParser.h"

using namespace seqc;
using namespace seqc::syntax;

/// ANTLR's tokens, with byte offsets for positions.
static std::vector<std::unique_ptr<antlr4::Token>> toTokens(const std::vector<Lexeme> &lexemes,
                                                            const SyntaxReport &report) {
  std::vector<std::unique_ptr<antlr4::Token>> tokens;
  for (const Lexeme &lexeme : lexemes) {
    auto token = std::make_unique<antlr4::CommonToken>(lexeme.type, std::string(report.text(lexeme)));
    token->setStartIndex(lexeme.begin);
    token->setStopIndex(lexeme.end);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

ast::File seqc::parse(const SourceFile &file, Diagnostics &diags) {
  ast::File result;
  std::vector<Lexeme> raw;
  if (!lex(file, diags, raw, result.comments))
    return result;
  SyntaxReport report(file, diags);
  std::optional<std::vector<Lexeme>> laidOut = layOut(raw, report);
  if (!laidOut)
    return result;
  std::vector<Lexeme> lexemes = mendSlips(std::move(*laidOut), report);

  antlr4::ListTokenSource source(toTokens(lexemes, report));
  antlr4::CommonTokenStream stream(&source);
  SeqParser parser(&stream);
  parser.removeErrorListeners();
  parser.setErrorHandler(std::make_shared<SyntaxErrors>(lexemes, report));
  SeqParser::FileContext *tree = parser.file();
  AstBuilder(lexemes, report).build(tree, result);
  return result;
}
