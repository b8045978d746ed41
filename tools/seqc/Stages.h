//===- Stages.h - From a file to what is asked for ------------------*- C++ -*-===//
#ifndef SEQC_TOOLS_SEQC_STAGES_H
#define SEQC_TOOLS_SEQC_STAGES_H

#include "tools/seqc/Options.h"

namespace seqc {

/// Runs the compiler up to the stage that is wanted and writes it. What went wrong has been printed.
Outcome compile(const Options &options);

} // namespace seqc

#endif // SEQC_TOOLS_SEQC_STAGES_H
