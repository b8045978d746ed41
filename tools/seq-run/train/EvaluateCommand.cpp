//===- EvaluateCommand.cpp - evaluate ----------------------------------------------------===//
#include "tools/seq-run/train/TextCommands.h"
#include "tools/seq-run/train/Trainer.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

using namespace seqc::run;

Exit seqc::run::runEvaluate(const EvaluateOptions &options) {
  Model model = Model::load(options.library, options.model);
  const Description &info = model.info();
  if (!info.hasLoss)
    fail(Message::NoLoss, info.model);
  Tensors params = readParams(options.params, info);
  Vocabulary vocabulary = readVocabulary(options.params);
  TextInputs inputs = findTextInputs(info, options.input, options.target);
  checkVocabulary(info, inputs, vocabulary);

  std::vector<int32_t> ids;
  for (const std::string &file : findTextFiles(options.text)) {
    std::vector<int32_t> part = vocabulary.encode(readSymbols(file, vocabulary.unit()));
    ids.insert(ids.end(), part.begin(), part.end());
  }
  if (ids.size() < 2)
    fail(Message::NoText, listNames(options.text));
  auto unknown = std::count(ids.begin(), ids.end(), Vocabulary::unknown);
  double unigramBits = vocabulary.unigramBits(ids);
  size_t symbols = ids.size();
  auto batches = makeTextBatches(info, std::move(ids), {inputs, options.batch, options.steps, false, 0});
  ShardedModel sharded(model, options.threads, options.threads);
  double loss = meanLoss(sharded, params, *batches, info);
  double bits = loss / std::log(2.0);

  const char *unit = vocabulary.unit() == Unit::Char ? "char" : "byte";
  if (options.json) {
    std::cout << nlohmann::json{{"symbols", symbols}, {"unknown", unknown},           {"loss", loss},
                                {"bits", bits},       {"perplexity", std::exp(loss)}, {"unigram_bits", unigramBits}}
              << "\n";
    return Exit::Success;
  }
  std::printf("%zu symbols", symbols);
  if (unknown > 0)
    std::printf(", %ld of them not in the vocabulary", static_cast<long>(unknown));
  std::printf("\n%s: %.4f nats, %.3f bits/%s, perplexity %.2f\n", info.model.c_str(), loss, bits, unit, std::exp(loss));
  std::printf("unigram model: %.3f bits/%s, perplexity %.2f\n", unigramBits, unit, std::exp2(unigramBits));
  return Exit::Success;
}
