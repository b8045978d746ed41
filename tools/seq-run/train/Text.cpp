//===- Text.cpp - Text files as training data -------------------------------------------===//
#include "tools/seq-run/train/Text.h"

#include "tools/seq-run/AtomicFile.h"
#include "tools/seq-run/Failure.h"
#include "tools/seq-run/Safetensors.h"
#include "tools/seq-run/train/Checkpoint.h"

#include <algorithm>
#include <filesystem>
#include <set>

using namespace seqc::run;
namespace fs = std::filesystem;

namespace {

std::vector<size_t> idInputs(const Description &model) {
  std::vector<size_t> result;
  for (size_t i = 0; i < model.inputs.size(); ++i)
    if (model.inputs[i].kind == InputKind::Id && model.inputs[i].shape.empty())
      result.push_back(i);
  return result;
}

std::string inputNames(const Description &model, const std::vector<size_t> &indices) {
  std::vector<std::string> names;
  for (size_t index : indices)
    names.push_back(model.inputs[index].name);
  return listNames(names);
}

size_t findIdInput(const Description &model, const std::string &name, size_t position) {
  std::vector<size_t> candidates = idInputs(model);
  if (name.empty()) {
    if (position >= candidates.size())
      fail(Message::NoTextInput, model.model, position == 0 ? "symbols" : "target", inputNames(model, candidates));
    return candidates[position];
  }
  for (size_t index : candidates)
    if (model.inputs[index].name == name)
      return index;
  fail(Message::NotAnIdInput, model.model, name, inputNames(model, candidates));
}

void addFiles(const fs::path &path, std::vector<std::string> &files) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    files.push_back(path.string());
    return;
  }
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
    entries.push_back(entry->path());
  if (error)
    fail(Message::CannotRead, path.string(), error.message());
  std::sort(entries.begin(), entries.end());
  for (const fs::path &entry : entries)
    addFiles(entry, files);
}

} // namespace

TextInputs seqc::run::findTextInputs(const Description &model, const std::string &input, const std::string &target) {
  TextInputs result{findIdInput(model, input, 0), findIdInput(model, target, 1)};
  for (size_t i = 0; i < model.inputs.size(); ++i)
    if (i != result.input && i != result.target)
      fail(Message::ExtraInput, model.model, model.inputs[i].name);
  return result;
}

std::vector<std::string> seqc::run::findTextFiles(const std::vector<std::string> &paths) {
  std::vector<std::string> files, unique;
  for (const std::string &path : paths)
    addFiles(path, files);
  std::set<std::string> seen;
  for (const std::string &file : files) {
    std::error_code error;
    fs::path real = fs::canonical(file, error);
    if (seen.insert(error ? file : real.string()).second)
      unique.push_back(file);
  }
  return unique;
}

std::vector<uint32_t> seqc::run::readSymbols(const std::string &path, Unit unit) {
  Symbols symbols = splitSymbols(readWholeFile(path), unit);
  if (symbols.invalidAt)
    fail(Message::BadUtf8, path, *symbols.invalidAt);
  return std::move(symbols.values);
}

SplitText seqc::run::readSplitText(const std::vector<std::string> &paths, Unit unit, double validationPart) {
  SplitText result;
  for (const std::string &file : findTextFiles(paths)) {
    std::vector<uint32_t> symbols = readSymbols(file, unit);
    auto cut = symbols.end() - static_cast<int64_t>(static_cast<double>(symbols.size()) * validationPart);
    result.training.insert(result.training.end(), symbols.begin(), cut);
    result.validation.insert(result.validation.end(), cut, symbols.end());
  }
  if (result.training.empty())
    fail(Message::NoText, listNames(paths));
  return result;
}

void seqc::run::checkVocabulary(const Description &model, const TextInputs &inputs, const Vocabulary &vocabulary) {
  for (size_t index : {inputs.input, inputs.target})
    if (model.inputs[index].vocabulary < vocabulary.size())
      fail(Message::SmallVocabulary, model.inputs[index].name, vocabulary.size(), model.inputs[index].vocabulary);
}

Vocabulary seqc::run::readVocabulary(const std::string &paramsPath) {
  TensorFile file = readSafetensors(paramsPath);
  std::optional<Vocabulary> vocabulary = Vocabulary::fromJson(file.metadata[vocabularyKey]);
  if (!vocabulary)
    fail(Message::NoVocabulary, paramsPath);
  return std::move(*vocabulary);
}
