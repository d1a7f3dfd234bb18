// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Options.h"

#include "../Support/ToolSupport.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::softmax;
namespace cl = llvm::cl;

namespace {

constexpr llvm::StringLiteral overview =
    R"(runs a GPU kernel on the CPU, on NumPy files

Takes NVIDIA device code (LLVM IR for nvptx64 as .ll or .bc, or MLIR with a
gpu.module in the LLVM and NVVM dialects or a gpu.binary that holds bitcode),
runs a kernel with every GPU thread as a fibre, and reports accesses out of
bounds, conflicts between threads, divergent barriers, deadlocks and the like
with the place in the kernel.

  softmax-gpu-emulate kernel.ll --kernel=scale --grid=4 --block=256
    --arg=in:x.npy --arg=out:y.npy:4x1024xf32 --arg=i64:1024

Arguments, in the order of the kernel's parameters:
  in:FILE            address of a buffer with the elements of a .npy file
  out:FILE:SHAPE     address of an undefined buffer that is written to FILE;
                     SHAPE is 4x1024xf32 (f16, bf16, f32, f64, i1, i8, i32, i64)
  inout:FILE:FILE    address of a buffer read from the one, written to the other
  same:K[:BYTES]     address BYTES into the buffer of argument number K (from 0)
  memref:...         in, out or inout as an unpacked memref descriptor: the
                     address twice, offset, sizes, strides
  i32:N i64:N f32:X f64:X

Exit status: 0 all done; 1 the device code is refused, or does something wrong;
2 wrong usage, or a file cannot be read or written.
)";

/// All options.  They register themselves in LLVM's global table when they are
/// made, which must follow hideLibraryOptions.
struct CommandLineOptions {
  cl::OptionCategory category{"softmax-gpu-emulate options"};

  cl::opt<std::string> file{cl::Positional, cl::desc("<device code | ->"),
                            cl::cat(category)};
  cl::opt<std::string> kernel{
      "kernel", cl::desc("the kernel to run (the only one there is)"),
      cl::value_desc("name"), cl::cat(category)};
  cl::opt<std::string> module{
      "module", cl::desc("the gpu.module to take it from (the only one)"),
      cl::value_desc("name"), cl::cat(category)};
  cl::opt<std::string> grid{"grid", cl::desc("blocks (1)"),
                            cl::value_desc("X[,Y[,Z]]"), cl::init("1"),
                            cl::cat(category)};
  cl::opt<std::string> block{"block", cl::desc("threads of a block (1)"),
                             cl::value_desc("X[,Y[,Z]]"), cl::init("1"),
                             cl::cat(category)};
  cl::opt<std::string> cluster{
      "cluster", cl::desc("blocks of a cluster (what the kernel says, or 1)"),
      cl::value_desc("X[,Y[,Z]]"), cl::cat(category)};
  cl::opt<std::string> shared{
      "shared", cl::desc("bytes of dynamic shared memory (0)"),
      cl::value_desc("bytes"), cl::init("0"), cl::cat(category)};
  cl::list<std::string> arg{"arg",
                            cl::desc("an argument, see above; may repeat"),
                            cl::value_desc("kind:value"), cl::cat(category)};
  cl::opt<std::string> approx{
      "approx",
      cl::desc("exact or worst: results of approximate instructions, correctly "
               "rounded or off by as much as the PTX ISA allows (exact)"),
      cl::value_desc("mode"), cl::init("exact"), cl::cat(category)};
  cl::opt<std::string> steps{
      "steps", cl::desc("iterations of loops that a thread may take (2^24)"),
      cl::value_desc("N"), cl::cat(category)};
  cl::opt<std::string> counters{
      "counters",
      cl::desc("write what the launch did as JSON; - is standard output"),
      cl::value_desc("file.json"), cl::cat(category)};
  cl::opt<bool> listKernels{"list-kernels",
                            cl::desc("print the names of the kernels"),
                            cl::cat(category)};
};

std::nullopt_t usageError(const llvm::Twine &message) {
  llvm::errs() << "softmax-gpu-emulate: " << message << '\n';
  return std::nullopt;
}

void printVersion(llvm::raw_ostream &stream) {
  stream << "softmax-gpu-emulate of softmax-mlir " SOFTMAX_VERSION_STRING
            ", LLVM "
         << LLVM_VERSION_STRING << '\n';
}

std::optional<emulator::Dim3> parseDimensions(llvm::StringRef option,
                                              llvm::StringRef text) {
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',');
  uint32_t sizes[3] = {1, 1, 1};
  bool good = parts.size() <= 3;
  for (size_t i = 0; good && i < parts.size(); ++i)
    good = !parts[i].getAsInteger(10, sizes[i]) && sizes[i] > 0;
  if (!good)
    return usageError("--" + option +
                      " takes one to three sizes from 1 on, as in 16,2, not '" +
                      text + "'");
  return emulator::Dim3{sizes[0], sizes[1], sizes[2]};
}

/// "4x1024xf32"
bool parseShape(llvm::StringRef text, ArgumentSpec &spec) {
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, 'x');
  spec.elementType = parts.pop_back_val().str();
  for (llvm::StringRef part : parts) {
    int64_t size = 0;
    if (part.getAsInteger(10, size) || size < 0)
      return false;
    spec.shape.push_back(size);
  }
  return llvm::StringSwitch<bool>(spec.elementType)
      .Cases({"f16", "bf16", "f32", "f64", "i1", "i8", "i32", "i64"}, true)
      .Default(false);
}

bool parseScalar(llvm::StringRef kind, llvm::StringRef value,
                 ArgumentSpec &spec) {
  if (kind == "i32" || kind == "i64") {
    spec.kind = kind == "i32" ? ArgumentSpec::I32 : ArgumentSpec::I64;
    return !value.getAsInteger(10, spec.integer) &&
           (kind == "i64" || llvm::isInt<32>(spec.integer));
  }
  spec.kind = kind == "f32" ? ArgumentSpec::F32 : ArgumentSpec::F64;
  return !value.getAsDouble(spec.real);
}

std::optional<ArgumentSpec> parseArgument(llvm::StringRef text) {
  ArgumentSpec spec;
  auto wrong = [&](const llvm::Twine &form) {
    return usageError("--arg=" + text + ": use " + form);
  };
  llvm::StringRef rest = text;
  spec.isMemRef = rest.consume_front("memref:");
  auto [kind, value] = rest.split(':');
  if (kind == "in") {
    spec.kind = ArgumentSpec::In;
    spec.input = value.str();
    if (value.empty())
      return wrong("in:FILE.npy");
    return spec;
  }
  if (kind == "out") {
    spec.kind = ArgumentSpec::Out;
    auto [path, shape] = value.rsplit(':');
    spec.output = path.str();
    if (path.empty() || !parseShape(shape, spec))
      return wrong("out:FILE.npy:SHAPE with a shape like 4x1024xf32");
    return spec;
  }
  if (kind == "inout") {
    spec.kind = ArgumentSpec::InOut;
    auto [input, output] = value.split(':');
    spec.input = input.str();
    spec.output = output.str();
    if (input.empty() || output.empty())
      return wrong("inout:IN.npy:OUT.npy");
    return spec;
  }
  if (spec.isMemRef)
    return wrong("memref:in:..., memref:out:... or memref:inout:...");
  if (kind == "same") {
    spec.kind = ArgumentSpec::Same;
    auto [other, offset] = value.split(':');
    if (other.getAsInteger(10, spec.other) ||
        (!offset.empty() && offset.getAsInteger(10, spec.byteOffset)))
      return wrong("same:K or same:K:BYTES with numbers");
    return spec;
  }
  if (kind != "i32" && kind != "i64" && kind != "f32" && kind != "f64")
    return wrong("in, out, inout, same, memref, i32, i64, f32 or f64 before "
                 "the colon");
  if (!parseScalar(kind, value, spec))
    return wrong("a number of type " + kind);
  return spec;
}

} // namespace

std::optional<EmulateOptions> mlir::softmax::parseEmulateOptions(int argc,
                                                                 char **argv) {
  hideLibraryOptions();
  // Never destroyed, since LLVM's table keeps pointing at it.
  static CommandLineOptions &given = *new CommandLineOptions;
  cl::HideUnrelatedOptions(given.category);
  cl::SetVersionPrinter(printVersion);
  if (!parseToolOptions(argc, argv, "softmax-gpu-emulate", overview))
    return std::nullopt;
  if (given.file.empty())
    return usageError("there is nothing to run; name a file with device code, "
                      "or - for standard input (see --help)");
  EmulateOptions options;
  options.file = given.file;
  options.module = given.module;
  options.listKernels = given.listKernels;
  options.counters = given.counters;
  emulator::Launch &launch = options.launch;
  launch.kernel = given.kernel;
  std::optional<emulator::Dim3> grid = parseDimensions("grid", given.grid);
  std::optional<emulator::Dim3> block = parseDimensions("block", given.block);
  if (!grid || !block)
    return std::nullopt;
  launch.grid = *grid;
  launch.block = *block;
  if (!given.cluster.empty()) {
    std::optional<emulator::Dim3> cluster =
        parseDimensions("cluster", given.cluster);
    if (!cluster)
      return std::nullopt;
    launch.cluster = *cluster;
  }
  if (llvm::StringRef(given.shared).getAsInteger(10, launch.dynamicSharedBytes))
    return usageError("--shared takes a number of bytes, not '" + given.shared +
                      "'");
  if (given.steps.getNumOccurrences() > 0 &&
      llvm::StringRef(given.steps).getAsInteger(10, launch.mostSteps))
    return usageError("--steps takes a number, not '" + given.steps + "'");
  if (given.approx != "exact" && given.approx != "worst")
    return usageError("unknown --approx=" + given.approx +
                      "; use exact or worst");
  launch.approximation = given.approx == "worst"
                             ? emulator::Approximation::Worst
                             : emulator::Approximation::Exact;
  for (const std::string &text : given.arg) {
    std::optional<ArgumentSpec> spec = parseArgument(text);
    if (!spec)
      return std::nullopt;
    if (spec->kind == ArgumentSpec::Same &&
        (spec->other >= options.arguments.size() ||
         options.arguments[spec->other].kind > ArgumentSpec::InOut))
      return usageError("--arg=" + text + ": argument " +
                        llvm::Twine(spec->other) +
                        " is no buffer that was given before");
    options.arguments.push_back(std::move(*spec));
  }
  return options;
}
