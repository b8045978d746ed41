//===- AstBuilderEquation.cpp - Equations and boundaries ------------------===//

#include "frontend/parse/AstBuilder.h"

using namespace seqc;
using namespace seqc::ast;
using namespace seqc::syntax;

using P = SeqParser;

StmtPtr AstBuilder::equation(P::EquationStatementContext *context) {
  StmtPtr stmt = make(StmtKind::Equation, context);
  stmt->gate = context->GATE();
  for (P::PostfixContext *target : context->postfix())
    addTarget(target, *stmt);
  stmt->value = expression(context->expr());
  if (report.isBad(current))
    return nullptr;
  if (stmt->names.size() > 1) {
    if (stmt->gate || stmt->kind == StmtKind::Boundary)
      error(DiagId::ManyLeftPlain, rangeOf(context->postfix(0)));
    else if (stmt->value->kind != ExprKind::Call)
      error(DiagId::ManyLeft, stmt->value->range);
  } else if (stmt->gate && stmt->kind == StmtKind::Boundary) {
    error(DiagId::GateBoundary, rangeOf(context->GATE()->getSymbol()));
  }
  return stmt;
}

void AstBuilder::addTarget(P::PostfixContext *context, Stmt &stmt) {
  ExprPtr target = postfix(context);
  if (!target)
    return;
  SourceRange range = target->range;
  if (target->kind == ExprKind::Index) {
    setBoundary(*target, stmt);
  } else if (target->kind != ExprKind::Name) {
    error(DiagId::BadLeftSide, range, range.text());
  } else if (target->shift != 0 || target->shiftExpr) {
    error(DiagId::LeftSideTime, range, range.text());
  } else {
    stmt.timed |= target->timed;
    stmt.names.push_back({target->name, rangeOf(context->primary()), std::move(target->braces)});
  }
}

static bool isNumber(const Expr &expr, double value) { return expr.kind == ExprKind::Number && expr.value == value; }

/// `T+1`
static bool isAfterEnd(const Expr &expr) {
  return expr.kind == ExprKind::Binary && expr.op == Op::Add && expr.args[0]->kind == ExprKind::Name &&
         expr.args[0]->name == "T" && isNumber(*expr.args[1], 1);
}

void AstBuilder::setBoundary(Expr &target, Stmt &stmt) {
  Expr &base = *target.args[0];
  const Expr &index = *target.args[1];
  bool atEnd = isAfterEnd(index);
  if (base.kind == ExprKind::Member) {
    error(DiagId::InstanceBoundary, target.range);
  } else if (base.kind != ExprKind::Name || base.timed) {
    error(DiagId::BadLeftSide, target.range, target.range.text());
  } else if (!atEnd && !isNumber(index, 0)) {
    error(DiagId::BadBoundary, target.range, target.range.text(), base.name);
  } else {
    stmt.kind = StmtKind::Boundary;
    stmt.boundaryIndex = atEnd;
    stmt.boundaryAtEnd = atEnd;
    stmt.names.push_back({base.name, base.range, std::move(base.braces)});
  }
}
