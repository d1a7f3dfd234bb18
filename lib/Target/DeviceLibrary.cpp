// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Device code, plans and entry points as a module for the host.  The structures
// are those of Runtime/CudaLauncher.h.

#include "DeviceNames.h"
#include "DevicePlan.h"
#include "KernelInterface.h"

#include "softmax/Target/CNames.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class LibraryWriter {
public:
  LibraryWriter(ModuleOp module, ArrayRef<DeviceVersion> versions,
                StringRef base)
      : module(module), types(module.getContext()), versions(versions),
        base(toCIdentifier(base)),
        builder(OpBuilder::atBlockEnd(module.getBody())) {}

  LogicalResult checkNames();
  void emitFile();
  void emitLoad();
  void emitFunction(const DeviceFunction &function, int64_t number);

private:
  /// A constant that starts at its symbol.
  LLVM::GlobalOp addConstant(StringRef name, Type type, Attribute value) {
    builder.setInsertionPointToEnd(module.getBody());
    return LLVM::GlobalOp::create(builder, module.getLoc(), type,
                                  /*isConstant=*/true, LLVM::Linkage::Internal,
                                  name, value);
  }
  std::string addBytes(StringRef name, StringRef bytes) {
    auto type = LLVM::LLVMArrayType::get(types.i8, bytes.size());
    addConstant(name, type, builder.getStringAttr(bytes));
    return name.str();
  }
  /// A constant whose members are what `members` makes.
  void addStructure(StringRef name, Type type,
                    function_ref<Value(OpBuilder &)> initialize) {
    LLVM::GlobalOp global = addConstant(name, type, Attribute());
    OpBuilder inside(module.getContext());
    inside.createBlock(&global.getInitializerRegion());
    LLVM::ReturnOp::create(inside, module.getLoc(), initialize(inside));
  }
  LLVM::LLVMFuncOp addFunction(StringRef name, Type result,
                               ArrayRef<Type> arguments) {
    builder.setInsertionPointToEnd(module.getBody());
    return LLVM::LLVMFuncOp::create(
        builder, module.getLoc(), name,
        LLVM::LLVMFunctionType::get(result, arguments));
  }

  ModuleOp module;
  InterfaceTypes types;
  ArrayRef<DeviceVersion> versions;
  std::string base;
  OpBuilder builder;
  /// The library has one kernel for all CPUs.
  CpuVersions noVersions;
};
} // namespace

static constexpr StringLiteral fileName = "__softmax_cuda_file";
static constexpr StringLiteral slotName = "__softmax_cuda_slot";

LogicalResult LibraryWriter::checkNames() {
  llvm::StringSet<> taken;
  auto take = [&](const Twine &name) -> LogicalResult {
    if (taken.insert(name.str()).second)
      return success();
    return module.emitError("the shared library would define '")
           << name.str() << "' twice: rename a kernel, or the input file";
  };
  if (failed(take(base + "_cuda_load")) || failed(take(base + "_cuda_free")))
    return failure();
  for (const DeviceFunction &function : versions.front().functions)
    if (failed(take(function.info.name)) ||
        failed(take(function.info.name + "_cuda_run")) ||
        failed(take("__tvm_ffi_" + function.info.name)))
      return failure();
  return success();
}

void LibraryWriter::emitFile() {
  Location loc = module.getLoc();
  Type image = types.structure({types.ptr, types.i32, types.i32, types.ptr,
                                types.ptr, types.i32, types.ptr});
  Type images = LLVM::LLVMArrayType::get(image, versions.size());
  SmallVector<std::array<std::string, 4>> names;
  SmallVector<int64_t> counts;
  for (const DeviceVersion &version : versions) {
    std::string prefix = "__softmax_cuda_" + version.chip.name;
    DevicePlan plan = encodeDevicePlan(version.functions);
    counts.push_back(plan.nameCount);
    auto size = static_cast<int64_t>(plan.numbers.size());
    auto numbers = DenseElementsAttr::get(
        RankedTensorType::get({size}, types.i64), ArrayRef(plan.numbers));
    addConstant(prefix + "_plan", LLVM::LLVMArrayType::get(types.i64, size),
                numbers);
    names.push_back(
        {addBytes(prefix + "_chip", StringRef(version.chip.name.c_str(),
                                              version.chip.name.size() + 1)),
         // The driver reads up to a 0.
         addBytes(prefix + "_code",
                  StringRef(version.code.c_str(), version.code.size() + 1)),
         addBytes(prefix + "_names", plan.names), prefix + "_plan"});
  }
  addStructure(
      "__softmax_cuda_images", images, [&](OpBuilder &inside) -> Value {
        auto i32 = [&](int64_t value) -> Value {
          return LLVM::ConstantOp::create(inside, loc, types.i32,
                                          inside.getI32IntegerAttr(value));
        };
        auto address = [&](StringRef name) -> Value {
          return LLVM::AddressOfOp::create(inside, loc, types.ptr, name);
        };
        Value all = LLVM::UndefOp::create(inside, loc, images);
        for (auto [i, version] : llvm::enumerate(versions)) {
          Value members[] = {
              address(names[i][0]),       i32(getCapability(version.chip)),
              i32(isExact(version.chip)), address(names[i][1]),
              address(names[i][2]),       i32(counts[i]),
              address(names[i][3])};
          for (auto [m, member] : llvm::enumerate(members))
            all = LLVM::InsertValueOp::create(
                inside, loc, all, member,
                ArrayRef{static_cast<int64_t>(i), static_cast<int64_t>(m)});
        }
        return all;
      });
  Type file = types.structure({types.i32, types.ptr});
  addStructure(fileName, file, [&](OpBuilder &inside) -> Value {
    Value value = LLVM::UndefOp::create(inside, loc, file);
    Value count = LLVM::ConstantOp::create(
        inside, loc, types.i32, inside.getI32IntegerAttr(versions.size()));
    Value address = LLVM::AddressOfOp::create(inside, loc, types.ptr,
                                              "__softmax_cuda_images");
    value = LLVM::InsertValueOp::create(inside, loc, value, count,
                                        ArrayRef<int64_t>{0});
    return LLVM::InsertValueOp::create(inside, loc, value, address,
                                       ArrayRef<int64_t>{1});
  });
  LLVM::GlobalOp slot = addConstant(slotName, types.ptr, Attribute());
  slot.setConstant(false);
  OpBuilder inside(module.getContext());
  inside.createBlock(&slot.getInitializerRegion());
  LLVM::ReturnOp::create(inside, loc,
                         LLVM::ZeroOp::create(inside, loc, types.ptr));
}

/// softmax_cuda *BASE_cuda_load(softmax_cuda_error *), BASE_cuda_free.
void LibraryWriter::emitLoad() {
  LLVM::LLVMFuncOp create =
      getOrDeclare(module, "softmax_cuda_create", types.ptr,
                   {types.ptr, types.ptr, types.ptr});
  LLVM::LLVMFuncOp release =
      getOrDeclare(module, "softmax_cuda_release", types.none, {types.ptr});
  InterfaceWriter load(types,
                       addFunction(base + "_cuda_load", types.ptr, types.ptr));
  load.ret(load.call(create, {load.addressOf(fileName),
                              load.allocate(types.i32), load.argument(0)}));
  InterfaceWriter free(types,
                       addFunction(base + "_cuda_free", types.none, types.ptr));
  free.call(release, free.argument(0));
  LLVM::ReturnOp::create(free.builder, free.loc, ValueRange());
}

void LibraryWriter::emitFunction(const DeviceFunction &function,
                                 int64_t number) {
  DeviceNames names(function.info);
  // int NAME_cuda_run(softmax_cuda *, operands..., sizes..., stream, error)
  LLVM::LLVMFuncOp launch =
      getOrDeclare(module, "softmax_cuda_launch", types.i32,
                   {types.ptr, types.i32, types.i32, types.ptr, types.ptr,
                    types.ptr, types.ptr});
  SmallVector<Type> arguments = {types.ptr};
  for (const KernelOperand &operand : function.info.operands)
    arguments.push_back(operand.isTensor()              ? types.ptr
                        : operand.elementType.isIndex() ? types.i64
                                                        : operand.elementType);
  arguments.append(names.symbols.size(), types.i64);
  arguments.append({types.ptr, types.ptr});
  InterfaceWriter run(types, addFunction(function.info.name + "_cuda_run",
                                         types.i32, arguments));
  unsigned next = 1;
  Value operands = run.allocate(
      LLVM::LLVMArrayType::get(types.ptr, function.info.operands.size()));
  for (unsigned i = 0; i < function.info.operands.size(); ++i, ++next) {
    Value place = run.allocate(arguments[next]);
    run.store(run.argument(next), place);
    run.store(place, run.element(types.ptr, operands, i));
  }
  Value sizes = run.allocate(LLVM::LLVMArrayType::get(
      types.i64, std::max<size_t>(1, names.symbols.size())));
  for (unsigned i = 0; i < names.symbols.size(); ++i, ++next)
    run.store(run.argument(next), run.element(types.i64, sizes, i));
  run.ret(
      run.call(launch, {run.argument(0), run.i32(number), run.i32(-1), operands,
                        sizes, run.argument(next), run.argument(next + 1)}));

  DeviceLaunchInfo info;
  info.function = number;
  info.file = fileName.str();
  info.slot = slotName.str();
  info.symbols = names.symbols;
  KernelInterface(module, types, function.info, noVersions, std::move(info))
      .emitDevice();
}

FailureOr<OwningOpRef<ModuleOp>>
softmax::buildDeviceLibrary(MLIRContext *context,
                            ArrayRef<DeviceVersion> versions, StringRef base) {
  context->loadDialect<LLVM::LLVMDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  LibraryWriter writer(*module, versions, base);
  if (failed(writer.checkNames()))
    return failure();
  writer.emitFile();
  writer.emitLoad();
  for (auto [i, function] : llvm::enumerate(versions.front().functions))
    writer.emitFunction(function, static_cast<int64_t>(i));
  if (failed(module->verify()))
    return failure();
  return module;
}
