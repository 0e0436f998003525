// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=fft_rpe{m=3}@layers=0,1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=AUTO
// RUN: attune-opt %s --attune-apply-forms="spec=fft_rpe{m=3}@layers=0,1" 2>/dev/null | FileCheck %s --check-prefix=METHOD
// RUN: attune-opt %s --attune-apply-forms="spec=fft_rpe{m=3,by=fft}@layers=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=FORCED
// RUN: not attune-opt %s --attune-apply-forms="spec=fft_rpe{m=3,by=fft}@layers=2" 2>&1 | FileCheck %s --check-prefix=HIDDEN

// A long window: transforms are cheaper, and every query sees much of e^bias.
// AUTO: sums over 16384 keys are taken by transforms
// METHOD: attn.fft_rpe {{.*}} {causal} ->
func.func @window(%q: tensor<1x1x16384x4xf32>) -> tensor<1x1x16384x4xf32> {
  %o = attn.attention query(%q : tensor<1x1x16384x4xf32>) key(%q : tensor<1x1x16384x4xf32>) value(%q : tensor<1x1x16384x4xf32>)
      attributes {mask = [affine_set<(i, j) : (i - j >= 0, 999 - i + j >= 0)>], scale = 1.0 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x1x16384x4xf32>
  return %o : tensor<1x1x16384x4xf32>
}

// The first queries see no key: rounding would be all that they get.
// AUTO: sums over 16384 keys are taken by blocks, as some queries may see a share of 0.{{0+}}e+00 of e^bias only
// METHOD: attn.fft_rpe {{.*}} {causal, method = 1 : i32} ->
// FORCED: some queries see a share of 0.{{0+}}e+00 of e^bias only, for which their rounding is large
func.func @far(%q: tensor<1x1x16384x4xf32>) -> tensor<1x1x16384x4xf32> {
  %o = attn.attention query(%q : tensor<1x1x16384x4xf32>) key(%q : tensor<1x1x16384x4xf32>) value(%q : tensor<1x1x16384x4xf32>)
      attributes {mask = [affine_set<(i, j) : (i - j - 8000 >= 0)>], scale = 1.0 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x1x16384x4xf32>
  return %o : tensor<1x1x16384x4xf32>
}

// Hidden keys may leave the first rows with few.
// HIDDEN: form 'fft_rpe' takes no sums by transforms where keys are hidden as the model runs and queries see earlier keys only
func.func @hidden(%q: tensor<1x1x9x4xf32>, %m: tensor<1x9xf32>) -> tensor<1x1x9x4xf32> {
  %o = attn.attention query(%q : tensor<1x1x9x4xf32>) key(%q : tensor<1x1x9x4xf32>) value(%q : tensor<1x1x9x4xf32>)
      captures(%m : tensor<1x9xf32>)
      attributes {causal, mask = [affine_set<(i, j) : (4 - i + j >= 0)>], scale = 1.0 : f64, capture_maps = [affine_map<(b, h, i, j) -> (0, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<1x1x9x4xf32>
  return %o : tensor<1x1x9x4xf32>
}
