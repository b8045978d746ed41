//===- ElfSymbols.h - What a shared library exports -------------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_ELFSYMBOLS_H
#define SEQC_SEQ_RUN_ELFSYMBOLS_H

#include <string>
#include <string_view>
#include <vector>

namespace seqc::run {

/// The names of the functions in the dynamic symbol table of a 64-bit ELF file, in the file's order. Nothing for
/// content that is no such file, however damaged.
std::vector<std::string> exportedFunctions(std::string_view content);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_ELFSYMBOLS_H
