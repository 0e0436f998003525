// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"

using namespace mlir;

namespace attune::attn {

LogicalResult LinearOp::verify() {
  // C1
  if (failed(verifyLayouts(*this, {getQueryLayout(), getKeyLayout(),
                                   getValueLayout(), getOutputLayout()})))
    return failure();
  Heads q{getQuery(), getQueryLayout()}, k{getKey(), getKeyLayout()};
  Heads v{getValue(), getValueLayout()}, o{getResult(), getOutputLayout()};
  // C2
  if (failed(verifyHeads(*this, q, k, v)))
    return failure();
  // C3
  if (failed(verifySizes(*this, q, k, v, o)))
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
  return success();
}

LogicalResult LinearOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(reifyHeads(builder, getLoc(), {getQuery(), getQueryLayout()},
                              {getValue(), getValueLayout()},
                              getOutputLayout()));
  return success();
}

/// Per query head: the state takes 2 Dk Dv a key, the output 2 Dk Dv a query;
/// a causal one also pays for the triangle inside a chunk of 64.
Cost LinearOp::getCost(int64_t size) {
  auto known = [&](int64_t dim) {
    return static_cast<double>(ShapedType::isDynamic(dim) ? size : dim);
  };
  Heads q{getQuery(), getQueryLayout()}, v{getValue(), getValueLayout()};
  double heads = known(q.size(0)) * known(q.size(1));
  double rows = known(q.size(2)), keys = known(v.size(2));
  double width = known(q.size(3)), valueWidth = known(v.size(3));
  Cost cost;
  cost.flops = 2 * heads * (rows + keys) * width * valueWidth;
  if (getCausal())
    cost.flops += 2 * heads * rows * 32 * (width + valueWidth);
  if (getNormaliser() == Normaliser::sum)
    cost.flops += heads * (rows + keys) * 2 * width;
  cost.bytes = bytesOf({getQuery(), getKey(), getValue(), getResult()}, size) +
               4 * heads * width * (valueWidth + 1);
  return cost;
}

} // namespace attune::attn
