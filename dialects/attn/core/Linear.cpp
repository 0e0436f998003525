// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/VisibleKeys.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune::attn {

/// Whether a state's dimensions are those of `wanted`, as far as it has them.
static LogicalResult verifyState(LinearOp op, Value state,
                                 ArrayRef<int64_t> wanted) {
  if (!state)
    return success();
  ArrayRef<int64_t> shape = cast<RankedTensorType>(state.getType()).getShape();
  for (auto [size, whole] : llvm::zip(shape, wanted))
    if (!agree(size, whole))
      return op.emitOpError("requires states of key heads, features and value "
                            "width, but got ")
             << state.getType();
  return success();
}

static LogicalResult verifyStates(LinearOp op, Heads k, Heads v) {
  bool sums = op.getNormaliser() == Normaliser::sum;
  for (auto [state, sum] :
       {std::pair<Value, Value>(op.getPastState(), op.getPastSum()),
        {op.getState(), op.getSum()}})
    if (static_cast<bool>(sum) != (state && sums))
      return op.emitOpError("requires a sum with a state if the normaliser is "
                            "sum, and only then");
  if (!op.getPastState() && !op.getState())
    return success();
  if (!agree(k.size(1), v.size(1)))
    return op.emitOpError("requires as many heads of keys as of values with a "
                          "state, but got ")
           << k.size(1) << " and " << v.size(1);
  int64_t wanted[] = {k.size(0), k.size(1), k.size(3), v.size(3)};
  for (Value state : {Value(op.getPastState()), Value(op.getState()),
                      Value(op.getPastSum()), Value(op.getSum())})
    if (failed(verifyState(op, state, wanted)))
      return failure();
  return success();
}

LogicalResult LinearOp::verify() {
  Heads q{getQuery(), getQueryLayout()}, k{getKey(), getKeyLayout()};
  Heads v{getValue(), getValueLayout()}, o{getResult(), getOutputLayout()};
  // C1, C2, C3
  if (failed(verifyAttentionHeads(*this, {q, k, v, o})))
    return failure();
  // C4
  double eps = getEps().convertToDouble();
  if (!getEps().isFinite() || eps < 0 ||
      (getNormaliser() == Normaliser::none && eps != 0))
    return emitOpError("requires a finite eps of at least 0, and 0 without a "
                       "normaliser, but got ")
           << eps;
  // C5
  if (getTopLeft() && !getCausal())
    return emitOpError("requires 'causal' beside 'top_left'");
  // C6
  if (failed(verifyVisible(*this, getVisible(), getVisibleMapAttr(), q, k)))
    return failure();
  // C7
  bool isFree = getNormaliser() == Normaliser::sum && !getPastState();
  if (getNanEmptyRows() + getMeanEmptyRows() > isFree)
    return emitOpError("requires at most one of 'nan_empty_rows' and "
                       "'mean_empty_rows', with the normaliser sum and without "
                       "a past");
  // C8
  if (failed(verifyStates(*this, k, v)))
    return failure();
  // C9
  if (getSchedule() == Schedule::recurrent &&
      (!getCausal() || !agree(q.size(2), k.size(2))))
    return emitOpError("requires 'causal' and as many queries as keys for the "
                       "recurrent schedule");
  return success();
}

LogicalResult LinearOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(reifyHeads(builder, getLoc(), {getQuery(), getQueryLayout()},
                              {getValue(), getValueLayout()},
                              getOutputLayout()));
  Heads key{getKey(), getKeyLayout()};
  auto size = [&](Heads heads, int64_t dim) {
    return tensor::getMixedSize(builder, getLoc(), heads.tensor,
                                heads.position(dim));
  };
  if (!getState())
    return success();
  SmallVector<OpFoldResult> sum = {size(key, 0), size(key, 1), size(key, 3)};
  shapes.push_back(sum);
  shapes.back().push_back(size({getValue(), getValueLayout()}, 3));
  if (getSum())
    shapes.push_back(sum);
  return success();
}

/// Per query head: the state takes 2 Dk Dv a key, the output 2 Dk Dv a query;
/// a causal one also pays for the triangle inside a chunk of 64. The quadratic
/// schedule pays for all pairs and for no state but one that is asked for.
Cost LinearOp::getCost(int64_t size) {
  auto known = [&](int64_t dim) {
    return static_cast<double>(ShapedType::isDynamic(dim) ? size : dim);
  };
  Heads q{getQuery(), getQueryLayout()}, v{getValue(), getValueLayout()};
  double heads = known(q.size(0)) * known(q.size(1));
  double rows = known(q.size(2)), keys = known(v.size(2));
  double width = known(q.size(3)), valueWidth = known(v.size(3));
  Cost cost;
  double sums = getNormaliser() == Normaliser::sum ? 1 : 0;
  double state = 2 * heads * width * (valueWidth + sums);
  bool isQuadratic = getSchedule() == Schedule::quadratic;
  if (isQuadratic) {
    cost.flops = 2 * heads * rows * keys * (width + valueWidth);
    cost.flops *= getCausal() ? 0.5 : 1;
    cost.flops += getPastState() ? state * rows : 0;
    cost.flops += getState() ? state * keys : 0;
  } else {
    cost.flops = state * (rows + keys);
    // A chunk that is the only one needs no state.
    if (getCausal() && getSchedule() != Schedule::recurrent && rows > 1)
      cost.flops += 2 * heads * rows * 32 * (width + valueWidth);
  }
  cost.bytes = bytesOf({getQuery(), getKey(), getValue(), getResult()}, size);
  if (!isQuadratic)
    cost.bytes += 4 * heads * width * (valueWidth + 1);
  cost.bytes += bytesOf(
      {getVisible(), getPastState(), getState(), getPastSum(), getSum()}, size);
  return cost;
}

} // namespace attune::attn
