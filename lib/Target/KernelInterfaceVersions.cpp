// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Which version of the kernels the running CPU is to run.  It is found out
// once, by a constructor when the library is loaded:
//
//   i32 __softmax_cpu_version       a hidden variable: 0, or a version and one
//   i32 __softmax_pick_version()    asks the CPU
//   void __softmax_load()           the constructor
//   i32 __softmax_get_version()     what entry points ask; where no constructor
//                                   has run it does the constructor's work
//
// All of it and the checks of the operands are compiled for the baseline of the
// architecture.  Neither a library nor the compiler's runtime is needed: levels
// of x86-64 follow from CPUID and XGETBV, features of aarch64 from getauxval,
// bound weakly.

#include "KernelInterface.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace mlir::softmax;
using LLVM::ICmpPredicate;

static constexpr StringLiteral variableName = "__softmax_cpu_version";
static constexpr StringLiteral pickName = "__softmax_pick_version";
static constexpr StringLiteral loadName = "__softmax_load";
static constexpr StringLiteral getName = "__softmax_get_version";

FailureOr<CpuVersions> softmax::readCpuVersions(ModuleOp module) {
  CpuVersions versions;
  Attribute attribute = module->getAttr(versionsAttrName);
  if (!attribute)
    return versions;
  std::string list;
  auto names = dyn_cast<ArrayAttr>(attribute);
  for (Attribute name : names ? names.getValue() : ArrayRef<Attribute>())
    if (auto text = dyn_cast<StringAttr>(name))
      list += (list.empty() ? "" : ",") + text.str();
  llvm::Expected<SmallVector<TargetDescription, 1>> targets =
      parseTargets(list);
  if (!targets)
    return module.emitError("'")
           << versionsAttrName << "' holds names of targets: "
           << llvm::toString(targets.takeError());
  versions.targets = std::move(*targets);
  versions.always = versions.targets.back().required.empty();
  return versions;
}

namespace {

/// What CPUID leaves in its registers.
struct CpuidResult {
  Value eax, ebx, ecx, edx;
};

class PickWriter {
public:
  PickWriter(const InterfaceTypes &types, LLVM::LLVMFuncOp function)
      : w(types, function) {}

  void write(ArrayRef<TargetDescription> targets, ModuleOp module);

private:
  void findX86Levels();
  void findAArch64Features(ModuleOp module);
  CpuidResult cpuid(Value leaf);
  /// XCR0, below 2^32; only where the operating system has enabled XGETBV.
  Value xgetbv();
  /// Whether all `bits` of `value` (i32 or i64) are set.
  Value hasBits(Value value, ArrayRef<unsigned> bits);
  Value both(Value lhs, Value rhs) { return w.logicalAnd(lhs, rhs); }

  InterfaceWriter w;
  /// By what targets require: whether the CPU has it.
  llvm::StringMap<Value> available;
};

} // namespace

CpuidResult PickWriter::cpuid(Value leaf) {
  // RBX may be the frame's base register.
  Type i32 = w.types.i32;
  auto results = w.types.structure({i32, i32, i32, i32});
  auto all = LLVM::InlineAsmOp::create(
      w.builder, w.loc, results, ValueRange{leaf, w.i32(0)},
      "xchgq %rbx, ${1:q}\n\tcpuid\n\txchgq %rbx, ${1:q}",
      "={eax},=&r,={ecx},={edx},0,2,~{dirflag},~{fpsr},~{flags}",
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  auto part = [&](int64_t i) -> Value {
    return LLVM::ExtractValueOp::create(w.builder, w.loc, all.getRes(),
                                        ArrayRef<int64_t>{i});
  };
  return {part(0), part(1), part(2), part(3)};
}

Value PickWriter::xgetbv() {
  Type i32 = w.types.i32;
  auto all = LLVM::InlineAsmOp::create(
      w.builder, w.loc, w.types.structure({i32, i32}), ValueRange{w.i32(0)},
      "xgetbv", "={eax},={edx},{ecx},~{dirflag},~{fpsr},~{flags}",
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  return LLVM::ExtractValueOp::create(w.builder, w.loc, all.getRes(),
                                      ArrayRef<int64_t>{0});
}

Value PickWriter::hasBits(Value value, ArrayRef<unsigned> bits) {
  int64_t mask = 0;
  for (unsigned bit : bits)
    mask |= int64_t(1) << bit;
  Value wanted = w.constant(value.getType(), mask);
  return w.compare(ICmpPredicate::eq, w.logicalAnd(value, wanted), wanted);
}

/// The levels of the x86-64 psABI ("Micro-Architecture Levels"); bits as in
/// Intel's manual, volume 2, CPUID.
void PickWriter::findX86Levels() {
  Value highest = cpuid(w.i32(0)).eax;
  CpuidResult basic = cpuid(w.i32(1));
  // A leaf that is not there is read as leaf 0 and not used.
  Value hasSeven = w.compare(ICmpPredicate::uge, highest, 7);
  CpuidResult seven = cpuid(w.select(hasSeven, w.i32(7), w.i32(0)));
  Value highestExtended = cpuid(w.i32(std::numeric_limits<int32_t>::min())).eax;
  Value extendedLeaf = w.i32(std::numeric_limits<int32_t>::min() + 1);
  Value hasExtended =
      w.compare(ICmpPredicate::uge, highestExtended, extendedLeaf);
  CpuidResult extended = cpuid(w.select(hasExtended, extendedLeaf, w.i32(0)));

  // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF.
  Value level2 = both(hasBits(basic.ecx, {0, 9, 13, 19, 20, 23}),
                      both(hasExtended, hasBits(extended.ecx, {0})));
  // FMA, MOVBE, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT.
  Value level3 = both(level2, hasBits(basic.ecx, {12, 22, 27, 28, 29}));
  level3 = both(level3, both(hasSeven, hasBits(seven.ebx, {3, 5, 8})));
  level3 = both(level3, hasBits(extended.ecx, {5}));
  // AVX-512 F, DQ, CD, BW, VL.
  Value level4 = both(level3, hasBits(seven.ebx, {16, 17, 28, 30, 31}));

  // Registers that the operating system saves: SSE and AVX; masks and both
  // parts of AVX-512.
  Block *withoutState = w.branch(hasBits(basic.ecx, {27}));
  Block *done = w.newBlock();
  Value state = done->addArgument(w.types.i32, w.loc);
  w.jump(done, xgetbv());
  w.continueIn(withoutState);
  w.jump(done, w.i32(0));
  w.continueIn(done);
  level3 = both(level3, hasBits(state, {1, 2}));
  level4 = both(level4, hasBits(state, {1, 2, 5, 6, 7}));

  available["x86-64-v2"] = level2;
  available["x86-64-v3"] = level3;
  available["x86-64-v4"] = level4;
}

/// asm/hwcap.h and elf.h of Linux.
enum : int64_t { AT_HWCAP = 16, AT_HWCAP2 = 26 };
enum : unsigned { HWCAP_SVE = 22, HWCAP2_BF16 = 14 };

void PickWriter::findAArch64Features(ModuleOp module) {
  LLVM::LLVMFuncOp getauxval =
      getOrDeclare(module, "getauxval", w.types.i64, {w.types.i64},
                   LLVM::Linkage::ExternWeak);
  Block *without = w.branch(w.isNotNull(w.addressOf(getauxval.getSymName())));
  Block *done = w.newBlock();
  Value first = done->addArgument(w.types.i64, w.loc);
  Value second = done->addArgument(w.types.i64, w.loc);
  Value firstRead = w.call(getauxval, w.i64(AT_HWCAP));
  w.jump(done, {firstRead, w.call(getauxval, w.i64(AT_HWCAP2))});
  w.continueIn(without);
  Value none = w.i64(0);
  w.jump(done, {none, none});
  w.continueIn(done);
  available["sve"] = hasBits(first, {HWCAP_SVE});
  available["bf16"] = hasBits(second, {HWCAP2_BF16});
}

void PickWriter::write(ArrayRef<TargetDescription> targets, ModuleOp module) {
  switch (targets[0].architecture) {
  case Architecture::X86_64:
    findX86Levels();
    break;
  case Architecture::AArch64:
    findAArch64Features(module);
    break;
  case Architecture::RISCV64:
    // Its targets cannot be told apart, and parseTargets refuses lists.
    break;
  }
  // The worst first: what comes later takes precedence.
  Value picked = w.i32(static_cast<int64_t>(targets.size()));
  for (size_t i = targets.size(); i-- != 0;) {
    Value number = w.i32(static_cast<int64_t>(i));
    Value runs = w.constant(w.types.i1, 1);
    for (const std::string &name : targets[i].required)
      runs = both(runs, available.lookup(name));
    picked = w.select(runs, number, picked);
  }
  w.ret(picked);
}

/// Loads and stores of the variable may meet those of other threads, which
/// store the same.
static Value loadVariable(InterfaceWriter &w) {
  return LLVM::LoadOp::create(
      w.builder, w.loc, w.types.i32, w.addressOf(variableName),
      /*alignment=*/4, /*isVolatile=*/false, /*isNonTemporal=*/false,
      /*isInvariant=*/false, /*isInvariantGroup=*/false,
      LLVM::AtomicOrdering::monotonic);
}

static void storeVariable(InterfaceWriter &w, Value value) {
  LLVM::StoreOp::create(w.builder, w.loc, value, w.addressOf(variableName),
                        /*alignment=*/4, /*isVolatile=*/false,
                        /*isNonTemporal=*/false, /*isInvariantGroup=*/false,
                        LLVM::AtomicOrdering::monotonic);
}

LogicalResult softmax::emitCpuVersions(ModuleOp module,
                                       const InterfaceTypes &types,
                                       CpuVersions &versions) {
  for (StringRef name : {variableName, pickName, loadName, getName})
    if (Operation *other = module.lookupSymbol(name))
      return other->emitError("'@")
             << name << "' is the name of a function that libraries with "
             << "versions for several CPUs have: rename this one";

  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Location loc = module.getLoc();
  auto create = [&](StringRef name, Type result) {
    auto function = LLVM::LLVMFuncOp::create(
        builder, loc, name, LLVM::LLVMFunctionType::get(result, {}),
        LLVM::Linkage::Internal);
    function.setSymVisibility("private");
    return function;
  };
  LLVM::GlobalOp::create(builder, loc, types.i32, /*isConstant=*/false,
                         LLVM::Linkage::Internal, variableName,
                         builder.getI32IntegerAttr(0));

  LLVM::LLVMFuncOp pick = create(pickName, types.i32);
  PickWriter(types, pick).write(versions.targets, module);

  LLVM::LLVMFuncOp load = create(loadName, types.none);
  InterfaceWriter loader(types, load);
  Value picked = loader.call(pick, {});
  storeVariable(loader, loader.add(picked, loader.i32(1)));
  LLVM::ReturnOp::create(loader.builder, loc, ValueRange());
  LLVM::GlobalCtorsOp::create(
      builder, loc,
      builder.getArrayAttr(FlatSymbolRefAttr::get(types.context, loadName)),
      builder.getI32ArrayAttr(65535),
      builder.getArrayAttr(LLVM::ZeroAttr::get(types.context)));

  versions.current = create(getName, types.i32);
  InterfaceWriter getter(types, versions.current);
  Value stored = loadVariable(getter);
  Block *unset =
      getter.branch(getter.compare(ICmpPredicate::ne, stored, int64_t(0)));
  getter.ret(getter.sub(stored, getter.i32(1)));
  getter.continueIn(unset);
  // Not loaded as programs and libraries are, or from another constructor.
  getter.call(load, {});
  getter.ret(getter.sub(loadVariable(getter), getter.i32(1)));
  return success();
}
