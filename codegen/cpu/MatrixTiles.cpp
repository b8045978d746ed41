//===- MatrixTiles.cpp - Narrow products in tile registers (AMX) ------------------===//
#include "codegen/cpu/MatrixTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace seqc::cpu {

/// Bytes of a row of a tile register, and its lanes.
static constexpr int64_t lineBytes = 64, matrixLanes = 16;

static bool hasMatrixTiles(const Machine &machine, Type stored) {
  return stored.isBF16() ? machine.dotBf16 == 32 : stored.isInteger(8) && machine.dotInt8 == 64;
}

bool isMatrixPanel(const Machine &machine, Type stored, int64_t lanes, int64_t steps) {
  // A single instruction would hardly outweigh what it takes to set the registers up.
  return hasMatrixTiles(machine, stored) && lanes == matrixLanes && steps % matrixSteps == 0 && steps > matrixSteps;
}

int64_t panelSteps(const Machine &machine, Type stored, int64_t lanes, int64_t depth) {
  int64_t steps = PanelFormat::of(stored).steps(depth), whole = llvm::alignTo(steps, matrixSteps);
  return isMatrixPanel(machine, stored, lanes, whole) ? whole : steps;
}

namespace {

/// Which register holds what: sums and the rows of a tile come first.
enum Register { firstSum = 0, sums = 4, rowTile = 4, firstWeights = 5, weightTiles = 3 };

void declare(Code &b, StringRef name, function_ref<void(OpBuilder &)> make) {
  auto module = b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (module.lookupSymbol(name))
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  make(builder);
}

void instruction(Code &b, StringRef name, ValueRange operands) {
  LLVM::CallIntrinsicOp::create(b, b.getStringAttr(("llvm.x86." + name).str()), operands);
}

/// What `ldtilecfg` reads for tiles of so many rows; weights always fill their registers. All zeros: a release.
Value shapeFor(Code &b, Value rows) {
  constexpr int64_t size = 64;
  StringRef name = "tile.shapes";
  declare(b, name, [&](OpBuilder &builder) {
    SmallVector<int8_t> bytes(size * (matrixRows + 1));
    for (int64_t count = 1; count <= matrixRows; ++count) {
      int8_t *shape = &bytes[size * count];
      shape[0] = 1; // the palette: eight registers
      for (int64_t i = 0; i < 8; ++i) {
        shape[16 + 2 * i] = lineBytes;
        shape[48 + i] = i < firstWeights ? count : matrixRows;
      }
    }
    auto type = RankedTensorType::get({int64_t(bytes.size())}, b.getI8Type());
    LLVM::GlobalOp::create(builder, b.getLoc(), LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size()),
                           /*isConstant=*/true, LLVM::Linkage::Internal, name,
                           DenseElementsAttr::get(type, ArrayRef<int8_t>(bytes)), /*alignment=*/size);
  });
  return b.at(LLVM::AddressOfOp::create(b, b.pointerType(), name), b.getI8Type(), b.mul(rows, b.integer(size)));
}

class MatrixFunction {
public:
  MatrixFunction(Code &b, const Machine &machine, const TileCore &core, int64_t rowStride, func::FuncOp function)
      : b(b), machine(machine), core(core), arithmetic(core.arithmetic), columns(core.columns), rowStride(rowStride),
        rows(function.getArgument(0)), head(function.getArgument(1)), out(function.getArgument(2)),
        steps(function.getArgument(3)), rowCount(function.getArgument(4)), used(function.getArgument(5)) {}

  void emit() {
    b.either(used, [&] { inTiles(); }, [&] { inVectors(); });
  }

private:
  Value byteAt(Value base, Value bytes) { return b.at(base, b.getI8Type(), bytes); }
  Value number(int64_t tile) { return arith::ConstantOp::create(b, b.getI8IntegerAttr(int8_t(tile))); }
  void load(int64_t tile, Value from, int64_t stride) {
    instruction(b, "tileloadd64", {number(tile), from, b.integer(stride)});
  }

  void inTiles() {
    Value firstRow = b.load(b.pointerType(), rows);
    for (int64_t first = 0; first < columns; first += sums)
      chunk(firstRow, first, std::min<int64_t>(sums, columns - first));
    if (arithmetic.panel().head != 0)
      finish();
  }

  void chunk(Value firstRow, int64_t first, int64_t count) {
    bool fromHead = arithmetic.panel().head != 0;
    for (int64_t c = 0; c < count; ++c) {
      if (fromHead) // every row from the same line
        load(firstSum + c, byteAt(head, b.integer((first + c) * lineBytes)), 0);
      else
        instruction(b, "tilezero", number(firstSum + c));
    }
    int64_t line = columns * lineBytes;
    b.forEach(b.integer(0), steps, matrixSteps, [&](Value step) {
      load(rowTile, byteAt(firstRow, b.mul(step, b.integer(4))), rowStride);
      Value weights = byteAt(head, b.mul(b.add(step, b.integer(arithmetic.panel().head)), b.integer(line)));
      for (int64_t c = 0; c < count; ++c) {
        int64_t tile = firstWeights + c % weightTiles;
        load(tile, byteAt(weights, b.integer((first + c) * lineBytes)), line);
        instruction(b, arithmetic.matrixInstruction(), {number(firstSum + c), number(rowTile), number(tile)});
      }
    });
    for (int64_t c = 0; c < count; ++c)
      instruction(b, "tilestored64",
                  {number(firstSum + c), byteAt(out, b.integer((first + c) * lineBytes)), b.integer(line)});
  }

  /// Sums of integers become real numbers in place.
  void finish() {
    auto cells = VectorType::get({matrixLanes}, arithmetic.cell());
    b.forEach(b.integer(0), rowCount, 1, [&](Value i) {
      Value row = b.load(b.pointerType(), b.at(rows, b.pointerType(), i));
      for (int64_t c = 0; c < columns; ++c) {
        Value at = byteAt(out, b.mul(b.add(b.mul(i, b.integer(columns)), b.integer(c)), b.integer(lineBytes)));
        b.store(arithmetic.finish(b.load(cells, at), row, head, columns, c), at);
      }
    });
  }

  void inVectors() {
    b.forEach(b.integer(0), rowCount, tileRows, [&](Value first) {
      TileCore part = core;
      part.rows = b.at(rows, b.pointerType(), first);
      part.weights = head;
      part.steps = steps;
      part.out = byteAt(out, b.mul(first, b.integer(columns * lineBytes)));
      part.ahead = {};
      part.call(b, machine, b.smaller(b.sub(rowCount, first), b.integer(tileRows)));
    });
  }

  Code &b;
  const Machine &machine;
  const TileCore &core;
  const TileArithmetic &arithmetic;
  int64_t columns, rowStride;
  Value rows, head, out, steps, rowCount, used;
};

} // namespace

Value usesMatrixTiles(Code &b, Type stored, Value rowCount) {
  constexpr int64_t fewest = 3;
  StringRef permission = "seqc_matrix_tiles";
  declare(b, permission, [&](OpBuilder &builder) {
    auto function = func::FuncOp::create(builder, b.getLoc(), permission, b.getFunctionType({}, b.getI32Type()));
    function.setPrivate();
    // The answer never changes, so that a program has to ask only once.
    function->setAttr("llvm.readnone", b.getUnitAttr());
  });
  Value answer = func::CallOp::create(b, permission, b.getI32Type(), ValueRange()).getResult(0);
  Value allowed = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, answer, b.zero(b.getI32Type()));
  if (PanelFormat::of(stored).head == 0)
    return allowed;
  Value enough = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, rowCount, b.integer(fewest));
  return arith::AndIOp::create(b, allowed, enough);
}

void setUpMatrixTiles(Code &b, Value before, Value rows) {
  Value others = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, before, rows);
  b.when(others, [&] { instruction(b, "ldtilecfg", shapeFor(b, rows)); });
}

void releaseMatrixTiles(Code &b, Value rows) {
  Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, rows, b.integer(0));
  b.when(any, [&] { instruction(b, "tilerelease", {}); });
}

void callMatrixTile(Code &b, const Machine &machine, const TileCore &core, int64_t rowStride, Value rowCount,
                    Value used) {
  std::string name = "tile.matrix-" + core.arithmetic.name() + "." + std::to_string(core.columns) + ".rows" +
                     std::to_string(rowStride);
  b.callShared(name, {core.rows, core.weights, core.out, core.steps, rowCount, used},
               [&](func::FuncOp function) { MatrixFunction(b, machine, core, rowStride, function).emit(); });
}

} // namespace seqc::cpu
