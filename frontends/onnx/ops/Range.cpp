// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attune {

using arith::CmpIPredicate;

/// How many steps lie between two integers; the run ends if none leads there.
static OpFoldResult integerSteps(onnx::NodeOp node, Lowering &b,
                                 ArrayRef<Value> bounds) {
  // From 0 to a size is that size: the same value, so that nothing is checked.
  auto cast = bounds[1].getDefiningOp<arith::IndexCastOp>();
  if (cast && cast.getIn().getDefiningOp<tensor::DimOp>() &&
      isConstantIntValue(bounds[0], 0) && isConstantIntValue(bounds[2], 1))
    return cast.getIn();
  // Differences of narrow integers need more bits than they have.
  Type wide = b.getI64Type();
  SmallVector<Value> x = llvm::map_to_vector(bounds, [&](Value bound) {
    return convertScalar(b, bound, wide, false, false);
  });
  Value zero = b.constant(wide, 0);
  auto compare = [&](CmpIPredicate predicate, Value left, Value right) {
    return b.createOrFold<arith::CmpIOp>(predicate, left, right);
  };
  Value difference = b.createOrFold<arith::SubIOp>(x[1], x[0]);
  b.require(node, compare(CmpIPredicate::ne, x[2], zero),
            "the delta must not be 0");
  if (!isConstantIntValue(x[0], 0)) {
    Value fits = compare(CmpIPredicate::eq,
                         compare(CmpIPredicate::slt, difference, zero),
                         compare(CmpIPredicate::slt, x[1], x[0]));
    b.require(node, fits, "the bounds and the delta do not make a range");
  }
  // The least integer has no opposite, if the delta is -1; no memory holds so
  // many elements.
  if (getConstantIntValue(x[2]).value_or(-1) == -1)
    difference = b.createOrFold<arith::MaxSIOp>(
        difference, arith::ConstantIntOp::create(b, wide, -INT64_MAX));
  Value count = b.createOrFold<arith::CeilDivSIOp>(difference, x[2]);
  return b.asSize(b.createOrFold<arith::MaxSIOp>(count, zero));
}

static std::optional<double> floatConstant(Value value) {
  FloatAttr attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  return attribute.getValueAsDouble();
}

/// More steps than any memory has elements.
static constexpr double mostSteps = 1e15;

/// The number of steps between floats; the run ends if there is none.
static OpFoldResult floatSteps(onnx::NodeOp node, Lowering &b,
                               ArrayRef<Value> bounds) {
  Type wide = b.getF64Type();
  SmallVector<Value> x = llvm::map_to_vector(bounds, [&](Value bound) {
    return convertScalar(b, bound, wide, false, false);
  });
  Value steps = math::CeilOp::create(
      b, arith::DivFOp::create(b, arith::SubFOp::create(b, x[1], x[0]), x[2]));
  // NaN compares as false: no number, or a delta of 0.
  b.require(node,
            arith::CmpFOp::create(b, arith::CmpFPredicate::OLT,
                                  math::AbsFOp::create(b, steps),
                                  b.constant(wide, mostSteps)),
            "the bounds and the delta do not make a range");
  Value count = arith::FPToSIOp::create(b, b.getI64Type(), steps);
  return b.asSize(
      arith::MaxSIOp::create(b, count, b.constant(b.getI64Type(), 0)));
}

/// The number of elements, or an error.
static FailureOr<OpFoldResult> countOf(onnx::NodeOp node, Lowering &b,
                                       ArrayRef<Value> bounds) {
  if (!isFloat(bounds[0])) {
    if (!isConstantIntValue(bounds[2], 0))
      return integerSteps(node, b, bounds);
    node.emitNodeError("requires a delta other than 0");
    return failure();
  }
  std::optional<double> x[3];
  for (auto [value, bound] : llvm::zip(x, bounds))
    value = floatConstant(bound);
  if (!x[0] || !x[1] || !x[2])
    return floatSteps(node, b, bounds);
  double steps = std::ceil((*x[1] - *x[0]) / *x[2]);
  if (!(std::abs(steps) < mostSteps)) {
    node.emitNodeError("requires bounds and a delta that make a range");
    return failure();
  }
  return OpFoldResult(
      b.getIndexAttr(std::max<int64_t>(0, static_cast<int64_t>(steps))));
}

static LogicalResult lowerRange(onnx::NodeOp node, Lowering &b) {
  SmallVector<Value> bounds;
  bool isRead = false;
  for (Value input : node.getInputs()) {
    isRead |= !b.elements(input);
    bounds.push_back(b.scalar(node, input));
  }
  // 16 bits are too few to compute in.
  Type element = bounds[0].getType(), wide = element;
  if (isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32) {
    if (failed(checkPrecision(node)))
      return failure();
    wide = b.getF32Type();
  }
  for (Value &bound : bounds)
    bound = convertScalar(b, bound, wide, false, false);
  FailureOr<OpFoldResult> count = countOf(node, b, bounds);
  if (failed(count))
    return failure();
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  std::optional<int64_t> known = getConstantIntValue(*count);
  auto at = [&](ImplicitLocOpBuilder &b, Value index) -> Value {
    Value integer = b.createOrFold<arith::IndexCastOp>(b.getI64Type(), index);
    if (isa<FloatType>(element)) {
      Value step = convertScalar(b, integer, wide, false, false);
      Value sum = arith::AddFOp::create(
          b, bounds[0], arith::MulFOp::create(b, step, bounds[2]));
      return convertScalar(b, sum, element, false, false);
    }
    Value step = convertScalar(b, integer, element, false, false);
    return b.createOrFold<arith::AddIOp>(
        bounds[0], b.createOrFold<arith::MulIOp>(step, bounds[2]));
  };
  if (known && *known <= 32 && !isa<FloatType>(element)) {
    SmallVector<Value> all;
    for (int64_t i = 0; i < *known; ++i)
      all.push_back(at(b, b.constant(b.getIndexType(), i)));
    b.replace(node,
              b.fromElements(RankedTensorType::get({*known}, element), all));
    return success();
  }
  SmallVector<OpFoldResult> sizes = {*count};
  if (!isRead && !type.isDynamicDim(0))
    sizes = {b.getIndexAttr(type.getDimSize(0))};
  b.replace(node, b.compute(sizes, element,
                            [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
                              return at(b, ivs[0]);
                            }));
  return success();
}

void addRange(LoweringTable &table) { table.move("Range", lowerRange); }

} // namespace attune
