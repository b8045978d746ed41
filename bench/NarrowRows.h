//===- NarrowRows.h - Weights in bf16 and int8 ---------------------------------*- C++ -*-===//
#ifndef SEQC_BENCH_NARROWROWS_H
#define SEQC_BENCH_NARROWROWS_H

namespace seqc::bench {

/// Registers inference with narrow weights against our own f32 and what others do in f32.
void addNarrowRows();

} // namespace seqc::bench

#endif // SEQC_BENCH_NARROWROWS_H
