// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @map(%q: tensor<1x2x3x4xf32>, %v: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires feature maps from one element to one}}
  %o = kernel.linear_attention query elements(%q : tensor<1x2x3x4xf32>) { ^bb0(%a: f32, %b: f32): kernel.yield %a : f32 }
      key elements(%v : tensor<1x2x3x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      value(%v : tensor<1x2x3x4xf32>) outs(%v : tensor<1x2x3x4xf32>) {query_layout = array<i64: 0, 1, 2, 3>, key_layout = array<i64: 0, 1, 2, 3>, value_layout = array<i64: 0, 1, 2, 3>, output_layout = array<i64: 0, 1, 2, 3>, query_scale = 1.0 : f64, key_scale = 1.0 : f64, eps = 0.0 : f64} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C2
func.func @widths(%q: tensor<1x2x3x?xf32>, %v: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires static widths of query, key and value, but got 'tensor<1x2x3x?xf32>'}}
  %o = kernel.linear_attention query elements(%q : tensor<1x2x3x?xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      key elements(%v : tensor<1x2x3x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      value(%v : tensor<1x2x3x4xf32>) outs(%v : tensor<1x2x3x4xf32>) {query_layout = array<i64: 0, 1, 2, 3>, key_layout = array<i64: 0, 1, 2, 3>, value_layout = array<i64: 0, 1, 2, 3>, output_layout = array<i64: 0, 1, 2, 3>, query_scale = 1.0 : f64, key_scale = 1.0 : f64, eps = 0.0 : f64} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C3
func.func @sides(%q: tensor<1x2x3x4xf32>, %v: tensor<1x2x3x4xf32>, %u: tensor<5x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires features of queries for the query and of keys for the key}}
  %o = kernel.linear_attention query elements(%q : tensor<1x2x3x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      key queries(%v : tensor<1x2x3x4xf32> by %u : tensor<5x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      value(%v : tensor<1x2x3x4xf32>) outs(%v : tensor<1x2x3x4xf32>) {query_layout = array<i64: 0, 1, 2, 3>, key_layout = array<i64: 0, 1, 2, 3>, value_layout = array<i64: 0, 1, 2, 3>, output_layout = array<i64: 0, 1, 2, 3>, query_scale = 1.0 : f64, key_scale = 1.0 : f64, eps = 0.0 : f64} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C3
func.func @no_projection(%q: tensor<1x2x3x4xf32>, %v: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a projection for features of kind 'queries' and 'keys'}}
  %o = kernel.linear_attention query queries(%q : tensor<1x2x3x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      key elements(%v : tensor<1x2x3x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      value(%v : tensor<1x2x3x4xf32>) outs(%v : tensor<1x2x3x4xf32>) {query_layout = array<i64: 0, 1, 2, 3>, key_layout = array<i64: 0, 1, 2, 3>, value_layout = array<i64: 0, 1, 2, 3>, output_layout = array<i64: 0, 1, 2, 3>, query_scale = 1.0 : f64, key_scale = 1.0 : f64, eps = 0.0 : f64} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C3
func.func @taylor_projection(%q: tensor<1x2x3x4xf32>, %v: tensor<1x2x3x4xf32>, %w: tensor<5x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a projection for features of kind 'elements' only, not for 'taylor'}}
  %o = kernel.linear_attention query taylor(%q : tensor<1x2x3x4xf32> by %w : tensor<5x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      key elements(%v : tensor<1x2x3x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      value(%v : tensor<1x2x3x4xf32>) outs(%v : tensor<1x2x3x4xf32>) {query_layout = array<i64: 0, 1, 2, 3>, key_layout = array<i64: 0, 1, 2, 3>, value_layout = array<i64: 0, 1, 2, 3>, output_layout = array<i64: 0, 1, 2, 3>, query_scale = 1.0 : f64, key_scale = 1.0 : f64, eps = 0.0 : f64} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C3
func.func @projection(%q: tensor<1x2x3x4xf32>, %v: tensor<1x2x3x4xf32>, %w: tensor<4x5xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a static projection of vectors of width 4, but got 'tensor<4x5xf32>'}}
  %o = kernel.linear_attention query queries(%q : tensor<1x2x3x4xf32> by %w : tensor<4x5xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      key elements(%v : tensor<1x2x3x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      value(%v : tensor<1x2x3x4xf32>) outs(%v : tensor<1x2x3x4xf32>) {query_layout = array<i64: 0, 1, 2, 3>, key_layout = array<i64: 0, 1, 2, 3>, value_layout = array<i64: 0, 1, 2, 3>, output_layout = array<i64: 0, 1, 2, 3>, query_scale = 1.0 : f64, key_scale = 1.0 : f64, eps = 0.0 : f64} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// C4
func.func @scratch(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires destinations for the output, static bytes of scratch memory, and a state with its sum}}
  %o = kernel.linear_attention query elements(%q : tensor<1x2x3x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      key elements(%q : tensor<1x2x3x4xf32>) { ^bb0(%a: f32): kernel.yield %a : f32 }
      value(%q : tensor<1x2x3x4xf32>) outs(%q : tensor<1x2x3x4xf32>) {query_layout = array<i64: 0, 1, 2, 3>, key_layout = array<i64: 0, 1, 2, 3>, value_layout = array<i64: 0, 1, 2, 3>, output_layout = array<i64: 0, 1, 2, 3>, query_scale = 1.0 : f64, key_scale = 1.0 : f64, eps = 0.0 : f64} -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}
