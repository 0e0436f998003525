// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes that are read from tensors when the model runs. Whatever memory they
// speak of is checked before anything is touched.

#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

std::optional<SmallVector<Value>> Lowering::listed(Value tensor) {
  if (std::optional<SmallVector<Value>> known = elements(tensor))
    return known;
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || !isSmall(type) || !type.getElementType().isSignlessInteger())
    return std::nullopt;
  SmallVector<Value> values;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    SmallVector<Value> at(type.getRank(), constant(getIndexType(), i));
    values.push_back(tensor::ExtractOp::create(*this, tensor, at));
  }
  return values;
}

Value Lowering::scalar(onnx::NodeOp node, Value tensor) {
  if (mlir::failed(requireEqual(node, product(sizes(tensor)), getIndexAttr(1),
                                "numbers of elements of a scalar and 1")))
    refused = true;
  return scalar(tensor);
}

OpFoldResult Lowering::requireSize(onnx::NodeOp node, Value integer) {
  OpFoldResult size = asSize(integer);
  Value zero = constant(getIndexType(), 0);
  require(node,
          createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sge, toIndex(size),
                                      zero),
          "a size must not be negative");
  return size;
}

/// Splits products of sizes into their factors.
static void addFactors(OpFoldResult size, int64_t &constant,
                       SmallVectorImpl<Value> &factors) {
  if (std::optional<int64_t> known = getConstantIntValue(size)) {
    constant *= *known;
    return;
  }
  Value value = cast<Value>(size);
  if (auto product = value.getDefiningOp<arith::MulIOp>()) {
    addFactors(getAsOpFoldResult(product.getLhs()), constant, factors);
    addFactors(getAsOpFoldResult(product.getRhs()), constant, factors);
    return;
  }
  factors.push_back(value);
}

LogicalResult Lowering::requireSameCount(onnx::NodeOp node,
                                         ArrayRef<OpFoldResult> left,
                                         ArrayRef<OpFoldResult> right) {
  int64_t constants[2] = {1, 1};
  SmallVector<Value> factors[2];
  for (OpFoldResult size : left)
    addFactors(size, constants[0], factors[0]);
  for (OpFoldResult size : right)
    addFactors(size, constants[1], factors[1]);
  SmallVector<Value> rest;
  for (Value factor : factors[0])
    if (auto found = llvm::find(factors[1], factor); found != factors[1].end())
      factors[1].erase(found);
    else
      rest.push_back(factor);
  if (rest.empty() && factors[1].empty() && constants[0] == constants[1])
    return success();
  // Products that overflow may be equal by chance.
  auto total = [&](int64_t known, ArrayRef<Value> values) -> OpFoldResult {
    constexpr int64_t most = int64_t(1) << 62;
    Value product = constant(getIndexType(), known);
    for (Value value : values) {
      Value divisor =
          createOrFold<arith::MaxUIOp>(value, constant(getIndexType(), 1));
      Value limit =
          createOrFold<arith::DivUIOp>(constant(getIndexType(), most), divisor);
      require(node,
              createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ule, product,
                                          limit),
              "a tensor cannot have that many elements");
      product = createOrFold<arith::MulIOp>(product, value);
    }
    return getAsOpFoldResult(product);
  };
  return requireEqual(node, total(constants[0], rest),
                      total(constants[1], factors[1]), "numbers of elements");
}

SmallVector<Value> Lowering::fromFront(ArrayRef<Value> axes, int64_t rank) {
  Value zero = constant(getIndexType(), 0), size = toIndex(getIndexAttr(rank));
  SmallVector<Value> normal;
  for (Value axis : axes) {
    Value at = toIndex(asSize(axis));
    Value negative =
        createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, at, zero);
    at = createOrFold<arith::SelectOp>(
        negative, createOrFold<arith::AddIOp>(at, size), at);
    normal.push_back(at);
  }
  return normal;
}

SmallVector<Value> Lowering::atAxes(ArrayRef<Value> axes,
                                    ArrayRef<Value> values,
                                    ArrayRef<Value> otherwise) {
  SmallVector<Value> normal = fromFront(axes, otherwise.size()), result;
  for (auto [dim, value] : llvm::enumerate(otherwise)) {
    Value found = value, here = constant(getIndexType(), dim);
    for (auto [at, own] : llvm::zip(normal, values))
      found = createOrFold<arith::SelectOp>(
          createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, at, here), own,
          found);
    result.push_back(found);
  }
  return result;
}

SmallVector<Value> Lowering::marksOf(onnx::NodeOp node, ArrayRef<Value> axes,
                                     int64_t rank) {
  SmallVector<Value> marks, normal = fromFront(axes, rank);
  Value zero = constant(getIndexType(), 0), count = zero;
  for (int64_t dim = 0; dim < rank; ++dim) {
    Value mark = constant(getI1Type(), 0), here = constant(getIndexType(), dim);
    for (Value at : normal)
      mark = createOrFold<arith::OrIOp>(
          mark,
          createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, at, here));
    marks.push_back(mark);
    Value one = constant(getIndexType(), 1);
    count = createOrFold<arith::AddIOp>(
        count, createOrFold<arith::SelectOp>(mark, one, zero));
  }
  Value wanted = constant(getIndexType(), axes.size());
  require(node,
          createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, count, wanted),
          "axes must be dimensions, each named once");
  return marks;
}

SmallVector<OpFoldResult> Lowering::without(ArrayRef<OpFoldResult> sizes,
                                            ArrayRef<Value> marks,
                                            int64_t rank) {
  Value zero = constant(getIndexType(), 0), one = constant(getIndexType(), 1);
  SmallVector<OpFoldResult> left;
  for (int64_t dim = 0; dim < rank; ++dim) {
    Value at = constant(getIndexType(), dim), count = zero, found = zero;
    for (auto [size, mark] : llvm::zip(sizes, marks)) {
      Value here =
          createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, count, at);
      Value taken = createOrFold<arith::SelectOp>(here, toIndex(size), found);
      found = createOrFold<arith::SelectOp>(mark, found, taken);
      count = createOrFold<arith::AddIOp>(
          count, createOrFold<arith::SelectOp>(mark, zero, one));
    }
    left.push_back(getAsOpFoldResult(found));
  }
  return left;
}

} // namespace attune
