// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Forms take the place of plain softmax attention only.

// RUN: not attune-opt %s --attune-apply-forms="spec='linear'" 2>&1 | FileCheck %s --check-prefix=WHOLE
// RUN: not attune-opt %s --attune-apply-forms="spec='linear@heads=1'" 2>&1 | FileCheck %s --check-prefix=HEADS

// WHOLE: :[[@LINE+3]]:8: error: form 'linear' requires plain softmax attention, without block lists, normaliser and 'lse'
// HEADS: :[[@LINE+2]]:8: error: requires plain softmax attention, to give some of its heads a form
func.func @main(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [], normaliser = #kernel.power<degree = 2, eps = 0.0>} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}
