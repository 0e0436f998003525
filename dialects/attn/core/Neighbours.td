// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands around attention in a transformer: norms, activations, rotary
// positions. They are operations so that passes can find and replace them.

#ifndef ATTUNE_DIALECTS_ATTN_CORE_NEIGHBOURS
#define ATTUNE_DIALECTS_ATTN_CORE_NEIGHBOURS

include "dialects/attn/AttnBase.td"

class Attn_Neighbour<string mnemonic, list<Trait> traits = []>
    : Attn_Op<mnemonic, !listconcat(traits, [
          Pure, AllTypesMatch<["input", "result"]>,
          DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                    ["reifyResultShapes"]>,
          DeclareOpInterfaceMethods<Decomposable>,
          DeclareOpInterfaceMethods<Costed>])>;

def Attn_LayerNormOp : Attn_Neighbour<"layer_norm"> {
  let summary = "Rows of mean 0 and variance 1, scaled and shifted";
  let description = [{
    Over the `N` elements of the dimensions from `axis` on:

    ```
    mean = sum(x) / N        var = sum((x - mean)^2) / N
    y = (x - mean) / sqrt(var + epsilon) * scale + bias
    ```

    Ba, Kiros, Hinton (2016), "Layer Normalization".

    - (C1) `axis` is a dimension of the input.
    - (C2) `scale`, and `bias` if there is one, have the input's dimensions
      from `axis` on.
    - (C3) `epsilon` is not negative.

    Example:
    ```mlir
    %y = attn.layer_norm %x scale(%s : tensor<8xf32>) bias(%b : tensor<8xf32>)
        {axis = 1 : i64, epsilon = 1.0e-5 : f64} : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Attn_Tensor:$input, Attn_Tensor:$scale,
                       Optional<Attn_Tensor>:$bias, I64Attr:$axis,
                       F64Attr:$epsilon);
  let results = (outs Attn_Tensor:$result);
  let assemblyFormat = [{
    $input `scale` `(` $scale `:` type($scale) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)? attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
}

def Attn_RmsNormOp : Attn_Neighbour<"rms_norm"> {
  let summary = "Rows of root mean square 1, scaled";
  let description = [{
    Over the `N` elements of the dimensions from `axis` on:

    ```
    y = x / sqrt(sum(x^2) / N + epsilon) * scale
    ```

    Zhang, Sennrich (2019), "Root Mean Square Layer Normalization".

    - (C1) `axis` is a dimension of the input.
    - (C2) `scale` has the input's dimensions from `axis` on.
    - (C3) `epsilon` is not negative.

    Example:
    ```mlir
    %y = attn.rms_norm %x scale(%s : tensor<8xf32>)
        {axis = 1 : i64, epsilon = 1.0e-6 : f64} : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Attn_Tensor:$input, Attn_Tensor:$scale, I64Attr:$axis,
                       F64Attr:$epsilon);
  let results = (outs Attn_Tensor:$result);
  let assemblyFormat = [{
    $input `scale` `(` $scale `:` type($scale) `)` attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
}

def Attn_GeluOp : Attn_Neighbour<"gelu"> {
  let summary = "Gaussian error linear unit";
  let description = [{
    ```
    y = x/2 * (1 + erf(x / sqrt(2)))                               exactly
    y = x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3)))  with `tanh`
    ```

    Hendrycks, Gimpel (2016), "Gaussian Error Linear Units (GELUs)".

    Example:
    ```mlir
    %y = attn.gelu %x {tanh} : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Attn_Tensor:$input, UnitAttr:$tanh);
  let results = (outs Attn_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

def Attn_RotaryOp : Attn_Neighbour<"rotary", [AllTypesMatch<["cos", "sin"]>]> {
  let summary = "Turns pairs of elements by angles of their position";
  let description = [{
    With `d` along the last dimension, of size `D`, and `p` all others:

    ```
    y[p,d] = x[p,d] * cos[map(p), a(d)] + t[p,d] * sin[map(p), a(d)]
    t[p,d] = -x[p, d + D/2] if d < D/2, else x[p, d - D/2]
    ```

    or, with `interleaved`, `t[p, 2e] = -x[p, 2e+1]` and
    `t[p, 2e+1] = x[p, 2e]`. `angle_map` takes the dimensions of `x` but the
    last to those of `cos` and `sin` but the last. Their last dimension has size
    `D`, and then `a(d) = d`; or `D/2`, and then both elements of a pair find
    their angle there: `a(d) = d mod D/2`, `d / 2` if interleaved.

    Su, Lu, Pan, Murtadha, Wen, Liu (2021), "RoFormer: Enhanced Transformer
    with Rotary Position Embedding".

    - (C1) the last dimension of `x` is static and even.
    - (C2) the last dimension of `cos` and `sin` is `D` or `D/2`.
    - (C3) `angle_map` has a result for each dimension of `cos` but the last,
      a dimension or 0.
    - (C4) dimensions of `cos` and `sin` that the map takes from `x` have their
      size.

    Example:
    ```mlir
    %y = attn.rotary %x angles(%c, %s : tensor<7x4xf32>)
        {angle_map = affine_map<(b, h, i) -> (i)>} : tensor<1x2x7x8xf32>
    ```
  }];
  let arguments = (ins Attn_Tensor:$input, Attn_Tensor:$cos, Attn_Tensor:$sin,
                       AffineMapAttr:$angle_map, UnitAttr:$interleaved);
  let results = (outs Attn_Tensor:$result);
  let assemblyFormat = [{
    $input `angles` `(` $cos `,` $sin `:` type($cos) `)` attr-dict `:`
    type($input)
  }];
  let hasVerifier = 1;
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_NEIGHBOURS
