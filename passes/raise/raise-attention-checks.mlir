// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-attention | FileCheck %s

// CHECK-LABEL: func.func @bias_of_another_length_is_checked
// CHECK-DAG: %[[M:.*]] = tensor.dim %arg3, %c3
// CHECK-DAG: %[[K:.*]] = tensor.dim %arg1, %c2
// CHECK: %[[E:.*]] = arith.cmpi eq, %[[M]], %[[K]]
// CHECK: cf.assert %[[E]], "node '' (Softmax): two sizes that are known at run time only must be equal here"
// CHECK: attn.attention
func.func @bias_of_another_length_is_checked(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32> {attune.dims = ["", "", "", "t"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Add" since 14(%1, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @bias_without_a_name_is_checked
// CHECK-DAG: %[[M:.*]] = tensor.dim %arg3, %c3
// CHECK-DAG: %[[K:.*]] = tensor.dim %arg1, %c2
// CHECK: %[[E:.*]] = arith.cmpi eq, %[[M]], %[[K]]
// CHECK: cf.assert %[[E]], "node '' (Softmax): two sizes that are known at run time only must be equal here"
// CHECK: attn.attention
func.func @bias_without_a_name_is_checked(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32>) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Add" since 14(%1, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @bias_of_known_length_is_not
// CHECK-NOT: cf.assert
// CHECK: attn.attention
func.func @bias_of_known_length_is_not(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Add" since 14(%1, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}
