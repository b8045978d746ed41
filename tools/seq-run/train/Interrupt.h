//===- Interrupt.h - Ctrl-C as a request to stop ------------------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_TRAIN_INTERRUPT_H
#define SEQC_SEQ_RUN_TRAIN_INTERRUPT_H

namespace seqc::run {

/// From now on the first SIGINT or SIGTERM only sets what `interrupted` tells; the second ends the process.
void catchInterrupts();
bool interrupted();

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_INTERRUPT_H
