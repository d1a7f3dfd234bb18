// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Which accesses of a warp's lanes to global memory go together, and how many
// sectors they move.
#ifndef SOFTMAX_LIB_EMULATOR_COALESCING_H
#define SOFTMAX_LIB_EMULATOR_COALESCING_H

#include "softmax/Emulator/Counters.h"

#include <cstdint>
#include <vector>

namespace mlir::softmax::emulator {

/// Lanes run one after another here, together on a GPU.  The k-th access of a
/// lane at a site since the lanes last met goes with the k-th access of the
/// others.
class CoalescingTrace {
public:
  void clear() { sites.clear(); }

  /// `generation` tells whether the lanes have met since the last call.
  void record(uint32_t site, uint32_t lane, uint32_t generation,
              uintptr_t address, uint32_t size, CoalescingCounters &counters);
  /// Counts what has been recorded, site by site.  `isStore` chooses the
  /// counters.
  template <typename ChooseCounters>
  void flush(ChooseCounters choose) {
    for (uint32_t site = 0; site < sites.size(); ++site)
      if (!sites[site].requests.empty())
        count(sites[site], choose(site));
  }

private:
  struct Request {
    uintptr_t addresses[64];
    uint64_t lanes = 0;
  };
  struct SiteTrace {
    uint32_t generation = 0;
    uint32_t size = 0;
    uint32_t executions[64] = {};
    std::vector<Request> requests;
  };
  static void count(SiteTrace &trace, CoalescingCounters &counters);

  std::vector<SiteTrace> sites;
};

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_LIB_EMULATOR_COALESCING_H
