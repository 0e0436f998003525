// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Expansions.h"

using namespace mlir;

namespace attune {

static LogicalResult finishGelu(NodeBuilder &b, Value x, StringRef method) {
  return b.replace(0, b.make("Gelu", 20, x, b.elementOf(x), extentsOf(x),
                             b.attribute("approximate", method)));
}

static LogicalResult expandGelu(NodeBuilder &b, const ExpansionOptions &) {
  return finishGelu(b, b.node.getInput(0), "none");
}

static LogicalResult expandBiasGelu(NodeBuilder &b, const ExpansionOptions &) {
  FailureOr<Value> sum = b.addBias(b.node.getInput(0), 1);
  return failed(sum) ? failure() : finishGelu(b, *sum, "none");
}

static LogicalResult expandFastGelu(NodeBuilder &b, const ExpansionOptions &) {
  FailureOr<Value> sum = b.node.getInput(0);
  if (b.node.hasInput(1))
    sum = b.addBias(*sum, 1);
  return failed(sum) ? failure() : finishGelu(b, *sum, "tanh");
}

/// x sigmoid(alpha x)
static LogicalResult expandQuickGelu(NodeBuilder &b, const ExpansionOptions &) {
  Value x = b.node.getInput(0);
  double alpha = b.node.getFloat("alpha", 1.702);
  Value scaled = b.binary("Mul", x, b.scalar(alpha, b.elementOf(x)));
  return b.replace(0, b.binary("Mul", x, b.unary("Sigmoid", 13, scaled)));
}

static LogicalResult expandBiasAdd(NodeBuilder &b, const ExpansionOptions &) {
  FailureOr<Value> sum = b.addBias(b.node.getInput(0), 1);
  if (failed(sum))
    return failure();
  return b.replace(0, b.binary("Add", *sum, b.node.getInput(2)));
}

void addElementwise(Expansions &table) {
  table[{contribDomain, "BiasAdd"}] = {expandBiasAdd, 3};
  table[{contribDomain, "BiasGelu"}] = {expandBiasGelu, 2};
  table[{contribDomain, "FastGelu"}] = {expandFastGelu, 1};
  table[{contribDomain, "Gelu"}] = {expandGelu, 1};
  table[{contribDomain, "QuickGelu"}] = {expandQuickGelu, 1};
}

} // namespace attune
