// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=based" --split-input-file --verify-diagnostics

func.func @mask(%q: tensor<1x2x5x4xf32>, %m: tensor<5xf32>) -> tensor<1x2x5x4xf32> {
  // expected-error @+1 {{what is added to its scores is not known to be 0 or to hide a key}}
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>) captures(%m : tensor<5xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}

// -----

func.func @window(%q: tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32> {
  // expected-error @+1 {{form 'based' sums over all keys or all earlier ones}}
  %o = attn.attention query(%q : tensor<1x2x?x4xf32>) key(%q : tensor<1x2x?x4xf32>) value(%q : tensor<1x2x?x4xf32>)
      attributes {mask = [affine_set<(i, j) : (i - j - 2 >= 0)>], scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x?x4xf32>
  return %o : tensor<1x2x?x4xf32>
}

// -----

func.func @width(%q: tensor<1x2x3x?xf32>) -> tensor<1x2x3x?xf32> {
  // expected-error @+1 {{form 'based' requires a known width of the heads, but got 'tensor<1x2x3x?xf32>'}}
  %o = attn.attention query(%q : tensor<1x2x3x?xf32>) key(%q : tensor<1x2x3x?xf32>) value(%q : tensor<1x2x3x?xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x?xf32>
  return %o : tensor<1x2x3x?xf32>
}

// -----

func.func @scale(%q: tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32> {
  // expected-error @+1 {{form 'based' requires a positive scale of the scores, but got -5}}
  %o = attn.attention query(%q : tensor<1x2x?x4xf32>) key(%q : tensor<1x2x?x4xf32>) value(%q : tensor<1x2x?x4xf32>)
      attributes {scale = -0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x?x4xf32>
  return %o : tensor<1x2x?x4xf32>
}

// -----

func.func @wide(%q: tensor<1x2x3x129xf32>) -> tensor<1x2x3x129xf32> {
  // expected-error @+1 {{form 'based' requires heads of a width of at most 128, but got 129}}
  %o = attn.attention query(%q : tensor<1x2x3x129xf32>) key(%q : tensor<1x2x3x129xf32>) value(%q : tensor<1x2x3x129xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x129xf32>
  return %o : tensor<1x2x3x129xf32>
}
