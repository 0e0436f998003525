// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-append-state --canonicalize | FileCheck %s

// Attention reads keys [positions, batch, heads, width] where they lie.
// CHECK-LABEL: func.func @attention
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x2x1x4xf32>, %[[NEW:[a-z0-9]+]]: tensor<1x2x1x4xf32>, %[[PAST:[a-z0-9]+]]: tensor<?x1x2x4xf32>
// CHECK: %[[ALL:.*]] = kernel.append %[[PAST]] : tensor<?x1x2x4xf32> rows %{{.*}} : tensor<1x1x2x4xf32> outs
// CHECK-NOT: tensor.concat
// CHECK: attn.attention
// CHECK-SAME: %[[ALL]]
// CHECK-SAME: key_layout = array<i64: 2, 0, 1, 3>
// CHECK-SAME: value_layout = array<i64: 2, 0, 1, 3>
// CHECK: return %{{.*}}, %[[ALL]]
func.func @attention(%q: tensor<1x2x1x4xf32>, %new: tensor<1x2x1x4xf32>,
    %past: tensor<?x1x2x4xf32> {attune.state = 1 : i64}) -> (tensor<1x2x1x4xf32>, tensor<?x1x2x4xf32>) {
  %c0 = arith.constant 0 : index
  %p = tensor.dim %past, %c0 : tensor<?x1x2x4xf32>
  %i = tensor.empty(%p) : tensor<1x2x?x4xf32>
  %back = linalg.transpose ins(%past : tensor<?x1x2x4xf32>) outs(%i : tensor<1x2x?x4xf32>) permutation = [1, 2, 0, 3]
  %all = tensor.concat dim(2) %back, %new : (tensor<1x2x?x4xf32>, tensor<1x2x1x4xf32>) -> tensor<1x2x?x4xf32>
  %y = attn.attention query(%q : tensor<1x2x1x4xf32>) key(%all : tensor<1x2x?x4xf32>) value(%all : tensor<1x2x?x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [], query_layout = array<i64: 0, 1, 2, 3>,
      key_layout = array<i64: 0, 1, 2, 3>, value_layout = array<i64: 0, 1, 2, 3>, output_layout = array<i64: 0, 1, 2, 3>} {
    ^bb0(%s: f32):
      attn.yield %s : f32 } -> tensor<1x2x1x4xf32>
  %c2 = arith.constant 2 : index
  %t = tensor.dim %all, %c2 : tensor<1x2x?x4xf32>
  %j = tensor.empty(%t) : tensor<?x1x2x4xf32>
  %first = linalg.transpose ins(%all : tensor<1x2x?x4xf32>) outs(%j : tensor<?x1x2x4xf32>) permutation = [2, 0, 1, 3]
  return %y, %first : tensor<1x2x1x4xf32>, tensor<?x1x2x4xf32>
}
