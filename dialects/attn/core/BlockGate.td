// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_BLOCKGATE
#define ATTUNE_DIALECTS_ATTN_CORE_BLOCKGATE

include "dialects/attn/AttnBase.td"

def Attn_BlockGateOp : Attn_Op<"block_gate", [
    Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                    ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Decomposable>, DeclareOpInterfaceMethods<Costed>]> {
  let summary = "Decides which blocks of keys each block of queries sees";
  let description = [{
    Queries and keys are those of blocks, such as `attn.pool` gives, of B x Hq
    heads, U blocks of queries and B x Hk heads, V blocks of keys. With T
    positions a block and a query's position at `offset` behind its row:

    ```
    shown(u,v)   = v*T < (u + 1)*T + offset              with `causal`, else all
    p[b,h,u,v]   = softmax over the shown v of
                   scale * sum_g q[b,h,u,g] * k[b, h/(Hq/Hk), v, g]
    chosen       = p > threshold                                with `threshold`
    chosen       = p is one of the row's t largest                  with `ratio`
    own(u,v)     = v*T < (u + 1)*T + offset and (v + 1)*T > u*T + offset
    m[b,h,u,v]   = shown and (chosen or u >= U - last_dense
                              or own, with `own_block`)
    ```

    where t = max(1, floor(f * V)) and f is `ratio`, the share of blocks that is
    wanted, or with `causal` 1 - sqrt(1 - ratio), which is about that share of
    the triangle. Of equal p the lower v counts first. `offset` is Lk - Lq of the
    positions, 0 if it is not given; with `own_block` no causal query is without
    a key that has one.

    Gao et al. (2024), "SeerAttention: Learning Intrinsic Sparse Attention in
    Your LLMs".

    - (C1) one of `threshold`, which is no NaN, and `ratio`, which is above 0 and
      at most 1, is given.
    - (C2) `block` is at least 1, `last_dense` not negative.
    - (C3) batch and width of queries and keys agree; their numbers of heads are
      known, and Hk divides Hq.
    - (C4) m is B x Hq x U x V.
    - (C5) `offset` comes with `causal` or `own_block`.

    Example:
    ```mlir
    %m = attn.block_gate query(%q : tensor<1x4x5x8xf32>) key(%k : tensor<1x2x5x8xf32>)
        {block = 64 : i64, scale = 0.35 : f64, threshold = 2.0e-3 : f64, causal,
         own_block, last_dense = 2 : i64} -> tensor<1x4x5x5xi1>
    ```
  }];
  let arguments = (ins 4DTensorOf<[F32]>:$query, 4DTensorOf<[F32]>:$key,
                       Optional<Index>:$offset, I64Attr:$block, F64Attr:$scale,
                       OptionalAttr<F64Attr>:$threshold,
                       OptionalAttr<F64Attr>:$ratio,
                       DefaultValuedAttr<I64Attr, "0">:$last_dense,
                       UnitAttr:$own_block, UnitAttr:$causal);
  let results = (outs 4DTensorOf<[I1]>:$mask);
  let assemblyFormat = [{
    `query` `(` $query `:` type($query) `)` `key` `(` $key `:` type($key) `)`
    (`offset` $offset^)? attr-dict `->` type($mask)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// f: the share of a row's blocks that `ratio` takes.
    static double shareOf(double ratio, bool causal);
    /// t of a row of `blocks`.
    static int64_t countOf(double ratio, bool causal, int64_t blocks);
  }];
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_BLOCKGATE
