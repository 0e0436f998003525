// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

namespace {
/// The loss of log-probabilities [batch, classes, d1..] for labels
/// [batch, d1..]: minus the weighted one of the label.
class LossLowering {
public:
  LossLowering(onnx::NodeOp node, Lowering &b)
      : node(node), b(b), labels(node.getInputs()[1]),
        weights(node.getInput(2)), ignored(dyn_cast_or_null<IntegerAttr>(
                                       node.getNodeAttr("ignore_index"))) {}

  /// Replaces the node's first output.
  LogicalResult lower(Value logProbabilities);

private:
  LogicalResult checkSizes(Value logProbabilities);
  void checkLabels();
  Value isIgnored(ImplicitLocOpBuilder &b, Value label);
  Value weightsOfLabels(Type element);
  Value losses(Value logProbabilities, Value factors);

  onnx::NodeOp node;
  Lowering &b;
  Value labels, weights;
  IntegerAttr ignored;
  OpFoldResult classes;
};
} // namespace

LogicalResult LossLowering::checkSizes(Value logProbabilities) {
  int64_t rank = typeOf(logProbabilities).getRank();
  if (rank < 2 || typeOf(labels).getRank() != rank - 1)
    return node.emitNodeError("requires labels of one dimension less than the "
                              "scores");
  classes = b.size(logProbabilities, 1);
  for (int64_t dim = 0; dim < rank - 1; ++dim)
    if (failed(b.requireEqual(node, b.size(labels, dim),
                              b.size(logProbabilities, dim + (dim > 0)),
                              "sizes of scores and labels")))
      return failure();
  if (weights && failed(b.requireEqual(node, b.size(weights, 0), classes,
                                       "numbers of classes and weights")))
    return failure();
  return success();
}

Value LossLowering::isIgnored(ImplicitLocOpBuilder &b, Value label) {
  if (!ignored)
    return arith::ConstantIntOp::create(b, 0, 1);
  Value index = arith::ConstantOp::create(
      b, b.getIntegerAttr(label.getType(), ignored.getInt()));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, label, index);
}

/// A label is that of a class, or the one that is ignored.
void LossLowering::checkLabels() {
  int64_t rank = typeOf(labels).getRank();
  Value count =
      b.createOrFold<arith::IndexCastOp>(elementOf(labels), b.toIndex(classes));
  Value fine = b.generic(
      labels,
      {b.getMultiDimIdentityMap(rank), AffineMap::get(rank, 0, b.getContext())},
      b.fill({}, b.constant(b.getI1Type(), 1)),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::reduction),
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder b(loc, inner);
        // As an unsigned number, what is negative is too large.
        Value known =
            arith::CmpIOp::create(b, arith::CmpIPredicate::ult, x[0], count);
        return arith::AndIOp::create(
            b, x[1], arith::OrIOp::create(b, known, isIgnored(b, x[0])));
      });
  b.require(node, b.scalar(fine), "a label is out of range");
}

/// What each position counts for; nothing where it is ignored.
Value LossLowering::weightsOfLabels(Type element) {
  return b.compute(
      b.sizes(labels), element,
      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) -> Value {
        Value label = tensor::ExtractOp::create(b, labels, ivs);
        Value zero = arith::ConstantOp::create(b, b.getZeroAttr(element));
        Value skipped = isIgnored(b, label);
        Value factor = arith::ConstantOp::create(b, b.getOneAttr(element));
        if (weights) {
          Value none =
              arith::ConstantOp::create(b, b.getZeroAttr(label.getType()));
          Value index = arith::IndexCastOp::create(
              b, b.getIndexType(),
              arith::SelectOp::create(b, skipped, none, label));
          factor = tensor::ExtractOp::create(b, weights, ValueRange(index));
        }
        return arith::SelectOp::create(b, skipped, zero, factor);
      });
}

Value LossLowering::losses(Value logProbabilities, Value factors) {
  Type element = elementOf(logProbabilities);
  return b.compute(
      b.sizes(labels), element,
      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) -> Value {
        Value label = tensor::ExtractOp::create(b, labels, ivs);
        Value skipped = isIgnored(b, label);
        Value none =
            arith::ConstantOp::create(b, b.getZeroAttr(label.getType()));
        Value index = arith::IndexCastOp::create(
            b, b.getIndexType(),
            arith::SelectOp::create(b, skipped, none, label));
        SmallVector<Value> at(ivs);
        at.insert(at.begin() + 1, index);
        Value chosen = tensor::ExtractOp::create(b, logProbabilities, at);
        Value factor = tensor::ExtractOp::create(b, factors, ivs);
        Value loss =
            arith::MulFOp::create(b, arith::NegFOp::create(b, chosen), factor);
        // A probability of 0 that is ignored is no NaN.
        Value zero = arith::ConstantOp::create(b, b.getZeroAttr(element));
        return arith::SelectOp::create(b, skipped, zero, loss);
      });
}

LogicalResult LossLowering::lower(Value logProbabilities) {
  StringRef reduction = node.getString("reduction", "mean");
  if (reduction != "none" && reduction != "sum" && reduction != "mean")
    return node.emitNodeError("requires the reduction none, sum or mean, but "
                              "got '")
           << reduction << "'";
  if (failed(checkSizes(logProbabilities)))
    return failure();
  checkLabels();
  Value factors = weightsOfLabels(elementOf(logProbabilities));
  Value result = losses(logProbabilities, factors);
  if (reduction != "none") {
    Axes all = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(result).getRank()));
    result = sum(b, result, all);
    if (reduction == "mean")
      result = divide(b, result, b.scalar(sum(b, factors, all)));
  }
  b.replace(node, result);
  return success();
}

static LogicalResult lowerNegativeLogLikelihood(onnx::NodeOp node,
                                                Lowering &b) {
  return LossLowering(node, b).lower(node.getInputs()[0]);
}

static LogicalResult lowerCrossEntropy(onnx::NodeOp node, Lowering &b) {
  Value scores = node.getInputs()[0];
  Axes axes = {1};
  auto difference = [](OpBuilder &b, Location loc, ValueRange x) -> Value {
    return arith::SubFOp::create(b, loc, x[0], x[1]);
  };
  if (typeOf(scores).getRank() < 2)
    return node.emitNodeError("requires scores of at least 2 dimensions");
  Value shifted =
      combine(b, scores, maximum(b, scores, axes), axes, difference);
  Value powers =
      mapped(b, shifted, [](OpBuilder &b, Location loc, ValueRange x) -> Value {
        return math::ExpOp::create(b, loc, x[0]);
      });
  Value logs = mapped(b, sum(b, powers, axes),
                      [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                        return math::LogOp::create(b, loc, x[0]);
                      });
  Value logProbabilities = combine(b, shifted, logs, axes, difference);
  if (node.getOutputs().size() > 1)
    b.replace(node, logProbabilities, 1);
  return LossLowering(node, b).lower(logProbabilities);
}

void addLosses(LoweringTable &table) {
  table.compute("NegativeLogLikelihoodLoss", lowerNegativeLogLikelihood);
  table.compute("SoftmaxCrossEntropyLoss", lowerCrossEntropy);
}

} // namespace attune
