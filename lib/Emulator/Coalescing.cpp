// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Coalescing.h"

#include <algorithm>
#include <cstring>

using namespace mlir::softmax::emulator;

namespace {
constexpr uintptr_t sectorBytes = 32;
} // namespace

void CoalescingTrace::record(uint32_t site, uint32_t lane, uint32_t generation,
                             uintptr_t address, uint32_t size,
                             CoalescingCounters &counters) {
  if (site >= sites.size())
    sites.resize(site + 1);
  SiteTrace &trace = sites[site];
  if (trace.generation != generation || trace.size != size) {
    count(trace, counters);
    trace.generation = generation;
    trace.size = size;
  }
  uint32_t execution = trace.executions[lane]++;
  if (execution >= trace.requests.size())
    trace.requests.resize(execution + 1);
  Request &request = trace.requests[execution];
  request.addresses[lane] = address;
  request.lanes |= uint64_t(1) << lane;
}

void CoalescingTrace::count(SiteTrace &trace, CoalescingCounters &counters) {
  for (const Request &request : trace.requests) {
    uintptr_t addresses[64];
    unsigned number = 0;
    for (unsigned lane = 0; lane < 64; ++lane)
      if (request.lanes >> lane & 1)
        addresses[number++] = request.addresses[lane];
    std::sort(addresses, addresses + number);
    // The union of intervals of one length, swept from below.
    uint64_t bytes = 0, sectors = 0;
    uintptr_t nextByte = 0, nextSector = 0;
    for (unsigned i = 0; i < number; ++i) {
      uintptr_t end = addresses[i] + trace.size;
      uintptr_t begin = std::max(addresses[i], nextByte);
      if (begin < end)
        bytes += end - begin;
      nextByte = std::max(nextByte, end);
      uintptr_t first = std::max(addresses[i] / sectorBytes, nextSector);
      uintptr_t last = (end - 1) / sectorBytes;
      if (first <= last) {
        sectors += last - first + 1;
        nextSector = last + 1;
      }
    }
    ++counters.requests;
    counters.sectors += sectors;
    counters.idealSectors += (bytes + sectorBytes - 1) / sectorBytes;
  }
  trace.requests.clear();
  std::memset(trace.executions, 0, sizeof(trace.executions));
}
