// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_LINEAR
#define ATTUNE_DIALECTS_ATTN_CORE_LINEAR

include "dialects/attn/AttnBase.td"
include "mlir/IR/EnumAttr.td"

def Attn_Normaliser
    : I32EnumAttr<"Normaliser", "what weights are divided by",
                  [I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"sum", 1>]> {
  let cppNamespace = "::attune::attn";
}

def Attn_Schedule : I32EnumAttr<"Schedule", "the order of the sums",
                                [I32EnumAttrCase<"chunked", 0>,
                                 I32EnumAttrCase<"recurrent", 1>,
                                 I32EnumAttrCase<"quadratic", 2>]> {
  let cppNamespace = "::attune::attn";
}

def Attn_LinearOp
    : Attn_CoreOp<
          "linear", [Pure, AttrSizedOperandSegments, AttrSizedResultSegments,
                     DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                               ["reifyResultShapes"]>,
                     DeclareOpInterfaceMethods<Costed>]> {
  let summary = "Attention whose weights are products of features";
  let description = [{
    With the indices, head groups and layouts of `attn.attention`:

    ```
    a[b,h,i,j] = sum_d q[b,h,i,d] * k[b, h/(Hq/Hk), j, d]     (0 for unseen j)
    n[b,h,i,e] = sum_j a[b,h,i,j] * v[b, h/(Hq/Hv), j, e]
    o = n                                          normaliser none
    o[b,h,i,e] = n[b,h,i,e] / (sum_j a[b,h,i,j] + eps)              sum
    ```

    Query i sees all keys, or with `causal` the keys j <= i + Lk - Lq, with
    `top_left` too j <= i. With `visible`, keys are hidden where its element at
    `visible_map`(b,h,i,j) is 0: neither their features nor their values matter,
    be they NaN. A row that sees no key gives 0, or NaN with `nan_empty_rows`,
    or with `mean_empty_rows` the mean of all values, seen or not. Time and
    memory are linear in the lengths: the sums over j are taken before those
    over d.

    The sums over the keys are a state. `past_state` and `past_sum` are those of
    keys that came before, which every query sees; the results `state` and `sum`
    add all keys of this operation to them:

    ```
    state[b,h,d,e] = past_state[b,h,d,e] + sum_j k[b,h,j,d] * v[b,h,j,e]
    sum[b,h,d]     = past_sum[b,h,d]     + sum_j k[b,h,j,d]
    ```

    `schedule` names an order of the sums, all of which give the same up to
    rounding. Without it, one key and one query are a recurrent step, more are
    chunked.

    - `chunked`: S = sum k v^T of the chunks before, and weights of the chunk.
    - `recurrent`: S = S + k v^T, o = q S for each position in turn.
    - `quadratic`: the weights of all pairs, a tile at a time; the definition.

    - (C1) each layout is a permutation of 0..3.
    - (C2) batch sizes agree; the head counts of key and value divide the
      query's.
    - (C3) query and key have the same width; key and value the same length;
      the result has the query's batch, heads and length and the value's width.
    - (C4) `eps` is finite and not negative, and 0 without a normaliser.
    - (C5) `top_left` comes with `causal`.
    - (C6) `visible` and `visible_map` come together; the map is from (b,h,i,j)
      to dimensions but i, or zeros, one for each dimension of `visible`, and
      those sizes agree.
    - (C7) at most one of `nan_empty_rows` and `mean_empty_rows`, with the
      normaliser sum and without a past.
    - (C8) with a state, key and value have the same heads; states are
      `B x Hk x F x E` for keys of width F and values of width E, sums
      `B x Hk x F`; a sum comes with a state if and only if the normaliser is
      sum.
    - (C9) `recurrent` comes with `causal`, and query and key have the same
      length.

    Example:
    ```mlir
    %o, %s, %z = attn.linear sum query(%q : tensor<2x4x9x8xf32>)
        key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>)
        visible(%m : tensor<2x9xi8>)
        {causal, eps = 1.0e-6 : f64,
         visible_map = affine_map<(b, h, i, j) -> (b, j)>}
        -> tensor<2x4x9x5xf32> state tensor<2x2x8x5xf32> sum tensor<2x2x8xf32>
    ```
  }];
  let arguments = (ins Attn_Normaliser:$normaliser, Attn_Tensor4D:$query,
      Attn_Tensor4D:$key, Attn_Tensor4D:$value,
      Optional<TensorOf<[I8]>>:$visible, Optional<Attn_Tensor4D>:$past_state,
      Optional<3DTensorOf<[Attn_Float]>>:$past_sum,
      DefaultValuedAttr<F64Attr, "0.0">:$eps, UnitAttr:$causal,
      UnitAttr:$top_left, UnitAttr:$nan_empty_rows, UnitAttr:$mean_empty_rows,
      OptionalAttr<AffineMapAttr>:$visible_map,
      OptionalAttr<Attn_Schedule>:$schedule, Attn_Layout:$query_layout,
      Attn_Layout:$key_layout, Attn_Layout:$value_layout,
      Attn_Layout:$output_layout);
  let results = (outs Attn_Tensor4D:$result, Optional<Attn_Tensor4D>:$state,
      Optional<3DTensorOf<[Attn_Float]>>:$sum);
  let assemblyFormat = [{
    $normaliser `query` `(` $query `:` type($query) `)`
    `key` `(` $key `:` type($key) `)` `value` `(` $value `:` type($value) `)`
    (`visible` `(` $visible^ `:` type($visible) `)`)?
    (`past` `(` $past_state^ `:` type($past_state) `)`)?
    (`past_sum` `(` $past_sum^ `:` type($past_sum) `)`)?
    (`schedule` `(` $schedule^ `)`)? attr-dict `->` type($result) (`state` type($state)^)? (`sum` type($sum)^)?
  }];
  let hasVerifier = 1;
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_LINEAR
