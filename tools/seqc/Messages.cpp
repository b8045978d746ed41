//===- Messages.cpp - MLIR's diagnostics in the voice of the frontend -------------===//
#include "tools/seqc/Messages.h"

#include "frontend/Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace seqc {

/// The first place in a file that `loc` leads to.
static FileLineColLoc findPlace(Location loc) {
  FileLineColLoc place;
  loc->walk([&](Location part) {
    place = dyn_cast<FileLineColLoc>(part);
    return place ? WalkResult::interrupt() : WalkResult::advance();
  });
  return place;
}

SourceRange findRange(Location loc, SourceManager &sources) {
  FileLineColLoc place = findPlace(loc);
  std::string unreadable;
  const SourceFile *file = place ? sources.open(place.getFilename().str(), unreadable) : nullptr;
  if (!file)
    return {};
  size_t begin = file->offsetOf({place.getLine(), place.getColumn()});
  return {file, begin, begin};
}

static Severity severityOf(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return Severity::Error;
  case DiagnosticSeverity::Warning:
    return Severity::Warning;
  case DiagnosticSeverity::Note:
  case DiagnosticSeverity::Remark:
    return Severity::Note;
  }
  llvm_unreachable("all severities are handled");
}

Messages::Messages(MLIRContext &context, SourceManager &sources, bool internal)
    : sources(sources), internal(internal),
      handler(&context, [this](mlir::Diagnostic &diagnostic) { print(diagnostic); }) {
  // Printing the whole module below an error helps nobody who did not write it.
  context.printOpOnDiagnostic(false);
}

void Messages::print(mlir::Diagnostic &diagnostic) {
  printOne(diagnostic);
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    printOne(note);
}

void Messages::printOne(const mlir::Diagnostic &diagnostic) {
  Severity severity = severityOf(diagnostic.getSeverity());
  std::string text = diagnostic.str();
  if (severity == Severity::Error) {
    errors = true;
    if (internal)
      text = "internal error, please report: " + text;
  }
  FileLineColLoc place = findPlace(diagnostic.getLocation());
  std::string path = place ? place.getFilename().str() : "";
  std::string unreadable;
  const SourceFile *file = place ? sources.open(path, unreadable) : nullptr;
  LineColumn at = place ? LineColumn{place.getLine(), place.getColumn()} : LineColumn{};
  llvm::errs() << render(severity, file, path, at, text);
}

} // namespace seqc
