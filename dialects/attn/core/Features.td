// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_FEATURES
#define ATTUNE_DIALECTS_ATTN_CORE_FEATURES

include "dialects/attn/AttnBase.td"
include "mlir/IR/EnumAttr.td"

def Attn_FeatureMap : I32EnumAttr<"FeatureMap", "a map to features", [
    I32EnumAttrCase<"identity", 0>, I32EnumAttrCase<"elu1", 1>,
    I32EnumAttrCase<"relu", 2>, I32EnumAttrCase<"exp", 3>,
    I32EnumAttrCase<"positive", 4>, I32EnumAttrCase<"taylor2", 5>]> {
  let cppNamespace = "::attune::attn";
}

def Attn_FeaturesOp : Attn_CoreOp<"features", [
    Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                    ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Costed>]> {
  let summary = "Maps queries or keys to features";
  let description = [{
    With x, a vector of a query or a key times `scale`, and y = W x with the
    projection W, or y = x without one, the features are

    ```
    identity: y        elu1: y + 1 if y > 0, else e^y
    relu: max(y, 0)    exp: e^y
    positive:             e^(y_r - max_r y)
    positive with `keys`: e^(y_r - |x|^2 / 2 - c)
    taylor2:  1, x_a, and for each a, with b from a on, x_a x_b, over sqrt(2)
              if a = b
    ```

    plus `eps`. c is the largest exponent y_r - |x|^2 / 2 of all keys and
    features of a head; it and max_r y keep every exponential below 1 and cancel
    when rows are divided by the sum of their weights (but for `eps`). Products
    of the features of `taylor2` are 1 + s + s^2 / 2, s = x_query . x_key; there
    are 1 + D + D (D + 1) / 2. A NaN stays one.

    Features that widen are never stored for the whole length: they are made
    within `attn.linear`, a chunk at a time. `layout` says which dimension is the
    width, as in `attn.attention`.

    Choromanski et al. (2020), "Rethinking Attention with Performers"; Arora et
    al. (2024), "Simple linear attention language models balance the
    recall-throughput tradeoff".

    - (C1) a map of single elements without a projection gives a result of the
      operand's type.
    - (C2) `positive` has a projection, `taylor2` has none.
    - (C3) with a projection `features x width`, or `taylor2`, the operand has
      rank 4, `layout` is a permutation of 0..3, and the result is the operand
      with as many features for its width.
    - (C4) `eps` is finite and not negative, and 0 with `taylor2`; `scale` is
      finite and not 0.
    - (C5) `keys` comes with `positive`.

    Example:
    ```mlir
    %f = attn.features positive %k projection(%w : tensor<32x8xf32>)
        {eps = 1.0e-6 : f64, keys, scale = 0.59 : f64}
        : tensor<2x4x9x8xf32> -> tensor<2x4x9x32xf32>
    ```
  }];
  let arguments = (ins Attn_FeatureMap:$map, Attn_Tensor:$input,
                       Optional<2DTensorOf<[Attn_Float]>>:$projection,
                       DefaultValuedAttr<F64Attr, "1.0">:$scale,
                       DefaultValuedAttr<F64Attr, "0.0">:$eps,
                       UnitAttr:$keys, Attn_Layout:$layout);
  let results = (outs Attn_Tensor:$result);
  let assemblyFormat = [{
    $map $input (`projection` `(` $projection^ `:` type($projection) `)`)?
    attr-dict `:` type($input) `->` type($result)
  }];
  let builders = [
    // A map of single elements.
    OpBuilder<(ins "::attune::attn::FeatureMap":$map, "::mlir::Value":$input)>,
    // Features of heads in this layout, of width `features`.
    OpBuilder<(ins "::attune::attn::FeatureMap":$map, "::mlir::Value":$input,
                   "::mlir::Value":$projection, "int64_t":$features,
                   "double":$scale, "double":$eps, "bool":$keys,
                   "::mlir::DenseI64ArrayAttr":$layout)>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The map of single elements on a scalar, as arithmetic: scale, map, eps.
    ::mlir::Value buildScalar(::mlir::OpBuilder &builder, ::mlir::Value x);
    /// Features of `taylor2` of vectors of this width.
    static int64_t countTaylor(int64_t width) {
      return 1 + width + width * (width + 1) / 2;
    }
    /// Whether a feature depends on more than one element.
    bool isWide() {
      return getProjection() || getMap() == FeatureMap::taylor2;
    }
  }];
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_FEATURES
