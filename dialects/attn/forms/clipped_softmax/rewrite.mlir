// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=clipped_softmax{gamma=-0.05}" | FileCheck %s

// CHECK: attn.attention
// CHECK-SAME: causal
// CHECK-SAME: normaliser = #kernel.clipped_softmax<low = -5.000000e-02 : f64, high = 1.000000e+00 : f64>
func.func @main(%q: tensor<1x2x64x8xf32>) -> tensor<1x2x64x8xf32> {
  %o = attn.attention query(%q : tensor<1x2x64x8xf32>) key(%q : tensor<1x2x64x8xf32>) value(%q : tensor<1x2x64x8xf32>)
      attributes {causal, scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x64x8xf32>
  return %o : tensor<1x2x64x8xf32>
}
