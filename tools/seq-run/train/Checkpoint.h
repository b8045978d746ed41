//===- Checkpoint.h - A training run in a file --------------------------------------*- C++ -*-===//
//
// A checkpoint is a safetensors file with the parameters ("params/W_f"), what the optimiser remembers
// ("mean/W_f") and the states carried from batch to batch ("states/h[0]"); everything else is JSON in its metadata.
//
//===--------------------------------------------------------------------------------------------===//
#ifndef SEQC_SEQ_RUN_TRAIN_CHECKPOINT_H
#define SEQC_SEQ_RUN_TRAIN_CHECKPOINT_H

#include "tools/seq-run/Binding.h"
#include "tools/seq-run/train/Settings.h"

#include <map>

namespace seqc::run {

/// The metadata key under which weights and checkpoints keep their vocabulary.
inline constexpr const char *vocabularyKey = "seq-run.vocabulary";

/// The files of a run, in its folder.
inline constexpr const char *checkpointFile = "checkpoint.safetensors";
inline constexpr const char *weightsFile = "weights.safetensors";

/// The loss between two points of the curve.
struct CurvePoint {
  int64_t update = 0;
  double training = 0;
  double validation = -1; ///< negative: not measured here
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CurvePoint, update, training, validation)

/// How far a run is.
struct Progress {
  int64_t epoch = 0, batch = 0; ///< the next batch
  int64_t update = 0;           ///< updates made
  double lossSum = 0;           ///< since the last point of the curve, times steps
  int64_t lossSteps = 0;
  double bestValidation = 1e300;
  int64_t epochsWithoutBetter = 0;
  std::vector<CurvePoint> curve;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Progress, epoch, batch, update, lossSum, lossSteps, bestValidation,
                                   epochsWithoutBetter, curve)

struct Checkpoint {
  TrainSettings settings;
  Progress progress;
  uint64_t dataFingerprint = 0;
  std::string vocabulary; ///< JSON; empty: trained on arrays
  Tensors params, states;
  std::map<std::string, Tensors> optimizer;
};

void writeCheckpoint(const std::string &path, const Checkpoint &checkpoint, const Description &model);

/// The settings alone, which are needed before the rest can be read.
TrainSettings readSettings(const std::string &path);
Checkpoint readCheckpoint(const std::string &path, const Description &model);

/// The parameters by themselves, for every other command.
void writeWeights(const std::string &path, const Tensors &params, const std::string &vocabulary,
                  const Description &model);

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_CHECKPOINT_H
