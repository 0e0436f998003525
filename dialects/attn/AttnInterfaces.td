// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_ATTNINTERFACES
#define ATTUNE_DIALECTS_ATTN_ATTNINTERFACES

include "mlir/IR/OpBase.td"

def Decomposable : OpInterface<"Decomposable"> {
  let cppNamespace = "::attune::attn";
  let description = "An operation that simpler operations can express.";
  let methods = [
    InterfaceMethod<[{
        Replaces the operation by core and linalg operations. The rewriter's
        insertion point stands before the operation.
      }], "::mlir::LogicalResult", "decompose",
      (ins "::mlir::RewriterBase &":$rewriter)>,
  ];
}

def Raisable : OpInterface<"Raisable"> {
  let cppNamespace = "::attune::attn";
  let description = "A form that can be recognised in a decomposed graph.";
  let methods = [
    StaticInterfaceMethod<[{
        Adds the patterns that recognise the form among `onnx` and core
        operations. Of two patterns that match one root, the one with the
        larger benefit (the more specific) wins, whatever their order.
      }], "void", "populateRaisePatterns",
      (ins "::mlir::RewritePatternSet &":$patterns)>,
  ];
}

def Costed : OpInterface<"Costed"> {
  let cppNamespace = "::attune::attn";
  let description = "An operation whose work can be foretold.";
  let methods = [
    InterfaceMethod<[{
        Floating-point operations and bytes moved (each operand and result
        once, and state), with `size` in place of a dimension that is dynamic.
      }], "::attune::attn::Cost", "getCost", (ins "int64_t":$size)>,
  ];
}

#endif // ATTUNE_DIALECTS_ATTN_ATTNINTERFACES
