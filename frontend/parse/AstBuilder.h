//===- AstBuilder.h - From ANTLR's tree to ours ---------------------*- C++ -*-===//
//
// Reads paper notation into plain form and checks what the grammar leaves open (see the top of grammar/Seq.g4).
// Statements that have had an error are left out.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_PARSE_ASTBUILDER_H
#define SEQC_FRONTEND_PARSE_ASTBUILDER_H

#include "frontend/parse/Lexemes.h"

#include "SeqParser.h"

namespace seqc::syntax {

class AstBuilder {
public:
  AstBuilder(const std::vector<Lexeme> &lexemes, SyntaxReport &report) : lexemes(lexemes), report(report) {}

  void build(SeqParser::FileContext *tree, ast::File &file);

private:
  //===--- Statements: AstBuilder.cpp ---===//

  using Statement = SeqParser::StatementContext;

  void addTopLevel(Statement *context, ast::File &file);
  void addSystem(SeqParser::SystemStatementContext *context, ast::File *file);
  std::vector<ast::StmtPtr> blockOf(SeqParser::BlockContext *context);
  ast::StmtPtr statement(Statement *context);
  ast::StmtPtr input(SeqParser::InputStatementContext *context);
  ast::StmtPtr param(SeqParser::ParamStatementContext *context);
  ast::StmtPtr constant(SeqParser::ConstStatementContext *context);
  ast::StmtPtr layer(SeqParser::LayerStatementContext *context);
  ast::StmtPtr function(SeqParser::FnStatementContext *context);
  ast::StmtPtr output(SeqParser::OutputStatementContext *context);
  ast::StmtPtr repetition(SeqParser::ForStatementContext *context);
  ast::StmtPtr use(SeqParser::UseStatementContext *context);
  ast::StmtPtr single(ast::StmtKind kind, Statement *context, SeqParser::ExprContext *value);

  ast::Type type(SeqParser::TypeContext *context);
  std::optional<ast::Initialiser> initialiser(SeqParser::InitialiserContext *context);
  ast::LayerSpec layerSpec(SeqParser::LayerSpecContext *context);
  void setCell(ast::LayerSpec &layer, SeqParser::CellPathContext *path, SeqParser::ArgumentsContext *dims);
  void addOutput(SeqParser::OutputItemContext *context, std::vector<ast::OutputItem> &outputs);

  //===--- Equations: AstBuilderEquation.cpp ---===//

  ast::StmtPtr equation(SeqParser::EquationStatementContext *context);
  void addTarget(SeqParser::PostfixContext *context, ast::Stmt &stmt);
  void setBoundary(ast::Expr &target, ast::Stmt &stmt);

  //===--- Expressions: AstBuilderExpr.cpp ---===//

  struct Time {
    int64_t shift = 0;
    ast::ExprPtr extra;
    int extraSign = 1;
  };
  struct Arguments {
    std::vector<ast::ExprPtr> plain;
    std::vector<ast::NamedArg> named;
  };

  ast::ExprPtr expression(SeqParser::ExprContext *context);
  ast::ExprPtr binary(ast::Op op, SeqParser::ExprContext *left, SeqParser::ExprContext *right, SourceRange range);
  ast::ExprPtr power(SeqParser::PowerContext *context);
  ast::ExprPtr postfix(SeqParser::PostfixContext *context);
  ast::ExprPtr primary(SeqParser::PrimaryContext *context);
  ast::ExprPtr number(antlr4::Token *token);
  ast::ExprPtr concatenation(SeqParser::ConcatenationContext *context);
  ast::ExprPtr applyTrailer(ast::ExprPtr base, SeqParser::PostfixContext *context, size_t index, SourceRange range);
  ast::ExprPtr applySubscripts(ast::ExprPtr base, SeqParser::SubscriptsContext *context, bool called,
                               SourceRange range);
  ast::ExprPtr applyCall(ast::ExprPtr base, SeqParser::CallContext *context, SourceRange range);
  ast::ExprPtr applyMember(ast::ExprPtr base, SeqParser::MemberContext *context, SourceRange range);
  Arguments arguments(SeqParser::ArgumentsContext *context);

  //===--- Names and times: AstBuilderName.cpp ---===//

  /// A name that is declared: no time.
  ast::Name declared(SeqParser::NameContext *context);
  std::vector<ast::Name> declaredAll(SeqParser::NamesContext *context);
  /// A name that takes no index in braces either: a dim, a parameter of a function, a type.
  ast::Name plain(SeqParser::NameContext *context);
  /// A name that is used: fills name, braces and time of a Name or a Member.
  void readName(SeqParser::NameContext *context, ast::Expr &into);
  void readPaperIndex(std::vector<ast::ExprPtr> parts, ast::Expr &into);

  static bool usesTime(const ast::Expr &index);
  std::optional<Time> timeOf(ast::ExprPtr index);
  bool collectTime(ast::ExprPtr term, int sign, int &times, Time &time);
  ast::ExprPtr atTime(ast::ExprPtr base, ast::ExprPtr index, SourceRange range);
  ast::ExprPtr atSubscript(ast::ExprPtr base, antlr4::Token *subscript, SourceRange range);
  static void setTime(ast::Expr &into, Time time);

  //===--- Help ---===//

  unsigned statementOf(antlr4::ParserRuleContext *context) const {
    return lexemes[context->getStart()->getTokenIndex()].statement;
  }
  SourceRange rangeOf(antlr4::Token *token) const {
    return {&report.sourceFile(), token->getStartIndex(), token->getStopIndex()};
  }
  SourceRange rangeOf(antlr4::ParserRuleContext *context) const {
    return rangeOf(context->getStart()).to(rangeOf(context->getStop()));
  }
  ast::StmtPtr make(ast::StmtKind kind, antlr4::ParserRuleContext *context) const;
  ast::ExprPtr make(ast::ExprKind kind, SourceRange range) const;
  template <typename... Args> void error(DiagId id, SourceRange range, const Args &...args) {
    report.report(current, id, range, args...);
  }

  const std::vector<Lexeme> &lexemes;
  SyntaxReport &report;
  unsigned current = 0;                  // the statement at hand
  std::vector<std::string> forVariables; // of the enclosing `for` statements
};

} // namespace seqc::syntax

#endif // SEQC_FRONTEND_PARSE_ASTBUILDER_H
