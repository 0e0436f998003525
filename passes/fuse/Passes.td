// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FUSE_PASSES
#define ATTUNE_PASSES_FUSE_PASSES

include "mlir/Pass/PassBase.td"

def FuseElementwisePass : Pass<"attune-fuse-elementwise"> {
  let summary = "Merge element-wise operations with their producers";
  let description = [{
    A producer moves into its consumer if the consumer is its only user, or if
    it is cheap enough to compute twice. Nothing moves into a contraction: its
    operands stay plain matrices.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FormContractionsPass : Pass<"attune-form-contractions", "::mlir::ModuleOp"> {
  let summary = "Turn contractions and their consumers into kernel.contract";
  let description = [{
    A generic multiply-and-add over f32 becomes a batched matrix product; the
    element-wise operation that alone uses it becomes its epilogue. A constant
    right side is declared anew as a packed weight.

    Before: `linalg.generic` (product), `linalg.generic` (bias, GELU).
    After: `kernel.contract` whose region adds the bias and applies GELU.
  }];
  let options = [Option<"panel", "panel", "int64_t", "16",
                        "Columns of a packed weight's panel">];
  let dependentDialects = ["::attune::kernel::KernelDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FormAttentionPass : Pass<"attune-form-attention"> {
  let summary = "Give attn.attention a destination and room for packed keys";
  let options = [Option<"panel", "panel", "int64_t", "16",
                        "Keys in a packed panel">];
  let dependentDialects = ["::attune::kernel::KernelDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FormLagsPass : Pass<"attune-form-lags"> {
  let summary = "Give sums over lags destinations, spectra and scratch memory";
  let description = [{
    `attn.toeplitz` and `attn.long_conv` become `kernel.lag_sum`, or where
    transforms are cheaper `kernel.spectrum` of the taps and `kernel.circulant`.
    Taps that a loop does not change are transformed before the loop.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "4", "f32 lanes of a vector">];
  let dependentDialects = ["::attune::kernel::KernelDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::cf::ControlFlowDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FormLinearPass : Pass<"attune-form-linear"> {
  let summary = "Give attn.linear a destination and its feature maps";
  let description = [{
    An `attn.features` that makes its queries or keys becomes a region of
    `kernel.linear_attention`, which applies it as it loads them: no tensor of
    features is written. What other operations use becomes linalg. The tiles of
    the kernel, which depend on the target, get scratch memory.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "4", "f32 lanes of a vector">,
    Option<"rows", "rows", "int64_t", "4", "Rows of a register tile">,
    Option<"vectors", "vectors", "int64_t", "2",
           "Vectors in a row of a register tile">];
  let dependentDialects = ["::attune::kernel::KernelDialect",
                           "::mlir::cf::ControlFlowDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def OutlineDispatchesPass
    : Pass<"attune-outline-dispatches", "::mlir::ModuleOp"> {
  let summary = "Move work into functions that the graph calls";
  let description = [{
    Each operation that computes, or each group of row-wise operations that
    share their outer loops, becomes a function with the mark `attune.kernel`.
    Weights and sizes are its arguments, so equal layers give equal functions.
    What is left in the graph's function only names buffers and sizes.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def InlineBodiesPass : Pass<"attune-inline-bodies", "::mlir::ModuleOp"> {
  let summary = "Put the graphs of branches and loops where they run";
  let description = [{
    Private functions that are no kernels take the place of their calls, so that
    bufferization sees in whose memory what is carried lies. A function that
    calls itself is an error.
  }];
}

def ProtectInputsPass : Pass<"attune-protect-inputs", "::mlir::ModuleOp"> {
  let summary = "Forbid bufferization to write into the model's inputs";
  let description = [{
    They belong to the caller. A loop that starts with an input and changes it
    works on a copy. Of a loop of one trip only its body is left; its results are
    not written over what it started with.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

#endif // ATTUNE_PASSES_FUSE_PASSES
