//===- Dims.h - Compile-time numbers --------------------------------*- C++ -*-===//
//
// Dims, `const`s and `for` variables, and the arithmetic on them. Whole numbers stay whole as long as every step is
// exact, so `(H + I) * 2 / heads` can be a dim; nothing overflows silently.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_DIMS_H
#define SEQC_FRONTEND_DIMS_H

#include "frontend/Ast.h"
#include "frontend/Diagnostics.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <map>
#include <optional>
#include <string>

namespace seqc {

struct Number {
  bool isInteger = true;
  int64_t integer = 0;
  double real = 0;

  static Number of(int64_t value) { return {true, value, static_cast<double>(value)}; }
  static Number of(double value);
};

/// Compile-time names, innermost first.
struct Scope {
  const Scope *parent = nullptr;
  std::map<std::string, Number> numbers;

  std::optional<Number> find(llvm::StringRef name) const;
};

using NumberLookup = llvm::function_ref<std::optional<Number>(llvm::StringRef)>;

/// The value of a compile-time expression. Reports and gives nothing if it has none.
std::optional<Number> evaluate(const ast::Expr &expr, NumberLookup lookup, Diagnostics &diags);

/// The same, for what must be a whole number.
std::optional<int64_t> evaluateInteger(const ast::Expr &expr, NumberLookup lookup, Diagnostics &diags);

/// The same, for what must be the size of a dim: a whole number from 1 to `maxExtent`.
std::optional<int64_t> evaluateExtent(const ast::Expr &expr, NumberLookup lookup, Diagnostics &diags);

constexpr int64_t maxExtent = int64_t(1) << 30;

/// `z{l}` with l = 2 is `z2`.
std::optional<std::string> expandName(llvm::StringRef text, const std::vector<ast::ExprPtr> &braces,
                                      NumberLookup lookup, Diagnostics &diags);

/// How a number that an expression gave reads in a message: "`H / 2` = 1.5", or "`100`".
std::string valueText(llvm::StringRef text, double value);

/// Source text of an expression on one line.
std::string sourceText(SourceRange range);

} // namespace seqc

#endif // SEQC_FRONTEND_DIMS_H
