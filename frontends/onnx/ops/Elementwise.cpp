// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune {

static Type elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

using ScalarCode = Value (*)(ImplicitLocOpBuilder &, ValueRange);

/// Runs scalar code on every element, or, where sizes are computed, on the few
/// elements that are known one by one.
static LogicalResult lower(onnx::NodeOp node, Lowering &b, ScalarCode code) {
  SmallVector<Value> inputs(node.getInputs());
  auto type = cast<RankedTensorType>(node.getOutputs()[0].getType());
  SmallVector<SmallVector<Value>> scalars;
  if (Lowering::isSmall(type))
    for (Value input : inputs)
      if (std::optional<SmallVector<Value>> found = b.elements(input))
        scalars.push_back(*found);
  if (scalars.size() == inputs.size()) {
    SmallVector<Value> results;
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      SmallVector<Value> arguments;
      for (SmallVector<Value> &list : scalars)
        arguments.push_back(list[list.size() == 1 ? 0 : i]);
      results.push_back(code(b, arguments));
    }
    b.replace(node, b.fromElements(type, results));
    return success();
  }
  Value result = b.elementwise(
      node, inputs, type.getElementType(),
      [&](OpBuilder &inner, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder scalar(loc, inner);
        return code(scalar, arguments.drop_back());
      });
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

static bool isFloat(ValueRange arguments) {
  return isa<FloatType>(arguments.front().getType());
}

static Value constantLike(ImplicitLocOpBuilder &b, Value like, double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(like.getType(), value));
}

/// Folds the operands from the left: some operators take more than two.
template <typename FloatOp, typename IntOp>
static Value binary(ImplicitLocOpBuilder &b, ValueRange x) {
  Value result = x.front();
  for (Value next : x.drop_front())
    result = isFloat(x) ? b.createOrFold<FloatOp>(result, next)
                        : b.createOrFold<IntOp>(result, next);
  return result;
}

template <typename Op> static Value unary(ImplicitLocOpBuilder &b, ValueRange x) {
  return Op::create(b, x[0]);
}

template <arith::CmpFPredicate onFloats, arith::CmpIPredicate onIntegers>
static Value compare(ImplicitLocOpBuilder &b, ValueRange x) {
  if (isFloat(x))
    return b.createOrFold<arith::CmpFOp>(onFloats, x[0], x[1]);
  return b.createOrFold<arith::CmpIOp>(onIntegers, x[0], x[1]);
}

static Value negate(ImplicitLocOpBuilder &b, ValueRange x) {
  if (isFloat(x))
    return arith::NegFOp::create(b, x[0]);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(x[0].getType()));
  return b.createOrFold<arith::SubIOp>(zero, x[0]);
}

static Value invert(ImplicitLocOpBuilder &b, ValueRange x) {
  Value one = arith::ConstantOp::create(b, b.getIntegerAttr(x[0].getType(), 1));
  return b.createOrFold<arith::XOrIOp>(x[0], one);
}

static Value reciprocal(ImplicitLocOpBuilder &b, ValueRange x) {
  return arith::DivFOp::create(b, constantLike(b, x[0], 1.0), x[0]);
}

static Value sigmoid(ImplicitLocOpBuilder &b, ValueRange x) {
  Value one = constantLike(b, x[0], 1.0);
  Value power = math::ExpOp::create(b, arith::NegFOp::create(b, x[0]));
  return arith::DivFOp::create(b, one, arith::AddFOp::create(b, one, power));
}

static Value relu(ImplicitLocOpBuilder &b, ValueRange x) {
  if (isFloat(x))
    return arith::MaximumFOp::create(b, x[0], constantLike(b, x[0], 0.0));
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(x[0].getType()));
  return arith::MaxSIOp::create(b, x[0], zero);
}

static Value select(ImplicitLocOpBuilder &b, ValueRange x) {
  return b.createOrFold<arith::SelectOp>(x[0], x[1], x[2]);
}

/// x^y: small constant exponents are products and roots.
static LogicalResult lowerPow(onnx::NodeOp node, Lowering &b) {
  if (!isa<FloatType>(elementOf(node.getInputs()[0])) ||
      elementOf(node.getInputs()[0]) != elementOf(node.getInputs()[1]))
    return node.emitNodeError("is supported on operands of one float type");
  return lower(node, b, [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
    FloatAttr exponent;
    if (matchPattern(x[1], m_Constant(&exponent))) {
      double value = exponent.getValueAsDouble();
      if (value == 2.0)
        return arith::MulFOp::create(b, x[0], x[0]);
      if (value == 0.5)
        return math::SqrtOp::create(b, x[0]);
    }
    return math::PowFOp::create(b, x[0], x[1]);
  });
}

static Value convert(ImplicitLocOpBuilder &b, Value x, Type to) {
  Type from = x.getType();
  if (from == to)
    return x;
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(to);
  if (to.isInteger(1)) {
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(from));
    if (fromFloat)
      return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, x, zero);
    return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ne, x, zero);
  }
  if (fromFloat && toFloat) {
    if (to.getIntOrFloatBitWidth() > from.getIntOrFloatBitWidth())
      return arith::ExtFOp::create(b, to, x);
    return arith::TruncFOp::create(b, to, x);
  }
  if (fromFloat)
    return arith::FPToSIOp::create(b, to, x);
  if (toFloat) {
    if (from.isInteger(1))
      return arith::UIToFPOp::create(b, to, x);
    return b.createOrFold<arith::SIToFPOp>(to, x);
  }
  if (from.isInteger(1))
    return arith::ExtUIOp::create(b, to, x);
  if (to.getIntOrFloatBitWidth() > from.getIntOrFloatBitWidth())
    return b.createOrFold<arith::ExtSIOp>(to, x);
  return b.createOrFold<arith::TruncIOp>(to, x);
}

static LogicalResult lowerCast(onnx::NodeOp node, Lowering &b) {
  auto type = cast<RankedTensorType>(node.getOutputs()[0].getType());
  Value input = node.getInputs()[0];
  Type to = type.getElementType();
  if (std::optional<SmallVector<Value>> known = b.elements(input);
      known && Lowering::isSmall(type)) {
    for (Value &value : *known)
      value = convert(b, value, to);
    b.replace(node, b.fromElements(type, *known));
    return success();
  }
  Value result = b.elementwise(
      node, input, to, [&](OpBuilder &inner, Location loc, ValueRange x) {
        ImplicitLocOpBuilder scalar(loc, inner);
        return convert(scalar, x[0], to);
      });
  b.replace(node, result);
  return success();
}

/// x where x > 0, else alpha * (e^x - 1).
static LogicalResult lowerElu(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  Type element = elementOf(input);
  double alpha = node.getFloat("alpha", 1);
  b.replace(node, b.elementwise(
                      node, input, element,
                      [&](OpBuilder &inner, Location loc, ValueRange x) {
                        ImplicitLocOpBuilder scalar(loc, inner);
                        Value zero = constantLike(scalar, x[0], 0);
                        Value positive = arith::CmpFOp::create(
                            scalar, arith::CmpFPredicate::OGT, x[0], zero);
                        Value low = arith::MulFOp::create(
                            scalar, constantLike(scalar, x[0], alpha),
                            math::ExpM1Op::create(scalar, x[0]));
                        return scalar.createOrFold<arith::SelectOp>(positive,
                                                                    x[0], low);
                      }));
  return success();
}

/// Clip(x, min?, max?) since opset 11.
static LogicalResult lowerClip(onnx::NodeOp node, Lowering &b) {
  if (node.getVersion() < 11)
    return node.emitNodeError("bounds as attributes (before opset 11) are not "
                              "supported; convert the model to opset 11");
  Value value = node.getInputs()[0];
  Type element = elementOf(value);
  if (!isa<FloatType>(element))
    return node.emitNodeError("is supported on floats only");
  for (unsigned bound : {1u, 2u}) {
    if (!node.hasInput(bound))
      continue;
    value = b.elementwise(
        node, {value, node.getInput(bound)}, element,
        [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
          if (bound == 1)
            return arith::MaximumFOp::create(inner, loc, x[0], x[1]);
          return arith::MinimumFOp::create(inner, loc, x[0], x[1]);
        });
    if (!value)
      return failure();
  }
  b.replace(node, value);
  return success();
}

template <ScalarCode code>
static LogicalResult simple(onnx::NodeOp node, Lowering &b) {
  return lower(node, b, code);
}

/// An operator that has no meaning here for integers.
template <ScalarCode code>
static LogicalResult floats(onnx::NodeOp node, Lowering &b) {
  if (!isa<FloatType>(elementOf(node.getInputs()[0])))
    return node.emitNodeError("is supported on floats only");
  return lower(node, b, code);
}

void addElementwise(LoweringTable &table) {
  using arith::CmpFPredicate, arith::CmpIPredicate;
  table["Add"] = simple<binary<arith::AddFOp, arith::AddIOp>>;
  table["Sub"] = simple<binary<arith::SubFOp, arith::SubIOp>>;
  table["Mul"] = simple<binary<arith::MulFOp, arith::MulIOp>>;
  table["Div"] = simple<binary<arith::DivFOp, arith::DivSIOp>>;
  table["Max"] = simple<binary<arith::MaximumFOp, arith::MaxSIOp>>;
  table["Min"] = simple<binary<arith::MinimumFOp, arith::MinSIOp>>;
  table["And"] = simple<binary<arith::AddFOp, arith::AndIOp>>;
  table["Or"] = simple<binary<arith::AddFOp, arith::OrIOp>>;
  table["Equal"] = simple<compare<CmpFPredicate::OEQ, CmpIPredicate::eq>>;
  table["Greater"] = simple<compare<CmpFPredicate::OGT, CmpIPredicate::sgt>>;
  table["Less"] = simple<compare<CmpFPredicate::OLT, CmpIPredicate::slt>>;
  table["GreaterOrEqual"] =
      simple<compare<CmpFPredicate::OGE, CmpIPredicate::sge>>;
  table["LessOrEqual"] =
      simple<compare<CmpFPredicate::OLE, CmpIPredicate::sle>>;
  table["Neg"] = simple<negate>;
  table["Not"] = simple<invert>;
  table["Relu"] = simple<relu>;
  table["Where"] = simple<select>;
  table["Abs"] = floats<unary<math::AbsFOp>>;
  table["Cos"] = floats<unary<math::CosOp>>;
  table["Erf"] = floats<unary<math::ErfOp>>;
  table["Exp"] = floats<unary<math::ExpOp>>;
  table["Log"] = floats<unary<math::LogOp>>;
  table["Reciprocal"] = floats<reciprocal>;
  table["Sigmoid"] = floats<sigmoid>;
  table["Sin"] = floats<unary<math::SinOp>>;
  table["Sqrt"] = floats<unary<math::SqrtOp>>;
  table["Tanh"] = floats<unary<math::TanhOp>>;
  table["Cast"] = lowerCast;
  table["Clip"] = lowerClip;
  table["Elu"] = lowerElu;
  table["Pow"] = lowerPow;
}

} // namespace attune
