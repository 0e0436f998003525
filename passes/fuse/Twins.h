// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What putting a kernel operation in the place of one of `attn` shares.

#ifndef ATTUNE_PASSES_FUSE_TWINS_H
#define ATTUNE_PASSES_FUSE_TWINS_H

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

namespace attune {

/// Ends the run with `message` unless two sizes are equal that index memory;
/// nothing if both are known, and so verified.
void requireEqual(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::OpFoldResult left, mlir::OpFoldResult right,
                  llvm::StringRef message);

/// Rooms for the results of `op` of these shapes, static where their types are.
llvm::SmallVector<mlir::Value>
outputsOf(mlir::OpBuilder &builder, mlir::Operation *op,
          mlir::ReifiedRankedShapedTypeDims &shapes);

/// Replaces `op` by `results`, cast to its types.
void replaceByResults(mlir::OpBuilder &builder, mlir::Operation *op,
                      mlir::ValueRange results);

} // namespace attune

#endif // ATTUNE_PASSES_FUSE_TWINS_H
