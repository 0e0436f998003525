// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Elementwise.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Polynomials.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune::attn {

static Stand standOf(PolyOp op) {
  Stand stand{op.getFunction()};
  if (std::optional<ArrayRef<double>> range = op.getRange()) {
    stand.low = range->front();
    stand.high = range->back();
    stand.effort = op.getEffort();
  }
  return stand;
}

LogicalResult PolyOp::verify() {
  Stand stand{getFunction()};
  StringRef name = stringifyPolyFunction(getFunction());
  // C1
  if (getRange().has_value() != (getSteps() || getDegree()) ||
      (getSteps() && getDegree()))
    return emitOpError("requires 'range' and one of 'steps' and 'degree', or "
                       "none of them");
  if (!getRange())
    return success();
  // C2
  if (stand.isIterated() != getSteps().has_value())
    return emitOpError("requires '")
           << (stand.isIterated() ? "steps" : "degree") << "' for '" << name
           << "'";
  // C3
  if (getRange()->size() != 2)
    return emitOpError("requires a range of two numbers, but got ")
           << getRange()->size();
  std::string fault = standOf(*this).rangeFault();
  if (!fault.empty())
    return emitOpError(fault);
  // C4
  int64_t most = stand.isIterated() ? maxSteps : maxDegree;
  if (getEffort() < 1 || getEffort() > most)
    return emitOpError("requires '")
           << (stand.isIterated() ? "steps" : "degree") << "' from 1 to "
           << most << ", but got " << getEffort();
  return success();
}

LogicalResult PolyOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}

//===-- The function ------------------------------------------------------===//

namespace {
/// Writes arithmetic on a number.
struct Number : ImplicitLocOpBuilder {
  Number(ImplicitLocOpBuilder &b, Value like)
      : ImplicitLocOpBuilder(b), type(like.getType()) {}
  Value number(double value) {
    return arith::ConstantOp::create(*this, getFloatAttr(type, value));
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(*this, x, y); }
  Value subtract(Value x, Value y) {
    return arith::SubFOp::create(*this, x, y);
  }
  Value multiply(Value x, Value y) {
    return arith::MulFOp::create(*this, x, y);
  }
  Value multiply(Value x, double y) { return multiply(x, number(y)); }
  Value inverse(Value x) { return arith::DivFOp::create(*this, number(1), x); }
  Value sigmoid(Value x) {
    Value power = math::ExpOp::create(*this, arith::NegFOp::create(*this, x));
    return inverse(add(number(1), power));
  }
  Value softplus(Value x) {
    Value size = math::AbsFOp::create(*this, x);
    Value small =
        math::ExpOp::create(*this, arith::NegFOp::create(*this, size));
    return add(arith::MaximumFOp::create(*this, x, number(0)),
               math::Log1pOp::create(*this, small));
  }
  /// x/2 (1 + `bent`)
  Value gelu(Value x, Value bent) {
    return multiply(multiply(x, 0.5), add(bent, number(1)));
  }

  Type type;
};
} // namespace

static Value emitFunction(ImplicitLocOpBuilder &builder, PolyFunction function,
                          Value x) {
  Number b(builder, x);
  switch (function) {
  case PolyFunction::inverse:
    return b.inverse(x);
  case PolyFunction::inverse_sqrt:
    return b.inverse(math::SqrtOp::create(b, x));
  case PolyFunction::exp:
    return math::ExpOp::create(b, x);
  case PolyFunction::erf:
    return math::ErfOp::create(b, x);
  case PolyFunction::tanh:
    return math::TanhOp::create(b, x);
  case PolyFunction::sigmoid:
    return b.sigmoid(x);
  case PolyFunction::silu:
    return b.multiply(x, b.sigmoid(x));
  case PolyFunction::gelu:
    return b.gelu(x,
                  math::ErfOp::create(b, b.multiply(x, 0.70710678118654752)));
  case PolyFunction::gelu_tanh: {
    Value cube = b.multiply(b.multiply(x, x), x);
    Value inner = b.add(x, b.multiply(cube, 0.044715));
    return b.gelu(
        x, math::TanhOp::create(b, b.multiply(inner, 0.79788456080286536)));
  }
  case PolyFunction::softplus:
    return b.softplus(x);
  case PolyFunction::mish:
    return b.multiply(x, math::TanhOp::create(b, b.softplus(x)));
  }
  llvm_unreachable("a function without code");
}

//===-- The polynomial ----------------------------------------------------===//

static Value emitInverse(Number &b, const Stand &stand, Value x) {
  Value y = b.number(2 / (stand.low + stand.high)), one = b.number(1);
  for (int64_t step = 0; step < stand.effort; ++step) {
    // The square of the error before; computed so, it sees what rounding does.
    Value error = b.subtract(one, b.multiply(x, y));
    y = b.add(y, b.multiply(y, error));
  }
  return y;
}

static Value emitInverseRoot(Number &b, const Stand &stand, Value x) {
  Value y = b.number(1 / std::sqrt(stand.high));
  for (int64_t step = 0; step < stand.effort; ++step) {
    Value cubic = b.multiply(b.multiply(x, y), b.multiply(y, y));
    y = b.subtract(b.multiply(y, 1.5), b.multiply(cubic, 0.5));
  }
  return y;
}

static Value emitClenshaw(Number &b, const Stand &stand, Value x) {
  SmallVector<double> coefficients = stand.coefficients();
  double width = stand.high - stand.low;
  Value t = b.add(b.multiply(x, 2 / width),
                  b.number(-(stand.low + stand.high) / width));
  Value twice = b.add(t, t);
  Value next = b.number(coefficients.back()), afterNext;
  auto step = [&](double coefficient, Value factor) {
    Value sum = b.add(b.number(coefficient), b.multiply(factor, next));
    return afterNext ? b.subtract(sum, afterNext) : sum;
  };
  for (int64_t k = stand.effort - 1; k > 0; --k) {
    Value now = step(coefficients[k], twice);
    afterNext = next;
    next = now;
  }
  return step(coefficients.front(), t);
}

LogicalResult PolyOp::decompose(RewriterBase &rewriter) {
  auto type = cast<RankedTensorType>(getType());
  Elementwise code(rewriter, getLoc(), type.getElementType());
  Stand stand = standOf(*this);
  auto body = [&](ImplicitLocOpBuilder &builder, ValueRange x) -> Value {
    if (!getRange())
      return emitFunction(builder, getFunction(), x[0]);
    Number b(builder, x[0]);
    if (getFunction() == PolyFunction::inverse)
      return emitInverse(b, stand, x[0]);
    if (getFunction() == PolyFunction::inverse_sqrt)
      return emitInverseRoot(b, stand, x[0]);
    return emitClenshaw(b, stand, x[0]);
  };
  AffineMap identity = rewriter.getMultiDimIdentityMap(type.getRank());
  rewriter.replaceOp(*this, code.map({getInput()}, {identity, identity},
                                     type.getElementType(), body));
  return success();
}

Cost PolyOp::getCost(int64_t size) {
  // A function is a polynomial, too, and a few steps around it.
  double each = 20;
  auto effort = static_cast<double>(getEffort());
  if (getFunction() == PolyFunction::inverse && getRange())
    each = 4 * effort;
  else if (getFunction() == PolyFunction::inverse_sqrt && getRange())
    each = 6 * effort;
  else if (getRange())
    each = 3 * effort + 2;
  double bytes = bytesOf({getInput()}, size);
  auto type = cast<RankedTensorType>(getType());
  return {each * 8 * bytes / type.getElementTypeBitWidth(), 2 * bytes};
}

} // namespace attune::attn
