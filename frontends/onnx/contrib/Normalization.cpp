// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Expansions.h"

using namespace mlir;

namespace attune {

/// The input, the skip and, at `input`, a bias, in one sum.
static FailureOr<Value> skipped(NodeBuilder &b, unsigned input) {
  if (failed(b.requireRank(0, 3, 2)) || failed(b.requireRank(1, 3, 2)) ||
      failed(b.requireRank(2, 1)))
    return failure();
  if (rankOf(b.node.getInput(1)) > rankOf(b.node.getInput(0)))
    return b.node.emitNodeError("requires a skip of no higher rank than the "
                                "input");
  if (failed(b.requireEqual(extentOf(b.node.getInput(0), -1),
                            extentOf(b.node.getInput(1), -1),
                            "widths of the input and the skip")))
    return failure();
  Value sum = b.binary("Add", b.node.getInput(0), b.node.getInput(1));
  return b.node.hasInput(input) ? b.addBias(sum, input) : sum;
}

/// The shape of what is known of each row from `axis` on.
static Extents reduced(Value x, int64_t axis) {
  Extents extents = extentsOf(x);
  for (size_t dim = axis; dim < extents.size(); ++dim)
    extents[dim] = 1;
  return extents;
}

static LogicalResult expandSkip(NodeBuilder &b, const ExpansionOptions &) {
  FailureOr<Value> sum = skipped(b, 4);
  if (failed(sum))
    return failure();
  SmallVector<Value> inputs = {*sum, b.node.getInput(2)};
  if (b.node.hasInput(3))
    inputs.push_back(b.node.getInput(3));
  Type single = Float32Type::get(b.context());
  Type statistic = tensorOf(single, reduced(*sum, rankOf(*sum) - 1));
  Type unused = NoneType::get(b.context());
  float epsilon = b.node.getFloat("epsilon", 1e-12);
  onnx::NodeOp norm = b.makeMany(
      "LayerNormalization", 17, inputs,
      {sum->getType(), b.isUsed(1) ? statistic : unused,
       b.isUsed(2) ? statistic : unused},
      {b.attribute("axis", int64_t(-1)), b.attribute("epsilon", epsilon)});
  ValueRange results = norm.getOutputs();
  return b.replaceFirst({results[0], results[1], results[2], *sum});
}

namespace {
/// A norm by the root mean square from `axis` on.
struct RootMeanSquare {
  Value input, scale;
  int64_t axis;
  float epsilon;
  int64_t stashType = 1;
};
} // namespace

static Value normalised(NodeBuilder &b, const RootMeanSquare &norm) {
  return b.make("RMSNormalization", 23, {norm.input, norm.scale},
                b.elementOf(norm.scale), extentsOf(norm.input),
                {b.attribute("axis", norm.axis),
                 b.attribute("epsilon", norm.epsilon),
                 b.attribute("stash_type", norm.stashType)});
}

/// 1 / sqrt(mean(x^2) + epsilon), in f32.
static Value inverse(NodeBuilder &b, const RootMeanSquare &norm) {
  Value x = b.cast(norm.input, Float32Type::get(b.context()));
  Value square = b.binary("Mul", x, x);
  SmallVector<int64_t> axes;
  for (int64_t dim = norm.axis; dim < rankOf(x); ++dim)
    axes.push_back(dim);
  Value mean =
      b.make("ReduceMean", 18, {square, b.integers(axes)}, b.elementOf(x),
             reduced(x, norm.axis), b.attribute("keepdims", int64_t(1)));
  Value sum = b.binary("Add", mean, b.scalar(norm.epsilon, b.elementOf(x)));
  return b.unary("Reciprocal", 13, b.unary("Sqrt", 13, sum));
}

static LogicalResult expandSkipSimplified(NodeBuilder &b,
                                          const ExpansionOptions &) {
  if (b.isUsed(1))
    return b.node.emitNodeError("the output 'mean' is not supported: the norm "
                                "takes no mean");
  FailureOr<Value> sum = skipped(b, 3);
  if (failed(sum))
    return failure();
  float epsilon = b.node.getFloat("epsilon", 1e-12);
  RootMeanSquare norm{*sum, b.node.getInput(2), rankOf(*sum) - 1, epsilon};
  if (failed(b.replace(0, normalised(b, norm))) ||
      (b.isUsed(2) && failed(b.replace(2, inverse(b, norm)))))
    return failure();
  return b.replace(3, *sum);
}

static LogicalResult expandSimplified(NodeBuilder &b,
                                      const ExpansionOptions &) {
  Value input = b.node.getInput(0);
  int64_t axis = b.node.getInt("axis", -1), rank = rankOf(input);
  if (axis < -rank || axis >= rank)
    return b.node.emitNodeError("requires an axis of a tensor of rank ")
           << rank << ", but got " << axis;
  float epsilon = b.node.getFloat("epsilon", 1e-5);
  RootMeanSquare norm{input, b.node.getInput(1), axis < 0 ? axis + rank : axis,
                      epsilon, b.node.getInt("stash_type", 1)};
  if (failed(b.replace(0, normalised(b, norm))))
    return failure();
  return b.isUsed(1) ? b.replace(1, inverse(b, norm)) : success();
}

void addNormalization(Expansions &table) {
  table[{contribDomain, "SkipLayerNormalization"}] = {expandSkip, 3};
  table[{contribDomain, "SkipSimplifiedLayerNormalization"}] = {
      expandSkipSimplified, 3};
  for (const char *domain : {"", contribDomain})
    table[{domain, "SimplifiedLayerNormalization"}] = {expandSimplified, 2};
}

} // namespace attune
