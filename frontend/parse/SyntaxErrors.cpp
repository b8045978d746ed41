//===- SyntaxErrors.cpp - What the parser says when it is stuck -----------===//

#include "frontend/parse/SyntaxErrors.h"

#include "SeqParser.h"

#include <algorithm>

using namespace seqc;
using namespace seqc::syntax;

using P = SeqParser;

static bool isEnd(size_t type) { return type == P::NEWLINE || type == P::SEMICOLON || type == antlr4::Token::EOF; }

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

size_t SyntaxErrors::firstWord(size_t index) const {
  size_t first = index;
  while (first > 0 && lexemes[first - 1].statement == lexemes[index].statement)
    --first;
  return lexemes[first].type;
}

/// Whether an expression ends before the token at `index`, so that an operator would do: ANTLR has left the expression
/// by then and knows nothing of it.
bool SyntaxErrors::isBehindExpression(antlr4::Parser *parser, size_t index) const {
  if (index == 0 || !endsValue(lexemes[index - 1].type) || lexemes[index - 1].statement != lexemes[index].statement)
    return false;
  switch (parser->getContext()->getRuleIndex()) {
  case P::RuleExpr:
  case P::RulePrimary:
  case P::RuleTrailer:
  case P::RuleArguments:
  case P::RuleSubscript:
  case P::RuleNameIndex:
  case P::RuleType:
    return true;
  case P::RuleLayerSpec: // among its dims, not behind its name
    return parser->getExpectedTokens().contains(static_cast<size_t>(P::CLOSE_PAREN));
  case P::RuleEnd: {
    size_t word = firstWord(index);
    return !isWordOfLanguage(word) || word == P::GATE || word == P::CONST || word == P::FN || word == P::LOSS ||
           word == P::REQUIRE;
  }
  default:
    return false;
  }
}

/// What may stand here, as a person would say it.
std::vector<std::string> SyntaxErrors::expected(antlr4::Parser *parser, bool behindExpression) const {
  antlr4::misc::IntervalSet set = parser->getExpectedTokens();
  auto may = [&](size_t type) { return set.contains(static_cast<ssize_t>(type)); };
  if (may(P::GATE))
    return {"an equation or a declaration"};
  if (may(P::NUMBER)) {
    bool closes = may(P::CLOSE_PAREN) || may(P::CLOSE_BRACKET);
    return closes ? std::vector<std::string>{"an expression", may(P::CLOSE_PAREN) ? "`)`" : "`]`"}
                  : std::vector<std::string>{"an expression"};
  }
  static const std::pair<size_t, const char *> signs[] = {{P::IN, "`in`"},
                                                          {P::ASSIGN, "`=`"},
                                                          {P::COLON, "`:`"},
                                                          {P::RANGE, "`..`"},
                                                          {P::OPEN_BRACE, "`{`"},
                                                          {P::OPEN_PAREN, "`(`"},
                                                          {P::OPEN_BRACKET, "`[`"},
                                                          {P::TILDE, "`~`"},
                                                          {P::COMMA, "`,`"},
                                                          {P::CLOSE_PAREN, "`)`"},
                                                          {P::CLOSE_BRACKET, "`]`"},
                                                          {P::CLOSE_BRACE, "`}`"},
                                                          {P::NEWLINE, "the end of the line"}};
  std::vector<std::string> words;
  if (behindExpression)
    words.emplace_back("an operator");
  else if (may(P::ID))
    words.emplace_back(may(P::REVERSE) ? "the name of a cell" : "a name");
  for (auto &[type, sign] : signs) {
    bool suffix = type == P::OPEN_PAREN || type == P::OPEN_BRACKET || type == P::COLON;
    bool startsName = type == P::IN && may(P::ID);
    if (may(type) && !(behindExpression && suffix) && !startsName)
      words.emplace_back(sign);
  }
  if (words.empty())
    words.emplace_back("something else");
  return words;
}

static std::string listOf(const std::vector<std::string> &words) {
  std::string out = words[0];
  for (size_t i = 1; i < words.size(); ++i)
    out += (i + 1 == words.size() ? " or " : ", ") + words[i];
  return out;
}

void SyntaxErrors::reportAt(antlr4::Parser *parser, size_t index) {
  index = std::min(index, lexemes.size() - 1);
  const Lexeme &here = lexemes[index];
  const Lexeme *before = index > 0 && lexemes[index - 1].statement == here.statement ? &lexemes[index - 1] : nullptr;
  SourceRange range = report.range(here);
  // The end of a line is marked right behind its last word, whatever comments follow.
  if (isEnd(here.type))
    range.begin = range.end = before ? before->end : here.begin;

  bool behindExpression = isBehindExpression(parser, index);
  std::vector<std::string> wanted = expected(parser, behindExpression);
  if (before && (before->type == P::GATE || before->type == P::OUTPUT))
    wanted = {"a name"};
  // An optional list that was left out is no longer expected where it could have begun.
  bool listLeftOut = before && before->type == P::OPEN_PAREN && wanted[0] == "`)`";
  if (listLeftOut)
    wanted.insert(wanted.begin(), parser->getContext()->getRuleIndex() == P::RuleTrailer ? "an expression" : "a name");
  size_t rule = parser->getContext()->getRuleIndex();
  bool inOutput = rule == P::RuleEnd && firstWord(index) == P::OUTPUT;
  bool wantsName = wanted[0] == "a name" || wanted[0] == "an expression" || wanted[0] == "the name of a cell";
  if (isWordOfLanguage(here.type) && wantsName) {
    report.report(here.statement, DiagId::ReservedWord, range, report.text(here));
  } else if (inOutput && here.type >= P::PLUS && here.type <= P::NOT_EQUAL) {
    report.report(here.statement, DiagId::BadOutput, range);
  } else if (here.type == P::ASSIGN && before && rule == P::RuleTrailer) {
    report.report(here.statement, DiagId::NamedWithEquals, range, report.text(*before));
  } else if (here.type == P::ASSIGN && rule == P::RuleLayerSpec) {
    report.report(here.statement, DiagId::NamedDims, range);
  } else if (behindExpression && beginsValue(here.type)) {
    auto wants = [&](const char *sign) { return std::find(wanted.begin(), wanted.end(), sign) != wanted.end(); };
    bool arguments = (rule == P::RuleTrailer || rule == P::RuleLayerSpec) && wants("`)`");
    bool list = arguments || wants("`,`");
    report.report(here.statement, DiagId::MissingOperator, range, list ? "an operator or `,`" : "an operator",
                  quote(*before), quote(here));
  } else if (before && !before->isVirtual()) {
    report.report(here.statement, DiagId::ExpectedAfter, range, listOf(wanted), quote(*before), found(here));
  } else {
    report.report(here.statement, DiagId::Expected, range, listOf(wanted), found(here));
  }
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
  if (rule == P::RuleFile && parser->getTokenStream()->LA(1) == P::CLOSE_BRACE)
    parser->consume(); // no block ends here; Layout lets none through, but going on must not depend on it
}
