//===- Dims.cpp - Compile-time numbers -------------------------------------===//

#include "frontend/Dims.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace seqc;
using ast::Expr;
using ast::ExprKind;
using ast::Op;

Number Number::of(double value) {
  constexpr double exact = 9007199254740992.0; // 2^53
  if (std::floor(value) == value && std::fabs(value) <= exact)
    return of(static_cast<int64_t>(value));
  return {false, 0, value};
}

std::optional<Number> Scope::find(llvm::StringRef name) const {
  for (const Scope *scope = this; scope; scope = scope->parent)
    if (auto it = scope->numbers.find(name.str()); it != scope->numbers.end())
      return it->second;
  return std::nullopt;
}

std::string seqc::sourceText(SourceRange range) {
  llvm::SmallVector<llvm::StringRef> words;
  llvm::StringRef text(range.text());
  llvm::SplitString(text, words, " \t\r\n");
  return llvm::join(words, " ");
}

std::string seqc::valueText(llvm::StringRef text, double value) {
  Number exact = Number::of(value);
  std::string number = exact.isInteger ? std::to_string(exact.integer) : detail::argument(value);
  std::string quoted = "`" + text.str() + "`";
  return text == number ? quoted : quoted + " = " + number;
}

namespace {

/// Evaluates one expression; every method gives nothing after it has reported why.
class Evaluator {
public:
  Evaluator(NumberLookup lookup, Diagnostics &diags) : lookup(lookup), diags(diags) {}

  std::optional<Number> visit(const Expr &e);

private:
  std::optional<Number> name(const Expr &e);
  std::optional<Number> binary(const Expr &e);
  std::optional<Number> call(const Expr &e);
  std::optional<Number> wholePower(Number base, int64_t exponent);
  /// Reports what is wrong with an operation that gave no finite number.
  std::optional<Number> checked(const Expr &e, double value);

  NumberLookup lookup;
  Diagnostics &diags;
  unsigned depth = 0;
};

} // namespace

std::optional<Number> Evaluator::visit(const Expr &e) {
  constexpr unsigned maxDepth = 500;
  if (++depth > maxDepth) {
    diags.report(DiagId::ExpressionTooDeep, e.range);
    return std::nullopt;
  }
  std::optional<Number> result;
  switch (e.kind) {
  case ExprKind::Number:
    result = Number::of(e.value);
    break;
  case ExprKind::Name:
    result = name(e);
    break;
  case ExprKind::Unary:
    if (auto x = visit(*e.args[0]))
      result = Number::of(-x->real);
    break;
  case ExprKind::Binary:
    result = binary(e);
    break;
  case ExprKind::Call:
    result = call(e);
    break;
  default:
    diags.report(DiagId::NotCompileTime, e.range, sourceText(e.range));
  }
  --depth;
  return result;
}

std::optional<Number> Evaluator::name(const Expr &e) {
  auto text = expandName(e.name, e.braces, lookup, diags);
  if (!text)
    return std::nullopt;
  auto value = e.timed ? std::nullopt : lookup(*text);
  if (!value)
    diags.report(DiagId::NotCompileTime, e.range, *text);
  return value;
}

std::optional<Number> Evaluator::checked(const Expr &e, double value) {
  if (std::isfinite(value))
    return Number::of(value);
  diags.report(DiagId::DimOverflow, e.range, sourceText(e.range));
  return std::nullopt;
}

std::optional<Number> Evaluator::wholePower(Number base, int64_t exponent) {
  int64_t result = 1;
  for (int64_t i = 0; i < exponent; ++i)
    if (__builtin_mul_overflow(result, base.integer, &result))
      return std::nullopt;
    else if (result == 0 || (result == 1 && i > 0))
      break;
  return Number::of(result);
}

/// Whole results of whole operands, or nothing if the result is not whole (or too large).
static std::optional<Number> wholeOperation(Op op, int64_t x, int64_t y) {
  int64_t result = 0;
  switch (op) {
  case Op::Add:
    return __builtin_add_overflow(x, y, &result) ? std::nullopt : std::optional(Number::of(result));
  case Op::Sub:
    return __builtin_sub_overflow(x, y, &result) ? std::nullopt : std::optional(Number::of(result));
  case Op::Mul:
    return __builtin_mul_overflow(x, y, &result) ? std::nullopt : std::optional(Number::of(result));
  case Op::Div:
    return y == -1 || x % y != 0 ? std::nullopt : std::optional(Number::of(x / y));
  case Op::Mod:
    return Number::of(y == -1 ? int64_t(0) : ((x % y) + y) % y);
  default:
    return std::nullopt;
  }
}

static std::optional<bool> compare(Op op, double x, double y) {
  switch (op) {
  case Op::Lt:
    return x < y;
  case Op::Le:
    return x <= y;
  case Op::Gt:
    return x > y;
  case Op::Ge:
    return x >= y;
  case Op::Eq:
    return x == y;
  case Op::Ne:
    return x != y;
  default:
    return std::nullopt;
  }
}

std::optional<Number> Evaluator::binary(const Expr &e) {
  auto x = visit(*e.args[0]), y = visit(*e.args[1]);
  if (!x || !y)
    return std::nullopt;
  if (auto truth = compare(e.op, x->real, y->real))
    return Number::of(int64_t(*truth));
  if ((e.op == Op::Div || e.op == Op::Mod) && y->real == 0) {
    diags.report(DiagId::DivisionByZero, e.args[1]->range, valueText(sourceText(e.args[1]->range), 0));
    return std::nullopt;
  }
  if (x->isInteger && y->isInteger) {
    auto whole =
        e.op == Op::Pow && y->integer >= 0 ? wholePower(*x, y->integer) : wholeOperation(e.op, x->integer, y->integer);
    if (whole)
      return whole;
  }
  switch (e.op) {
  case Op::Add:
    return checked(e, x->real + y->real);
  case Op::Sub:
    return checked(e, x->real - y->real);
  case Op::Mul:
    return checked(e, x->real * y->real);
  case Op::Div:
    return checked(e, x->real / y->real);
  case Op::Mod:
    return checked(e, x->real - y->real * std::floor(x->real / y->real));
  case Op::Pow:
    return checked(e, std::pow(x->real, y->real));
  default:
    diags.report(DiagId::NotCompileTime, e.range, sourceText(e.range));
    return std::nullopt;
  }
}

static std::optional<double> applyBuiltin(llvm::StringRef name, llvm::ArrayRef<double> args) {
  if (args.size() == 1) {
    [[maybe_unused]] double x = args[0];
#define SEQC_OPERATOR1(Op, value)
#define SEQC_FUNCTION1(function, Op, value)                                                                            \
  if (name == #function)                                                                                               \
    return value;
#include "frontend/Builtins.def"
  }
  if (args.size() == 2) {
    [[maybe_unused]] double x = args[0], y = args[1];
#define SEQC_OPERATOR2(Op, value)
#define SEQC_FUNCTION2(function, Op, value)                                                                            \
  if (name == #function)                                                                                               \
    return value;
#include "frontend/Builtins.def"
  }
  return std::nullopt;
}

std::optional<Number> Evaluator::call(const Expr &e) {
  llvm::SmallVector<double> args;
  for (const ast::ExprPtr &arg : e.args) {
    auto value = visit(*arg);
    if (!value)
      return std::nullopt;
    args.push_back(value->real);
  }
  if (auto value = applyBuiltin(e.name, args))
    return checked(e, *value);
  diags.report(DiagId::NotCompileTime, e.range, sourceText(e.range));
  return std::nullopt;
}

std::optional<Number> seqc::evaluate(const Expr &expr, NumberLookup lookup, Diagnostics &diags) {
  return Evaluator(lookup, diags).visit(expr);
}

std::optional<int64_t> seqc::evaluateInteger(const Expr &expr, NumberLookup lookup, Diagnostics &diags) {
  auto value = evaluate(expr, lookup, diags);
  if (!value)
    return std::nullopt;
  if (!value->isInteger) {
    diags.report(DiagId::NotWhole, expr.range, valueText(sourceText(expr.range), value->real));
    return std::nullopt;
  }
  return value->integer;
}

std::optional<int64_t> seqc::evaluateExtent(const Expr &expr, NumberLookup lookup, Diagnostics &diags) {
  auto value = evaluateInteger(expr, lookup, diags);
  if (!value)
    return std::nullopt;
  if (*value < 1) {
    diags.report(DiagId::DimNotPositive, expr.range, valueText(sourceText(expr.range), *value));
    return std::nullopt;
  }
  if (*value > maxExtent) {
    diags.report(DiagId::DimTooLarge, expr.range, valueText(sourceText(expr.range), *value), maxExtent);
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> seqc::expandName(llvm::StringRef text, const std::vector<ast::ExprPtr> &braces,
                                            NumberLookup lookup, Diagnostics &diags) {
  std::string name = text.str();
  for (const ast::ExprPtr &brace : braces) {
    auto value = evaluateInteger(*brace, lookup, diags);
    if (!value)
      return std::nullopt;
    name += std::to_string(*value);
  }
  return name;
}
