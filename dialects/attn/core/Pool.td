// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_POOL
#define ATTUNE_DIALECTS_ATTN_CORE_POOL

include "dialects/attn/AttnBase.td"

def Attn_PoolOp : Attn_Op<"pool", [
    Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                    ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Decomposable>]> {
  let summary = "Blocks of positions, each as one";
  let description = [{
    With x of `layout` (as in `attn.attention`), of batch b, head h, length L
    and width D, and K `kinds`:

    ```
    y[b,h,n,k*D + d] = kind_k of x[b,h,t,d] over the t of block n:
                       n * block <= t < min((n + 1) * block, L)
    ```

    `avg` is the sum divided by how many there are, so that a short last block
    is no smaller than others; `max` and `min` are NaN if one of them is.

    - (C1) `block` is at least 1.
    - (C2) `layout` is a permutation of 0..3.
    - (C3) `kinds` lists one or more of `avg`, `max`, `min`.
    - (C4) y is b x h x ceil(L / block) x (K * D), of x's type of elements.

    Example:
    ```mlir
    %y = attn.pool ["max", "min", "avg"] %x {block = 4 : i64}
        : tensor<2x4x9x8xf32> -> tensor<2x4x3x24xf32>
    ```
  }];
  let arguments = (ins StrArrayAttr:$kinds, Attn_Tensor4D:$input, I64Attr:$block,
                       Attn_Layout:$layout);
  let results = (outs Attn_Tensor4D:$result);
  let assemblyFormat = "$kinds $input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_POOL
