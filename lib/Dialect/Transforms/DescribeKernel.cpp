// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "DescribeKernel.h"
#include "KernelDescription.h"
#include "ShapeSymbols.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "softmax/Dialect/IR/GenericRegions.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Dialect/Transforms/Generalize.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// What an op does with its operands
//===----------------------------------------------------------------------===//

bool softmax::isUnreadInit(OpOperand &operand) {
  auto dps = dyn_cast<DestinationStyleOpInterface>(operand.getOwner());
  if (!dps || !dps.isDpsInit(&operand))
    return false;
  if (auto generic = dyn_cast<GenericOp>(operand.getOwner()))
    return generic.getRows().empty();
  auto structured = dyn_cast<linalg::LinalgOp>(operand.getOwner());
  return structured && !structured.payloadUsesValueFromOperand(&operand);
}

/// The entry argument whose memory `returned` is computed in, by way of
/// destinations, if nothing reads what the argument holds there.
static BlockArgument findDestinationArgument(Value returned, Block &entry) {
  while (auto result = dyn_cast<OpResult>(returned)) {
    auto dps = dyn_cast<DestinationStyleOpInterface>(result.getOwner());
    OpOperand *init = dps ? dps.getTiedOpOperand(result) : nullptr;
    if (!init)
      return nullptr;
    auto argument = dyn_cast<BlockArgument>(init->get());
    if (argument)
      return argument.getOwner() == &entry && isUnreadInit(*init)
                 ? argument
                 : BlockArgument();
    returned = init->get();
  }
  return nullptr;
}

/// Whether any use may write to the memref `argument`.
static bool mayBeWritten(BlockArgument argument) {
  return !llvm::all_of(argument.getUsers(), [&](Operation *user) {
    if (isa<memref::DimOp>(user))
      return true;
    auto effects = dyn_cast<MemoryEffectOpInterface>(user);
    if (!effects || user->getNumResults() != 0)
      return false;
    SmallVector<MemoryEffects::EffectInstance> found;
    effects.getEffectsOnValue(argument, found);
    return !found.empty() && llvm::all_of(found, [](const auto &effect) {
      return isa<MemoryEffects::Read>(effect.getEffect());
    });
  });
}

/// Ops that rename elements of a tensor, one for one.
static bool isView(Operation *op) {
  return isa_and_present<tensor::CastOp, tensor::ExpandShapeOp,
                         tensor::CollapseShapeOp>(op);
}

static Value lookThroughViews(Value value) {
  while (isView(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// The softmax.generic that `function` consists of, beside sizes, scalars and
/// constants; null if it does more. Every result of it is returned at most
/// once and nothing else is, so an output may overwrite an input (C-SHAPE-1).
static GenericOp findSingleOp(func::FuncOp function,
                              func::ReturnOp terminator) {
  GenericOp single;
  WalkResult walk = function.getBody().walk<WalkOrder::PreOrder>(
      [&](Operation *op) -> WalkResult {
        if (auto generic = dyn_cast<GenericOp>(op)) {
          if (single)
            return WalkResult::interrupt();
          single = generic;
          return WalkResult::skip();
        }
        if (op == terminator || isView(op) ||
            isa<tensor::EmptyOp, tensor::DimOp, memref::DimOp,
                arith::ConstantOp>(op))
          return WalkResult::advance();
        auto shaped = [](Type type) { return isa<ShapedType>(type); };
        if (!isMemoryEffectFree(op) ||
            llvm::any_of(op->getOperandTypes(), shaped) ||
            llvm::any_of(op->getResultTypes(), shaped))
          return WalkResult::interrupt();
        return WalkResult::advance();
      });
  if (walk.wasInterrupted() || !single)
    return nullptr;
  llvm::SmallPtrSet<Value, 2> returned;
  for (Value operand : terminator.getOperands()) {
    Value value = lookThroughViews(operand);
    if (value.getDefiningOp() != single || !returned.insert(value).second)
      return nullptr;
  }
  return single;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The contract's names of a named op's inputs and destinations, by position.
/// Forward ops are not among them: theirs depend on what is there.
namespace {
struct ContractNames {
  ArrayRef<StringLiteral> inputs, inits;
};
} // namespace

static std::optional<ContractNames> getContractNames(StringRef op) {
  static constexpr StringLiteral backwardInputs[] = {"grad_output", "output",
                                                     "scale"};
  static constexpr StringLiteral backwardInits[] = {"grad_input"};
  static constexpr StringLiteral lossInputs[] = {"logits", "labels"};
  static constexpr StringLiteral lossInits[] = {"loss", "lse"};
  static constexpr StringLiteral lossBackwardInputs[] = {"logits", "labels",
                                                         "lse", "grad_loss"};
  static constexpr StringLiteral lossBackwardInits[] = {"grad_logits"};
  static constexpr StringLiteral statsInputs[] = {"logits"};
  static constexpr StringLiteral statsInits[] = {"max", "sum"};
  if (op == "softmax_backward" || op == "log_softmax_backward")
    return ContractNames{backwardInputs, backwardInits};
  if (op == "cross_entropy")
    return ContractNames{lossInputs, lossInits};
  if (op == "cross_entropy_backward")
    return ContractNames{lossBackwardInputs, lossBackwardInits};
  if (op == "stats")
    return ContractNames{statsInputs, statsInits};
  // Of two ops.
  if (op == "merge")
    return ContractNames{};
  return std::nullopt;
}

/// The contract's name of an operand of a named op; empty if it has none.
static StringRef getContractName(GenericOp op, OpOperand &operand) {
  auto named = op->getAttrOfType<StringAttr>(kNamedAttrName);
  if (!named)
    return {};
  unsigned index = operand.getOperandNumber();
  unsigned numInputs = op.getInputs().size();
  if (std::optional<ContractNames> names = getContractNames(named)) {
    bool isInput = index < numInputs;
    ArrayRef<StringLiteral> list = isInput ? names->inputs : names->inits;
    unsigned position = isInput ? index : index - numInputs;
    return position < list.size() ? StringRef(list[position]) : StringRef();
  }
  if (index == 0)
    return "logits";
  if (index < numInputs) {
    Type type = operand.get().getType();
    if (!isa<ShapedType>(type))
      return "scale";
    return isa<FloatType>(getElementTypeOrSelf(type)) ? "bias" : "mask";
  }
  if (index - numInputs >= op.getNumElementwiseInits())
    return "lse";
  return named == "log_softmax" ? "log_probabilities" : "probabilities";
}

static StringRef getContractName(GenericOp op, BlockArgument argument) {
  if (!op)
    return {};
  for (OpOperand &operand : op->getOpOperands())
    if (lookThroughViews(operand.get()) == argument)
      return getContractName(op, operand);
  return {};
}

/// The size of dimension `dim` of `op`, from the first operand that has it.
static Attribute getSize(GenericOp op, int64_t dim, ShapeSymbols &symbols) {
  AffineExpr expr = getAffineDimExpr(dim, op.getContext());
  for (auto [i, map] : llvm::enumerate(op.getMapList()))
    if (std::optional<unsigned> position = map.getResultPosition(expr))
      return symbols.get(op->getOperand(i), *position);
  return Attribute();
}

/// The class indices that `argument` holds for a loss in `function`: a
/// dictionary with `classes`, their number as `symbols` has it, and `ignore`.
/// Null if it holds none, or if losses do not agree about them.
static DictionaryAttr getLabels(func::FuncOp function, BlockArgument argument,
                                ShapeSymbols &symbols) {
  SmallVector<DictionaryAttr> found;
  function.walk([&](GenericOp op) {
    std::optional<unsigned> input = getLabelsInput(op);
    if (!input || op.getDimensions().size() != 1 ||
        lookThroughViews(op.getInputs()[*input]) != argument)
      return;
    NamedAttrList entry;
    entry.set("classes", getSize(op, op.getDimensions().front(), symbols));
    auto labels = op->getAttrOfType<DictionaryAttr>(kLabelsAttrName);
    if (Attribute ignored = labels.get("ignore"))
      entry.set("ignore", ignored);
    found.push_back(entry.getDictionary(op.getContext()));
  });
  return !found.empty() && llvm::all_equal(found) ? found.front()
                                                  : DictionaryAttr();
}

/// Letters, digits and underscores, not starting with a digit.
static bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

//===----------------------------------------------------------------------===//
// The description
//===----------------------------------------------------------------------===//

SmallVector<BlockArgument>
softmax::findReusedArguments(func::FuncOp function, func::ReturnOp terminator) {
  Block &entry = function.front();
  SmallVector<BlockArgument> reused(terminator.getNumOperands());
  for (auto [i, value] : llvm::enumerate(terminator.getOperands())) {
    BlockArgument argument = findDestinationArgument(value, entry);
    // What else uses the argument must be content with its sizes.
    if (!argument || llvm::is_contained(reused, argument) ||
        !llvm::all_of(argument.getUses(), [](OpOperand &use) {
          return isUnreadInit(use) || isa<tensor::DimOp>(use.getOwner());
        }))
      continue;
    reused[i] = argument;
  }
  return reused;
}

/// The operand's name: given by an attribute, or the contract's, or another.
static FailureOr<std::string> getName(func::FuncOp function, Attribute given,
                                      StringRef contract,
                                      const Twine &otherwise) {
  if (!given)
    return contract.empty() ? otherwise.str() : contract.str();
  auto name = dyn_cast<StringAttr>(given);
  if (!name || !isIdentifier(name.getValue()))
    return function.emitOpError("attribute '")
           << kOperandNameAttrName << "' must be a string that is a C "
           << "identifier, not " << given;
  return name.str();
}

/// Gives `operand` the shape of `value`, and its type the sizes that callers
/// must keep to: a size that the function casts to a constant is that constant.
static void describeShape(OperandDescription &operand, Value value,
                          ShapeSymbols &symbols) {
  auto type = cast<ShapedType>(value.getType());
  SmallVector<int64_t> sizes(type.getShape());
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    Attribute entry = symbols.get(value, dim);
    if (!ShapedType::isDynamic(size))
      entry = IntegerAttr::get(IntegerType::get(value.getContext(), 64), size);
    else if (auto known = dyn_cast<IntegerAttr>(entry))
      size = known.getInt();
    operand.shape.push_back(entry);
  }
  operand.type = RankedTensorType::get(sizes, type.getElementType());
}

LogicalResult softmax::describeKernel(func::FuncOp function,
                                      func::ReturnOp terminator,
                                      ArrayRef<BlockArgument> reused) {
  KernelDescription description;
  GenericOp single = findSingleOp(function, terminator);
  description.singleOp = static_cast<bool>(single);
  description.op = "function";
  if (single)
    if (auto named = single->getAttrOfType<StringAttr>(kNamedAttrName))
      description.op = named.str();

  ShapeSymbols symbols(function);
  llvm::SmallDenseSet<Attribute> known;
  for (BlockArgument argument : function.getArguments()) {
    unsigned i = argument.getArgNumber();
    OperandDescription operand;
    operand.type = argument.getType();
    operand.kind = "scalar";
    if (auto shaped = dyn_cast<ShapedType>(operand.type)) {
      operand.kind = isa<MemRefType>(shaped) && mayBeWritten(argument)
                         ? "output"
                         : "input";
      describeShape(operand, argument, symbols);
      known.insert(operand.shape.begin(), operand.shape.end());
    }
    if (llvm::is_contained(reused, argument))
      continue;
    if (operand.kind == "input")
      operand.labels = getLabels(function, argument, symbols);
    FailureOr<std::string> name =
        getName(function, function.getArgAttr(i, kOperandNameAttrName),
                getContractName(single, argument), "arg" + Twine(i));
    if (failed(name))
      return failure();
    operand.name = *name;
    description.operands.push_back(operand);
  }

  for (auto [i, value] : llvm::enumerate(terminator.getOperands())) {
    OperandDescription operand;
    operand.kind = "output";
    describeShape(operand, value, symbols);
    for (auto [dim, size] : llvm::enumerate(operand.shape))
      if (isa<StringAttr>(size) && !known.contains(size))
        return function.emitOpError("result #")
               << i << ": its size along dimension " << dim
               << " does not follow from the arguments' sizes, so a "
                  "destination could not be checked; make it static, or pass "
                  "the destination of the op that computes it as an argument";
    Attribute given = function.getResultAttr(i, kOperandNameAttrName);
    if (!given && reused[i])
      given =
          function.getArgAttr(reused[i].getArgNumber(), kOperandNameAttrName);
    StringRef contract;
    auto result = dyn_cast<OpResult>(lookThroughViews(value));
    if (single && result && result.getOwner() == single)
      contract = getContractName(
          single, single.getInitsMutable()[result.getResultNumber()]);
    FailureOr<std::string> name =
        getName(function, given, contract, "result" + Twine(i));
    if (failed(name))
      return failure();
    operand.name = *name;
    description.operands.push_back(operand);
  }

  // The number of classes is checked against where callers give it.
  for (OperandDescription &operand : description.operands)
    if (operand.labels && isa<StringAttr>(operand.labels.get("classes")) &&
        !known.contains(operand.labels.get("classes")))
      operand.labels = DictionaryAttr();

  llvm::StringSet<> names;
  for (const OperandDescription &operand : description.operands)
    if (!names.insert(operand.name).second)
      return function.emitOpError("has two operands named '")
             << operand.name << "'; give them different '"
             << kOperandNameAttrName << "' attributes";
  function->setAttr(kKernelAttrName, description.toAttr(function.getContext()));
  return success();
}
