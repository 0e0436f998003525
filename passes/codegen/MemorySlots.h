// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places in memory that buffers of a block hold one after another.

#ifndef ATTUNE_PASSES_CODEGEN_MEMORYSLOTS_H
#define ATTUNE_PASSES_CODEGEN_MEMORYSLOTS_H

#include "passes/codegen/Passes.h"

namespace attune {

/// A buffer: when it is alive (positions in the block) and how many bytes it
/// has: `factor` times the product of `dims`.
struct Buffer {
  mlir::memref::AllocOp alloc;
  unsigned first = 0, last = 0;
  int64_t factor = 0;
  llvm::SmallVector<mlir::Value> dims;
};

/// A place that buffers hold one after another. All of them have the same
/// `dims`; the largest factor rules. A late one has a size that is not known
/// where the block begins: it gets memory of its own.
struct Slot {
  int64_t factor = 0;
  llvm::SmallVector<mlir::Value> dims;
  unsigned freeFrom = 0;
  bool isLate = false;
  llvm::SmallVector<mlir::memref::AllocOp> buffers;
};

/// Moves what computes `sizes` before `point`, out of loops and branches if
/// need be; false, moving nothing, if that is impossible.
bool moveSizes(mlir::ValueRange sizes, mlir::Operation *point);

/// Whether the memory of `alloc` may be used after its block has run.
bool escapes(mlir::memref::AllocOp alloc);

/// All buffers that `block` itself allocates.
llvm::SmallVector<Buffer> findBuffers(mlir::Block &block);

/// Puts a buffer into the free slot of the same dimensions whose factor is
/// nearest, or into a new one. Buffers come in the order of their first use.
void placeBuffer(const Buffer &buffer, bool isLate,
                 llvm::SmallVectorImpl<Slot> &slots);

/// The slot's size. One that is not a number of bytes asks for more than any
/// machine has, so that the run ends there.
mlir::Value bytesOf(mlir::OpBuilder &b, mlir::Location loc, const Slot &slot);

/// Where each slot that is not late begins in one piece of memory of `total`
/// bytes. Late ones begin their own.
llvm::SmallVector<mlir::Value> layOut(mlir::OpBuilder &b, mlir::Location loc,
                                      llvm::ArrayRef<Slot> slots,
                                      mlir::Value &total);

/// Makes the slot's buffers views of `memory` from `offset` on.
void replaceBuffers(const Slot &slot, mlir::Value memory, mlir::Value offset);

/// Memory of the run, from the runtime.
mlir::Value askForMemory(mlir::OpBuilder &b, mlir::Location loc,
                         mlir::Value services, mlir::Value bytes);

/// Types of operations that give memory: bytes, and whether there are any.
llvm::SmallVector<mlir::Type> memoryTypes(mlir::OpBuilder &b);

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_MEMORYSLOTS_H
