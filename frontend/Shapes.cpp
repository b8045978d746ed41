//===- Shapes.cpp - Shapes that remember how the user wrote them ----------===//

#include "frontend/Shapes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace seqc;

bool Shape::isComplete() const {
  return hasRank && llvm::all_of(extents, [](const Extent &e) { return e.isKnown(); });
}

int64_t Shape::elements() const {
  int64_t product = 1;
  for (const Extent &extent : extents)
    if (__builtin_mul_overflow(product, extent.size, &product))
      return maxElements + 1;
  return product;
}

std::string Shape::text() const {
  if (!hasRank)
    return "[?]";
  auto name = [](const Extent &e) { return e.text.empty() ? std::string("?") : e.text; };
  return "[" + llvm::join(llvm::map_range(extents, name), ", ") + "]";
}

std::string Shape::textWithSizes() const {
  std::string symbols = "`" + text() + "`";
  if (!isComplete())
    return symbols;
  auto size = [](const Extent &e) { return std::to_string(e.size); };
  std::string sizes = "[" + llvm::join(llvm::map_range(extents, size), ", ") + "]";
  return sizes == text() ? symbols : symbols + " = `" + sizes + "`";
}

bool Shape::sameSizes(const Shape &other) const {
  auto sameSize = [](const Extent &a, const Extent &b) { return a.size == b.size; };
  return hasRank == other.hasRank && llvm::equal(extents, other.extents, sameSize);
}

static bool isNumber(llvm::StringRef text) { return text.empty() || llvm::isDigit(text.front()); }

/// Of two names for one size, the one that says more.
static const Extent &moreTelling(const Extent &a, const Extent &b) { return isNumber(a.text) ? b : a; }

static bool broadcastExtents(const Extent &a, const Extent &b, Extent &result) {
  if (a.size == b.size)
    result = moreTelling(a, b);
  else if (a.size == 1 || !a.isKnown())
    result = b;
  else if (b.size == 1 || !b.isKnown())
    result = a;
  else
    return false;
  return true;
}

bool seqc::broadcastShapes(const Shape &a, const Shape &b, Shape &result) {
  if (!a.hasRank || !b.hasRank) {
    result = a.hasRank ? a : b;
    return true;
  }
  const Shape &longer = a.rank() >= b.rank() ? a : b;
  const Shape &shorter = a.rank() >= b.rank() ? b : a;
  Shape joined = longer;
  size_t lead = longer.rank() - shorter.rank();
  for (size_t i = 0; i < shorter.rank(); ++i)
    if (!broadcastExtents(longer.extents[lead + i], shorter.extents[i], joined.extents[lead + i]))
      return false;
  result = std::move(joined);
  return true;
}

bool seqc::broadcastsTo(const Shape &from, const Shape &to) {
  Shape joined;
  return broadcastShapes(from, to, joined) && joined.sameSizes(to);
}

Extent seqc::addExtents(const Extent &a, const Extent &b) {
  Extent sum;
  if (!a.isKnown() || !b.isKnown() || __builtin_add_overflow(a.size, b.size, &sum.size))
    return Extent();
  constexpr size_t maxText = 80; // beyond it nobody reads the sum, and a list of thousands would take forever
  bool written = (!isNumber(a.text) || !isNumber(b.text)) && a.text.size() + b.text.size() < maxText;
  sum.text = written ? a.text + " + " + b.text : std::to_string(sum.size);
  return sum;
}
