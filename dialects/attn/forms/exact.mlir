// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec='sliding_window{window=9}'" -o /dev/null 2>&1 | FileCheck %s --check-prefixes=EXACT,NEVER
// RUN: attune-opt %s --attune-apply-forms="spec='sliding_window{window=8}'" -o /dev/null 2>&1 | FileCheck %s --check-prefixes=LESS,NEVER
// RUN: attune-opt %s --attune-apply-forms="spec='sliding_window{window=9,dilation=2}'" -o /dev/null 2>&1 | FileCheck %s --check-prefixes=LESS,NEVER
// RUN: attune-opt %s --attune-apply-forms="spec='longformer{window=8}'" -o /dev/null 2>&1 | FileCheck %s --check-prefixes=EXACT,NEVER
// RUN: attune-opt %s --attune-apply-forms="spec='longformer{window=7}'" -o /dev/null 2>&1 | FileCheck %s --check-prefixes=LESS,NEVER
// RUN: attune-opt %s --attune-apply-forms="spec='local{block=9}'" -o /dev/null 2>&1 | FileCheck %s --check-prefixes=EXACT,NEVER
// RUN: attune-opt %s --attune-apply-forms="spec='local{block=8}'" -o /dev/null 2>&1 | FileCheck %s --check-prefixes=LESS,NEVER
// RUN: attune-opt %s --attune-apply-forms="spec='linear'" -o /dev/null 2>&1 | FileCheck %s --check-prefixes=LESS,NEVER

// What shows every pair of known lengths is dense attention.
// EXACT: layer 0: {{.*}} (exact)
// LESS: layer 0: {{.*}} (approximate)
func.func @known(%q: tensor<1x2x7x4xf32>, %k: tensor<1x2x9x4xf32>) -> tensor<1x2x7x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x7x4xf32>) key(%k : tensor<1x2x9x4xf32>) value(%k : tensor<1x2x9x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x7x4xf32>
  return %o : tensor<1x2x7x4xf32>
}

// NEVER: layer 1: {{.*}} (approximate)
func.func @unknown(%q: tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x?x4xf32>) key(%q : tensor<1x2x?x4xf32>) value(%q : tensor<1x2x?x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x?x4xf32>
  return %o : tensor<1x2x?x4xf32>
}
