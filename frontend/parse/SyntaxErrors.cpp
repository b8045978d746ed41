//===- SyntaxErrors.cpp - What the parser says when it is stuck -----------===//

#include "frontend/parse/SyntaxErrors.h"

#include "SeqParser.h"

using namespace seqc;
using namespace seqc::syntax;

using P = SeqParser;

static bool isEnd(size_t type) {
  return type == P::NEWLINE || type == P::SEMICOLON || type == antlr4::Token::EOF;
}

static bool endsValue(size_t type) {
  switch (type) {
  case P::ID:
  case P::NUMBER:
  case P::CLOSE_PAREN:
  case P::CLOSE_BRACKET:
  case P::CLOSE_BRACE:
  case P::TRANSPOSED:
  case P::TIME_SUBSCRIPT:
    return true;
  default:
    return false;
  }
}

static bool beginsValue(size_t type) {
  return type == P::ID || type == P::NUMBER || type == P::OPEN_PAREN || type == P::OPEN_BRACKET || type == P::ROOT;
}

static bool isWordOfLanguage(size_t type) { return type >= P::USE && type <= P::STACK; }

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

std::string SyntaxErrors::quote(const Lexeme &lexeme) const { return "`" + std::string(report.text(lexeme)) + "`"; }

std::string SyntaxErrors::found(const Lexeme &lexeme) const {
  if (lexeme.type == antlr4::Token::EOF)
    return "the end of the file";
  if (lexeme.type == P::NEWLINE || lexeme.isVirtual())
    return lexeme.begin >= report.sourceFile().text().size() ? "the end of the file" : "the end of the line";
  return (isWordOfLanguage(lexeme.type) ? "the word " : "") + quote(lexeme);
}

/// What may stand here, as a person would say it.
std::string SyntaxErrors::expected(antlr4::Parser *parser) const {
  antlr4::misc::IntervalSet set = parser->getExpectedTokens();
  auto may = [&](size_t type) { return set.contains(static_cast<ssize_t>(type)); };
  if (may(P::GATE))
    return "an equation or a declaration";
  if (may(P::NUMBER))
    return may(P::CLOSE_PAREN) ? "an expression or `)`" : may(P::CLOSE_BRACKET) ? "an expression or `]`" : "an expression";
  bool operatorFits = may(P::PLUS);
  static const std::pair<size_t, const char *> signs[] = {
      {P::ASSIGN, "`=`"},       {P::COLON, "`:`"},        {P::RANGE, "`..`"},      {P::OPEN_BRACE, "`{`"},
      {P::OPEN_PAREN, "`(`"},   {P::COMMA, "`,`"},        {P::CLOSE_PAREN, "`)`"}, {P::CLOSE_BRACKET, "`]`"},
      {P::CLOSE_BRACE, "`}`"},  {P::TILDE, "`~`"},        {P::NEWLINE, "the end of the line"}};
  std::vector<std::string> words;
  if (operatorFits)
    words.push_back("an operator");
  else if (may(P::ID) && !may(P::REVERSE))
    words.push_back("a name");
  else if (may(P::REVERSE))
    words.push_back("the name of a cell");
  for (auto &[type, sign] : signs) {
    // After a value every `(` and `:` would do; only what ends or continues the construct helps.
    bool noise = operatorFits && (type == P::OPEN_PAREN || type == P::COLON);
    bool nameOnly = !operatorFits && may(P::ID) && type == P::OPEN_PAREN;
    if (may(type) && !noise && !nameOnly)
      words.push_back(sign);
  }
  if (words.empty())
    return may(P::IN) ? "`in`" : "something else";
  std::string out = words[0];
  for (size_t i = 1; i < words.size(); ++i)
    out += (i + 1 == words.size() ? " or " : ", ") + words[i];
  return out;
}

void SyntaxErrors::reportAt(antlr4::Parser *parser, size_t index) {
  const Lexeme &here = lexemes[std::min(index, lexemes.size() - 1)];
  const Lexeme *before = index > 0 && lexemes[index - 1].statement == here.statement ? &lexemes[index - 1] : nullptr;
  SourceRange range = report.range(here);
  if (here.type == P::NEWLINE)
    range.end = range.begin;
  // The end of a line is marked right behind its last word, whatever comments follow.
  if (isEnd(here.type) && before)
    range.begin = range.end = before->end;

  std::string wanted = expected(parser);
  bool wantsName = wanted.compare(0, 6, "a name") == 0 || wanted == "an expression";
  if (isWordOfLanguage(here.type) && wantsName) {
    report.report(here.statement, DiagId::ReservedWord, range, report.text(here));
    return;
  }
  bool operatorMissing = wanted.compare(0, 11, "an operator") == 0 && before && endsValue(before->type) &&
                         beginsValue(here.type);
  if (operatorMissing)
    report.report(here.statement, DiagId::MissingOperator, range, quote(*before), quote(here));
  else if (before && !before->isVirtual())
    report.report(here.statement, DiagId::ExpectedAfter, range, wanted, quote(*before), found(here));
  else
    report.report(here.statement, DiagId::Expected, range, wanted, found(here));
}

void SyntaxErrors::reportError(antlr4::Parser *parser, const antlr4::RecognitionException &error) {
  antlr4::Token *token = error.getOffendingToken();
  reportAt(parser, token ? token->getTokenIndex() : parser->getCurrentToken()->getTokenIndex());
}

//===----------------------------------------------------------------------===//
// Going on
//===----------------------------------------------------------------------===//

void SyntaxErrors::skipToEndOfStatement(antlr4::Parser *parser, bool stopAtBlock) {
  antlr4::TokenStream *stream = parser->getTokenStream();
  size_t depth = 0;
  for (;; parser->consume()) {
    size_t type = stream->LA(1);
    bool atBlock = type == P::OPEN_BRACE && stopAtBlock;
    if (type == antlr4::Token::EOF || (depth == 0 && (isEnd(type) || type == P::CLOSE_BRACE || atBlock)))
      return;
    if (type == P::OPEN_BRACE || type == P::INDEX_BRACE)
      ++depth;
    else if (type == P::CLOSE_BRACE)
      --depth;
  }
}

void SyntaxErrors::recover(antlr4::Parser *parser, std::exception_ptr) {
  bool inHead = false;
  for (auto *context = parser->getContext(); context;
       context = static_cast<antlr4::ParserRuleContext *>(context->parent)) {
    if (context->getRuleIndex() == P::RuleBlock)
      break;
    inHead |= context->getRuleIndex() == P::RuleSystemHead || context->getRuleIndex() == P::RuleForHead;
  }
  skipToEndOfStatement(parser, inHead);
}

antlr4::Token *SyntaxErrors::recoverInline(antlr4::Parser *parser) { throw antlr4::InputMismatchException(parser); }

void SyntaxErrors::sync(antlr4::Parser *parser) {
  size_t rule = parser->getContext()->getRuleIndex();
  if (rule != P::RuleBlock && rule != P::RuleFile)
    return;
  const antlr4::atn::ATN &atn = parser->getInterpreter<antlr4::atn::ParserATNSimulator>()->atn;
  antlr4::misc::IntervalSet next = atn.nextTokens(atn.states[parser->getState()]);
  if (next.contains(antlr4::Token::EPSILON) || next.contains(static_cast<ssize_t>(parser->getTokenStream()->LA(1))))
    return;
  reportAt(parser, parser->getCurrentToken()->getTokenIndex());
  skipToEndOfStatement(parser, false);
}
