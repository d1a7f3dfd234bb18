// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What the lanes of a warp do together: shuffles, votes, matches, reductions,
// bar.warp.sync.  Semantics: PTX ISA, sections on shfl.sync, vote.sync,
// match.sync, redux.sync, elect.sync and bar.warp.sync.
#include "Runtime.h"

#include "llvm/ADT/Twine.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <cmath>

using namespace mlir::softmax::emulator;

std::string mlir::softmax::emulator::describeLanes(LaneMask mask) {
  std::string text;
  for (unsigned lane = 0; lane < mostLanes; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    unsigned last = lane;
    while (last + 1 < mostLanes && mask >> (last + 1) & 1)
      ++last;
    text += text.empty() ? (mask & (mask - 1) ? "lanes " : "lane ") : ", ";
    text += std::to_string(lane);
    if (last > lane)
      text += (last > lane + 1 ? "-" : ", ") + std::to_string(last);
    lane = last;
  }
  return text.empty() ? "no lane" : text;
}

static bool isShuffle(Collective collective) {
  return collective >= Collective::ShuffleIdx &&
         collective <= Collective::ReadLane;
}

/// The lane that `thread` reads, and whether that is in range; the clamp and
/// the segment mask are packed in `control` as PTX has them.
static uint32_t findSource(const Thread &thread, bool &inRange) {
  uint32_t lane = thread.lane;
  if (thread.collective == Collective::ReadLane) {
    inRange = true;
    return thread.operand % thread.grid->warpSize;
  }
  uint32_t offset = thread.operand & 31;
  uint32_t clamp = thread.control & 31;
  uint32_t segment = thread.control >> 8 & 31;
  uint32_t highest = (lane & segment) | (clamp & ~segment);
  uint32_t lowest = lane & segment;
  int32_t source = 0;
  switch (thread.collective) {
  case Collective::ShuffleUp:
    source = static_cast<int32_t>(lane) - static_cast<int32_t>(offset);
    inRange = source >= static_cast<int32_t>(highest);
    break;
  case Collective::ShuffleDown:
    source = static_cast<int32_t>(lane + offset);
    inRange = source <= static_cast<int32_t>(highest);
    break;
  case Collective::ShuffleBfly:
    source = static_cast<int32_t>(lane ^ offset);
    inRange = source <= static_cast<int32_t>(highest);
    break;
  default:
    source = static_cast<int32_t>(lowest | (offset & ~segment));
    inRange = source <= static_cast<int32_t>(highest);
    break;
  }
  return inRange ? static_cast<uint32_t>(source) & 31 : lane;
}

static float toFloat(uint64_t bits) {
  return llvm::bit_cast<float>(static_cast<uint32_t>(bits));
}

static uint64_t reduceFloat(Collective collective, uint64_t left,
                            uint64_t right) {
  bool absolute = collective >= Collective::ReduceFMinAbs;
  bool keepsNaN = collective == Collective::ReduceFMinNaN ||
                  collective == Collective::ReduceFMaxNaN ||
                  collective == Collective::ReduceFMinAbsNaN ||
                  collective == Collective::ReduceFMaxAbsNaN;
  bool isMin = collective == Collective::ReduceFMin ||
               collective == Collective::ReduceFMinNaN ||
               collective == Collective::ReduceFMinAbs ||
               collective == Collective::ReduceFMinAbsNaN;
  float a = toFloat(left), b = toFloat(right);
  if (absolute) {
    a = std::fabs(a);
    b = std::fabs(b);
  }
  float result = isMin ? std::fmin(a, b) : std::fmax(a, b);
  // -0 is below +0 for PTX.
  if (a == 0 && b == 0)
    result = isMin == std::signbit(a) ? a : b;
  if ((keepsNaN && (std::isnan(a) || std::isnan(b))) ||
      (std::isnan(a) && std::isnan(b)))
    return 0x7fffffff;
  return llvm::bit_cast<uint32_t>(result);
}

static uint64_t reduce(Collective collective, uint64_t left, uint64_t right) {
  uint32_t a = static_cast<uint32_t>(left), b = static_cast<uint32_t>(right);
  int32_t sa = static_cast<int32_t>(a), sb = static_cast<int32_t>(b);
  switch (collective) {
  case Collective::ReduceAdd:
    return a + b;
  case Collective::ReduceMin:
    return static_cast<uint32_t>(std::min(sa, sb));
  case Collective::ReduceMax:
    return static_cast<uint32_t>(std::max(sa, sb));
  case Collective::ReduceUMin:
    return std::min(a, b);
  case Collective::ReduceUMax:
    return std::max(a, b);
  case Collective::ReduceAnd:
    return a & b;
  case Collective::ReduceOr:
    return a | b;
  case Collective::ReduceXor:
    return a ^ b;
  default:
    return reduceFloat(collective, left, right);
  }
}

static void finishVote(Collective collective,
                       llvm::ArrayRef<Thread *> members) {
  uint32_t ballot = 0, all = 0;
  for (Thread *thread : members) {
    all |= 1u << thread->lane;
    if (thread->value)
      ballot |= 1u << thread->lane;
  }
  for (Thread *thread : members)
    switch (collective) {
    case Collective::VoteAll:
      thread->result = ballot == all;
      break;
    case Collective::VoteAny:
      thread->result = ballot != 0;
      break;
    case Collective::VoteUni:
      thread->result = ballot == all || ballot == 0;
      break;
    default:
      thread->result = ballot;
      break;
    }
}

static void finishMatch(Collective collective,
                        llvm::ArrayRef<Thread *> members) {
  for (Thread *thread : members) {
    uint32_t equal = 0, all = 0;
    for (Thread *other : members) {
      all |= 1u << other->lane;
      if (other->value == thread->value)
        equal |= 1u << other->lane;
    }
    thread->predicate = equal == all;
    thread->result =
        collective == Collective::MatchAll ? (equal == all ? all : 0) : equal;
  }
}

/// Lanes know of each other what they did until now.
static void orderMemory(Warp &warp, llvm::ArrayRef<Thread *> members) {
  Epoch known = members.front()->grid->epoch++;
  WarpKnowledge &knowledge = warp.knowledge;
  Epoch joined[warpSize] = {};
  for (Thread *thread : members)
    for (unsigned lane = 0; lane < warpSize; ++lane)
      joined[lane] =
          std::max(joined[lane], knowledge.known[thread->lane][lane]);
  uint32_t passed = 0;
  for (Thread *thread : members) {
    joined[thread->lane] = known;
    passed = std::max(passed, thread->party.passed);
  }
  for (Thread *thread : members) {
    std::copy(joined, joined + warpSize, knowledge.known[thread->lane]);
    thread->party.epoch = known + 1;
    thread->party.passed = passed;
  }
}

/// Gives every member its result.  The checks of what a shuffle reads are done
/// by the lanes themselves when they go on.
static void finish(Warp &warp, llvm::ArrayRef<Thread *> members) {
  Collective collective = members.front()->collective;
  Counters &counters = members.front()->grid->counters;
  if (collective == Collective::Barrier) {
    ++counters.warpBarriers;
    orderMemory(warp, members);
  } else if (isShuffle(collective)) {
    ++counters.shuffles;
    for (Thread *thread : members) {
      uint32_t source = findSource(*thread, thread->predicate);
      thread->missingLane = source;
      for (Thread *other : members)
        if (other->lane == source) {
          thread->result = other->value;
          thread->missingLane.reset();
        }
    }
  } else if (collective <= Collective::VoteBallot) {
    ++counters.votes;
    finishVote(collective, members);
  } else if (collective <= Collective::MatchAll) {
    ++counters.votes;
    finishMatch(collective, members);
  } else if (collective == Collective::Elect) {
    ++counters.votes;
    for (Thread *thread : members) {
      thread->predicate = thread == members.front();
      thread->result = members.front()->lane;
    }
  } else {
    ++counters.reductions;
    uint64_t value = members.front()->value;
    for (Thread *thread : members.drop_front())
      value = reduce(collective, value, thread->value);
    if (members.size() == 1 && collective >= Collective::ReduceFMin)
      value = reduce(collective, value, value);
    for (Thread *thread : members)
      thread->result = value;
  }
  // Only now may the lanes' accesses before and after differ in what goes
  // together.
  if (members.size() == static_cast<size_t>(llvm::popcount(warp.live)))
    ++warp.generation;
}

/// Finishes the collective of `thread` if all live lanes of its mask wait in
/// the same one, and wakes them in order.
static void tryFinish(Warp &warp, Thread &thread) {
  llvm::SmallVector<Thread *, mostLanes> members;
  for (Thread *other : warp.lanes) {
    if (!(thread.mask >> other->lane & 1) || other->done)
      continue;
    if (other->wait != Wait::Warp || other->collective != thread.collective ||
        other->mask != thread.mask)
      return;
    members.push_back(other);
  }
  finish(warp, members);
  for (Thread *member : members)
    wake(*member);
}

void mlir::softmax::emulator::joinCollective(Thread &thread, uint32_t site,
                                             Collective collective,
                                             LaneMask mask, uint64_t value,
                                             uint32_t operand,
                                             uint32_t control) {
  GridState &grid = *thread.grid;
  if (!(mask >> thread.lane & 1))
    failThread(thread, site, Fault::BadShuffle,
               "the mask of lanes does not include the lane that executes it");
  thread.collective = collective;
  thread.mask = mask;
  thread.value = value;
  thread.operand = operand;
  thread.control = control;
  thread.wait = Wait::Warp;
  thread.site = site;
  tryFinish(*thread.warp, thread);
  // Also where it is the last to come: the lanes go on in order.
  grid.fibres->suspend(thread.fibre);
  if (isShuffle(collective) && thread.missingLane) {
    uint32_t source = *thread.missingLane;
    bool inMask = mask >> source & 1;
    failThread(thread, site, Fault::BadShuffle,
               "reads lane " + llvm::Twine(source) +
                   (inMask ? ", which has returned or does not exist"
                           : ", which is not in the mask of lanes"));
  }
}

void mlir::softmax::emulator::leaveWarp(Thread &thread) {
  Warp &warp = *thread.warp;
  warp.live &= ~bitOfLane(thread.lane);
  // Others may have waited for this lane alone.
  for (Thread *other : warp.lanes)
    if (other->wait == Wait::Warp && other->mask >> thread.lane & 1)
      tryFinish(warp, *other);
}
