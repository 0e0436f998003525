// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_CONTRIB_ROTARYPARTS_H
#define ATTUNE_FRONTENDS_ONNX_CONTRIB_ROTARYPARTS_H

#include "frontends/onnx/contrib/NodeBuilder.h"

namespace attune {

/// Rows of the caches, `[batch, rows, pairs]`, which turn heads.
struct Angles {
  mlir::Value cos, sin;
  bool interleaved = false;
};

/// Picks the rows of caches `[positions, pairs]` that `positions`,
/// `[batch, rows]`, names.
Angles pickAngles(NodeBuilder &b, mlir::Value cos, mlir::Value sin,
                  mlir::Value positions);

/// Turns the heads of `rows`, `[batch, rows, heads * width]` or
/// `[batch, heads, rows, width]`; what is wider than the angles stays.
mlir::FailureOr<mlir::Value> turn(NodeBuilder &b, mlir::Value rows,
                                  int64_t heads, int64_t width,
                                  const Angles &angles);

/// The positions `first` (i64, a scalar or `[batch, 1]`) and those after it,
/// `[batch, rows]` for rows of `input`, whose row dimension is `rowDim`.
mlir::Value countFrom(NodeBuilder &b, mlir::Value first, mlir::Value input,
                      int64_t rowDim);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_CONTRIB_ROTARYPARTS_H
