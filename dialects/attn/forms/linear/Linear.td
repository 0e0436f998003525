// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_LINEAR
#define ATTUNE_DIALECTS_ATTN_FORMS_LINEAR

include "dialects/attn/AttnBase.td"

def Attn_LinearTransformerOp : Attn_Op<"linear_transformer", [
    Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                    ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Decomposable>,
    DeclareOpInterfaceMethods<Raisable>]> {
  let summary = "Attention with the features elu(x) + 1 (form 'linear')";
  let description = [{
    With the indices, head groups and layouts of `attn.attention` and
    f(x) = elu(x) + 1:

    ```
    a[b,h,i,j] = sum_d f(q[b,h,i,d]) * f(k[b, h/(Hq/Hk), j, d])
    o[b,h,i,e] = sum_j a[b,h,i,j] * v[b, h/(Hq/Hv), j, e]
                 / (sum_j a[b,h,i,j] + eps)
    ```

    over all keys, or with `causal` over j <= i + Lk - Lq, with `top_left` too
    over j <= i. With `visible`, keys are hidden as in `attn.linear`. There is no
    scale. A row that sees no key gives 0, or NaN with `nan_empty_rows`, or with
    `mean_empty_rows` the mean of all values.

    Katharopoulos, Vyas, Pappas, Fleuret (2020), "Transformers are RNNs: Fast
    Autoregressive Transformers with Linear Attention".

    In the place of dense attention it is an approximation that the model must
    have been trained for. Parameter: `eps` (1e-6).

    - (C1) each layout is a permutation of 0..3.
    - (C2) batch sizes agree; the head counts of key and value divide the
      query's.
    - (C3) query and key have the same width; key and value the same length;
      the result has the query's batch, heads and length and the value's width.
    - (C4) `eps` is finite and not negative.
    - (C5) `top_left` comes with `causal`.
    - (C6) `visible` and `visible_map` come together; the map is from (b,h,i,j)
      to dimensions but i, or zeros, one for each dimension of `visible`, and
      those sizes agree.
    - (C7) not both of `nan_empty_rows` and `mean_empty_rows`.

    Example:
    ```mlir
    %o = attn.linear_transformer query(%q : tensor<2x4x9x8xf32>)
        key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>)
        {causal, eps = 1.0e-6 : f64} -> tensor<2x4x9x5xf32>
    ```
  }];
  let arguments = (ins Attn_Tensor4D:$query, Attn_Tensor4D:$key,
                       Attn_Tensor4D:$value,
                       Optional<TensorOf<[I8]>>:$visible,
                       DefaultValuedAttr<F64Attr, "1.0e-6">:$eps,
                       UnitAttr:$causal, UnitAttr:$top_left,
                       UnitAttr:$nan_empty_rows, UnitAttr:$mean_empty_rows,
                       OptionalAttr<AffineMapAttr>:$visible_map,
                       Attn_Layout:$query_layout, Attn_Layout:$key_layout,
                       Attn_Layout:$value_layout, Attn_Layout:$output_layout);
  let results = (outs Attn_Tensor4D:$result);
  let assemblyFormat = [{
    `query` `(` $query `:` type($query) `)` `key` `(` $key `:` type($key) `)`
    `value` `(` $value `:` type($value) `)`
    (`visible` `(` $visible^ `:` type($visible) `)`)? attr-dict
    `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // ATTUNE_DIALECTS_ATTN_FORMS_LINEAR
