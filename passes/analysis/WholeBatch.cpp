//===- WholeBatch.cpp - Whether rows of a batch can be computed apart -----------------===//
#include "passes/analysis/WholeBatch.h"

#include "passes/analysis/OpKinds.h"

using namespace mlir;
using namespace recur;

namespace {

/// How a value depends on totals.
enum class Degree { None, Affine, Higher };

class Degrees {
public:
  explicit Degrees(SystemOp system) {
    SmallVector<Operation *> work;
    system.walk([&](TotalOp total) { work.push_back(total); });
    // A degree only grows, so that cycles come to rest.
    while (!work.empty()) {
      Operation *op = work.pop_back_val();
      Degree degree = degreeOf(op);
      for (Value result : op->getResults())
        if (of(result) < degree) {
          degrees[result] = degree;
          work.append(result.user_begin(), result.user_end());
        }
    }
  }

  Degree of(Value value) const { return degrees.lookup_or(value, Degree::None); }

private:
  Degree degreeOf(Operation *op) const {
    Degree most = Degree::None, second = Degree::None;
    for (Value operand : op->getOperands()) {
      Degree degree = of(operand);
      second = std::max(second, std::min(most, degree));
      most = std::max(most, degree);
    }
    if (isa<TotalOp>(op))
      return most == Degree::None ? Degree::Affine : Degree::Higher;
    auto reduce = dyn_cast<ReduceOp>(op);
    bool linear = isa<AddOp, SubOp, NegOp, SliceOp, ReshapeOp, TransposeOp, BroadcastOp, ConcatOp, PadOp>(op) ||
                  (reduce && reduce.getKind() == ReduceKind::sum);
    // A product is linear in one factor as long as the other does not depend on totals, a quotient in its dividend.
    bool bilinear = isa<MulOp, MatmulOp, OuterOp>(op) && second == Degree::None;
    auto div = dyn_cast<DivOp>(op);
    bool dividend = div && of(div.getY()) == Degree::None;
    return most == Degree::None || linear || bilinear || dividend ? most : Degree::Higher;
  }

  DenseMap<Value, Degree> degrees;
};

} // namespace

Operation *recur::findWholeBatchNeed(SystemOp system) {
  Degrees degrees(system);
  Operation *need = nullptr;
  system.walk([&](Operation *op) {
    Degree allowed = isa<LossOp>(op) ? Degree::Affine : Degree::None;
    bool fits = !isSink(op) || llvm::all_of(op->getOperands(), [&](Value v) { return degrees.of(v) <= allowed; });
    if (!need && !fits)
      need = op;
  });
  return need;
}
