// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=longformer{window=4,global=2}" | FileCheck %s

// CHECK-DAG: #[[WINDOW:.*]] = affine_set<(d0, d1) : (d0 - d1 + 4 >= 0, d1 - d0 + 4 >= 0)>
// CHECK-DAG: #[[COLUMNS:.*]] = affine_set<(d0, d1) : (-d1 + 1 >= 0)>
// CHECK-DAG: #[[ROWS:.*]] = affine_set<(d0, d1) : (-d0 + 1 >= 0)>
// CHECK: mask = [#[[WINDOW]], #[[COLUMNS]], #[[ROWS]]]
func.func @main(%q: tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32> {
  %o = attn.attention query(%q : tensor<1x4x?x8xf32>) key(%q : tensor<1x4x?x8xf32>) value(%q : tensor<1x4x?x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x?x8xf32>
  return %o : tensor<1x4x?x8xf32>
}
