// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The names of targets, alone and in lists.

#include "softmax/Schedule/TargetDescription.h"
#include "Targets.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

#include <array>

using namespace mlir::softmax;
using llvm::StringLiteral;
using llvm::StringRef;
using targets::refuse;

namespace {

constexpr std::array<StringLiteral, 7> kSupported = {
    StringLiteral("native"),    StringLiteral("x86-64"),
    StringLiteral("x86-64-v2"), StringLiteral("x86-64-v3"),
    StringLiteral("x86-64-v4"), StringLiteral("aarch64"),
    StringLiteral("riscv64")};

/// The first words of target names that contracts promise for later versions:
/// they get a clearer answer than a misspelled name.
constexpr std::array<StringLiteral, 3> kLater = {
    StringLiteral("nvptx"), StringLiteral("amdgcn"), StringLiteral("vulkan")};

StringRef familyOf(StringRef word) {
  return word.take_until([](char c) { return c == ':'; });
}

/// Whether `word` begins a target in a list.
bool isTargetName(StringRef word) {
  return llvm::is_contained(kSupported, word) ||
         llvm::is_contained(kLater, familyOf(word));
}

/// What the target `name` takes behind its name.
llvm::ArrayRef<StringLiteral> featuresOf(StringRef name) {
  if (name == "aarch64")
    return targets::aarch64Features();
  if (name == "riscv64")
    return targets::riscv64Features();
  return {};
}

/// One entry of a list.
struct Entry {
  StringRef name;
  llvm::SmallVector<StringRef> features;
};

/// Takes `list` apart; fails where a word means nothing.
llvm::Expected<llvm::SmallVector<Entry>> splitList(StringRef list) {
  llvm::SmallVector<Entry> entries;
  for (StringRef word : llvm::split(list, ',')) {
    if (isTargetName(word)) {
      entries.push_back({word, {}});
      continue;
    }
    if (entries.empty())
      return refuse("unknown target '" + word + "'");
    Entry &entry = entries.back();
    if (word.empty())
      return refuse("target '" + list + "' has an empty entry");
    if (llvm::is_contained(kLater, familyOf(entry.name)))
      break; // refused for its name
    if (llvm::is_contained(entry.features, word))
      return refuse("target '" + list + "' names the feature '" + word +
                    "' twice");
    if (!llvm::is_contained(featuresOf(entry.name), word)) {
      return refuse("target '" + list + "': '" + word +
                    "' is neither a target nor a feature of " + entry.name);
    }
    entry.features.push_back(word);
  }
  return entries;
}

llvm::Expected<TargetDescription> describeEntry(const Entry &entry) {
  if (llvm::is_contained(kLater, familyOf(entry.name)))
    return refuse("target '" + entry.name +
                  "' is not supported in this version");
  if (entry.name == "native")
    return targets::describeHost();
  // In a fixed order, so that one target has one name.
  llvm::SmallVector<StringRef> features;
  for (StringRef feature : featuresOf(entry.name))
    if (llvm::is_contained(entry.features, feature))
      features.push_back(feature);
  if (entry.name == "aarch64")
    return targets::describeAArch64(features);
  if (entry.name == "riscv64")
    return targets::describeRISCV64(features);
  unsigned level = 1;
  StringRef number = entry.name;
  if (number.consume_front("x86-64-v"))
    number.getAsInteger(10, level);
  return targets::describeX86Level(level);
}

/// Whether versions for `targets` go into one library.
llvm::Error checkTogether(StringRef list,
                          llvm::ArrayRef<TargetDescription> descriptions) {
  for (auto [i, target] : llvm::enumerate(descriptions)) {
    if (target.architecture != descriptions[0].architecture)
      return refuse("target '" + list + "' names several architectures, " +
                    descriptions[0].name + " and " + target.name +
                    ", of which a library holds one");
    for (const TargetDescription &other : descriptions.take_front(i))
      if (other.name == target.name)
        return refuse("target '" + list + "' names " + target.name + " twice");
  }
  for (const TargetDescription &target : descriptions)
    if (!target.checkable)
      return refuse("target '" + list +
                    "': a library cannot find out whether "
                    "a CPU runs " +
                    target.name + ", so it stands alone");
  return llvm::Error::success();
}

} // namespace

llvm::Error targets::refuse(const llvm::Twine &what) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 what + "; choose one of " +
                                     describeSupportedTargets());
}

llvm::ArrayRef<StringLiteral> mlir::softmax::supportedTargets() {
  return kSupported;
}

std::string mlir::softmax::describeSupportedTargets() {
  std::string text;
  for (StringRef name : kSupported) {
    text += text.empty() ? "" : ", ";
    text += name;
    for (StringRef feature : featuresOf(name))
      text += ("[," + feature + "]").str();
  }
  return text;
}

llvm::Expected<llvm::SmallVector<TargetDescription, 1>>
mlir::softmax::parseTargets(StringRef list) {
  llvm::Expected<llvm::SmallVector<Entry>> entries = splitList(list);
  if (!entries)
    return entries.takeError();
  llvm::SmallVector<TargetDescription, 1> descriptions;
  for (const Entry &entry : *entries) {
    llvm::Expected<TargetDescription> target = describeEntry(entry);
    if (!target)
      return target.takeError();
    descriptions.push_back(std::move(*target));
  }
  if (descriptions.size() > 1)
    if (llvm::Error error = checkTogether(list, descriptions))
      return std::move(error);
  llvm::sort(descriptions,
             [](const TargetDescription &a, const TargetDescription &b) {
               return a.rank > b.rank;
             });
  return descriptions;
}

llvm::Expected<TargetDescription> mlir::softmax::parseTarget(StringRef name) {
  llvm::Expected<llvm::SmallVector<TargetDescription, 1>> list =
      parseTargets(name);
  if (!list)
    return list.takeError();
  if (list->size() > 1)
    return refuse("target '" + name + "' is a list, and one is wanted here");
  return std::move(list->front());
}

TargetDescription mlir::softmax::describeBaseline(Architecture architecture) {
  switch (architecture) {
  case Architecture::X86_64:
    return targets::describeX86Level(1);
  case Architecture::AArch64:
    return targets::describeAArch64({});
  case Architecture::RISCV64:
    return targets::describeRISCV64({});
  }
  llvm_unreachable("all architectures handled");
}
