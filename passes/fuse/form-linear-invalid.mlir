// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-form-linear --split-input-file --verify-diagnostics

func.func @width(%q: tensor<1x2x3x?xf32>) -> tensor<1x2x3x?xf32> {
  // expected-error @+1 {{requires static widths of the heads, but got 'tensor<1x2x3x?xf32>', 'tensor<1x2x3x?xf32>' and 'tensor<1x2x3x?xf32>'; fix them in the model}}
  %o = attn.linear sum query(%q : tensor<1x2x3x?xf32>) key(%q : tensor<1x2x3x?xf32>) value(%q : tensor<1x2x3x?xf32>) -> tensor<1x2x3x?xf32>
  return %o : tensor<1x2x3x?xf32>
}

// -----

func.func @wide(%q: tensor<1x2x3x1025xf32>) -> tensor<1x2x3x1025xf32> {
  // expected-error @+1 {{requires keys of at most 1024 features, but got 1025}}
  %o = attn.linear sum query(%q : tensor<1x2x3x1025xf32>) key(%q : tensor<1x2x3x1025xf32>) value(%q : tensor<1x2x3x1025xf32>) -> tensor<1x2x3x1025xf32>
  return %o : tensor<1x2x3x1025xf32>
}

// -----

func.func @type(%q: tensor<1x2x3x4xf64>) -> tensor<1x2x3x4xf64> {
  // expected-error @+1 {{linear attention over 'tensor<1x2x3x4xf64>' has no kernel for this target yet; cast its operands to f32}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf64>) key(%q : tensor<1x2x3x4xf64>) value(%q : tensor<1x2x3x4xf64>) -> tensor<1x2x3x4xf64>
  return %o : tensor<1x2x3x4xf64>
}

// -----

func.func @output(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x4x3xf32> {
  // expected-error @+1 {{requires a result whose width lies last in memory}}
  %o = attn.linear sum query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {output_layout = array<i64: 0, 1, 3, 2>} -> tensor<1x2x4x3xf32>
  return %o : tensor<1x2x4x3xf32>
}
