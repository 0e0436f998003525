// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=local{block=16,back=1}" | FileCheck %s

// CHECK: #[[SET:.*]] = affine_set<(d0, d1) : (d0 floordiv 16 - d1 floordiv 16 >= 0, d1 floordiv 16 - d0 floordiv 16 + 1 >= 0)>
// CHECK: mask = [#[[SET]]]
func.func @main(%q: tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32> {
  %o = attn.attention query(%q : tensor<1x4x?x8xf32>) key(%q : tensor<1x4x?x8xf32>) value(%q : tensor<1x4x?x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x?x8xf32>
  return %o : tensor<1x4x?x8xf32>
}
