// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Request.h"

#include "llvm/Support/JSON.h"

using namespace mlir::softmax;
using namespace mlir::softmax::scorecard;
namespace json = llvm::json;

/// Parameters that are addresses stand as "buffer": where each has a buffer of
/// its own.
static bool parseArgument(const json::Value &value, unsigned index,
                          uint64_t &bits, json::Path path) {
  if (std::optional<int64_t> number = value.getAsInteger()) {
    bits = static_cast<uint64_t>(*number);
    return true;
  }
  if (auto text = value.getAsString(); text && *text == "buffer") {
    bits = getBufferAddress(index);
    return true;
  }
  path.report("an argument is \"buffer\" or an integer, the bits of a scalar");
  return false;
}

static bool parseDim3(const json::Value &value, Dim3 &size, json::Path path) {
  const json::Array *list = value.getAsArray();
  uint32_t *sizes[] = {&size.x, &size.y, &size.z};
  bool good = list && !list->empty() && list->size() <= 3;
  for (size_t i = 0; good && i < list->size(); ++i) {
    std::optional<int64_t> number = (*list)[i].getAsInteger();
    good = number && *number > 0 && *number <= INT32_MAX;
    if (good)
      *sizes[i] = static_cast<uint32_t>(*number);
  }
  if (!good)
    path.report("one to three sizes from 1 on are expected");
  return good;
}

namespace mlir::softmax::scorecard {

bool fromJSON(const json::Value &value, ScoredLaunch &launch, json::Path path) {
  json::ObjectMapper map(value, path);
  if (!map || !map.map("kernel", launch.kernel) ||
      !map.mapOptional("shared", launch.dynamicSharedBytes) ||
      !map.mapOptional("cluster", launch.cluster))
    return false;
  const json::Object &object = *value.getAsObject();
  for (auto [name, size] :
       {std::pair{"grid", &launch.grid}, std::pair{"block", &launch.block}}) {
    const json::Value *given = object.get(name);
    if (!given) {
      path.field(name).report("missing value");
      return false;
    }
    if (!parseDim3(*given, *size, path.field(name)))
      return false;
  }
  constexpr unsigned mostThreads = 1024;
  if (uint64_t(launch.block.x) * launch.block.y * launch.block.z >
      mostThreads) {
    path.field("block").report("a block has at most 1024 threads");
    return false;
  }
  const json::Array *arguments = object.getArray("arguments");
  if (!arguments) {
    path.field("arguments").report("a list is expected");
    return false;
  }
  for (size_t i = 0; i < arguments->size(); ++i)
    if (!parseArgument((*arguments)[i], static_cast<unsigned>(i),
                       launch.arguments.emplace_back(),
                       path.field("arguments").index(i)))
      return false;
  return true;
}

} // namespace mlir::softmax::scorecard

namespace mlir::softmax {

bool fromJSON(const json::Value &value, ScoreRequest::Problem &problem,
              json::Path path) {
  json::ObjectMapper map(value, path);
  ScoredProblem &scored = problem.problem;
  if (!map || !map.map("cubin", problem.cubin) ||
      !map.mapOptional("sass", problem.sass) || !map.map("name", scored.name) ||
      !map.map("rows", scored.rows) || !map.map("columns", scored.columns) ||
      !map.map("read", scored.leastRead) ||
      !map.map("written", scored.leastWritten) ||
      !map.mapOptional("repeat", scored.repeat) ||
      !map.mapOptional("blocks", scored.walkedBlocks) ||
      !map.map("launches", scored.launches))
    return false;
  if (scored.rows < 1 || scored.columns < 1 || scored.repeat < 1 ||
      scored.walkedBlocks < 1) {
    path.report("rows, columns, repeat and blocks are from 1 on");
    return false;
  }
  return true;
}

bool fromJSON(const json::Value &value, ScoreRequest &request,
              json::Path path) {
  json::ObjectMapper map(value, path);
  std::string chip;
  if (!map || !map.map("chip", chip) || !map.map("problems", request.problems))
    return false;
  llvm::Expected<GPUDescription> found = parseGPU(chip);
  if (!found) {
    llvm::consumeError(found.takeError());
    path.field("chip").report("an unknown chip; see --help");
    return false;
  }
  request.chip = *found;
  return true;
}

} // namespace mlir::softmax

llvm::Expected<ScoreRequest>
mlir::softmax::parseScoreRequest(llvm::StringRef text) {
  return json::parse<ScoreRequest>(text, "request");
}
