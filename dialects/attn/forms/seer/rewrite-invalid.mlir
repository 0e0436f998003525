// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: not attune-opt %s --attune-apply-forms="spec='seer{block=0}'" 2>&1 | FileCheck %s --check-prefix=BLOCK
// RUN: not attune-opt %s --attune-apply-forms="spec='seer{last_dense=-1}'" 2>&1 | FileCheck %s --check-prefix=LAST
// RUN: not attune-opt %s --attune-apply-forms="spec='seer{ratio=1.5}'" 2>&1 | FileCheck %s --check-prefix=RATIO
// RUN: not attune-opt %s --attune-apply-forms="spec='seer{threshold=nan}'" 2>&1 | FileCheck %s --check-prefix=THRESHOLD
// RUN: not attune-opt %s --attune-apply-forms="spec='seer{gate=none.safetensors}'" 2>&1 | FileCheck %s --check-prefix=ROTARY
// RUN: not attune-opt %s --attune-apply-forms="spec='seer{gate=none.safetensors,rotary=false}'" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not attune-opt %s --attune-apply-forms="spec='seer{gate=none.safetensors,gate_width=9}'" 2>&1 | FileCheck %s --check-prefix=WIDTH
// RUN: not attune-opt %s --attune-apply-forms="spec='seer{gate=none.safetensors,query_pools=max_avg}'" 2>&1 | FileCheck %s --check-prefix=POOLS
// RUN: not attune-opt %s --attune-apply-forms="spec='seer{key_pools=mean}'" 2>&1 | FileCheck %s --check-prefix=WORD
// RUN: not attune-opt %s --attune-apply-forms="spec='seer@layers=1'" 2>&1 | FileCheck %s --check-prefix=TYPE

// BLOCK: :[[#@LINE+12]]:8: error: form 'seer' requires 1 or more for 'block', but got 0
// LAST: error: form 'seer' requires 0 or more for 'last_dense', but got -1
// RATIO: error: form 'seer' requires a finite threshold and a ratio of 0 to 1, but got {{.*}} and 1.5
// THRESHOLD: error: form 'seer' requires a {{.*}}threshold
// ROTARY: error: form 'seer' requires queries and keys from rotary positions, for a gate that pools before them, but none were recognised; with 'rotary=false' it pools them as they are
// NONE: error: form 'seer': {{.*}}none.safetensors
// WIDTH: error: form 'seer' requires query_weights=true, one pool of queries and a gate of their width, but got 1 of width 8 for a gate of width 9
// POOLS: error: form 'seer' requires query_weights=true, one pool of queries and a gate of their width, but got 2 of width 8 for a gate of width 8
// WORD: error: form 'seer' requires one of avg, max, min, max_min_avg, max_min, max_avg, min_avg for 'key_pools', but got 'mean'
// TYPE: error: form 'seer' requires queries and keys of f32 with known heads and width, but got 'tensor<1x4x?x8xf16>' and 'tensor<1x4x?x8xf16>'

func.func @main(%q: tensor<1x4x?x8xf32>, %h: tensor<1x4x?x8xf16>) -> (tensor<1x4x?x8xf32>, tensor<1x4x?x8xf16>) {
  %o = attn.attention query(%q : tensor<1x4x?x8xf32>) key(%q : tensor<1x4x?x8xf32>) value(%q : tensor<1x4x?x8xf32>)
      attributes {scale = 0.5 : f64, causal, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x?x8xf32>
  %p = attn.attention query(%h : tensor<1x4x?x8xf16>) key(%h : tensor<1x4x?x8xf16>) value(%h : tensor<1x4x?x8xf16>)
      attributes {scale = 0.5 : f64, causal, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x?x8xf16>
  return %o, %p : tensor<1x4x?x8xf32>, tensor<1x4x?x8xf16>
}
