// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-form-attention --verify-diagnostics

func.func @main(%q: tensor<1x4x64x8xf32>, %v: tensor<1x4x64x?xf32>) -> tensor<1x4x64x?xf32> {
  // expected-error @+1 {{attention requires a known width of the values, but got 'tensor<1x4x64x?xf32>'}}
  %o = attn.attention query(%q : tensor<1x4x64x8xf32>) key(%q : tensor<1x4x64x8xf32>) value(%v : tensor<1x4x64x?xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x64x?xf32>
  return %o : tensor<1x4x64x?xf32>
}
