// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_ATTN_H
#define ATTUNE_DIALECTS_ATTN_ATTN_H

#include "dialects/kernel/Kernel.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace attune::attn {

/// Work of an operation: floating-point operations (a multiply-add is two) and
/// bytes read and written.
struct Cost {
  double flops = 0;
  double bytes = 0;
};

/// Marks the operations that the stages after `forms` know.
template <typename ConcreteOp>
struct Core : public mlir::OpTrait::TraitBase<ConcreteOp, Core> {};

} // namespace attune::attn

#include "dialects/attn/AttnEnums.h.inc"

#include "dialects/attn/AttnDialect.h.inc"
#include "dialects/attn/AttnInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/attn/AttnOps.h.inc"

#endif // ATTUNE_DIALECTS_ATTN_ATTN_H
