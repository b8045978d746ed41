//===- Packing.cpp - Rounds weights into the layout of narrow tiles ----------------===//
#include "codegen/cpu/Phases.h"
#include "codegen/cpu/TileArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace seqc::cpu {

static recur::PackOp packOf(recur::PhaseOp phase) {
  auto packs = phase.getOps<recur::PackOp>();
  return packs.empty() ? recur::PackOp() : *packs.begin();
}

bool isPacking(recur::PhaseOp phase) { return bool(packOf(phase)); }

namespace {

/// One product's weights, output by output.
class Packing {
public:
  Packing(const Frame &frame, const Machine &machine, recur::PhaseOp phase)
      : b(frame.code()), machine(machine), pack(packOf(phase)), read(pack.getValue().getDefiningOp<recur::ReadOp>()),
        stored(slotType().getElementType()), format(PanelFormat::of(stored)), shape(read.getType().getShape()) {
    ArrayRef<int64_t> packed = slotType().getShape();
    panels = packed[1];
    panelRows = packed[2];
    columns = packed[3];
    lanes = packed[4];
    weights = frame.readRow(read, {});
    base = frame.base(pack.getSlot());
  }

  void emit(Slice slice) {
    b.when(arith::CmpIOp::create(b, arith::CmpIPredicate::ult, slice.begin, slice.end), [&] {
      if (pack.getProduct() == 0 && pack.getFirst() == 0)
        clear();
      overLeading({}, b.integer(0));
    });
  }

private:
  RankedTensorType slotType() { return pack.getSlot().getType().getValue(); }

  /// Once for all products: lanes past the last output and cells past the last k are zero.
  void clear() {
    int64_t bytes = slotType().getNumElements() * stored.getIntOrFloatBitWidth() / 8;
    Type cell = b.getI32Type();
    b.forEach(b.integer(0), b.integer(bytes / 4), 1, [&](Value i) { b.store(b.zero(cell), b.at(base, cell, i)); });
  }

  void overLeading(SmallVector<Value> leading, Value number) {
    if (leading.size() + 2 == shape.size()) {
      b.forEach(b.integer(0), b.integer(shape[leading.size()]), 1, [&](Value i) { output(leading, number, i); });
      return;
    }
    int64_t size = shape[leading.size()];
    b.forEach(b.integer(0), b.integer(size), 1, [&](Value position) {
      SmallVector<Value> next(leading);
      next.push_back(position);
      overLeading(next, b.add(b.mul(number, b.integer(size)), position));
    });
  }

  void output(ArrayRef<Value> leading, Value number, Value inPiece) {
    SmallVector<Value> index(leading);
    index.push_back(inPiece);
    Value from = b.at(weights, b.getF32Type(), b.dot(read.getOffset(), read.getStrides().drop_back(), index));
    Value i = b.add(inPiece, b.integer(pack.getFirst()));

    int64_t blocks = columns / pack.getProducts();
    Value block = b.div(i, b.integer(lanes));
    Value panel = b.add(b.mul(number, b.integer(panels)), b.div(block, b.integer(blocks)));
    Value column =
        b.add(b.mul(b.rem(block, b.integer(blocks)), b.integer(pack.getProducts())), b.integer(pack.getProduct()));
    Value lane = b.add(b.mul(column, b.integer(lanes)), b.rem(i, b.integer(lanes)));
    Value cell = b.add(b.mul(panel, b.integer(panelRows * rowCells())), lane);
    Value to = b.at(base, b.getI32Type(), cell);
    if (stored.isBF16())
      bf16(from, to);
    else
      int8(from, to);
  }

  int64_t rowCells() const { return columns * lanes; }

  /// Calls `body` for each weight, with its address in the panel of which `to` is the output's first cell.
  void overDepth(Value from, Value to, Type element, function_ref<void(Value weight, Value address)> body) {
    b.forEach(b.integer(0), b.integer(shape.back()), 1, [&](Value k) {
      Value at = b.mul(k, b.integer(read.getStrides().back()));
      Value weight = b.load(VectorType::get({1}, b.getF32Type()), b.at(from, b.getF32Type(), at));
      Value row = b.add(b.div(k, b.integer(format.group)), b.integer(format.head));
      Value place = b.add(b.mul(row, b.integer(rowCells() * format.group)), b.rem(k, b.integer(format.group)));
      body(weight, b.at(to, element, place));
    });
  }

  void bf16(Value from, Value to) {
    overDepth(from, to, b.getI16Type(), [&](Value weight, Value address) { b.store(roundToBf16(b, weight), address); });
  }

  void int8(Value from, Value to) {
    Quantizer quantizer(b, from, read.getStrides().back(), shape.back(), machine.vectorBits / 32);
    b.store(quantizer.scale(), b.at(to, b.getI32Type(), b.integer(rowCells())));
    Value total = to; // the first cell; cleared before
    overDepth(from, to, b.getI8Type(), [&](Value weight, Value address) {
      Value rounded = quantizer.round(weight, 0);
      b.store(rounded, address);
      auto type = VectorType::get({1}, b.getI32Type());
      Value wide = arith::ExtSIOp::create(b, type, rounded);
      Value minus128 = arith::ConstantOp::create(b, DenseElementsAttr::get(type, b.getI32IntegerAttr(-128)));
      b.store(b.add(b.load(type, total), b.mul(wide, minus128)), total);
    });
  }

  Code &b;
  const Machine &machine;
  recur::PackOp pack;
  recur::ReadOp read;
  Type stored;
  PanelFormat format;
  ArrayRef<int64_t> shape; // of the weights
  int64_t panels, panelRows, columns, lanes;
  Value weights, base;
};

} // namespace

void emitPacking(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Slice slice) {
  Packing(frame, machine, phase).emit(slice);
}

} // namespace seqc::cpu
