// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Expansions.h"

#include <numeric>

using namespace mlir;

namespace attune {

namespace {
/// How an operand is turned.
struct Turns {
  bool batch = false, matrix = false;
};
} // namespace

static FailureOr<Turns> turnsOf(NodeBuilder &b, StringRef suffix) {
  FailureOr<bool> batch = b.flag(("transBatch" + suffix).str());
  FailureOr<bool> matrix = b.flag(("trans" + suffix).str());
  if (failed(batch) || failed(matrix))
    return failure();
  return Turns{*batch, *matrix};
}

/// An operand with its first dimension moved behind the rest of the batch, then
/// its last two exchanged. Vectors stay as they are.
static Value turned(NodeBuilder &b, Value operand, const Turns &turns) {
  SmallVector<int64_t> order(rankOf(operand));
  std::iota(order.begin(), order.end(), 0);
  if (turns.batch && order.size() > 2)
    std::rotate(order.begin(), order.begin() + 1, order.end() - 1);
  if (turns.matrix && order.size() > 1)
    std::swap(order[order.size() - 1], order[order.size() - 2]);
  return llvm::is_sorted(order) ? operand : b.transpose(operand, order);
}

static LogicalResult expandFused(NodeBuilder &b, const ExpansionOptions &) {
  if (!b.isUsed(0))
    return success();
  Value left = b.node.getInput(0), right = b.node.getInput(1);
  if (rankOf(left) < 1 || rankOf(right) < 1)
    return b.node.emitNodeError("requires operands of rank 1 or more");
  FailureOr<Turns> leftTurns = turnsOf(b, "A"), rightTurns = turnsOf(b, "B");
  if (failed(leftTurns) || failed(rightTurns))
    return failure();
  if ((leftTurns->batch || rightTurns->batch) &&
      (rankOf(left) < 3 || rankOf(left) != rankOf(right)))
    return b.node.emitNodeError("requires operands of one rank, 3 or more, "
                                "with transBatchA or transBatchB");
  left = turned(b, left, *leftTurns);
  right = turned(b, right, *rightTurns);
  Value result = b.make("MatMul", 13, {left, right}, b.elementOf(left),
                        extentsOf(b.node.getOutputs()[0]));
  double alpha = b.node.getFloat("alpha", 1);
  if (alpha != 1)
    result = b.binary("Mul", result, b.scalar(alpha, b.elementOf(result)));
  return b.replace(0, result);
}

void addProducts(Expansions &table) {
  table[{contribDomain, "FusedMatMul"}] = {expandFused, 2};
}

} // namespace attune
