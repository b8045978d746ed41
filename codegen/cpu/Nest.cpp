//===- Nest.cpp - The general loop nest of a phase ------------------------------===//
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/Phases.h"

using namespace mlir;

namespace seqc::cpu {

namespace {

class Nest {
public:
  Nest(const Frame &frame, const Machine &machine, recur::PhaseOp phase)
      : b(frame.code()), frame(frame), machine(machine), phase(phase), real(realType(phase)), space(phase.getSpace()) {
    int64_t last = space.empty() ? 1 : space.back();
    lanes = contractsAlongLanes(phase) ? 1 : std::min(machine.vectorBits / real.getWidth(), last);
  }

  void emit() {
    b.forEach(b.integer(0), frame.rowCount(), 1, [&](Value number) {
      // A total skips the rows that do not count.
      Value valid = phase.getTotal() ? frame.row(number).valid : Value();
      auto body = [&] {
        RowAddresses row(frame, phase, number);
        SmallVector<Value> index;
        overDims(row, index);
      };
      if (valid)
        b.when(valid, body);
      else
        body();
    });
  }

private:
  void overDims(const RowAddresses &row, SmallVector<Value> &index) {
    if (index.size() + 1 < space.size()) {
      b.forEach(b.integer(0), b.integer(space[index.size()]), 1, [&](Value position) {
        index.push_back(position);
        overDims(row, index);
        index.pop_back();
      });
      return;
    }
    if (space.empty())
      return store(row, index, 1);
    int64_t whole = space.back() / lanes * lanes;
    b.forEach(b.integer(0), b.integer(whole), lanes, [&](Value position) { at(row, index, position, lanes); });
    if (whole != space.back())
      at(row, index, b.integer(whole), space.back() - whole);
  }

  void at(const RowAddresses &row, SmallVector<Value> &index, Value position, int64_t width) {
    index.push_back(position);
    store(row, index, width);
    index.pop_back();
  }

  void store(const RowAddresses &row, ArrayRef<Value> index, int64_t width) {
    Elements(frame, machine, row, real, index, width).store(phase);
  }

  Code &b;
  const Frame &frame;
  const Machine &machine;
  recur::PhaseOp phase;
  FloatType real;
  ArrayRef<int64_t> space;
  int64_t lanes;
};

} // namespace

void emitNest(const Frame &frame, const Machine &machine, recur::PhaseOp phase) { Nest(frame, machine, phase).emit(); }

} // namespace seqc::cpu
