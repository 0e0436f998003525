// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=bigbird{block=16,window=1,global=1,random=0}" | FileCheck %s

// The first and last block see all, the others themselves and these.
// CHECK: %[[M:.*]] = arith.constant dense<{{\[\[\[\[}}true, true, true, true], [true, true, false, true], [true, false, true, true], [true, true, true, true]], {{.*}}> : tensor<1x2x4x4xi1>
// CHECK: %[[C:.*]], %[[B:.*]] = attn.block_list %[[M]] : tensor<1x2x4x4xi1> -> tensor<1x2x4xi32>, tensor<1x2x4x4xi32>
// CHECK: attn.attention query(%arg0
// CHECK-SAME: blocks(%[[C]], %[[B]] : tensor<1x2x4xi32>, tensor<1x2x4x4xi32>)
// CHECK-SAME: key_block = 16 : i64
// CHECK-SAME: query_block = 16 : i64
func.func @main(%q: tensor<1x2x64x8xf32>) -> tensor<1x2x64x8xf32> {
  %o = attn.attention query(%q : tensor<1x2x64x8xf32>) key(%q : tensor<1x2x64x8xf32>) value(%q : tensor<1x2x64x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x64x8xf32>
  return %o : tensor<1x2x64x8xf32>
}
