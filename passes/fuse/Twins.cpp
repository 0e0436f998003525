// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fuse/Twins.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

void requireEqual(OpBuilder &builder, Location loc, OpFoldResult left,
                  OpFoldResult right, StringRef message) {
  if (left == right ||
      (getConstantIntValue(left) && getConstantIntValue(right)))
    return;
  Value equal = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::eq,
      getValueOrCreateConstantIndexOp(builder, loc, left),
      getValueOrCreateConstantIndexOp(builder, loc, right));
  cf::AssertOp::create(builder, loc, equal, message);
}

SmallVector<Value> outputsOf(OpBuilder &builder, Operation *op,
                             ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<Value> rooms;
  for (auto [sizes, result] : llvm::zip(shapes, op->getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    for (auto [size, dim] : llvm::zip(sizes, type.getShape()))
      if (!ShapedType::isDynamic(dim))
        size = builder.getIndexAttr(dim);
    rooms.push_back(tensor::EmptyOp::create(builder, op->getLoc(), sizes,
                                            type.getElementType()));
  }
  return rooms;
}

void replaceByResults(OpBuilder &builder, Operation *op, ValueRange results) {
  for (auto [result, old] : llvm::zip(results, op->getResults())) {
    Value cast = result;
    if (cast.getType() != old.getType())
      cast = tensor::CastOp::create(builder, op->getLoc(), old.getType(), cast);
    old.replaceAllUsesWith(cast);
  }
  op->erase();
}

} // namespace attune
