// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/fft_rpe/LagSums.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cmath>

using namespace mlir;

namespace attune::attn {
namespace {

class Decomposer {
public:
  Decomposer(FftRpeOp op, OpBuilder &builder)
      : op(op), b(op.getLoc(), builder) {}

  Value decompose();

private:
  Value scaled(Value heads);
  Value exponents(Value x);
  Value squares(Value x);
  Value queryFeatures(Value query);
  Value keyFeatures(Value key);
  Value repeat(Value heads);
  Value taps();
  Value streamed();
  Value linear(Heads query, Heads key, double eps);
  Value byLags(Value query, Value key);
  Value divide(WeightedSums sums);

  FftRpeOp op;
  HeadTensors b;
};

} // namespace

static Value power(ImplicitLocOpBuilder &s, Value exponent, Value largest) {
  return math::ExpOp::create(s, arith::SubFOp::create(s, exponent, largest));
}

/// The sum of squares of each vector.
Value Decomposer::squares(Value x) {
  AffineMap all = b.getMultiDimIdentityMap(4);
  return b.sum({x, x}, {all, all, b.pick(4, {0, 1, 2})}, {3}, product);
}

/// Times sqrt(scale), or over the vector's length.
Value Decomposer::scaled(Value heads) {
  AffineMap all = b.getMultiDimIdentityMap(4);
  if (!op.getNormalize()) {
    double root = std::sqrt(op.getScale().convertToDouble());
    return b.elementwise(
        heads, all, [&](ImplicitLocOpBuilder &s, ValueRange x) -> Value {
          Value factor = constantOf(s, static_cast<float>(root));
          return arith::MulFOp::create(s, x[0], factor);
        });
  }
  return b.elementwise(
      {heads, squares(heads)}, {all, b.pick(4, {0, 1, 2})},
      [](ImplicitLocOpBuilder &s, ValueRange x) -> Value {
        // A vector of zeros stays one.
        Value sum = arith::MaximumFOp::create(s, x[1], constantOf(s, 1e-30f));
        return arith::DivFOp::create(s, x[0], math::SqrtOp::create(s, sum));
      });
}

/// w_r . x
Value Decomposer::exponents(Value x) {
  return b.sum(
      {x, op.getProjection()},
      {b.pick(5, {0, 1, 2, 4}), b.pick(5, {3, 4}), b.pick(5, {0, 1, 2, 3})},
      {4}, product);
}

/// e^(w_r . x) over the largest one of the row, which cancels, as does
/// |x|^2 / 2.
Value Decomposer::queryFeatures(Value query) {
  if (!op.getProjection())
    return query;
  Value x = exponents(scaled(query));
  return b.elementwise({x, b.largest(x)},
                       {b.getMultiDimIdentityMap(4), b.pick(4, {0, 1, 2})},
                       [](ImplicitLocOpBuilder &s, ValueRange y) {
                         return power(s, y[0], y[1]);
                       });
}

/// e^(w_r . x - |x|^2 / 2 + bias) over the largest one of the head, which
/// cancels.
Value Decomposer::keyFeatures(Value key) {
  if (!op.getProjection())
    return key;
  Value scaledKey = scaled(key);
  AffineMap all = b.getMultiDimIdentityMap(4), rows = b.pick(4, {0, 1, 2});
  SmallVector<Value> inputs = {exponents(scaledKey), squares(scaledKey)};
  SmallVector<AffineMap> maps = {all, rows};
  if (Value bias = op.getKeyBias()) {
    inputs.push_back(bias);
    AffineExpr item = b.getAffineDimExpr(0);
    if (Tensors::typeOf(bias).getDimSize(0) == 1)
      item = b.getAffineConstantExpr(0);
    maps.push_back(
        AffineMap::get(4, 0, {item, b.getAffineDimExpr(2)}, b.getContext()));
  }
  Value x = b.elementwise(
      inputs, maps, [](ImplicitLocOpBuilder &s, ValueRange y) -> Value {
        Value half = arith::MulFOp::create(s, y[1], constantOf(s, 0.5f));
        Value rest = arith::SubFOp::create(s, y[0], half);
        return y.size() < 4 ? rest
                            : arith::AddFOp::create(s, rest, y[2]).getResult();
      });
  return b.elementwise({x, b.largest(b.largest(x))}, {all, b.pick(4, {0, 1})},
                       [](ImplicitLocOpBuilder &s, ValueRange y) {
                         return power(s, y[0], y[1]);
                       });
}

/// As many heads as queries have.
Value Decomposer::repeat(Value heads) {
  OpFoldResult wanted = b.size(
      op.getQuery(), Heads{op.getQuery(), op.getQueryLayout()}.position(1));
  SmallVector<OpFoldResult> sizes = b.sizes(heads);
  if (isEqualConstantIntOrValue(wanted, sizes[1]))
    return heads;
  Value all = b.toIndex(wanted), own = b.toIndex(sizes[1]);
  sizes[1] = wanted;
  return b.compute(sizes, b.getF32Type(),
                   [&](ImplicitLocOpBuilder &s, ArrayRef<Value> at) -> Value {
                     Value group = arith::DivUIOp::create(s, all, own);
                     Value head = arith::DivUIOp::create(s, at[1], group);
                     return elementAt(s, heads, {at[0], head, at[2], at[3]});
                   });
}

/// e^(bias - its largest element), of the lags that are seen.
Value Decomposer::taps() {
  Value bias = op.getBias();
  if (op.getCausal())
    bias =
        b.slice(bias, 1, b.getIndexAttr(0),
                b.size(op.getQuery(),
                       Heads{op.getQuery(), op.getQueryLayout()}.position(2)));
  return b.elementwise({bias, b.largest(bias)},
                       {b.getMultiDimIdentityMap(2), b.pick(2, {0})},
                       [](ImplicitLocOpBuilder &s, ValueRange x) {
                         return power(s, x[0], x[1]);
                       });
}

/// Without biases the core makes features a few rows at a time.
Value Decomposer::streamed() {
  double scale = std::sqrt(op.getScale().convertToDouble());
  Value query = op.getQuery(), key = op.getKey();
  DenseI64ArrayAttr queryLayout = op.getQueryLayoutAttr();
  DenseI64ArrayAttr keyLayout = op.getKeyLayoutAttr();
  if (op.getNormalize()) {
    query = scaled(b.plain({query, queryLayout}));
    key = scaled(b.plain({key, keyLayout}));
    queryLayout = keyLayout = b.getDenseI64ArrayAttr({0, 1, 2, 3});
    scale = 1;
  }
  auto features = [&](Value x, bool ofKeys, DenseI64ArrayAttr layout) -> Value {
    return FeaturesOp::create(b, FeatureMap::positive, x, op.getProjection(),
                              op.getFeatures(), scale, /*eps=*/0.0, ofKeys,
                              layout);
  };
  return linear({features(query, false, queryLayout), queryLayout},
                {features(key, true, keyLayout), keyLayout}, /*eps=*/0);
}

/// Sums without a bias of lags.
Value Decomposer::linear(Heads query, Heads key, double eps) {
  return LinearOp::create(
             b, op.getType(), /*state=*/Type(), /*sum=*/Type(),
             NormaliserAttr::get(b.getContext(), Normaliser::sum), query.tensor,
             key.tensor, op.getValue(), /*visible=*/Value(),
             /*past_state=*/Value(),
             /*past_sum=*/Value(), b.getF64FloatAttr(eps), op.getCausalAttr(),
             op.getTopLeftAttr(), op.getNanEmptyRowsAttr(),
             /*mean_empty_rows=*/UnitAttr(), /*visible_map=*/AffineMapAttr(),
             /*schedule=*/ScheduleAttr(), b.getDenseI64ArrayAttr(query.layout),
             b.getDenseI64ArrayAttr(key.layout), op.getValueLayoutAttr(),
             op.getOutputLayoutAttr())
      .getResult();
}

Value Decomposer::divide(WeightedSums sums) {
  bool nanEmptyRows = op.getNanEmptyRows();
  Value result =
      b.elementwise({sums.values, sums.weights},
                    {b.getMultiDimIdentityMap(4), b.pick(4, {0, 1, 2})},
                    [&](ImplicitLocOpBuilder &s, ValueRange x) -> Value {
                      Value ratio = arith::DivFOp::create(s, x[0], x[1]);
                      if (nanEmptyRows)
                        return ratio;
                      Value zero = constantOf(s, 0);
                      Value isEmpty = arith::CmpFOp::create(
                          s, arith::CmpFPredicate::OEQ, x[1], zero);
                      return arith::SelectOp::create(s, isEmpty, zero, ratio);
                    });
  return b.castTo(b.lay(result, op.getOutputLayout()), op.getType());
}

Value Decomposer::byLags(Value query, Value key) {
  Value value = repeat(b.plain({op.getValue(), op.getValueLayout()}));
  return divide(LagSums(b, op).sums({query, repeat(key), value, taps()}));
}

Value Decomposer::decompose() {
  if (op.getProjection() && !op.getBias() && !op.getKeyBias())
    return streamed();
  Value query = queryFeatures(b.plain({op.getQuery(), op.getQueryLayout()}));
  Value key = keyFeatures(b.plain({op.getKey(), op.getKeyLayout()}));
  if (op.getBias())
    return byLags(query, key);
  // 0 for a row whose weights are all 0, beside which any other sum is large.
  double eps = op.getNanEmptyRows() ? 0 : 1e-37;
  const int64_t plain[] = {0, 1, 2, 3};
  return linear({query, plain}, {key, plain}, eps);
}

LogicalResult FftRpeOp::decompose(RewriterBase &rewriter) {
  rewriter.replaceOp(*this, Decomposer(*this, rewriter).decompose());
  return success();
}

} // namespace attune::attn
