// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Lags.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cmath>

using namespace mlir;

namespace attune::attn {

int64_t smoothLength(int64_t least) {
  while (!kernel::isSmooth(least))
    ++least;
  return least;
}

double fourierFlops(int64_t length) {
  double size = static_cast<double>(length);
  return size * (5 * std::log2(size) + 3);
}

bool fourierIsCheaper(int64_t length, double products) {
  // Passes over memory run at about an eighth of the speed of sums that stay
  // in registers.
  return 8 * fourierFlops(length) < 2 * products;
}

static ShapedType shaped(Value value) {
  return cast<ShapedType>(value.getType());
}

static int64_t chooseLength(ProductMethod method, int64_t positions,
                            int64_t taps, double products) {
  if (method == ProductMethod::direct || ShapedType::isDynamic(positions) ||
      ShapedType::isDynamic(taps) || positions < 1)
    return 0;
  // Lags that no sum needs may fall together, others not.
  int64_t length = smoothLength(positions + taps - 1);
  bool isFourier =
      method == ProductMethod::fourier || fourierIsCheaper(length, products);
  return isFourier ? length : 0;
}

LogicalResult ToeplitzOp::verify() {
  ShapedType input = shaped(getInput()), taps = shaped(getTaps());
  // C1
  if (taps.getElementType() != input.getElementType())
    return emitOpError("requires taps of ")
           << input.getElementType() << ", but got " << taps;
  // C2
  int64_t length = input.getDimSize(2);
  if (taps.getDimSize(0) != 1 &&
      !agree(taps.getDimSize(0), input.getDimSize(1)))
    return emitOpError("requires one row of taps, or ")
           << input.getDimSize(1) << ", but got " << taps.getDimSize(0);
  if (!ShapedType::isDynamic(length)) {
    int64_t lags = getCausal() ? length : std::max<int64_t>(2 * length - 1, 0);
    if (!agree(taps.getDimSize(1), lags))
      return emitOpError("requires ")
             << lags << " taps for " << length << " rows, but got "
             << taps.getDimSize(1);
  }
  // C3
  if (getMethod() == ProductMethod::fourier &&
      (ShapedType::isDynamic(length) || length < 1))
    return emitOpError("requires a static length of at least 1 for 'fourier', "
                       "but got ")
           << input;
  return success();
}

int64_t ToeplitzOp::getFourierLength() {
  int64_t length = shaped(getInput()).getDimSize(2);
  double products = static_cast<double>(length) * static_cast<double>(length);
  return chooseLength(getMethod(), length, length,
                      getCausal() ? products / 2 : products);
}

LogicalResult
ToeplitzOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}

Cost ToeplitzOp::getCost(int64_t size) {
  ShapedType type = shaped(getInput());
  auto known = [&](int64_t dim) {
    int64_t own = type.getDimSize(dim);
    return static_cast<double>(ShapedType::isDynamic(own) ? size : own);
  };
  double columns = known(0) * known(1) * known(3), rows = known(2);
  Cost cost;
  cost.bytes = bytesOf({getInput(), getTaps(), getResult()}, size);
  if (int64_t length = getFourierLength())
    cost.flops = columns * fourierFlops(length);
  else
    cost.flops = columns * rows * (getCausal() ? rows + 1 : 2 * rows);
  return cost;
}

LogicalResult LongConvOp::verify() {
  ShapedType input = shaped(getInput()), taps = shaped(getTaps());
  // C1
  for (Value operand : {getTaps(), getSkip()})
    if (operand && shaped(operand).getElementType() != input.getElementType())
      return emitOpError("requires taps and skip weights of ")
             << input.getElementType() << ", but got " << operand.getType();
  // C2
  int64_t channels = input.getDimSize(2);
  if (!agree(taps.getDimSize(0), channels) || taps.getDimSize(1) == 0)
    return emitOpError("requires taps for ")
           << channels << " channels, but got " << taps;
  if (getSkip() && !agree(shaped(getSkip()).getDimSize(0), channels))
    return emitOpError("requires ")
           << channels << " skip weights, but got " << getSkip().getType();
  // C3
  if (getMethod() == ProductMethod::fourier &&
      (ShapedType::isDynamic(input.getDimSize(1)) || input.getDimSize(1) < 1 ||
       ShapedType::isDynamic(taps.getDimSize(1))))
    return emitOpError("requires static lengths of at least 1 for 'fourier', "
                       "but got ")
           << input << " and " << taps;
  return success();
}

int64_t LongConvOp::getFourierLength() {
  int64_t length = shaped(getInput()).getDimSize(1);
  int64_t taps = shaped(getTaps()).getDimSize(1);
  // Taps behind the first position's see nothing.
  if (!ShapedType::isDynamic(length) && !ShapedType::isDynamic(taps))
    taps = std::min(taps, length);
  double l = static_cast<double>(length), k = static_cast<double>(taps);
  return chooseLength(getMethod(), length, taps, k * (l - (k - 1) / 2));
}

LogicalResult
LongConvOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}

/// The taps are transformed too.
Cost LongConvOp::getCost(int64_t size) {
  ShapedType type = shaped(getInput());
  auto known = [&](int64_t dim) {
    return static_cast<double>(ShapedType::isDynamic(dim) ? size : dim);
  };
  double batch = known(type.getDimSize(0)), rows = known(type.getDimSize(1));
  double channels = known(type.getDimSize(2));
  double taps = std::min(known(shaped(getTaps()).getDimSize(1)), rows);
  Cost cost;
  cost.bytes = bytesOf({getInput(), getTaps(), getResult()}, size);
  if (int64_t length = getFourierLength())
    cost.flops = (batch + 1) * channels * fourierFlops(length);
  else
    cost.flops = 2 * batch * channels * taps * (rows - (taps - 1) / 2);
  if (getSkip())
    cost.flops += channels;
  return cost;
}

} // namespace attune::attn
