// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Options.h"
#include "KernelOptions.h"
#include "Targets.h"

#include "../Support/ToolSupport.h"
#include "softmax/Dialect/IR/Softmax.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <unistd.h>

using namespace mlir;
using namespace mlir::softmax;
namespace cl = llvm::cl;

namespace {

constexpr llvm::StringLiteral kOverview =
    R"(compiler for softmax kernels

Compiles the public functions of an MLIR file, or kernels asked for by --op, to
code for CPUs, GPUs of NVIDIA or AMD, or Vulkan. --op may repeat. --type, --shape, --axis, --name,
--with, --labels, --ignore-index, --label-smoothing and --masked-row describe
kernels: one that stands before the first --op holds for every
--op, one that stands after an --op for that kernel only.

  softmaxc --op=softmax --shape=?x10 -o libsoftmax.so
  softmaxc --type=f16:f32 --op=softmax --op=log_softmax --axis=0 --emit=shared,header -o out/
  softmaxc model.mlir --explain

Without --emit the kind follows from the extension of -o, else it is a shared
library. Without -o a single text goes to standard output and everything else
to the current folder. With --explain or --scorecard and neither of them nothing
is written.
An existing file is replaced by a new one under its name once all bytes are on
disk: a symbolic link by a file, and other names of the old file keep the old
bytes. The input file and write-protected files are never replaced.

Exit status: 0 all files written; 1 the input does not compile; 2 wrong usage,
or a file cannot be read or written.
)";

/// All options.  They register themselves in LLVM's global table when they are
/// made, which must follow hideLibraryOptions.
struct CommandLineOptions {
  cl::OptionCategory category{"softmaxc options"};

  cl::opt<std::string> input{cl::Positional, cl::desc("[input.mlir | -]"),
                             cl::cat(category)};
  KernelOptions kernels{category};

  cl::opt<std::string> target{
      "target",
      cl::desc(
          "native, x86-64[-v2|-v3|-v4], aarch64[,sve][,bf16] or "
          "riscv64[,v]; a list makes one library with a version for each "
          "(native); or nvptx:sm_75, 80, 90 or 100, or a list of those; or "
          "amdgcn:gfx90a, gfx942 or gfx1100; or vulkan[:subgroup=N]"),
      cl::value_desc("list"), cl::init("native"), cl::cat(category)};
  cl::opt<std::string> threads{
      "threads",
      cl::desc("none, or openmp: kernels use the OpenMP runtime (none)"),
      cl::value_desc("kind"), cl::init("none"), cl::cat(category)};
  cl::opt<std::string> accuracy{
      "accuracy", cl::desc("default, strict or fast (default)"),
      cl::value_desc("mode"), cl::init("default"), cl::cat(category)};
  cl::opt<std::string> forceStrategy{
      "force-strategy",
      cl::desc("a strategy by name (--explain lists them), "
               "refused where "
               "it cannot run"),
      cl::value_desc("name"), cl::cat(category)};
  cl::opt<bool> tune{
      "tune",
      cl::desc("choose schedules by measuring on this machine; results keep "
               "their bits"),
      cl::cat(category)};
  cl::list<std::string> tuneShape{
      "tune-shape",
      cl::desc("rows and columns to measure where sizes are not known; may "
               "repeat (lengths up to a million, in cache and in memory)"),
      cl::value_desc("ROWSxCOLUMNS"), cl::CommaSeparated, cl::cat(category)};
  cl::list<std::string> emit{
      "emit",
      cl::desc("what to write, a list: mlir, scheduled, llvm, asm, obj, "
               "archive, shared, header, manifest; for GPUs mlir, scheduled, "
               "header, manifest and llvm, ptx, cubin, fatbin, launcher (a "
               "header with the code and what launches it), shared (NVIDIA), "
               "llvm, asm, hsaco (AMD) or spirv (Vulkan)"),
      cl::value_desc("list"), cl::CommaSeparated, cl::cat(category)};
  cl::opt<std::string> output{
      "o", cl::desc("a file, - for standard output, or a folder"),
      cl::value_desc("path"), cl::cat(category)};
  cl::opt<std::string> scorecard{
      "scorecard",
      cl::desc("print what a GPU's kernels move, execute and hold, from their "
               "machine code, modelled: table or json (table)"),
      cl::value_desc("format"), cl::ValueOptional, cl::cat(category)};
  cl::list<std::string> scorecardShape{
      "scorecard-shape",
      cl::desc("rows and columns of the scorecard where sizes are not known; "
               "may repeat (some for each kernel)"),
      cl::value_desc("ROWSxCOLUMNS"), cl::CommaSeparated, cl::cat(category)};
  cl::opt<std::string> cudaPath{
      "cuda-path",
      cl::desc("the folder of NVIDIA's ptxas and fatbinary, which cubin and "
               "fatbin need (those of CUDA_PATH, CUDA_HOME and PATH)"),
      cl::value_desc("folder"), cl::cat(category)};
  cl::opt<bool> explain{
      "explain", cl::desc("print each kernel's schedule and why it was chosen"),
      cl::cat(category)};
};

/// What can be said only once.  LLVM would take the last one in silence.
bool checkGivenOnce(CommandLineOptions &given) {
  using Single = std::reference_wrapper<cl::opt<std::string>>;
  for (cl::opt<std::string> &option :
       {Single(given.target), Single(given.threads), Single(given.accuracy),
        Single(given.forceStrategy), Single(given.cudaPath),
        Single(given.output), Single(given.scorecard)}) {
    if (option.getNumOccurrences() < 2)
      continue;
    StringRef dashes = option.ArgStr.size() == 1 ? "-" : "--";
    usageError(dashes + option.ArgStr + " is given " +
               llvm::Twine(option.getNumOccurrences()) +
               " times; give it once");
    return false;
  }
  return true;
}

bool readSource(CommandLineOptions &given, Options &options) {
  bool hasInput = given.input.getNumOccurrences() > 0;
  if (hasInput && !given.kernels.op.empty()) {
    usageError("both the input file '" + given.input +
               "' and --op are given; leave one of them out");
    return false;
  }
  if (!hasInput && given.kernels.op.empty()) {
    usageError("there is nothing to compile; name an MLIR file, - for standard "
               "input, or --op=softmax (see --help)");
    return false;
  }
  if (hasInput) {
    if (!given.kernels.checkAbsent())
      return false;
    options.input = given.input;
    options.baseName = given.input == "-"
                           ? "kernels"
                           : llvm::sys::path::stem(given.input).str();
    return true;
  }

  if (!given.kernels.read(options.ops))
    return false;
  const OpSpec &first = options.ops.front();
  options.baseName = options.ops.size() > 1 ? "kernels"
                     : first.name.empty()   ? first.op
                                            : first.name;
  return true;
}

/// The shapes of a list option, for which `example` is one.
bool readShapes(const cl::list<std::string> &option, llvm::StringRef example,
                SmallVector<Work> &shapes) {
  for (const std::string &text : option) {
    auto [rows, columns] = StringRef(text).split('x');
    Work work;
    if (rows.getAsInteger(10, work.rows) ||
        columns.getAsInteger(10, work.columns) || work.rows < 1 ||
        work.columns < 1 || work.rows > int64_t(1) << 40 ||
        work.columns > int64_t(1) << 40) {
      usageError("--" + option.ArgStr + "=" + text +
                 " is not two numbers from 1 to 2^40; use ROWSxCOLUMNS, as " +
                 example);
      return false;
    }
    shapes.push_back(work);
  }
  return true;
}

/// --scorecard and what belongs to it.
bool readScorecard(CommandLineOptions &given, Options &options) {
  if (given.scorecard.getNumOccurrences() == 0) {
    if (given.scorecardShape.empty())
      return true;
    usageError("--scorecard-shape says what --scorecard is for; add "
               "--scorecard");
    return false;
  }
  if (given.scorecard != "" && given.scorecard != "table" &&
      given.scorecard != "json") {
    usageError("unknown --scorecard=" + given.scorecard +
               "; use table or json");
    return false;
  }
  options.scorecard = given.scorecard == "json" ? ScorecardFormat::JSON
                                                : ScorecardFormat::Table;
  if (!options.gpu) {
    usageError("--scorecard is of kernels for GPUs; use --target=nvptx:sm_90 "
               "or amdgcn:gfx942 (for CPUs: --explain)");
    return false;
  }
  if (options.gpu->kind == GPUKind::Vulkan) {
    usageError("--scorecard reads machine code, which a device's driver makes "
               "of SPIR-V when it loads it; use --explain for what kernels for "
               "--target=" +
               options.gpu->targetName() +
               " move, or --target=nvptx:sm_90 or amdgcn:gfx942");
    return false;
  }
  return readShapes(given.scorecardShape, "4096x1000", options.scorecardShapes);
}

/// --tune and what belongs to it.
bool readTuning(CommandLineOptions &given, Options &options) {
  options.tune = given.tune;
  if (!options.tune) {
    if (given.tuneShape.empty())
      return true;
    usageError("--tune-shape says what --tune measures; add --tune");
    return false;
  }
  if (options.targets.size() != 1 || options.targets[0].name != "native") {
    usageError("--tune measures on this machine; use --target=native");
    return false;
  }
  if (!given.forceStrategy.empty()) {
    usageError("--tune chooses among strategies; leave out --force-strategy");
    return false;
  }
  return readShapes(given.tuneShape, "64x1000", options.tuneShapes);
}

bool readTarget(CommandLineOptions &given, Options &options) {
  if (llvm::Error error = parseTargetList(given.target, options)) {
    usageError("--target: " + llvm::toString(std::move(error)));
    return false;
  }
  if (given.threads != "none" && given.threads != "openmp") {
    usageError("unknown --threads=" + given.threads + "; use none or openmp");
    return false;
  }
  options.threads = given.threads;
  if (!symbolizeAccuracy(given.accuracy)) {
    usageError("unknown --accuracy=" + given.accuracy +
               "; use default, strict or fast");
    return false;
  }
  options.accuracy = given.accuracy;
  options.forceStrategy = given.forceStrategy;
  if (given.forceStrategy.getNumOccurrences() > 0 &&
      given.forceStrategy.empty()) {
    usageError("--force-strategy needs the name of a strategy");
    return false;
  }
  if (llvm::Error error = checkStrategy(options)) {
    usageError(llvm::toString(std::move(error)));
    return false;
  }
  options.cudaPath = given.cudaPath;
  options.explain = given.explain;
  return readTuning(given, options) && readScorecard(given, options);
}

bool readKinds(CommandLineOptions &given, const Options &options,
               std::vector<EmitKind> &kinds) {
  for (const std::string &name : given.emit) {
    llvm::Expected<EmitKind> kind = parseEmitKind(name, options.gpuKind());
    if (!kind) {
      usageError(llvm::toString(kind.takeError()));
      return false;
    }
    if (!llvm::is_contained(kinds, *kind))
      kinds.push_back(*kind);
  }
  return true;
}

bool readOutputs(CommandLineOptions &given, Options &options) {
  std::vector<EmitKind> kinds;
  if (!readKinds(given, options, kinds))
    return false;
  if (llvm::Error error = checkDeviceKinds(kinds, options)) {
    usageError(llvm::toString(std::move(error)));
    return false;
  }
  std::string path = given.output;
  bool hasPath = given.output.getNumOccurrences() > 0;
  if (hasPath && path.empty()) {
    usageError("-o needs a path");
    return false;
  }
  bool isFolder = hasPath && (llvm::sys::path::is_separator(path.back()) ||
                              llvm::sys::fs::is_directory(path));

  if (kinds.empty()) {
    if (!hasPath &&
        (options.explain || options.scorecard != ScorecardFormat::None))
      return true;
    std::optional<EmitKind> kind =
        hasPath && !isFolder       ? kindOfPath(path, options.gpuKind())
        : options.gpus.size() == 1 ? defaultKind(options.gpu->kind)
                                   : EmitKind::Shared;
    if (!kind) {
      usageError("it cannot be told from -o " + path +
                 " what to write; add --emit");
      return false;
    }
    kinds.push_back(*kind);
    if (llvm::Error error = checkDeviceKinds(kinds, options)) {
      usageError(llvm::toString(std::move(error)));
      return false;
    }
  }

  if (!hasPath) {
    for (EmitKind kind : kinds)
      options.outputs.push_back(
          {kind, kinds.size() == 1 && isText(kind)
                     ? "-"
                     : defaultFileName(kind, options.baseName)});
    return true;
  }

  if (kinds.size() == 1 && !isFolder) {
    options.outputs.push_back({kinds.front(), path});
    return true;
  }
  if (!isFolder && (path == "-" || kindOfPath(path, options.gpuKind()) ||
                    llvm::sys::fs::exists(path))) {
    usageError("--emit asks for several files, and -o " + path +
               " is not a folder");
    return false;
  }
  while (path.size() > 1 && llvm::sys::path::is_separator(path.back()))
    path.pop_back();
  options.outputFolder = path;
  for (EmitKind kind : kinds) {
    llvm::SmallString<128> file(path);
    llvm::sys::path::append(file, defaultFileName(kind, options.baseName));
    options.outputs.push_back({kind, file.str().str()});
  }
  return true;
}

/// No output may be the file that is read: it would be gone.  Files are
/// compared by identity, whatever they are called.
bool checkInputIsKept(const Options &options) {
  if (!options.input)
    return true;
  namespace fs = llvm::sys::fs;
  fs::file_status input;
  std::error_code failure = *options.input == "-"
                                ? fs::status(STDIN_FILENO, input)
                                : fs::status(*options.input, input);
  // What cannot be read is reported later; devices and pipes keep nothing.
  if (failure || input.type() != fs::file_type::regular_file)
    return true;
  for (const Output &output : options.outputs) {
    fs::file_status existing;
    if (output.path == "-" || fs::status(output.path, existing) ||
        !fs::equivalent(input, existing))
      continue;
    usageError("the output '" + output.path +
               "' is the input file, which would be overwritten; name another "
               "file or folder with -o");
    return false;
  }
  return true;
}

void printVersion(llvm::raw_ostream &stream) {
  stream << "softmaxc of softmax-mlir " SOFTMAX_VERSION_STRING ", LLVM "
         << LLVM_VERSION_STRING << '\n';
}

} // namespace

std::optional<Options> mlir::softmax::parseCommandLine(int argc, char **argv) {
  hideLibraryOptions();
  // Never destroyed, since LLVM's table keeps pointing at it.
  static CommandLineOptions &given = *new CommandLineOptions;
  cl::HideUnrelatedOptions(given.category);
  cl::SetVersionPrinter(printVersion);

  if (!parseToolOptions(argc, argv, "softmaxc", kOverview))
    return std::nullopt;

  Options options;
  if (!checkGivenOnce(given) || !readSource(given, options) ||
      !readTarget(given, options) || !readOutputs(given, options) ||
      !checkInputIsKept(options))
    return std::nullopt;
  return options;
}
