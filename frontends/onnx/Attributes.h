// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_ATTRIBUTES_H
#define ATTUNE_FRONTENDS_ONNX_ATTRIBUTES_H

#include "frontends/onnx/Importer.h"
#include "frontends/onnx/Model.h"
#include "mlir/IR/Builders.h"

namespace attune {

/// The attribute of a node that holds no graph. Null, with `reason` set, if it
/// cannot be had.
mlir::Attribute convertAttribute(mlir::Builder &builder,
                                 const model::Attribute &attribute,
                                 std::string &reason);

/// Gives the module the attributes that `Importer.h` names.
void annotateModule(mlir::ModuleOp module, llvm::StringRef path,
                    const model::Model &model,
                    const std::map<std::string, DimRange> &dims);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_ATTRIBUTES_H
