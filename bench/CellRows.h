//===- CellRows.h - Cells that nobody tuned by hand ----------------------------*- C++ -*-===//
#ifndef SEQC_BENCH_CELLROWS_H
#define SEQC_BENCH_CELLROWS_H

namespace seqc::bench {

/// Registers: other cells against a framework's loop and against the LSTM's rate; the gradient of every recurrent cell
/// of the standard library against its forward pass; what compiling each file costs.
void addCellRows();

} // namespace seqc::bench

#endif // SEQC_BENCH_CELLROWS_H
