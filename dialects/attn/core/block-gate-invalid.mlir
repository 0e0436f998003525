// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @rules(%q: tensor<1x4x5x8xf32>) -> tensor<1x4x5x5xi1> {
  // expected-error @+1 {{requires one of 'threshold' and 'ratio'}}
  %m = attn.block_gate query(%q : tensor<1x4x5x8xf32>) key(%q : tensor<1x4x5x8xf32>) {block = 4 : i64, scale = 1.0 : f64} -> tensor<1x4x5x5xi1>
  return %m : tensor<1x4x5x5xi1>
}

// -----

// C1
func.func @threshold(%q: tensor<1x4x5x8xf32>) -> tensor<1x4x5x5xi1> {
  // expected-error @+1 {{requires a number for 'threshold', but got NaN}}
  %m = attn.block_gate query(%q : tensor<1x4x5x8xf32>) key(%q : tensor<1x4x5x8xf32>) {block = 4 : i64, scale = 1.0 : f64, threshold = 0x7ff8000000000000 : f64} -> tensor<1x4x5x5xi1>
  return %m : tensor<1x4x5x5xi1>
}

// -----

// C1
func.func @ratio(%q: tensor<1x4x5x8xf32>) -> tensor<1x4x5x5xi1> {
  // expected-error @+1 {{requires a ratio above 0 and at most 1, but got 1.5}}
  %m = attn.block_gate query(%q : tensor<1x4x5x8xf32>) key(%q : tensor<1x4x5x8xf32>) {block = 4 : i64, scale = 1.0 : f64, ratio = 1.5 : f64} -> tensor<1x4x5x5xi1>
  return %m : tensor<1x4x5x5xi1>
}

// -----

// C2
func.func @block(%q: tensor<1x4x5x8xf32>) -> tensor<1x4x5x5xi1> {
  // expected-error @+1 {{requires a block of at least 1 and a 'last_dense' of at least 0, but got 0 and 0}}
  %m = attn.block_gate query(%q : tensor<1x4x5x8xf32>) key(%q : tensor<1x4x5x8xf32>) {block = 0 : i64, scale = 1.0 : f64, ratio = 0.5 : f64} -> tensor<1x4x5x5xi1>
  return %m : tensor<1x4x5x5xi1>
}

// -----

// C2
func.func @last(%q: tensor<1x4x5x8xf32>) -> tensor<1x4x5x5xi1> {
  // expected-error @+1 {{requires a block of at least 1 and a 'last_dense' of at least 0}}
  %m = attn.block_gate query(%q : tensor<1x4x5x8xf32>) key(%q : tensor<1x4x5x8xf32>) {block = 4 : i64, scale = 1.0 : f64, ratio = 0.5 : f64, last_dense = -1 : i64} -> tensor<1x4x5x5xi1>
  return %m : tensor<1x4x5x5xi1>
}

// -----

// C3
func.func @heads(%q: tensor<1x4x5x8xf32>, %k: tensor<1x3x5x8xf32>) -> tensor<1x4x5x5xi1> {
  // expected-error @+1 {{requires queries and keys of one batch and width, and heads that are known and divide the query's}}
  %m = attn.block_gate query(%q : tensor<1x4x5x8xf32>) key(%k : tensor<1x3x5x8xf32>) {block = 4 : i64, scale = 1.0 : f64, ratio = 0.5 : f64} -> tensor<1x4x5x5xi1>
  return %m : tensor<1x4x5x5xi1>
}

// -----

// C4
func.func @mask(%q: tensor<1x4x5x8xf32>, %k: tensor<1x2x7x8xf32>) -> tensor<1x4x5x5xi1> {
  // expected-error @+1 {{requires a mask for each head, block of queries and block of keys, but got 'tensor<1x4x5x5xi1>'}}
  %m = attn.block_gate query(%q : tensor<1x4x5x8xf32>) key(%k : tensor<1x2x7x8xf32>) {block = 4 : i64, scale = 1.0 : f64, ratio = 0.5 : f64} -> tensor<1x4x5x5xi1>
  return %m : tensor<1x4x5x5xi1>
}

// -----

// C5
func.func @offset(%q: tensor<1x4x5x8xf32>, %n: index) -> tensor<1x4x5x5xi1> {
  // expected-error @+1 {{requires 'causal' or 'own_block' beside an offset}}
  %m = attn.block_gate query(%q : tensor<1x4x5x8xf32>) key(%q : tensor<1x4x5x8xf32>) offset %n {block = 4 : i64, scale = 1.0 : f64, ratio = 0.5 : f64} -> tensor<1x4x5x5xi1>
  return %m : tensor<1x4x5x5xi1>
}
