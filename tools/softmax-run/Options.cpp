// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Options.h"

#include "../Support/ToolSupport.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Schedule/Candidate.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;
namespace cl = llvm::cl;

namespace {

constexpr llvm::StringLiteral overview =
    R"(runs functions on NumPy files

Compiles a function on tensors in this process and runs it on .npy files, one
--input per argument, in order; a scalar is a 0-d array. One --output per result
is written, row-major; bf16 results are written as their bits in uint16.

  softmax-run softmax.mlir --input logits.npy --output probabilities.npy --check
  softmax-run softmax.mlir --input logits.npy --time

With --check the function is also evaluated in higher precision, and a result
outside the bounds of docs/Spec.md is an error.

Exit status: 0 all done; 1 the function does not compile, a file does not match
it, or --check found an error; 2 wrong usage, or a file cannot be read or
written.
)";

/// All options.  They register themselves in LLVM's global table when they are
/// made, which must follow hideLibraryOptions.
struct CommandLineOptions {
  cl::OptionCategory category{"softmax-run options"};

  cl::opt<std::string> file{cl::Positional, cl::desc("<file.mlir | ->"),
                            cl::cat(category)};
  cl::opt<std::string> entry{"entry", cl::desc("the function to run (main)"),
                             cl::value_desc("name"), cl::init("main"),
                             cl::cat(category)};
  cl::list<std::string> input{"input", cl::desc("an argument; may repeat"),
                              cl::value_desc("file.npy"), cl::cat(category)};
  cl::list<std::string> output{"output", cl::desc("a result; may repeat"),
                               cl::value_desc("file.npy"), cl::cat(category)};
  cl::opt<std::string> inputType{
      "input-type", cl::desc("bf16: inputs of uint16 hold bf16 numbers"),
      cl::value_desc("type"), cl::cat(category)};
  cl::opt<bool> check{"check",
                      cl::desc("compare the results with the higher-precision "
                               "reference and print the worst error"),
                      cl::cat(category)};
  cl::opt<bool> time{
      "time",
      cl::desc("print the median time of a call over repetitions, and the "
               "bytes of arguments and results per second"),
      cl::cat(category)};
  cl::opt<std::string> target{
      "target",
      cl::desc("native, x86-64, x86-64-v2, x86-64-v3 or x86-64-v4 (native)"),
      cl::value_desc("name"), cl::init("native"), cl::cat(category)};
  cl::opt<std::string> accuracy{
      "accuracy", cl::desc("default, strict or fast (default)"),
      cl::value_desc("mode"), cl::init("default"), cl::cat(category)};
  cl::opt<std::string> threads{
      "threads",
      cl::desc("threads of the OpenMP runtime to run on, 1 without it (1)"),
      cl::value_desc("N"), cl::init("1"), cl::cat(category)};
  cl::opt<std::string> forceStrategy{
      "force-strategy",
      cl::desc("a strategy by name (--explain lists them), "
               "refused where it "
               "cannot run"),
      cl::value_desc("name"), cl::cat(category)};
};

/// More make no sense, and a runtime that cannot start them ends the process.
constexpr unsigned mostThreads = 1024;

std::nullopt_t usageError(const llvm::Twine &message) {
  llvm::errs() << "softmax-run: " << message << '\n';
  return std::nullopt;
}

void printVersion(llvm::raw_ostream &stream) {
  stream << "softmax-run of softmax-mlir " SOFTMAX_VERSION_STRING ", LLVM "
         << LLVM_VERSION_STRING << '\n';
}

} // namespace

std::optional<RunOptions> mlir::softmax::parseRunOptions(int argc,
                                                         char **argv) {
  hideLibraryOptions();
  // Never destroyed, since LLVM's table keeps pointing at it.
  static CommandLineOptions &given = *new CommandLineOptions;
  cl::HideUnrelatedOptions(given.category);
  cl::SetVersionPrinter(printVersion);
  if (!parseToolOptions(argc, argv, "softmax-run", overview))
    return std::nullopt;

  if (given.file.empty())
    return usageError("there is nothing to run; name an MLIR file, or - for "
                      "standard input (see --help)");
  RunOptions options;
  options.file = given.file;
  options.entry = given.entry;
  options.inputs =
      std::vector<std::string>(given.input.begin(), given.input.end());
  options.outputs =
      std::vector<std::string>(given.output.begin(), given.output.end());
  options.check = given.check;
  options.time = given.time;
  options.forceStrategy = given.forceStrategy;
  for (const std::vector<std::string> &paths :
       {options.inputs, options.outputs})
    if (llvm::is_contained(paths, ""))
      return usageError("--input and --output need the name of a .npy file");
  if (given.inputType.getNumOccurrences() > 0) {
    if (given.inputType != "bf16")
      return usageError("unknown --input-type=" + given.inputType +
                        "; use bf16 where uint16 files hold bf16 numbers, and "
                        "leave it out elsewhere");
    options.uint16IsBF16 = true;
  }
  if (options.outputs.empty() && !options.check && !options.time)
    return usageError("nothing is asked for; add --output, --check or --time");

  llvm::Expected<TargetDescription> target = parseTarget(given.target);
  if (!target)
    return usageError("--target: " + llvm::toString(target.takeError()));
  options.target = *target;
  if (!symbolizeAccuracy(given.accuracy))
    return usageError("unknown --accuracy=" + given.accuracy +
                      "; use default, strict or fast");
  options.accuracy = given.accuracy;
  if (given.forceStrategy.getNumOccurrences() > 0 &&
      !parseStrategy(given.forceStrategy))
    return usageError("unknown --force-strategy=" + given.forceStrategy +
                      "; use " + listStrategies());
  if (llvm::StringRef(given.threads).getAsInteger(10, options.threads) ||
      options.threads == 0 || options.threads > mostThreads)
    return usageError("--threads takes a number from 1 to " +
                      llvm::Twine(mostThreads) + ", not '" + given.threads +
                      "'");
  return options;
}
