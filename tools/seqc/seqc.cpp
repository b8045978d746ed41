//===- seqc.cpp - Compiles .seq files ----------------------------------------------===//
#include "tools/seqc/Stages.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace seqc;

static void failInternally(void *, const char *reason, bool) {
  llvm::errs() << "seqc: internal error, please report: " << reason << "\n";
  llvm::sys::RunInterruptHandlers(); // removes files that are not finished
  exit(static_cast<int>(Outcome::Internal));
}

int main(int argc, char **argv) {
  llvm::setBugReportMsg("seqc: internal error, please report it together with the file and the command\n");
  llvm::InitLLVM init(argc, argv);
  llvm::install_fatal_error_handler(failInternally);
  std::optional<Options> options = parseOptions(argc, argv);
  return static_cast<int>(options ? compile(*options) : Outcome::BadUsage);
}
