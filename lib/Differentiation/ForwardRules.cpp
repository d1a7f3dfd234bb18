// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax, log_softmax and logsumexp of x' = x * scale + bias, masked. With g
// the gradient with respect to x',
//
//   softmax       g = y * (dy - sum(dy * y))        softmax_backward
//   log_softmax   g = dy - exp(y) * sum(dy)         log_softmax_backward
//   lse           g = p * dlse                      added to the above
//
//   dx = scale * g, dscale = sum(x * g) over everything,
//   dbias = sum(g) over what the bias repeats along.

#include "Adjoints.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpFPredicate;

namespace {

template <typename OpTy>
class ForwardRule {
public:
  ForwardRule(OpTy op, Adjoints &adjoints)
      : op(op), adjoints(adjoints), builder(adjoints.builder),
        loc(adjoints.loc), compute(op.getComputeType()),
        sizes(tensor::getMixedSizes(builder, loc, op.getInput())),
        identity(builder.getMultiDimIdentityMap(op.getIterationRank())) {}

  void run();

private:
  static constexpr bool isLog = std::is_same_v<OpTy, LogSoftmaxOp>;
  static constexpr bool hasElements = !std::is_same_v<OpTy, LogSumExpOp>;

  Value getElements() { return hasElements ? op->getResult(0) : Value(); }
  Value getLse() {
    unsigned i = hasElements ? 1 : 0;
    return i < op->getNumResults() ? op->getResult(i) : Value();
  }
  Value elementwise(ValueRange inputs, ArrayRef<AffineMap> maps, Type element,
                    function_ref<Value(MathBuilder &, ValueRange)> body) {
    return createElementwise(builder, loc, inputs, maps, sizes, element, body);
  }

  /// That of the elements, multiplied by `scale` if it is given.
  Value differentiateElements(Value scale);
  /// Adds that of lse to `gradient`, which may be null.
  Value addLse(Value gradient);
  void addScale(Value gradient);
  void addBias(Value gradient);

  OpTy op;
  Adjoints &adjoints;
  OpBuilder &builder;
  Location loc;
  FloatType compute;
  SmallVector<OpFoldResult> sizes;
  AffineMap identity;
};

} // namespace

template <typename OpTy>
Value ForwardRule<OpTy>::differentiateElements(Value scale) {
  Value y = getElements();
  Value dy = y ? adjoints.get(y) : Value();
  if (!dy)
    return Value();
  if (isLog && op.getMask()) {
    // y is -inf there whatever the logits are, so that its cotangent, which
    // the formula passes on, has no say.
    AffineMap maskMap = op.getOperandMap(op.getMaskMutable()[0]);
    Type element = getElementTypeOrSelf(dy);
    dy = elementwise({dy, op.getMask()}, {identity, maskMap}, element,
                     [&](MathBuilder &math, ValueRange in) {
                       return math.select(in[1], in[0],
                                          math.constant(element, 0));
                     });
  }
  using BackwardOp =
      std::conditional_t<isLog, LogSoftmaxBackwardOp, SoftmaxBackwardOp>;
  Value init = createEmpty(builder, loc, sizes, compute);
  return BackwardOp::create(builder, loc, dy, y, init, op.getDimensions(),
                            scale, op.getMaskedRow())
      ->getResult(0);
}

template <typename OpTy>
Value ForwardRule<OpTy>::addLse(Value gradient) {
  Value lse = getLse();
  Value dlse = lse ? adjoints.get(lse) : Value();
  if (!dlse)
    return gradient;
  Value p = getElements();
  if (!p)
    p = SoftmaxOp::create(builder, loc, op.getInput(),
                          createEmpty(builder, loc, sizes, compute),
                          op.getDimensions(), op.getScale(), op.getBias(),
                          op.getMask(), op.getMaskedRow())
            ->getResult(0);
  AffineMap rows = op.getOperandMap(op.getInitsMutable()[hasElements ? 1 : 0]);
  SmallVector<Value> inputs = {p, dlse, lse};
  SmallVector<AffineMap> maps = {identity, rows, rows};
  if (gradient) {
    inputs.push_back(gradient);
    maps.push_back(identity);
  }
  bool maskedZero = op.getMaskedRow() == MaskedRow::Zero;
  return elementwise(
      inputs, maps, compute, [&](MathBuilder &math, ValueRange in) {
        Value probability = castFloat(math.b, loc, in[0], compute);
        if (isLog)
          probability = math::ExpOp::create(math.b, loc, probability);
        Value product = math.mul(probability, in[1]);
        // C-INF-2: 0 whatever the gradient of its lse is.
        if (maskedZero)
          product = math.select(math.compare(CmpFPredicate::OEQ, in[2],
                                             math.constant(compute, -INFINITY)),
                                math.constant(compute, 0), product);
        return gradient ? math.add(in[3], product) : product;
      });
}

template <typename OpTy>
void ForwardRule<OpTy>::addScale(Value gradient) {
  // A logit of -inf, or anything under a mask, has no influence.
  Value part = elementwise({op.getInput(), gradient}, {identity, identity},
                           compute, [&](MathBuilder &math, ValueRange in) {
                             Value zero = math.constant(compute, 0);
                             Value x = castFloat(math.b, loc, in[0], compute);
                             return math.select(
                                 math.compare(CmpFPredicate::OEQ, in[1], zero),
                                 zero, math.mul(x, in[1]));
                           });
  AffineMap none = AffineMap::get(op.getIterationRank(), /*symbolCount=*/0,
                                  builder.getContext());
  Value sum = createSum(builder, loc, part, identity, none, {}, compute);
  adjoints.add(op.getScale(), extractScalar(builder, loc, sum));
}

template <typename OpTy>
void ForwardRule<OpTy>::addBias(Value gradient) {
  Value bias = op.getBias();
  AffineMap map = op.getOperandMap(op.getBiasMutable()[0]);
  Type element = getElementTypeOrSelf(Adjoints::getType(bias.getType()));
  adjoints.add(bias, map == identity
                         ? castElements(builder, loc, gradient, element)
                         : createSum(builder, loc, gradient, identity, map,
                                     tensor::getMixedSizes(builder, loc, bias),
                                     element));
}

template <typename OpTy>
void ForwardRule<OpTy>::run() {
  Value x = op.getInput(), scale = op.getScale(), bias = op.getBias();
  bool needsScale = scale && adjoints.isActive(scale);
  bool needsBias = bias && adjoints.isActive(bias);
  Value dlse = getLse() ? adjoints.get(getLse()) : Value();
  // Where only the logits ask, the backward op multiplies by the scale itself.
  bool folds = scale && !needsScale && !needsBias && !dlse;
  Value gradient = addLse(differentiateElements(folds ? scale : Value()));
  if (needsScale)
    addScale(gradient);
  if (needsBias)
    addBias(gradient);
  if (!adjoints.isActive(x))
    return;
  Type element = getElementTypeOrSelf(Adjoints::getType(x.getType()));
  if (!scale || folds)
    return adjoints.add(x, castElements(builder, loc, gradient, element));
  adjoints.add(x, elementwise(gradient, identity, element,
                              [&](MathBuilder &math, ValueRange in) {
                                return castFloat(math.b, loc,
                                                 math.mul(scale, in[0]),
                                                 element);
                              }));
}

template <typename OpTy>
static LogicalResult differentiateForward(OpTy op, Adjoints &adjoints) {
  ForwardRule<OpTy>(op, adjoints).run();
  return success();
}

void mlir::softmax::addForwardRules(AdjointRules &rules) {
  rules.add<SoftmaxOp>(differentiateForward);
  rules.add<LogSoftmaxOp>(differentiateForward);
  rules.add<LogSumExpOp>(differentiateForward);
}
