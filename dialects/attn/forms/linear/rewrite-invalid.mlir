// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=linear{eps=1e-6}" --split-input-file --verify-diagnostics

func.func @mask(%q: tensor<1x2x5x4xf32>, %m: tensor<5xf32>) -> tensor<1x2x5x4xf32> {
  // expected-error @+1 {{form 'linear' takes the place of an attention that changes its scores only by hiding keys from all queries alike, but not of this one: what is added to its scores is not known to be 0 or to hide a key (-1000 or less), as (1 - mask) * -10000 or Where(mask, 0, -infinity) are; leave this layer dense with '@layers='}}
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>) captures(%m : tensor<5xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}

// -----

func.func @window(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  // expected-error @+1 {{form 'linear' sums over all keys or all earlier ones, so it cannot take the place of an attention with another mask; leave this layer dense with '@layers='}}
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [], mask = [affine_set<(i, j) : (i - j - 2 >= 0)>]} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}
