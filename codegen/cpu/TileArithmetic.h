//===- TileArithmetic.h - How register tiles multiply -----------------------------===//
//
// The inner loop of a tile goes over groups of k. For each it reads a cell of weights a lane, and a cell of each row:
// one real number, or as many narrow ones as fit in 32 bits. What a cell holds, how a row gets into cells and how two
// of them are multiplied is said here, once for each way to store weights.
//
//===--------------------------------------------------------------------------===//
#ifndef SEQC_CODEGEN_CPU_TILEARITHMETIC_H
#define SEQC_CODEGEN_CPU_TILEARITHMETIC_H

#include "codegen/cpu/Code.h"
#include "codegen/cpu/VectorMath.h"
#include "llvm/Support/MathExtras.h"
#include <memory>

namespace seqc::cpu {

/// A panel of packed weights: `head` rows, then one for each `group` of k, of [columns][lanes] cells.
struct PanelFormat {
  int64_t group = 1, head = 0;

  /// `stored`: the element type of the packed slot.
  static PanelFormat of(mlir::Type stored);
  bool narrow() const { return group > 1; }
  int64_t steps(int64_t depth) const { return llvm::divideCeil(depth, group); }
};

/// The most elements of a row that narrow tiles take: the rows of a tile are copied to the stack.
constexpr int64_t longestNarrowRow = 4096;

class TileArithmetic {
public:
  TileArithmetic(Code &b, const Machine &machine, mlir::FloatType real, int64_t lanes)
      : b(b), machine(machine), real(real), lanes(lanes) {}
  virtual ~TileArithmetic() = default;

  virtual std::string name() const = 0; // in names of functions
  mlir::FloatType resultType() const { return real; }
  virtual PanelFormat panel() const { return {}; }
  virtual mlir::Type cell() const { return b.getI32Type(); }

  /// Bytes of a row in cells, or 0: rows are read in place.
  virtual int64_t rowBytes(int64_t steps) const { return 0; }
  /// Writes the elements from[0], from[stride], … to a row of cells, and zeros after the last.
  virtual void convertRow(mlir::Value from, int64_t stride, int64_t depth, int64_t steps, mlir::Value to) const {}

  /// What the sums of a vector of outputs start from; `head` is where the panel keeps its numbers.
  virtual mlir::Value start(mlir::Value head, int64_t columns, int64_t column) const;
  /// Cells as factors: what `multiplyAdd` takes, one after the other.
  using Factors = llvm::SmallVector<mlir::Value, 4>;
  virtual Factors weights(mlir::Value cells) const = 0;
  /// The cell of a row at `step`, in all lanes.
  virtual Factors element(mlir::Value row, mlir::Value step, mlir::Value stride) const = 0;
  virtual mlir::Value multiplyAdd(mlir::Value element, mlir::Value weight, mlir::Value sum) const = 0;
  mlir::Value add(mlir::Value sum, mlir::Value other) const;
  /// The one that multiplies matrix tiles, without `llvm.x86.`.
  virtual llvm::StringRef matrixInstruction() const { return ""; }
  /// Sums as real numbers.
  virtual mlir::Value finish(mlir::Value sum, mlir::Value row, mlir::Value head, int64_t columns,
                             int64_t column) const {
    return sum;
  }

protected:
  mlir::VectorType vectorOf(mlir::Type element, int64_t perLane = 1) const {
    return mlir::VectorType::get({lanes * perLane}, element);
  }
  /// A vector of the panel's head.
  mlir::Value loadHead(mlir::Type element, mlir::Value head, int64_t row, int64_t columns, int64_t column) const;
  /// Real numbers in a full vector.
  int64_t width() const { return machine.vectorBits / real.getIntOrFloatBitWidth(); }
  /// Elements 0 … depth - 1 of a row, in vectors where they are contiguous.
  void overRow(mlir::Value from, int64_t stride, int64_t depth,
               llvm::function_ref<void(mlir::Value position, mlir::Value vector)> body) const;
  /// Zeros in elements first … end - 1 of a row.
  void clearRow(mlir::Value row, mlir::Type element, int64_t first, int64_t end) const;
  /// Calls an instruction of the target; `name` lacks the bits of the vector.
  mlir::Value instruction(const llvm::Twine &name, mlir::Type result, mlir::ValueRange operands) const;

  Code &b;
  const Machine &machine;
  mlir::FloatType real;
  int64_t lanes;
};

/// The arithmetic for weights of type `stored` and results of type `real`.
std::unique_ptr<TileArithmetic> makeArithmetic(Code &b, const Machine &machine, mlir::Type stored, mlir::FloatType real,
                                               int64_t lanes);
std::unique_ptr<TileArithmetic> makeBf16Arithmetic(Code &b, const Machine &machine, mlir::FloatType real,
                                                   int64_t lanes);
std::unique_ptr<TileArithmetic> makeInt8Arithmetic(Code &b, const Machine &machine, mlir::FloatType real,
                                                   int64_t lanes);

/// f32 lanes rounded to bf16, as their 16 bits.
mlir::Value roundToBf16(Code &b, mlir::Value vector);

/// Rounds f32 numbers to -127 … 127 by the largest magnitude among them.
class Quantizer {
public:
  /// Of from[0], from[stride], …, which are read in vectors of `width` where they are contiguous.
  Quantizer(Code &b, mlir::Value from, int64_t stride, int64_t count, int64_t width);

  /// By which rounded numbers are to be multiplied: a vector of one; NaN if one of the numbers is not finite.
  mlir::Value scale() const { return factor; }
  /// Rounded numbers with `bias` added, as bytes.
  mlir::Value round(mlir::Value vector, int64_t bias) const;

private:
  Code &b;
  mlir::Value factor, inverse;
};

} // namespace seqc::cpu

#endif // SEQC_CODEGEN_CPU_TILEARITHMETIC_H
