//===- Init.h - Starting values for parameters ----------------------*- C++ -*-===//
#ifndef SEQC_TOOLS_SEQ_INTERP_INIT_H
#define SEQC_TOOLS_SEQ_INTERP_INIT_H

#include "tools/seq-interp/Interp.h"

namespace seqc::interp {

/// Every parameter of the system, drawn by its initialiser. The distributions are those of compiled libraries, the
/// numbers are not.
Arrays initialParams(const Interpreter &interpreter, uint64_t seed);

} // namespace seqc::interp

#endif // SEQC_TOOLS_SEQ_INTERP_INIT_H
