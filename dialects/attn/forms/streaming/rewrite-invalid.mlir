// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: not attune-opt %s --attune-apply-forms="spec='streaming{recent=0}'" 2>&1 | FileCheck %s --check-prefix=RECENT
// RUN: not attune-opt %s --attune-apply-forms="spec='streaming{sink=-1}'" 2>&1 | FileCheck %s --check-prefix=SINK
// RUN: not attune-opt %s --attune-apply-forms="spec='streaming'" 2>&1 | FileCheck %s --check-prefix=CAUSAL

// RECENT: error: form 'streaming' requires 1 or more for 'recent', but got 0
// SINK: error: form 'streaming' requires 0 or more for 'sink', but got -1
// CAUSAL: error: form 'streaming' requires causal attention; use 'sliding_window'

func.func @main(%q: tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32> {
  %o = attn.attention query(%q : tensor<1x4x?x8xf32>) key(%q : tensor<1x4x?x8xf32>) value(%q : tensor<1x4x?x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x?x8xf32>
  return %o : tensor<1x4x?x8xf32>
}
