//===- HandWritten.h - Loops in intrinsics, for what a bar asks of the machine --------===//
//
// Where a bar is missed: how fast is the same work when it is written for this one size, with all values in registers,
// and without lengths, strides or optional arrays? Nobody's opponents: the tables show them beside ours. For processors
// with AVX-512; elsewhere none is made.
//
//===----------------------------------------------------------------------------------------===//
#ifndef SEQC_BENCH_HANDWRITTEN_H
#define SEQC_BENCH_HANDWRITTEN_H

#include "bench/Gates.h"

namespace seqc::bench {

/// Steps of the LSTM through the session's input, one call a step, for I = 1 and H = 32. Adds nothing otherwise.
void addHandWrittenSteps(Contestants &contestants, const Session &session);

/// `forward` for one row of the LSTM with I = H = 128 and of LayerNormLSTM with I = H = 64. Adds nothing otherwise.
void addHandWrittenRow(Contestants &contestants, const Session &session);

} // namespace seqc::bench

#endif // SEQC_BENCH_HANDWRITTEN_H
