// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms=spec=based --split-input-file | FileCheck %s
// RUN: attune-opt %s --attune-apply-forms=spec=based --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// CHECK-LABEL: func.func @main
// CHECK-COUNT-2: attn.features taylor2 %arg0 {scale = 5.000000e-01 : f64} : tensor<1x2x?x4xf32> -> tensor<1x2x?x15xf32>
// CHECK: attn.linear sum {{.*}} {causal}
func.func @main(%q: tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x?x4xf32>) key(%q : tensor<1x2x?x4xf32>) value(%q : tensor<1x2x?x4xf32>)
      attributes {causal, scale = 0.25 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x?x4xf32>
  return %o : tensor<1x2x?x4xf32>
}

// -----

// REMARK-NOT: meant for
// REMARK: [[#@LINE+2]]:8: remark: form 'based' makes 595 features of heads of width 33, and its error grows with the third power of the scores: it is meant for widths of at most 32
func.func @wide(%q: tensor<1x2x?x33xf32>) -> tensor<1x2x?x33xf32> {
  %o = attn.attention query(%q : tensor<1x2x?x33xf32>) key(%q : tensor<1x2x?x33xf32>) value(%q : tensor<1x2x?x33xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x?x33xf32>
  return %o : tensor<1x2x?x33xf32>
}
