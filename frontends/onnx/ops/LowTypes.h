// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements of 8 bits and fewer that no machine computes with: floats of 4, 6
// and 8 bits and integers of 2 and 4. In memory each takes a byte, an i8 whose
// low bits it is and whose other bits are to be ignored. Nodes keep the file's
// type in a mark.

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_LOWTYPES_H
#define ATTUNE_FRONTENDS_ONNX_OPS_LOWTYPES_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// Whether memory has elements of `type` as i8 of another meaning.
bool isLowType(mlir::Type type);

/// The file's element type of input or output `index` if it is low, else null.
mlir::Type lowInput(onnx::NodeOp node, unsigned index = 0);
mlir::Type lowOutput(onnx::NodeOp node, unsigned index = 0);
bool hasLowTypes(onnx::NodeOp node);

/// What happens to a float that a low type cannot hold.
struct LowRounding {
  /// The largest number takes its place, else infinity or NaN.
  bool saturate = true;
  /// Of powers of two (f8E8M0FNU): up, down or nearest.
  llvm::StringRef powers = "up";
};

/// The number that `byte` means as `low`: f32, or a signed i8 for integers.
mlir::Value decodeLow(mlir::ImplicitLocOpBuilder &b, mlir::Value byte,
                      mlir::Type low);
/// The byte of an f32, to the nearest, ties to even.
mlir::Value encodeLowFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value number,
                           mlir::FloatType low, LowRounding rounding);
/// The low bits of an integer of any width.
mlir::Value encodeLowInteger(mlir::ImplicitLocOpBuilder &b, mlir::Value number,
                             mlir::IntegerType low);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_LOWTYPES_H
