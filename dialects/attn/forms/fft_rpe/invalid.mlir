// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

func.func @c1(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>, %w: tensor<32x8xf32>, %b: tensor<4x17xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{requires layouts that permute 0, 1, 2, 3}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x17xf32>)
      {query_layout = array<i64: 0, 1, 1, 3>} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c2(%q: tensor<2x4x9x8xf32>, %k: tensor<2x3x9x8xf32>, %v: tensor<2x2x9x5xf32>, %w: tensor<32x8xf32>, %b: tensor<4x17xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{requires key and value heads that divide the query's, but got 4, 3 and 2}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x3x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x17xf32>)
      {scale = 0.35 : f64} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c3(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x7xf32>, %v: tensor<2x2x9x5xf32>, %w: tensor<32x8xf32>, %b: tensor<4x17xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{requires query and key of equal width, but got 8 and 7}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x7xf32>) value(%v : tensor<2x2x9x5xf32>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x17xf32>)
      {scale = 0.35 : f64} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c4_type(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf16>, %w: tensor<32x8xf32>, %b: tensor<4x17xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{requires tensors of f32, but got 'tensor<2x2x9x5xf16>'}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf16>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x17xf32>)
      {scale = 0.35 : f64} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c4_width(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x?xf32>, %w: tensor<32x8xf32>, %b: tensor<4x17xf32>) -> tensor<2x4x9x?xf32> {
  // expected-error @+1 {{requires static widths, but got 'tensor<2x4x9x8xf32>' and 'tensor<2x2x9x?xf32>'}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x?xf32>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x17xf32>)
      {scale = 0.35 : f64} -> tensor<2x4x9x?xf32>
  return %o : tensor<2x4x9x?xf32>
}

// -----

func.func @c4_projection(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>, %w: tensor<32x7xf32>, %b: tensor<4x17xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{requires a projection of vectors of width 8, but got 'tensor<32x7xf32>'}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) projection(%w : tensor<32x7xf32>) bias(%b : tensor<4x17xf32>)
      {scale = 0.35 : f64} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c5_columns(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>, %w: tensor<32x8xf32>, %b: tensor<4x16xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{a bias of 2 L - 1 columns for one or all heads, but got 'tensor<4x16xf32>'}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x16xf32>)
      {scale = 0.35 : f64} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c5_rows(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>, %w: tensor<32x8xf32>, %b: tensor<2x17xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{a bias of 2 L - 1 columns for one or all heads, but got 'tensor<2x17xf32>'}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<2x17xf32>)
      {scale = 0.35 : f64} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c5_length(%q: tensor<2x4x?x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>, %w: tensor<32x8xf32>, %b: tensor<4x17xf32>) -> tensor<2x4x?x5xf32> {
  // expected-error @+1 {{requires one static length L of queries and keys}}
  %o = attn.fft_rpe query(%q : tensor<2x4x?x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x17xf32>)
      {scale = 0.35 : f64} -> tensor<2x4x?x5xf32>
  return %o : tensor<2x4x?x5xf32>
}

// -----

func.func @c6_keys(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>, %w: tensor<32x8xf32>, %b: tensor<4x17xf32>, %m: tensor<2x8xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{requires a key bias for the keys of one or all items, but got 'tensor<2x8xf32>'}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x17xf32>) key_bias(%m : tensor<2x8xf32>)
      {scale = 0.35 : f64} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c6_projection(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>, %b: tensor<4x17xf32>, %m: tensor<2x9xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{requires a projection beside a key bias}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) bias(%b : tensor<4x17xf32>) key_bias(%m : tensor<2x9xf32>)
      {scale = 0.35 : f64} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c7_normalize(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>, %b: tensor<4x17xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{requires a projection beside 'normalize'}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) bias(%b : tensor<4x17xf32>)
      {normalize} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c7_scale(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>, %w: tensor<32x8xf32>, %b: tensor<4x17xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{requires a finite scale above 0, but got 0.0}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x17xf32>)
      {scale = 0.0 : f64} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// -----

func.func @c8(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>, %w: tensor<32x8xf32>, %b: tensor<4x17xf32>) -> tensor<2x4x9x5xf32> {
  // expected-error @+1 {{requires 'causal' beside 'top_left'}}
  %o = attn.fft_rpe query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) projection(%w : tensor<32x8xf32>) bias(%b : tensor<4x17xf32>)
      {top_left} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}
