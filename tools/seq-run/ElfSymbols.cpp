//===- ElfSymbols.cpp - What a shared library exports -----------------------------------===//
#include "tools/seq-run/ElfSymbols.h"

#include <cstring>
#include <elf.h>
#include <optional>

using namespace seqc::run;

namespace {

/// The object at `offset`, if the file reaches that far.
template <typename T> std::optional<T> objectAt(std::string_view content, uint64_t offset) {
  if (offset > content.size() || content.size() - offset < sizeof(T))
    return std::nullopt;
  T object;
  std::memcpy(&object, content.data() + offset, sizeof(T));
  return object;
}

std::optional<std::string_view> sectionContent(std::string_view content, const Elf64_Shdr &section) {
  if (section.sh_offset > content.size() || content.size() - section.sh_offset < section.sh_size)
    return std::nullopt;
  return content.substr(section.sh_offset, section.sh_size);
}

bool isExportedFunction(const Elf64_Sym &symbol) {
  return ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL &&
         symbol.st_shndx != SHN_UNDEF;
}

} // namespace

std::vector<std::string> seqc::run::exportedFunctions(std::string_view content) {
  std::vector<std::string> names;
  auto header = objectAt<Elf64_Ehdr>(content, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64)
    return names;
  auto sectionAt = [&](uint64_t index) {
    return objectAt<Elf64_Shdr>(content, header->e_shoff + index * sizeof(Elf64_Shdr));
  };
  for (uint64_t i = 0; i < header->e_shnum; ++i) {
    auto section = sectionAt(i);
    if (!section || section->sh_type != SHT_DYNSYM)
      continue;
    auto stringSection = sectionAt(section->sh_link);
    auto symbols = sectionContent(content, *section);
    auto strings = stringSection ? sectionContent(content, *stringSection) : std::nullopt;
    if (!symbols || !strings)
      continue;
    for (uint64_t offset = 0; auto symbol = objectAt<Elf64_Sym>(*symbols, offset); offset += sizeof(Elf64_Sym))
      if (isExportedFunction(*symbol) && symbol->st_name < strings->size()) {
        std::string_view name = strings->substr(symbol->st_name);
        names.emplace_back(name.substr(0, name.find('\0')));
      }
  }
  return names;
}
