// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Table.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace mlir::softmax::scorecard;

void mlir::softmax::scorecard::printTable(const Table &table,
                                          llvm::raw_ostream &stream) {
  std::vector<size_t> widths(table.front().size(), 0);
  for (const auto &row : table)
    for (auto [width, cell] : llvm::zip(widths, row))
      width = std::max(width, cell.size());
  for (const auto &row : table) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      std::string blank(widths[i] - row[i].size(), ' ');
      line += (i == 0 ? "" : "  ");
      line += i == 0 ? row[i] + blank : blank + row[i];
    }
    stream << llvm::StringRef(line).rtrim() << '\n';
  }
}
