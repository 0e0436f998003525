// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FORMS_PASSES
#define ATTUNE_PASSES_FORMS_PASSES

include "mlir/Pass/PassBase.td"

def RaiseFormsPass : Pass<"attune-raise-forms", "::mlir::func::FuncOp"> {
  let summary = "Recognise forms of attention among the nodes of a file";
  let description = [{
    Every form brings its own patterns. The order in which they are registered
    does not matter: the larger benefit goes first, then the name.
  }];
  let options = [Option<"reversed", "reversed", "bool", "false",
                        "Collect the patterns in reversed order, for testing">];
  let dependentDialects = ["::attune::attn::AttnDialect",
                           "::attune::onnx::OnnxDialect"];
}

def ApplyFormsPass : Pass<"attune-apply-forms", "::mlir::ModuleOp"> {
  let summary = "Put forms in the place of dense attention";
  let description = [{
    The specification is a list, separated by spaces, of

    ```
    FORM{key=value,...}@layers=0-3,5;heads=0-7
    ```

    Layers are the `attn.attention` operations, counted from 0 in the order of
    the graph; all of them, and all heads, if none are named. For some heads an
    attention is split in several over slices. What takes another's place is
    reported in a remark, as exact if its parameters let it hide nothing.

    `plan` names a JSON file that says the same. With `allow-partial` a layer to
    which its form cannot be applied stays dense, with a warning. What became of
    each layer is left on the module as `attune.forms`.

    Before: `attn.attention`.
    After, with `linear{eps=1e-6}`: `attn.linear_transformer`; with
    `sliding_window{window=256}`: `attn.attention` with a mask.
  }];
  let options = [Option<"spec", "spec", "std::string", "",
                        "Which forms, with which parameters, for which layers">,
                 Option<"plan", "plan", "std::string", "",
                        "A plan, instead of a specification">,
                 Option<"allowPartial", "allow-partial", "bool", "false",
                        "Leave layers dense that cannot take their form">,
                 Option<"costSize", "cost-size", "int64_t", "512",
                        "Stands for unknown sizes where costs are recorded">];
  let dependentDialects = [
    "::attune::attn::AttnDialect", "::attune::kernel::KernelDialect",
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::cf::ControlFlowDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def TapAttentionPass : Pass<"attune-tap-attention", "::mlir::ModuleOp"> {
  let summary = "Give what each attention computes as an output";
  let description = [{
    Every `attn.attention` of the model's own graph becomes a result of the
    entry function behind the ones that it has, with the name `attention.N`, N
    being the number of the layer. Forms that take its place take the result's,
    too. Attention within loops and branches is left out.

    Before: `return %y`.
    After: `return %y, %attention`.
  }];
}

def OpenFunctionsPass : Pass<"attune-open-functions", "::mlir::ModuleOp"> {
  let summary = "Decompose all but the functions that polynomials can replace";
  let description = [{
    Norms, activations, softmax attention and forms become core operations, linalg
    and `attn.poly` without a range. Each of these gets a `site`, the name of its node in the
    file, with a number where a node has the same function more than once.

    Before: `attn.rms_norm`.
    After: sums of squares, `attn.poly inverse_sqrt`, products.
  }];
  let dependentDialects = [
    "::attune::attn::AttnDialect", "::attune::kernel::KernelDialect",
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def TapFunctionsPass : Pass<"attune-tap-functions", "::mlir::ModuleOp"> {
  let summary = "Give the ranges of what functions meet as outputs";
  let description = [{
    For each `attn.poly` without a range in the model's own graph, if its operand
    depends on inputs: its least and its largest element, NaN if there is one,
    behind the results that there are (`RangeTaps.h` says how they are called).

    Before: `return %y`.
    After: `return %y, %low, %high`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ApplyRangesPass : Pass<"attune-apply-ranges", "::mlir::ModuleOp"> {
  let summary = "Put polynomials in the place of functions";
  let description = [{
    Each `attn.poly` whose operand depends on inputs gets its range from a JSON
    file (`Ranges.h`). Fails, naming each node, if one has none, if a range is for
    a node that is not there, or if anything that is no polynomial is left:
    comparisons, largest elements, exponentials, quotients, roots.

    How often products follow one another in the outputs, their degree in the
    inputs, and what was replaced are left on the module as `attune.polynomial`.

    Before: `attn.poly gelu %x {site = "/Gelu"}`.
    After: `attn.poly gelu %x {range = array<f64: -3.0, 4.0>, degree = 32, ...}`.
  }];
  let options = [Option<"file", "file", "std::string", "",
                        "The file of ranges">];
  let dependentDialects = ["::attune::attn::AttnDialect"];
}

def DecomposeFormsPass : Pass<"attune-decompose-forms"> {
  let summary = "Replace forms, norms and the like by what they consist of";
  let description = [{
    Every operation that is `Decomposable` becomes simpler ones, until none is
    left: core attention operations and linalg remain. Fails if that is not so.

    Before: `attn.linear_transformer`.
    After: `attn.features`, `attn.linear`.
  }];
  let dependentDialects = [
    "::attune::attn::AttnDialect", "::attune::kernel::KernelDialect",
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

#endif // ATTUNE_PASSES_FORMS_PASSES
