// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "ScorecardShapes.h"

using namespace mlir;
using namespace mlir::softmax;

int64_t mlir::softmax::getSize(const KernelDim &dim, const SymbolSizes &sizes) {
  if (dim.isStatic())
    return dim.size;
  auto it = sizes.find(dim.symbol);
  return it == sizes.end() ? 1 : it->second;
}

int64_t mlir::softmax::getProduct(ArrayRef<KernelDim> dims,
                                  const SymbolSizes &sizes) {
  int64_t product = 1;
  for (const KernelDim &dim : dims)
    product *= getSize(dim, sizes);
  return product;
}

/// Gives the first symbol of `dims` what makes their product about `wanted`;
/// static sizes stay as they are.
static void choose(ArrayRef<KernelDim> dims, int64_t wanted,
                   SymbolSizes &sizes) {
  int64_t others = 1;
  for (const KernelDim &dim : dims)
    others *= dim.isStatic() ? std::max<int64_t>(dim.size, 1) : 1;
  for (const KernelDim &dim : dims)
    if (!dim.isStatic() && !sizes.contains(dim.symbol)) {
      sizes[dim.symbol] = std::max<int64_t>(1, wanted / others);
      return;
    }
}

static bool isStatic(ArrayRef<KernelDim> dims) {
  return llvm::all_of(dims,
                      [](const KernelDim &dim) { return dim.isStatic(); });
}

/// Rows that fill any chip many times.
static int64_t getRows(int64_t columns) {
  constexpr int64_t elements = int64_t(1) << 26;
  return std::max<int64_t>(1, elements / std::max<int64_t>(1, columns));
}

llvm::SmallVector<Work>
mlir::softmax::chooseShapes(const DeviceFunction &function) {
  llvm::SmallVector<Work> shapes;
  if (isStatic(function.columns)) {
    int64_t columns = getProduct(function.columns, {});
    return {{columns, getRows(columns)}};
  }
  int64_t shortest = 1;
  for (const DeviceKernel &kernel : function.kernels) {
    int64_t longest = kernel.maxColumns
                          ? kernel.maxColumns
                          : std::max<int64_t>(2 * (shortest - 1), 4096);
    for (int64_t columns : {longest, longest - 1})
      if (columns >= shortest)
        shapes.push_back({columns, getRows(columns)});
    shortest = longest + 1;
  }
  return shapes;
}

std::string ShapedKernel::text() const {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

llvm::Expected<ShapedKernel>
mlir::softmax::findKernel(const DeviceFunction &function, const Work &shape) {
  ShapedKernel shaped;
  choose(function.columns, shape.columns, shaped.sizes);
  choose(function.rows, shape.rows, shaped.sizes);
  int64_t rows = shaped.rows = getProduct(function.rows, shaped.sizes);
  int64_t columns = shaped.columns = getProduct(function.columns, shaped.sizes);
  shaped.kernel = llvm::find_if(function.kernels, [&](const DeviceKernel &one) {
    return columns >= one.minColumns &&
           (one.maxColumns == 0 || columns <= one.maxColumns) &&
           (one.maxRows == 0 || rows <= one.maxRows);
  });
  if (rows < 1 || columns < 1)
    return llvm::createStringError("nothing is launched for " + shaped.text() +
                                   "; give --scorecard-shape at least one row "
                                   "and one column");
  if (shaped.kernel == function.kernels.end())
    return llvm::createStringError("no kernel of '" + function.info.name +
                                   "' takes " + shaped.text());
  return shaped;
}
