// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Tuning.h"

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Jit/Tune.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>

using namespace mlir;
using namespace mlir::softmax;

namespace {

/// One line on a terminal, rewritten; nothing elsewhere.
class ProgressLine {
public:
  ~ProgressLine() { clear(); }

  void show(StringRef name, unsigned done, unsigned total, StringRef what) {
    if (!llvm::errs().is_displayed())
      return;
    constexpr unsigned width = 24;
    total = std::max(total, done + 1);
    unsigned filled = width * done / total;
    std::string line =
        ("tuning " + name + " [").str() + std::string(filled, '#') +
        std::string(width - filled, '.') + "] " + std::to_string(done) + "/" +
        std::to_string(total) + ", now " + what.str();
    llvm::errs() << '\r' << line;
    if (line.size() < shown)
      llvm::errs() << std::string(shown - line.size(), ' ');
    shown = line.size();
    llvm::errs().flush();
  }
  void clear() {
    if (shown)
      llvm::errs() << '\r' << std::string(shown, ' ') << '\r';
    shown = 0;
  }

private:
  size_t shown = 0;
};

} // namespace

LogicalResult mlir::softmax::tuneKernels(ModuleOp module,
                                         const Options &options,
                                         const PipelineOptions &pipeline,
                                         std::string &explanation) {
  auto start = std::chrono::steady_clock::now();
  unsigned measurements = 0;
  ProgressLine line;
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    SmallVector<GenericOp> ops;
    function.walk([&](GenericOp op) {
      if (op.getScheduleAttr())
        ops.push_back(op);
    });
    for (GenericOp op : ops) {
      TuneOptions tune;
      tune.pipeline = pipeline;
      tune.works = options.tuneShapes;
      std::string name = function.getSymName().str();
      tune.progress = [&](unsigned done, unsigned total,
                          const std::string &what) {
        line.show(name, done, total, what);
      };
      FailureOr<TuneResult> result = tuneSchedule(op, tune);
      if (failed(result))
        return failure();
      op.setScheduleAttr(result->schedule);
      explanation += "kernel " + name + ", tuned:\n" + result->table;
      measurements += result->measurements;
    }
  }
  line.clear();
  double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  llvm::errs() << "softmaxc: tuned by " << measurements << " measurements in "
               << llvm::format("%.1f s", seconds) << '\n';
  return success();
}
