//===- seq-interp.cpp - The oracle on the command line ----------------------===//
#include "tools/seq-interp/Differences.h"
#include "tools/seq-interp/Files.h"
#include "tools/seq-interp/Init.h"
#include "tools/seq-interp/Load.h"
#include "tools/seq-run/Failure.h"

#include <CLI/CLI.hpp>

using namespace seqc::interp;

namespace {

struct Options {
  LoadOptions load;
  CallOptions call;
  std::string out, finalStates;
  double delta = 1e-5;
};

/// Which system, and where to write.
void addSystemOptions(CLI::App *command, Options &options) {
  command->add_option("file", options.load.path, ".seq, or .mlir of the equation level")->required();
  command->add_option("--library", options.load.library, "folder of the standard library of cells")
      ->default_val(SEQC_STDLIB);
  command->add_option("--model", options.load.model, "which system; needed if there are several");
  command
      ->add_option_function<std::vector<std::string>>(
          "-D",
          [&options](const std::vector<std::string> &dims) {
            for (const std::string &dim : dims)
              options.load.dims[dim.substr(0, dim.find('='))] = std::stoll(dim.substr(dim.find('=') + 1));
          },
          "a dimension of the model: -D H=32")
      ->check([](const std::string &text) {
        size_t equals = text.find('=');
        bool isNumber = equals != std::string::npos && equals > 0 && equals + 1 < text.size() &&
                        text.find_first_not_of("0123456789", equals + 1) == std::string::npos;
        return isNumber ? "" : "needs NAME=NUMBER";
      })
      ->expected(1)
      ->take_all();
  command->add_option("--seed", options.call.seed, "of parameters or dropout masks");
  command->add_option("--out", options.out, "where to write what comes out")->required();
}

void addOptions(CLI::App *command, Options &options) {
  addSystemOptions(command, options);
  command->add_option("--params", options.call.params, "parameters, safetensors");
  command->add_option("--in", options.call.in, "inputs, given states, lengths and gradients of outputs");
  command->add_option("--states", options.call.states, "given states in a file of their own");
  command->add_option("--steps", options.call.steps, "T of a model without inputs");
  command->add_option("--batch", options.call.batch, "B of a model without inputs");
  command->add_flag("--training", options.call.training, "draw dropout masks, take the statistics of the batch");
}

/// Prints an error and makes it the exit code 1.
int refuse(llvm::Error error) {
  llvm::errs() << "seq-interp: " << llvm::toString(std::move(error)) << "\n";
  return 1;
}

int init(const Options &options, const Interpreter &interpreter) {
  writeArrays(options.out, initialParams(interpreter, options.call.seed));
  return 0;
}

int forward(const Options &options, const Interpreter &interpreter) {
  llvm::Expected<Evaluation> run = interpreter.run(readCall(options.call, interpreter));
  if (!run)
    return refuse(run.takeError());
  writeArrays(options.out, run->outputs, "", run->loss);
  writeArrays(options.finalStates, run->finalStates);
  return 0;
}

int gradient(const Options &options, const Interpreter &interpreter) {
  Call call = readCall(options.call, interpreter);
  llvm::Expected<Evaluation> run = interpreter.run(call);
  if (!run)
    return refuse(run.takeError());
  if (options.load.adjoint) {
    writeArrays(options.out, run->gradients, "d.", run->loss);
    return 0;
  }
  llvm::Expected<Arrays> gradients = centralDifferences(interpreter, std::move(call), options.delta);
  if (!gradients)
    return refuse(gradients.takeError());
  writeArrays(options.out, *gradients, "d.", run->loss);
  return 0;
}

int evaluate(const Options &options, int (*command)(const Options &, const Interpreter &)) {
  mlir::MLIRContext context;
  Loaded loaded = load(options.load, context);
  if (!loaded.system)
    return 1;
  llvm::Expected<Interpreter> interpreter = Interpreter::create(loaded.system);
  return interpreter ? command(options, *interpreter) : refuse(interpreter.takeError());
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Evaluates a system of equations step by step in f64: the reference for compiled models.");
  app.require_subcommand(1);
  Options options;
  CLI::App *initCommand = app.add_subcommand("init", "parameters drawn by their initialisers");
  addSystemOptions(initCommand, options);
  CLI::App *forwardCommand = app.add_subcommand("forward", "outputs, loss and final states");
  addOptions(forwardCommand, options);
  forwardCommand->add_option("--final-states", options.finalStates, "where to write the final states");
  CLI::App *gradientCommand = app.add_subcommand("gradient", "gradients, by central differences of the forward pass");
  addOptions(gradientCommand, options);
  gradientCommand->add_flag("--adjoint", options.load.adjoint, "evaluate the derived adjoint system instead");
  gradientCommand->add_flag("--no-loss", options.call.noLoss, "start from the given gradients of outputs alone");
  gradientCommand->add_option("--delta", options.delta, "step of the differences");
  CLI11_PARSE(app, argc, argv);
  try {
    return evaluate(options, initCommand->parsed() ? init : gradientCommand->parsed() ? gradient : forward);
  } catch (const seqc::run::Failure &failure) {
    llvm::errs() << "seq-interp: " << failure.what() << "\n";
    return static_cast<int>(failure.exit);
  }
}
