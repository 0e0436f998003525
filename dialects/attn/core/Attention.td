// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_ATTENTION
#define ATTUNE_DIALECTS_ATTN_CORE_ATTENTION

include "dialects/attn/AttnBase.td"
include "dialects/kernel/Normalisers.td"

def Attn_AttentionOp : Attn_CoreOp<"attention", [
    Pure, SingleBlock, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Costed>]> {
  let summary = "Softmax attention with a score region";
  let description = [{
    With b, h, i, j, d, e for batch, query head, query, key and widths:

    ```
    s[b,h,i,j] = score(scale * sum_d q[b,h,i,d] * k[b, h/(Hq/Hk), j, d], captures)
    o[b,h,i,e] = sum_j softmax_j(s)[b,h,i,j] * v[b, h/(Hq/Hv), j, e]
    ```

    The region gets the scaled score and the captures' elements at
    `capture_maps[c](b,h,i,j)`; a boolean mask is a select, an additive one an
    addition. With `causal`, query i sees the keys j <= i + Lk - Lq; with
    `causal` and `top_left`, j <= i. With `mask`, it sees only keys for which
    (i + Lk - Lq, j)[Lk], or (i, j)[Lk] with `top_left`, is in one of the integer
    sets that are listed: a window of 256 keys and the first 4 is
    `[affine_set<(i, j) : (i - j >= 0, 255 - i + j >= 0)>,
    affine_set<(i, j) : (i - j >= 0, 3 - j >= 0)>]`. Keys outside the ranges that
    follow from the sets cost nothing. A row that sees no key (all scores are
    -inf) gives 0, or NaN with `nan_empty_rows`, or with `mean_empty_rows` the
    mean of all values, which is what a file gives it whose mask is a finite
    number.

    With block lists, `counts` and `blocks` of batch b, head h (where each may
    have size 1 for all) and u = i floordiv `query_block`, query i sees only keys
    j with j floordiv `key_block` = blocks[b,h,u,p] for a p < counts[b,h,u]: what
    `attn.block_list` gives. A block that is listed twice counts twice, one that
    there is not shows nothing. Only what is listed is computed.

    With a `normaliser`, its weights take the place of softmax: keys that are not
    seen weigh 0.

    `lse`[b,h,i] is log sum_j exp(s[b,h,i,j]), and -inf where no key is seen;
    `attn.merge` joins parts by it.

    A layout lists, for each dimension of the operand as it lies in memory, the
    logical dimension (0 = b, 1 = h, 2 = i or j, 3 = d or e) that it holds:
    `[0, 1, 2, 3]` is BHLD, `[0, 2, 1, 3]` is BLHD. Result too.

    - (C1) each layout is a permutation of 0..3.
    - (C2) batch sizes agree; the head counts of key and value divide the
      query's.
    - (C3) query and key have the same width; key and value the same length;
      the result has the query's batch, heads and length and the value's width.
    - (C4) each capture has a map from (b,h,i,j), whose results are dimensions
      or zeros, and the region has one argument more than there are captures
      and yields one score.
    - (C5) `mask` lists one or more integer sets of (i, j)[n], affine in them,
      with numbers that 64 bits hold with any position.
    - (C6) not both of `nan_empty_rows` and `mean_empty_rows`, and neither with a
      `normaliser`.
    - (C7) `counts` and `blocks` come together, with positive `query_block` and
      `key_block`, and have a row for each block of queries.
    - (C8) `lse` has the batch, heads and length of the query, and comes without
      `normaliser`.

    Example:
    ```mlir
    %o = attn.attention query(%q : tensor<2x4x9x8xf32>)
        key(%k : tensor<2x2x7x8xf32>) value(%v : tensor<2x2x7x5xf32>)
        attributes {scale = 0.35 : f64, capture_maps = []} {
      ^bb0(%s: f32):
        attn.yield %s : f32
    } -> tensor<2x4x9x5xf32>
    ```
  }];
  let arguments = (ins Attn_Tensor4D:$query, Attn_Tensor4D:$key,
                       Attn_Tensor4D:$value, Variadic<AnyRankedTensor>:$captures,
                       Optional<3DTensorOf<[I32]>>:$counts,
                       Optional<4DTensorOf<[I32]>>:$blocks,
                       F64Attr:$scale, AffineMapArrayAttr:$capture_maps,
                       UnitAttr:$causal, UnitAttr:$top_left,
                       UnitAttr:$nan_empty_rows,
                       UnitAttr:$mean_empty_rows,
                       OptionalAttr<ArrayAttr>:$mask,
                       OptionalAttr<I64Attr>:$query_block,
                       OptionalAttr<I64Attr>:$key_block,
                       OptionalAttr<Kernel_AttentionNormaliser>:$normaliser,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{0, 1, 2, 3}">:$query_layout,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{0, 1, 2, 3}">:$key_layout,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{0, 1, 2, 3}">:$value_layout,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{0, 1, 2, 3}">:$output_layout);
  let results = (outs Attn_Tensor4D:$result, Optional<3DTensorOf<[F32]>>:$lse);
  let regions = (region SizedRegion<1>:$score);
  let assemblyFormat = [{
    `query` `(` $query `:` type($query) `)` `key` `(` $key `:` type($key) `)`
    `value` `(` $value `:` type($value) `)`
    (`captures` `(` $captures^ `:` type($captures) `)`)?
    (`blocks` `(` $counts^ `,` $blocks `:` type($counts) `,` type($blocks) `)`)?
    attr-dict-with-keyword $score `->` type($result) (`,` type($lse)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The size of logical dimension `dim` of an operand of this layout.
    static int64_t logicalSize(::mlir::Value operand,
                               ::llvm::ArrayRef<int64_t> layout, int64_t dim);
    ::mlir::RankedTensorType getType() {
      return ::mlir::cast<::mlir::RankedTensorType>(getResult().getType());
    }
    /// Whether this is plain softmax attention, which may be rewritten.
    bool isPlain() { return !getCounts() && !getNormaliser() && !getLse(); }
    /// Whether the score region yields the scaled score as it is.
    bool isScoreIdentity();
  }];
}

def Attn_YieldOp : Attn_CoreOp<"yield", [Pure, Terminator, HasParent<"AttentionOp">]> {
  let summary = "Ends a score region";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_ATTENTION
