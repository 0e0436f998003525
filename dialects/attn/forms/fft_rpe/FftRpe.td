// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE
#define ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE

include "dialects/attn/AttnBase.td"

def Attn_FftRpeOp : Attn_Op<"fft_rpe", [
    Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Decomposable>,
    DeclareOpInterfaceMethods<Raisable>]> {
  let summary = "Feature attention with a bias of relative positions (form 'fft_rpe')";
  let description = [{
    With the indices, head groups and layouts of `attn.attention`, L positions,
    and f(x)_r = e^(w_r . x - |x|^2 / 2) for the rows w_r of the projection, or
    f(x) = x without one:

    ```
    a[b,h,i,j] = e^(bias[h, j - i + L - 1] + key_bias[b,j])
                 * sum_r f(q[b,h,i])_r * f(k[b, h/(Hq/Hk), j])_r
    o[b,h,i,e] = sum_j a[b,h,i,j] * v[b, h/(Hq/Hv), j, e] / sum_j a[b,h,i,j]
    ```

    over all keys, or with `causal` over j <= i + Lk - Lq, with `top_left` too
    over j <= i. Queries and keys are multiplied by sqrt(scale) first, or with
    `normalize` divided by their lengths. For rows of standard normal numbers,
    the mean of f(q)_r f(k)_r is e^(scale q . k). What is left out counts as 0; a
    key bias of -inf hides a key. A row that sees no key gives 0, or NaN with
    `nan_empty_rows`, in the place of dense attention that gives a mean, too.

    With a bias, sums over j are products with Toeplitz matrices (`fourier`), a
    few features at a time, or a block of queries after the other (`direct`);
    `automatic` takes what is cheaper. Neither a matrix of L x L nor one of
    L x m x Dv numbers exists.

    Luo et al. (2021), "Stable, Fast and Accurate: Kernelized Attention with
    Relative Positional Encoding".

    - (C1) each layout is a permutation of 0..3.
    - (C2) batch sizes agree; the head counts of key and value divide the
      query's.
    - (C3) query and key have the same width; key and value the same length;
      the result has the query's batch, heads and length and the value's width.
    - (C4) all is f32; widths, and the `m x D` of the projection, are static.
    - (C5) with a bias, queries and keys have one static length L of at least 1,
      and the bias, for a static number of heads, has one row or one for each
      head, and 2L - 1 columns.
    - (C6) `key_bias` comes with a projection, for the keys of one or all items
      of the batch.
    - (C7) `normalize` comes with a projection; `scale` is finite and positive.
    - (C8) `top_left` comes with `causal`.

    Example:
    ```mlir
    %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>)
        key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>)
        projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x17xf32>)
        {scale = 0.35 : f64} -> tensor<2x4x9x5xf32>
    ```
  }];
  let arguments = (ins Attn_Tensor4D:$query, Attn_Tensor4D:$key,
                       Attn_Tensor4D:$value,
                       Optional<2DTensorOf<[F32]>>:$projection,
                       Optional<2DTensorOf<[F32]>>:$bias,
                       Optional<2DTensorOf<[F32]>>:$key_bias,
                       DefaultValuedAttr<F64Attr, "1.0">:$scale,
                       UnitAttr:$normalize, UnitAttr:$causal,
                       UnitAttr:$top_left, UnitAttr:$nan_empty_rows,
                       DefaultValuedAttr<Attn_ProductMethod,
                           "::attune::attn::ProductMethod::automatic">:$method,
                       Attn_Layout:$query_layout, Attn_Layout:$key_layout,
                       Attn_Layout:$value_layout, Attn_Layout:$output_layout);
  let results = (outs Attn_Tensor4D:$result);
  let assemblyFormat = [{
    `query` `(` $query `:` type($query) `)` `key` `(` $key `:` type($key) `)`
    `value` `(` $value `:` type($value) `)`
    (`projection` `(` $projection^ `:` type($projection) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`key_bias` `(` $key_bias^ `:` type($key_bias) `)`)?
    attr-dict `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The number of features.
    int64_t getFeatures();
    /// Whether transforms give the sums over `length` keys.
    bool usesFourier(int64_t length);
    /// The first length, of powers of two, from which on transforms are
    /// cheaper than blocks of queries; 0 if they never are.
    static int64_t crossover(int64_t features, int64_t width, bool causal);
  }];
}

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE
