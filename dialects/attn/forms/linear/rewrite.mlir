// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms=spec=linear | FileCheck %s
// RUN: attune-opt %s --attune-apply-forms="spec=linear{eps=0.25}" | FileCheck %s --check-prefix=EPS

// The scale goes; the default eps is the form's, and is not printed.
// CHECK-LABEL: func.func @plain
// CHECK: attn.linear_transformer query(%arg0 : tensor<1x2x5x4xf32>) key(%arg0 : tensor<1x2x5x4xf32>) value(%arg0 : tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
// EPS-LABEL: func.func @plain
// EPS: attn.linear_transformer
// EPS-SAME: {eps = 2.500000e-01 : f64}
func.func @plain(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}

// CHECK-LABEL: func.func @causal
// CHECK: attn.linear_transformer
// CHECK-SAME: {causal, nan_empty_rows, query_layout = array<i64: 1, 0, 2, 3>, top_left}
func.func @causal(%p: tensor<2x1x5x4xf32>, %q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %o = attn.attention query(%p : tensor<2x1x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {causal, top_left, nan_empty_rows, scale = 0.5 : f64, capture_maps = [], query_layout = array<i64: 1, 0, 2, 3>} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}
