// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Competitors.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <dlfcn.h>

using namespace softmax_bench;

static const char textbookSource[] =
#include "textbook.inc"
    ;
static const char limitsSource[] =
#include "limits.inc"
    ;

//===----------------------------------------------------------------------===//
// Building and loading
//===----------------------------------------------------------------------===//

llvm::Expected<std::unique_ptr<Workspace>> Workspace::create() {
  llvm::SmallString<128> path;
  if (std::error_code error =
          llvm::sys::fs::createUniqueDirectory("softmax-bench", path))
    return llvm::createStringError(
        error,
        "cannot make a temporary folder: %s (set TMPDIR to a writable one)",
        error.message().c_str());
  return std::unique_ptr<Workspace>(new Workspace(path));
}

Workspace::~Workspace() {
  // What cannot be removed stays; the results are there already.
  (void)llvm::sys::fs::remove_directories(path);
}

std::string Workspace::getPath(const llvm::Twine &name) const {
  llvm::SmallString<128> result = path;
  llvm::sys::path::append(result, name);
  return std::string(result);
}

/// Runs a program to its end; what it says on stderr is part of the error.
static llvm::Error runProgram(Workspace &workspace,
                              llvm::ArrayRef<std::string> command) {
  std::string output = workspace.getPath("output.txt");
  // Redirection writes over a file without cutting it off.
  (void)llvm::sys::fs::remove(output);
  std::optional<llvm::StringRef> redirects[] = {
      llvm::StringRef(""), llvm::StringRef(output), llvm::StringRef(output)};
  llvm::SmallVector<llvm::StringRef> arguments(command.begin(), command.end());
  std::string message;
  int status = llvm::sys::ExecuteAndWait(command[0], arguments, std::nullopt,
                                         redirects, 0, 0, &message);
  if (status == 0)
    return llvm::Error::success();
  if (message.empty())
    message = "exit status " + std::to_string(status);
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> text =
      llvm::MemoryBuffer::getFile(output);
  return llvm::createStringError("'" + llvm::join(command, " ") +
                                 "' failed: " + message + "\n" +
                                 (text ? (*text)->getBuffer().rtrim() : ""));
}

static llvm::Expected<void *> loadLibrary(const std::string &path) {
  if (void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
    return library;
  return llvm::createStringError(llvm::Twine("cannot load ") + path + ": " +
                                 dlerror());
}

static llvm::Expected<void *> findSymbol(void *library, const char *name) {
  if (void *symbol = dlsym(library, name))
    return symbol;
  return llvm::createStringError(llvm::Twine("no symbol: ") + dlerror());
}

//===----------------------------------------------------------------------===//
// Ours
//===----------------------------------------------------------------------===//

// DLPack's tensor (dlpack 1.x), as the kernels take it.
namespace {
struct DLDevice {
  int32_t deviceType; // 1: CPU
  int32_t deviceId;
};
struct DLDataType {
  uint8_t code; // 2: float, 4: bfloat
  uint8_t bits;
  uint16_t lanes;
};
struct DLTensor {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides;
  uint64_t byteOffset;
};
} // namespace

llvm::Expected<Kernel> OurKernels::get(ElementType type, int axis) {
  auto found = kernels.find({type, axis});
  if (found != kernels.end())
    return found->second;

  if (!llvm::sys::fs::can_execute(softmaxc))
    return llvm::createStringError("cannot run '" + softmaxc +
                                   "': build it, or name it with --softmaxc");
  std::string name = (getName(type) + "_axis" + llvm::Twine(axis)).str();
  std::string path = workspace.getPath(name + ".so");
  if (llvm::Error error = runProgram(
          workspace,
          {softmaxc, "--op=softmax", ("--type=" + getName(type)).str(),
           "--shape=?x?", "--axis=" + std::to_string(axis), "--target=native",
           "--threads=none", "--accuracy=default", "--emit=shared", "-o",
           path}))
    return std::move(error);
  llvm::Expected<void *> library = loadLibrary(path);
  if (!library)
    return library.takeError();
  llvm::Expected<void *> symbol = findSymbol(*library, "softmax");
  if (!symbol)
    return symbol.takeError();

  using Function = int32_t (*)(const DLTensor *, DLTensor *);
  Function function = reinterpret_cast<Function>(*symbol);
  DLDataType dataType{static_cast<uint8_t>(type == ElementType::BF16 ? 4 : 2),
                      static_cast<uint8_t>(8 * getBytes(type)), 1};
  Kernel kernel = [=](const Point &point, const void *input, void *output) {
    int64_t shape[2] = {point.rows, point.columns};
    DLTensor from{
        const_cast<void *>(input), {1, 0}, 2, dataType, shape, nullptr, 0};
    DLTensor to{output, {1, 0}, 2, dataType, shape, nullptr, 0};
    return static_cast<int>(function(&from, &to));
  };
  kernels[{type, axis}] = kernel;
  return kernel;
}

//===----------------------------------------------------------------------===//
// A C compiler's
//===----------------------------------------------------------------------===//

CCompiler::CCompiler(Workspace &workspace, llvm::StringRef program)
    : workspace(workspace) {
  if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName(program))
    path = *found;
}

std::string CCompiler::getVersion() const {
  if (llvm::Error error = runProgram(workspace, {path, "--version"}))
    return llvm::toString(std::move(error));
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> text =
      llvm::MemoryBuffer::getFile(workspace.getPath("output.txt"));
  return text ? (*text)->getBuffer().split('\n').first.str() : path;
}

llvm::Expected<void *>
CCompiler::build(llvm::StringRef name, llvm::StringRef source,
                 llvm::ArrayRef<std::string> definitions) {
  std::string file = workspace.getPath(name + ".c");
  std::string object = workspace.getPath(name + ".o");
  std::string library = workspace.getPath(name + ".so");
  std::error_code failure;
  llvm::raw_fd_ostream stream(file, failure);
  if (failure)
    return llvm::createStringError(failure, "cannot write %s", file.c_str());
  stream << source;
  stream.close();

  std::vector<std::string> compile = {
      path, "-std=gnu11", "-Ofast", "-march=native", "-fPIC", "-w"};
  compile.insert(compile.end(), definitions.begin(), definitions.end());
  compile.insert(compile.end(), {"-c", file, "-o", object});
  if (llvm::Error error = runProgram(workspace, compile))
    return std::move(error);
  if (llvm::Error error = runProgram(
          workspace, {path, "-shared", object, "-o", library, "-lm"}))
    return std::move(error);
  return loadLibrary(library);
}

/// Whether a library imports one of libmvec's exponentials, such as
/// _ZGVdN8v_expf: the name says instruction set and lanes.
static llvm::Expected<bool> callsVectorExponential(const std::string &path) {
  llvm::Expected<llvm::object::OwningBinary<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createObjectFile(path);
  if (!file)
    return file.takeError();
  const auto *elf =
      llvm::dyn_cast<llvm::object::ELFObjectFileBase>(file->getBinary());
  if (!elf)
    return false;
  for (const llvm::object::ELFSymbolRef symbol :
       elf->getDynamicSymbolIterators()) {
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    if (name->starts_with("_ZGV") &&
        (name->ends_with("_expf") || name->ends_with("_exp")))
      return true;
  }
  return false;
}

llvm::Expected<std::optional<Kernel>> CCompiler::getTextbook(ElementType type,
                                                             Nest nest) {
  auto found = loops.find({type, nest});
  if (found != loops.end())
    return found->second;
  std::optional<Kernel> &kernel = loops[{type, nest}];

  std::string element =
      type == ElementType::BF16 ? "116" : std::to_string(8 * getBytes(type));
  std::string name =
      "textbook" + element + "_" + std::to_string(static_cast<int>(nest));
  llvm::Expected<void *> library =
      build(name, textbookSource,
            {"-DELEMENT=" + element,
             "-DNEST=" + std::to_string(static_cast<int>(nest))});
  if (!library)
    return library.takeError();
  llvm::Expected<bool> vectorized =
      callsVectorExponential(workspace.getPath(name + ".so"));
  if (!vectorized)
    return vectorized.takeError();
  if (!*vectorized)
    return kernel;
  llvm::Expected<void *> symbol = findSymbol(*library, "softmax_textbook");
  if (!symbol)
    return symbol.takeError();
  using Function = void (*)(const void *, void *, int64_t, int64_t);
  Function function = reinterpret_cast<Function>(*symbol);
  kernel = [=](const Point &point, const void *input, void *output) {
    function(input, output, point.rows, point.columns);
    return 0;
  };
  return kernel;
}

llvm::Expected<void *> CCompiler::getLimit(const char *name) {
  if (!limits) {
    llvm::Expected<void *> library = build("limits", limitsSource, {});
    if (!library)
      return library.takeError();
    limits = *library;
  }
  return dlsym(limits, name);
}
