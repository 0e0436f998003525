// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @layout(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires layouts that permute 0, 1, 2, 3}}
  %o = attn.linear_transformer query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {value_layout = array<i64: 0, 1, 2>} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C2
func.func @batches(%q: tensor<?x2x3x4xf32>, %k: tensor<1x2x3x4xf32>, %v: tensor<2x2x3x4xf32>) -> tensor<?x2x3x4xf32> {
  // expected-error @+1 {{requires equal batch sizes, but got -9223372036854775808, 1 and 2}}
  %o = attn.linear_transformer query(%q : tensor<?x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%v : tensor<2x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  return %o : tensor<?x2x3x4xf32>
}

// -----

// C2
func.func @heads(%q: tensor<1x3x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x3x3x4xf32> {
  // expected-error @+1 {{requires key and value heads that divide the query's, but got 3, 2 and 2}}
  %o = attn.linear_transformer query(%q : tensor<1x3x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>) -> tensor<1x3x3x4xf32>
  return %o : tensor<1x3x3x4xf32>
}

// -----

// C3
func.func @widths(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x5xf32>) -> tensor<1x2x3x5xf32> {
  // expected-error @+1 {{requires query and key of equal width, but got 4 and 5}}
  %o = attn.linear_transformer query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x5xf32>) value(%k : tensor<1x2x3x5xf32>) -> tensor<1x2x3x5xf32>
  return %o : tensor<1x2x3x5xf32>
}

// -----

// C3
func.func @lengths(%q: tensor<1x2x3x4xf32>, %v: tensor<1x2x5x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires key and value of equal length, but got 3 and 5}}
  %o = attn.linear_transformer query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%v : tensor<1x2x5x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C3
func.func @result(%q: tensor<1x2x3x4xf32>, %v: tensor<1x2x3x5xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a result of the query's batch, heads and length and the value's width}}
  %o = attn.linear_transformer query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%v : tensor<1x2x3x5xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C4
func.func @eps(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a finite eps of at least 0, but got -1}}
  %o = attn.linear_transformer query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {eps = -1.0 : f64} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C5
func.func @top_left(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires 'causal' beside 'top_left'}}
  %o = attn.linear_transformer query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {top_left} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C6
func.func @visible(%q: tensor<1x2x3x4xf32>, %m: tensor<2xi8>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires visible keys of the sizes that they are read at}}
  %o = attn.linear_transformer query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) visible(%m : tensor<2xi8>) {visible_map = affine_map<(b, h, i, j) -> (j)>} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C7
func.func @rows(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires one of 'nan_empty_rows' and 'mean_empty_rows', but got both}}
  %o = attn.linear_transformer query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {nan_empty_rows, mean_empty_rows} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}
