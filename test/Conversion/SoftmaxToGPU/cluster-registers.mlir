// Blocks of a cluster in registers, of which three share a multiprocessor where a thread keeps little.
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=sm_90" | FileCheck %s

// CHECK: launches = [{blocks_per_row = 4 : i64, cluster = 4 : i64, name = "few_cluster_per_row_32768", registers = 80 : i64, threads = 256 : i64}]
// CHECK: .visible .entry few_cluster_per_row_32768(
// CHECK-SAME: .maxnreg 80
// CHECK-SAME: .reqnctapercluster 4, 1, 1
func.func @few(%x: memref<?x32768xf16>, %y: memref<?x32768xf16>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x32768xf16>) outs(%y : memref<?x32768xf16>)
  return
}
