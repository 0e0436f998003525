// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_SELECT
#define ATTUNE_DIALECTS_ATTN_CORE_SELECT

include "dialects/attn/AttnBase.td"

class Attn_Choice<string mnemonic, list<Trait> traits = []>
    : Attn_Op<mnemonic, !listconcat(traits, [
          Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                          ["reifyResultShapes"]>,
          DeclareOpInterfaceMethods<Decomposable>,
          DeclareOpInterfaceMethods<Costed>])>;

def Attn_SelectOp : Attn_Choice<"select"> {
  let summary = "Marks the largest elements of rows, or those above a threshold";
  let description = [{
    For each row of x along the last dimension:

    ```
    m[..,j] = x[..,j] > threshold                           with `threshold`
    m[..,j] = fewer than k elements come before x[..,j]     with `top` or `count`
    ```

    The larger of two elements comes first, of equal ones that of the lower
    index. `top` is a constant k, `count` one that is known when the model runs;
    with a k above the size of a row all of it is marked, with a `count` below 1
    nothing. A NaN is above no threshold and comes behind all numbers.

    - (C1) one of `threshold`, `top` and `count` is given.
    - (C2) `top` is at least 1, `threshold` no NaN.
    - (C3) x has a dimension, and m its shape.

    Example:
    ```mlir
    %m = attn.select %x {top = 3 : i64} : tensor<2x4x9xf32> -> tensor<2x4x9xi1>
    ```
  }];
  let arguments = (ins Attn_Tensor:$input, Optional<Index>:$count,
                       OptionalAttr<I64Attr>:$top,
                       OptionalAttr<F64Attr>:$threshold);
  let results = (outs RankedTensorOf<[I1]>:$result);
  let assemblyFormat = [{
    $input (`count` $count^)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Attn_BlockListOp : Attn_Choice<"block_list"> {
  let summary = "Lists the blocks that a mask shows to each block of queries";
  let description = [{
    With a mask m of batch b, head h, blocks of queries u and of keys v, where
    batch and head may have size 1 for all of them:

    ```
    counts[b,h,u] = min(number of v with m[b,h,u,v], capacity)
    blocks[b,h,u,p] = the p-th such v from below, or 0 from counts[b,h,u] on
    ```

    What does not fit in the capacity, that of the result's type, is left out.
    `attn.attention` takes both as they are. Of a constant mask they are
    constants.

    - (C1) counts have the mask's dimensions but the last.
    - (C2) blocks have the mask's dimensions but the last, then the capacity,
      which is dynamic only where the mask's last dimension is and then equals it.

    Example:
    ```mlir
    %c, %l = attn.block_list %m
        : tensor<1x4x3x7xi1> -> tensor<1x4x3xi32>, tensor<1x4x3x5xi32>
    ```
  }];
  let arguments = (ins 4DTensorOf<[I1]>:$mask);
  let results = (outs 3DTensorOf<[I32]>:$counts, 4DTensorOf<[I32]>:$blocks);
  let assemblyFormat = [{
    $mask attr-dict `:` type($mask) `->` type($counts) `,` type($blocks)
  }];
  let hasVerifier = 1;
}

def Attn_BucketOp : Attn_Choice<"bucket", [
    AllTypesMatch<["codes", "order", "inverse"]>]> {
  let summary = "Orders positions by their codes";
  let description = [{
    `order[b,h,.]` lists the positions of `codes[b,h,.]` from the lowest code to
    the highest, those of equal codes as they were; `inverse` is where each has
    gone: `order[b,h,inverse[b,h,i]] = i`.

    - (C1) all have one type.

    Example:
    ```mlir
    %order, %inverse = attn.bucket %codes : tensor<2x4x9xi32>
    ```
  }];
  let arguments = (ins 3DTensorOf<[I32]>:$codes);
  let results = (outs 3DTensorOf<[I32]>:$order, 3DTensorOf<[I32]>:$inverse);
  let assemblyFormat = "$codes attr-dict `:` type($codes)";
}

def Attn_HashCodesOp : Attn_Choice<"hash_codes"> {
  let summary = "Codes of vectors by which side of planes they lie on";
  let description = [{
    With x of `layout` (as in `attn.attention`) and R = `planes`, of r columns:

    ```
    g[b,h,i] = sum over c of 2^c * (sum_d x[b,h,i,d] * R[d,c] > 0)
    code[b,h,i] = n with n xor (n >> 1) = g[b,h,i]
    ```

    so that vectors of neighbouring codes lie on the same side of all planes but
    one: the code is the rank of g in the reflected Gray sequence. NaN is on no
    side.

    Charikar (2002), "Similarity Estimation Techniques from Rounding Algorithms";
    Gray (1953), "Pulse Code Communication".

    - (C1) `layout` is a permutation of 0..3.
    - (C2) R has x's width and 1 to 31 columns.
    - (C3) x and R have one type of elements.
    - (C4) the codes have x's batch, heads and length.

    Example:
    ```mlir
    %c = attn.hash_codes %x planes(%r : tensor<8x7xf32>)
        : tensor<2x4x9x8xf32> -> tensor<2x4x9xi32>
    ```
  }];
  let arguments = (ins Attn_Tensor4D:$input, 2DTensorOf<[Attn_Float]>:$planes,
                       Attn_Layout:$layout);
  let results = (outs 3DTensorOf<[I32]>:$codes);
  let assemblyFormat = [{
    $input `planes` `(` $planes `:` type($planes) `)` attr-dict
    `:` type($input) `->` type($codes)
  }];
  let hasVerifier = 1;
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_SELECT
