// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_RAISE_PASSES
#define ATTUNE_PASSES_RAISE_PASSES

include "mlir/Pass/PassBase.td"

def RaiseAttentionPass : Pass<"attune-raise-attention", "::mlir::func::FuncOp"> {
  let summary = "Recognise softmax attention among the nodes of a file";
  let description = [{
    Before: `MatMul(Softmax(Add(Div(MatMul(q, Transpose(k)), c), bias)), v)`,
    with or without the scale (on the scores, on q or on k) and the bias.
    After: `attn.attention`. Transposes of the heads become its layouts.
    A softmax between products that is left alone says why, in a remark.

    Masks that hide just the later keys become `causal`, other tensors that
    meet the scores become captures. `Where(IsNaN(w), 0, w)` on the weights
    makes rows without any key 0; of rows that are NaN for another reason it is
    not taken to make zeros, as the file would. Neither does NaN or +inf show in
    a row, if only keys have it that `causal` hides.
  }];
  let options = [Option<"remarks", "remarks", "bool", "false",
                        "Say why a softmax was left alone">];
  let dependentDialects = ["::attune::attn::AttnDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::cf::ControlFlowDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FoldNodesPass : Pass<"attune-fold-nodes", "::mlir::func::FuncOp"> {
  let summary = "Compute what is known before matchers look at the nodes";
  let description = [{
    Arithmetic on sizes and small constants is done; an element of `Shape` is
    known where the size is static. Casts that change nothing and the like go.
    Exporters write the scale of attention, for one, as the root of a size.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def RefineSizesPass : Pass<"attune-refine-sizes", "::mlir::func::FuncOp"> {
  let summary = "Find sizes that shape inference leaves open";
  let description = [{
    Lists of sizes are followed as products of named sizes through what a file
    computes with them: `Reshape` to `[B, 3, -1, S]` of `3*B x 1 x S` has size 1
    in the open place. Results get static sizes, and names that are products of
    the inputs' names; two equal names are one size.
  }];
}

def RaiseNeighboursPass
    : Pass<"attune-raise-neighbours", "::mlir::func::FuncOp"> {
  let summary = "Recognise norms, GELU and rotary positions in a file";
  let description = [{
    Spelled-out layer norms, root-mean-square norms and GELUs (by Erf or Tanh)
    become the nodes that ONNX has for them; rotary positions by halves become
    `attn.rotary`, before the transpose of heads if there is one.

    Before: `Mul(x, Reciprocal(Sqrt(Add(ReduceMean(Pow(x, 2)), c))))`, `Mul`.
    After: `RMSNormalization`.
  }];
  let dependentDialects = ["::attune::attn::AttnDialect"];
}

def RaiseFunctionsPass : Pass<"attune-raise-functions", "::mlir::func::FuncOp"> {
  let summary = "Make functions of elements operations that polynomials replace";
  let description = [{
    Activations, exponentials, quotients and roots of what depends on inputs
    become `attn.poly` without a range, products and sums; whole powers become
    products. `Mul(x, Sigmoid(x))` is one function, as is `Div(x, Sqrt(y))`.
    A softmax that is no attention becomes exponentials over their sum, without
    the largest score taken away.

    Before: `Div(x, y)`.
    After: `Mul(x, attn.poly inverse y)`.
  }];
  let dependentDialects = ["::attune::attn::AttnDialect",
                           "::mlir::arith::ArithDialect"];
}

def UnifySymbolsPass : Pass<"attune-unify-symbols", "::mlir::func::FuncOp"> {
  let summary = "Give sizes that must be equal one name";
  let description = [{
    Where an element-wise node meets an input's size and a nameless one, the
    node's lowering checks at run time that they are equal: from there on the
    input's name stands for both. What was named before keeps its name, so that
    every other meeting is checked too.
  }];
}

def SimplifyControlPass : Pass<"attune-simplify-control", "::mlir::ModuleOp"> {
  let summary = "Find what is constant about branches and loops";
  let description = [{
    An If whose condition is constant keeps one graph. A Loop whose graph gives
    its condition on unchanged, or always true, is marked as counted: the number
    of trips is known before the first.
  }];
}

def MatchStatePass : Pass<"attune-match-state", "::mlir::ModuleOp"> {
  let summary = "Turn pairs of past and present into state";
  let description = [{
    An input `past_key_values.N.key` (or `past_key_N`, `past_N`) whose output
    `present.N.key` is the input with new rows behind it becomes state: what
    grows comes first in both, and `attune.state` on the input names the output.
    A pair that only the names make is an error, as is a model without pairs.

    Before: `%present = Concat(%past, %new) {axis = 2}` on `BxHxPxD`.
    After: the same between transposes from `PxBxHxD` and to `(P+S)xBxHxD`.
  }];
}

def AppendStatePass : Pass<"attune-append-state", "::mlir::func::FuncOp"> {
  let summary = "Put new rows behind the state in its own memory";
  let description = [{
    Before: the output of a state is a concatenation of the input and new rows,
    between transposes. After: it is `kernel.append`, and attention reads that
    through its layouts. State that is not so written is an error: its output
    shares the input's memory when it runs.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::cf::ControlFlowDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect",
                           "::attune::kernel::KernelDialect"];
}

#endif // ATTUNE_PASSES_RAISE_PASSES
