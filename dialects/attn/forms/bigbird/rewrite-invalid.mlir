// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: not attune-opt %s --attune-apply-forms="spec='bigbird@layers=0'" 2>&1 | FileCheck %s --check-prefix=HEADS
// RUN: not attune-opt %s --attune-apply-forms="spec='bigbird@layers=1'" 2>&1 | FileCheck %s --check-prefix=LENGTHS
// RUN: not attune-opt %s --attune-apply-forms="spec='bigbird{block=1}@layers=2'" 2>&1 | FileCheck %s --check-prefix=MARKS

// HEADS: error: form 'bigbird' lists blocks when it compiles and requires known heads and as many queries as keys, of a known number, but got 'tensor<1x?x64x8xf32>' and 'tensor<1x?x64x8xf32>'; give the sizes by '--dim'
// LENGTHS: error: form 'bigbird' lists blocks when it compiles and requires known heads and as many queries as keys, of a known number, but got 'tensor<1x4x?x8xf32>' and 'tensor<1x4x?x8xf32>'
// MARKS: error: form 'bigbird' lists blocks when it compiles and requires at most 268435456 of them for all heads, but got 65536 x 65536 for each; enlarge 'block'
func.func @main(%h: tensor<1x?x64x8xf32>, %l: tensor<1x4x?x8xf32>, %m: tensor<1x4x65536x8xf32>) -> (tensor<1x?x64x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x65536x8xf32>) {
  %0 = attn.attention query(%h : tensor<1x?x64x8xf32>) key(%h : tensor<1x?x64x8xf32>) value(%h : tensor<1x?x64x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x?x64x8xf32>
  %1 = attn.attention query(%l : tensor<1x4x?x8xf32>) key(%l : tensor<1x4x?x8xf32>) value(%l : tensor<1x4x?x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x?x8xf32>
  %2 = attn.attention query(%m : tensor<1x4x65536x8xf32>) key(%m : tensor<1x4x65536x8xf32>) value(%m : tensor<1x4x65536x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x65536x8xf32>
  return %0, %1, %2 : tensor<1x?x64x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x65536x8xf32>
}
