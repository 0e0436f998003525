// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/gated/GateInput.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace attune::attn {

/// Operations between a projection's input and the heads: a few dozen at most.
static constexpr size_t mostSteps = 64;

/// The tensors that `value` is computed from, weights and constants apart.
static SmallVector<Value> inputsOf(Value value) {
  SmallVector<Value> inputs;
  Operation *op = value.getDefiningOp();
  if (!op || isa<tensor::EmptyOp, kernel::LoadWeightOp>(op) ||
      op->hasTrait<OpTrait::ConstantLike>())
    return inputs;
  auto generic = dyn_cast<linalg::LinalgOp>(op);
  for (Value operand : generic ? SmallVector<Value>(generic.getDpsInputs())
                               : SmallVector<Value>(op->getOperands())) {
    Operation *source = operand.getDefiningOp();
    bool isFixed = source && (isa<kernel::LoadWeightOp>(source) ||
                              source->hasTrait<OpTrait::ConstantLike>());
    if (isa<RankedTensorType>(operand.getType()) && !isFixed)
      inputs.push_back(operand);
  }
  return inputs;
}

/// What `value` is computed from in a few steps, whatever is joined on the way.
static llvm::SmallSetVector<Value, 16> sourcesOf(Value value) {
  llvm::SmallSetVector<Value, 16> sources;
  sources.insert(value);
  for (size_t at = 0; at < sources.size() && at < mostSteps; ++at)
    for (Value input : inputsOf(sources[at]))
      sources.insert(input);
  return sources;
}

Value findGateInput(AttentionOp dense) {
  Heads q{dense.getQuery(), dense.getQueryLayout()};
  int64_t columns =
      ShapedType::isDynamic(q.size(1)) || ShapedType::isDynamic(q.size(3))
          ? ShapedType::kDynamic
          : q.size(1) * q.size(3);
  auto keys = sourcesOf(dense.getKey()), values = sourcesOf(dense.getValue());
  Value value = dense.getQuery();
  for (size_t step = 0; step < mostSteps; ++step) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() == 3 && !ShapedType::isDynamic(columns) &&
        type.getElementType().isF32() &&
        succeeded(verifyCompatibleShape(type.getShape(),
                                        {q.size(0), q.size(2), columns})) &&
        type.getDimSize(2) == columns && keys.contains(value) &&
        values.contains(value))
      return value;
    SmallVector<Value> inputs = inputsOf(value);
    if (inputs.size() != 1)
      break;
    value = inputs.front();
  }
  return {};
}

} // namespace attune::attn
