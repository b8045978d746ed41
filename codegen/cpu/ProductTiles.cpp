//===- ProductTiles.cpp - Phases with packed weights, in register tiles ----------===//
//
// For each panel of weights, tiles of a few rows: the products go through TileCore into a small buffer on the
// stack, and a loop over the tile's rows takes them from there through everything pointwise that follows. A panel too
// deep for the caches is taken in chunks along the contracted dim, each by all tiles of a block of rows, whose sums
// wait in the buffer meanwhile. Where weights are narrow, a block of rows is converted first, so that this is done once
// and not for each panel.
//
//===--------------------------------------------------------------------------===//
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/MatrixTiles.h"
#include "codegen/cpu/Phases.h"
#include "codegen/cpu/RowTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace seqc::cpu {

static recur::ReadPackedOp packedWeights(recur::MatmulOp product) {
  return product.getA().getDefiningOp<recur::ReadPackedOp>();
}

bool hasPackedProducts(recur::PhaseOp phase) {
  return llvm::any_of(phase.getOps<recur::MatmulOp>(), [](recur::MatmulOp product) { return packedWeights(product); });
}

/// Steps of k in a panel.
static int64_t stepsOf(RankedTensorType packed) {
  return packed.getDimSize(2) - PanelFormat::of(packed.getElementType()).head;
}

static bool isMatrixPacked(const Machine &machine, RankedTensorType packed) {
  return isMatrixPanel(machine, packed.getElementType(), packed.getDimSize(4), stepsOf(packed));
}

Type matrixWeights(const Machine &machine, recur::PhaseOp phase) {
  for (auto product : phase.getOps<recur::MatmulOp>())
    if (auto weights = packedWeights(product))
      if (RankedTensorType packed = weights.getSlot().getType().getValue(); isMatrixPacked(machine, packed))
        return packed.getElementType();
  return {};
}

static int64_t mostRowsOf(const Machine &machine, RankedTensorType packed) {
  if (isMatrixPacked(machine, packed))
    return matrixRows;
  // The sums of a panel or two may have parts, which take the registers.
  return packed.getDimSize(1) <= 2 ? tileRows : mostTileRows(machine, packed.getDimSize(3), stepsOf(packed));
}

/// Most rows of a tile: one number for all products.
static int64_t mostRowsOf(const Machine &machine, recur::PhaseOp phase) {
  int64_t most = matrixRows;
  for (auto product : phase.getOps<recur::MatmulOp>())
    if (auto weights = packedWeights(product))
      most = std::min(most, mostRowsOf(machine, weights.getSlot().getType().getValue()));
  return most;
}

/// What all phases of `group` read of packed weights.
static int64_t weightBytes(Operation *group) {
  llvm::SmallPtrSet<Value, 8> slots;
  int64_t bits = 0;
  group->walk([&](recur::ReadPackedOp weights) {
    RankedTensorType packed = weights.getSlot().getType().getValue();
    if (slots.insert(weights.getSlot()).second)
      bits += packed.getNumElements() * packed.getElementTypeBitWidth();
  });
  return bits / 8;
}

static Value countTiles(Code &b, Value rows, int64_t mostRows) {
  return b.div(b.add(rows, b.integer(mostRows - 1)), b.integer(mostRows));
}

Value productUnits(Code &b, const Machine &machine, recur::PhaseOp phase, Value rows) {
  for (auto product : phase.getOps<recur::MatmulOp>())
    if (auto weights = packedWeights(product)) {
      ArrayRef<int64_t> shape = weights.getSlot().getType().getValue().getShape();
      return b.mul(b.integer(shape[0] * shape[1]), countTiles(b, rows, mostRowsOf(machine, phase)));
    }
  llvm_unreachable("only phases with packed products have such units");
}

namespace {

/// The products of one phase that share packed weights, and with them the vector they are applied to.
struct ProductGroup {
  Value slot;
  recur::ReadOp vector;
  SmallVector<recur::MatmulOp> products;
  int64_t panels, panelRows, depth, columns, lanes;
  std::unique_ptr<TileArithmetic> arithmetic;
  Value rows, out; // see TileCore; `out` for every tile of a block

  bool inLoop = false; // of which a step waits for the one before
  bool hasSmallPanels = false;
  bool matrix = false;   // tiles of up to 16 rows in tile registers
  int64_t rowStride = 0; // bytes from a converted row to the next; 0: rows are read in place
  Value converted;
  /// In front of each converted row is room for its scale: a cache line, so that rows stay aligned.
  static constexpr int64_t rowHead = 64;

  int64_t steps() { return panelRows - arithmetic->panel().head; }
  int64_t panelBytes() { return steps() * rowBytes(); }
  int64_t rowBytes() { return columns * lanes * vector.getType().getElementTypeBitWidth() / 8; }
  /// Steps of a chunk: two of them fit in a second-level cache, so that the next comes in while one is used.
  int64_t chunk() {
    return arithmetic->panel().narrow() ? steps() : std::min<int64_t>(steps(), 256 * 1024 / rowBytes());
  }
  bool isChunked() { return chunk() < steps(); }
  /// A multiplication takes four cycles and two start in each, so that a row needs eight sums at once. Another panel's
  /// are at hand, unless there is none, or only one in a loop that finds it in the nearest cache, or all are small.
  int64_t parts() {
    if (isChunked() || columns > 4 || !TileCore::canHaveParts(depth))
      return 1;
    bool isPair = panels == 2 && panelBytes() <= nearestCacheBytes;
    return panels == 1 || (inLoop && (isPair || hasSmallPanels)) ? 2 : 1;
  }
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
    if (llvm::any_of(groups, [](ProductGroup &group) { return group.isChunked(); }))
      tilesInBlock = 8;
    mostRows = mostRowsOf(machine, phase);
    for (ProductGroup &group : groups) {
      group.rows = b.scratch(b.pointerType(), tableRows());
      group.out = b.scratch(real, tilesInBlock * mostRows * group.columns * lanes);
      if (int64_t bytes = group.arithmetic->rowBytes(group.steps()))
        group.rowStride = ProductGroup::rowHead + llvm::alignTo(bytes, 64);
      convertedBytes += group.rowStride;
    }
    exceedsCaches = weightBytes(phase->getParentOp()) > secondCacheBytes;
    table.emplace(frame, phase, blocks * lanes, tableRows(), [&](recur::ReadOp read) {
      return llvm::any_of(groups, [&](ProductGroup &group) { return group.vector == read; });
    });
    // A matrix tile reads whole registers, also behind the last row.
    for (ProductGroup &group : groups)
      if (group.rowStride != 0)
        group.converted = b.scratch(b.getI8Type(), (blockRows() + mostRows) * group.rowStride);
  }

  void emit(Slice slice) {
    // With all rows, so that it is answered alike on every thread.
    if (Type stored = matrixWeights(machine, phase))
      inMatrixTiles = usesMatrixTiles(b, stored, frame.rowCount());
    overBlocks(slice);
  }

  /// `count` rows of a map from `first` on.
  void emitRows(Value first, Value count) {
    if (Type stored = matrixWeights(machine, phase))
      inMatrixTiles = usesMatrixTiles(b, stored, frame.rowCount());
    Value leading = b.integer(computeProduct(space.drop_back()) * panelCount()), end = b.add(first, count);
    auto block = [&](Value begin, Value size) {
      firstRow = begin;
      divide(size);
      overLeading({b.integer(0), b.mul(leading, tiles)});
    };
    if (convertedBytes == 0)
      return block(first, count);
    b.forEach(first, end, blockRows(),
              [&](Value begin) { block(begin, b.smaller(b.integer(blockRows()), b.sub(end, begin))); });
  }

private:
  void overBlocks(Slice slice) {
    Value rows = frame.rowCount();
    if (frame.kind() != GroupKind::Map && convertedBytes == 0 && !hasTable()) {
      firstRow = b.integer(0);
      divide(rows);
      return overLeading(slice);
    }
    int64_t tilesOfBlock = blockRows() / mostRows, panels = computeProduct(space.drop_back()) * panelCount();
    forEachGroup(b, slice, tilesOfBlock * panels, [&](Value block, Slice items) {
      firstRow = b.mul(block, b.integer(blockRows()));
      divide(b.smaller(b.integer(blockRows()), b.sub(rows, firstRow)));
      overLeading(items);
    });
  }

  //===-- The table of rows -------------------------------------------------------===//

  /// A single panel uses what it finds out itself.
  bool hasTable() { return panelCount() > 1 && frame.kind() != GroupKind::At && !frame.isOfSingleRow(); }
  int64_t tableRows() {
    int64_t ofBlock = tilesInBlock * mostRows;
    return hasTable() ? std::max(mostProductRows, ofBlock) : ofBlock;
  }
  void enterAll(ArrayRef<Value> leading) {
    table->enter(leading, firstRow, rowCount, b.integer(0));
    for (ProductGroup &group : groups)
      if (!group.isChunked())
        enterVectors(group, leading, {firstRow, rowCount, b.integer(0)}, b.integer(0));
  }

  void join(recur::MatmulOp product, recur::ReadPackedOp weights) {
    auto *group = llvm::find_if(groups, [&](ProductGroup &group) { return group.slot == weights.getSlot(); });
    if (group == groups.end()) {
      RankedTensorType packed = weights.getSlot().getType().getValue();
      group = &groups.emplace_back();
      group->slot = weights.getSlot();
      group->vector = product.getB().getDefiningOp<recur::ReadOp>();
      group->products.resize(weights.getProducts());
      group->panels = packed.getDimSize(1);
      group->panelRows = packed.getDimSize(2);
      group->columns = packed.getDimSize(3);
      group->lanes = packed.getDimSize(4);
      group->depth = product.getDepth();
      group->arithmetic = makeArithmetic(b, machine, packed.getElementType(), real, group->lanes);
      group->inLoop = frame.kind() == GroupKind::Loop;
      group->matrix = isMatrixPacked(machine, packed);
      group->hasSmallPanels = !group->arithmetic->panel().narrow() &&
                              TileCore::hasPartsInLoop(machine, group->columns, group->depth, group->panelBytes());
    }
    group->products[weights.getProduct()] = product;
  }

  /// Rows of which the table and the stack have room for what is kept of them; those of a map also stay in a
  /// second-level cache while all panels pass.
  int64_t blockRows() {
    int64_t most = hasTable() ? tableRows() / mostRows : std::numeric_limits<int64_t>::max();
    if (convertedBytes != 0)
      return std::clamp<int64_t>(128 * 1024 / (convertedBytes * mostRows), 1, most) * mostRows;
    if (frame.kind() == GroupKind::Loop)
      return most * mostRows;
    constexpr int64_t bytes = 1024 * 1024;
    int64_t depth = 0;
    for (const ProductGroup &group : groups)
      depth += group.depth;
    return std::clamp<int64_t>(bytes * 8 / (depth * real.getWidth()) / mostRows, 8, most) * mostRows;
  }

  /// Tiles of nearly the same size: 6 6 5 5 rather than 6 6 6 4.
  void divide(Value rows) {
    rowCount = rows;
    tiles = countTiles(b, rows, mostRows);
    Value none = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, tiles, b.integer(0));
    Value atLeastOne = b.select(none, b.integer(1), tiles);
    size = b.div(rows, atLeastOne);
    larger = b.rem(rows, atLeastOne);
  }

  int64_t panelCount() { return groups.front().panels; }

  /// The leading indices that a slice of the block's tiles reaches.
  void overLeading(Slice slice) {
    Value unitsOfIndex = b.mul(b.integer(panelCount()), tiles);
    int64_t count = computeProduct(space.drop_back());
    if (count == 1)
      return overPanels(SmallVector<Value>(space.size() - 1, b.integer(0)), b.integer(0), slice);
    Slice numbers = groupsOf(b, slice, count, unitsOfIndex);
    b.forEach(numbers.begin, numbers.end, 1, [&](Value number) {
      SmallVector<Value> leading;
      Value rest = number;
      for (int64_t size : llvm::reverse(space.drop_back())) {
        leading.insert(leading.begin(), b.rem(rest, b.integer(size)));
        rest = b.div(rest, b.integer(size));
      }
      overPanels(leading, number, itemsOf(b, slice, number, unitsOfIndex));
    });
  }

  /// The panels that it reaches there, and in each of them its tiles. `number`: of the leading index.
  void overPanels(ArrayRef<Value> leading, Value number, Slice slice) {
    for (ProductGroup &group : groups)
      if (group.rowStride != 0)
        convert(group, leading);
    if (hasTable())
      enterAll(leading);
    own = groupsOf(b, slice, panelCount(), tiles);
    Value isPart =
        arith::CmpIOp::create(b, arith::CmpIPredicate::slt, b.sub(own.end, own.begin), b.integer(panelCount()));
    b.forEach(own.begin, own.end, 1, [&](Value turn) {
      Value panel = panelAt(turn);
      Value before = b.mul(number, b.integer(panelCount()));
      Value stacked = b.add(before, panel), next = b.add(before, panelAfter(turn));
      Slice items = panelCount() == 1 ? slice : itemsOf(b, slice, panel, tiles);
      if (frame.kind() == GroupKind::Loop) {
        Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, turn, own.begin);
        isFirstOfPart = arith::AndIOp::create(b, isPart, isFirst);
      }
      b.forEach(items.begin, items.end, tilesInBlock,
                [&](Value tile) { block(leading, panel, stacked, next, tile, items.end); });
    });
  }

  /// Where a phase is nothing but one product, and the slot is of our own, so that its rows follow one another
  /// (model.h), tiles are written there at once.
  recur::WriteOp plainWrite() {
    auto writes = llvm::to_vector(phase.getOps<recur::WriteOp>());
    if (groups.size() != 1 || writes.size() != 1 || space.size() != 1 || frame.kind() == GroupKind::At)
      return {};
    ProductGroup &group = groups.front();
    auto slot = writes[0].getSlot().getDefiningOp<recur::SlotOp>();
    bool isOwn = slot.getSource() == recur::SlotSource::workspace || slot.getSource() == recur::SlotSource::tape;
    bool isProduct = group.products.size() == 1 && writes[0].getValue() == group.products[0].getResult();
    bool hasRows = slot.getBatch() && (slot.getTime() || frame.kind() == GroupKind::Loop);
    if (!isOwn || !isProduct || !hasRows || group.matrix || group.isChunked() || writes[0].getStrides().back() != 1)
      return {};
    return writes[0];
  }

  /// Tiles before `endTile` from `firstTile` on. Past the last row of a sequence a plain product writes what nobody
  /// reads.
  void block(ArrayRef<Value> leading, Value panel, Value stacked, Value next, Value firstTile, Value endTile) {
    recur::WriteOp plain = plainWrite();
    int64_t panelWidth = blocks * lanes;
    if (!plain)
      return throughBuffer(leading, panel, stacked, next, firstTile, endTile);
    if (space.back() % panelWidth == 0)
      return inPlace(plain, panel, stacked, next, firstTile, endTile);
    Value isWhole = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, panel, b.integer(space.back() / panelWidth));
    b.either(
        isWhole, [&] { inPlace(plain, panel, stacked, next, firstTile, endTile); },
        [&] { throughBuffer(leading, panel, stacked, next, firstTile, endTile); });
  }

  void inPlace(recur::WriteOp write, Value panel, Value stacked, Value next, Value tile, Value endTile) {
    ProductGroup &group = groups.front();
    Rows rows = rowsOf(tile);
    LineList lines = linesOf({}, panel, rows, rows.count);
    b.setLoc(group.products.front().getLoc());
    Row row = frame.row(rows.first);
    Value position = b.add(b.integer(write.getOffset()), b.mul(panel, b.integer(blocks * lanes)));
    TileCore core = coreOf(group, {}, stacked, rows, b.integer(0));
    core.steps = b.integer(group.steps());
    core.out = b.at(frame.slotRow(write.getSlot(), row, row.t), real, position);
    core.outStep = b.integer(write.getSlot().getType().getValue().getNumElements());
    bringInAhead(core, group, comingNext(group, stacked, next, b.integer(0)), tilesLeft(tile, endTile));
    bringInBeside(core, group, lines);
    core.call(b, machine, rows.count);
    b.setLoc(phase.getLoc());
  }

  /// First all products of the tiles, then what follows these.
  void throughBuffer(ArrayRef<Value> leading, Value panel, Value stacked, Value next, Value firstTile, Value endTile) {
    Value endOfBlock = tilesInBlock == 1 ? endTile : b.smaller(endTile, b.add(firstTile, b.integer(tilesInBlock)));
    auto eachTile = [&](function_ref<void(Value tile, Value inBlock)> body) {
      if (tilesInBlock == 1)
        return body(firstTile, b.integer(0));
      b.forEach(firstTile, endOfBlock, 1, [&](Value tile) { body(tile, b.sub(tile, firstTile)); });
    };
    overGroups([&](ProductGroup &group) {
      overChunks(group, [&](Value k, Value steps) {
        Value ahead = comingNext(group, stacked, next, k);
        eachTile([&](Value tile, Value inBlock) {
          bringInVectors(group, leading, b.add(tile, b.integer(1)), endTile, k, steps);
          Rows rows = rowsOf(tile, inBlock);
          LineList lines = linesOf(leading, panel, rows, rowsBeside(group, k, steps, rows.count));
          products(group, leading, stacked, rows, k, steps, inBlock, ahead, tilesLeft(tile, endOfBlock), lines);
        });
      });
    });
    eachTile([&](Value tile, Value inBlock) {
      Rows rows = rowsOf(tile, inBlock);
      Value before = b.mul(inBlock, b.integer(mostRows));
      frame.forEachRow(rows.first, rows.end(b), [&](Value number, const Row &row) {
        Value i = b.sub(number, rows.first);
        KnownAddresses known = hasTable() ? table->addresses(leading, b.add(rows.place, i)) : KnownAddresses();
        finishRow(leading, panel, {frame, phase, row, std::move(known)}, b.add(before, i));
      });
    });
  }

  Value tilesLeft(Value tile, Value end) { return b.sub(b.sub(end, tile), b.integer(1)); }

  struct Rows {
    Value first, count;
    Value place; // of the first one in the table
    Value end(Code &b) const { return b.add(first, count); }
  };
  /// `inBlock`: number of the tile in its block.
  Rows rowsOf(Value tile, Value inBlock = {}) {
    Value isLarger = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, tile, larger);
    Value before = b.add(b.mul(tile, size), b.smaller(tile, larger));
    Value byTile = b.mul(inBlock ? inBlock : b.integer(0), b.integer(mostRows));
    return {b.add(firstRow, before), b.select(isLarger, b.add(size, b.integer(1)), size), hasTable() ? before : byTile};
  }

  /// What `count` rows of a tile need beside their products. A single row without a table needs nothing.
  LineList linesOf(ArrayRef<Value> leading, Value panel, const Rows &rows, Value count) {
    if (frame.isOfSingleRow())
      return {};
    if (!hasTable()) {
      Value several = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, count, b.integer(1));
      table->enter(leading, rows.first, b.select(several, count, b.integer(0)), rows.place);
    }
    return table->lines(panel, rows.place, count);
  }

  /// Groups that have one panel go to and fro as panels do.
  void overGroups(function_ref<void(ProductGroup &)> body) {
    if (frame.kind() != GroupKind::Loop || groups.size() == 1 || panelCount() > 1)
      return (void)llvm::for_each(groups, body);
    Value last = b.integer(groups.size() - 1), odd = isOddTurn();
    b.forEach(b.integer(0), b.integer(groups.size()), 1, [&](Value turn) {
      Value number = b.select(odd, b.sub(last, turn), turn);
      b.choose(number, 0, groups.size(), [&](int64_t group) { body(groups[group]); });
    });
  }

  void overChunks(ProductGroup &group, function_ref<void(Value k, Value steps)> body) {
    if (!group.isChunked())
      return body(b.integer(0), b.integer(group.steps()));
    b.forEach(b.integer(0), b.integer(group.steps()), group.chunk(),
              [&](Value k) { body(k, b.smaller(b.integer(group.chunk()), b.sub(b.integer(group.steps()), k))); });
  }

  /// The rows whose lines come with these products: the phase goes on with them after the last chunk of the first
  /// group.
  Value rowsBeside(ProductGroup &group, Value k, Value steps, Value rows) {
    if (&group != groups.begin())
      return b.integer(0);
    Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, b.add(k, steps), b.integer(group.steps()));
    return b.select(isLast, rows, b.integer(0));
  }

  /// Steps of a loop go through the panels to and fro: what a cache still holds of the weights, it holds of those used
  /// last. Panels are independent of each other, so the order changes no result.
  Value panelAt(Value turn) {
    if (frame.kind() != GroupKind::Loop || panelCount() == 1)
      return turn;
    Value last = b.sub(own.end, b.integer(1));
    return b.select(isOddTurn(), b.sub(b.add(own.begin, last), turn), turn);
  }

  Value isOddTurn() {
    Value odd = arith::AndIOp::create(b, frame.turn(), b.integer(1));
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, odd, b.integer(0));
  }

  Value panelAfter(Value turn) { return panelAt(b.smaller(b.add(turn, b.integer(1)), b.sub(own.end, b.integer(1)))); }

  Value panelStart(ProductGroup &group, Value stackedPanel) {
    Value offset = b.mul(stackedPanel, b.integer(group.panelRows * group.columns * lanes));
    return b.at(frame.base(group.slot), group.arithmetic->cell(), offset);
  }

  /// Where the weights are that will be used after chunk `k` of a panel. The only panel of a product follows itself:
  /// bringing in what is there costs less than a second function of tiles (9 KB). Null for narrow panels, which have
  /// functions of their own.
  Value comingNext(ProductGroup &group, Value panel, Value nextPanel, Value k) {
    if (group.parts() > 1 || frame.isOfSingleRow())
      return {};
    Value after = b.add(k, b.integer(group.chunk()));
    Value inPanel = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, after, b.integer(group.steps()));
    Value further =
        b.at(panelStart(group, panel), group.arithmetic->cell(), b.mul(after, b.integer(group.columns * lanes)));
    return b.select(inPanel, further, panelStart(group, nextPanel));
  }

  /// Each of the last tiles of rows, after which `tilesLeft` use the same weights, brings in as much as a vector
  /// column. With fewer tiles than columns the processor fetches the rest in time by itself.
  void bringInAhead(TileCore &core, ProductGroup &group, Value ahead, Value tilesLeft) {
    if (!ahead)
      return;
    core.ahead = b.at(ahead, group.arithmetic->cell(), b.mul(tilesLeft, b.integer(group.chunk() * lanes)));
    core.bringsAhead = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, tilesLeft, b.integer(group.columns));
  }

  /// The elements that the group's products take of a row.
  Value vectorRow(ProductGroup &group, ArrayRef<Value> leading, const Row &row) {
    recur::ReadOp vector = group.vector;
    return b.at(frame.readRow(vector, row), real, b.dot(vector.getOffset(), vector.getStrides().drop_back(), leading));
  }

  /// Row `number` of the block, in cells.
  Value convertedRow(ProductGroup &group, Value number) {
    Value offset = b.add(b.mul(number, b.integer(group.rowStride)), b.integer(ProductGroup::rowHead));
    return b.at(group.converted, b.getI8Type(), offset);
  }

  void convert(ProductGroup &group, ArrayRef<Value> leading) {
    b.setLoc(group.products.front().getLoc());
    frame.forEachRow(firstRow, b.add(firstRow, rowCount), [&](Value number, const Row &row) {
      group.arithmetic->convertRow(vectorRow(group, leading, row), group.vector.getStrides().back(), group.depth,
                                   group.steps(), convertedRow(group, b.sub(number, firstRow)));
    });
    b.setLoc(phase.getLoc());
  }

  /// Has the tile bring the listed lines in, as many as it has turns for; the others come at once.
  void bringInBeside(TileCore &core, const ProductGroup &group, const LineList &lines) {
    if (frame.isOfSingleRow())
      return;
    core.beside = lines;
    Value turns = core.ahead && !group.matrix ? b.div(core.steps, b.integer(TileCore::mostUnrolled)) : b.integer(0);
    core.beside.bringIn(b, turns);
  }

  /// In a step of a loop that threads share, others have just written a part of the vectors. Those of a tile come while
  /// the products of the one before it run.
  void bringInVectors(ProductGroup &group, ArrayRef<Value> leading, Value tile, Value endTile, Value k, Value steps) {
    int64_t stride = group.vector.getStrides().back();
    bool isShared = frame.kind() == GroupKind::Loop && panelCount() > 1 && !frame.isOfSingleRow();
    if (!isShared || group.rowStride != 0 || stride != 1)
      return;
    Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, tile, endTile);
    b.when(arith::AndIOp::create(b, isFirstOfPart, exists), [&] {
      Rows rows = rowsOf(tile);
      frame.forEachRow(rows.first, rows.end(b), [&](Value, const Row &row) {
        Value start = b.at(vectorRow(group, leading, row), real, k);
        int64_t line = 512 / real.getWidth();
        b.forEach(b.integer(0), steps, line, [&](Value element) { b.prefetch(b.at(start, real, element)); });
      });
    });
  }

  /// The products of `rows` with a chunk of a panel, whose sums go on from those of the chunk before.
  void products(ProductGroup &group, ArrayRef<Value> leading, Value stackedPanel, Rows rows, Value k, Value steps,
                Value inBlock, Value ahead, Value tilesLeft, const LineList &lines) {
    b.setLoc(group.products.front().getLoc());
    TileCore core = coreOf(group, leading, stackedPanel, rows, k);
    core.steps = steps;
    core.out = b.at(group.out, real, b.mul(inBlock, b.integer(mostRows * group.columns * lanes)));
    bringInAhead(core, group, ahead, tilesLeft);
    bringInBeside(core, group, lines);
    if (group.isChunked())
      core.goesOn = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, k, b.integer(0));
    if (group.matrix)
      callMatrixTile(b, machine, core, group.rowStride, rows.count, inMatrixTiles);
    else
      core.call(b, machine, rows.count);
    b.setLoc(phase.getLoc());
  }

  /// The inner loop for `rows`, from step `k` of a panel on.
  TileCore coreOf(ProductGroup &group, ArrayRef<Value> leading, Value stackedPanel, Rows rows, Value k) {
    if (group.isChunked() || !hasTable())
      enterVectors(group, leading, rows, k);
    TileCore core(*group.arithmetic, lanes, group.columns);
    core.strideA = group.vector.getStrides().back();
    core.parts = group.parts();
    core.singleRow = frame.isOfSingleRow();
    if (!core.singleRow && !group.matrix)
      core.mostRows = mostRows;
    core.rows = b.at(group.rows, b.pointerType(), rows.place);
    core.weights =
        b.at(panelStart(group, stackedPanel), group.arithmetic->cell(), b.mul(k, b.integer(group.columns * lanes)));
    if (exceedsCaches)
      core.reach = core.reachBeyondCaches();
    return core;
  }

  /// Says in the group's table where the vectors of rows begin, from step `k` on.
  void enterVectors(ProductGroup &group, ArrayRef<Value> leading, const Rows &rows, Value k) {
    Value first = b.mul(k, b.integer(group.vector.getStrides().back()));
    frame.forEachRow(rows.first, rows.end(b), [&](Value number, const Row &row) {
      Value start = group.rowStride != 0 ? convertedRow(group, b.sub(number, firstRow))
                                         : b.at(vectorRow(group, leading, row), real, first);
      b.store(start, b.at(group.rows, b.pointerType(), b.add(rows.place, b.sub(number, rows.first))));
    });
  }

  /// Everything after the products, for a row which is row `i` of the block's buffer.
  void finishRow(ArrayRef<Value> leading, Value panel, const RowAddresses &row, Value i) {
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
  int64_t lanes = 1, blocks = 1, tilesInBlock = 1;
  int64_t mostRows = tileRows;                   // of a tile
  int64_t convertedBytes = 0;                    // of one row, for all groups
  bool exceedsCaches = false;                    // what all phases of the group read of weights
  Value inMatrixTiles;                           // whether they are used
  Value firstRow, rowCount, tiles, size, larger; // of the current block of rows
  std::optional<RowTable> table;                 // of the current block of rows, or else of its current tiles
  Slice own;                                     // panels of the slice
  Value isFirstOfPart;                           // whether the current one is their first, and there are others
};

} // namespace

void emitProductTiles(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Slice slice) {
  ProductTiles(frame, machine, phase).emit(slice);
}

void emitProductRows(const Frame &frame, const Machine &machine, recur::PhaseOp phase, Value first, Value count) {
  ProductTiles(frame, machine, phase).emitRows(first, count);
}

} // namespace seqc::cpu
