// RUN: softmax-opt %s --softmax-generalize=accuracy=strict | FileCheck %s
// RUN: not softmax-opt %s --softmax-generalize=accuracy=exact 2>&1 | FileCheck %s --check-prefix=BAD

// BAD: error: softmax-generalize: unknown accuracy 'exact'; use default, strict or fast

// The maximum and the sum are those of the other classes; the loss is formed in
// f64 without cancellation.
// CHECK-LABEL: func @class(
// CHECK:         softmax.generic
// CHECK-SAME:      statistics = [#softmax.max_sumexp, #softmax.sum]
// CHECK:           %[[HIT:.*]] = arith.cmpi eq
// CHECK:           %[[OTHER:.*]] = arith.select %[[HIT]], %{{.*}}, %[[X:.*]] : f32
// CHECK:           %[[OWN:.*]] = arith.select %[[HIT]], %[[X]], %{{.*}} : f32
// CHECK-NEXT:      softmax.yield %[[OTHER]], %[[OWN]] : f32, f32
// CHECK:         } row {
// CHECK:           math.exp %{{.*}} : f64
// CHECK:           math.log1p %{{.*}} : f64
// CHECK-NOT:       math.log %
func.func @class(%x: tensor<?x10xf32>, %t: tensor<?xi64>, %a: tensor<?xf32>) -> tensor<?xf32> {
  %loss = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<?x10xf32>, tensor<?xi64>) outs(%a : tensor<?xf32>) -> tensor<?xf32>
  return %loss : tensor<?xf32>
}

// Smoothed, the loss does not go to 0.
// CHECK-LABEL: func @smoothed(
// CHECK:         } row {
// CHECK-NOT:     f64
// CHECK:         return
func.func @smoothed(%x: tensor<?x10xf32>, %t: tensor<?xi64>, %a: tensor<?xf32>) -> tensor<?xf32> {
  %loss = softmax.cross_entropy dimensions = [1] {label_smoothing = 0.125 : f64} ins(%x, %t : tensor<?x10xf32>, tensor<?xi64>) outs(%a : tensor<?xf32>) -> tensor<?xf32>
  return %loss : tensor<?xf32>
}
