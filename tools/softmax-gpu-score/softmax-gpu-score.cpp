// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-gpu-score: figures of kernels from their machine code, whoever
// compiled them.

#include "../Support/ToolSupport.h"
#include "Request.h"

#include "softmax/Target/CudaTools.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::softmax;
using namespace mlir::softmax::scorecard;
namespace cl = llvm::cl;

namespace {

constexpr llvm::StringLiteral overview =
    R"(scores GPU kernels from their machine code

Follows the control flow of NVIDIA machine code (cubin, read by nvdisasm) for
given launches and prints what they move, execute and hold, and a model of
their time.  Nothing is measured and no GPU is needed.  The request is JSON:

  {"chip": "sm_90", "problems": [
    {"name": "mine", "cubin": "mine.cubin", "rows": 1024, "columns": 4096,
     "read": 16777216, "written": 16777216,
     "launches": [{"kernel": "softmax", "grid": [1024], "block": [256],
                   "shared": 0, "cluster": 1, "arguments": ["buffer", "buffer", 4096]}]}]}

read and written are the bytes that must be moved once. Arguments are those of
the kernel in order: "buffer" is an address aligned to 256 bytes, an integer the
bits of a scalar. "sass": FILE is what nvdisasm -c prints of the cubin, where it
has been run before. "repeat": N says that rows are N times what the launches
compute, where blocks take row after row; "blocks": N how many blocks of a grid
are followed (4). Chips are sm_75, sm_80, sm_90 and sm_100.

Exit status: 0 all scored; 1 a kernel cannot be scored; 2 wrong usage, or a file
or nvdisasm is missing.
)";

struct CommandLineOptions {
  cl::OptionCategory category{"softmax-gpu-score options"};
  cl::opt<std::string> request{cl::Positional, cl::desc("<request.json | ->"),
                               cl::Required, cl::cat(category)};
  cl::opt<bool> json{"json", cl::desc("print JSON instead of a table"),
                     cl::cat(category)};
};

void printVersion(llvm::raw_ostream &stream) {
  stream << "softmax-gpu-score of softmax-mlir " SOFTMAX_VERSION_STRING
            ", LLVM "
         << LLVM_VERSION_STRING << '\n';
}

int fail(int status, const llvm::Twine &message) {
  llvm::errs() << "softmax-gpu-score: " << message << '\n';
  return status;
}

llvm::Expected<std::string> readFile(llvm::StringRef path) {
  auto bytes = llvm::MemoryBuffer::getFile(path);
  if (!bytes)
    return llvm::createStringError("cannot read '" + path +
                                   "': " + bytes.getError().message());
  return (*bytes)->getBuffer().str();
}

int run(llvm::StringRef path, bool json) {
  constexpr int notScored = 1, wrongUsage = 2;
  auto text = llvm::MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/true);
  if (!text)
    return fail(wrongUsage,
                "cannot read '" + path + "': " + text.getError().message());
  llvm::Expected<ScoreRequest> request =
      parseScoreRequest((*text)->getBuffer());
  if (!request)
    return fail(wrongUsage, llvm::toString(request.takeError()));
  bool disassembles =
      llvm::any_of(request->problems, [](const ScoreRequest::Problem &problem) {
        return problem.sass.empty();
      });
  if (disassembles)
    if (auto tool = findCudaTool("nvdisasm"); !tool)
      return fail(wrongUsage, llvm::toString(tool.takeError()));

  std::map<std::string, MachineCode> files;
  std::vector<Score> scores;
  for (const ScoreRequest::Problem &problem : request->problems) {
    auto file = files.find(problem.cubin);
    if (file == files.end()) {
      llvm::Expected<std::string> cubin = readFile(problem.cubin);
      if (!cubin)
        return fail(wrongUsage, llvm::toString(cubin.takeError()));
      llvm::Expected<std::string> sass = problem.sass.empty()
                                             ? disassembleCubin(*cubin)
                                             : readFile(problem.sass);
      if (!sass)
        return fail(problem.sass.empty() ? notScored : wrongUsage,
                    llvm::toString(sass.takeError()));
      llvm::Expected<MachineCode> code = MachineCode::read(*cubin, *sass);
      if (!code)
        return fail(notScored,
                    problem.cubin + ": " + llvm::toString(code.takeError()));
      file = files.emplace(problem.cubin, std::move(*code)).first;
    }
    llvm::Expected<Score> scored =
        score(file->second, problem.problem, request->chip);
    if (!scored)
      return fail(notScored, problem.problem.name + ": " +
                                 llvm::toString(scored.takeError()));
    scores.push_back(std::move(*scored));
  }
  if (json)
    llvm::outs() << llvm::formatv("{0:2}\n",
                                  scoresToJSON(scores, request->chip));
  else
    printScores(scores, request->chip, llvm::outs());
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  hideLibraryOptions();
  // Never destroyed, since LLVM's table keeps pointing at it.
  static CommandLineOptions &given = *new CommandLineOptions;
  cl::HideUnrelatedOptions(given.category);
  cl::SetVersionPrinter(printVersion);
  if (!parseToolOptions(argc, argv, "softmax-gpu-score", overview))
    return 2;
  int status = 0;
  runOnLargeStack("softmax-gpu-score",
                  [&] { status = run(given.request, given.json); });
  return status;
}
