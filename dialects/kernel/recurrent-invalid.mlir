// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @destinations(%x: memref<3x2x5xf32>, %w: memref<5x5xf32>, %h: memref<2x5xf32>) {
  // expected-error @+1 {{requires a destination for each result, but got 1}}
  kernel.recurrence input(%x : memref<3x2x5xf32>) weights(%w : memref<5x5xf32>)
      states(%h : memref<2x5xf32>) outs(%x : memref<3x2x5xf32>)
      attributes {gates = 1 : i64, parameter_count = 0 : i64} early {} cell {
    ^bb0(%a: f32, %b: f32, %c: f32):
      kernel.yield %a : f32
  }
  return
}

// -----

// C2
func.func @cell(%x: memref<3x2x5xf32>, %w: memref<5x5xf32>, %h: memref<2x5xf32>) {
  // expected-error @+1 {{requires a cell with 3 arguments and 1 results}}
  kernel.recurrence input(%x : memref<3x2x5xf32>) weights(%w : memref<5x5xf32>)
      states(%h : memref<2x5xf32>) outs(%x, %h : memref<3x2x5xf32>, memref<2x5xf32>)
      attributes {gates = 1 : i64, parameter_count = 0 : i64} early {} cell {
    ^bb0(%a: f32, %b: f32):
      kernel.yield %a : f32
  }
  return
}

// -----

// C1
func.func @halves(%q: memref<1x2x4xf16>, %s: memref<1x1x4x4xf16>) {
  // expected-error @+1 {{requires f32, but got 'memref<1x2x4xf16>'}}
  kernel.state_attention query(%q : memref<1x2x4xf16>) key(%q : memref<1x2x4xf16>)
      value(%q : memref<1x2x4xf16>) past(%s : memref<1x1x4x4xf16>)
      outs(%q, %s : memref<1x2x4xf16>, memref<1x1x4x4xf16>)
      {heads = 1 : i64, key_heads = 1 : i64, scale = 0.5 : f64}
  return
}

// -----

// C2
func.func @heads(%q: memref<1x2x4xf32>, %s: memref<1x1x4x4xf32>) {
  // expected-error @+1 {{requires heads that are a multiple of key_heads, but got 3 and 2}}
  kernel.state_attention query(%q : memref<1x2x4xf32>) key(%q : memref<1x2x4xf32>)
      value(%q : memref<1x2x4xf32>) past(%s : memref<1x1x4x4xf32>)
      outs(%q, %s : memref<1x2x4xf32>, memref<1x1x4x4xf32>)
      {heads = 3 : i64, key_heads = 2 : i64, scale = 0.5 : f64}
  return
}

// -----

// C3
func.func @decay(%q: memref<1x2x4xf32>, %s: memref<1x1x4x4xf32>) {
  // expected-error @+1 {{requires at most one decay, of rank 4, and one rate, of rank 3}}
  kernel.state_attention query(%q : memref<1x2x4xf32>) key(%q : memref<1x2x4xf32>)
      value(%q : memref<1x2x4xf32>) past(%s : memref<1x1x4x4xf32>)
      decay(%q : memref<1x2x4xf32>)
      outs(%q, %s : memref<1x2x4xf32>, memref<1x1x4x4xf32>)
      {heads = 1 : i64, key_heads = 1 : i64, scale = 0.5 : f64}
  return
}
