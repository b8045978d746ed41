//===- Diagnostics.h - Messages to the writer of a .seq file --------*- C++ -*-===//
//
// Diagnostics collects messages and prints them all at the end, sorted by place:
//
//   diags.report(DiagId::UnknownName, range, "W_g").note(other, DiagId::DeclaredHere, "W_f").hint("…");
//
// The texts stand in Errors.def, and nowhere else.
//
//===----------------------------------------------------------------------===//
#ifndef SEQC_FRONTEND_DIAGNOSTICS_H
#define SEQC_FRONTEND_DIAGNOSTICS_H

#include "frontend/Source.h"

#include <string>
#include <type_traits>
#include <vector>

namespace seqc {

enum class Severity { Error, Warning, Note };

enum class DiagId {
#define SEQC_DIAGNOSTIC(Id, Severity, Text, Hint) Id,
#include "frontend/Errors.def"
};

/// One message at a place. Notes belong to the diagnostic before them.
struct Message {
  DiagId id;
  Severity severity = Severity::Error;
  SourceRange range;
  std::string text;
};

struct Diagnostic {
  Message main;
  std::vector<Message> notes;
  std::string hint;
};

namespace detail {
inline std::string argument(std::string value) { return value; }
inline std::string argument(const char *value) { return value; }
inline std::string argument(std::string_view value) { return std::string(value); }
std::string argument(double value);
template <typename T, std::enable_if_t<std::is_integral_v<T>, int> = 0> std::string argument(T value) {
  return std::to_string(value);
}
} // namespace detail

class Diagnostics {
public:
  /// Adds to the diagnostic that was just reported.
  class Builder {
  public:
    template <typename... Args> Builder &note(SourceRange range, DiagId id, const Args &...args) {
      return addNote(range, id, {detail::argument(args)...});
    }
    /// Replaces the catalogue's hint, for instance by the nearest known name.
    Builder &hint(std::string text);

  private:
    friend class Diagnostics;
    Builder(Diagnostics &owner, size_t index) : owner(owner), index(index) {}
    Builder &addNote(SourceRange range, DiagId id, const std::vector<std::string> &args);

    Diagnostics &owner;
    size_t index;
  };

  /// After `errorLimit` printed errors the rest is only counted.
  explicit Diagnostics(unsigned errorLimit = 20) : errorLimit(errorLimit) {}

  template <typename... Args> Builder report(DiagId id, SourceRange range, const Args &...args) {
    return add(id, range, {detail::argument(args)...});
  }

  bool hasErrors() const { return errors != 0; }
  unsigned errorCount() const { return errors; }

  /// What was reported, in that order.
  const std::vector<Diagnostic> &all() const { return diagnostics; }

  /// Everything that was reported: sorted by place, each once, and a closing line if some were held back.
  std::string render() const;

private:
  Builder add(DiagId id, SourceRange range, const std::vector<std::string> &args);

  std::vector<Diagnostic> diagnostics;
  unsigned errors = 0;
  unsigned errorLimit;
};

/// One message as it is printed: `file:line:col: error: text`, the source line, and the range marked below it.
std::string render(Severity severity, const SourceRange &range, const std::string &text);

/// The same for a message that knows only where it begins, such as MLIR's diagnostics. Without a file (or with line 0)
/// only the path and the text are printed. `path` may be empty.
std::string render(Severity severity, const SourceFile *file, const std::string &path, LineColumn place,
                   const std::string &text);

} // namespace seqc

#endif // SEQC_FRONTEND_DIAGNOSTICS_H
