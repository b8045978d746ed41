//===- Trainer.h - The training loop ---------------------------------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_TRAIN_TRAINER_H
#define SEQC_SEQ_RUN_TRAIN_TRAINER_H

#include "tools/seq-run/Commands.h"
#include "tools/seq-run/train/Checkpoint.h"
#include "tools/seq-run/train/Optimizer.h"
#include "tools/seq-run/train/ProgressBar.h"
#include "tools/seq-run/train/ShardedModel.h"
#include "tools/seq-run/train/TrainingData.h"

#include <chrono>
#include <optional>

namespace seqc::run {

struct TrainOptions : ModelOptions {
  TrainSettings settings;
  std::string out;
  bool resume = false;           ///< go on with the run in `out`
  std::optional<int64_t> epochs; ///< on resuming: another number of epochs
  bool overwrite = false;
  int64_t threads = 2;
  int64_t stopAfter = 0; ///< updates made now; 0: until the end
  bool quiet = false;
};
Exit runTrain(const TrainOptions &given);

/// Mean loss over everything a source has.
double meanLoss(ShardedModel &model, const Tensors &params, const BatchSource &source, const Description &info);

class Trainer {
public:
  Trainer(const Model &model, const TrainingData &data, const TrainOptions &options);

  /// Starts from parameters of the initialisers or of a file.
  void start();
  /// Goes on from a checkpoint.
  void resume(Checkpoint checkpoint);
  Exit run();

private:
  enum class Outcome { Finished, Stopped, Interrupted };

  Outcome runEpochs();
  bool runEpoch();
  void update(const Batch &batch);
  void endEpoch();
  void validate(CurvePoint &point);
  void addCurvePoint(bool epochEnds);
  bool stopsEarly() const;
  void save();
  void saveNowAndThen();
  void report();
  double trainingLossOfEpoch() const;
  void finish(Outcome outcome);
  std::string lossText(double loss) const;

  const Model &model;
  const Description &info;
  const TrainingData &data;
  const TrainOptions &options;
  Checkpoint state;
  Optimizer optimizer;
  ShardedModel sharded;
  Tensors gradient;
  ProgressBar bar;
  ProgressView view;
  int64_t updatesNow = 0;
  std::chrono::steady_clock::time_point lastSave, epochBegin;
};

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_TRAIN_TRAINER_H
