// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=performer{m=3,eps=0.25}" | FileCheck %s
// RUN: attune-opt %s --attune-apply-forms="spec=performer{m=3,kind=relu}" | FileCheck %s --check-prefix=RELU

// Half of the scale goes to either side; the projection is a constant.
// CHECK: %[[W:.*]] = arith.constant dense<{{.*}}> : tensor<3x4xf32>
// CHECK: %[[Q:.*]] = attn.features positive %arg0 projection(%[[W]] : tensor<3x4xf32>) {eps = 2.500000e-01 : f64, scale = 5.000000e-01 : f64}
// CHECK-SAME: tensor<1x2x?x4xf32> -> tensor<1x2x?x3xf32>
// CHECK: %[[K:.*]] = attn.features positive %arg0 projection(%[[W]] : tensor<3x4xf32>) {eps = 2.500000e-01 : f64, keys, scale = 5.000000e-01 : f64}
// CHECK: attn.linear sum query(%[[Q]] {{.*}} key(%[[K]] {{.*}} {causal}
// RELU-COUNT-2: attn.features relu %arg0 projection(%{{.*}} : tensor<3x4xf32>) {eps = {{.*}}, scale = 5.000000e-01 : f64}
func.func @main(%q: tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x?x4xf32>) key(%q : tensor<1x2x?x4xf32>) value(%q : tensor<1x2x?x4xf32>)
      attributes {causal, scale = 0.25 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x?x4xf32>
  return %o : tensor<1x2x?x4xf32>
}
