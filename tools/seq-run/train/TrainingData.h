//===- TrainingData.h - What a run trains and validates on ---------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_TRAIN_TRAININGDATA_H
#define SEQC_SEQ_RUN_TRAIN_TRAININGDATA_H

#include "tools/seq-run/train/Batches.h"
#include "tools/seq-run/train/Settings.h"

namespace seqc::run {

struct TrainingData {
  std::unique_ptr<BatchSource> training, validation; ///< no validation: null
  bool text = false;
  std::string vocabulary;     ///< JSON, of text
  std::string validationText; ///< what was held out of the text
  double unigramBits = -1;    ///< of the held-out text by the training text's frequencies; negative: none
  std::string summary;        ///< one line for the reader

  uint64_t fingerprint() const;
};

/// Reads and splits what the settings name.
TrainingData readTrainingData(const Description &model, const TrainSettings &settings);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_TRAININGDATA_H
