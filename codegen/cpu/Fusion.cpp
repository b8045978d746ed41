//===- Fusion.cpp - Phases that share their loop over rows ----------------------===//
#include "codegen/cpu/Fusion.h"

#include "codegen/cpu/Elements.h"
#include "codegen/cpu/TileCore.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace seqc::cpu {

//===-- Which phases ----------------------------------------------------------------===//

/// Loops in time are for rows of a nest alone: threads divide the panels of a product there.
static bool canGoByRows(const Machine &machine, recur::PhaseOp phase, Value scratch) {
  Operation *group = phase->getParentOp();
  if (phase.getTotal() || !isa<recur::MapOp, recur::LoopOp>(group))
    return false;
  return isNest(machine, phase, scratch) || (isa<recur::MapOp>(group) && hasPackedProducts(phase));
}

/// One of the slots that may be where this one is.
static Value memoryOf(Value slot) {
  auto op = slot.getDefiningOp<recur::SlotOp>();
  Value other = op.getFallback() ? op.getFallback() : op.getHost();
  return other ? memoryOf(other) : slot;
}

/// The memory that a phase writes, if each of its rows writes a part of its own.
static std::optional<llvm::DenseSet<Value>> writtenByRow(recur::PhaseOp phase) {
  llvm::DenseSet<Value> written;
  bool inMap = isa<recur::MapOp>(phase->getParentOp());
  for (auto write : phase.getOps<recur::WriteOp>()) {
    auto slot = write.getSlot().getDefiningOp<recur::SlotOp>();
    if (!slot.getBatch() || (inMap && !slot.getTime()))
      return {};
    written.insert(memoryOf(slot));
  }
  return written;
}

namespace {
/// What a phase reads of the memory that another one of its group writes.
enum class Reads { Nothing, SameRow, OtherRows };
} // namespace

static Reads readsOf(recur::PhaseOp phase, const llvm::DenseSet<Value> &written) {
  bool inLoop = isa<recur::LoopOp>(phase->getParentOp());
  Reads found = Reads::Nothing;
  auto isWritten = [&](Value slot) { return slot && written.contains(memoryOf(slot)); };
  for (auto read : phase.getOps<recur::ReadOp>()) {
    if (llvm::any_of(read.getBoundary(), isWritten))
      return Reads::OtherRows;
    if (!isWritten(read.getSlot()) && !isWritten(read.getId()))
      continue;
    if (read.getShift() == 0)
      found = Reads::SameRow;
    else if (!inLoop) // there it is another step, which no phase of this one writes
      return Reads::OtherRows;
  }
  return found;
}

static bool addToOneSlot(recur::PhaseOp phase, recur::PhaseOp other) {
  llvm::DenseSet<Value> slots;
  for (auto total : phase.getOps<recur::AccumulateOp>())
    slots.insert(total.getSlot());
  return llvm::any_of(other.getOps<recur::AccumulateOp>(),
                      [&](recur::AccumulateOp total) { return slots.contains(total.getSlot()); });
}

/// Totals of outer products at the end of `fused` that copy what a phase sums up, so that it need not be read again. No
/// total that the phase adds to as well may come after it: it may be one that stores its first block (`first`).
static FusedPhases *totalsThatCopy(recur::PhaseOp phase, MutableArrayRef<FusedPhases> fused, Value scratch) {
  for (FusedPhases &earlier : llvm::reverse(fused)) {
    if (!earlier.front().getTotal() || addToOneSlot(phase, earlier.front()))
      return nullptr;
    if (scratch && isTotalOfOuter(earlier.front()) && sumsOperands(phase, earlier.front()))
      return &earlier;
  }
  return nullptr;
}

recur::PhaseOp mainPhase(ArrayRef<recur::PhaseOp> fused) {
  recur::PhaseOp first = fused.front();
  return first.getTotal() ? first : fused.back();
}

SmallVector<FusedPhases> fusePhases(const Machine &machine, ArrayRef<recur::PhaseOp> phases, Value scratch) {
  SmallVector<FusedPhases> fused;
  // Of the last of them.
  llvm::DenseSet<Value> written;
  bool isOpen = false;
  for (recur::PhaseOp phase : phases) {
    if (FusedPhases *totals = totalsThatCopy(phase, fused, scratch)) {
      totals->push_back(phase);
      continue;
    }
    std::optional<llvm::DenseSet<Value>> own = writtenByRow(phase);
    bool byRows = own && canGoByRows(machine, phase, scratch);
    auto joins = [&] {
      Reads reads = readsOf(phase, written);
      bool gains =
          reads == Reads::SameRow || (!hasPackedProducts(phase) && llvm::none_of(fused.back(), hasPackedProducts));
      return gains && reads != Reads::OtherRows && llvm::all_of(fused.back(), [&](recur::PhaseOp earlier) {
               return readsOf(earlier, *own) != Reads::OtherRows;
             });
    };
    if (!byRows || !isOpen || !joins()) {
      fused.emplace_back();
      written.clear();
    }
    fused.back().push_back(phase);
    isOpen = byRows;
    if (byRows)
      written.insert(own->begin(), own->end());
  }
  return fused;
}

//===-- Their loop ------------------------------------------------------------------===//

static int64_t bytesOf(Value slot) {
  RankedTensorType type = cast<recur::SlotType>(slot.getType()).getValue();
  return type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

/// What a row of them takes.
static int64_t rowBytes(ArrayRef<recur::PhaseOp> phases) {
  llvm::DenseSet<Value> slots;
  for (recur::PhaseOp phase : phases) {
    for (auto read : phase.getOps<recur::ReadOp>())
      slots.insert(read.getSlot());
    for (auto write : phase.getOps<recur::WriteOp>())
      slots.insert(write.getSlot());
  }
  int64_t bytes = 1;
  for (Value slot : slots)
    if (slot.getDefiningOp<recur::SlotOp>().getBatch())
      bytes += bytesOf(slot);
  return bytes;
}

/// Rows of a block: they take a part of a second-level cache, beside panels of weights, which several tiles of rows are
/// to share. Without products there is nothing to share.
static int64_t blockRows(ArrayRef<recur::PhaseOp> phases) {
  if (llvm::none_of(phases, hasPackedProducts))
    return 1;
  constexpr int64_t bytes = 256 * 1024, fewestTiles = 8, mostTiles = mostProductRows / tileRows;
  return std::clamp(bytes / (rowBytes(phases) * tileRows), fewestTiles, mostTiles) * tileRows;
}

Value fusedUnits(Code &b, const Machine &machine, ArrayRef<recur::PhaseOp> phases, Value scratch, Value rows) {
  if (recur::PhaseOp first = phases.front(); phases.size() == 1 || first.getTotal())
    return countUnits(b, machine, first, scratch, rows);
  int64_t size = blockRows(phases);
  return b.div(b.add(rows, b.integer(size - 1)), b.integer(size));
}

/// Rows of a map pass through the nests in blocks that stay in the nearest cache: rows do not wait for each other, so
/// that the processor works on several of them at once. In a loop in time there may be one row only, whose scalars had
/// better stay in registers.
static void overRows(ArrayRef<Frame> frames, const Machine &machine, ArrayRef<recur::PhaseOp> nests, Value first,
                     Value end) {
  const Frame &frame = frames.front();
  Code &b = frame.code();
  auto rows = [&](ArrayRef<Frame> frames, ArrayRef<recur::PhaseOp> nests, Value first, Value end) {
    frames.front().forEachRow(first, end, [&](Value, const Row &row) {
      ComingRow next;
      if (frame.kind() == GroupKind::Loop && !frame.isOfSingleRow())
        next.number = b.smaller(b.add(row.b, b.integer(1)), b.sub(end, b.integer(1)));
      for (size_t i = 0; i < nests.size(); ++i)
        emitNestRow(frames[i], machine, nests[i], row, next);
    });
  };
  constexpr int64_t bytes = 32 * 1024, mostRows = 16;
  int64_t block = std::min(bytes / rowBytes(nests), mostRows);
  if (frame.kind() == GroupKind::Loop || block <= 1)
    return rows(frames, nests, first, end);
  b.forEach(first, end, block, [&](Value begin) {
    Value last = b.smaller(b.add(begin, b.integer(block)), end);
    for (size_t i = 0; i < nests.size(); ++i)
      rows(frames.slice(i, 1), nests.slice(i, 1), begin, last);
  });
}

/// Whether nothing but these phases touches a slot, and they only the row that they are at.
static bool isLocal(recur::SlotOp slot, ArrayRef<recur::PhaseOp> phases) {
  return slot.isSequenceOf(recur::SlotSource::workspace) && !slot.getFallback() &&
         llvm::all_of(slot->getUsers(), [&](Operation *user) {
           auto read = dyn_cast<recur::ReadOp>(user);
           bool isOwn =
               read && read.getSlot() == slot && read.getShift() == 0 && !read.getId() && read.getBoundary().empty();
           return (isOwn || isa<recur::WriteOp>(user)) && llvm::is_contained(phases, user->getParentOp());
         });
}

/// What only these phases hand on to each other need not go to memory: it is kept for one block of rows, on the stack.
static void keepInBlocks(MutableArrayRef<Frame> frames, ArrayRef<recur::PhaseOp> phases) {
  constexpr int64_t mostBytes = 256 * 1024; // of a thread's stack
  Code &b = frames.front().code();
  llvm::SetVector<Value> slots;
  int64_t bytes = 0;
  for (recur::PhaseOp phase : phases)
    for (auto write : phase.getOps<recur::WriteOp>())
      if (isLocal(write.getSlot().getDefiningOp<recur::SlotOp>(), phases) && slots.insert(write.getSlot()))
        bytes += bytesOf(write.getSlot()) * blockRows(phases);
  if (bytes > mostBytes)
    return;
  for (Value slot : slots) {
    Value memory = b.scratch(b.getI8Type(), bytesOf(slot) * blockRows(phases));
    for (Frame &frame : frames)
      frame.keepInBlock(slot, memory);
  }
}

void emitFused(MutableArrayRef<Frame> frames, const Machine &machine, ArrayRef<recur::PhaseOp> phases, Value scratch,
               Slice slice) {
  if (phases.size() == 1)
    return emitSlice(frames.front(), machine, phases.front(), scratch, slice);
  if (recur::PhaseOp first = phases.front(); first.getTotal())
    return emitTotalTiles(frames, machine, first, phases.drop_front(), scratch, slice);
  if (llvm::none_of(phases, hasPackedProducts))
    return overRows(frames, machine, phases, slice.begin, slice.end);
  Code &b = frames.front().code();
  keepInBlocks(frames, phases);
  Value size = b.integer(blockRows(phases));
  b.forEach(slice.begin, slice.end, 1, [&](Value block) {
    Value first = b.mul(block, size), end = b.smaller(b.add(first, size), frames.front().rowCount());
    for (Frame &frame : frames)
      frame.startBlock(first);
    for (size_t i = 0, next; i < phases.size(); i = next) {
      b.setLoc(phases[i]->getLoc());
      next = i + 1;
      if (hasPackedProducts(phases[i])) {
        emitProductRows(frames[i], machine, phases[i], first, b.sub(end, first));
        continue;
      }
      while (next < phases.size() && !hasPackedProducts(phases[next]))
        ++next;
      overRows(ArrayRef<Frame>(frames).slice(i, next - i), machine, phases.slice(i, next - i), first, end);
    }
  });
}

} // namespace seqc::cpu
