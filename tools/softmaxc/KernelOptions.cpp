// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "KernelOptions.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <functional>

using namespace mlir;
using namespace mlir::softmax;
namespace cl = llvm::cl;

std::nullopt_t mlir::softmax::usageError(const llvm::Twine &message) {
  std::string line = message.str();
  llvm::errs() << "softmaxc: " << line << '\n';
  return std::nullopt;
}

KernelOptions::KernelOptions(cl::OptionCategory &category)
    : op("op",
         cl::desc(
             "a kernel: softmax, log_softmax, logsumexp, softmax_backward, "
             "log_softmax_backward, cross_entropy or cross_entropy_backward"),
         cl::value_desc("name"), cl::cat(category)),
      type("type", cl::desc("f16, bf16, f32 or f64, or input:output (f32)"),
           cl::value_desc("type"), cl::cat(category)),
      shape("shape",
            cl::desc(
                "sizes joined by x, ? where only known when the kernel runs; "
                "empty is rank 0 (?x?)"),
            cl::value_desc("shape"), cl::cat(category)),
      axis("axis",
           cl::desc("the axis to normalize over, or several joined by commas "
                    "(-1, the last)"),
           cl::value_desc("axes"), cl::cat(category)),
      name("name", cl::desc("the kernel's name (the op's)"),
           cl::value_desc("name"), cl::cat(category)),
      with("with", cl::desc("further operands: scale, bias, mask, lse"),
           cl::value_desc("list"), cl::cat(category)),
      labels("labels",
             cl::desc("labels of losses: i64, i32 (class indices) or prob "
                      "(probabilities)"),
             cl::value_desc("type"), cl::cat(category)),
      ignoreIndex(
          "ignore-index",
          cl::desc("the class index of rows whose loss and gradient are 0"),
          cl::value_desc("index"), cl::cat(category)),
      labelSmoothing("label-smoothing",
                     cl::desc("smoothing of losses, from 0 to 1 (0)"),
                     cl::value_desc("amount"), cl::cat(category)),
      maskedRow(
          "masked-row",
          cl::desc("what a row of nothing but -inf gives: nan or zero (nan)"),
          cl::value_desc("value"), cl::cat(category)) {}

/// Hands each value of `list` to the op it belongs to: the last one before it
/// on the command line, or every op if it stands before all of them.  Refuses
/// two values in the same place, unless they `accumulate`.
template <typename Setter>
static bool assignToOps(cl::list<std::string> &list, cl::list<std::string> &ops,
                        std::vector<OpSpec> &specs, Setter set,
                        bool accumulate = false) {
  llvm::BitVector owners(ops.size() + 1);
  for (unsigned i = 0; i < list.size(); ++i) {
    unsigned position = list.getPosition(i);
    unsigned owner = 0;
    while (owner < ops.size() && ops.getPosition(owner) < position)
      ++owner;
    if (owners.test(owner) && !accumulate) {
      usageError("--" + list.ArgStr + " is given twice for " +
                 (owner > 0 ? "--op=" + ops[owner - 1] : "every --op") +
                 "; give it once");
      return false;
    }
    owners.set(owner);
    if (owner > 0) {
      set(specs[owner - 1], list[i]);
      continue;
    }
    for (OpSpec &spec : specs)
      set(spec, list[i]);
  }
  return true;
}

/// The spellings that would mean the same as leaving the option out.
bool KernelOptions::checkNotEmpty() {
  for (const std::string &text : name)
    if (text.empty()) {
      usageError("--name needs a name; leave it out for the op's");
      return false;
    }
  for (const std::string &list : with)
    for (StringRef part : llvm::split(list, ','))
      if (part.empty()) {
        usageError("--with=" + list +
                   " has an empty entry; use scale, bias, mask, lse, joined by "
                   "commas");
        return false;
      }
  return true;
}

bool KernelOptions::checkAbsent() {
  // operator& of cl::list is overloaded.
  using List = std::reference_wrapper<cl::list<std::string>>;
  for (cl::list<std::string> &list :
       {List(type), List(shape), List(axis), List(name), List(with),
        List(labels), List(ignoreIndex), List(labelSmoothing),
        List(maskedRow)}) {
    if (list.empty())
      continue;
    usageError("--" + list.ArgStr +
               " describes a kernel of --op; leave it out with an input "
               "file");
    return false;
  }
  return true;
}

bool KernelOptions::read(std::vector<OpSpec> &ops) {
  ops.resize(op.size());
  for (auto [spec, op] : llvm::zip_equal(ops, op))
    spec.op = op;
  using Text = const std::string &;
  auto assign = [&](cl::list<std::string> &list, auto member) {
    return assignToOps(list, op, ops, [member](OpSpec &spec, Text text) {
      spec.*member = text;
    });
  };
  if (!checkNotEmpty() || !assign(type, &OpSpec::type) ||
      !assign(shape, &OpSpec::shape) || !assign(axis, &OpSpec::axis) ||
      !assign(name, &OpSpec::name) ||
      !assignToOps(
          with, op, ops,
          [](OpSpec &spec, Text text) {
            spec.with += (spec.with.empty() ? "" : ",") + text;
          },
          /*accumulate=*/true) ||
      !assign(labels, &OpSpec::labels) ||
      !assign(ignoreIndex, &OpSpec::ignoreIndex) ||
      !assign(labelSmoothing, &OpSpec::labelSmoothing) ||
      !assign(maskedRow, &OpSpec::maskedRow))
    return false;
  return true;
}
