// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=hyper{least=4}" --split-input-file --verify-diagnostics

func.func @bias(%q: tensor<1x2x5x4xf32>, %m: tensor<5xf32>) -> tensor<1x2x5x4xf32> {
  // expected-error @+1 {{form 'hyper' chooses keys by their products with queries alone, so it cannot take the place of an attention with a mask or bias on its scores; export the model without its attention mask, or leave this layer dense with '@layers='}}
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
  // expected-error @+1 {{form 'hyper' chooses keys by their products with queries alone}}
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {mask = [affine_set<(i, j) : (i - j - 2 >= 0)>], scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}

// -----

func.func @unknown_length(%q: tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32> {
  // expected-error @+1 {{form 'hyper' requires f32 of known heads, lengths and widths, as many heads of values as of keys, but got 'tensor<1x2x?x4xf32>'}}
  %o = attn.attention query(%q : tensor<1x2x?x4xf32>) key(%q : tensor<1x2x?x4xf32>) value(%q : tensor<1x2x?x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x?x4xf32>
  return %o : tensor<1x2x?x4xf32>
}

// -----

func.func @heads_of_values(%q: tensor<1x2x5x4xf32>, %v: tensor<1x1x5x4xf32>) -> tensor<1x2x5x4xf32> {
  // expected-error @+1 {{as many heads of values as of keys}}
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%v : tensor<1x1x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}

// -----

func.func @fewer_queries(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x9x4xf32>) -> tensor<1x2x5x4xf32> {
  // expected-error @+1 {{form 'hyper' requires as many queries as keys where attention is causal, but got 5 and 9}}
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%k : tensor<1x2x9x4xf32>) value(%k : tensor<1x2x9x4xf32>)
      attributes {causal, scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}
