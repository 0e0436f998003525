// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_RECURRENTACTIVATIONS_H
#define ATTUNE_FRONTENDS_ONNX_OPS_RECURRENTACTIVATIONS_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// An activation function of LSTM, GRU and RNN nodes.
struct RecurrentActivation {
  mlir::Value (*code)(mlir::ImplicitLocOpBuilder &, mlir::Value, double alpha,
                      double beta) = nullptr;
  double alpha = 0, beta = 0;
  double clip = 0; // 0: none

  /// The function of `x`, kept within [-clip, clip] before.
  mlir::Value apply(mlir::ImplicitLocOpBuilder &b, mlir::Value x) const;
};

/// The activations of a node, `defaults` (repeated for each direction) where
/// it names none. Alphas and betas go, in order, to the functions that have
/// them.
mlir::FailureOr<llvm::SmallVector<RecurrentActivation>>
recurrentActivations(onnx::NodeOp node,
                     llvm::ArrayRef<llvm::StringRef> defaults,
                     int64_t directions);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_RECURRENTACTIVATIONS_H
