//===- Text.h - Text files as training data -----------------------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_TRAIN_TEXT_H
#define SEQC_SEQ_RUN_TRAIN_TEXT_H

#include "tools/seq-run/Description.h"
#include "tools/seq-run/train/Vocabulary.h"

#include <string>
#include <vector>

namespace seqc::run {

/// Which inputs of a model take the text and, one symbol later, the target.
struct TextInputs {
  size_t input = 0, target = 0;
};

/// Finds them by name, or takes the first and the second id input.
TextInputs findTextInputs(const Description &model, const std::string &input, const std::string &target);

/// The files, those of folders in order of their names; a file reached in two ways (a symbolic link) only once.
std::vector<std::string> findTextFiles(const std::vector<std::string> &paths);

/// One file in symbols.
std::vector<uint32_t> readSymbols(const std::string &path, Unit unit);

struct SplitText {
  std::vector<uint32_t> training, validation;
};

/// Holds out the last part of each file, so that both parts have every kind of text.
SplitText readSplitText(const std::vector<std::string> &paths, Unit unit, double validationPart);

/// Refuses a vocabulary that is larger than the model's inputs take.
void checkVocabulary(const Description &model, const TextInputs &inputs, const Vocabulary &vocabulary);

/// The vocabulary that training left in a file of weights.
Vocabulary readVocabulary(const std::string &paramsPath);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_TEXT_H
