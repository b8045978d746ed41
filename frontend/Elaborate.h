//===- Elaborate.h - Cells and models with their dims filled in -----*- C++ -*-===//
//
// Each pair of a system and dims is elaborated once: names are declared, `for` is expanded, layers are elaborated in
// turn, shapes are inferred and every expression is checked.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_ELABORATE_H
#define SEQC_FRONTEND_ELABORATE_H

#include "frontend/Graph.h"
#include "frontend/Program.h"

#include "llvm/ADT/ArrayRef.h"

namespace seqc {

class Elaborator {
public:
  Elaborator(Program &program, Diagnostics &diags) : program(program), diags(diags) {}

  /// The system that a library is generated for. Null if its dims are not all known (reported if `mustKnow`).
  System *elaborateExported(SystemRef ref, const std::map<std::string, int64_t> &given, bool mustKnow);

  /// The system of a layer. Dims at the end that have defaults may be left out. Null after an error.
  System *elaborateCell(SystemRef ref, std::vector<int64_t> dims, SourceRange place);

  /// Everything elaborated, a system after those it uses.
  std::vector<System *> finished;

private:
  using Dims = std::vector<std::pair<std::string, int64_t>>;

  std::optional<Dims> completeDims(SystemRef ref, Dims known, bool report, SourceRange place);
  System *elaborate(SystemRef ref, Dims dims, bool exported);

  Program &program;
  Diagnostics &diags;
  std::map<std::string, std::unique_ptr<System>> systems; // by file and symbol
  unsigned depth = 0;
};

/// Declares what the statements of `system` declare, layers included.
void declareSystem(System &system, Program &program, Elaborator &elaborator, Diagnostics &diags);

/// Finds the shape of every sequence, then checks every expression. `errorsBefore`: how many errors there were before
/// the system was declared.
void checkSystem(System &system, Program &program, Diagnostics &diags, unsigned errorsBefore);

} // namespace seqc

#endif // SEQC_FRONTEND_ELABORATE_H
