//===- PlanTiles.cpp - Packs weights and reserves scratch memory for tiles --------===//
#include "codegen/cpu/CpuPasses.h"
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/MatrixTiles.h"
#include "codegen/cpu/Phases.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/Support/MathExtras.h"

namespace seqc::cpu {
#define GEN_PASS_DEF_PLANTILES
#include "codegen/cpu/CpuPasses.h.inc"

using namespace mlir;

namespace {

bool constantInTime(recur::ReadOp read) {
  auto slot = read.getSlot().getDefiningOp<recur::SlotOp>();
  return !slot.getTime() && !slot.getBatch() && !read.getId() && read.getShift() == 0 && read.getBoundary().empty();
}

/// Weights that no row changes, times a vector of each row.
bool canTile(recur::MatmulOp product) {
  auto weights = product.getA().getDefiningOp<recur::ReadOp>();
  auto vector = product.getB().getDefiningOp<recur::ReadOp>();
  // With fewer outputs than that, lanes along the contracted dim do better.
  constexpr int64_t fewest = 4;
  return weights && vector && product.isMatrixVector() && constantInTime(weights) &&
         cast<RankedTensorType>(product.getType()).getShape().back() >= fewest;
}

/// Products that share packed weights: same vector, same shape.
using Group = SmallVector<recur::MatmulOp>;

bool belongTogether(recur::MatmulOp x, recur::MatmulOp y) {
  return x.getA().getType() == y.getA().getType() &&
         OperationEquivalence::isEquivalentTo(x.getB().getDefiningOp(), y.getB().getDefiningOp(),
                                              OperationEquivalence::IgnoreLocations);
}

SmallVector<Group> groupsOf(recur::PhaseOp phase) {
  SmallVector<Group> groups;
  if (phase.getTotal() || phase.getSpace().empty() || isa<recur::OnceOp>(phase->getParentOp()))
    return groups;
  for (Operation &op : phase.getBody().front()) {
    auto product = dyn_cast<recur::MatmulOp>(op);
    if (!product || !canTile(product)) {
      // The phase has to go element by element.
      if (contractsAlongLanes(&op))
        return {};
      continue;
    }
    auto *group = llvm::find_if(groups, [&](Group &group) { return belongTogether(group.front(), product); });
    if (group == groups.end())
      groups.push_back({product});
    else
      group->push_back(product);
  }
  return groups;
}

/// Where the outputs first … first + outputs - 1 of a product have their weights for a part of the contracted dim.
struct Piece {
  Value slot;
  int64_t offset;
  SmallVector<int64_t> strides; // along leading dims, outputs and the contracted dim
  int64_t first, outputs, depthBefore, depth;
};

Piece wholePiece(recur::ReadOp weights) {
  ArrayRef<int64_t> shape = weights.getType().getShape();
  return {weights.getSlot(), weights.getOffset(), llvm::to_vector(weights.getStrides()), 0, shape[shape.size() - 2], 0,
          shape.back()};
}

/// The piece that a write puts into concatenated weights, if it is a copy of a matrix.
std::optional<Piece> pieceOf(recur::WriteOp write, recur::ReadOp weights) {
  auto source = write.getValue().getDefiningOp<recur::ReadOp>();
  auto phase = cast<recur::PhaseOp>(write->getParentOp());
  if (!source || !constantInTime(source) || phase.getSpace().size() != 2)
    return {};
  ArrayRef<int64_t> space = phase.getSpace(), to = write.getStrides(), as = weights.getStrides();
  // A single column has the same strides either way.
  bool turned = to != as && to[0] == as[1] && to[1] == as[0];
  if ((!turned && to != as) || std::min(as[0], as[1]) != 1)
    return {};
  int64_t line = std::max(as[0], as[1]), across = write.getOffset() / line, along = write.getOffset() % line;
  bool isLine = as[0] == line;
  return Piece{source.getSlot(),        source.getOffset(), {source.getStrides()[turned], source.getStrides()[!turned]},
               isLine ? across : along, space[turned],      isLine ? along : across,
               space[!turned]};
}

/// What concatenated weights consist of, or the weights as they are.
SmallVector<Piece> piecesOf(recur::ReadOp weights) {
  SmallVector<Piece> whole = {wholePiece(weights)}, pieces;
  auto shape = weights.getType().getShape();
  if (weights.getOffset() != 0 || shape.size() != 2)
    return whole;
  int64_t found = 0;
  for (Operation *user : weights.getSlot().getUsers()) {
    auto write = dyn_cast<recur::WriteOp>(user);
    if (!write)
      continue;
    std::optional<Piece> piece = pieceOf(write, weights);
    if (!piece)
      return whole;
    found += piece->outputs * piece->depth;
    pieces.push_back(std::move(*piece));
  }
  llvm::sort(pieces, [](const Piece &x, const Piece &y) {
    return std::pair(x.first, x.depthBefore) < std::pair(y.first, y.depthBefore);
  });
  return found == shape[0] * shape[1] ? pieces : whole;
}

/// Adds the packed slots of one system and what fills them.
class Packing {
public:
  Packing(recur::SystemOp system, const Machine &machine, WeightFormat weights)
      : system(system), machine(machine), weights(weights), b(system.getContext()) {}

  int64_t pack(recur::PhaseOp phase) {
    SmallVector<Group> groups = groupsOf(phase);
    size_t count = 0;
    int64_t blocks = groups.empty() ? 0 : blocksOfPanel(phase, groups);
    for (auto [number, group] : llvm::enumerate(groups)) {
      pack(phase, group, blocks, number);
      count += group.size();
    }
    return count;
  }

  /// One scratch slot for all totals.
  void reserveScratch() {
    int64_t size = 0;
    FloatType real;
    system.walk([&](recur::PhaseOp phase) {
      if (!isTotalOfOuter(phase))
        return;
      size = std::max(size, totalScratch(machine, phase));
      real = realType(phase);
    });
    if (size > 0)
      addSlot(recur::SlotSource::workspace, "scratch", RankedTensorType::get({size}, real))
          ->setAttr("recur.scratch", b.getUnitAttr());
  }

private:
  struct Layout {
    SmallVector<int64_t> leading;
    int64_t rows, depth, steps, blocks, panels, products, lanes;
    Type stored;

    RankedTensorType type() const {
      PanelFormat format = PanelFormat::of(stored);
      SmallVector<int64_t> shape = {computeProduct(leading), panels, format.head + steps, blocks * products, lanes};
      if (format.narrow())
        shape.push_back(format.group);
      return RankedTensorType::get(shape, stored);
    }
    int64_t panelSize() const { return depth * blocks * products * lanes; }
  };

  Type storedType(Type real, int64_t depth) {
    if (weights == WeightFormat::full || depth > longestNarrowRow)
      return real;
    return weights == WeightFormat::bf16 ? Type(b.getBF16Type()) : Type(b.getI8Type());
  }

  Layout layoutOf(recur::MatmulOp product, int64_t products, int64_t blocks) {
    auto type = cast<RankedTensorType>(product.getA().getType());
    ArrayRef<int64_t> shape = type.getShape();
    Layout layout;
    layout.leading = SmallVector<int64_t>(shape.drop_back(2));
    layout.rows = shape[shape.size() - 2];
    layout.depth = shape.back();
    layout.products = products;
    layout.lanes = machine.lanes(type.getElementType(), layout.rows);
    layout.stored = storedType(type.getElementType(), layout.depth);
    layout.steps = panelSteps(machine, layout.stored, layout.lanes, layout.depth);
    layout.blocks = blocks;
    layout.panels = llvm::divideCeil(layout.rows, layout.lanes * blocks);
    return layout;
  }

  /// How many vectors of each product of a phase a panel holds: one number for all, which go through the panels
  /// together.
  int64_t blocksOfPanel(recur::PhaseOp phase, ArrayRef<Group> groups) {
    int64_t products = 0, columnBytes = 0, vectors = 0;
    bool inParts = true; // with narrow panels in a loop
    for (const Group &group : groups) {
      Layout layout = layoutOf(group.front(), group.size(), /*blocks=*/1);
      products = std::max(products, layout.products);
      columnBytes = std::max(columnBytes, layout.depth * layout.lanes * layout.stored.getIntOrFloatBitWidth() / 8);
      vectors = layout.panels;
      int64_t columns = fullTileColumns(machine);
      inParts &= !PanelFormat::of(layout.stored).narrow() &&
                 TileCore::hasPartsInLoop(machine, columns, layout.depth, columns * columnBytes);
    }
    int64_t columns = columnsOfPanel(phase, vectors * products, products, columnBytes, inParts);
    return fullPanels(vectors, std::clamp<int64_t>(columns / products, 1, vectors), products);
  }

  /// A tile of many rows is best with as many columns as fit in registers: panels are short then. A single row needs
  /// many sums at once, which wide panels give it: the fewer a narrow one has, the larger a wide one may be. The steps
  /// of a loop go through panels to and fro and find those in the nearest cache that were used last, if it holds them
  /// beside what the loop's other phases use in between: with narrow panels where not all weights fit, and no wide one,
  /// or where narrow ones have sums enough, being in parts.
  int64_t columnsOfPanel(recur::PhaseOp phase, int64_t allColumns, int64_t products, int64_t columnBytes,
                         bool inParts) {
    int64_t narrow = fullTileColumns(machine), wide = 2 * narrow, sums = narrow / products * products;
    int64_t wideBytes = wide / products * products * columnBytes;
    auto loop = dyn_cast<recur::LoopOp>(phase->getParentOp());
    int64_t mostKilobytes = sums >= 4 ? 48 : sums == 3 ? 128 : 256;
    if (wideBytes > mostKilobytes * 1024)
      return narrow;
    if (!loop || sums < 4 || allColumns <= narrow)
      return wide;
    int64_t inLoop = bytesOfWeights(loop), others = inLoop - bytesOfWeights(phase);
    bool allFit = inLoop <= nearestCacheBytes, narrowFits = others + narrow * columnBytes <= nearestCacheBytes;
    bool wideDoes = allColumns > wide && others + wideBytes <= nearestCacheBytes;
    return !allFit && narrowFits && (inParts || !wideDoes) ? narrow : wide;
  }

  int64_t bytesOfWeights(Operation *of) {
    int64_t bytes = 0;
    of->walk([&](recur::MatmulOp product) {
      auto weights = cast<RankedTensorType>(product.getA().getType());
      Type stored = storedType(weights.getElementType(), product.getDepth());
      bytes += weights.getNumElements() * stored.getIntOrFloatBitWidth() / 8;
    });
    return bytes;
  }

  /// So many vectors a panel, up to `most`, that the last one is nearly full, whose empty columns are multiplied like
  /// the others. 41 vectors in panels of 4 would cost as much as 44, in panels of 3 as 42.
  static int64_t fullPanels(int64_t vectors, int64_t most, int64_t products) {
    auto cost = [&](int64_t blocks) {
      constexpr double panelCost = 0.25; // in columns
      return double(llvm::divideCeil(vectors, blocks)) * (double(blocks * products) + panelCost);
    };
    int64_t best = most;
    for (int64_t blocks = most - 1; 4 * blocks >= 3 * most; --blocks)
      if (cost(blocks) < cost(best))
        best = blocks;
    return best;
  }

  void pack(recur::PhaseOp phase, Group &group, int64_t blocks, int64_t number) {
    Layout layout = layoutOf(group.front(), group.size(), blocks);
    bool prepared = llvm::all_of(group, [](recur::MatmulOp product) {
      recur::SlotSource source = weightsOf(product).getSlot().getDefiningOp<recur::SlotOp>().getSource();
      return source == recur::SlotSource::param || source == recur::SlotSource::prepared;
    });
    std::string name = phase.getName().str() + ".packed" + (number ? std::to_string(number) : "");
    auto source = prepared ? recur::SlotSource::prepared : recur::SlotSource::workspace;
    recur::SlotOp slot = addSlot(source, name, layout.type());

    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(phase->getParentOp());
    auto once = recur::OnceOp::create(b, group.front().getLoc(), TypeRange(), prepared);
    b.setInsertionPointToStart(&once.getBody().emplaceBlock());
    bool narrow = PanelFormat::of(layout.stored).narrow();
    if (!narrow)
      clearLastPanel(slot, layout);
    for (auto [q, product] : llvm::enumerate(group)) {
      if (narrow)
        roundProduct(slot, product, q, group.size());
      else
        copyProduct(slot, layout, product, q);
    }
    recur::YieldOp::create(b, once.getLoc(), ValueRange());
    for (auto [q, product] : llvm::enumerate(group)) {
      b.setInsertionPoint(product);
      product.getAMutable().assign(
          recur::ReadPackedOp::create(b, product.getLoc(), product.getA().getType(), slot.getSlot(), q, group.size()));
    }
  }

  void roundProduct(recur::SlotOp slot, recur::MatmulOp product, int64_t q, int64_t products) {
    SmallVector<Piece> pieces = piecesOf(weightsOf(product));
    // An output is rounded as a whole.
    int64_t depth = product.getDepth();
    if (llvm::any_of(pieces, [&](const Piece &piece) { return piece.depth != depth; }))
      pieces = {wholePiece(weightsOf(product))};
    for (const Piece &piece : pieces) {
      SmallVector<int64_t> space(cast<RankedTensorType>(product.getA().getType()).getShape());
      space[space.size() - 2] = piece.outputs;
      auto phase = recur::PhaseOp::create(b, product.getLoc(), slot.getName(), space, /*total=*/false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&phase.getBody().emplaceBlock());
      auto type = RankedTensorType::get(space, Float32Type::get(b.getContext()));
      recur::PackOp::create(b, product.getLoc(), readOf(product, piece, type, piece.offset, piece.strides),
                            slot.getSlot(), q, products, piece.first);
    }
  }

  Value readOf(recur::MatmulOp product, const Piece &piece, RankedTensorType type, int64_t offset,
               ArrayRef<int64_t> strides) {
    return recur::ReadOp::create(b, product.getLoc(), type, piece.slot, /*shift=*/0, ValueRange(), /*id=*/Value(),
                                 /*id_stride=*/0, offset, strides);
  }

  static recur::ReadOp weightsOf(recur::MatmulOp product) { return product.getA().getDefiningOp<recur::ReadOp>(); }

  recur::SlotOp addSlot(recur::SlotSource source, const std::string &name, RankedTensorType type) {
    OpBuilder::InsertionGuard guard(b);
    recur::SlotOp last;
    for (auto slot : system.getOps<recur::SlotOp>())
      last = slot;
    b.setInsertionPointAfter(last);
    return recur::SlotOp::create(b, system.getLoc(), recur::SlotType::get(b.getContext(), type), source, name,
                                 /*index=*/0, /*time=*/false, /*ring=*/0, /*batch=*/false, /*zeroed=*/false,
                                 /*fallback=*/Value(), /*host=*/Value());
  }

  /// A phase that writes `value(space)` to the slot.
  void writePhase(Location loc, StringRef name, ArrayRef<int64_t> space, function_ref<Value(RankedTensorType)> value,
                  recur::SlotOp slot, int64_t offset, ArrayRef<int64_t> strides) {
    auto phase = recur::PhaseOp::create(b, loc, name, space, /*total=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&phase.getBody().emplaceBlock());
    Type real = slot.getSlot().getType().getValue().getElementType();
    Value result = value(RankedTensorType::get(space, real));
    recur::WriteOp::create(b, loc, result, slot.getSlot(), offset, strides);
  }

  /// Lanes and columns past the last output of a product are zero.
  void clearLastPanel(recur::SlotOp slot, const Layout &layout) {
    if (layout.rows == layout.panels * layout.blocks * layout.lanes)
      return;
    int64_t size = layout.panelSize(), count = computeProduct(layout.leading);
    writePhase(slot.getLoc(), (slot.getName() + ".clear").str(), {count, size},
               [&](RankedTensorType type) -> Value {
                 auto zero = DenseElementsAttr::get(type, FloatAttr::get(type.getElementType(), 0.0));
                 return recur::ConstantOp::create(b, slot.getLoc(), type, zero);
               },
               slot, (layout.panels - 1) * size, {layout.panels * size, 1});
  }

  void copyProduct(recur::SlotOp slot, const Layout &layout, recur::MatmulOp product, int64_t q) {
    int64_t panelRows = layout.blocks * layout.lanes;
    SmallVector<Piece> pieces = piecesOf(weightsOf(product));
    // Pieces that start inside of a panel need more copies, which small weights are not worth.
    constexpr int64_t largeBytes = 1024 * 1024;
    bool isLarge = layout.rows * layout.depth * layout.stored.getIntOrFloatBitWidth() / 8 >= largeBytes;
    if (!isLarge && llvm::any_of(pieces, [&](const Piece &piece) { return piece.first % panelRows != 0; }))
      pieces = {wholePiece(weightsOf(product))};
    for (const Piece &piece : pieces)
      copyPiece(slot, layout, product, q, piece);
  }

  /// Lanes up to a vector's end, vectors up to a panel's end, panels, and what is left.
  void copyPiece(recur::SlotOp slot, const Layout &layout, recur::MatmulOp product, int64_t q, const Piece &piece) {
    int64_t lanes = layout.lanes, panelRows = layout.blocks * lanes, done = 0;
    auto copy = [&](int64_t panels, int64_t blocks, int64_t width) {
      copyRows(slot, layout, product, q, piece, done, panels, blocks, width);
      done += panels * blocks * width;
    };
    auto left = [&] { return piece.outputs - done; };
    auto upTo = [&](int64_t size) {
      int64_t next = piece.first + done;
      return std::min<int64_t>(llvm::alignTo(next, size) - next, left());
    };
    copy(1, 1, upTo(lanes));
    copy(1, upTo(panelRows) / lanes, lanes);
    copy(left() / panelRows, layout.blocks, lanes);
    copy(1, left() / lanes, lanes);
    copy(1, 1, left());
  }

  /// Outputs first … first + panels · blocks · lanes - 1 of a piece: whole panels, or vectors of one, or lanes of one.
  void copyRows(recur::SlotOp slot, const Layout &layout, recur::MatmulOp product, int64_t q, const Piece &piece,
                int64_t first, int64_t panels, int64_t blocks, int64_t lanes) {
    if (panels * blocks * lanes == 0)
      return;
    int64_t alongOutput = piece.strides[piece.strides.size() - 2], alongDepth = piece.strides.back();
    int64_t block = (piece.first + first) / layout.lanes, columns = layout.blocks * layout.products;

    SmallVector<int64_t> space(layout.leading), reads(ArrayRef(piece.strides).drop_back(2)), writes;
    for (int64_t stride : computeStrides(layout.leading))
      writes.push_back(stride * layout.panels * layout.panelSize());
    space.append({panels, blocks, piece.depth, lanes});
    reads.append({layout.blocks * layout.lanes * alongOutput, layout.lanes * alongOutput, alongDepth, alongOutput});
    writes.append({layout.panelSize(), layout.products * layout.lanes, columns * layout.lanes, 1});
    // Where outputs are neighbours in memory, all blocks of a line are copied before the next line.
    if (alongOutput == 1)
      for (SmallVector<int64_t> *dims : {&space, &reads, &writes})
        std::swap((*dims)[dims->size() - 3], (*dims)[dims->size() - 2]);
    int64_t offset = block / layout.blocks * layout.panelSize() + piece.depthBefore * columns * layout.lanes +
                     (block % layout.blocks * layout.products + q) * layout.lanes +
                     (piece.first + first) % layout.lanes;
    writePhase(
        product.getLoc(), slot.getName(), space,
        [&](RankedTensorType type) -> Value {
          return readOf(product, piece, type, piece.offset + first * alongOutput, reads);
        },
        slot, offset, writes);
  }

  recur::SystemOp system;
  const Machine &machine;
  WeightFormat weights;
  OpBuilder b;
};

/// Training programs keep the model's own numbers.
bool isTraining(recur::SystemOp system) {
  auto program = system->getAttrOfType<StringAttr>("recur.program");
  return program && (program.getValue() == "forward_taped" || program.getValue() == "backward");
}

struct PlanTiles : impl::PlanTilesBase<PlanTiles> {
  using PlanTilesBase::PlanTilesBase;

  void runOnOperation() override {
    Machine machine{vectorBits, registers, true, dotBf16, dotInt8};
    for (auto system : getOperation().getOps<recur::SystemOp>()) {
      WeightFormat format = isTraining(system) ? WeightFormat::full : weights;
      if (format != WeightFormat::full && computesInF64(system)) {
        system.emitError("narrow weights need a model that computes in f32");
        return signalPassFailure();
      }
      for (auto map : system.getOps<recur::MapOp>())
        mergeTotals(map);
      markFirstTotals(system);
      Packing packing(system, machine, format);
      SmallVector<recur::PhaseOp> phases;
      system.walk([&](recur::PhaseOp phase) { phases.push_back(phase); });
      for (recur::PhaseOp phase : phases)
        packed += packing.pack(phase);
      packing.reserveScratch();
    }
    eraseUnusedReads();
    for (auto system : getOperation().getOps<recur::SystemOp>())
      eraseUnreadSlots(system);
  }

  /// Concatenated weights that are packed piece by piece are not needed as a whole.
  void eraseUnreadSlots(recur::SystemOp system) {
    for (auto slot : llvm::make_early_inc_range(system.getOps<recur::SlotOp>())) {
      SmallVector<Operation *> users(slot->getUsers());
      bool isOwn = slot.getSource() == recur::SlotSource::workspace || slot.getSource() == recur::SlotSource::prepared;
      if (!isOwn || users.empty() || !llvm::all_of(users, [](Operation *user) { return isa<recur::WriteOp>(user); }))
        continue;
      for (Operation *write : users)
        eraseWrite(cast<recur::WriteOp>(write));
      slot.erase();
    }
    eraseUnusedReads();
  }

  static void eraseWrite(recur::WriteOp write) {
    auto phase = cast<recur::PhaseOp>(write->getParentOp());
    Operation *group = phase->getParentOp();
    write.erase();
    if (!phase.getOps<recur::WriteOp>().empty() || !phase.getOps<recur::AccumulateOp>().empty())
      return;
    phase.erase();
    if (group->getRegion(0).getOps<recur::PhaseOp>().empty())
      group->erase();
  }

  void eraseUnusedReads() {
    SmallVector<Operation *> unused;
    getOperation().walk([&](recur::ReadOp read) {
      if (read->use_empty())
        unused.push_back(read);
    });
    for (Operation *read : unused)
      read->erase();
  }
};

} // namespace
} // namespace seqc::cpu
