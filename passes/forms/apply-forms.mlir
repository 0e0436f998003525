// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec='linear{eps=0.5}@layers=0,2-2;heads=all linear@layers=3'" --verify-diagnostics | FileCheck %s

// Layers are counted through the whole file, and the others stay dense.
// CHECK-LABEL: func.func @first
// CHECK: attn.linear_transformer
// CHECK-SAME: eps = 5.000000e-01
func.func @first(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  // expected-remark @+1 {{layer 0: attn.attention -> linear (approximate)}}
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}

// CHECK-LABEL: func.func @second
// CHECK: attn.attention
func.func @second(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}

// CHECK-LABEL: func.func @third
// CHECK: attn.linear_transformer
// CHECK-SAME: eps = 5.000000e-01
func.func @third(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  // expected-remark @+1 {{layer 2: attn.attention -> linear (approximate)}}
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}

// CHECK-LABEL: func.func @fourth
// CHECK: attn.linear_transformer
// CHECK-NOT: eps = 5
func.func @fourth(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  // expected-remark @+1 {{layer 3: attn.attention -> linear (approximate)}}
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}
