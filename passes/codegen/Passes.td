// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_PASSES
#define ATTUNE_PASSES_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

class EmitPass<string name> : Pass<name, "::mlir::func::FuncOp"> {
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::attune::kernel::KernelDialect"];
}

def EmitContractPass : EmitPass<"attune-emit-contract"> {
  let summary = "Turn kernel.contract into register tiles";
  let description = [{
    The tile holds `rows x vectors` accumulators of `lanes` lanes each, over the
    whole depth; the epilogue runs on the accumulators. Fewer rows than a tile's
    take the case of a switch that has that height, so no size is a cliff.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "4", "f32 lanes of a vector">,
    Option<"rows", "rows", "int64_t", "6", "Rows of a register tile">,
    Option<"vectors", "vectors", "int64_t", "2", "Vectors in a tile's row">];
}

def EmitAttentionPass : EmitPass<"attune-emit-attention"> {
  let summary = "Turn kernel.attention into tiled online softmax";
  let description = [{
    Keys and values are packed in panels once for each head; then tasks of up to
    64 queries pass over blocks of keys, `rows` queries at a time, keeping their
    running maxima and sums. Blocks that a query does not see are not computed,
    those that it sees wholly are not tested. Nothing of the size queries x keys
    exists.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "4", "f32 lanes of a vector">,
    Option<"rows", "rows", "int64_t", "4", "Queries of a tile">,
    Option<"vectors", "vectors", "int64_t", "2", "Vectors of scores in a row">];
}

def EmitLinearPass : EmitPass<"attune-emit-linear"> {
  let summary = "Turn kernel.linear_attention into chunks with a state";
  let description = [{
    A task is one head of one batch item and a block of value columns. It holds
    the sums over the keys that it has passed, S = sum f(k) v^T and z = sum f(k),
    and passes the sequence in chunks of 64: a causal chunk adds the triangle
    of its own scores to the product with S. Time is linear in the length and
    nothing grows with it.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "4", "f32 lanes of a vector">,
    Option<"rows", "rows", "int64_t", "4", "Rows of a register tile">,
    Option<"vectors", "vectors", "int64_t", "2", "Vectors in a tile's row">];
}

def EmitStateAttentionPass : EmitPass<"attune-emit-state-attention"> {
  let summary = "Turn kernel.state_attention into steps over a state";
  let description = [{
    A task is one key head of one batch item and one vector of value columns,
    which do not depend on each other. The state lies in its destination.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "4", "f32 lanes of a vector">];
}

def EmitRecurrencePass : EmitPass<"attune-emit-recurrence"> {
  let summary = "Turn kernel.recurrence into steps over batch items";
  let description = [{
    A task is a batch item. In each step, a vector of units is computed at once:
    its gates' products are accumulated side by side, then the cell runs on them.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "4", "f32 lanes of a vector">];
}

def EmitFftPass : EmitPass<"attune-emit-fft"> {
  let summary = "Turn kernel.fft into passes over rows";
  let description = [{
    A pass halves the transform's length twice, in place; the halvings below the
    width of a vector are one pass that shuffles lanes. A task is some rows.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "4", "f32 lanes of a vector">];
}

def EmitLagsPass : EmitPass<"attune-emit-lags"> {
  let summary = "Turn sums over lags into register tiles or transforms";
  let description = [{
    A direct sum holds `rows x vectors` accumulators. Transforms have a column in
    each lane; a task is a panel of columns, which is transformed, multiplied by
    its spectrum and transformed back in scratch memory.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "4", "f32 lanes of a vector">,
    Option<"rows", "rows", "int64_t", "4", "Rows of a register tile">,
    Option<"vectors", "vectors", "int64_t", "2", "Vectors in a tile's row">];
}

def EmitLoopsPass : EmitPass<"attune-emit-loops"> {
  let summary = "Turn linalg on memrefs into loops over ranges of work";
  let description = [{
    The outer parallel loops become a `kernel.parallel` range; a kernel with row
    groups runs all of its operations row by row.
  }];
}

def EmitOrderedPass : EmitPass<"attune-emit-ordered"> {
  let summary = "Turn operations whose steps depend on each other into loops";
  let description = [{
    A scan's steps depend on each other along one dimension, a scatter's all,
    since several updates may meet at one place. Rows are sorted, and matrices
    eliminated, in parallel to others.
  }];
}

def EmitAppendPass : EmitPass<"attune-emit-append"> {
  let summary = "Turn kernel.append into copies of rows";
  let description = [{
    The rows that are there already are copied only if the destination is other
    memory than theirs, which is asked when it runs.
  }];
}

def ApproximateMathPass : Pass<"attune-approximate-math"> {
  let summary = "Expand mathematical functions into polynomials";
  let description = [{
    For f32. Integers become bf16 by way of f32. The documented relative error is below 3e-7 but near the zeros of
    a function. What has no polynomial stays a call of the C library.
  }];
  let dependentDialects = ["::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def OutlineParallelPass
    : Pass<"attune-outline-parallel", "::mlir::ModuleOp"> {
  let summary = "Move each kernel.parallel into a function";
  let description = [{
    Kernels get the runtime's services as their first argument; each range
    becomes a function `(services, begin, end, captures...)` and a launch.
  }];
  let dependentDialects = ["::attune::kernel::KernelDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def PlanLoopsPass : Pass<"attune-plan-loops", "::mlir::ModuleOp"> {
  let summary = "Give memory to what loops and branches allocate";
  let description = [{
    Buffers of a block of a loop or branch share one piece of memory, which is
    allocated before the loop where its size is known there; else each trip asks
    the runtime for it, and gives it back at its end. What a trip carries on in
    memory of its own is copied to memory that outlives the trip.
  }];
}

def PlanMemoryPass : Pass<"attune-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Give every buffer of the graph a place in one arena";
  let description = [{
    Buffers that are not alive at the same time share a slot. Sizes of slots are
    computed from the sizes of the inputs before anything runs. A buffer that is
    returned becomes the output's own memory.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::attune::kernel::KernelDialect"];
}

def MakeEntryPass : Pass<"attune-make-entry", "::mlir::ModuleOp"> {
  let summary = "Give the graph the signature that the runtime calls";
  let description = [{
    `(services, weights, inputs) -> i32`. Weights get their offsets, failed
    assertions and allocations return their status.
  }];
  let dependentDialects = ["::mlir::cf::ControlFlowDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::attune::kernel::KernelDialect"];
}

def KernelToLlvmPass : Pass<"attune-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert everything to the LLVM dialect";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // ATTUNE_PASSES_CODEGEN_PASSES
