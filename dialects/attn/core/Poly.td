// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_POLY
#define ATTUNE_DIALECTS_ATTN_CORE_POLY

include "dialects/attn/AttnBase.td"
include "mlir/IR/EnumAttr.td"

def Attn_PolyFunction : I32EnumAttr<"PolyFunction", "a function of numbers", [
    I32EnumAttrCase<"inverse", 0>, I32EnumAttrCase<"inverse_sqrt", 1>,
    I32EnumAttrCase<"exp", 2>, I32EnumAttrCase<"erf", 3>,
    I32EnumAttrCase<"tanh", 4>, I32EnumAttrCase<"sigmoid", 5>,
    I32EnumAttrCase<"silu", 6>, I32EnumAttrCase<"gelu", 7>,
    I32EnumAttrCase<"gelu_tanh", 8>, I32EnumAttrCase<"softplus", 9>,
    I32EnumAttrCase<"mish", 10>]> {
  let cppNamespace = "::attune::attn";
}

def Attn_PolyOp : Attn_Op<"poly", [
    Pure, AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Decomposable>,
    DeclareOpInterfaceMethods<Costed>]> {
  let summary = "A function of each element, or a polynomial in its place";
  let description = [{
    Without `range` each element becomes the function's value. With it, it becomes
    a polynomial's that is near to the function from `range[0]` to `range[1]`; what
    is outside of that gives no warning and any number.

    ```
    inverse       1 / x:        y = 2 / (low + high), e = 1 - x y,
                                then `steps` times y <- y (1 + e), e <- e^2
    inverse_sqrt  1 / sqrt(x):  y = 1 / sqrt(high),
                                then `steps` times y <- y (3 - x y^2) / 2
    ```

    All others are interpolated in the `degree` + 1 Chebyshev points of the range:
    e^x, erf(x), tanh(x), `sigmoid` 1 / (1 + e^-x), `silu` x sigmoid(x), `gelu`
    x/2 (1 + erf(x / sqrt(2))), `gelu_tanh` x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715
    x^3))), `softplus` log(1 + e^x), `mish` x tanh(softplus(x)). They are evaluated
    by Clenshaw's rule.

    The relative error of the inverse is at most e^(2^steps), with e = (high - low)
    / (high + low). With products that follow one another counted as depth, `steps`
    of an inverse have steps + 1, of an inverse root 2 steps, and a polynomial of
    degree n can have ceil(log2(n + 1)).

    `site` is the name by which the range is found (`attune-apply-ranges`).

    Goldschmidt (1964), "Applications of Division by Convergence"; Clenshaw (1955),
    "A note on the summation of Chebyshev series".

    - (C1) `range` comes with one of `steps` and `degree`; neither comes without.
    - (C2) the inverses have `steps`, the others `degree`.
    - (C3) `range` has two finite numbers, the lower one first, both above 0 for
      the inverses.
    - (C4) `steps` is from 1 to 32, `degree` from 1 to 255.

    Example:
    ```mlir
    %y = attn.poly inverse_sqrt %x {range = array<f64: 0.25, 4.0>, steps = 8 : i64}
        : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Attn_PolyFunction:$function, Attn_Tensor:$input,
                       OptionalAttr<DenseF64ArrayAttr>:$range,
                       OptionalAttr<I64Attr>:$steps,
                       OptionalAttr<I64Attr>:$degree, OptionalAttr<StrAttr>:$site);
  let results = (outs Attn_Tensor:$result);
  let assemblyFormat = "$function $input attr-dict `:` type($input)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Steps or degree; 0 without a range.
    int64_t getEffort() {
      return getSteps() ? *getSteps() : getDegree().value_or(0);
    }
  }];
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_POLY
