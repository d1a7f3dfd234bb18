// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Arguments.h"

#include "softmax/Reference/Npy.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir::softmax;
using namespace mlir::softmax::emulator;
using namespace mlir::softmax::reference;

static NpyType getFileType(llvm::StringRef elementType) {
  return llvm::StringSwitch<NpyType>(elementType)
      .Case("f16", NpyType::F16)
      .Case("bf16", NpyType::UInt16)
      .Case("f64", NpyType::F64)
      .Case("i1", NpyType::Bool)
      .Case("i8", NpyType::Int8)
      .Case("i32", NpyType::Int32)
      .Case("i64", NpyType::Int64)
      .Default(NpyType::F32);
}

namespace {

class ArgumentMaker {
public:
  ArgumentMaker(llvm::ArrayRef<ArgumentSpec> specs, Launch &launch)
      : specs(specs), launch(launch) {}

  llvm::Expected<LaunchBuffers> run() {
    for (const ArgumentSpec &spec : specs) {
      result.buffers.emplace_back();
      result.shapes.emplace_back();
      result.types.emplace_back();
      if (llvm::Error error = add(spec))
        return std::move(error);
    }
    return std::move(result);
  }

private:
  llvm::Error add(const ArgumentSpec &spec) {
    std::vector<Argument> &arguments = launch.arguments;
    switch (spec.kind) {
    case ArgumentSpec::I32:
      arguments.push_back(Argument::i32(static_cast<int32_t>(spec.integer)));
      return llvm::Error::success();
    case ArgumentSpec::I64:
      arguments.push_back(Argument::i64(spec.integer));
      return llvm::Error::success();
    case ArgumentSpec::F32:
      arguments.push_back(Argument::f32(static_cast<float>(spec.real)));
      return llvm::Error::success();
    case ArgumentSpec::F64:
      arguments.push_back(Argument::f64(spec.real));
      return llvm::Error::success();
    case ArgumentSpec::Same:
      arguments.push_back(
          Argument::pointer(*result.buffers[spec.other], spec.byteOffset));
      return llvm::Error::success();
    default:
      break;
    }
    if (llvm::Error error =
            spec.kind == ArgumentSpec::Out ? makeOutput(spec) : read(spec))
      return error;
    Buffer &buffer = *result.buffers.back();
    if (spec.isMemRef)
      appendMemRef(arguments, buffer, result.shapes.back());
    else
      arguments.push_back(Argument::pointer(buffer));
    return llvm::Error::success();
  }

  llvm::Error read(const ArgumentSpec &spec) {
    llvm::Expected<NpyArray> array = readNpy(spec.input);
    if (!array)
      return array.takeError();
    array->makeRowMajor();
    llvm::Expected<std::unique_ptr<Buffer>> buffer =
        Buffer::create(spec.input, array->data.size());
    if (!buffer)
      return buffer.takeError();
    (*buffer)->copyFrom(array->data);
    result.buffers.back() = std::move(*buffer);
    result.shapes.back().assign(array->shape.begin(), array->shape.end());
    result.types.back() = array->type;
    return llvm::Error::success();
  }

  llvm::Error makeOutput(const ArgumentSpec &spec) {
    NpyType type = getFileType(spec.elementType);
    std::optional<int64_t> bytes = getNpyByteSize(type);
    for (int64_t size : spec.shape)
      if (bytes)
        bytes = llvm::checkedMul(*bytes, size);
    if (!bytes)
      return llvm::createStringError("the shape of '" + spec.output +
                                     "' is too large");
    llvm::Expected<std::unique_ptr<Buffer>> buffer =
        Buffer::create(spec.output, *bytes);
    if (!buffer)
      return buffer.takeError();
    result.buffers.back() = std::move(*buffer);
    result.shapes.back() = spec.shape;
    result.types.back() = type;
    return llvm::Error::success();
  }

  llvm::ArrayRef<ArgumentSpec> specs;
  Launch &launch;
  LaunchBuffers result;
};

} // namespace

llvm::Expected<LaunchBuffers>
mlir::softmax::makeArguments(llvm::ArrayRef<ArgumentSpec> specs,
                             Launch &launch) {
  return ArgumentMaker(specs, launch).run();
}

std::vector<OutputFile>
mlir::softmax::makeOutputs(llvm::ArrayRef<ArgumentSpec> specs,
                           const LaunchBuffers &buffers) {
  std::vector<OutputFile> files;
  for (size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].output.empty())
      continue;
    NpyArray array;
    array.type = buffers.types[i];
    array.shape.assign(buffers.shapes[i].begin(), buffers.shapes[i].end());
    llvm::MutableArrayRef<char> bytes = buffers.buffers[i]->as<char>();
    array.data.assign(bytes.begin(), bytes.end());
    std::string text = serializeNpy(array);
    OutputFile file;
    file.path = specs[i].output;
    file.contents.assign(text.begin(), text.end());
    files.push_back(std::move(file));
  }
  return files;
}
