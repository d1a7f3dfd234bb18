// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "DeviceScorecard.h"
#include "ScorecardShapes.h"

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Dialect/Transforms/Schedule.h"
#include "softmax/Scorecard/WaveScore.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::scorecard;

llvm::StringMap<ScheduledKernels>
mlir::softmax::listScheduledKernels(ModuleOp module) {
  llvm::StringMap<ScheduledKernels> kernels;
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    function.walk([&](GenericOp op) {
      auto schedule = op->getAttrOfType<GPUScheduleAttr>(gpuScheduleAttrName);
      Accuracy accuracy =
          schedule ? schedule.getNumeric().getAccuracy() : Accuracy::Default;
      kernels[function.getSymName()] = {describeGPUShape(op, accuracy),
                                        listGPUAlternatives(op)};
    });
  return kernels;
}

/// What the schedule's model says that `kernel` moves.
static void addTraffic(const ScheduledKernels &scheduled,
                       const DeviceKernel &kernel, WaveScore &score) {
  // Alternatives that static sizes rule out have become no kernel.
  const GPUCandidate *candidate =
      llvm::find_if(scheduled.alternatives, [&](const GPUCandidate &one) {
        return toString(one.strategy) == kernel.strategy &&
               one.minColumns == kernel.minColumns &&
               one.maxColumns == kernel.maxColumns &&
               one.maxRows == kernel.maxRows;
      });
  assert(candidate != scheduled.alternatives.end() &&
         "each kernel is of an alternative");
  GPUTraffic traffic = modelTraffic(scheduled.shape, *candidate);
  score.bytesWritten = scheduled.shape.bytesWritten;
  score.bytesRead = traffic.bytesPerElement - score.bytesWritten;
  score.shareOfBound = traffic.shareOfBound;
}

llvm::Expected<std::string> mlir::softmax::makeAMDScorecard(
    StringRef codeObject, ArrayRef<DeviceFunction> functions,
    const llvm::StringMap<ScheduledKernels> &scheduled,
    const GPUDescription &chip, const Options &options) {
  auto counts = countWaveInstructions(codeObject);
  if (!counts)
    return counts.takeError();
  std::vector<WaveScore> scores;
  for (const DeviceFunction &function : functions) {
    ArrayRef<Work> shapes = options.scorecardShapes;
    llvm::SmallVector<Work> chosen;
    if (shapes.empty()) {
      chosen = chooseShapes(function);
      shapes = chosen;
    }
    // Nothing that is said of a kernel depends on the shape: the shapes that
    // are chosen show each one once.
    llvm::StringSet<> shown;
    for (const Work &shape : shapes) {
      llvm::Expected<ShapedKernel> shaped = findKernel(function, shape);
      if (!shaped)
        return shaped.takeError();
      const DeviceKernel &kernel = *shaped->kernel;
      for (const DeviceLaunch &launch : kernel.launches) {
        if (!chosen.empty() && !shown.insert(launch.name).second)
          continue;
        WaveScore &score = scores.emplace_back();
        score.name = (functions.size() > 1 ? function.info.name + " " : "") +
                     kernel.strategy;
        score.rows = shaped->rows;
        score.columns = shaped->columns;
        score.resources = *launch.resources;
        addTraffic(scheduled.find(function.info.name)->second, kernel, score);
        auto counted = counts->find(launch.name);
        if (counted == counts->end())
          return llvm::createStringError("the code object has no function '" +
                                         launch.name + "'");
        score.instructions = counted->second;
      }
    }
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (options.scorecard == ScorecardFormat::JSON)
    stream << llvm::formatv("{0:2}\n", waveScoresToJSON(scores, chip));
  else
    printWaveScores(scores, chip, stream);
  return text;
}
