// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: not attune-opt %s --attune-apply-forms="spec='sliding_window{window=0}'" 2>&1 | FileCheck %s --check-prefix=WINDOW
// RUN: not attune-opt %s --attune-apply-forms="spec='sliding_window{sinks=-1}'" 2>&1 | FileCheck %s --check-prefix=SINKS
// RUN: not attune-opt %s --attune-apply-forms="spec='sliding_window{dilation=0}'" 2>&1 | FileCheck %s --check-prefix=DILATION
// RUN: not attune-opt %s --attune-apply-forms="spec='sliding_window{window=1.5}'" 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not attune-opt %s --attune-apply-forms="spec='sliding_window{width=1}'" 2>&1 | FileCheck %s --check-prefix=NAME

// WINDOW: error: form 'sliding_window' requires 1 or more for 'window', but got 0
// SINKS: error: form 'sliding_window' requires 0 or more for 'sinks', but got -1
// DILATION: error: form 'sliding_window' requires 1 or more for 'dilation', but got 0
// NUMBER: error: form 'sliding_window' requires an integer for 'window', but got '1.5'
// NAME: error: form 'sliding_window' has no parameter 'width'; it has window, sinks, dilation

func.func @main(%q: tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32> {
  %o = attn.attention query(%q : tensor<1x4x?x8xf32>) key(%q : tensor<1x4x?x8xf32>) value(%q : tensor<1x4x?x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x?x8xf32>
  return %o : tensor<1x4x?x8xf32>
}
