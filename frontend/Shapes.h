//===- Shapes.h - Shapes that remember how the user wrote them ------*- C++ -*-===//
//
// While shapes are being inferred a shape may be unknown altogether, or only some of its extents; once a system is
// checked every shape is complete.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_SHAPES_H
#define SEQC_FRONTEND_SHAPES_H

#include <cstdint>
#include <string>
#include <vector>

namespace seqc {

/// One dim of a shape: its size, and the text that stands for it in messages (`H + I`).
struct Extent {
  static constexpr int64_t unknownSize = -1;

  int64_t size = unknownSize;
  std::string text;

  static Extent of(int64_t size) { return {size, std::to_string(size)}; }
  bool isKnown() const { return size != unknownSize; }
};

struct Shape {
  bool hasRank = false;
  std::vector<Extent> extents;

  static Shape unknown() { return {}; }
  static Shape scalar() { return {true, {}}; }
  static Shape of(std::vector<Extent> extents) { return {true, std::move(extents)}; }

  size_t rank() const { return extents.size(); }
  bool isComplete() const;
  bool isScalar() const { return hasRank && extents.empty(); }

  /// Product of the sizes; shapes that exceed `maxElements` are refused when they arise.
  int64_t elements() const;

  /// `[H, H + I]`.
  std::string text() const;

  /// `[H, H + I]` and, where that is not all numbers, ` = [4, 7]`.
  std::string textWithSizes() const;

  bool sameSizes(const Shape &other) const;
};

/// More elements than this at one step are refused.
constexpr int64_t maxElements = int64_t(1) << 31;

/// NumPy's rule, aligned at the last dim. False if the shapes do not fit.
bool broadcastShapes(const Shape &a, const Shape &b, Shape &result);

/// Whether `from` can be repeated to give `to`.
bool broadcastsTo(const Shape &from, const Shape &to);

/// The extent of two stretches, one after the other.
Extent addExtents(const Extent &a, const Extent &b);

} // namespace seqc

#endif // SEQC_FRONTEND_SHAPES_H
