// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Kernel.h"
#include "frontends/onnx/ops/Scalars.h"
#include "frontends/onnx/ops/Windows.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// The sizes of the tensor that was pooled, as far as the attributes tell.
static FailureOr<SmallVector<OpFoldResult>> pooledFrom(onnx::NodeOp node,
                                                       Lowering &b) {
  Value input = node.getInputs()[0];
  SmallVector<int64_t> kernel =
      node.getInts("kernel_shape").value_or(SmallVector<int64_t>());
  size_t rank = kernel.size();
  SmallVector<int64_t> strides =
      node.getInts("strides").value_or(SmallVector<int64_t>(rank, 1));
  SmallVector<int64_t> pads =
      node.getInts("pads").value_or(SmallVector<int64_t>(2 * rank, 0));
  if (typeOf(input).getRank() != static_cast<int64_t>(rank + 2) ||
      strides.size() != rank || pads.size() != 2 * rank) {
    node.emitNodeError("requires a kernel_shape, strides and pads for each "
                       "spatial dimension");
    return failure();
  }
  SmallVector<OpFoldResult> sizes = {b.size(input, 0), b.size(input, 1)};
  Type index = b.getIndexType();
  for (size_t dim = 0; dim < rank; ++dim) {
    Value steps = b.createOrFold<arith::SubIOp>(
        b.toIndex(b.size(input, dim + 2)), b.constant(index, 1));
    Value reach =
        b.createOrFold<arith::MulIOp>(steps, b.constant(index, strides[dim]));
    sizes.push_back(getAsOpFoldResult(b.createOrFold<arith::AddIOp>(
        reach, b.constant(index, kernel[dim] - pads[dim] - pads[dim + rank]))));
  }
  return sizes;
}

/// Elements at the places where MaxPool found them, zeros elsewhere.
static LogicalResult lowerMaxUnpool(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0], indices = node.getInputs()[1];
  FailureOr<SmallVector<OpFoldResult>> sizes = pooledFrom(node, b);
  if (failed(sizes))
    return failure();
  for (int64_t dim = 0; dim < typeOf(input).getRank(); ++dim)
    if (failed(b.requireEqual(node, b.size(input, dim), b.size(indices, dim),
                              "sizes of input and indices")))
      return failure();
  OpFoldResult count = b.product(*sizes), given = b.product(b.sizes(input));
  b.checkIndices(node, indices, count);
  Type element = elementOf(input);
  Value zero = b.constant(element, 0), target = b.fill({count}, zero);
  Value total = b.toIndex(count);
  Value places = b.reshape(indices, {given});
  places = b.generic(
      places, {b.getMultiDimIdentityMap(1), b.getMultiDimIdentityMap(1)},
      b.empty({given}, b.getI64Type()), {utils::IteratorType::parallel},
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        Value place = wrapIndex(s, x[0], total);
        return arith::IndexCastOp::create(s, s.getI64Type(), place);
      });
  auto op = kernel::ScatterOp::create(
      b, TypeRange(target.getType()), places, b.reshape(input, {given}),
      ValueRange(target), b.getAffineMapArrayAttr(b.getMultiDimIdentityMap(1)),
      b.getDenseBoolArrayAttr({true}));
  {
    OpBuilder::InsertionGuard guard(b);
    Block *body = b.createBlock(&op.getCombine(), {}, {element, element},
                                {b.getLoc(), b.getLoc()});
    kernel::YieldOp::create(b, ValueRange(body->getArgument(1)));
  }
  Value result = b.reshape(op.getResult()[0], *sizes);
  if (node.hasInput(2)) {
    std::optional<SmallVector<Value>> wanted = b.listed(node.getInput(2));
    if (!wanted || wanted->size() != sizes->size())
      return node.emitNodeError("requires an output_shape of one size for "
                                "each dimension");
    SmallVector<OpFoldResult> none(sizes->size(), b.getIndexAttr(0)), after;
    for (auto [all, own] : llvm::zip(*wanted, *sizes)) {
      Value more = b.createOrFold<arith::SubIOp>(b.toIndex(b.asSize(all)),
                                                 b.toIndex(own));
      if (std::optional<int64_t> known = getConstantIntValue(more);
          known && *known < 0)
        return node.emitNodeError("requires an output_shape no smaller than "
                                  "what was pooled");
      b.require(node,
                b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sge, more,
                                              b.constant(b.getIndexType(), 0)),
                "output_shape must not be smaller than what was pooled");
      after.push_back(getAsOpFoldResult(more));
    }
    result = padConstant(b, result, none, after, zero);
  }
  b.replace(node, result);
  return success();
}

void addUnpooling(LoweringTable &table) {
  table.compute("MaxUnpool", lowerMaxUnpool);
}

} // namespace attune
