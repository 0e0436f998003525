// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune {

/// Axes that are read from a tensor: `input` gets two dimensions for each of
/// its own, and either the first or the second of them has size 1. The second
/// ones are then what is reduced.
static FailureOr<Axes> splitAxes(onnx::NodeOp node, Lowering &b, Value &input,
                                 SmallVectorImpl<Value> &marks) {
  std::optional<SmallVector<Value>> listed = b.listed(node.getInput(1));
  if (!listed) {
    node.emitNodeError("requires a known number of axes");
    return failure();
  }
  Value one = b.constant(b.getIndexType(), 1);
  SmallVector<OpFoldResult> sizes;
  Axes axes;
  marks = b.marksOf(node, *listed, typeOf(input).getRank());
  for (auto [dim, mark] : llvm::enumerate(marks)) {
    Value size = b.toIndex(b.size(input, dim));
    sizes.push_back(
        getAsOpFoldResult(b.createOrFold<arith::SelectOp>(mark, one, size)));
    sizes.push_back(
        getAsOpFoldResult(b.createOrFold<arith::SelectOp>(mark, size, one)));
    axes.push_back(2 * dim + 1);
  }
  input = b.reshape(input, sizes);
  return axes;
}

/// Whether the axes are known at run time only.
static bool readsAxes(onnx::NodeOp node, Lowering &b) {
  if (!node.hasInput(1) || b.integers(node.getInput(1)))
    return false;
  RankedTensorType type = typeOf(node.getInput(1));
  return !type.hasStaticShape() || type.getNumElements() > 0;
}

static FailureOr<Axes> axesOf(onnx::NodeOp node, Lowering &b, int64_t rank) {
  std::optional<Axes> axes = node.getInts("axes");
  if (node.hasInput(1)) {
    // Axes that are no constant were split off, but for none at all.
    axes = b.integers(node.getInput(1)).value_or(Axes());
  }
  if (!axes || axes->empty()) {
    if (node.getInt("noop_with_empty_axes", 0) != 0)
      return Axes();
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  }
  for (int64_t &axis : *axes)
    axis = fromEnd(axis, rank);
  return *axes;
}

namespace {
enum class Kind {
  mean,
  sum,
  product,
  max,
  min,
  l1,
  l2,
  sumSquare,
  logSum,
  logSumExp
};
} // namespace

/// The first or last value of a type, where maxima or minima start.
static Value extreme(Lowering &b, Type element, bool lowest, bool isUnsigned) {
  if (auto type = dyn_cast<FloatType>(element))
    return arith::ConstantOp::create(
        b, b.getFloatAttr(type,
                          APFloat::getInf(type.getFloatSemantics(), lowest)));
  unsigned width = element.getIntOrFloatBitWidth();
  APInt value;
  if (isUnsigned || width == 1)
    value = lowest ? APInt::getZero(width) : APInt::getAllOnes(width);
  else
    value = lowest ? APInt::getSignedMinValue(width)
                   : APInt::getSignedMaxValue(width);
  return arith::ConstantOp::create(b, b.getIntegerAttr(element, value));
}

static Value reduceExtreme(onnx::NodeOp node, Lowering &b, Value input,
                           const Axes &axes, bool wantsMax) {
  bool isUnsigned = isUnsignedInput(node) || elementOf(input).isInteger(1);
  Value start = extreme(b, elementOf(input), wantsMax, isUnsigned);
  return reduce(
      b, input, axes, start,
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        if (isFloat(x[0]))
          return wantsMax ? arith::MaximumFOp::create(inner, loc, x[1], x[0])
                                .getResult()
                          : arith::MinimumFOp::create(inner, loc, x[1], x[0])
                                .getResult();
        Scalar scalar(loc, inner, node);
        scalar.isUnsigned = isUnsigned;
        Value less = scalar.less(x[1], x[0]);
        return arith::SelectOp::create(inner, loc, less, x[wantsMax ? 0 : 1],
                                       x[wantsMax ? 1 : 0]);
      });
}

static Value product(Lowering &b, Value input, const Axes &axes) {
  return reduce(b, input, axes, b.constant(elementOf(input), 1),
                [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                  if (isFloat(x[0]))
                    return arith::MulFOp::create(b, loc, x[1], x[0]);
                  return arith::MulIOp::create(b, loc, x[1], x[0]);
                });
}

static Value absolute(onnx::NodeOp node, Lowering &b, Value input) {
  return mapped(b, input,
                [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
                  if (isFloat(x[0]))
                    return math::AbsFOp::create(b, loc, x[0]);
                  if (isUnsignedInput(node))
                    return x[0];
                  return math::AbsIOp::create(b, loc, x[0]);
                });
}

template <typename Op> static Value applyFloat(Lowering &b, Value input) {
  return mapped(b, input,
                [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                  return Op::create(b, loc, x[0]);
                });
}

/// log(sum(e^x)), with the largest x taken out so that nothing overflows. An
/// infinite largest x is not.
static Value logSumExp(Lowering &b, Value input, const Axes &axes) {
  Type element = elementOf(input);
  Value highest = maximum(b, input, axes);
  highest = mapped(b, highest, [&](OpBuilder &b, Location loc, ValueRange x) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
    Value infinity = arith::ConstantOp::create(
        b, loc,
        b.getFloatAttr(element, std::numeric_limits<double>::infinity()));
    Value isInfinite =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ,
                              math::AbsFOp::create(b, loc, x[0]), infinity);
    return arith::SelectOp::create(b, loc, isInfinite, zero, x[0]).getResult();
  });
  Value powers =
      combine(b, input, highest, axes,
              [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                return math::ExpOp::create(
                    b, loc, arith::SubFOp::create(b, loc, x[0], x[1]));
              });
  Value logs = applyFloat<math::LogOp>(b, sum(b, powers, axes));
  return combine(b, logs, highest, {},
                 [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                   return arith::AddFOp::create(b, loc, x[0], x[1]);
                 });
}

template <Kind kind>
static Value reduceBy(onnx::NodeOp node, Lowering &b, Value input,
                      const Axes &axes) {
  if constexpr (kind == Kind::max || kind == Kind::min)
    return reduceExtreme(node, b, input, axes, kind == Kind::max);
  if constexpr (kind == Kind::mean)
    return divide(b, sum(b, input, axes), countOf(b, input, axes));
  if constexpr (kind == Kind::product)
    return product(b, input, axes);
  if constexpr (kind == Kind::l1)
    return sum(b, absolute(node, b, input), axes);
  if constexpr (kind == Kind::l2)
    return applyFloat<math::SqrtOp>(b, sumOfSquares(b, input, axes));
  if constexpr (kind == Kind::sumSquare)
    return sumOfSquares(b, input, axes);
  if constexpr (kind == Kind::logSum)
    return applyFloat<math::LogOp>(b, sum(b, input, axes));
  if constexpr (kind == Kind::logSumExp)
    return logSumExp(b, input, axes);
  return sum(b, input, axes);
}

/// Whether the kind needs a float in between, whatever goes in.
static constexpr bool needsFloat(Kind kind) {
  return kind == Kind::l2 || kind == Kind::logSum || kind == Kind::logSumExp ||
         kind == Kind::mean;
}

template <Kind kind>
static LogicalResult lowerReduction(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank();
  bool isRead = readsAxes(node, b);
  SmallVector<Value> marks;
  FailureOr<Axes> axes =
      isRead ? splitAxes(node, b, input, marks) : axesOf(node, b, rank);
  if (failed(axes))
    return failure();
  Type element = elementOf(input);
  bool throughFloat = needsFloat(kind) && !isa<FloatType>(element);
  auto convert = [&](Value tensor, Type to) {
    return b.elementwise(
        node, tensor, to, [&](OpBuilder &inner, Location loc, ValueRange x) {
          ImplicitLocOpBuilder scalar(loc, inner);
          bool isUnsigned = isUnsignedInput(node);
          return convertScalar(scalar, x[0], to, isUnsigned, isUnsigned);
        });
  };
  if (throughFloat)
    input = convert(input, b.getF64Type());
  Value result = reduceBy<kind>(node, b, input, *axes);
  if (throughFloat)
    result = convert(result, element);
  bool keeps = node.getInt("keepdims", 1) != 0;
  if (isRead && !keeps) {
    SmallVector<OpFoldResult> whole = b.sizes(result);
    SmallVector<OpFoldResult> left =
        b.without(whole, marks, typeOf(node.getOutputs()[0]).getRank());
    if (failed(b.requireSameCount(node, whole, left)))
      return failure();
    result = b.reshape(result, left);
  } else if (!isRead && keeps && !axes->empty()) {
    result = keepDims(b, result, *axes, rank);
  }
  b.replace(node, result);
  return success();
}

void addReductions(LoweringTable &table) {
  table.compute("ReduceL1", lowerReduction<Kind::l1>);
  table.compute("ReduceL2", lowerReduction<Kind::l2>);
  table.compute("ReduceLogSum", lowerReduction<Kind::logSum>);
  table.compute("ReduceLogSumExp", lowerReduction<Kind::logSumExp>);
  table.compute("ReduceMax", lowerReduction<Kind::max>);
  table.compute("ReduceMean", lowerReduction<Kind::mean>);
  table.compute("ReduceMin", lowerReduction<Kind::min>);
  table.compute("ReduceProd", lowerReduction<Kind::product>);
  table.compute("ReduceSum", lowerReduction<Kind::sum>);
  table.compute("ReduceSumSquare", lowerReduction<Kind::sumSquare>);
}

} // namespace attune
