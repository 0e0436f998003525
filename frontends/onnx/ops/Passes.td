// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_PASSES
#define ATTUNE_FRONTENDS_ONNX_OPS_PASSES

include "mlir/Pass/PassBase.td"

def DropSignednessPass
    : Pass<"attune-drop-signedness", "::mlir::ModuleOp"> {
  let summary = "Give elements the types that memory has";
  let description = [{
    What computes with integers takes types without a sign; a node's marks
    `onnx.unsigned_inputs` and `onnx.unsigned_outputs` keep what the file has.
    Floats of 4 to 8 bits and integers of 2 and 4 become i8, one element a byte;
    `onnx.low_inputs` and `onnx.low_outputs` keep their types.
  }];
}

def LowerOnnxPass : Pass<"attune-lower-onnx", "::mlir::ModuleOp"> {
  let summary = "Turn every node into linalg on tensors";
  let description = [{
    All nodes that have no lowering are reported together, those of every function. Sizes are computed on
    scalars: what a file does with shapes leaves no tensor behind.
  }];
  let dependentDialects = [
    "::attune::attn::AttnDialect", "::attune::kernel::KernelDialect",
    "::mlir::arith::ArithDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::cf::ControlFlowDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

#endif // ATTUNE_FRONTENDS_ONNX_OPS_PASSES
