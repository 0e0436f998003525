// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-form-linear --split-input-file --verify-diagnostics

func.func @width(%q: tensor<1x2x3x?xf32>) -> tensor<1x2x3x?xf32> {
  // expected-error @+1 {{requires static widths of the heads, but got 'tensor<1x2x3x?xf32>', 'tensor<1x2x3x?xf32>' and 'tensor<1x2x3x?xf32>'; fix them in the model}}
  %o = attn.linear sum query(%q : tensor<1x2x3x?xf32>) key(%q : tensor<1x2x3x?xf32>) value(%q : tensor<1x2x3x?xf32>) -> tensor<1x2x3x?xf32>
  return %o : tensor<1x2x3x?xf32>
}

// -----

func.func @wide(%q: tensor<1x2x3x8386xf32>) -> tensor<1x2x3x8386xf32> {
  // expected-error @+1 {{requires keys of at most 8385 features, but got 8386}}
  %o = attn.linear sum query(%q : tensor<1x2x3x8386xf32>) key(%q : tensor<1x2x3x8386xf32>) value(%q : tensor<1x2x3x8386xf32>) -> tensor<1x2x3x8386xf32>
  return %o : tensor<1x2x3x8386xf32>
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

// -----

func.func @by_themselves(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x15xf32> {
  // expected-error @+1 {{features of several elements are made within attn.linear only}}
  %f = attn.features taylor2 %q : tensor<1x2x3x4xf32> -> tensor<1x2x3x15xf32>
  return %f : tensor<1x2x3x15xf32>
}

// -----

// Features of keys are no features of queries.
func.func @sides(%q: tensor<1x2x3x4xf32>, %w: tensor<4x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{with 'keys' for its keys and without it for its queries}}
  %f = attn.features positive %q projection(%w : tensor<4x4xf32>) {keys} : tensor<1x2x3x4xf32> -> tensor<1x2x3x4xf32>
  %o = attn.linear sum query(%f : tensor<1x2x3x4xf32>) key(%f : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}
