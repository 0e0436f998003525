// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_FEATURES
#define ATTUNE_DIALECTS_ATTN_CORE_FEATURES

include "dialects/attn/AttnBase.td"
include "mlir/IR/EnumAttr.td"

def Attn_FeatureMap : I32EnumAttr<"FeatureMap", "a map to features", [
    I32EnumAttrCase<"identity", 0>, I32EnumAttrCase<"elu1", 1>,
    I32EnumAttrCase<"relu", 2>, I32EnumAttrCase<"exp", 3>]> {
  let cppNamespace = "::attune::attn";
}

def Attn_FeaturesOp : Attn_CoreOp<"features", [
    Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                    ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Costed>]> {
  let summary = "Maps the elements of queries or keys to features";
  let description = [{
    ```
    identity: x        elu1: x + 1 if x > 0, else e^x
    relu: max(x, 0)    exp: e^x
    ```

    A NaN stays one.

    - (C1) the result has the operand's type.

    Example:
    ```mlir
    %f = attn.features elu1 %q : tensor<2x4x9x8xf32> -> tensor<2x4x9x8xf32>
    ```
  }];
  let arguments = (ins Attn_FeatureMap:$map, Attn_Tensor:$input);
  let results = (outs Attn_Tensor:$result);
  let assemblyFormat = "$map $input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The map on one scalar, as arithmetic.
    static ::mlir::Value buildScalar(::mlir::OpBuilder &builder,
                                     ::mlir::Location loc, FeatureMap map,
                                     ::mlir::Value x);
  }];
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_FEATURES
