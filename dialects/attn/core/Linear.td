// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_LINEAR
#define ATTUNE_DIALECTS_ATTN_CORE_LINEAR

include "dialects/attn/AttnBase.td"
include "mlir/IR/EnumAttr.td"

def Attn_Normaliser : I32EnumAttr<"Normaliser", "what weights are divided by", [
    I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"sum", 1>]> {
  let cppNamespace = "::attune::attn";
}

def Attn_LinearOp : Attn_CoreOp<"linear", [
    Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
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
    `top_left` too j <= i. A row that sees no key gives 0. Time and memory are
    linear in the lengths: the sums over j are taken before those over d.

    - (C1) each layout is a permutation of 0..3.
    - (C2) batch sizes agree; the head counts of key and value divide the
      query's.
    - (C3) query and key have the same width; key and value the same length;
      the result has the query's batch, heads and length and the value's width.
    - (C4) `eps` is finite and not negative, and 0 without a normaliser.
    - (C5) `top_left` comes with `causal`.

    Example:
    ```mlir
    %o = attn.linear sum query(%q : tensor<2x4x9x8xf32>)
        key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>)
        {causal, eps = 1.0e-6 : f64} -> tensor<2x4x9x5xf32>
    ```
  }];
  let arguments = (ins Attn_Normaliser:$normaliser, Attn_Tensor4D:$query,
                       Attn_Tensor4D:$key, Attn_Tensor4D:$value,
                       DefaultValuedAttr<F64Attr, "0.0">:$eps,
                       UnitAttr:$causal, UnitAttr:$top_left,
                       Attn_Layout:$query_layout, Attn_Layout:$key_layout,
                       Attn_Layout:$value_layout, Attn_Layout:$output_layout);
  let results = (outs Attn_Tensor4D:$result);
  let assemblyFormat = [{
    $normaliser `query` `(` $query `:` type($query) `)`
    `key` `(` $key `:` type($key) `)` `value` `(` $value `:` type($value) `)`
    attr-dict `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_LINEAR
