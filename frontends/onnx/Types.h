// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_TYPES_H
#define ATTUNE_FRONTENDS_ONNX_TYPES_H

#include "frontends/onnx/Model.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace attune {

/// The builtin type of an element: signless integers, but for unsigned ones.
/// Null where there is none (strings, complex numbers).
mlir::Type elementType(mlir::MLIRContext *context, model::ElementType element);

/// The tensor type of a value. Null, with `reason` set, where there is none.
mlir::RankedTensorType tensorType(mlir::MLIRContext *context,
                                  const model::Type &type, std::string &reason);

/// The tensor type of a constant, null as above.
mlir::RankedTensorType tensorType(mlir::MLIRContext *context,
                                  const model::Tensor &tensor,
                                  std::string &reason);

/// The elements of a constant that has its bytes, of the type `type`.
mlir::DenseElementsAttr elements(mlir::RankedTensorType type,
                                 const model::Tensor &tensor);

/// The names of the dimensions, "" for static ones.
mlir::ArrayAttr dimNamesAttr(mlir::MLIRContext *context,
                             const model::Type &type);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_TYPES_H
