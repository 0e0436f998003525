// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune {

static Value add(Scalar &b, Value left, Value right) {
  return arith::AddFOp::create(b, left, right);
}
static Value mul(Scalar &b, Value left, Value right) {
  return arith::MulFOp::create(b, left, right);
}
static Value mul(Scalar &b, Value left, double right) {
  return mul(b, left, b.number(left, right));
}
static Value maximum(Scalar &b, Value left, double right) {
  return arith::MaximumFOp::create(b, left, b.number(left, right));
}
static Value minimum(Scalar &b, Value left, double right) {
  return arith::MinimumFOp::create(b, left, b.number(left, right));
}

static Value sigmoidOf(Scalar &b, Value x) {
  Value one = b.number(x, 1);
  Value power = math::ExpOp::create(b, arith::NegFOp::create(b, x));
  return arith::DivFOp::create(b, one, add(b, one, power));
}

static Value sigmoid(Scalar &b, ValueRange x) { return sigmoidOf(b, x[0]); }

static Value swish(Scalar &b, ValueRange x) {
  double alpha = b.node.getFloat("alpha", 1);
  return mul(b, x[0], sigmoidOf(b, mul(b, x[0], alpha)));
}

static Value relu(Scalar &b, ValueRange x) {
  if (isFloat(x[0]))
    return maximum(b, x[0], 0);
  return b.createOrFold<arith::MaxSIOp>(x[0], b.number(x[0], 0));
}

static Value leakyRelu(Scalar &b, ValueRange x) {
  Value slope = mul(b, x[0], b.node.getFloat("alpha", 0.01));
  return arith::SelectOp::create(b, b.less(x[0], b.number(x[0], 0)), slope,
                                 x[0]);
}

static Value pRelu(Scalar &b, ValueRange x) {
  Value slope = isFloat(x[0])
                    ? mul(b, x[0], x[1])
                    : arith::MulIOp::create(b, x[0], x[1]).getResult();
  return arith::SelectOp::create(b, b.less(x[0], b.number(x[0], 0)), slope,
                                 x[0]);
}

static Value thresholdedRelu(Scalar &b, ValueRange x) {
  Value limit = b.number(x[0], b.node.getFloat("alpha", 1));
  return arith::SelectOp::create(b, b.less(limit, x[0]), x[0],
                                 b.number(x[0], 0));
}

/// scale * (x, or alpha * (e^x - 1) below zero)
static Value exponential(Scalar &b, Value x, double alpha, double scale) {
  Value below = mul(b, math::ExpM1Op::create(b, x), alpha);
  Value chosen =
      arith::SelectOp::create(b, b.less(x, b.number(x, 0)), below, x);
  return scale == 1 ? chosen : mul(b, chosen, scale);
}

static Value elu(Scalar &b, ValueRange x) {
  return exponential(b, x[0], b.node.getFloat("alpha", 1), 1);
}

static Value selu(Scalar &b, ValueRange x) {
  return exponential(b, x[0],
                     b.node.getFloat("alpha", 1.67326319217681884765625),
                     b.node.getFloat("gamma", 1.05070102214813232421875));
}

static Value celu(Scalar &b, ValueRange x) {
  double alpha = b.node.getFloat("alpha", 1);
  Value below =
      mul(b, math::ExpM1Op::create(b, mul(b, x[0], 1 / alpha)), alpha);
  return add(b, maximum(b, x[0], 0), minimum(b, below, 0));
}

static Value hardSigmoidOf(Scalar &b, Value x, double alpha, double beta) {
  Value line = add(b, mul(b, x, alpha), b.number(x, beta));
  return maximum(b, minimum(b, line, 1), 0);
}

static Value hardSigmoid(Scalar &b, ValueRange x) {
  return hardSigmoidOf(b, x[0], b.node.getFloat("alpha", 0.2),
                       b.node.getFloat("beta", 0.5));
}

/// Moves what is beyond +-lambd towards 0 by the bias; the rest becomes 0.
static Value shrink(Scalar &b, ValueRange x) {
  Type type = x[0].getType();
  Value value = convertScalar(b, x[0], isFloat(x[0]) ? type : b.getF64Type(),
                              b.isUnsigned, false);
  double lambd = b.node.getFloat("lambd", 0.5);
  Value bias = b.number(value, b.node.getFloat("bias", 0));
  Value below = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, value,
                                      b.number(value, -lambd));
  Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, value,
                                      b.number(value, lambd));
  Value up = arith::AddFOp::create(b, value, bias);
  Value down = arith::SubFOp::create(b, value, bias);
  Value result = arith::SelectOp::create(
      b, below, up,
      arith::SelectOp::create(b, above, down, b.number(value, 0)));
  return convertScalar(b, result, type, false, b.isUnsigned);
}

static Value hardSwish(Scalar &b, ValueRange x) {
  return mul(b, x[0], hardSigmoidOf(b, x[0], 1.0 / 6, 0.5));
}

/// log(1 + e^x), which must not overflow before the logarithm.
static Value softplusOf(Scalar &b, Value x) {
  Value size = math::AbsFOp::create(b, x);
  Value small = math::ExpOp::create(b, arith::NegFOp::create(b, size));
  return add(b, maximum(b, x, 0), math::Log1pOp::create(b, small));
}

static Value softplus(Scalar &b, ValueRange x) { return softplusOf(b, x[0]); }

static Value softsign(Scalar &b, ValueRange x) {
  Value size = math::AbsFOp::create(b, x[0]);
  return arith::DivFOp::create(b, x[0], add(b, size, b.number(size, 1)));
}

static Value mish(Scalar &b, ValueRange x) {
  return mul(b, x[0], math::TanhOp::create(b, softplusOf(b, x[0])));
}

static LogicalResult lowerGelu(onnx::NodeOp node, Lowering &b) {
  StringRef kind = node.getString("approximate", "none");
  if (kind != "none" && kind != "tanh")
    return node.emitNodeError("requires approximate to be 'none' or 'tanh', "
                              "but got '")
           << kind << "'";
  Value input = node.getInputs()[0];
  b.replace(node, attn::GeluOp::create(b, input.getType(), input,
                                       kind == "tanh" ? b.getUnitAttr()
                                                      : UnitAttr()));
  return success();
}

/// Bounds of Clip: attributes before opset 11, then inputs.
static Value clipBetween(Scalar &b, Value x, Value low, Value high) {
  if (isFloat(x)) {
    if (low)
      x = arith::MaximumFOp::create(b, x, low);
    return high ? arith::MinimumFOp::create(b, x, high).getResult() : x;
  }
  auto limit = [&](Value bound, bool wantsLess) {
    Value replaces = wantsLess ? b.less(x, bound) : b.less(bound, x);
    return b.createOrFold<arith::SelectOp>(replaces, bound, x);
  };
  if (low)
    x = limit(low, true);
  return high ? limit(high, false) : x;
}

static LogicalResult lowerClip(onnx::NodeOp node, Lowering &b) {
  SmallVector<Value> inputs = {node.getInputs()[0]};
  bool hasLow = node.hasInput(1), hasHigh = node.hasInput(2);
  for (unsigned bound : {1u, 2u})
    if (node.hasInput(bound))
      inputs.push_back(node.getInput(bound));
  Value result = b.elementwise(
      node, inputs, elementOf(inputs[0]),
      [&](OpBuilder &inner, Location loc, ValueRange x) {
        Scalar s(loc, inner, node);
        Value low = hasLow ? x[1] : Value();
        Value high = hasHigh ? x[hasLow ? 2 : 1] : Value();
        if (node.getVersion() < 11) {
          low = s.number(x[0], node.getFloat("min", -3.402823466e+38));
          high = s.number(x[0], node.getFloat("max", 3.402823466e+38));
        }
        return clipBetween(s, x[0], low, high);
      });
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

void addActivations(LoweringTable &table) {
  table.compute("Acos", floats<unary<math::AcosOp>>);
  table.compute("Acosh", floats<unary<math::AcoshOp>>);
  table.compute("Asin", floats<unary<math::AsinOp>>);
  table.compute("Asinh", floats<unary<math::AsinhOp>>);
  table.compute("Atan", floats<unary<math::AtanOp>>);
  table.compute("Atanh", floats<unary<math::AtanhOp>>);
  table.compute("Ceil", floats<unary<math::CeilOp>>);
  table.compute("Celu", floats<celu>);
  table.compute("Clip", lowerClip);
  table.compute("Cos", floats<unary<math::CosOp>>);
  table.compute("Cosh", floats<unary<math::CoshOp>>);
  table.compute("Elu", floats<elu>);
  table.compute("Erf", floats<unary<math::ErfOp>>);
  table.compute("Exp", floats<unary<math::ExpOp>>);
  table.compute("Floor", floats<unary<math::FloorOp>>);
  table.compute("Gelu", lowerGelu);
  table.compute("HardSigmoid", floats<hardSigmoid>);
  table.compute("HardSwish", floats<hardSwish>);
  table.compute("LeakyRelu", floats<leakyRelu>);
  table.compute("Log", floats<unary<math::LogOp>>);
  table.compute("Mish", floats<mish>);
  table.compute("PRelu", simple<pRelu>);
  table.compute("Relu", simple<relu>);
  table.compute("Round", floats<unary<math::RoundEvenOp>>);
  table.compute("Selu", floats<selu>);
  table.compute("Sigmoid", floats<sigmoid>);
  table.compute("Sin", floats<unary<math::SinOp>>);
  table.compute("Sinh", floats<unary<math::SinhOp>>);
  table.compute("Softplus", floats<softplus>);
  table.compute("Softsign", floats<softsign>);
  table.compute("Sqrt", floats<unary<math::SqrtOp>>);
  table.compute("Swish", floats<swish>);
  table.compute("Shrink", simple<shrink>);
  table.compute("Tan", floats<unary<math::TanOp>>);
  table.compute("Tanh", floats<unary<math::TanhOp>>);
  table.compute("ThresholdedRelu", floats<thresholdedRelu>);
}

} // namespace attune
