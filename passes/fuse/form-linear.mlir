// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-form-linear | FileCheck %s

// Features with another user are computed once for it, and again by the kernel.
// CHECK-LABEL: func.func @shared
// CHECK-SAME: (%[[Q:.*]]: tensor
// CHECK: %[[F:.*]] = linalg.generic
// CHECK: kernel.linear_attention query elements(%[[Q]] :
// CHECK: value({{.*}}eps = 5.000000e-01 : f64
// CHECK-SAME: normalise
// CHECK: return %{{.*}}, %[[F]]
func.func @shared(%q: tensor<1x2x3x4xf32>) -> (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) {
  %f = attn.features relu %q : tensor<1x2x3x4xf32> -> tensor<1x2x3x4xf32>
  %o = attn.linear sum query(%f : tensor<1x2x3x4xf32>) key(%f : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>) {eps = 0.5 : f64} -> tensor<1x2x3x4xf32>
  return %o, %f : tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>
}
