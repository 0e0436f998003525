// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Lags.h"

using namespace mlir;

namespace attune::attn {

static ShapedType shaped(Value value) {
  return cast<ShapedType>(value.getType());
}

/// Types, widths and the projection.
static LogicalResult verifyWidths(FftRpeOp op, Heads query, Heads value) {
  const Value heads[] = {op.getQuery(), op.getKey(), op.getValue(),
                         op.getResult()};
  for (Value head : heads)
    if (!shaped(head).getElementType().isF32())
      return op.emitOpError("requires tensors of f32, but got ")
             << head.getType();
  if (ShapedType::isDynamic(query.size(3)) ||
      ShapedType::isDynamic(value.size(3)))
    return op.emitOpError("requires static widths, but got ")
           << query.tensor.getType() << " and " << value.tensor.getType();
  if (!op.getProjection())
    return success();
  ShapedType projection = shaped(op.getProjection());
  if (!projection.hasStaticShape() || projection.getDimSize(0) < 1 ||
      projection.getDimSize(1) != query.size(3))
    return op.emitOpError("requires a projection of vectors of width ")
           << query.size(3) << ", but got " << projection;
  return success();
}

/// The bias of lags and that of keys.
static LogicalResult verifyBiases(FftRpeOp op, Heads query, Heads key) {
  if (Value bias = op.getBias()) {
    int64_t length = query.size(2), rows = shaped(bias).getDimSize(0);
    if (ShapedType::isDynamic(length) || length < 1 || key.size(2) != length ||
        ShapedType::isDynamic(query.size(1)) ||
        (rows != 1 && rows != query.size(1)) ||
        shaped(bias).getDimSize(1) != 2 * length - 1)
      return op.emitOpError("requires one static length L of queries and keys "
                            "and a bias of 2 L - 1 columns for one or all "
                            "heads, but got ")
             << bias.getType() << " for " << query.tensor.getType();
  }
  // C6
  if (Value bias = op.getKeyBias()) {
    int64_t items = shaped(bias).getDimSize(0);
    if (!op.getProjection())
      return op.emitOpError("requires a projection beside a key bias");
    if ((items != 1 && !agree(items, key.size(0))) ||
        !agree(shaped(bias).getDimSize(1), key.size(2)))
      return op.emitOpError("requires a key bias for the keys of one or all "
                            "items, but got ")
             << bias.getType() << " for " << key.tensor.getType();
  }
  return success();
}

LogicalResult FftRpeOp::verify() {
  Heads q{getQuery(), getQueryLayout()}, k{getKey(), getKeyLayout()};
  Heads v{getValue(), getValueLayout()}, o{getResult(), getOutputLayout()};
  // C1, C2, C3
  if (failed(verifyAttentionHeads(*this, {q, k, v, o})))
    return failure();
  // C4
  if (failed(verifyWidths(*this, q, v)))
    return failure();
  // C5
  if (failed(verifyBiases(*this, q, k)))
    return failure();
  // C7
  if (getNormalize() && !getProjection())
    return emitOpError("requires a projection beside 'normalize'");
  double scale = getScale().convertToDouble();
  if (!std::isfinite(scale) || scale <= 0)
    return emitOpError("requires a finite scale above 0, but got ") << scale;
  // C8
  if (getTopLeft() && !getCausal())
    return emitOpError("requires 'causal' beside 'top_left'");
  return success();
}

LogicalResult FftRpeOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(reifyHeads(builder, getLoc(), {getQuery(), getQueryLayout()},
                              {getValue(), getValueLayout()},
                              getOutputLayout()));
  return success();
}

int64_t FftRpeOp::getFeatures() {
  if (Value projection = getProjection())
    return shaped(projection).getDimSize(0);
  return Heads{getQuery(), getQueryLayout()}.size(3);
}

/// Of one head: a column of Toeplitz products for each feature and column of
/// values and the ones beside them.
static double fourierFlopsOf(int64_t length, int64_t features, int64_t width) {
  double columns =
      static_cast<double>(features) * static_cast<double>(width + 1);
  return columns * fourierFlops(smoothLength(2 * length - 1));
}

/// Of one head: a product over features and one over keys for each pair, its
/// tap and its sum.
static double blockFlops(double pairs, int64_t features, int64_t width) {
  return pairs * 2 * static_cast<double>(features + width + 2);
}

static double countPairs(double rows, double keys, bool causal) {
  return causal ? rows * keys / 2 : rows * keys;
}

/// Passes over memory run at about an eighth of the speed of products.
static bool isCheaper(int64_t length, int64_t features, int64_t width,
                      bool causal) {
  auto size = static_cast<double>(length);
  return 8 * fourierFlopsOf(length, features, width) <
         blockFlops(countPairs(size, size, causal), features, width);
}

int64_t FftRpeOp::crossover(int64_t features, int64_t width, bool causal) {
  constexpr int64_t longest = int64_t(1) << 30;
  for (int64_t length = 2; length <= longest; length *= 2)
    if (isCheaper(length, features, width, causal))
      return length;
  return 0;
}

bool FftRpeOp::usesFourier(int64_t length) {
  if (getMethod() != ProductMethod::automatic)
    return getMethod() == ProductMethod::fourier;
  int64_t width = Heads{getValue(), getValueLayout()}.size(3);
  return isCheaper(length, getFeatures(), width, getCausal());
}

/// Features are a product and an exponential of some 20 operations; sums
/// without a bias take linear time.
Cost FftRpeOp::getCost(int64_t size) {
  auto known = [&](int64_t dim) {
    return static_cast<double>(ShapedType::isDynamic(dim) ? size : dim);
  };
  Heads q{getQuery(), getQueryLayout()}, k{getKey(), getKeyLayout()};
  int64_t width = Heads{getValue(), getValueLayout()}.size(3);
  int64_t count = getFeatures();
  double heads = known(q.size(0)) * known(q.size(1));
  double rows = known(q.size(2)), keys = known(k.size(2));
  auto features = static_cast<double>(count);
  Cost cost;
  if (getProjection())
    cost.flops = heads * (rows + keys) * features * (2 * known(q.size(3)) + 20);
  cost.bytes = bytesOf({getQuery(), getKey(), getValue(), getResult()}, size);
  cost.bytes += bytesOf({getProjection(), getBias(), getKeyBias()}, size);
  double products = 2 * features * static_cast<double>(width + 1);
  if (!getBias())
    cost.flops += heads * (rows + keys) * products;
  else if (usesFourier(q.size(2)))
    cost.flops += heads * (fourierFlopsOf(q.size(2), count, width) +
                           (rows + keys) * products / 2);
  else
    cost.flops +=
        heads * blockFlops(countPairs(rows, keys, getCausal()), count, width);
  return cost;
}

} // namespace attune::attn
