// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: not attune-opt %s --attune-apply-forms="spec=fft_rpe{m=0}" 2>&1 | FileCheck %s --check-prefix=CASE0
// RUN: not attune-opt %s --attune-apply-forms="spec=fft_rpe{m=8193}" 2>&1 | FileCheck %s --check-prefix=CASE1
// RUN: not attune-opt %s --attune-apply-forms="spec=fft_rpe{seed=-1}" 2>&1 | FileCheck %s --check-prefix=CASE2
// RUN: not attune-opt %s --attune-apply-forms="spec=fft_rpe{by=direct}" 2>&1 | FileCheck %s --check-prefix=CASE3
// RUN: not attune-opt %s --attune-apply-forms="spec=fft_rpe{bias=none.safetensors}" 2>&1 | FileCheck %s --check-prefix=CASE4
// RUN: not attune-opt %s --attune-apply-forms="spec=fft_rpe{projection=none.safetensors}" 2>&1 | FileCheck %s --check-prefix=CASE5

// CASE0: form 'fft_rpe' requires 1 or more for 'm', but got 0
// CASE1: form 'fft_rpe' requires at most 8192 for 'm', but got 8193
// CASE2: form 'fft_rpe' requires 0 or more for 'seed', but got -1
// CASE3: form 'fft_rpe' requires one of auto, fft, blocks for 'by', but got 'direct'
// CASE4: form 'fft_rpe' requires known numbers of heads and positions, as many queries as keys, for 'bias'
// CASE5: form 'fft_rpe': {{.*}}none.safetensors
func.func @main(%q: tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x?x4xf32>) key(%q : tensor<1x2x?x4xf32>) value(%q : tensor<1x2x?x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x?x4xf32>
  return %o : tensor<1x2x?x4xf32>
}
