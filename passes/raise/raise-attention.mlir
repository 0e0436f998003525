// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-unify-symbols --attune-raise-attention | FileCheck %s

// The transposes of the heads become layouts, the quotient the scale.
// CHECK-LABEL: func.func @bert
// CHECK: attn.attention query(%arg0
// CHECK-SAME: key_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: output_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: query_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: scale = 5.000000e-01
// CHECK: arith.addf
// CHECK-NOT: Softmax
func.func @bert(%q: tensor<?x?x2x4xf32> {attune.dims = ["b", "s", "", ""]}, %mask: tensor<?x1x1x?xf32> {attune.dims = ["b", "", "", "s"]}) -> tensor<?x?x2x4xf32> {
  %c = arith.constant dense<2.0> : tensor<f32>
  %0 = onnx.node "Transpose" since 13(%q) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["b", "", "s", ""]]} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %1 = onnx.node "Transpose" since 13(%q) {node_attributes = {perm = array<i64: 0, 2, 3, 1>}, dims = [["b", "", "", "s"]]} : (tensor<?x?x2x4xf32>) -> tensor<?x2x4x?xf32>
  %2 = onnx.node "MatMul" since 13(%0, %1) {dims = [["b", "", "s", "s"]]} : (tensor<?x2x?x4xf32>, tensor<?x2x4x?xf32>) -> tensor<?x2x?x?xf32>
  %3 = onnx.node "Div" since 14(%2, %c) {dims = [["b", "", "s", "s"]]} : (tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %4 = onnx.node "Add" since 14(%3, %mask) {dims = [["b", "", "s", "s"]]} : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %5 = onnx.node "Softmax" since 13(%4) {node_attributes = {axis = -1 : i64}, dims = [["b", "", "s", "s"]]} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %6 = onnx.node "MatMul" since 13(%5, %0) {dims = [["b", "", "s", ""]]} : (tensor<?x2x?x?xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %7 = onnx.node "Transpose" since 13(%6) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["b", "s", "", ""]]} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
  return %7 : tensor<?x?x2x4xf32>
}
