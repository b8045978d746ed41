//===- CommandLine.cpp - The command line of seq-run ------------------------------------===//
#include "tools/seq-run/Commands.h"
#include "tools/seq-run/HelpFormatter.h"
#include "tools/seq-run/train/TextCommands.h"
#include "tools/seq-run/train/Trainer.h"

#include <functional>
#include <iostream>

using namespace seqc::run;

namespace {

constexpr const char *introduction =
    "Runs and trains models compiled by seqc. Arrays and weights are safetensors files whose tensors have the names\n"
    "of the .seq file: parameters and sequences (W_f, rnn.W_f, x; [T, B, ...]), states before the first step (h[0];\n"
    "[B, ...]), gradients (d.W_f, d.x, d.h[0]; given ones d.h), and optionally lengths [B].";

constexpr const char *closing =
    "A first run:\n"
    "  seqc lstm.seq --model LSTM -D I=8 -D H=16 -o liblstm.so\n"
    "  seq-run describe liblstm.so\n"
    "  seq-run init liblstm.so --seed 1 --out p.safetensors\n"
    "  seq-run forward liblstm.so --params p.safetensors --in x.safetensors --out y.safetensors\n"
    "\n"
    "Exit codes: 0 done; 1 a check failed; 2 wrong usage; 3 a file is missing, damaged or does not fit; 4 the library\n"
    "cannot do this; 5 the library refused a call; 6 training diverged; 130 interrupted (training was saved).\n";

/// A subcommand whose options live as long as the application and which, when chosen, sets what to run.
class Interface {
public:
  Interface() : app(introduction, "seq-run") {
    app.require_subcommand(1);
    app.footer(closing);
    auto formatter = std::make_shared<HelpFormatter>();
    formatter->column_width(34);
    app.formatter(formatter);
    addDescribe();
    addInit();
    auto [forward, options] = addArrays("forward", "run a model over whole sequences", runForward);
    addThreads(forward, options->threads);
    addArrays("step", "run a model step by step, as a stream", runStep);
    addGradient();
    addCheckGradient();
    addTrain();
    addEvaluate();
    addSample();
    addBench();
  }

  int run(int argc, char **argv) {
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
      return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::Usage);
    }
    return static_cast<int>(chosen());
  }

private:
  template <typename Options>
  std::pair<CLI::App *, std::shared_ptr<Options>> add(const char *name, const char *summary,
                                                      Exit (*command)(const Options &)) {
    CLI::App *sub = app.add_subcommand(name, summary);
    sub->footer(""); // the general example is shown once, by seq-run --help
    auto options = std::make_shared<Options>();
    sub->add_option("LIB", options->library, "the compiled library")->required()->type_name("");
    sub->add_option("--model", options->model, "which of its models, if it has several")->type_name("NAME");
    sub->callback([this, options, command] { chosen = [options, command] { return command(*options); }; });
    return {sub, options};
  }

  void addDescribe() {
    auto [sub, options] = add<DescribeOptions>("describe", "list a model's tensors and entry points", runDescribe);
    sub->add_flag("--json", options->json, "print the library's own description");
  }

  void addInit() {
    auto [sub, options] = add<InitOptions>("init", "write parameters drawn by the model's initialisers", runInit);
    sub->add_option("--seed", options->seed, "the same seed gives the same parameters everywhere")
        ->capture_default_str();
    sub->add_option("--out", options->out, "where to write the parameters")->required()->type_name("FILE");
  }

  static void addThreads(CLI::App *sub, int64_t &threads) {
    sub->add_option("--threads", threads, "that share a call's work; results do not depend on it")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
  }

  std::pair<CLI::App *, std::shared_ptr<ArrayOptions>> addArrays(const char *name, const char *summary,
                                                                 Exit (*command)(const ArrayOptions &)) {
    auto [sub, options] = add<ArrayOptions>(name, summary, command);
    sub->add_option("--params", options->params, "the parameters")->required()->type_name("FILE");
    sub->add_option("--in", options->in, "inputs [T, B, ...]; may hold lengths [B] and states [B, ...]")
        ->type_name("FILE");
    sub->add_option("--out", options->out, "where to write the results")->required()->type_name("FILE");
    sub->add_option("--states", options->states, "states to start from, as --final-states writes them")
        ->type_name("FILE");
    sub->add_option("--final-states", options->finalStates, "where to write the states after the last step")
        ->type_name("FILE");
    sub->add_flag("--training", options->training, "let dropout drop, take the statistics of the batch");
    sub->add_option("--seed", options->seed, "of dropout")->capture_default_str();
    sub->add_option("--steps", options->steps, "T, for a model without inputs")->type_name("T");
    sub->add_option("--batch", options->batch, "B, for a model without inputs")->type_name("B");
    return {sub, options};
  }

  void addGradient() {
    auto [sub, options] =
        addArrays("gradient", "gradients of the loss, or from given gradients of outputs", runGradient);
    sub->add_flag("--no-loss", options->noLoss, "start from the given gradients (d.h, d.final.h[0]) alone");
    sub->add_flag("--outputs", options->withOutputs, "write the outputs as well");
    addThreads(sub, options->threads);
    sub->remove_option(sub->get_option("--final-states"));
  }

  void addCheckGradient() {
    auto [sub, options] = add<CheckGradientOptions>(
        "check-gradient", "compare the gradient with central differences (f64)", runCheckGradient);
    sub->add_option("--params", options->params, "the parameters; default: drawn and jittered")->type_name("FILE");
    sub->add_option("--in", options->in, "the inputs; default: random")->type_name("FILE");
    sub->add_option("--steps", options->steps, "T of random inputs")->capture_default_str()->type_name("T");
    sub->add_option("--batch", options->batch, "B of random inputs")->capture_default_str()->type_name("B");
    sub->add_flag("--lengths", options->lengths, "give random inputs random lengths");
    sub->add_option("--samples", options->samples, "elements to check per tensor; 0: all")->capture_default_str();
    sub->add_option("--delta", options->delta, "of the differences")->capture_default_str();
    sub->add_option("--tolerance", options->tolerance, "largest relative error")->capture_default_str();
    sub->add_option("--seed", options->seed, "of everything random")->capture_default_str();
    sub->add_flag("--training", options->training,
                  "let dropout drop (the same elements each time), take the statistics of the batch");
  }

  void addBench() {
    auto [sub, options] = add<BenchOptions>("bench", "time a model's entry points", runBench);
    sub->add_option("--steps", options->steps, "T")->capture_default_str()->type_name("T");
    sub->add_option("--batch", options->batch, "B")->capture_default_str()->type_name("B");
    sub->add_option("--seconds", options->seconds, "how long to measure each entry point")->capture_default_str();
    addThreads(sub, options->threads);
    sub->add_option("--entry", options->entries, "which to time; default: all there are")->type_name("NAME");
    sub->add_flag("--json", options->json, "print JSON");
  }

  void addTrain() {
    auto [sub, options] = add<TrainOptions>("train", "train a model on text or arrays", runTrain);
    sub->add_option("--out", options->out, "folder for weights, checkpoint, loss table and picture")->type_name("DIR");
    addTrainData(sub, options->settings);
    addTrainLoop(sub, options->settings);
    addOptimizer(sub, options->settings.optimizer);
    addSchedule(sub, options->settings.schedule);
    forbidWithResume(sub, options);
    auto *group = "How to go about it";
    sub->add_option("--threads", options->threads, "results do not depend on it")
        ->check(CLI::Range(1, 256))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--stop-after", options->stopAfter, "save and stop after so many updates; 0: at the end")
        ->capture_default_str()
        ->group(group);
    sub->add_flag("--overwrite", options->overwrite, "replace a run that is in --out")->group(group);
    sub->add_flag("--quiet", options->quiet, "print errors only")->group(group);
  }

  void addTrainData(CLI::App *sub, TrainSettings &settings) {
    auto *group = "Data";
    auto *text = sub->add_option("--text", settings.text, "text files, and folders of them")->group(group);
    text->type_name("PATH");
    sub->add_option("--data", settings.data, "arrays: inputs [T, N, ...] of N examples, perhaps lengths [N]")
        ->type_name("FILE")
        ->excludes(text)
        ->group(group);
    sub->add_option("--validation-data", settings.validationData, "arrays to validate on")
        ->type_name("FILE")
        ->excludes(text)
        ->group(group);
    sub->add_option("--validation", settings.validation, "part of the data to hold out")
        ->check(CLI::Range(0.0, 0.9))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--unit", settings.unit, "what text is made of")
        ->check(CLI::IsMember({"char", "byte"}))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--input", settings.input, "id input that takes the text; default: the first")
        ->type_name("NAME")
        ->group(group);
    sub->add_option("--target", settings.target, "id input that takes the next symbol; default: the second")
        ->type_name("NAME")
        ->group(group);
  }

  void addTrainLoop(CLI::App *sub, TrainSettings &settings) {
    auto *group = "Loop";
    sub->add_option("--params", settings.initial, "parameters to start from; default: by the initialisers")
        ->type_name("FILE")
        ->group(group);
    sub->add_option("--batch", settings.batch, "rows of a batch")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->group(group);
    sub->add_option("--steps", settings.steps, "steps of one update (truncated BPTT); 0: whole examples")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str()
        ->group(group);
    sub->add_option("--patience", settings.patience, "stop after so many epochs that were no better; 0: never")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str()
        ->group(group);
    sub->add_option("--shards", settings.shards, "parts of a batch that are computed separately")
        ->check(CLI::Range(1, 256))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--seed", settings.seed, "of parameters, order and dropout")->capture_default_str()->group(group);
  }

  void addOptimizer(CLI::App *sub, OptimizerSettings &settings) {
    auto *group = "Optimiser";
    sub->add_option("--optimizer", settings.method, "how parameters change")
        ->check(CLI::IsMember({"sgd", "adam", "adamw"}))
        ->capture_default_str()
        ->group(group);
    auto number = [&](const char *name, double &value, const char *text) {
      sub->add_option(name, value, text)->check(CLI::NonNegativeNumber)->capture_default_str()->group(group);
    };
    number("--momentum", settings.momentum, "of sgd");
    number("--beta1", settings.beta1, "of adam: average of gradients");
    number("--beta2", settings.beta2, "of adam: average of their squares");
    number("--epsilon", settings.epsilon, "of adam");
    number("--weight-decay", settings.weightDecay, "in the gradient; with adamw apart from it");
    number("--clip-norm", settings.clipNorm, "largest norm of the gradient; 0: any");
    number("--clip-value", settings.clipValue, "largest element of the gradient; 0: any");
    number("--estimate-rate", settings.estimateRate, "of the moving averages of batchnorm");
  }

  void addSchedule(CLI::App *sub, ScheduleSettings &settings) {
    auto *group = "Learning rate";
    sub->add_option("--rate", settings.rate, "after warmup")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->group(group);
    sub->add_option("--schedule", settings.shape, "how the rate goes on from there")
        ->check(CLI::IsMember({"constant", "cosine", "linear", "step"}))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--warmup", settings.warmup, "updates during which the rate rises")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str()
        ->group(group);
    sub->add_option("--final-factor", settings.finalFactor, "cosine and linear end at so much of the rate")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--step-every", settings.stepEvery, "step: updates between two reductions")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->group(group);
    sub->add_option("--step-factor", settings.stepFactor, "step: what the rate is multiplied with")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->group(group);
  }

  /// A resumed run has its settings from the checkpoint; taking others silently or in part would make it another run.
  void forbidWithResume(CLI::App *sub, const std::shared_ptr<TrainOptions> &options) {
    std::vector<CLI::Option *> fresh = sub->get_options([](const CLI::Option *option) {
      return !option->get_positional() && option->get_name() != "--help" && option->get_name() != "--model";
    });
    CLI::Option *resume = sub->add_option_function<std::string>(
        "--resume",
        [options](const std::string &folder) {
          options->out = folder;
          options->resume = true;
        },
        "go on with the run in this folder, with its settings");
    resume->type_name("DIR");
    for (CLI::Option *option : fresh)
      resume->excludes(option);
    sub->get_option("--out")->required(false);
    sub->add_option("--epochs", options->epochs, "how often to go through the data; default 10")
        ->check(CLI::NonNegativeNumber)
        ->group("Loop");
    sub->callback([this, options] {
      if (options->out.empty())
        throw CLI::RequiredError("--out or --resume");
      chosen = [options] { return runTrain(*options); };
    });
  }

  void addEvaluate() {
    auto [sub, options] =
        add<EvaluateOptions>("evaluate", "bits and perplexity of a trained model on text", runEvaluate);
    sub->add_option("--params", options->params, "weights that train wrote")->required()->type_name("FILE");
    sub->add_option("--text", options->text, "text files, and folders of them")->required()->type_name("PATH");
    sub->add_option("--input", options->input, "id input that takes the text; default: the first")->type_name("NAME");
    sub->add_option("--target", options->target, "id input that takes the next symbol; default: the second")
        ->type_name("NAME");
    sub->add_option("--batch", options->batch, "rows the text is cut into")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    sub->add_option("--steps", options->steps, "steps of one call")->check(CLI::PositiveNumber)->capture_default_str();
    sub->add_option("--threads", options->threads, "rows are shared out among them")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    sub->add_flag("--json", options->json, "print JSON");
  }

  void addSample() {
    auto [sub, options] = add<SampleOptions>("sample", "let a trained model write text", runSample);
    sub->add_option("--params", options->params, "weights that train wrote")->required()->type_name("FILE");
    sub->add_option("--prompt", options->prompt, "how the text begins")->type_name("TEXT");
    sub->add_option("--length", options->length, "symbols to write")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    sub->add_option("--count", options->count, "texts to write")->check(CLI::NonNegativeNumber)->capture_default_str();
    sub->add_option("--temperature", options->temperature, "below 1 bolder, 0 always the likeliest symbol")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    sub->add_option("--top-k", options->topK, "draw from the k likeliest symbols only; 0: from all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    sub->add_option("--seed", options->seed, "the same seed, the same text")->capture_default_str();
    sub->add_option("--input", options->input, "id input that takes the text; default: the first")->type_name("NAME");
    sub->add_option("--logits", options->logits, "output with the logits; default: the only one of that size")
        ->type_name("NAME");
  }

  CLI::App app;
  std::function<Exit()> chosen;
};

} // namespace

int seqc::run::runCommandLine(int argc, char **argv) {
  try {
    return Interface().run(argc, argv);
  } catch (const Failure &failure) {
    std::cerr << "seq-run: error: " << failure.what() << "\n";
    return static_cast<int>(failure.exit);
  } catch (const std::bad_alloc &) {
    std::cerr << "seq-run: error: out of memory\n";
    return static_cast<int>(Exit::Refused);
  }
}
