// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// C-DET-1: what is fused with an op changes no bit of a result, whatever the
// type, the values and the axis.
#include "Data.h"
#include "Kernel.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <limits>
#include <list>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

/// A function of one softmax op or two and their neighbours.  T is the type of
/// the logits, C the compute type, AXIS the softmax dimension, OTHER the other.
struct Program {
  const char *name;
  /// What each argument is: logits (x), columns or rows along the axis (b) or
  /// across it (r), a mask (k), integers (q).
  const char *arguments;
  /// What each result is: element-wise in T (t), C (c) or i8 (q), per row in
  /// C (r).
  const char *results;
  const char *text;
};

constexpr const char *prologue = R"mlir(
#id = affine_map<(i, j) -> (i, j)>
#along = affine_map<(d0, d1) -> (dAXIS)>
#across = affine_map<(d0, d1) -> (dOTHER)>
)mlir";

/// Scale, bias and mask before; dropout and quantization after.  T rounds every
/// step.
constexpr Program attention = {"attention", "xbrk", "qt", R"mlir(
func.func @main(%x: tensor<?x?xT>, %b: tensor<?xT>, %r: tensor<?xT>, %k: tensor<?x?xi1>) -> (tensor<?x?xi8>, tensor<?x?xT>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %scale = arith.constant 0.3 : T
  %ninf = arith.constant NINF : T
  %m = tensor.dim %x, %c0 : tensor<?x?xT>
  %n = tensor.dim %x, %c1 : tensor<?x?xT>
  %e = tensor.empty(%m, %n) : tensor<?x?xT>
  %f = linalg.fill ins(%scale : T) outs(%e : tensor<?x?xT>) -> tensor<?x?xT>
  %s = linalg.mul ins(%x, %f : tensor<?x?xT>, tensor<?x?xT>) outs(%e : tensor<?x?xT>) -> tensor<?x?xT>
  %a = linalg.generic {indexing_maps = [#id, #along, #id], iterator_types = ["parallel", "parallel"]}
    ins(%s, %b : tensor<?x?xT>, tensor<?xT>) outs(%e : tensor<?x?xT>) {
  ^bb0(%0: T, %1: T, %o: T):
    %2 = arith.addf %0, %1 : T
    linalg.yield %2 : T
  } -> tensor<?x?xT>
  %l = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%a, %k : tensor<?x?xT>, tensor<?x?xi1>) outs(%e : tensor<?x?xT>) {
  ^bb0(%0: T, %1: i1, %o: T):
    %2 = arith.select %1, %0, %ninf : T
    linalg.yield %2 : T
  } -> tensor<?x?xT>
  %p = softmax.softmax dimensions = [AXIS] {masked_row = #softmax.masked_row<zero>} ins(%l : tensor<?x?xT>) outs(%e : tensor<?x?xT>) -> tensor<?x?xT>
  %d = linalg.generic {indexing_maps = [#id, #across, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p, %r : tensor<?x?xT>, tensor<?xT>) outs(%e : tensor<?x?xT>) {
  ^bb0(%0: T, %1: T, %o: T):
    %2 = arith.mulf %0, %1 : T
    linalg.yield %2 : T
  } -> tensor<?x?xT>
  %qe = tensor.empty(%m, %n) : tensor<?x?xi8>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p : tensor<?x?xT>) outs(%qe : tensor<?x?xi8>) {
  ^bb0(%0: T, %o: i8):
    %zero = arith.constant 0.0 : T
    %most = arith.constant 127.0 : T
    %1 = arith.mulf %0, %most : T
    %2 = arith.maxnumf %1, %zero : T
    %3 = arith.minnumf %2, %most : T
    %4 = math.roundeven %3 : T
    %5 = arith.fptosi %4 : T to i8
    linalg.yield %5 : i8
  } -> tensor<?x?xi8>
  return %q, %d : tensor<?x?xi8>, tensor<?x?xT>
}
)mlir"};

/// A soft-cap before; what reads the logarithms, the lse, and both after.
constexpr Program losses = {"losses", "x", "tcr", R"mlir(
func.func @main(%x: tensor<?x?xT>) -> (tensor<?x?xT>, tensor<?x?xC>, tensor<?xC>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xT>
  %n = tensor.dim %x, %c1 : tensor<?x?xT>
  %rows = tensor.dim %x, %cOTHER : tensor<?x?xT>
  %e = tensor.empty(%m, %n) : tensor<?x?xT>
  %ec = tensor.empty(%m, %n) : tensor<?x?xC>
  %er = tensor.empty(%rows) : tensor<?xC>
  %l = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<?x?xT>) outs(%e : tensor<?x?xT>) {
  ^bb0(%0: T, %o: T):
    %cap = arith.constant 30.0 : T
    %1 = arith.divf %0, %cap : T
    %2 = math.tanh %1 : T
    %3 = arith.mulf %2, %cap : T
    linalg.yield %3 : T
  } -> tensor<?x?xT>
  %p, %lse = softmax.log_softmax dimensions = [AXIS] ins(%l : tensor<?x?xT>) outs(%e, %er : tensor<?x?xT>, tensor<?xC>) -> tensor<?x?xT>, tensor<?xC>
  %y = linalg.exp ins(%p : tensor<?x?xT>) outs(%e : tensor<?x?xT>) -> tensor<?x?xT>
  %z = linalg.generic {indexing_maps = [#id, #across, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p, %lse : tensor<?x?xT>, tensor<?xC>) outs(%ec : tensor<?x?xC>) {
  ^bb0(%0: T, %1: C, %o: C):
    %i = linalg.index 1 : index
    %2 = arith.index_cast %i : index to i32
    %3 = arith.sitofp %2 : i32 to C
    %4 = arith.mulf %1, %3 : C
    linalg.yield %4 : C
  } -> tensor<?x?xC>
  %w = linalg.negf ins(%lse : tensor<?xC>) outs(%er : tensor<?xC>) -> tensor<?xC>
  return %y, %z, %w : tensor<?x?xT>, tensor<?x?xC>, tensor<?xC>
}
)mlir"};

/// Three reductions of the same rows, which have a producer.
constexpr Program reductions = {"reductions", "xx", "trr", R"mlir(
func.func @main(%x: tensor<?x?xT>, %g: tensor<?x?xT>) -> (tensor<?x?xT>, tensor<?xC>, tensor<?xC>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xT>
  %n = tensor.dim %x, %c1 : tensor<?x?xT>
  %rows = tensor.dim %x, %cOTHER : tensor<?x?xT>
  %e = tensor.empty(%m, %n) : tensor<?x?xT>
  %er = tensor.empty(%rows) : tensor<?xC>
  %l = linalg.sub ins(%x, %g : tensor<?x?xT>, tensor<?x?xT>) outs(%e : tensor<?x?xT>) -> tensor<?x?xT>
  %p = softmax.softmax dimensions = [AXIS] ins(%l : tensor<?x?xT>) outs(%e : tensor<?x?xT>) -> tensor<?x?xT>
  %lse = softmax.logsumexp dimensions = [AXIS] ins(%l : tensor<?x?xT>) outs(%er : tensor<?xC>) -> tensor<?xC>
  %s = softmax.generic dimensions = [AXIS] statistics = [#softmax.sum] maps = [#id, #across] ins(%l : tensor<?x?xT>) outs(%er : tensor<?xC>)
    logit {
    ^bb0(%0: T):
      %1 = WIDEN %0 : TtoC
      softmax.yield %1 : C
    } row {
    ^bb0(%0: C):
      softmax.yield %0 : C
    } -> tensor<?xC>
  return %p, %lse, %s : tensor<?x?xT>, tensor<?xC>, tensor<?xC>
}
)mlir"};

/// Integers in and out.
constexpr Program quantized = {"quantized", "q", "q", R"mlir(
func.func @main(%x: tensor<?x?xi8>) -> tensor<?x?xi8> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xi8>
  %n = tensor.dim %x, %c1 : tensor<?x?xi8>
  %e = tensor.empty(%m, %n) : tensor<?x?xT>
  %qe = tensor.empty(%m, %n) : tensor<?x?xi8>
  %l = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<?x?xi8>) outs(%e : tensor<?x?xT>) {
  ^bb0(%0: i8, %o: T):
    %zero = arith.constant 3 : i32
    %step = arith.constant 0.1 : T
    %1 = arith.extsi %0 : i8 to i32
    %2 = arith.subi %1, %zero : i32
    %3 = arith.sitofp %2 : i32 to T
    %4 = arith.mulf %3, %step : T
    linalg.yield %4 : T
  } -> tensor<?x?xT>
  %p = softmax.softmax dimensions = [AXIS] ins(%l : tensor<?x?xT>) outs(%e : tensor<?x?xT>) -> tensor<?x?xT>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p : tensor<?x?xT>) outs(%qe : tensor<?x?xi8>) {
  ^bb0(%0: T, %o: i8):
    %most = arith.constant 127.0 : T
    %1 = arith.mulf %0, %most : T
    %2 = math.roundeven %1 : T
    %3 = arith.fptosi %2 : T to i8
    linalg.yield %3 : i8
  } -> tensor<?x?xi8>
  return %q : tensor<?x?xi8>
}
)mlir"};

struct Case {
  const Program *program;
  const char *type;
  int axis;
};

void PrintTo(const Case &value, std::ostream *os) {
  *os << value.program->name << ' ' << value.type << " over axis "
      << value.axis;
}

std::string replaceWord(std::string text, StringRef word, StringRef by) {
  auto isWord = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  bool digits = word == "AXIS" || word == "OTHER" || word == "TtoC";
  for (size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
    size_t end = at + word.size();
    // Types also stand behind the x of a shape.
    bool alone = digits || ((at == 0 || !isWord(text[at - 1]) ||
                             (text[at - 1] == 'x' && text[at - 2] == '?')) &&
                            (end == text.size() || !isWord(text[end])));
    if (!alone) {
      at = end;
      continue;
    }
    text.replace(at, word.size(), by.str());
    at += by.size();
  }
  return text;
}

class Fusion : public testing::TestWithParam<Case> {
protected:
  bool isDouble() { return StringRef(GetParam().type) == "f64"; }
  StringRef computeType() { return isDouble() ? "f64" : "f32"; }

  std::string makeText() {
    StringRef type = GetParam().type, compute = computeType();
    std::string text = std::string(prologue) + GetParam().program->text;
    bool same = type == compute;
    text = replaceWord(text, "AXIS", std::to_string(GetParam().axis));
    text = replaceWord(text, "OTHER", std::to_string(1 - GetParam().axis));
    text = replaceWord(text, "NINF",
                       type == "f64"   ? "0xFFF0000000000000"
                       : type == "f32" ? "0xFF800000"
                       : type == "f16" ? "0xFC00"
                                       : "0xFF80");
    text = replaceWord(text, "TtoC",
                       same ? compute.str() : (type + " to " + compute).str());
    // Any function will do where nothing is to be widened.
    text = replaceWord(text, "WIDEN", same ? "math.absf" : "arith.extf");
    text = replaceWord(text, "T", type);
    return replaceWord(text, "C", compute);
  }

  ReferenceTensor makeIntegers(StringRef type, ArrayRef<int64_t> shape) {
    ReferenceTensor tensor{getType(type), llvm::to_vector(shape)};
    tensor.elements.resize(tensor.getNumElements());
    for (auto [i, element] : llvm::enumerate(tensor.elements))
      element.integer = type == "i1" ? (i % 3 == 0 || i % 97 < 31 ? 0 : -1)
                                     : int64_t(i * 37 % 251) - 125;
    return tensor;
  }

  SmallVector<ReferenceTensor> makeInputs(const ReferenceTensor &logits) {
    const int64_t *shape = logits.shape.data();
    int axis = GetParam().axis;
    SmallVector<ReferenceTensor> inputs;
    for (char kind : StringRef(GetParam().program->arguments)) {
      unsigned seed = inputs.size();
      if (kind == 'x')
        inputs.push_back(seed == 0
                             ? logits
                             : makeLogits(logits.elementType, logits.shape,
                                          Data::Normal, seed));
      else if (kind == 'b' || kind == 'r')
        inputs.push_back(makeLogits(logits.elementType,
                                    shape[kind == 'b' ? axis : 1 - axis],
                                    Data::Normal, seed));
      else
        inputs.push_back(makeIntegers(kind == 'k' ? "i1" : "i8", logits.shape));
    }
    return inputs;
  }

  /// The bytes of every result.
  std::vector<std::vector<char>> run(Kernel &kernel,
                                     ArrayRef<ReferenceTensor> inputs,
                                     ArrayRef<int64_t> shape) {
    std::list<Buffer> buffers;
    SmallVector<Kernel::Argument> arguments;
    for (const ReferenceTensor &input : inputs) {
      buffers.emplace_back(input, Layout::Compact);
      arguments.push_back(&buffers.back());
    }
    SmallVector<Buffer *> results;
    for (auto [i, kind] :
         llvm::enumerate(StringRef(GetParam().program->results))) {
      ArrayRef<int64_t> size = shape;
      if (kind == 'r')
        size = size.slice(1 - GetParam().axis, 1);
      buffers.emplace_back(kernel.getResultType(i), size, Layout::Compact);
      results.push_back(&buffers.back());
      arguments.push_back(&buffers.back());
    }
    EXPECT_EQ(kernel.call(arguments), 0);
    std::vector<std::vector<char>> bytes;
    for (auto [i, result] : llvm::enumerate(results)) {
      bytes.push_back(result->readBytes());
      makeNaNsAlike(bytes.back(), kernel.getResultType(i));
    }
    return bytes;
  }

  /// Which NaN a NaN is depends on how LLVM orders the operands of a sum.
  static void makeNaNsAlike(std::vector<char> &bytes, Type type) {
    if (!isa<FloatType>(type))
      return;
    ReferenceTensor values = decodeTensor(
        type, int64_t(bytes.size() / *getElementBytes(type)), bytes.data());
    for (Scalar &scalar : values.elements)
      if (std::isnan(scalar.real))
        scalar.real = std::numeric_limits<Real>::quiet_NaN();
    encodeTensor(values, bytes.data());
  }
};

ReferenceTensor transpose(const ReferenceTensor &tensor) {
  ReferenceTensor result = tensor;
  std::swap(result.shape[0], result.shape[1]);
  for (int64_t i = 0; i < tensor.shape[0]; ++i)
    for (int64_t j = 0; j < tensor.shape[1]; ++j)
      result.elements[j * tensor.shape[0] + i] =
          tensor.elements[i * tensor.shape[1] + j];
  return result;
}

TEST_P(Fusion, ChangesNoBit) {
  std::string text = makeText();
  // Strategies give the same bits (DeterminismTest, MovementTest); compiling
  // all of them for each of several ops takes most of the time.
  KernelOptions together, apart;
  apart.fuse = false;
  apart.forceStrategy = GetParam().axis == 1 ? "three_pass" : "lanes_inner";
  if (StringRef(GetParam().type) != "f32")
    together.forceStrategy = GetParam().axis == 1 ? "online" : "lanes_inner";
  Kernel fused(text, together), unfused(text, apart);
  ASSERT_TRUE(fused.isCompiled() && unfused.isCompiled());
  // One pass over memory, and no tensor between it and another.
  Kernel::Passes after = fused.countPasses(), before = unfused.countPasses();
  EXPECT_EQ(after.softmax, 1u);
  EXPECT_EQ(after.loops, 0u);
  EXPECT_EQ(after.buffers, 0u);
  EXPECT_GT(before.softmax + before.loops, 2u);
  Type type = getType(GetParam().type);
  auto check = [&](ReferenceTensor logits, const std::string &what) {
    if (GetParam().axis == 0)
      logits = transpose(logits);
    SmallVector<ReferenceTensor> inputs = makeInputs(logits);
    std::vector<std::vector<char>> is = run(fused, inputs, logits.shape),
                                   was = run(unfused, inputs, logits.shape);
    for (size_t i = 0; i < is.size(); ++i)
      EXPECT_EQ(is[i], was[i]) << "result " << i << " of " << what;
  };
  // Both could be wrong together.
  ReferenceTensor wide = makeLogits(type, {17, 64}, Data::Wide);
  fused.check(makeInputs(GetParam().axis == 0 ? transpose(wide) : wide),
              Layout::Compact, Layout::Compact, "wide rows of 64");
  for (int64_t columns : {1, 5, 64, 100, 4100}) {
    if (columns <= 5 || columns > 100)
      check(makeSpecialRows(type, columns),
            "special rows of " + std::to_string(columns));
    for (Data kind : {Data::Wide, Data::Offset, Data::Huge, Data::Denormal})
      check(makeLogits(type, {columns > 100 ? 3 : 17, columns}, kind, columns),
            toString(kind).str() + " rows of " + std::to_string(columns));
  }
}

std::vector<Case> makeCases() {
  std::vector<Case> cases;
  for (const Program *program : {&attention, &losses, &reductions, &quantized})
    for (const char *type : {"f32", "f64", "f16", "bf16"})
      for (int axis : {1, 0}) {
        StringRef name = type;
        // Between integers f64 alone makes the compute type f64 (C-TYPE-2).
        // Over axis 0 two types are enough.
        if (name == "f64" ? program != &quantized && axis == 1
                          : axis == 1 || name != "f16")
          cases.push_back({program, type, axis});
      }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, Fusion, testing::ValuesIn(makeCases()));

} // namespace
