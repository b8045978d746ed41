//===- CommandLine.cpp - The command line of seq-run ------------------------------------===//
#include "tools/seq-run/Commands.h"

#include <CLI/CLI.hpp>
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
    app.get_formatter()->column_width(34);
    addDescribe();
    addInit();
    addArrays("forward", "run a model over whole sequences", runForward);
    addArrays("step", "run a model step by step, as a stream", runStep);
    addGradient();
    addCheckGradient();
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
    sub->add_flag("--training", options->training, "let dropout drop");
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
    sub->add_flag("--training", options->training, "let dropout drop (the same elements each time)");
  }

  void addBench() {
    auto [sub, options] = add<BenchOptions>("bench", "time a model's entry points", runBench);
    sub->add_option("--steps", options->steps, "T")->capture_default_str()->type_name("T");
    sub->add_option("--batch", options->batch, "B")->capture_default_str()->type_name("B");
    sub->add_option("--seconds", options->seconds, "how long to measure each entry point")->capture_default_str();
    sub->add_option("--entry", options->entries, "which to time; default: all there are")->type_name("NAME");
    sub->add_flag("--json", options->json, "print JSON");
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
