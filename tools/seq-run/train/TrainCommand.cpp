//===- TrainCommand.cpp - train ----------------------------------------------------------===//
#include "tools/seq-run/AtomicFile.h"
#include "tools/seq-run/train/Interrupt.h"
#include "tools/seq-run/train/Trainer.h"

#include <filesystem>

using namespace seqc::run;
namespace fs = std::filesystem;

namespace {

void makeFolder(const std::string &path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    fail(Message::CannotWrite, path, error.message());
}

} // namespace

Exit seqc::run::runTrain(const TrainOptions &given) {
  Model model = Model::load(given.library, given.model);
  const Description &info = model.info();
  if (!info.hasLoss)
    fail(Message::NoLoss, info.model);
  model.require(Entry::Gradient);

  TrainOptions options = given;
  std::string checkpointPath = options.out + "/" + checkpointFile;
  if (options.resume)
    options.settings = readSettings(checkpointPath);
  else if (!options.overwrite && fs::exists(checkpointPath))
    fail(Message::RunExists, options.out);
  if (options.epochs)
    options.settings.epochs = *options.epochs;

  TrainingData data = readTrainingData(info, options.settings);
  makeFolder(options.out);
  Trainer trainer(model, data, options);
  if (options.resume) {
    Checkpoint checkpoint = readCheckpoint(checkpointPath, info);
    if (checkpoint.dataFingerprint != data.fingerprint())
      fail(Message::OtherData, checkpointPath);
    trainer.resume(std::move(checkpoint));
  } else {
    trainer.start();
    if (data.text)
      writeAtomically(options.out + "/validation.txt", data.validationText);
  }
  catchInterrupts();
  return trainer.run();
}
