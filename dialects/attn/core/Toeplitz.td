// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_TOEPLITZ
#define ATTUNE_DIALECTS_ATTN_CORE_TOEPLITZ

include "dialects/attn/AttnBase.td"
include "mlir/IR/EnumAttr.td"

def Attn_ProductMethod : I32EnumAttr<"ProductMethod", "how sums over lags are taken", [
    I32EnumAttrCase<"automatic", 0>, I32EnumAttrCase<"direct", 1>,
    I32EnumAttrCase<"fourier", 2>]> {
  let cppNamespace = "::attune::attn";
}

class Attn_ProductOp<string mnemonic> : Attn_CoreOp<mnemonic, [
    Pure, AllTypesMatch<["input", "result"]>, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                    ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Costed>]> {
  let hasVerifier = 1;
}

def Attn_ToeplitzOp : Attn_ProductOp<"toeplitz"> {
  let summary = "Products with a matrix whose elements depend on j - i";
  let description = [{
    With b, h, i, j, c for batch, head, rows and column, and L rows:

    ```
    y[b,h,i,c] = sum over j of taps[h, j - i + L - 1] * x[b,h,j,c]
    ```

    over all j, of 2L - 1 taps a head, or with `causal` over j <= i, of L taps.
    One row of taps serves all heads.

    `direct` takes L^2 steps a column, `fourier` O(L log L) by transforms of a
    length that is known when it is compiled; `automatic` takes what is cheaper,
    and `direct` for lengths of run time. No matrix of L x L exists.

    - (C1) `taps` has the operand's element type.
    - (C2) `taps` has one row or one for each head, and 2L - 1 columns, or L
      with `causal`; sizes that are known at run time only are checked then.
    - (C3) `fourier` comes with a static length of at least 1.

    Example:
    ```mlir
    %y = attn.toeplitz %x taps(%t : tensor<4x17xf32>) : tensor<2x4x9x8xf32>
    ```
  }];
  let arguments = (ins Attn_Tensor4D:$input, 2DTensorOf<[Attn_Float]>:$taps,
                       UnitAttr:$causal,
                       DefaultValuedAttr<Attn_ProductMethod,
                           "::attune::attn::ProductMethod::automatic">:$method);
  let results = (outs Attn_Tensor4D:$result);
  let assemblyFormat = [{
    $input `taps` `(` $taps `:` type($taps) `)` attr-dict `:` type($input)
  }];
  let extraClassDeclaration = [{
    /// The length of the transforms, or 0 for direct products.
    int64_t getFourierLength();
  }];
}

def Attn_LongConvOp : Attn_ProductOp<"long_conv"> {
  let summary = "Causal convolution of each channel with many taps";
  let description = [{
    With b, i, c for batch, position and channel:

    ```
    y[b,i,c] = sum over s <= i of taps[c,s] * x[b, i - s, c] + skip[c] * x[b,i,c]
    ```

    Methods as in `attn.toeplitz`: `direct` takes L K steps a channel for L
    positions and K taps.

    Poli et al. (2023), "Hyena Hierarchy"; Fu et al. (2023), "Hungry Hungry
    Hippos".

    - (C1) `taps` and `skip` have the operand's element type.
    - (C2) `taps` is `C x K` with K of at least 1, `skip`, if there is one, has
      C elements.
    - (C3) `fourier` comes with static lengths, and L of at least 1.

    Example:
    ```mlir
    %y = attn.long_conv %x taps(%h : tensor<8x100xf32>) skip(%d : tensor<8xf32>)
        : tensor<2x100x8xf32>
    ```
  }];
  let arguments = (ins 3DTensorOf<[Attn_Float]>:$input,
                       2DTensorOf<[Attn_Float]>:$taps,
                       Optional<1DTensorOf<[Attn_Float]>>:$skip,
                       DefaultValuedAttr<Attn_ProductMethod,
                           "::attune::attn::ProductMethod::automatic">:$method);
  let results = (outs 3DTensorOf<[Attn_Float]>:$result);
  let assemblyFormat = [{
    $input `taps` `(` $taps `:` type($taps) `)`
    (`skip` `(` $skip^ `:` type($skip) `)`)? attr-dict `:` type($input)
  }];
  let extraClassDeclaration = [{
    /// The length of the transforms, or 0 for direct sums.
    int64_t getFourierLength();
  }];
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_TOEPLITZ
