// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_KERNEL_KERNEL_H
#define ATTUNE_DIALECTS_KERNEL_KERNEL_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/kernel/KernelEnums.h.inc"

#include "dialects/kernel/KernelDialect.h.inc"
#include "dialects/kernel/NormalisersInterfaces.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/KernelAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.h.inc"

namespace attune::kernel {

/// Marks a function that one dispatch calls; the graph's function has no mark.
constexpr llvm::StringLiteral kernelAttr = "attune.kernel";

/// The type of raw memory: `memref<?xi8>`.
mlir::MemRefType bytesType(mlir::MLIRContext *context);

/// Whether a positive number has no prime factors above 5: such are the lengths
/// of transforms.
bool isSmooth(int64_t length);

/// Lets one-shot bufferization turn this dialect's operations into their
/// memref twins: weights become read-only buffers, destinations stay in place.
void registerBufferization(mlir::DialectRegistry &registry);

} // namespace attune::kernel

#endif // ATTUNE_DIALECTS_KERNEL_KERNEL_H
