//===- Target.cpp - Processors that code is generated for -------------------------===//
#include "codegen/Target.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

namespace seqc {

namespace {

struct NamedTarget {
  const char *name, *triple, *cpu;
  int64_t vectorBits, registers;
  bool fma;
  int64_t dotInt8; // no level has an instruction for bf16
};

const NamedTarget namedTargets[] = {
    {"x86-64", "x86_64-unknown-linux-gnu", "x86-64", 128, 16, false, 2},
    {"x86-64-v2", "x86_64-unknown-linux-gnu", "x86-64-v2", 128, 16, false, 2},
    {"x86-64-v3", "x86_64-unknown-linux-gnu", "x86-64-v3", 256, 16, true, 2},
    {"x86-64-v4", "x86_64-unknown-linux-gnu", "x86-64-v4", 512, 32, true, 2},
    {"aarch64", "aarch64-unknown-linux-gnu", "generic", 128, 32, true, 1},
};

/// The bits of processor.def for which `has` holds.
uint64_t needsOf(llvm::function_ref<bool(llvm::StringRef)> has) {
  uint64_t needs = 0, bit = 1;
#define SEQC_FEATURE(name, leaf, subleaf, register, position, saved)                                                   \
  needs |= has(name) ? bit : 0;                                                                                        \
  bit <<= 1;
#include "runtime/processor.def"
#undef SEQC_FEATURE
  return needs;
}

uint64_t needsOf(const NamedTarget &target) {
  if (!llvm::Triple(target.triple).isX86())
    return 0;
  llvm::SmallVector<llvm::StringRef> features;
  llvm::X86::getFeaturesForCPU(target.cpu, features);
  llvm::StringMap<bool> all;
  for (llvm::StringRef feature : features) {
    all[feature] = true;
    llvm::X86::updateImpliedFeatures(feature, /*Enabled=*/true, all);
  }
  return needsOf([&](llvm::StringRef name) { return all.lookup(name); });
}

Target nativeTarget() {
  Target target;
  target.name = "native";
  target.triple = llvm::sys::getDefaultTargetTriple();
  target.cpu = llvm::sys::getHostCPUName().str();
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  target.features = llvm::join(
      llvm::map_range(features,
                      [](const auto &feature) { return (feature.second ? "+" : "-") + feature.first().str(); }),
      ",");
  if (llvm::Triple(target.triple).isAArch64()) {
    target.registers = 32;
    target.fma = true;
    return target;
  }
  target.needs = needsOf([&](llvm::StringRef name) { return features.lookup(name); });
  bool wide = features.lookup("avx512f") && features.lookup("avx512dq") && features.lookup("avx512vl");
  target.vectorBits = wide ? 512 : features.lookup("avx2") ? 256 : 128;
  target.registers = wide ? 32 : 16;
  target.fma = features.lookup("fma");
  target.dotBf16 = wide && features.lookup("avx512bf16") ? 2 : 1;
  target.dotInt8 = (wide && features.lookup("avx512vnni")) || features.lookup("avxvnni") ? 4 : 2;
  bool tiles = wide && features.lookup("amx-tile");
  if (tiles && target.dotBf16 == 2 && features.lookup("amx-bf16"))
    target.dotBf16 = 32;
  if (tiles && target.dotInt8 == 4 && features.lookup("amx-int8"))
    target.dotInt8 = 64;
  return target;
}

} // namespace

std::string targetNames() {
  std::string names = "native";
  for (const NamedTarget &target : namedTargets)
    names += std::string(", ") + target.name;
  return names;
}

std::string defaultTargetName() {
  return llvm::Triple(llvm::sys::getDefaultTargetTriple()).getArch() == llvm::Triple::x86_64 ? "x86-64-v3" : "native";
}

std::optional<Target> findTarget(llvm::StringRef name) {
  if (name == "native")
    return nativeTarget();
  for (const NamedTarget &target : namedTargets)
    if (name == target.name)
      return Target{target.name,       target.triple,    target.cpu, /*features=*/"", needsOf(target),
                    target.vectorBits, target.registers, target.fma, /*dotBf16=*/1,   target.dotInt8};
  return std::nullopt;
}

llvm::Expected<std::vector<Target>> findTargets(llvm::ArrayRef<std::string> names) {
  std::vector<std::string> wanted;
  for (const std::string &name : names) {
    if (name == "portable")
      wanted.insert(wanted.end(), {"x86-64-v3", "x86-64-v4"});
    else
      wanted.push_back(name);
  }
  std::vector<Target> targets;
  for (const std::string &name : wanted) {
    std::optional<Target> target = findTarget(name);
    if (!target)
      return llvm::createStringError("--march is one of " + targetNames() +
                                     ", portable, or several with commas between, not '" + name + "'");
    if (llvm::count(wanted, name) > 1)
      return llvm::createStringError("--march names " + name + " twice");
    targets.push_back(*target);
    if (llvm::Triple(target->triple).getArch() != llvm::Triple(targets.front().triple).getArch())
      return llvm::createStringError("--march names " + targets.front().name + " and " + name +
                                     ", but a library is for one architecture");
  }
  llvm::sort(targets, [](const Target &a, const Target &b) {
    return std::tuple(a.vectorBits, llvm::popcount(a.needs), a.name) <
           std::tuple(b.vectorBits, llvm::popcount(b.needs), b.name);
  });
  return targets;
}

} // namespace seqc
