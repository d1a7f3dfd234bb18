// Nothing that the pass leaves becomes a call to libm or compiler-rt.
//
// DEFINE: %{lower} = -cse -convert-vector-to-llvm -convert-math-to-llvm -convert-arith-to-llvm -convert-func-to-llvm -reconcile-unrealized-casts
//
// RUN: softmax-opt %s -softmax-expand-math='fma=false f16c=false' %{lower} | mlir-translate -mlir-to-llvmir > %t.base.ll
// RUN: softmax-opt %s -softmax-expand-math %{lower} | mlir-translate -mlir-to-llvmir > %t.fma.ll
//
// RUN: llc %t.base.ll -mtriple=x86_64-linux-gnu -mcpu=x86-64 -filetype=obj -o %t.1.o
// RUN: llvm-nm -u %t.1.o | FileCheck %s --allow-empty
// RUN: llc %t.base.ll -mtriple=x86_64-linux-gnu -mcpu=x86-64-v2 -filetype=obj -o %t.2.o
// RUN: llvm-nm -u %t.2.o | FileCheck %s --allow-empty
// RUN: llc %t.fma.ll -mtriple=x86_64-linux-gnu -mcpu=x86-64-v3 -filetype=obj -o %t.3.o
// RUN: llvm-nm -u %t.3.o | FileCheck %s --allow-empty
// RUN: llc %t.fma.ll -mtriple=x86_64-linux-gnu -mcpu=x86-64-v4 -filetype=obj -o %t.4.o
// RUN: llvm-nm -u %t.4.o | FileCheck %s --allow-empty
// RUN: llc %t.fma.ll -mtriple=aarch64-linux-gnu -filetype=obj -o %t.5.o
// RUN: llvm-nm -u %t.5.o | FileCheck %s --allow-empty
// RUN: llc %t.fma.ll -mtriple=riscv64-linux-gnu -mattr=+m,+a,+f,+d,+c,+v,+zfhmin,+zvfhmin -target-abi=lp64d -filetype=obj -o %t.6.o
// RUN: llvm-nm -u %t.6.o | FileCheck %s --allow-empty
//
// CHECK-NOT: {{[[:alnum:]]}}

func.func @single(%x: vector<8xf32>, %y: f32) -> (vector<8xf32>, f32) {
  %0 = math.exp %x : vector<8xf32>
  %1 = math.log %0 : vector<8xf32>
  %2 = math.tanh %1 : vector<8xf32>
  %3 = math.exp2 %2 : vector<8xf32>
  %4 = math.log2 %3 : vector<8xf32>
  %5 = math.log1p %4 : vector<8xf32>
  %6 = math.expm1 %5 : vector<8xf32>
  %7 = math.fma %6, %x, %x : vector<8xf32>
  %8 = math.roundeven %7 : vector<8xf32>
  %9 = arith.maximumf %8, %x : vector<8xf32>
  %10 = arith.minimumf %9, %x : vector<8xf32>
  %11 = arith.maxnumf %10, %x : vector<8xf32>
  %12 = arith.minnumf %11, %x : vector<8xf32>
  %13 = math.sqrt %12 : vector<8xf32>
  %14 = math.rsqrt %13 : vector<8xf32>
  %s0 = math.exp %y : f32
  %s1 = math.tanh %s0 : f32
  %s2 = math.floor %s1 : f32
  %s3 = math.log1p %s2 : f32
  %s4 = math.fma %s3, %y, %y : f32
  %s5 = arith.maximumf %s4, %y : f32
  %s6 = arith.minnumf %s5, %y : f32
  return %14, %s6 : vector<8xf32>, f32
}

func.func @double(%x: vector<4xf64>, %y: f64) -> (vector<4xf64>, f64) {
  %0 = math.exp %x : vector<4xf64>
  %1 = math.log %0 : vector<4xf64>
  %2 = math.tanh %1 : vector<4xf64>
  %3 = math.exp2 %2 : vector<4xf64>
  %4 = math.log2 %3 : vector<4xf64>
  %5 = math.log1p %4 : vector<4xf64>
  %6 = math.fma %5, %x, %x : vector<4xf64>
  %7 = math.ceil %6 : vector<4xf64>
  %8 = arith.maximumf %7, %x : vector<4xf64>
  %9 = arith.minimumf %8, %x : vector<4xf64>
  %s0 = math.exp %y : f64
  %s1 = math.log %s0 : f64
  %s2 = math.round %s1 : f64
  %s3 = math.trunc %s2 : f64
  %s4 = arith.maxnumf %s3, %y : f64
  return %9, %s4 : vector<4xf64>, f64
}

func.func @half(%x: !llvm.ptr, %p: !llvm.ptr) {
  %v = llvm.load %x : !llvm.ptr -> vector<8xf16>
  %y = llvm.load %p : !llvm.ptr -> f16
  %0 = math.exp %v : vector<8xf16>
  %1 = arith.addf %0, %v : vector<8xf16>
  %2 = arith.extf %1 : vector<8xf16> to vector<8xf64>
  %3 = math.log %2 : vector<8xf64>
  %4 = arith.truncf %3 : vector<8xf64> to vector<8xf16>
  llvm.store %4, %p : vector<8xf16>, !llvm.ptr
  %5 = arith.mulf %y, %y : f16
  %6 = arith.extf %5 : f16 to f64
  %7 = arith.truncf %6 : f64 to f16
  %8 = arith.maximumf %7, %y : f16
  %9 = arith.cmpf olt, %8, %y : f16
  %10 = arith.select %9, %8, %y : f16
  %11 = arith.negf %10 : f16
  llvm.store %11, %p : f16, !llvm.ptr
  return
}

func.func @brain(%p: !llvm.ptr) {
  %x = llvm.load %p : !llvm.ptr -> vector<8xbf16>
  %y = llvm.load %p : !llvm.ptr -> bf16
  %0 = math.exp %x : vector<8xbf16>
  %1 = arith.addf %0, %x : vector<8xbf16>
  %2 = arith.extf %1 : vector<8xbf16> to vector<8xf64>
  %3 = arith.truncf %2 : vector<8xf64> to vector<8xbf16>
  llvm.store %3, %p : vector<8xbf16>, !llvm.ptr
  %5 = arith.mulf %y, %y : bf16
  %6 = arith.extf %5 : bf16 to f64
  %7 = arith.truncf %6 : f64 to bf16
  %8 = arith.maximumf %7, %y : bf16
  %9 = arith.cmpf olt, %8, %y : bf16
  %10 = arith.select %9, %8, %y : bf16
  llvm.store %10, %p : bf16, !llvm.ptr
  return
}
