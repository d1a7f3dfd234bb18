// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Scorecard/SassWalk.h"
#include "WarpState.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"

#include <bitset>
#include <deque>
#include <numeric>

using namespace mlir::softmax::scorecard;
using llvm::StringRef;
using Kind = SassOperand::Kind;

WalkCounts &WalkCounts::operator+=(const WalkCounts &other) {
  blocks += other.blocks;
  warps += other.warps;
  instructions += other.instructions;
  for (size_t i = 0; i < kPipes; ++i)
    pipes[i] += other.pipes[i];
  auto add = [](AccessCounts &to, const AccessCounts &from) {
    to.requests += from.requests;
    to.bytes += from.bytes;
    to.sectors += from.sectors;
    to.distinctSectors += from.distinctSectors;
  };
  add(loads, other.loads);
  add(stores, other.stores);
  localBytes += other.localBytes;
  blockBarriers += other.blockBarriers;
  clusterBarriers += other.clusterBarriers;
  memoryWaits += other.memoryWaits;
  bytesInFlight += other.bytesInFlight;
  unknownBranches += other.unknownBranches;
  unknownAddresses += other.unknownAddresses;
  unknownGuards += other.unknownGuards;
  return *this;
}

namespace {

/// What does not change from one execution to the next.
struct Decoded {
  Pipe pipe = Pipe::Other;
  llvm::SmallVector<unsigned, 8> reads, writes;
  bool globalLoad = false, globalStore = false, copy = false;
  /// The address says which memory it is.
  bool generic = false;
};

using Sectors = llvm::DenseSet<uint64_t>;

/// One warp from its first instruction to its last.
class WarpWalker {
public:
  WarpWalker(const SassFunction &function, llvm::ArrayRef<Decoded> decoded,
             WarpState &state, Sectors &loaded, Sectors &stored,
             WalkCounts &counts)
      : function(function), decoded(decoded), state(state), loaded(loaded),
        stored(stored), counts(counts), live(state.getLanes()) {}

  llvm::Error run(bool firstWarp);

private:
  llvm::Error step(size_t at, uint32_t active, bool firstWarp);
  llvm::Error branch(size_t at, uint32_t executing, uint32_t unsure);
  llvm::Error fail(size_t at, const llvm::Twine &what) const;
  void access(size_t at, uint32_t lanes, AccessCounts &into, Sectors &touched);
  void wait();
  void waitForCopies(size_t groupsLeft);
  uint64_t countBytesInFlight() const {
    return std::accumulate(groups.begin(), groups.end(), pendingBytes);
  }
  uint32_t findCopyingLanes(size_t at, uint32_t lanes);
  uint32_t findGlobalLanes(size_t at, uint32_t lanes) const;
  const SassOperand *findAddress(size_t at) const;
  void leave(uint32_t lanes);
  void synchronize();
  /// Instructions from `at` to the end, by the shortest way.
  uint64_t getDistance(size_t at);

  template <typename Function>
  static void forEachLane(uint32_t lanes, Function function) {
    for (; lanes != 0; lanes &= lanes - 1)
      function(static_cast<unsigned>(llvm::countr_zero(lanes)));
  }

  const SassFunction &function;
  llvm::ArrayRef<Decoded> decoded;
  WarpState &state;
  Sectors &loaded, &stored;
  WalkCounts &counts;

  uint32_t live;
  /// The place of each lane, and the barrier at which it waits.
  std::array<size_t, kLanes> places = {};
  uint32_t waiting = 0;
  std::array<unsigned, kLanes> waitsAt = {};
  std::array<uint32_t, 16> barriers = {};

  /// Registers that loads have not filled yet.
  std::bitset<size_t(2) * kUniformRegister> pending;
  uint64_t pendingBytes = 0, mostPendingBytes = 0;
  /// Bytes of groups of copies to shared memory that have not been waited for;
  /// the last one is not complete.
  std::deque<uint64_t> groups = {0};
  std::vector<uint64_t> distances;
};

} // namespace

llvm::Error WarpWalker::fail(size_t at, const llvm::Twine &what) const {
  std::string place = "the end of the code";
  if (at < function.instructions.size()) {
    const SassInstruction &instruction = function.instructions[at];
    place = instruction.opcode + " at 0x" +
            llvm::utohexstr(instruction.address, /*LowerCase=*/true);
  }
  return llvm::createStringError(function.name + ": " + place + ": " +
                                 what.str());
}

llvm::Error WarpWalker::run(bool firstWarp) {
  uint64_t steps = 0;
  while (live != 0) {
    synchronize();
    uint32_t ready = live & ~waiting;
    size_t at = SIZE_MAX;
    forEachLane(ready, [&](unsigned lane) { at = std::min(at, places[lane]); });
    uint32_t active = 0;
    forEachLane(ready, [&](unsigned lane) {
      if (places[lane] == at)
        active |= 1u << lane;
    });
    if (at >= function.instructions.size())
      return fail(at, "a warp runs over the end");
    if (++steps > state.getLaunch().mostInstructions)
      return fail(at, "a warp takes more than " +
                          std::to_string(state.getLaunch().mostInstructions) +
                          " instructions");
    if (llvm::Error error = step(at, active, firstWarp))
      return error;
  }
  wait();
  waitForCopies(0);
  counts.bytesInFlight += mostPendingBytes;
  return llvm::Error::success();
}

/// Lanes that wait where all of their barrier have come go on.
void WarpWalker::synchronize() {
  if (waiting == 0)
    return;
  for (unsigned barrier = 0; barrier < barriers.size(); ++barrier) {
    uint32_t there = 0;
    forEachLane(waiting, [&](unsigned lane) {
      if (waitsAt[lane] == barrier)
        there |= 1u << lane;
    });
    if (there == 0 || (barriers[barrier] & live & ~there) != 0)
      continue;
    waiting &= ~there;
    forEachLane(there, [&](unsigned lane) { ++places[lane]; });
  }
  // Barriers that wait for each other do not occur; no lane is left behind.
  if ((live & ~waiting) == 0) {
    forEachLane(waiting, [&](unsigned lane) { ++places[lane]; });
    waiting = 0;
  }
}

void WarpWalker::leave(uint32_t lanes) {
  live &= ~lanes;
  for (uint32_t &barrier : barriers)
    barrier &= ~lanes;
}

/// Copies have a predicate under which they read; without it they write zeros.
uint32_t WarpWalker::findCopyingLanes(size_t at, uint32_t lanes) {
  const SassOperand &last = function.instructions[at].operands.back();
  uint32_t moving = 0;
  if (!last.isPredicate())
    return lanes;
  forEachLane(lanes, [&](unsigned lane) {
    std::optional<bool> value = state.readCondition(last, lane);
    counts.unknownGuards += !value;
    moving |= value.value_or(true) ? 1u << lane : 0;
  });
  return moving;
}

const SassOperand *WarpWalker::findAddress(size_t at) const {
  for (const SassOperand &operand :
       llvm::reverse(function.instructions[at].operands))
    if (operand.kind == Kind::Address)
      return &operand;
  return nullptr;
}

/// Blocks of a cluster read each other's shared memory by generic addresses.
uint32_t WarpWalker::findGlobalLanes(size_t at, uint32_t lanes) const {
  const SassOperand *place = findAddress(at);
  uint32_t global = lanes;
  if (!decoded[at].generic || !place)
    return lanes;
  forEachLane(lanes, [&](unsigned lane) {
    std::optional<uint64_t> address = state.readAddress(*place, lane);
    if (address && *address >> 32 == kSharedWindow)
      global &= ~(1u << lane);
  });
  return global;
}

/// The warp waits for what it has loaded.
void WarpWalker::wait() {
  if (pendingBytes == 0)
    return;
  counts.memoryWaits += 1;
  mostPendingBytes = std::max(mostPendingBytes, countBytesInFlight());
  pendingBytes = 0;
  pending.reset();
}

/// The warp waits until at most `groupsLeft` complete groups of copies are
/// under way.  With n groups behind it the latency is shared by n + 1 rounds.
void WarpWalker::waitForCopies(size_t groupsLeft) {
  mostPendingBytes = std::max(mostPendingBytes, countBytesInFlight());
  uint64_t bytes = 0;
  while (groups.size() - 1 > groupsLeft) {
    bytes += groups.front();
    groups.pop_front();
  }
  if (bytes != 0)
    counts.memoryWaits += 1.0 / static_cast<double>(groupsLeft + 1);
}

void WarpWalker::access(size_t at, uint32_t lanes, AccessCounts &into,
                        Sectors &touched) {
  const SassInstruction &instruction = function.instructions[at];
  const SassOperand *place = findAddress(at);
  unsigned bytes = getAccessBytes(instruction);
  uint64_t moved = uint64_t(bytes) * llvm::popcount(lanes);
  llvm::SmallVector<uint64_t, 64> sectors;
  bool unknown = false;
  forEachLane(lanes, [&](unsigned lane) {
    std::optional<uint64_t> address;
    if (place)
      address = state.readAddress(*place, lane);
    unknown |= !address.has_value();
    if (address)
      for (uint64_t sector = *address / 32;
           sector <= (*address + bytes - 1) / 32; ++sector)
        sectors.push_back(sector);
  });
  llvm::sort(sectors);
  sectors.erase(llvm::unique(sectors), sectors.end());
  // Lanes may share what they load.
  if (!unknown)
    moved = std::min<uint64_t>(moved, 32 * sectors.size());
  ++into.requests;
  into.bytes += moved;
  if (decoded[at].copy)
    groups.back() += moved;
  else if (decoded[at].globalLoad)
    pendingBytes += moved;
  if (unknown) {
    ++counts.unknownAddresses;
    into.sectors += (moved + 31) / 32;
    into.distinctSectors += (moved + 31) / 32;
    return;
  }
  into.sectors += sectors.size();
  for (uint64_t sector : sectors)
    into.distinctSectors += touched.insert(sector).second;
}

uint64_t WarpWalker::getDistance(size_t at) {
  size_t size = function.instructions.size();
  constexpr uint64_t far = uint64_t(1) << 40;
  if (distances.empty()) {
    distances.assign(size + 1, far);
    bool changed = true;
    auto get = [&](const SassOperand &label) {
      return distances[function.find(label.value)];
    };
    while (changed) {
      changed = false;
      for (size_t i = size; i-- > 0;) {
        const SassInstruction &instruction = function.instructions[i];
        StringRef base = instruction.base();
        bool always =
            instruction.guard == kTruePredicate && !instruction.guardInverted;
        uint64_t next = distances[i + 1];
        uint64_t least = next;
        if (base == "EXIT" || base == "RET" || base == "KILL") {
          least = 0;
        } else if (base == "BRA" && !instruction.operands.empty() &&
                   !instruction.has("DIV") && !instruction.has("CONV")) {
          // Lanes run together: those are not taken.
          uint64_t target = get(instruction.operands.back());
          always &= instruction.operands.size() == 1;
          least = always ? target : std::min(next, target);
        } else if (base == "CALL" && !instruction.operands.empty()) {
          least = next + get(instruction.operands.back());
        }
        least = std::min(least + 1, far);
        if (least < distances[i]) {
          distances[i] = least;
          changed = true;
        }
      }
    }
  }
  return distances[std::min(at, size)];
}

/// `executing` lanes have a true guard, `unsure` ones an unknown one.
llvm::Error WarpWalker::branch(size_t at, uint32_t executing, uint32_t unsure) {
  const SassInstruction &instruction = function.instructions[at];
  uint32_t stays = 0, taken = 0, unknown = unsure;
  // Some branches have a further condition.
  forEachLane(executing, [&](unsigned lane) {
    bool goes = true;
    for (const SassOperand &operand : instruction.operands)
      if (operand.isPredicate()) {
        std::optional<bool> value = state.readCondition(operand, lane);
        if (!value)
          unknown |= 1u << lane;
        goes &= value.value_or(false);
      }
    (goes ? taken : stays) |= 1u << lane;
  });
  taken &= ~unknown;
  if (instruction.has("DIV") || instruction.has("CONV"))
    return llvm::Error::success(); // Lanes run together here.
  if (instruction.operands.empty() ||
      instruction.operands.back().kind != Kind::Label)
    return fail(at, "a branch to a place that only the data knows");
  size_t target = function.find(instruction.operands.back().value);
  if (target >= function.instructions.size())
    return fail(at, "a branch out of the function");
  if (unknown != 0) {
    ++counts.unknownBranches;
    if (getDistance(target) < getDistance(at + 1))
      taken |= unknown;
  }
  forEachLane(taken, [&](unsigned lane) { places[lane] = target; });
  return llvm::Error::success();
}

llvm::Error WarpWalker::step(size_t at, uint32_t active, bool firstWarp) {
  const SassInstruction &instruction = function.instructions[at];
  const Decoded &known = decoded[at];
  StringRef base = instruction.base();
  uint32_t executing = 0, unsure = 0;
  forEachLane(active, [&](unsigned lane) {
    std::optional<bool> guard = state.readPredicate(instruction.guard, lane);
    if (!guard)
      unsure |= 1u << lane;
    else if (*guard != instruction.guardInverted)
      executing |= 1u << lane;
    places[lane] = at + 1;
  });

  if (base != "NOP") {
    ++counts.instructions;
    ++counts.pipes[static_cast<size_t>(known.pipe)];
  }
  auto isPending = [&](unsigned index) { return pending.test(index); };
  if (pendingBytes != 0 && (llvm::any_of(known.reads, isPending) ||
                            llvm::any_of(known.writes, isPending)))
    wait();
  if (base == "LDGDEPBAR" && groups.back() != 0)
    groups.push_back(0);
  if (base == "DEPBAR" && instruction.operands.size() > 1)
    waitForCopies(instruction.operands[1].value);

  if (base == "BRA")
    return branch(at, executing, unsure);
  if (base == "EXIT" || base == "KILL") {
    if (unsure != 0)
      ++counts.unknownBranches;
    leave(executing);
    return llvm::Error::success();
  }
  if (base == "CALL" || base == "RET") {
    uint32_t lanes = executing;
    if (unsure != 0)
      ++counts.unknownBranches;
    for (uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
      unsigned lane = llvm::countr_zero(rest);
      std::optional<uint32_t> address;
      for (const SassOperand &operand : instruction.operands)
        if (operand.isRegister() == (base == "RET"))
          address = state.read(operand, lane);
      if (!address)
        return fail(at, "an address that only the data knows");
      places[lane] = function.find(*address);
    }
    return llvm::Error::success();
  }
  if (base == "BRX" || base == "JMX" || base == "JMP")
    return fail(at, "a branch to a place that only the data knows");
  if (base == "BSSY" || base == "BSYNC" || base == "BREAK") {
    for (const SassOperand &operand : instruction.operands) {
      if (operand.kind != Kind::Barrier)
        continue;
      if (base == "BSSY") {
        barriers[operand.index] = active;
      } else if (base == "BREAK") {
        barriers[operand.index] &= ~executing;
      } else {
        forEachLane(executing, [&](unsigned lane) {
          places[lane] = at;
          waitsAt[lane] = operand.index;
        });
        waiting |= executing;
      }
      break;
    }
    return llvm::Error::success();
  }
  if (firstWarp && executing != 0) {
    counts.blockBarriers += base == "BAR" && !instruction.has("ARV");
    counts.clusterBarriers += base == "UCGABAR_WAIT";
  }

  uint32_t lanes = executing | unsure;
  if (known.globalLoad || known.globalStore)
    lanes = findGlobalLanes(at, lanes);
  if (lanes != 0) {
    uint32_t moving = known.copy ? findCopyingLanes(at, lanes) : lanes;
    if ((known.globalLoad || known.globalStore) && unsure != 0)
      ++counts.unknownGuards;
    if (known.globalLoad && moving != 0)
      access(at, moving, counts.loads, loaded);
    if (known.globalStore)
      access(at, lanes, counts.stores, stored);
    if (base == "LDL" || base == "STL")
      counts.localBytes +=
          uint64_t(getAccessBytes(instruction)) * llvm::popcount(lanes);
  }
  if (known.globalLoad && lanes != 0)
    for (unsigned index : known.writes)
      pending.set(index);
  if (executing != 0)
    evaluate(instruction, executing, state);
  if (unsure != 0)
    evaluatePerhaps(instruction, unsure, state);
  return llvm::Error::success();
}

static std::vector<Decoded> decode(const SassFunction &function) {
  std::vector<Decoded> all;
  for (const SassInstruction &instruction : function.instructions) {
    Decoded &one = all.emplace_back();
    one.pipe = getPipe(instruction);
    collectReads(instruction, one.reads);
    collectWrites(instruction, one.writes);
    StringRef base = instruction.base();
    one.copy = base == "LDGSTS";
    one.generic = base == "LD" || base == "ST" || base == "ATOM";
    one.globalLoad = base == "LDG" || base == "LD" || base == "ATOMG" ||
                     base == "ATOM" || one.copy;
    one.globalStore =
        base == "STG" || base == "ST" || base == "RED" || base == "REDG";
  }
  return all;
}

llvm::Expected<WalkCounts>
mlir::softmax::scorecard::walkBlock(const SassFunction &function,
                                    const WalkLaunch &launch, Dim3 block) {
  std::vector<Decoded> decoded = decode(function);
  WalkCounts counts;
  uint64_t threads = uint64_t(launch.block.x) * launch.block.y * launch.block.z;
  counts.blocks = 1;
  counts.warps = (threads + kLanes - 1) / kLanes;
  Sectors loaded, stored;
  for (uint64_t warp = 0; warp < counts.warps; ++warp) {
    auto state =
        std::make_unique<WarpState>(launch, block, static_cast<unsigned>(warp));
    WarpWalker walker(function, decoded, *state, loaded, stored, counts);
    if (llvm::Error error = walker.run(/*firstWarp=*/warp == 0))
      return std::move(error);
  }
  return counts;
}
