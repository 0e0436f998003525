// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: not attune-opt %s --attune-apply-forms="spec='gated{kind=constant}@layers=0'" 2>&1 | FileCheck %s --check-prefix=HEADS
// RUN: not attune-opt %s --attune-apply-forms="spec='gated{kind=constant}@layers=1'" 2>&1 | FileCheck %s --check-prefix=TYPE

// HEADS: error: form 'gated' requires f32 with known numbers of heads and columns, but got 'tensor<1x?x64x8xf32>'
// TYPE: error: form 'gated' requires f32 with known numbers of heads and columns, but got 'tensor<1x2x64x8xf16>'
func.func @main(%h: tensor<1x?x64x8xf32>, %f: tensor<1x2x64x8xf16>) -> (tensor<1x?x64x8xf32>, tensor<1x2x64x8xf16>) {
  %0 = attn.attention query(%h : tensor<1x?x64x8xf32>) key(%h : tensor<1x?x64x8xf32>) value(%h : tensor<1x?x64x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x?x64x8xf32>
  %1 = attn.attention query(%f : tensor<1x2x64x8xf16>) key(%f : tensor<1x2x64x8xf16>) value(%f : tensor<1x2x64x8xf16>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x64x8xf16>
  return %0, %1 : tensor<1x?x64x8xf32>, tensor<1x2x64x8xf16>
}
