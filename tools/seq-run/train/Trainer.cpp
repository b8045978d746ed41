//===- Trainer.cpp - The training loop --------------------------------------------------===//
#include "tools/seq-run/train/Trainer.h"

#include "tools/seq-run/Random.h"
#include "tools/seq-run/train/Interrupt.h"
#include "tools/seq-run/train/LossCurve.h"

#include <cmath>
#include <cstdio>
#include <iostream>

using namespace seqc::run;

namespace {

constexpr std::chrono::seconds saveInterval{60};
constexpr int64_t curvePointsPerEpoch = 20;
/// The loss the bar shows is an average over about this many updates.
constexpr double smoothing = 0.05;

template <typename... Args> std::string print(const char *format, Args... args) {
  char text[240];
  std::snprintf(text, sizeof text, format, args...);
  return text;
}

} // namespace

double seqc::run::meanLoss(ShardedModel &model, const Tensors &params, const BatchSource &source,
                           const Description &info) {
  Tensors states;
  double sum = 0;
  int64_t steps = 0;
  for (int64_t index = 0; index < source.batchesPerEpoch(); ++index) {
    BatchLoss result = model.forward(params, source.batch(0, index), states);
    sum += result.loss * static_cast<double>(result.validSteps);
    steps += result.validSteps;
  }
  return steps > 0 ? sum / static_cast<double>(steps) : 0;
}

Trainer::Trainer(const Model &model, const TrainingData &data, const TrainOptions &options)
    : model(model), info(model.info()), data(data), options(options), optimizer(options.settings.optimizer, {}),
      sharded(model, options.settings.shards, options.threads), gradient(paramTensors(info)),
      bar(std::cout, progressMode(options.quiet), 0), lastSave(std::chrono::steady_clock::now()) {
  state.settings = options.settings;
  state.dataFingerprint = data.fingerprint();
  state.vocabulary = data.vocabulary;
}

void Trainer::start() {
  const std::string &initial = state.settings.initial;
  if (!initial.empty()) {
    state.params = readParams(initial, info);
  } else {
    state.params = paramTensors(info);
    std::vector<seqc_array> arrays = arraysOf(state.params);
    seqc_call call = {};
    call.seed = state.settings.seed;
    call.params = arrays.data();
    Caller(model).run(Entry::Init, call);
  }
  optimizer = Optimizer(state.settings.optimizer, state.params, info.estimates());
}

void Trainer::resume(Checkpoint checkpoint) {
  TrainSettings settings = state.settings; // the checkpoint's, but perhaps with another number of epochs
  state = std::move(checkpoint);
  state.settings = settings;
  optimizer = Optimizer(settings.optimizer, state.params, info.estimates());
  optimizer.memory = std::move(state.optimizer);
  bar = ProgressBar(std::cout, progressMode(options.quiet), state.progress.update);
}

Exit Trainer::run() {
  const TrainSettings &settings = state.settings;
  view.epochs = settings.epochs;
  view.updates = settings.epochs * data.training->batchesPerEpoch();
  view.text = data.text;
  bar.say(print("%s, %ld parameters; ", info.model.c_str(), info.parameterCount()) + data.summary);
  if (!info.needsBatch.empty() && settings.shards > 1)
    bar.say("'" + info.needsBatch + "' needs all rows of a batch at once, so one thread computes each batch");
  if (state.progress.update > 0)
    bar.say(print("resumed after update %ld", state.progress.update));
  Outcome outcome = runEpochs();
  bar.clear();
  save();
  finish(outcome);
  return outcome == Outcome::Interrupted ? Exit::Interrupted : Exit::Success;
}

Trainer::Outcome Trainer::runEpochs() {
  Progress &progress = state.progress;
  epochBegin = std::chrono::steady_clock::now();
  while (progress.epoch < state.settings.epochs && !stopsEarly()) {
    if (!runEpoch())
      return interrupted() ? Outcome::Interrupted : Outcome::Stopped;
    endEpoch();
  }
  return Outcome::Finished;
}

/// False if it was asked to stop before the end.
bool Trainer::runEpoch() {
  Progress &progress = state.progress;
  int64_t batches = data.training->batchesPerEpoch();
  int64_t interval = std::max<int64_t>(1, batches / curvePointsPerEpoch);
  while (progress.batch < batches) {
    if (interrupted() || (options.stopAfter > 0 && updatesNow == options.stopAfter))
      return false;
    update(data.training->batch(progress.epoch, progress.batch));
    ++progress.batch;
    ++updatesNow;
    if (progress.batch % interval == 0 && progress.batch < batches)
      addCurvePoint(false);
    view.epoch = progress.epoch + 1;
    view.update = progress.update;
    bar.show(view);
    saveNowAndThen();
  }
  return true;
}

void Trainer::update(const Batch &batch) {
  Progress &progress = state.progress;
  const TrainSettings &settings = state.settings;
  uint64_t dropoutSeed = Random{settings.seed, static_cast<uint64_t>(progress.update)}.bits();
  BatchLoss result = sharded.gradient(state.params, batch, state.states, dropoutSeed, gradient);
  double norm = clipGradient(gradient, settings.optimizer, info.estimates());
  if (!std::isfinite(result.loss) || !std::isfinite(norm)) {
    bar.clear();
    fail(Message::Diverged, result.loss, progress.update + 1);
  }
  double rate = learningRate(settings.schedule, progress.update, view.updates);
  optimizer.apply(state.params, gradient, rate, progress.update);
  ++progress.update;
  progress.lossSum += result.loss * static_cast<double>(result.validSteps);
  progress.lossSteps += result.validSteps;
  view.steps += result.validSteps;
  view.loss = view.loss == 0 ? result.loss : view.loss + smoothing * (result.loss - view.loss);
}

void Trainer::addCurvePoint(bool epochEnds) {
  Progress &progress = state.progress;
  CurvePoint point;
  point.update = progress.update;
  if (progress.lossSteps > 0)
    point.training = progress.lossSum / static_cast<double>(progress.lossSteps);
  progress.lossSum = 0;
  progress.lossSteps = 0;
  if (epochEnds)
    validate(point);
  progress.curve.push_back(point);
}

void Trainer::validate(CurvePoint &point) {
  Progress &progress = state.progress;
  if (data.validation) {
    point.validation = meanLoss(sharded, state.params, *data.validation, info);
    bool better = point.validation < progress.bestValidation;
    progress.epochsWithoutBetter = better ? 0 : progress.epochsWithoutBetter + 1;
    if (!better)
      return;
    progress.bestValidation = point.validation;
  }
  writeWeights(options.out + "/" + weightsFile, state.params, state.vocabulary, info);
}

void Trainer::endEpoch() {
  Progress &progress = state.progress;
  addCurvePoint(true);
  ++progress.epoch;
  progress.batch = 0;
  report();
  save();
}

bool Trainer::stopsEarly() const {
  return state.settings.patience > 0 && state.progress.epochsWithoutBetter >= state.settings.patience;
}

void Trainer::save() {
  state.optimizer = optimizer.memory;
  writeCheckpoint(options.out + "/" + checkpointFile, state, info);
  lastSave = std::chrono::steady_clock::now();
}

void Trainer::saveNowAndThen() {
  if (std::chrono::steady_clock::now() - lastSave > saveInterval)
    save();
}

std::string Trainer::lossText(double loss) const {
  if (!data.text)
    return print("%.5g", loss);
  return print("%.3f (%.3f bits/%s, perplexity %.2f)", loss, loss / std::log(2.0), state.settings.unit.c_str(),
               std::exp(loss));
}

/// The mean over the epoch that just ended, from the points of its curve.
double Trainer::trainingLossOfEpoch() const {
  const std::vector<CurvePoint> &curve = state.progress.curve;
  int64_t begin = state.progress.update - data.training->batchesPerEpoch(), end = state.progress.update;
  double sum = 0;
  for (size_t i = curve.size(); i > 0 && curve[i - 1].update > begin; --i) {
    int64_t before = i > 1 ? std::max(curve[i - 2].update, begin) : begin;
    sum += curve[i - 1].training * static_cast<double>(curve[i - 1].update - before);
  }
  return sum / static_cast<double>(end - begin);
}

void Trainer::report() {
  const CurvePoint &point = state.progress.curve.back();
  auto now = std::chrono::steady_clock::now();
  double seconds = std::chrono::duration<double>(now - epochBegin).count();
  epochBegin = now;
  std::string line =
      print("epoch %3ld/%ld  training %.4g", state.progress.epoch, state.settings.epochs, trainingLossOfEpoch());
  if (point.validation >= 0)
    line += "  validation " + lossText(point.validation);
  line +=
      print("  rate %.2g  %.1f s", learningRate(state.settings.schedule, state.progress.update, view.updates), seconds);
  if (data.validation && state.progress.epochsWithoutBetter == 0)
    line += "  best";
  bar.say(line);
}

void Trainer::finish(Outcome outcome) {
  const Progress &progress = state.progress;
  CurveStyle style{info.model, data.text, data.unigramBits};
  std::string problem = writeLossCurve(options.out, progress.curve, style);
  if (!problem.empty())
    std::cerr << "seq-run: note: no picture of the loss: " << problem << "\n";
  if (outcome != Outcome::Finished) {
    std::string model = options.model.empty() ? "" : " --model " + options.model;
    std::cout << "stopped after update " << progress.update << " and saved; go on with: seq-run train "
              << options.library << model << " --resume " << options.out << std::endl;
    return;
  }
  if (options.quiet)
    return;
  if (stopsEarly())
    std::cout << "stopped early: no better validation loss for " << state.settings.patience << " epochs\n";
  if (data.validation && !progress.curve.empty())
    std::cout << "best validation loss " << lossText(progress.bestValidation) << "\n";
  if (data.unigramBits >= 0)
    std::cout << print("a unigram model has %.3f bits/%s (perplexity %.2f)\n", data.unigramBits,
                       state.settings.unit.c_str(), std::exp2(data.unigramBits));
  std::cout << "wrote " << options.out << "/: " << weightsFile << ", " << checkpointFile << ", loss.tsv"
            << (problem.empty() ? ", loss.png" : "") << std::endl;
}
