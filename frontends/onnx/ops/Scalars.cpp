// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Scalars.h"
#include "frontends/onnx/ops/OldVersions.h"

using namespace mlir;

namespace attune {

using arith::CmpFPredicate, arith::CmpIPredicate;

LogicalResult lowerScalar(onnx::NodeOp node, Lowering &b, ScalarCode code) {
  SmallVector<Value> inputs = alignedInputs(node, b);
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  SmallVector<SmallVector<Value>> scalars;
  if (Lowering::isSmall(type))
    for (Value input : inputs)
      if (std::optional<SmallVector<Value>> found = b.elements(input))
        scalars.push_back(*found);
  if (scalars.size() == inputs.size()) {
    Scalar scalar(b.getLoc(), b, node);
    SmallVector<Value> results;
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      SmallVector<Value> arguments;
      for (SmallVector<Value> &list : scalars)
        arguments.push_back(list[list.size() == 1 ? 0 : i]);
      results.push_back(code(scalar, arguments));
    }
    b.replace(node, b.fromElements(type, results));
    return success();
  }
  Value result =
      b.elementwise(node, inputs, type.getElementType(),
                    [&](OpBuilder &inner, Location loc, ValueRange arguments) {
                      Scalar scalar(loc, inner, node);
                      return code(scalar, arguments.drop_back());
                    });
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

Value Scalar::number(Value like, double value) {
  Type type = like.getType();
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(*this, getFloatAttr(type, value));
  return arith::ConstantOp::create(
      *this, getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value Scalar::compare(CmpFPredicate onFloats, CmpIPredicate onSigned,
                      CmpIPredicate onUnsigned, Value left, Value right) {
  if (isFloat(left))
    return createOrFold<arith::CmpFOp>(onFloats, left, right);
  return createOrFold<arith::CmpIOp>(isUnsigned ? onUnsigned : onSigned, left,
                                     right);
}

Value Scalar::less(Value left, Value right) {
  return compare(CmpFPredicate::OLT, CmpIPredicate::slt, CmpIPredicate::ult,
                 left, right);
}

Value selectByIndex(ImplicitLocOpBuilder &b, int64_t dim, ValueRange values) {
  Value chosen = values.back();
  if (values.size() == 1)
    return chosen;
  Value position = linalg::IndexOp::create(b, dim);
  for (size_t i = values.size() - 1; i-- > 0;) {
    Value here = arith::CmpIOp::create(
        b, CmpIPredicate::eq, position,
        arith::ConstantIndexOp::create(b, static_cast<int64_t>(i)));
    chosen = arith::SelectOp::create(b, here, values[i], chosen);
  }
  return chosen;
}

Value wrapIndex(ImplicitLocOpBuilder &b, Value index, Value size) {
  if (!index.getType().isIndex())
    index = arith::IndexCastOp::create(b, b.getIndexType(), index);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value negative = arith::CmpIOp::create(b, CmpIPredicate::slt, index, zero);
  Value wrapped = arith::AddIOp::create(b, index, size);
  return arith::SelectOp::create(b, negative, wrapped, index);
}

} // namespace attune
