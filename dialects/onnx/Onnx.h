// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ONNX_ONNX_H
#define ATTUNE_DIALECTS_ONNX_ONNX_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"

#include "dialects/onnx/OnnxDialect.h.inc"
#define GET_OP_CLASSES
#include "dialects/onnx/OnnxOps.h.inc"

namespace attune::onnx {

/// Argument and result attributes of the model's entry function.
constexpr llvm::StringLiteral nameAttr = "attune.name";
/// Names of the dimensions of an argument or result; on an operation, an array
/// with those of each of its results, as `onnx.node` has them.
constexpr llvm::StringLiteral dimsAttr =
    "attune.dims"; /// Of the module: the least and the largest size of named
                   /// dimensions
/// (`array<i64: min, max>`, max -1 for none).
constexpr llvm::StringLiteral rangesAttr = "attune.dim_ranges";
/// On an argument, an integer: it is state, which the result of this number
/// continues. The first dimension of both grows.
constexpr llvm::StringLiteral stateAttr = "attune.state";

/// The names of `value`'s dimensions ("" where a size is static or nameless),
/// from the node or entry argument that defines it; empty if none are known.
llvm::SmallVector<llvm::StringRef> dimNames(mlir::Value value);

} // namespace attune::onnx

#endif // ATTUNE_DIALECTS_ONNX_ONNX_H
