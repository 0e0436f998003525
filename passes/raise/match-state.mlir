// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --attune-match-state | FileCheck %s

// What grows comes first; batch is known from another input.
// CHECK: module attributes {attune.dim_ranges = {batch = array<i64: 1, -1>, past = array<i64: 0, -1>}}
// CHECK-LABEL: func.func @pair
// CHECK-SAME: %[[IDS:.*]]: tensor<?x1xi64>
// CHECK-SAME: %[[PAST:.*]]: tensor<?x?x2x3xf32> {attune.dims = ["past", "batch", "", ""], attune.name = "past_key_values.0.key", attune.state = 1 : i64}
// CHECK-SAME: tensor<?x?x2x3xf32> {attune.dims = ["", "batch", "", ""], attune.name = "present.0.key"}
// CHECK: %[[BACK:.*]] = onnx.node "Transpose" since 13(%[[PAST]]) {{.*}}perm = array<i64: 1, 2, 0, 3>
// CHECK: %[[ALL:.*]] = onnx.node "Concat" since 13(%[[BACK]], %{{.*}})
// CHECK: %[[FIRST:.*]] = onnx.node "Transpose" since 13(%[[ALL]]) {{.*}}perm = array<i64: 2, 0, 1, 3>
// CHECK: return %{{.*}}, %[[FIRST]]
module attributes {attune.dim_ranges = {batch = array<i64: 1, -1>, past = array<i64: 1, -1>}} {
func.func @pair(%ids: tensor<?x1xi64> {attune.name = "input_ids", attune.dims = ["batch", ""]},
    %past: tensor<?x2x?x3xf32> {attune.name = "past_key_values.0.key", attune.dims = ["batch", "", "past", ""]},
    %new: tensor<?x2x1x3xf32> {attune.name = "new", attune.dims = ["batch", "", "", ""]})
    -> (tensor<?x1xi64> {attune.name = "same"}, tensor<?x2x?x3xf32> {attune.name = "present.0.key", attune.dims = ["batch", "", "", ""]}) {
  %all = onnx.node "Concat" since 13 (%past, %new) {node_attributes = {axis = -2 : i64}, dims = [["batch", "", "", ""]]}
      : (tensor<?x2x?x3xf32>, tensor<?x2x1x3xf32>) -> tensor<?x2x?x3xf32>
  return %ids, %all : tensor<?x1xi64>, tensor<?x2x?x3xf32>
}
}

// -----

// Names without a partner: the meaning decides. Attention continues its past.
// CHECK-LABEL: func.func @attention
// CHECK-SAME: attune.name = "past_key_0", attune.state = 1 : i64
// CHECK-SAME: attune.name = "past_value_0", attune.state = 2 : i64
func.func @attention(%x: tensor<1x2x1x4xf32> {attune.name = "x"},
    %k: tensor<1x2x?x4xf32> {attune.name = "past_key_0", attune.dims = ["", "", "past", ""]},
    %v: tensor<1x2x?x4xf32> {attune.name = "past_value_0", attune.dims = ["", "", "past", ""]})
    -> (tensor<1x2x1x4xf32> {attune.name = "y"}, tensor<1x2x?x4xf32> {attune.name = "k"}, tensor<1x2x?x4xf32> {attune.name = "v"}) {
  %none = onnx.none
  %y:3 = onnx.node "Attention" since 23 (%x, %x, %x, %none, %k, %v) {dims = [[], [], []]}
      : (tensor<1x2x1x4xf32>, tensor<1x2x1x4xf32>, tensor<1x2x1x4xf32>, none, tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>)
      -> (tensor<1x2x1x4xf32>, tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>)
  return %y#0, %y#1, %y#2 : tensor<1x2x1x4xf32>, tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>
}
