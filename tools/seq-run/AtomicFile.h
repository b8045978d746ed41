//===- AtomicFile.h - Reading and writing whole files ----------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_ATOMICFILE_H
#define SEQC_SEQ_RUN_ATOMICFILE_H

#include <string>
#include <string_view>

namespace seqc::run {

std::string readWholeFile(const std::string &path);

/// Writes to a file beside `path` and renames it, so that a reader sees the old content or the new, never a part.
void writeAtomically(const std::string &path, std::string_view content);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_ATOMICFILE_H
