// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=seer{block=4}" 2> %t.remarks | FileCheck %s --check-prefixes=CHECK,MEANS
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// RUN: attune-opt %s --attune-apply-forms="spec=seer{block=4,ratio=0.5,last_dense=0}" | FileCheck %s --check-prefixes=CHECK,RATIO
// RUN: attune-opt %s --attune-apply-forms="spec=seer{block=4,ratio=1}" 2>&1 | FileCheck %s --check-prefix=EXACT
// RUN: attune-opt %s --attune-apply-forms="spec=seer{block=4,threshold=-1}" 2>&1 | FileCheck %s --check-prefix=EXACT
// RUN: attune-opt %s --attune-apply-forms="spec=seer{block=4,last_dense=10}" 2>&1 | FileCheck %s --check-prefix=EXACT
// RUN: attune-opt %s --attune-apply-forms="spec=seer{block=4,last_dense=9}" 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: attune-opt %s --attune-apply-forms="spec=seer{block=37}" 2>&1 | FileCheck %s --check-prefix=EXACT

// REMARK: layer 0: attn.attention -> seer (approximate)
// EXACT: layer 0: attn.attention -> seer (exact)

// The mask of positions and the capture stay as they are.
// CHECK-LABEL: func.func @static
// CHECK-DAG: %[[Q:.*]] = attn.pool ["avg"] %arg0 {block = 4 : i64} : tensor<1x4x37x8xf32> -> tensor<1x4x10x8xf32>
// CHECK-DAG: %[[K:.*]] = attn.pool ["avg"] %arg1 {block = 4 : i64, layout = array<i64: 0, 2, 1, 3>} : tensor<1x37x2x8xf32> -> tensor<1x2x10x8xf32>
// CHECK: %[[M:.*]] = attn.block_gate query(%[[Q]] {{.*}} key(%[[K]]
// MEANS-SAME: {block = 4 : i64, causal, last_dense = 2 : i64, own_block, scale = 5.000000e-01 : f64, threshold = 2.000000e-03 : f64} -> tensor<1x4x10x10xi1>
// RATIO-SAME: {block = 4 : i64, causal, own_block, ratio = 5.000000e-01 : f64, scale = 5.000000e-01 : f64} -> tensor<1x4x10x10xi1>
// MEANS: %[[C:.*]], %[[B:.*]] = attn.block_list %[[M]] : {{.*}} -> tensor<1x4x10xi32>, tensor<1x4x10x10xi32>
// RATIO: %[[C:.*]], %[[B:.*]] = attn.block_list %[[M]] : {{.*}} -> tensor<1x4x10xi32>, tensor<1x4x10x4xi32>
// CHECK: attn.attention query(%arg0 {{.*}} captures(%arg2 {{.*}} blocks(%[[C]], %[[B]]
// CHECK-SAME: causal{{.*}}key_block = 4 : i64{{.*}}mask = [{{.*}}]{{.*}}query_block = 4 : i64
func.func @static(%q: tensor<1x4x37x8xf32>, %k: tensor<1x37x2x8xf32>, %c: tensor<37xf32>) -> tensor<1x4x37x8xf32> {
  %o = attn.attention query(%q : tensor<1x4x37x8xf32>) key(%k : tensor<1x37x2x8xf32>) value(%k : tensor<1x37x2x8xf32>)
      captures(%c : tensor<37xf32>)
      attributes {scale = 0.5 : f64, causal, capture_maps = [affine_map<(b, h, i, j) -> (j)>], mask = [affine_set<(i, j) : (j - 2 >= 0)>],
                  key_layout = array<i64: 0, 2, 1, 3>, value_layout = array<i64: 0, 2, 1, 3>} {
    ^bb0(%s: f32, %x: f32):
      %t = arith.addf %s, %x : f32
      attn.yield %t : f32
  } -> tensor<1x4x37x8xf32>
  return %o : tensor<1x4x37x8xf32>
}

// Queries stand behind keys that came before.
// CHECK-LABEL: func.func @dynamic
// CHECK: %[[KEYS:.*]] = tensor.dim %arg1
// CHECK: %[[QUERIES:.*]] = tensor.dim %arg0
// CHECK: %[[OFFSET:.*]] = arith.subi %[[KEYS]], %[[QUERIES]] : index
// CHECK: attn.block_gate {{.*}} offset %[[OFFSET]] {{.*}} -> tensor<?x2x?x?xi1>
// CHECK: attn.block_list {{.*}} -> tensor<?x2x?xi32>, tensor<?x2x?x?xi32>
func.func @dynamic(%q: tensor<?x2x?x8xf32>, %k: tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32> {
  %o = attn.attention query(%q : tensor<?x2x?x8xf32>) key(%k : tensor<?x2x?x8xf32>) value(%k : tensor<?x2x?x8xf32>)
      attributes {scale = 0.5 : f64, causal, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<?x2x?x8xf32>
  return %o : tensor<?x2x?x8xf32>
}

// CHECK-LABEL: func.func @top_left
// CHECK: attn.block_gate query(%{{.*}}) key(%{{[^ ]*}} : tensor<?x2x?x8xf32>) {block
func.func @top_left(%q: tensor<?x2x?x8xf32>, %k: tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32> {
  %o = attn.attention query(%q : tensor<?x2x?x8xf32>) key(%k : tensor<?x2x?x8xf32>) value(%k : tensor<?x2x?x8xf32>)
      attributes {scale = 0.5 : f64, causal, top_left, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<?x2x?x8xf32>
  return %o : tensor<?x2x?x8xf32>
}
