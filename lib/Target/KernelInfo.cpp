// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Reading and writing `softmax.kernel`.

#include "softmax/Target/KernelInfo.h"

#include "softmax/Dialect/IR/Softmax.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

std::optional<DLPackType> KernelOperand::dlpackType() const {
  // DLDataTypeCode of dlpack.h 1.x.
  enum : uint8_t { Int = 0, UInt = 1, Float = 2, Bfloat = 4, Bool = 6 };
  if (auto integer = dyn_cast<IntegerType>(elementType)) {
    unsigned width = integer.getWidth();
    if (width == 1)
      return DLPackType{Bool, 8};
    if (width != 8 && width != 16 && width != 32 && width != 64)
      return std::nullopt;
    return DLPackType{integer.isUnsigned() ? UInt : Int,
                      static_cast<uint8_t>(width)};
  }
  if (elementType.isF16() || elementType.isF32() || elementType.isF64())
    return DLPackType{
        Float, static_cast<uint8_t>(elementType.getIntOrFloatBitWidth())};
  if (elementType.isBF16())
    return DLPackType{Bfloat, 16};
  return llvm::TypeSwitch<Type, std::optional<DLPackType>>(elementType)
      .Case<Float8E3M4Type>([](Type) { return DLPackType{7, 8}; })
      .Case<Float8E4M3Type>([](Type) { return DLPackType{8, 8}; })
      .Case<Float8E4M3B11FNUZType>([](Type) { return DLPackType{9, 8}; })
      .Case<Float8E4M3FNType>([](Type) { return DLPackType{10, 8}; })
      .Case<Float8E4M3FNUZType>([](Type) { return DLPackType{11, 8}; })
      .Case<Float8E5M2Type>([](Type) { return DLPackType{12, 8}; })
      .Case<Float8E5M2FNUZType>([](Type) { return DLPackType{13, 8}; })
      .Case<Float8E8M0FNUType>([](Type) { return DLPackType{14, 8}; })
      .Default([](Type) { return std::nullopt; });
}

int64_t KernelOperand::elementBytes() const {
  if (elementType.isIndex())
    return 8;
  return llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
}

std::string KernelOperand::typeName() const {
  if (elementType.isInteger(1))
    return "bool";
  if (elementType.isBF16())
    return "bfloat16";
  if (elementType.isF16() || elementType.isF32() || elementType.isF64())
    return "float" + std::to_string(elementType.getIntOrFloatBitWidth());
  if (elementType.isIndex())
    return "int64";
  if (auto integer = dyn_cast<IntegerType>(elementType))
    return (integer.isUnsigned() ? "uint" : "int") +
           std::to_string(integer.getWidth());
  std::string text;
  llvm::raw_string_ostream(text) << elementType;
  return text;
}

std::string KernelOperand::shapeText() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << '[';
  llvm::interleaveComma(shape, os, [&](const KernelDim &dim) {
    if (dim.isStatic())
      os << dim.size;
    else
      os << dim.symbol;
  });
  os << ']';
  return text;
}

bool KernelInfo::mayRunInPlace(unsigned input, unsigned output) const {
  const KernelOperand &in = operands[input];
  const KernelOperand &out = operands[output];
  return singleOp && in.kind == KernelOperand::Kind::Input &&
         out.kind == KernelOperand::Kind::Output && in.shape == out.shape &&
         in.elementBytes() == out.elementBytes() &&
         !llvm::is_contained(neverInPlace, std::make_pair(input, output));
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static InFlightDiagnostic emitMalformed(Operation *function) {
  return function->emitError("malformed '") << kernelAttrName << "': ";
}

static LogicalResult readShape(Operation *function, DictionaryAttr entry,
                               RankedTensorType type, KernelOperand &operand) {
  auto shape = entry.getAs<ArrayAttr>("shape");
  if (!shape || static_cast<int64_t>(shape.size()) != type.getRank())
    return emitMalformed(function)
           << "operand '" << operand.name << "' of type " << type
           << " needs 'shape' with an entry per dimension";
  for (auto [attr, size] : llvm::zip_equal(shape, type.getShape())) {
    KernelDim dim;
    if (auto symbol = dyn_cast<StringAttr>(attr);
        symbol && !symbol.empty() && ShapedType::isDynamic(size))
      dim.symbol = symbol.str();
    else if (auto integer = dyn_cast<IntegerAttr>(attr);
             integer && integer.getInt() == size)
      dim.size = size;
    else
      return emitMalformed(function)
             << "operand '" << operand.name << "': shape entry " << attr
             << " does not fit " << type
             << " (a symbol per dynamic size, else the size itself)";
    operand.shape.push_back(std::move(dim));
  }
  return success();
}

static LogicalResult readLabels(Operation *function, DictionaryAttr labels,
                                KernelOperand &operand) {
  KernelDim classes;
  if (auto symbol = labels.getAs<StringAttr>("classes"))
    classes.symbol = symbol.str();
  else if (auto size = labels.getAs<IntegerAttr>("classes"))
    classes.size = size.getInt();
  else
    return emitMalformed(function)
           << "operand '" << operand.name << "' has labels without 'classes'";
  if (!operand.elementType.isSignlessInteger(32) &&
      !operand.elementType.isSignlessInteger(64))
    return emitMalformed(function)
           << "operand '" << operand.name << "' has labels of type "
           << operand.elementType << ", not i32 or i64";
  operand.classes = classes;
  if (auto ignored = labels.getAs<IntegerAttr>("ignore"))
    operand.ignoredClass = ignored.getInt();
  return success();
}

static LogicalResult readOperand(Operation *function, Attribute attr,
                                 KernelOperand &operand) {
  auto entry = dyn_cast<DictionaryAttr>(attr);
  auto name = entry ? entry.getAs<StringAttr>("name") : StringAttr();
  auto kind = entry ? entry.getAs<StringAttr>("kind") : StringAttr();
  auto typeAttr = entry ? entry.getAs<TypeAttr>("type") : TypeAttr();
  if (!name || !kind || !typeAttr)
    return emitMalformed(function) << "an operand needs 'name', 'kind' and "
                                      "'type', but is "
                                   << attr;
  operand.name = name.str();
  if (auto source = entry.getAs<StringAttr>("source"))
    operand.source = source.str();
  if (auto alsoRead = entry.getAs<BoolAttr>("also_read"))
    operand.alsoRead = alsoRead.getValue();
  Type type = typeAttr.getValue();
  if (kind == "scalar") {
    operand.kind = KernelOperand::Kind::Scalar;
    operand.elementType = type;
    if (!type.isF32() && !type.isF64() && !type.isSignlessInteger(32) &&
        !type.isSignlessInteger(64) && !type.isIndex())
      return function->emitError("scalar operand '")
             << operand.name << "' has type " << type
             << "; a kernel takes f32, f64, i32, i64 and index by value: "
                "convert it inside the function";
    return success();
  }
  if (kind != "input" && kind != "output")
    return emitMalformed(function)
           << "operand '" << operand.name << "' has kind '" << kind.getValue()
           << "', not 'input', 'output' or 'scalar'";
  operand.kind = kind == "input" ? KernelOperand::Kind::Input
                                 : KernelOperand::Kind::Output;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return emitMalformed(function)
           << "operand '" << operand.name
           << "' needs a ranked tensor type, not " << type;
  operand.elementType = tensor.getElementType();
  if (!operand.dlpackType())
    return function->emitError("operand '")
           << operand.name << "' has elements of type " << operand.elementType
           << ", which DLPack has no code for: use a float type, i1, or an "
              "integer of 8, 16, 32 or 64 bits";
  if (auto labels = entry.getAs<DictionaryAttr>("labels"))
    if (failed(readLabels(function, labels, operand)))
      return failure();
  return readShape(function, entry, tensor, operand);
}

static std::string printAttr(Attribute attr) {
  std::string text;
  if (attr)
    llvm::raw_string_ostream(text) << attr;
  return text;
}

static KernelOpInfo readOp(DictionaryAttr entry) {
  KernelOpInfo info;
  if (auto dimensions = entry.getAs<DenseI64ArrayAttr>("dimensions"))
    llvm::append_range(info.dimensions, dimensions.asArrayRef());
  info.statistics = printAttr(entry.get("statistics"));
  auto schedule = entry.getAs<ScheduleAttr>("schedule");
  info.schedule = printAttr(schedule);
  if (schedule)
    for (AlternativeAttr alternative : schedule.getAlternatives())
      info.strategies.push_back(
          stringifyStrategy(alternative.getStrategy()).str());
  return info;
}

/// Whether a caller gives the number of classes as a size of some operand.
static bool knowsClasses(const KernelInfo &info, const KernelDim &classes) {
  return classes.isStatic() ||
         llvm::any_of(info.operands, [&](const KernelOperand &operand) {
           return llvm::is_contained(operand.shape, classes);
         });
}

FailureOr<KernelInfo> softmax::readKernelInfo(Operation *function) {
  auto dict = function->getAttrOfType<DictionaryAttr>(kernelAttrName);
  if (!dict) {
    function->emitError("has no '")
        << kernelAttrName << "' and is no kernel: run "
        << "'softmax-results-to-destinations' first";
    return failure();
  }
  KernelInfo info;
  info.name = SymbolTable::getSymbolName(function).str();
  auto op = dict.getAs<StringAttr>("op");
  info.op = op ? op.str() : "function";
  auto singleOp = dict.getAs<BoolAttr>("single_op");
  info.singleOp = singleOp && singleOp.getValue();
  auto operands = dict.getAs<ArrayAttr>("operands");
  if (!operands) {
    emitMalformed(function) << "'operands' is missing";
    return failure();
  }
  llvm::StringSet<> names;
  for (Attribute attr : operands) {
    KernelOperand operand;
    if (failed(readOperand(function, attr, operand)))
      return failure();
    if (!names.insert(operand.name).second) {
      emitMalformed(function)
          << "two operands are called '" << operand.name << "'";
      return failure();
    }
    info.operands.push_back(std::move(operand));
  }
  for (const KernelOperand &operand : info.operands)
    if (operand.classes && !knowsClasses(info, *operand.classes)) {
      emitMalformed(function)
          << "operand '" << operand.name << "' has as many classes as '"
          << operand.classes->symbol << "', which is no size of an operand";
      return failure();
    }
  if (auto dropped = dict.getAs<ArrayAttr>("dropped"))
    for (auto name : dropped.getAsRange<StringAttr>())
      info.dropped.push_back(name.str());
  if (auto pairs = dict.getAs<ArrayAttr>("never_in_place"))
    for (Attribute attr : pairs) {
      auto pair = dyn_cast<DenseI64ArrayAttr>(attr);
      if (!pair || pair.size() != 2) {
        emitMalformed(function) << "'never_in_place' holds pairs, not " << attr;
        return failure();
      }
      info.neverInPlace.emplace_back(pair[0], pair[1]);
    }
  if (auto ops = dict.getAs<ArrayAttr>("ops"))
    for (Attribute attr : ops)
      if (auto entry = dyn_cast<DictionaryAttr>(attr))
        info.ops.push_back(readOp(entry));
  if (auto workspace = dict.getAs<StringAttr>("workspace"))
    info.workspace = workspace.str();
  return info;
}

SmallVector<StringRef> softmax::getOperandNames(Operation *function) {
  SmallVector<StringRef> names;
  auto dict = function->getAttrOfType<DictionaryAttr>(kernelAttrName);
  auto operands = dict ? dict.getAs<ArrayAttr>("operands") : ArrayAttr();
  if (!operands)
    return names;
  for (auto operand : operands.getAsRange<DictionaryAttr>())
    if (auto name = operand.getAs<StringAttr>("name"))
      names.push_back(name);
  return names;
}

FailureOr<SmallVector<KernelInfo, 0>>
softmax::collectKernelInfo(ModuleOp module) {
  SmallVector<KernelInfo, 0> kernels;
  for (auto function : module.getOps<FunctionOpInterface>()) {
    if (!function->hasAttr(kernelAttrName))
      continue;
    FailureOr<KernelInfo> info = readKernelInfo(function);
    if (failed(info))
      return failure();
    kernels.push_back(std::move(*info));
  }
  return kernels;
}

void softmax::setKernelEntry(Operation *function, StringRef name,
                             Attribute value) {
  NamedAttrList entries;
  if (auto dict = function->getAttrOfType<DictionaryAttr>(kernelAttrName))
    entries.append(dict.getValue());
  entries.set(name, value);
  function->setAttr(kernelAttrName,
                    entries.getDictionary(function->getContext()));
}
