// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_ATTENTIONLOWERING_H
#define ATTUNE_FRONTENDS_ONNX_OPS_ATTENTIONLOWERING_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// A head tensor as it lies in memory; the layout is attn.attention's.
struct Heads {
  mlir::Value value;
  llvm::SmallVector<int64_t> layout = {0, 1, 2, 3};

  mlir::OpFoldResult size(Lowering &b, int64_t dim) const {
    return b.size(value, llvm::find(layout, dim) - layout.begin());
  }
  /// As [batch, head, length, width].
  mlir::Value ordered(Lowering &b) const {
    llvm::SmallVector<int64_t> permutation;
    for (int64_t dim = 0; dim < 4; ++dim)
      permutation.push_back(llvm::find(layout, dim) - layout.begin());
    return llvm::is_sorted(permutation) ? value
                                        : b.transpose(value, permutation);
  }
};

/// One Attention node.
class AttentionLowering {
public:
  AttentionLowering(onnx::NodeOp node, Lowering &b) : node(node), b(b) {}

  mlir::LogicalResult lower();

private:
  mlir::FailureOr<Heads> heads(unsigned input, llvm::StringRef countName);
  mlir::LogicalResult readCache();
  mlir::LogicalResult prepend(mlir::Value past, Heads &heads);
  mlir::LogicalResult checkHeads(mlir::OpFoldResult own);
  mlir::LogicalResult checkSizes();
  mlir::LogicalResult readMask();
  mlir::LogicalResult addPositionBias();
  mlir::LogicalResult lowerTiled();
  mlir::LogicalResult lowerWhole();
  mlir::Value scores(mlir::Value &grouped);
  mlir::Value causalBias();
  void replaceOutput(mlir::Value output, llvm::ArrayRef<int64_t> layout);
  mlir::AffineMap captureMap(mlir::Value capture);
  double scale();
  bool isUsed(unsigned output) {
    return output < node.getOutputs().size() &&
           !mlir::isa<mlir::NoneType>(node.getOutputs()[output].getType());
  }

  onnx::NodeOp node;
  Lowering &b;
  Heads query, key, value;
  mlir::Value mask; // the file's: booleans, or what is added
  mlir::Value bias; // what positions add, if no flag says it
  mlir::Type softmaxType;
  bool causal = false, topLeft = false, isRank3 = false;
};

/// cap * tanh(score / cap)
mlir::Value capped(mlir::OpBuilder &b, mlir::Location loc, mlir::Value score,
                   double cap);
/// Adds a bias, or hides what a mask (not 0 where visible) hides.
mlir::Value masked(mlir::OpBuilder &b, mlir::Location loc, mlir::Value score,
                   mlir::Value mask);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_ATTENTIONLOWERING_H
