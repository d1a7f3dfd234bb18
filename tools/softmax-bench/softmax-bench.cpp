// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-bench: kernels that softmaxc makes against what a C compiler makes of
// the textbook loop, and against the machine's limits.

#include "Report.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/TargetParser/Host.h"

#include <cmath>
#include <cstdlib>
#include <set>

using namespace softmax_bench;
namespace cl = llvm::cl;

namespace {
/// Registered in LLVM's global table when it is made: in `main`, after LLVM's
/// own options (one of which is another --threads) have left it.
struct Options {
  cl::OptionCategory category{"softmax-bench options"};
  cl::opt<std::string> json{"json", cl::value_desc("FILE"), cl::cat(category),
                            cl::desc("Write the results as JSON")};
  cl::list<std::string> shapes{
      "shapes", cl::CommaSeparated, cl::value_desc("ROWSxCOLUMNS[@0],..."),
      cl::cat(category),
      cl::desc(
          "Shapes instead of the listed ones; @0 normalizes over the rows")};
  cl::list<std::string> types{"types", cl::CommaSeparated,
                              cl::value_desc("TYPE,..."), cl::cat(category),
                              cl::desc("f16, bf16, f32, f64 (default: f32)")};
  cl::list<std::string> peers{"peers", cl::CommaSeparated,
                              cl::value_desc("PEER,..."), cl::cat(category),
                              cl::desc("Peers (default: gcc)")};
  cl::opt<int> threads{"threads", cl::init(1), cl::cat(category),
                       cl::desc("Threads: 1 in this version")};
  cl::opt<int> repetitions{
      "repetitions", cl::init(21), cl::cat(category),
      cl::desc("Turns of each competitor, at least 21 (default)")};
  cl::opt<std::string> clock{"clock", cl::init("wall"), cl::cat(category),
                             cl::desc("wall (default), or cpu: the time of "
                                      "this thread alone, for a busy machine")};
  cl::opt<std::string> softmaxc{
      "softmaxc", cl::value_desc("PROGRAM"), cl::cat(category),
      cl::desc("The compiler (default: beside this program)")};
};
} // namespace

static void forgetLibraryOptions() {
  llvm::SmallVector<cl::Option *> foreign;
  for (const auto &entry : cl::getRegisteredOptions())
    if (entry.first != "help" && entry.first != "h" && entry.first != "version")
      foreign.push_back(entry.second);
  for (cl::Option *option : foreign)
    option->removeArgument();
}

namespace {
/// A peer that takes part at one point.
struct Opponent {
  std::string name;
  Kernel kernel;
};

class Benchmark {
public:
  Benchmark(OurKernels &ours, CCompiler &gcc, bool withGcc, int repetitions,
            Clock clock)
      : ours(ours), gcc(gcc), withGcc(withGcc), repetitions(repetitions),
        clock(clock) {}

  llvm::Error measureExpLimits(ElementType type);
  llvm::Error run(const Point &point);
  std::vector<Result> results;

private:
  llvm::Expected<std::vector<Opponent>> getOpponents(const Point &point);
  llvm::Error check(llvm::StringRef who, const Point &point,
                    const Buffers &buffers, const Kernel &kernel,
                    Accuracy &accuracy);

  OurKernels &ours;
  CCompiler &gcc;
  bool withGcc;
  int repetitions;
  Clock clock;
  std::map<ElementType, ExpLimits> expLimits;
  std::set<std::string> noted;
};
} // namespace

/// The peers that have a loop worth comparing with.  Who has none is named,
/// once.
llvm::Expected<std::vector<Opponent>>
Benchmark::getOpponents(const Point &point) {
  std::vector<Opponent> opponents;
  if (!withGcc || !gcc.isInstalled())
    return opponents;
  std::vector<std::pair<Nest, std::string>> nests;
  if (point.axis == 1)
    nests = {{Nest::Inner, "gcc"}};
  else
    nests = {{Nest::OuterByColumn, "gcc"},
             {Nest::OuterByRow, "gcc, interchanged"}};
  for (const auto &[nest, name] : nests) {
    llvm::Expected<std::optional<Kernel>> kernel =
        gcc.getTextbook(point.type, nest);
    if (!kernel)
      return kernel.takeError();
    if (*kernel) {
      opponents.push_back({name, **kernel});
      continue;
    }
    std::string note = name + " is no peer in " + getName(point.type).str() +
                       " over axis " + std::to_string(point.axis) +
                       ": its loop does not call a vectorized exponential";
    if (noted.insert(note).second)
      llvm::outs() << note << "\n";
  }
  return opponents;
}

llvm::Error Benchmark::check(llvm::StringRef who, const Point &point,
                             const Buffers &buffers, const Kernel &kernel,
                             Accuracy &accuracy) {
  std::memset(buffers.getOutput(), 0xff, point.getNumBytes());
  std::string place = (who + " at " + point.getShape() + " " +
                       getName(point.type) + " axis " + llvm::Twine(point.axis))
                          .str();
  if (int status = kernel(point, buffers.getInput(), buffers.getOutput()))
    return llvm::createStringError(place + " returned status " +
                                   std::to_string(status));
  accuracy = checkOutput(point, buffers);
  return llvm::Error::success();
}

llvm::Error Benchmark::measureExpLimits(ElementType type) {
  if (expLimits.count(type))
    return llvm::Error::success();
  ExpLimits limits;
  // Half of the smallest L1 around.
  Point block{1, type == ElementType::F64 ? 1024 : 2048, 1,
              type == ElementType::F64 ? type : ElementType::F32};
  llvm::Expected<std::unique_ptr<Buffers>> buffers = Buffers::create(block);
  if (!buffers)
    return buffers.takeError();
  void *input = (*buffers)->getInput(), *output = (*buffers)->getOutput();

  std::vector<std::function<void()>> runs;
  std::vector<double *> rates;
  std::vector<std::pair<const char *, double *>> functions;
  if (type == ElementType::F64)
    functions = {{"limit_exp_libm_f64", &limits.libm}};
  else
    functions = {{"limit_exp_core", &limits.core},
                 {"limit_exp_libm_f32", &limits.libm}};
  if (gcc.isInstalled()) {
    for (auto [name, rate] : functions) {
      llvm::Expected<void *> symbol = gcc.getLimit(name);
      if (!symbol)
        return symbol.takeError();
      using Function = void (*)(const void *, void *, int64_t);
      Function function = reinterpret_cast<Function>(*symbol);
      int64_t n = block.columns;
      runs.push_back([=] { function(input, output, n); });
      rates.push_back(rate);
    }
  }
  llvm::Expected<Kernel> kernel = ours.get(block.type, 1);
  if (!kernel)
    return kernel.takeError();
  runs.push_back([&, input, output] { (*kernel)(block, input, output); });
  rates.push_back(&limits.ours);
  std::vector<std::vector<double>> samples =
      timeAlternating(runs, repetitions, clock);
  for (size_t i = 0; i < runs.size(); ++i)
    *rates[i] = block.columns / getQuartiles(samples[i]).median;

  llvm::outs() << "exponentials in " << getName(type) << ", elements/ns: ";
  if (limits.core)
    llvm::outs() << llvm::format("degree-5 core %.2f, ", limits.core);
  if (limits.libm)
    llvm::outs() << llvm::format("libmvec %.2f, ", limits.libm);
  llvm::outs() << llvm::format("ours, all of softmax in L1, %.2f\n",
                               limits.ours);
  expLimits[type] = limits;
  return llvm::Error::success();
}

llvm::Error Benchmark::run(const Point &point) {
  llvm::errs() << point.getShape() << " " << getName(point.type) << " axis "
               << point.axis << "\n";
  llvm::Expected<std::unique_ptr<Buffers>> buffers = Buffers::create(point);
  if (!buffers)
    return buffers.takeError();
  void *input = (*buffers)->getInput(), *output = (*buffers)->getOutput();
  llvm::Expected<Kernel> kernel = ours.get(point.type, point.axis);
  if (!kernel)
    return kernel.takeError();
  llvm::Expected<std::vector<Opponent>> opponents = getOpponents(point);
  if (!opponents)
    return opponents.takeError();

  // Right first, fast then.
  Result result{point, "", {}, {}, {}, 0, 0, {}};
  if (llvm::Error error =
          check("our kernel", point, **buffers, *kernel, result.accuracy))
    return error;
  if (!(result.accuracy.worstOfBound <= 1))
    return llvm::createStringError(
        "our kernel is wrong at " + point.getShape() + ": off by " +
        std::to_string(result.accuracy.worstUlp) + " ULP, " +
        std::to_string(result.accuracy.worstOfBound) +
        " times what it promises");
  for (const Opponent &opponent : *opponents) {
    Accuracy accuracy;
    if (llvm::Error error =
            check(opponent.name, point, **buffers, opponent.kernel, accuracy))
      return error;
    // Peers promise nothing; this only finds a loop that computes something
    // else.
    if (!(accuracy.worstRelative <= (getBytes(point.type) == 2 ? 1e-2 : 1e-3)))
      return llvm::createStringError(
          opponent.name + " computes something else at " + point.getShape());
  }

  std::vector<std::function<void()>> runs;
  runs.push_back([&] { (*kernel)(point, input, output); });
  for (const Opponent &opponent : *opponents)
    runs.push_back([&] { opponent.kernel(point, input, output); });
  size_t firstCopy = runs.size();
  using Copy = void (*)(const void *, void *, int64_t);
  std::vector<Copy> copies;
  if (gcc.isInstalled()) {
    for (const char *name :
         {"limit_copy_memcpy", "limit_copy_movsb", "limit_copy_stream"}) {
      llvm::Expected<void *> symbol = gcc.getLimit(name);
      if (!symbol)
        return symbol.takeError();
      if (*symbol)
        copies.push_back(reinterpret_cast<Copy>(*symbol));
    }
  } else {
    copies.push_back([](const void *from, void *to, int64_t n) {
      std::memcpy(to, from, n);
    });
  }
  for (Copy copy : copies)
    runs.push_back([=, &point] { copy(input, output, point.getNumBytes()); });

  std::vector<std::vector<double>> samples =
      timeAlternating(runs, repetitions, clock);
  result.ours = getQuartiles(samples[0]);
  result.copyNs = HUGE_VAL;
  for (size_t i = firstCopy; i < runs.size(); ++i)
    result.copyNs = std::min(result.copyNs, getQuartiles(samples[i]).median);
  result.limitNs = std::max(result.copyNs, point.getNumElements() /
                                               expLimits[point.type].getBest());
  for (size_t i = 0; i < opponents->size(); ++i) {
    std::vector<double> ratios;
    ratios.reserve(samples[0].size());
    for (size_t k = 0; k < samples[0].size(); ++k)
      ratios.push_back(samples[1 + i][k] / samples[0][k]);
    Result entry = result;
    entry.peer = (*opponents)[i].name;
    entry.theirs = getQuartiles(samples[1 + i]);
    entry.ratio = getQuartiles(ratios);
    results.push_back(entry);
    printRow(llvm::outs(), entry);
  }
  if (opponents->empty()) {
    results.push_back(result);
    printRow(llvm::outs(), result);
  }
  llvm::outs().flush();
  return llvm::Error::success();
}

static int usageError(const llvm::Twine &message) {
  llvm::errs() << "softmax-bench: " << message << "\n";
  return 2;
}

static int failed(llvm::Error error) {
  llvm::errs() << "softmax-bench: " << llvm::toString(std::move(error)) << "\n";
  return 1;
}

int main(int argc, char **argv) {
  forgetLibraryOptions();
  Options options;
  cl::HideUnrelatedOptions(options.category);
  std::string usage;
  llvm::raw_string_ostream usageStream(usage);
  if (!cl::ParseCommandLineOptions(
          argc, argv, "softmax against its peers and the machine's limits\n",
          &usageStream))
    return llvm::StringRef(usage).trim().empty()
               ? 2 // LLVM has said it already
               : usageError(llvm::StringRef(usage)
                                .split(": ")
                                .second.split('\n')
                                .first);
  if (options.threads != 1)
    return usageError("--threads takes only 1 in this version, not " +
                      llvm::Twine(options.threads));
  if (options.clock != "wall" && options.clock != "cpu")
    return usageError("--clock takes wall or cpu, not '" + options.clock + "'");
  Clock clock = options.clock == "cpu" ? Clock::Cpu : Clock::Wall;
  if (options.repetitions < 21)
    return usageError("--repetitions takes 21 or more, not " +
                      llvm::Twine(options.repetitions) +
                      ": fewer give no quartiles to trust");

  // The whole plan is read before anything is measured.
  std::vector<Point> plan;
  std::vector<std::string> typeNames = options.types;
  if (typeNames.empty())
    typeNames = {"f32"};
  for (const std::string &name : typeNames) {
    llvm::Expected<ElementType> type = parseElementType(name);
    if (!type)
      return usageError("--types: " + llvm::toString(type.takeError()));
    if (options.shapes.empty())
      llvm::append_range(plan, getDefaultPlan(*type));
    for (const std::string &shape : options.shapes) {
      llvm::Expected<Point> point = parseShape(shape, *type);
      if (!point)
        return usageError("--shapes: " + llvm::toString(point.takeError()));
      plan.push_back(*point);
    }
  }
  bool withGcc = options.peers.empty();
  for (const std::string &peer : options.peers) {
    if (peer == "gcc")
      withGcc = true;
    else
      llvm::outs() << "peer " << peer << ": not in this version\n";
  }
  std::unique_ptr<llvm::ToolOutputFile> json;
  if (!options.json.empty()) {
    std::error_code error;
    json = std::make_unique<llvm::ToolOutputFile>(options.json, error,
                                                  llvm::sys::fs::OF_Text);
    if (error)
      return usageError("--json: cannot write '" + options.json +
                        "': " + error.message());
  }

  llvm::Expected<std::unique_ptr<Workspace>> workspace = Workspace::create();
  if (!workspace)
    return failed(workspace.takeError());
  if (options.softmaxc.empty()) {
    // Any address in this program serves; that of main C++ lets nobody take.
    static int here;
    llvm::SmallString<128> beside(llvm::sys::path::parent_path(
        llvm::sys::fs::getMainExecutable(argv[0], &here)));
    llvm::sys::path::append(beside, "softmaxc");
    options.softmaxc = std::string(beside);
  }
  OurKernels ours(**workspace, options.softmaxc);
  CCompiler gcc(**workspace, "gcc");

  llvm::outs() << "softmax-mlir " << SOFTMAX_VERSION << " on "
               << llvm::sys::getHostCPUName() << ", one thread, "
               << options.repetitions << " turns each"
               << (clock == Clock::Cpu ? ", time of the thread\n" : "\n");
  double load;
  if (getloadavg(&load, 1) == 1 && load > 0.5)
    llvm::outs() << llvm::format(
        "other programs are running (load %.1f): times will be blurred\n",
        load);
  if (withGcc && gcc.isInstalled())
    llvm::outs() << "peer gcc: " << gcc.getVersion()
                 << ", -Ofast -march=native\n";
  else if (withGcc)
    llvm::outs() << "peer gcc: not installed\n";
  if (!gcc.isInstalled())
    llvm::outs() << "limits: memcpy and our own exponentials alone, the others "
                    "need gcc\n";

  Benchmark benchmark(ours, gcc, withGcc, options.repetitions, clock);
  std::set<ElementType> seen;
  for (const Point &point : plan)
    if (seen.insert(point.type).second)
      if (llvm::Error error = benchmark.measureExpLimits(point.type))
        return failed(std::move(error));
  printHeader(llvm::outs());
  for (const Point &point : plan)
    if (llvm::Error error = benchmark.run(point))
      return failed(std::move(error));
  printSummary(llvm::outs(), benchmark.results);
  if (json) {
    writeJson(json->os(), benchmark.results);
    json->keep();
  }
  return 0;
}
