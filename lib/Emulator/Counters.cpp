// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Emulator/Counters.h"

using namespace mlir::softmax::emulator;
using llvm::json::Object;

static Object toObject(const MemoryCounters &counters) {
  return Object{{"loads", counters.loads},
                {"stores", counters.stores},
                {"atomics", counters.atomics},
                {"bytes_loaded", counters.bytesLoaded},
                {"bytes_stored", counters.bytesStored}};
}

static Object toObject(const CoalescingCounters &counters) {
  return Object{{"requests", counters.requests},
                {"sectors", counters.sectors},
                {"ideal_sectors", counters.idealSectors}};
}

llvm::json::Value Counters::toJSON() const {
  return Object{
      {"blocks", blocks},
      {"threads", threads},
      {"shared_bytes", sharedBytes},
      {"global", toObject(global)},
      {"shared", toObject(shared)},
      {"local", toObject(local)},
      {"constant", toObject(constant)},
      {"global_loads", toObject(globalLoads)},
      {"global_stores", toObject(globalStores)},
      {"block_barriers", blockBarriers},
      {"cluster_barriers", clusterBarriers},
      {"warp_barriers", warpBarriers},
      {"shuffles", shuffles},
      {"votes", votes},
      {"reductions", reductions},
      {"instructions", Object{{"float_add", instructions.floatAdd},
                              {"float_mul", instructions.floatMul},
                              {"float_fma", instructions.floatFma},
                              {"float_div", instructions.floatDiv},
                              {"special", instructions.special},
                              {"compare", instructions.compare},
                              {"conversion", instructions.conversion},
                              {"integer", instructions.integer},
                              {"memory", instructions.memory},
                              {"branch", instructions.branch},
                              {"synchronization", instructions.synchronization},
                              {"other", instructions.other}}}};
}
