// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FORMS_PASSES
#define ATTUNE_PASSES_FORMS_PASSES

include "mlir/Pass/PassBase.td"

def DecomposeFormsPass : Pass<"attune-decompose-forms"> {
  let summary = "Replace forms, norms and the like by what they consist of";
  let description = [{
    Every operation that is `Decomposable` becomes simpler ones, until none is
    left: core attention operations and linalg remain.
  }];
  let dependentDialects = [
    "::attune::attn::AttnDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

#endif // ATTUNE_PASSES_FORMS_PASSES
