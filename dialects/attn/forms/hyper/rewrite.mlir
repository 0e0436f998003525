// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=hyper{block=4,samples=3,planes=2,least=8}" 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// RUN: attune-opt %s --attune-apply-forms="spec=hyper{least=32}" 2>&1 | FileCheck %s --check-prefix=SHORT
// RUN: attune-opt %s --attune-apply-forms="spec=hyper{least=8,block=16}" -o /dev/null 2>&1 | FileCheck %s --check-prefix=BLOCK
// RUN: attune-opt %s --attune-apply-forms="spec=hyper{least=8,block=15}" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: layer 0: attn.attention -> hyper (approximate)
// BLOCK: layer 0: attn.attention -> hyper (exact)
// BLOCK: layer 1: attn.attention -> hyper (approximate)
// SHORT: layer 0: attn.attention -> hyper (exact)
// SHORT-NOT: attn.hash_codes

// Leaves of 8, of which the last is cut off: a pair of halves of 16, then two of
// 8.
// CHECK-DAG: #[[LEAF:.*]] = affine_set<(d0, d1) : (d1 - (d0 floordiv 8) * 8 >= 0)>
// CHECK-LABEL: func.func @causal
// CHECK-DAG: %[[R:.*]] = arith.constant dense<{{.*}}> : tensor<4x2xf32>
// CHECK: %[[Q:.*]] = attn.hash_codes %arg0 planes(%[[R]] : {{.*}}) : tensor<?x4x30x4xf32> -> tensor<?x4x30xi32>
// CHECK: %[[K:.*]] = attn.hash_codes %arg1 planes(%[[R]] : {{.*}}) : tensor<?x2x30x4xf32> -> tensor<?x2x30xi32>
// CHECK: %[[LEAVES:.*]], %[[LEAVES_SUM:.*]] = attn.attention query(%arg0
// CHECK-SAME: causal{{.*}}mask = [#[[LEAF]]]
// CHECK: -> tensor<?x4x30x4xf32>, tensor<?x4x30xf32>
// CHECK: attn.bucket {{.*}} : tensor<?x4x16xi32>
// CHECK: attn.bucket {{.*}} : tensor<?x2x16xi32>
// CHECK: %[[OWN:.*]], %[[OWN_SUM:.*]] = attn.attention {{.*}} blocks({{.*}} : tensor<1x1x4xi32>, tensor<1x1x4x1xi32>)
// CHECK-SAME: key_block = 4 : i64, query_block = 4 : i64
// CHECK: %[[SAMPLE:.*]], %[[SAMPLE_SUM:.*]] = attn.attention {{.*}} key(%{{.*}} : tensor<?x2x3x4xf32>) {{.*}} captures({{.*}} : tensor<16xi32>, tensor<4x3xi32>)
// CHECK: arith.select
// CHECK: attn.merge results(%[[OWN]], %[[SAMPLE]] : {{.*}}) sums(%[[OWN_SUM]], %[[SAMPLE_SUM]]
// CHECK: attn.bucket {{.*}} : tensor<?x4x8xi32>
// CHECK: attn.merge
// CHECK: attn.merge results(%[[LEAVES]], %{{.*}}, %{{[^ ]*}} : {{.*}}) sums(%[[LEAVES_SUM]],
func.func @causal(%q: tensor<?x4x30x4xf32>, %k: tensor<?x2x30x4xf32>) -> tensor<?x4x30x4xf32> {
  %o = attn.attention query(%q : tensor<?x4x30x4xf32>) key(%k : tensor<?x2x30x4xf32>) value(%k : tensor<?x2x30x4xf32>)
      attributes {causal, scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<?x4x30x4xf32>
  return %o : tensor<?x4x30x4xf32>
}

// CHECK-LABEL: func.func @all
// CHECK: attn.attention {{.*}} blocks({{.*}} : tensor<1x1x5xi32>, tensor<1x1x5x1xi32>)
// CHECK-SAME: key_block = 4 : i64, query_block = 7 : i64
// CHECK-COUNT-1: attn.merge
// CHECK-NOT: attn.merge
func.func @all(%q: tensor<1x2x31x4xf32>, %k: tensor<1x2x17x4xf32>) -> tensor<1x2x31x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x31x4xf32>) key(%k : tensor<1x2x17x4xf32>) value(%k : tensor<1x2x17x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x31x4xf32>
  return %o : tensor<1x2x31x4xf32>
}
