// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @layout(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires layouts that permute 0, 1, 2, 3}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = [], key_layout = array<i64: 0, 0, 2, 3>} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C2
func.func @heads(%q: tensor<1x3x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x3x3x4xf32> {
  // expected-error @+1 {{requires key and value heads that divide the query's, but got 3, 2 and 2}}
  %o = attn.attention query(%q : tensor<1x3x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x3x3x4xf32>
  return %o : tensor<1x3x3x4xf32>
}

// -----

// C3
func.func @widths(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x5xf32>) -> tensor<1x2x3x5xf32> {
  // expected-error @+1 {{requires query and key of equal width, but got 4 and 5}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x5xf32>) value(%k : tensor<1x2x3x5xf32>)
      attributes {scale = 1.0 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x5xf32>
  return %o : tensor<1x2x3x5xf32>
}

// -----

// C4
func.func @maps(%q: tensor<1x2x3x4xf32>, %m: tensor<3xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires one map for each capture, but got 0 for 1}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      captures(%m : tensor<3xf32>) attributes {scale = 1.0 : f64, capture_maps = []} {
    ^bb0(%s: f32, %c: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C5
func.func @no_set(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a set in 'mask'}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = [], mask = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C5
func.func @not_a_set(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires integer sets of (i, j)[n] in 'mask', but got 3 : i64}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = [], mask = [3 : i64]} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C5
func.func @three_positions(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires integer sets of (i, j)[n] in 'mask', but got affine_set<(d0, d1, d2) : (d0 >= 0)>}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = [], mask = [affine_set<(i, j, k) : (i >= 0)>]} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C5
func.func @quotient(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires no products or quotients of positions in 'mask', but got}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = [], mask = [affine_set<(i, j)[n] : (i floordiv n >= 0)>]} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C5
func.func @no_divisor(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires no products or quotients of positions in 'mask', but got}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = [], mask = [affine_set<(i, j) : (j mod 4 - i floordiv 0 >= 0)>]} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C5
func.func @too_large(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires numbers in 'mask' that 64 bits hold with any position, but got}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = [], mask = [affine_set<(i, j) : (i - j * 9007199254740992 >= 0)>]} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C6
func.func @empty_rows(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires one of 'nan_empty_rows' and 'mean_empty_rows', but got both}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = [], nan_empty_rows, mean_empty_rows} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C6
func.func @weights_of_rows_without_keys(%q: tensor<1x2x6x4xf32>) -> tensor<1x2x6x4xf32> {
  // expected-error @+1 {{requires rows without keys to give 0 with #kernel.power}}
  %o = attn.attention query(%q : tensor<1x2x6x4xf32>) key(%q : tensor<1x2x6x4xf32>) value(%q : tensor<1x2x6x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = [], mean_empty_rows, normaliser = #kernel.power<degree = 2, eps = 0.0>} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x6x4xf32>
  return %o : tensor<1x2x6x4xf32>
}

// -----

// C7
func.func @sizes_of_blocks(%q: tensor<1x2x6x4xf32>, %c: tensor<1x2x2xi32>, %b: tensor<1x2x2x3xi32>) -> tensor<1x2x6x4xf32> {
  // expected-error @+1 {{requires all of 'counts', 'blocks', 'query_block' and 'key_block', or none of them}}
  %o = attn.attention query(%q : tensor<1x2x6x4xf32>) key(%q : tensor<1x2x6x4xf32>) value(%q : tensor<1x2x6x4xf32>) blocks(%c, %b : tensor<1x2x2xi32>, tensor<1x2x2x3xi32>)
      attributes {scale = 1.0 : f64, capture_maps = [], query_block = 3 : i64} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x6x4xf32>
  return %o : tensor<1x2x6x4xf32>
}

// -----

// C7
func.func @empty_blocks(%q: tensor<1x2x6x4xf32>, %c: tensor<1x2x2xi32>, %b: tensor<1x2x2x3xi32>) -> tensor<1x2x6x4xf32> {
  // expected-error @+1 {{requires blocks of one or more, but got 0}}
  %o = attn.attention query(%q : tensor<1x2x6x4xf32>) key(%q : tensor<1x2x6x4xf32>) value(%q : tensor<1x2x6x4xf32>) blocks(%c, %b : tensor<1x2x2xi32>, tensor<1x2x2x3xi32>)
      attributes {scale = 1.0 : f64, capture_maps = [], query_block = 3 : i64, key_block = 0 : i64} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x6x4xf32>
  return %o : tensor<1x2x6x4xf32>
}

// -----

// C7
func.func @rows_of_blocks(%q: tensor<1x2x6x4xf32>, %c: tensor<1x2x2xi32>, %b: tensor<1x2x2x3xi32>) -> tensor<1x2x6x4xf32> {
  // expected-error @+1 {{requires lists for 'tensor<1x2x3xi32>', but got 'tensor<1x2x2xi32>' and 'tensor<1x2x2x3xi32>'}}
  %o = attn.attention query(%q : tensor<1x2x6x4xf32>) key(%q : tensor<1x2x6x4xf32>) value(%q : tensor<1x2x6x4xf32>) blocks(%c, %b : tensor<1x2x2xi32>, tensor<1x2x2x3xi32>)
      attributes {scale = 1.0 : f64, capture_maps = [], query_block = 2 : i64, key_block = 2 : i64} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x6x4xf32>
  return %o : tensor<1x2x6x4xf32>
}

// -----

// C8
func.func @sums_of_powers(%q: tensor<1x2x6x4xf32>) -> (tensor<1x2x6x4xf32>, tensor<1x2x6xf32>) {
  // expected-error @+1 {{requires softmax to give 'lse', but got #kernel.power}}
  %o:2 = attn.attention query(%q : tensor<1x2x6x4xf32>) key(%q : tensor<1x2x6x4xf32>) value(%q : tensor<1x2x6x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = [], normaliser = #kernel.power<degree = 2, eps = 0.0>} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x6x4xf32>, tensor<1x2x6xf32>
  return %o#0, %o#1 : tensor<1x2x6x4xf32>, tensor<1x2x6xf32>
}

// -----

// C8
func.func @shape_of_sums(%q: tensor<1x2x6x4xf32>) -> (tensor<1x2x6x4xf32>, tensor<1x2x5xf32>) {
  // expected-error @+1 {{requires 'lse' of 'tensor<1x2x6xf32>', but got 'tensor<1x2x5xf32>'}}
  %o:2 = attn.attention query(%q : tensor<1x2x6x4xf32>) key(%q : tensor<1x2x6x4xf32>) value(%q : tensor<1x2x6x4xf32>)
      attributes {scale = 1.0 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x6x4xf32>, tensor<1x2x5xf32>
  return %o#0, %o#1 : tensor<1x2x6x4xf32>, tensor<1x2x5xf32>
}
