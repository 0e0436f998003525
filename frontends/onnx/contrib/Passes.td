// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_CONTRIB_PASSES
#define ATTUNE_FRONTENDS_ONNX_CONTRIB_PASSES

include "mlir/Pass/PassBase.td"

def ExpandContribPass
    : Pass<"attune-expand-contrib", "::mlir::func::FuncOp"> {
  let summary = "Say nodes of com.microsoft in words of ai.onnx";
  let description = [{
    What optimizers of transformers write becomes nodes of current versions,
    which everything after knows. A meaning that they do not have is an error
    that names the attribute or input.

    Before: `SkipLayerNormalization(x, skip, gamma, beta)`.
    After: `LayerNormalization(Add(x, skip), gamma, beta)`.
  }];
  let options = [Option<"growingCaches", "growing-caches", "bool", "false",
                        "Past keys and values hold just what was appended">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::attune::onnx::OnnxDialect"];
}

#endif // ATTUNE_FRONTENDS_ONNX_CONTRIB_PASSES
