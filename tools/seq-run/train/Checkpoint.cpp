//===- Checkpoint.cpp - A training run in a file ----------------------------------------===//
#include "tools/seq-run/train/Checkpoint.h"

#include "tools/seq-run/Failure.h"

using namespace seqc::run;
using nlohmann::json;

namespace {

constexpr const char *trainingKey = "seq-run.training";
constexpr const char *paramGroup = "params", *stateGroup = "states";

template <typename Infos>
void addGroup(TensorFile &file, const std::string &group, const Infos &infos, const Tensors &tensors) {
  for (size_t i = 0; i < tensors.size(); ++i)
    file.tensors.emplace(group + "/" + infos[i].name, tensors[i]);
}

json parseTraining(const std::string &path, const TensorFile &file) {
  auto entry = file.metadata.find(trainingKey);
  if (entry == file.metadata.end())
    fail(Message::NotACheckpoint, path, "it has no metadata of a training run");
  try {
    return json::parse(entry->second);
  } catch (const json::exception &error) {
    fail(Message::NotACheckpoint, path, error.what());
  }
}

template <typename T> void read(const std::string &path, const json &root, const char *key, T &value) {
  try {
    root.at(key).get_to(value);
  } catch (const json::exception &error) {
    fail(Message::NotACheckpoint, path, error.what());
  }
}

} // namespace

void seqc::run::writeCheckpoint(const std::string &path, const Checkpoint &checkpoint, const Description &model) {
  TensorFile file;
  addGroup(file, paramGroup, model.params, checkpoint.params);
  addGroup(file, stateGroup, model.states, checkpoint.states);
  std::vector<std::string> groups;
  for (auto &[group, tensors] : checkpoint.optimizer) {
    addGroup(file, group, model.params, tensors);
    groups.push_back(group);
  }
  file.metadata["model"] = model.model;
  if (!checkpoint.vocabulary.empty())
    file.metadata[vocabularyKey] = checkpoint.vocabulary;
  file.metadata[trainingKey] = json{
      {"settings", checkpoint.settings},
      {"progress", checkpoint.progress},
      {"data", checkpoint.dataFingerprint},
      {"optimizer", groups}}.dump();
  writeSafetensors(path, file);
}

TrainSettings seqc::run::readSettings(const std::string &path) {
  TrainSettings settings;
  read(path, parseTraining(path, readSafetensors(path)), "settings", settings);
  return settings;
}

Checkpoint seqc::run::readCheckpoint(const std::string &path, const Description &model) {
  TensorFile file = readSafetensors(path);
  json root = parseTraining(path, file);
  Checkpoint checkpoint;
  read(path, root, "settings", checkpoint.settings);
  read(path, root, "progress", checkpoint.progress);
  read(path, root, "data", checkpoint.dataFingerprint);
  std::vector<std::string> groups;
  read(path, root, "optimizer", groups);
  checkpoint.vocabulary = file.metadata[vocabularyKey];

  Binder binder(path, file, model);
  auto params = [&](const std::string &group) {
    Tensors tensors;
    for (const ParamInfo &param : model.params)
      tensors.push_back(binder.required(group + "/" + param.name, param.shape, Axes::None));
    return tensors;
  };
  checkpoint.params = params(paramGroup);
  for (const std::string &group : groups)
    checkpoint.optimizer[group] = params(group);
  for (const StateInfo &state : model.states)
    checkpoint.states.push_back(binder.required(std::string(stateGroup) + "/" + state.name, state.shape, Axes::Rows));
  binder.finish();
  return checkpoint;
}

void seqc::run::writeWeights(const std::string &path, const Tensors &params, const std::string &vocabulary,
                             const Description &model) {
  TensorFile file;
  for (size_t i = 0; i < params.size(); ++i)
    file.tensors.emplace(model.params[i].name, params[i]);
  file.metadata["model"] = model.model;
  if (!vocabulary.empty())
    file.metadata[vocabularyKey] = vocabulary;
  writeSafetensors(path, file);
}
