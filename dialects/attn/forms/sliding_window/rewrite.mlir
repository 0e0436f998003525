// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=sliding_window{window=4}" | FileCheck %s
// RUN: attune-opt %s --attune-apply-forms="spec=sliding_window{window=4,sinks=2,dilation=3}" | FileCheck %s --check-prefix=ALL

// CHECK-DAG: #[[WINDOW:.*]] = affine_set<(d0, d1) : (d0 - d1 + 3 >= 0, d1 - d0 + 3 >= 0)>
// CHECK-DAG: #[[BOTH:.*]] = affine_set<(d0, d1)[s0] : (d0 - 5 >= 0, d0 - d1 + 3 >= 0, d1 - d0 + 3 >= 0)>
// ALL-DAG: #[[WINDOW:.*]] = affine_set<(d0, d1) : (d0 - d1 + 9 >= 0, d1 - d0 + 9 >= 0, (d0 - d1) mod 3 == 0)>
// ALL-DAG: #[[SINKS:.*]] = affine_set<(d0, d1) : (-d1 + 1 >= 0)>

// CHECK-LABEL: func.func @causal
// CHECK: attn.attention
// CHECK-SAME: causal
// CHECK-SAME: mask = [#[[WINDOW]]]
// ALL-LABEL: func.func @causal
// ALL: mask = [#[[WINDOW]], #[[SINKS]]]
func.func @causal(%q: tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32> {
  %o = attn.attention query(%q : tensor<1x4x?x8xf32>) key(%q : tensor<1x4x?x8xf32>) value(%q : tensor<1x4x?x8xf32>)
      attributes {causal, scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x?x8xf32>
  return %o : tensor<1x4x?x8xf32>
}

// What was hidden before stays hidden.
// CHECK-LABEL: func.func @masked
// CHECK: mask = [#[[BOTH]]]
func.func @masked(%q: tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32> {
  %o = attn.attention query(%q : tensor<1x4x?x8xf32>) key(%q : tensor<1x4x?x8xf32>) value(%q : tensor<1x4x?x8xf32>)
      attributes {mask = [affine_set<(i, j)[n] : (i - 5 >= 0)>], scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x?x8xf32>
  return %o : tensor<1x4x?x8xf32>
}
