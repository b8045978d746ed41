//===- ProductTiles.cpp - Phases with packed weights, in register tiles ----------===//
//
// For each panel of weights, tiles of up to six rows: the products go through TileCore into a small buffer on the
// stack, and a loop over the tile's rows takes them from there through everything pointwise that follows.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/Phases.h"
#include "codegen/cpu/TileCore.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace seqc::cpu {

static recur::ReadPackedOp packedWeights(recur::MatmulOp product) {
  return product.getA().getDefiningOp<recur::ReadPackedOp>();
}

bool hasPackedProducts(recur::PhaseOp phase) {
  return llvm::any_of(phase.getOps<recur::MatmulOp>(), [](recur::MatmulOp product) { return packedWeights(product); });
}

namespace {

/// The products of one phase that share packed weights, and with them the vector they are applied to.
struct ProductGroup {
  Value slot;
  recur::ReadOp vector;
  SmallVector<recur::MatmulOp> products;
  int64_t panels, depth, columns, lanes;
  Value rows, out; // see TileCore
};

class ProductTiles {
public:
  ProductTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase)
      : b(frame.code()), frame(frame), machine(machine), phase(phase), real(realType(phase)), space(phase.getSpace()) {
    for (auto product : phase.getOps<recur::MatmulOp>())
      if (auto weights = packedWeights(product))
        join(product, weights);
    lanes = groups.front().lanes;
    blocks = groups.front().columns / int64_t(groups.front().products.size());
    for (ProductGroup &group : groups) {
      group.rows = b.scratch(b.pointerType(), tileRows);
      group.out = b.scratch(real, tileRows * group.columns * lanes);
    }
  }

  void emit() {
    Value rows = frame.rowCount(), zero = b.integer(0);
    // Tiles of nearly the same size: 6 6 5 5 rather than 6 6 6 4.
    tiles = b.div(b.add(rows, b.integer(tileRows - 1)), b.integer(tileRows));
    Value atLeastOne = b.select(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, tiles, zero), b.integer(1), tiles);
    size = b.div(rows, atLeastOne);
    larger = b.rem(rows, atLeastOne);
    SmallVector<Value> leading;
    overLeading(leading, zero);
  }

private:
  void join(recur::MatmulOp product, recur::ReadPackedOp weights) {
    auto *group = llvm::find_if(groups, [&](ProductGroup &group) { return group.slot == weights.getSlot(); });
    if (group == groups.end()) {
      ArrayRef<int64_t> shape = weights.getSlot().getType().getValue().getShape();
      groups.push_back({weights.getSlot(),
                        product.getB().getDefiningOp<recur::ReadOp>(),
                        {},
                        shape[1],
                        shape[2],
                        shape[3],
                        shape[4],
                        {},
                        {}});
      group = &groups.back();
      group->products.resize(weights.getProducts());
    }
    group->products[weights.getProduct()] = product;
  }

  void overLeading(SmallVector<Value> &leading, Value number) {
    if (leading.size() + 1 < space.size()) {
      int64_t size = space[leading.size()];
      b.forEach(b.integer(0), b.integer(size), 1, [&](Value position) {
        leading.push_back(position);
        overLeading(leading, b.add(b.mul(number, b.integer(size)), position));
        leading.pop_back();
      });
      return;
    }
    b.forEach(b.integer(0), b.integer(groups.front().panels), 1, [&](Value panel) {
      Value stacked = b.add(b.mul(number, b.integer(groups.front().panels)), panel);
      b.forEach(b.integer(0), tiles, 1, [&](Value tile) {
        Value first = b.add(b.mul(tile, size), b.smaller(tile, larger));
        Value isLarger = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, tile, larger);
        Value count = b.select(isLarger, b.add(size, b.integer(1)), size);
        for (ProductGroup &group : groups)
          products(group, leading, stacked, first, count);
        b.forEach(b.integer(0), count, 1, [&](Value i) { finishRow(leading, panel, b.add(first, i), i); });
      });
    });
  }

  void products(ProductGroup &group, ArrayRef<Value> leading, Value stackedPanel, Value first, Value count) {
    b.setLoc(group.products.front().getLoc());
    recur::ReadOp vector = group.vector;
    ArrayRef<int64_t> strides = vector.getStrides();
    b.forEach(b.integer(0), count, 1, [&](Value i) {
      Value row = frame.readRow(vector, frame.row(b.add(first, i)));
      row = b.at(row, real, b.dot(vector.getOffset(), strides.drop_back(), leading));
      b.store(row, b.at(group.rows, b.pointerType(), i));
    });
    Value panelStart = b.mul(stackedPanel, b.integer(group.depth * group.columns * lanes));
    Value weights = b.at(frame.base(group.slot), real, panelStart);
    TileCore core{real, lanes, group.columns, strides.back(), group.rows, weights, b.integer(group.depth), group.out};
    core.call(b, machine, count);
    b.setLoc(phase.getLoc());
  }

  /// Everything after the products, for row `number`, which is row `i` of the tile.
  void finishRow(ArrayRef<Value> leading, Value panel, Value number, Value i) {
    RowAddresses row(frame, phase, number);
    int64_t whole = space.back() / lanes, rest = space.back() % lanes;
    Value firstBlock = b.mul(panel, b.integer(blocks));
    Value count = b.integer(blocks);
    if (whole != groups.front().panels * blocks)
      count = b.smaller(count, b.sub(b.integer(whole), firstBlock));
    auto finish = [&](Value block, int64_t width) {
      Value position = b.mul(b.add(firstBlock, block), b.integer(lanes));
      SmallVector<Value> index(leading);
      index.push_back(position);
      Elements elements(frame, machine, row, real, index, width);
      for (ProductGroup &group : groups)
        provide(elements, group, i, block, width);
      elements.store(phase);
    };
    if (whole > 0)
      b.forEach(b.integer(0), count, 1, [&](Value block) { finish(block, lanes); });
    if (rest == 0)
      return;
    Value last = b.integer(groups.front().panels - 1);
    b.when(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, panel, last),
           [&] { finish(b.sub(b.integer(whole), firstBlock), rest); });
  }

  void provide(Elements &elements, ProductGroup &group, Value i, Value block, int64_t width) {
    int64_t products = group.products.size();
    Value column = b.add(b.mul(i, b.integer(group.columns)), b.mul(block, b.integer(products)));
    for (auto [q, product] : llvm::enumerate(group.products)) {
      if (!product)
        continue;
      Value start = b.mul(b.add(column, b.integer(q)), b.integer(lanes));
      elements.provide(product.getResult(), b.load(VectorType::get({width}, real), b.at(group.out, real, start)));
    }
  }

  Code &b;
  const Frame &frame;
  const Machine &machine;
  recur::PhaseOp phase;
  FloatType real;
  ArrayRef<int64_t> space;
  SmallVector<ProductGroup, 2> groups;
  int64_t lanes = 1, blocks = 1;
  Value tiles, size, larger;
};

} // namespace

void emitProductTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase) {
  ProductTiles(frame, machine, phase).emit();
}

} // namespace seqc::cpu
