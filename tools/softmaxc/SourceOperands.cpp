// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "SourceOperands.h"

#include "softmax/Target/CNames.h"
#include "softmax/Target/KernelInfo.h"

#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {

/// Numbers the arguments of a function while passes drop and add some.
constexpr llvm::StringLiteral kArgumentAttrName = "softmax.argument";

/// The text of a name's place, "%x"; empty for numbers such as "%0".
std::string getText(SMRange range) {
  if (!range.isValid())
    return {};
  StringRef text(range.Start.getPointer(),
                 range.End.getPointer() - range.Start.getPointer());
  if (!text.starts_with("%") || text.size() < 2 || llvm::isDigit(text[1]))
    return {};
  return text.str();
}

/// What `parsed` calls `value`; empty if it has no name or is one of several
/// results under one name.
std::string getSourceName(const AsmParserState &parsed, Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    const AsmParserState::BlockDefinition *block =
        parsed.getBlockDef(argument.getOwner());
    if (!block || argument.getArgNumber() >= block->arguments.size())
      return {};
    return getText(block->arguments[argument.getArgNumber()].loc);
  }
  auto result = cast<OpResult>(value);
  const AsmParserState::OperationDefinition *op =
      parsed.getOpDef(result.getOwner());
  if (!op)
    return {};
  for (auto [i, group] : llvm::enumerate(op->resultGroups)) {
    unsigned end = i + 1 < op->resultGroups.size()
                       ? op->resultGroups[i + 1].startIndex
                       : result.getOwner()->getNumResults();
    if (group.startIndex == result.getResultNumber() &&
        end == group.startIndex + 1)
      return getText(group.definition.loc);
  }
  return {};
}

/// What an op does with the memory of a memref.
struct Access {
  bool reads = false;
  bool writes = false;
};

Access getAccess(Operation *op, Value memref) {
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  if (!effects)
    return {true, true}; // A call, or an op of another dialect.
  SmallVector<MemoryEffects::EffectInstance> found;
  effects.getEffectsOnValue(memref, found);
  Access access;
  for (const MemoryEffects::EffectInstance &effect : found) {
    access.reads |= isa<MemoryEffects::Read>(effect.getEffect());
    access.writes |= isa<MemoryEffects::Write>(effect.getEffect());
  }
  return access;
}

/// Whether what the caller passes in `argument` may be read: true unless the
/// first op that touches the memory only writes it, and does so as a whole.
bool isRead(BlockArgument argument) {
  SmallVector<Value> names = {argument};
  Operation *first = nullptr;
  bool anyRead = false;
  for (size_t i = 0; i < names.size(); ++i)
    for (Operation *user : names[i].getUsers()) {
      if (auto view = dyn_cast<ViewLikeOpInterface>(user);
          view && view.getViewSource() == names[i])
        llvm::append_range(names, user->getResults());
      Access access = getAccess(user, names[i]);
      anyRead |= access.reads;
      if (!access.reads && !access.writes)
        continue;
      Operation *top = argument.getOwner()->findAncestorOpInBlock(*user);
      if (!top)
        return anyRead;
      if (!first || top->isBeforeInBlock(first))
        first = top;
    }
  if (!anyRead || !first)
    return anyRead;
  // Loops and stores write parts; softmax and linalg ops write all.
  return !isa<DestinationStyleOpInterface>(first) ||
         !llvm::is_contained(first->getOperands(), Value(argument)) ||
         getAccess(first, argument).reads;
}

/// The operands of a described kernel; empty if the source itself has an
/// attribute of this name that is none.
SmallVector<NamedAttrList> getOperands(func::FuncOp function) {
  SmallVector<NamedAttrList> entries;
  auto kernel = function->getAttrOfType<DictionaryAttr>(kernelAttrName);
  auto operands = kernel ? kernel.getAs<ArrayAttr>("operands") : ArrayAttr();
  if (!operands)
    return entries;
  for (Attribute operand : operands) {
    auto entry = dyn_cast<DictionaryAttr>(operand);
    if (!entry || !entry.getAs<StringAttr>("name") ||
        !entry.getAs<StringAttr>("kind"))
      return {};
    entries.emplace_back(entry);
  }
  return entries;
}

} // namespace

void SourceOperands::record(ModuleOp module, const AsmParserState *parsed) {
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    Function &entry = functions[function.getSymName()];
    entry.readArguments.resize(function.getNumArguments());
    auto name = [&](Value value, StringRef what, unsigned number) {
      std::string text = parsed ? getSourceName(*parsed, value) : std::string();
      return text.empty() ? (what + " " + Twine(number)).str() : text;
    };
    for (BlockArgument argument : function.getArguments()) {
      unsigned i = argument.getArgNumber();
      entry.arguments.push_back(name(argument, "argument", i));
      entry.readArguments[i] =
          isa<MemRefType>(argument.getType()) && isRead(argument);
    }
    auto terminator =
        dyn_cast<func::ReturnOp>(function.getBody().back().getTerminator());
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      entry.results.push_back(terminator
                                  ? name(terminator.getOperand(i), "result", i)
                                  : ("result " + Twine(i)).str());
  }
}

void SourceOperands::number(ModuleOp module) const {
  Builder builder(module.getContext());
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    if (functions.contains(function.getSymName()))
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        function.setArgAttr(i, kArgumentAttrName, builder.getIndexAttr(i));
}

void SourceOperands::apply(ModuleOp module) const {
  Builder builder(module.getContext());
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    auto found = functions.find(function.getSymName());
    if (found == functions.end())
      continue;
    const Function &source = found->second;
    SmallVector<NamedAttrList> operands = getOperands(function);
    llvm::StringSet<> names;
    for (const NamedAttrList &operand : operands)
      names.insert(cast<StringAttr>(operand.get("name")).getValue());

    // Arguments that are left come first, then a destination per result.
    llvm::BitVector kept(source.arguments.size());
    unsigned nextResult = 0;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto number =
          function.getArgAttrOfType<IntegerAttr>(i, kArgumentAttrName);
      function.removeArgAttr(i, builder.getStringAttr(kArgumentAttrName));
      if (number)
        kept.set(number.getInt());
      else if (nextResult == source.results.size())
        continue;
      unsigned index = number ? number.getInt() : nextResult++;
      if (i >= operands.size())
        continue;
      StringRef text = number ? source.arguments[index] : source.results[index];
      NamedAttrList &operand = operands[i];
      operand.set("source", builder.getStringAttr(text));
      if (number && source.readArguments[index] &&
          cast<StringAttr>(operand.get("kind")) == "output")
        operand.set("also_read", builder.getBoolAttr(true));
      // A name that nobody chose gives way to the source's.
      std::string unchosen = ((number ? "arg" : "result") + Twine(index)).str();
      if (!text.consume_front("%") ||
          cast<StringAttr>(operand.get("name")) != unchosen)
        continue;
      std::string name = toCIdentifier(text);
      if (names.insert(name).second)
        operand.set("name", builder.getStringAttr(name));
    }
    if (operands.empty())
      continue;
    setKernelEntry(function, "operands",
                   builder.getArrayAttr(llvm::map_to_vector(
                       operands, [&](NamedAttrList &operand) -> Attribute {
                         return operand.getDictionary(module.getContext());
                       })));
    SmallVector<StringRef> dropped;
    for (auto [i, text] : llvm::enumerate(source.arguments))
      if (!kept.test(i))
        dropped.push_back(text);
    if (!dropped.empty())
      setKernelEntry(function, "dropped", builder.getStrArrayAttr(dropped));
  }
}
