// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_LIB_SCORECARD_TABLE_H
#define SOFTMAX_LIB_SCORECARD_TABLE_H

#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace mlir::softmax::scorecard {

/// Rows of cells, each row as many.
using Table = std::vector<std::vector<std::string>>;

/// Prints `table` in columns of the same width, the first one flush left.
void printTable(const Table &table, llvm::raw_ostream &stream);

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_LIB_SCORECARD_TABLE_H
