// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-decompose-forms | FileCheck %s

// CHECK-LABEL: func.func @causal
// CHECK-SAME: (%[[Q:.*]]: tensor<2x4x9x8xf32>, %[[K:.*]]: tensor<2x2x9x8xf32>, %[[V:.*]]: tensor<2x2x9x5xf32>)
// CHECK: %[[FQ:.*]] = attn.features elu1 %[[Q]]
// CHECK: %[[FK:.*]] = attn.features elu1 %[[K]]
// CHECK: attn.linear sum query(%[[FQ]] : {{.*}}) key(%[[FK]] : {{.*}}) value(%[[V]] : {{.*}}) {causal, eps = 2.500000e-01 : f64}
func.func @causal(%q: tensor<2x4x9x8xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x5xf32>) -> tensor<2x4x9x5xf32> {
  %o = attn.linear_transformer query(%q : tensor<2x4x9x8xf32>) key(%k : tensor<2x2x9x8xf32>) value(%v : tensor<2x2x9x5xf32>) {causal, eps = 0.25 : f64} -> tensor<2x4x9x5xf32>
  return %o : tensor<2x4x9x5xf32>
}

// CHECK-LABEL: func.func @layouts
// CHECK: attn.linear sum
// CHECK-SAME: causal
// CHECK-SAME: eps = 5.000000e-01 : f64, key_layout = array<i64: 0, 1, 3, 2>
// CHECK-SAME: output_layout = array<i64: 1, 0, 2, 3>
// CHECK-SAME: query_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: top_left
// CHECK-SAME: value_layout = array<i64: 2, 0, 1, 3>
func.func @layouts(%q: tensor<2x7x3x4xf32>, %k: tensor<2x3x4x6xf32>, %v: tensor<6x2x3x5xf32>) -> tensor<3x2x7x5xf32> {
  %o = attn.linear_transformer query(%q : tensor<2x7x3x4xf32>) key(%k : tensor<2x3x4x6xf32>) value(%v : tensor<6x2x3x5xf32>)
      {causal, top_left, eps = 0.5 : f64, query_layout = array<i64: 0, 2, 1, 3>, key_layout = array<i64: 0, 1, 3, 2>,
       value_layout = array<i64: 2, 0, 1, 3>, output_layout = array<i64: 1, 0, 2, 3>} -> tensor<3x2x7x5xf32>
  return %o : tensor<3x2x7x5xf32>
}
