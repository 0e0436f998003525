// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec='streaming{sink=2,recent=4}@heads=1-3'" | FileCheck %s
// RUN: attune-opt %s --attune-apply-forms="spec='streaming{sink=0,recent=4}'" | FileCheck %s --check-prefix=NONE

// CHECK-DAG: #[[RECENT:.*]] = affine_set<(d0, d1) : (d0 - d1 + 3 >= 0, d1 - d0 + 3 >= 0)>
// CHECK-DAG: #[[SINK:.*]] = affine_set<(d0, d1) : (-d1 + 1 >= 0)>
// NONE-DAG: #[[RECENT:.*]] = affine_set<(d0, d1) : (d0 - d1 + 3 >= 0, d1 - d0 + 3 >= 0)>

// CHECK-LABEL: func.func @main
// CHECK: attn.attention query({{.*}} : tensor<1x1x?x8xf32>)
// CHECK-NOT: mask =
// CHECK: attn.attention query({{.*}} : tensor<1x3x?x8xf32>)
// CHECK: mask = [#[[RECENT]], #[[SINK]]]
// NONE-LABEL: func.func @main
// NONE: mask = [#[[RECENT]]]
func.func @main(%q: tensor<1x4x?x8xf32>) -> tensor<1x4x?x8xf32> {
  %o = attn.attention query(%q : tensor<1x4x?x8xf32>) key(%q : tensor<1x4x?x8xf32>) value(%q : tensor<1x4x?x8xf32>)
      attributes {causal, scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x4x?x8xf32>
  return %o : tensor<1x4x?x8xf32>
}
