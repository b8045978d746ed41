//===- RecurrentRows.h - LSTM and GRU against their hand-written peers ---------*- C++ -*-===//
#ifndef SEQC_BENCH_RECURRENTROWS_H
#define SEQC_BENCH_RECURRENTROWS_H

#include "bench/Gates.h"
#include "bench/Shapes.h"

namespace seqc::bench {

/// Sums of up to 2000 products in different orders, carried over up to 2000 steps, in f32.
constexpr double forwardTolerance = 2e-5;

/// A cell of the standard library, compiled for a shape.
struct Setting {
  std::shared_ptr<CompiledModel> model;
  std::unique_ptr<Session> session;
  double flops; ///< of forward
};
Setting settingOf(Cell cell, const Shape &shape, const std::string &weights = "f32");

/// Adds the libraries that have this cell.
void addInferencePeers(Contestants &contestants, Cell cell, const Session &session);

/// Registers inference (batched and batch 1) and training steps of LSTM and GRU.
void addRecurrentRows();

} // namespace seqc::bench

#endif // SEQC_BENCH_RECURRENTROWS_H
