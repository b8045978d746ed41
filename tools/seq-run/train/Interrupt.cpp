//===- Interrupt.cpp - Ctrl-C as a request to stop --------------------------------------===//
#include "tools/seq-run/train/Interrupt.h"

#include <csignal>

namespace {

// A signal handler can reach nothing else.
volatile std::sig_atomic_t wasInterrupted = 0;

void remember(int) { wasInterrupted = 1; }

} // namespace

void seqc::run::catchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = remember;
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool seqc::run::interrupted() { return wasInterrupted != 0; }
