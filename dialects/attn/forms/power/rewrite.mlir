// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=power{p=8,shift=true}" | FileCheck %s

// CHECK: attn.attention
// CHECK-SAME: causal
// CHECK-SAME: normaliser = #kernel.power<degree = 8, eps = 9.9{{.*}} : f64>
// CHECK: %[[R:.*]] = arith.mulf %{{.*}}, %{{.*}} : f32
// CHECK: arith.addf %{{.*}}, %[[R]] : f32
func.func @main(%q: tensor<1x2x64x8xf32>) -> tensor<1x2x64x8xf32> {
  %o = attn.attention query(%q : tensor<1x2x64x8xf32>) key(%q : tensor<1x2x64x8xf32>) value(%q : tensor<1x2x64x8xf32>)
      attributes {causal, scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x64x8xf32>
  return %o : tensor<1x2x64x8xf32>
}
