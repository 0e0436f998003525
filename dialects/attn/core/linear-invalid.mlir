// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @layout(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires layouts that permute 0, 1, 2, 3}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {value_layout = array<i64: 0, 1, 2>} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C2
func.func @batches(%q: tensor<?x2x3x4xf32>, %k: tensor<1x2x3x4xf32>, %v: tensor<2x2x3x4xf32>) -> tensor<?x2x3x4xf32> {
  // expected-error @+1 {{requires equal batch sizes, but got -9223372036854775808, 1 and 2}}
  %o = attn.linear sum query(%q : tensor<?x2x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%v : tensor<2x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  return %o : tensor<?x2x3x4xf32>
}

// -----

// C2
func.func @heads(%q: tensor<1x3x3x4xf32>, %k: tensor<1x2x3x4xf32>) -> tensor<1x3x3x4xf32> {
  // expected-error @+1 {{requires key and value heads that divide the query's, but got 3, 2 and 2}}
  %o = attn.linear sum query(%q : tensor<1x3x3x4xf32>) key(%k : tensor<1x2x3x4xf32>) value(%k : tensor<1x2x3x4xf32>) -> tensor<1x3x3x4xf32>
  return %o : tensor<1x3x3x4xf32>
}

// -----

// C3
func.func @widths(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x5xf32>) -> tensor<1x2x3x5xf32> {
  // expected-error @+1 {{requires query and key of equal width, but got 4 and 5}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x3x5xf32>) value(%k : tensor<1x2x3x5xf32>) -> tensor<1x2x3x5xf32>
  return %o : tensor<1x2x3x5xf32>
}

// -----

// C3
func.func @lengths(%q: tensor<1x2x3x4xf32>, %v: tensor<1x2x5x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires key and value of equal length, but got 3 and 5}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%v : tensor<1x2x5x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C3
func.func @result(%q: tensor<1x2x3x4xf32>, %v: tensor<1x2x3x5xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a result of the query's batch, heads and length and the value's width}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%v : tensor<1x2x3x5xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C4
func.func @eps(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a finite eps of at least 0, and 0 without a normaliser, but got -1}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {eps = -1.0 : f64} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C4
func.func @eps_of_nothing(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{and 0 without a normaliser}}
  %o = attn.linear none query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {eps = 1.0 : f64} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C5
func.func @top_left(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires 'causal' beside 'top_left'}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {top_left} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C6
func.func @map_alone(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires 'visible_map' with visible keys, and only with them}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {visible_map = affine_map<(b, h, i, j) -> (j)>} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C6
func.func @map_of_queries(%q: tensor<1x2x3x4xf32>, %m: tensor<3xi8>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires dimensions but i, or zeros, in}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) visible(%m : tensor<3xi8>) {visible_map = affine_map<(b, h, i, j) -> (i)>} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C6
func.func @map_of_sums(%q: tensor<1x2x3x4xf32>, %m: tensor<3xi8>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires dimensions but i, or zeros, in}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) visible(%m : tensor<3xi8>) {visible_map = affine_map<(b, h, i, j) -> (j + 1)>} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C6
func.func @map_rank(%q: tensor<1x2x3x4xf32>, %m: tensor<3xi8>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a map from (b,h,i,j) to 'tensor<3xi8>'}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) visible(%m : tensor<3xi8>) {visible_map = affine_map<(b, h, i, j) -> (b, j)>} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C6
func.func @visible_size(%q: tensor<1x2x3x4xf32>, %m: tensor<2xi8>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires visible keys of the sizes that they are read at, but got 'tensor<2xi8>' for a size of 3}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) visible(%m : tensor<2xi8>) {visible_map = affine_map<(b, h, i, j) -> (j)>} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C7
func.func @both_rows(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires at most one of 'nan_empty_rows' and 'mean_empty_rows'}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {nan_empty_rows, mean_empty_rows} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C7
func.func @rows_without_sum(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{with the normaliser sum and without a past}}
  %o = attn.linear none query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {nan_empty_rows} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C7
func.func @rows_of_past(%q: tensor<1x2x3x4xf32>, %s: tensor<1x2x4x4xf32>, %z: tensor<1x2x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{with the normaliser sum and without a past}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) past(%s : tensor<1x2x4x4xf32>) past_sum(%z : tensor<1x2x4xf32>) {mean_empty_rows} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C8
func.func @no_sum(%q: tensor<1x2x3x4xf32>, %s: tensor<1x2x4x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a sum with a state if the normaliser is sum, and only then}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) past(%s : tensor<1x2x4x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C8
func.func @sum_of_nothing(%q: tensor<1x2x3x4xf32>, %s: tensor<1x2x4x4xf32>, %z: tensor<1x2x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a sum with a state if the normaliser is sum, and only then}}
  %o = attn.linear none query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) past(%s : tensor<1x2x4x4xf32>) past_sum(%z : tensor<1x2x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C8
func.func @state_size(%q: tensor<1x2x3x4xf32>, %s: tensor<1x2x5x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires states of key heads, features and value width, but got 'tensor<1x2x5x4xf32>'}}
  %o = attn.linear none query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) past(%s : tensor<1x2x5x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C8
func.func @state_heads(%q: tensor<1x2x3x4xf32>, %v: tensor<1x1x3x4xf32>, %s: tensor<1x2x4x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires as many heads of keys as of values with a state, but got 2 and 1}}
  %o = attn.linear none query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%v : tensor<1x1x3x4xf32>) past(%s : tensor<1x2x4x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C9
func.func @recurrent(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires 'causal' and as many queries as keys for the recurrent schedule}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) schedule(recurrent) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C9
func.func @recurrent_lengths(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x5x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires 'causal' and as many queries as keys for the recurrent schedule}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%k : tensor<1x2x5x4xf32>) value(%k : tensor<1x2x5x4xf32>) schedule(recurrent) {causal} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}
