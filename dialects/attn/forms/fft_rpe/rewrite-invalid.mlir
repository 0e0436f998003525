// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=fft_rpe{m=8}" --split-input-file --verify-diagnostics

// Scores that are changed in another way.
func.func @main(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{form 'fft_rpe' adds a bias to the scores or hides keys, and cannot take the place of an attention that changes scores in another way}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      %t = math.tanh %s : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// The scores twice.
func.func @main(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{cannot take the place of an attention that changes scores in another way}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      %t = arith.addf %s, %s : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// A bias off the diagonal.
func.func @main(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %b = arith.constant dense<[[0.0, 1.0, 2.0], [3.0, 0.0, 1.0], [4.0, 3.0, 5.0]]> : tensor<3x3xf32>
  // expected-error @+1 {{requires a bias that is known when the model is compiled and whose elements depend on j - i only}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>) captures(%b : tensor<3x3xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (i, j)>]} {
    ^bb0(%s: f32, %c0: f32):
      %t = arith.addf %s, %c0 : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// One that comes when the model runs.
func.func @main(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x4xf32>, %b: tensor<3x3xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a bias that is known when the model is compiled and whose elements depend on j - i only}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>) captures(%b : tensor<3x3xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (i, j)>]} {
    ^bb0(%s: f32, %c0: f32):
      %t = arith.addf %s, %c0 : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

func.func @main(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %b = arith.constant dense<[[0.0, 1.0, 0x7FC00000], [2.0, 0.0, 1.0], [3.0, 2.0, 0.0]]> : tensor<3x3xf32>
  // expected-error @+1 {{requires a bias whose elements are known when the model is compiled and are no NaN}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>) captures(%b : tensor<3x3xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (i, j)>]} {
    ^bb0(%s: f32, %c0: f32):
      %t = arith.addf %s, %c0 : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

func.func @main(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %b = arith.constant dense<0x7F800000> : tensor<3x3xf32>
  // expected-error @+1 {{requires a bias below infinity}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>) captures(%b : tensor<3x3xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (i, j)>]} {
    ^bb0(%s: f32, %c0: f32):
      %t = arith.addf %s, %c0 : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// Lengths of run time.
func.func @main(%q: tensor<1x2x?x4xf32>, %k: tensor<1x2x?x4xf32>, %b: tensor<?x?xf32>) -> tensor<1x2x?x4xf32> {
  // expected-error @+1 {{requires as many queries as keys, and a known number of them, beside a bias or mask of positions}}
  %o = attn.attention query(%q : tensor<1x2x?x4xf32>) key(%k : tensor<1x2x?x4xf32>) value(%k : tensor<1x2x?x4xf32>) captures(%b : tensor<?x?xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (i, j)>]} {
    ^bb0(%s: f32, %c0: f32):
      %t = arith.addf %s, %c0 : f32
      attn.yield %t : f32
  } -> tensor<1x2x?x4xf32>
  return %o : tensor<1x2x?x4xf32>
}

// -----

func.func @main(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x5x4xf32>) -> tensor<1x2x3x4xf32> {
  %b = arith.constant dense<[[0.0, 1.0, 2.0, 3.0, 4.0], [5.0, 0.0, 1.0, 2.0, 3.0], [6.0, 5.0, 0.0, 1.0, 2.0]]> : tensor<3x5xf32>
  // expected-error @+1 {{requires as many queries as keys, and a known number of them}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x5x4xf32>) value(%k : tensor<1x2x5x4xf32>) captures(%b : tensor<3x5xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (i, j)>]} {
    ^bb0(%s: f32, %c0: f32):
      %t = arith.addf %s, %c0 : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// Masks of pairs.
func.func @main(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x4xf32>, %b: tensor<3x3xi8>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{hides keys of all queries or by their distance from the query, and cannot take the place of an attention with another mask}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>) captures(%b : tensor<3x3xi8>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (i, j)>]} {
    ^bb0(%s: f32, %c0: i8):
      %z = arith.constant 0 : i8
      %n = arith.constant 0xFF800000 : f32
      %e = arith.cmpi ne, %c0, %z : i8
      %t = arith.select %e, %s, %n : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// A mask that shows the first key to all.
func.func @main(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{hides keys by their distance from the query, and cannot take the place of an attention with another mask}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>)
      attributes {mask = [affine_set<(i, j) : (1 - i + j >= 0)>, affine_set<(i, j) : (-j >= 0)>], scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

func.func @main(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a positive scale of the scores, but got -5}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>)
      attributes {scale = -0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

func.func @main(%q: tensor<1x2x3x4xf16>, %k: tensor<1x2x3x4xf16>) -> tensor<1x2x3x4xf16> {
  // expected-error @+1 {{requires tensors of f32, but got 'tensor<1x2x3x4xf16>'}}
  %o = attn.attention query(%q : tensor<1x2x3x4xf16>) key(%k : tensor<1x2x3x4xf16>) value(%k : tensor<1x2x3x4xf16>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf16>
  return %o : tensor<1x2x3x4xf16>
}

// -----

func.func @main(%q: tensor<1x2x3x?xf32>, %k: tensor<1x2x3x?xf32>) -> tensor<1x2x3x?xf32> {
  // expected-error @+1 {{requires a known width of the heads, but got 'tensor<1x2x3x?xf32>'}}
  %o = attn.attention query(%q : tensor<1x2x3x?xf32>) key(%k : tensor<1x2x3x?xf32>) value(%k : tensor<1x2x3x?xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x?xf32>
  return %o : tensor<1x2x3x?xf32>
}
