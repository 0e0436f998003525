// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-unify-symbols --attune-raise-attention | FileCheck %s

// CHECK-LABEL: func.func @heads_in_groups
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
func.func @heads_in_groups(%q: tensor<1x6x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x6x?x4xf32> {
  %c0 = arith.constant dense<[2]> : tensor<1xi64>
  %1 = onnx.node "Unsqueeze" since 13(%k, %c0) {dims = [["", "", "", "s", ""]]} : (tensor<1x2x?x4xf32>, tensor<1xi64>) -> tensor<1x2x1x?x4xf32>
  %c2 = arith.constant dense<[1, 2, 3, 1, 4]> : tensor<5xi64>
  %3 = onnx.node "Expand" since 13(%1, %c2) {dims = [["", "", "", "s", ""]]} : (tensor<1x2x1x?x4xf32>, tensor<5xi64>) -> tensor<1x2x3x?x4xf32>
  %c4 = arith.constant dense<[1, 6, -1, 4]> : tensor<4xi64>
  %5 = onnx.node "Reshape" since 14(%3, %c4) {dims = [["", "", "s", ""]]} : (tensor<1x2x3x?x4xf32>, tensor<4xi64>) -> tensor<1x6x?x4xf32>
  %6 = onnx.node "Transpose" since 13(%5) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x6x?x4xf32>) -> tensor<1x6x4x?xf32>
  %7 = onnx.node "MatMul" since 13(%q, %6) {dims = [["", "", "s", "s"]]} : (tensor<1x6x?x4xf32>, tensor<1x6x4x?xf32>) -> tensor<1x6x?x?xf32>
  %c8 = arith.constant dense<[2]> : tensor<1xi64>
  %9 = onnx.node "Unsqueeze" since 13(%v, %c8) {dims = [["", "", "", "s", ""]]} : (tensor<1x2x?x4xf32>, tensor<1xi64>) -> tensor<1x2x1x?x4xf32>
  %c10 = arith.constant dense<[1, 2, 3, 1, 4]> : tensor<5xi64>
  %11 = onnx.node "Expand" since 13(%9, %c10) {dims = [["", "", "", "s", ""]]} : (tensor<1x2x1x?x4xf32>, tensor<5xi64>) -> tensor<1x2x3x?x4xf32>
  %c12 = arith.constant dense<[1, 6, -1, 4]> : tensor<4xi64>
  %13 = onnx.node "Reshape" since 14(%11, %c12) {dims = [["", "", "s", ""]]} : (tensor<1x2x3x?x4xf32>, tensor<4xi64>) -> tensor<1x6x?x4xf32>
  %14 = onnx.node "Softmax" since 13(%7) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x6x?x?xf32>) -> tensor<1x6x?x?xf32>
  %15 = onnx.node "MatMul" since 13(%14, %13) {dims = [["", "", "s", ""]]} : (tensor<1x6x?x?xf32>, tensor<1x6x?x4xf32>) -> tensor<1x6x?x4xf32>
  return %15 : tensor<1x6x?x4xf32>
}

// CHECK-LABEL: func.func @keys_in_groups_alone
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
func.func @keys_in_groups_alone(%q: tensor<1x6x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x6x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x6x?x4xf32> {
  %c0 = arith.constant dense<[2]> : tensor<1xi64>
  %1 = onnx.node "Unsqueeze" since 13(%k, %c0) {dims = [["", "", "", "s", ""]]} : (tensor<1x2x?x4xf32>, tensor<1xi64>) -> tensor<1x2x1x?x4xf32>
  %c2 = arith.constant dense<[1, 2, 3, 1, 4]> : tensor<5xi64>
  %3 = onnx.node "Expand" since 13(%1, %c2) {dims = [["", "", "", "s", ""]]} : (tensor<1x2x1x?x4xf32>, tensor<5xi64>) -> tensor<1x2x3x?x4xf32>
  %c4 = arith.constant dense<[1, 6, -1, 4]> : tensor<4xi64>
  %5 = onnx.node "Reshape" since 14(%3, %c4) {dims = [["", "", "s", ""]]} : (tensor<1x2x3x?x4xf32>, tensor<4xi64>) -> tensor<1x6x?x4xf32>
  %6 = onnx.node "Transpose" since 13(%5) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x6x?x4xf32>) -> tensor<1x6x4x?xf32>
  %7 = onnx.node "MatMul" since 13(%q, %6) {dims = [["", "", "s", "s"]]} : (tensor<1x6x?x4xf32>, tensor<1x6x4x?xf32>) -> tensor<1x6x?x?xf32>
  %8 = onnx.node "Softmax" since 13(%7) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x6x?x?xf32>) -> tensor<1x6x?x?xf32>
  %9 = onnx.node "MatMul" since 13(%8, %v) {dims = [["", "", "s", ""]]} : (tensor<1x6x?x?xf32>, tensor<1x6x?x4xf32>) -> tensor<1x6x?x4xf32>
  return %9 : tensor<1x6x?x4xf32>
}

// CHECK-LABEL: func.func @one_head_of_keys
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
func.func @one_head_of_keys(%q: tensor<1x6x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x1x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x1x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x6x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x1x?x4xf32>) -> tensor<1x1x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x6x?x4xf32>, tensor<1x1x4x?xf32>) -> tensor<1x6x?x?xf32>
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x6x?x?xf32>) -> tensor<1x6x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "", "s", ""]]} : (tensor<1x6x?x?xf32>, tensor<1x1x?x4xf32>) -> tensor<1x6x?x4xf32>
  return %3 : tensor<1x6x?x4xf32>
}

// CHECK-LABEL: func.func @heads_in_turn
// CHECK: %[[K:.*]] = onnx.node "Reshape"
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%[[K]] : tensor<1x6x?x4xf32>)
func.func @heads_in_turn(%q: tensor<1x6x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x6x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x6x?x4xf32> {
  %c0 = arith.constant dense<[1]> : tensor<1xi64>
  %1 = onnx.node "Unsqueeze" since 13(%k, %c0) {dims = [["", "", "", "s", ""]]} : (tensor<1x2x?x4xf32>, tensor<1xi64>) -> tensor<1x1x2x?x4xf32>
  %c2 = arith.constant dense<[1, 3, 2, 1, 4]> : tensor<5xi64>
  %3 = onnx.node "Expand" since 13(%1, %c2) {dims = [["", "", "", "s", ""]]} : (tensor<1x1x2x?x4xf32>, tensor<5xi64>) -> tensor<1x3x2x?x4xf32>
  %c4 = arith.constant dense<[1, 6, -1, 4]> : tensor<4xi64>
  %5 = onnx.node "Reshape" since 14(%3, %c4) {dims = [["", "", "s", ""]]} : (tensor<1x3x2x?x4xf32>, tensor<4xi64>) -> tensor<1x6x?x4xf32>
  %6 = onnx.node "Transpose" since 13(%5) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x6x?x4xf32>) -> tensor<1x6x4x?xf32>
  %7 = onnx.node "MatMul" since 13(%q, %6) {dims = [["", "", "s", "s"]]} : (tensor<1x6x?x4xf32>, tensor<1x6x4x?xf32>) -> tensor<1x6x?x?xf32>
  %8 = onnx.node "Softmax" since 13(%7) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x6x?x?xf32>) -> tensor<1x6x?x?xf32>
  %9 = onnx.node "MatMul" since 13(%8, %v) {dims = [["", "", "s", ""]]} : (tensor<1x6x?x?xf32>, tensor<1x6x?x4xf32>) -> tensor<1x6x?x4xf32>
  return %9 : tensor<1x6x?x4xf32>
}

// CHECK-LABEL: func.func @tiled_heads
// CHECK: %[[K:.*]] = onnx.node "Tile"
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%[[K]] : tensor<1x6x?x4xf32>)
func.func @tiled_heads(%q: tensor<1x6x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x6x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x6x?x4xf32> {
  %c0 = arith.constant dense<[1, 3, 1, 1]> : tensor<4xi64>
  %1 = onnx.node "Tile" since 13(%k, %c0) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x4xf32>, tensor<4xi64>) -> tensor<1x6x?x4xf32>
  %2 = onnx.node "Transpose" since 13(%1) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x6x?x4xf32>) -> tensor<1x6x4x?xf32>
  %3 = onnx.node "MatMul" since 13(%q, %2) {dims = [["", "", "s", "s"]]} : (tensor<1x6x?x4xf32>, tensor<1x6x4x?xf32>) -> tensor<1x6x?x?xf32>
  %4 = onnx.node "Softmax" since 13(%3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x6x?x?xf32>) -> tensor<1x6x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %v) {dims = [["", "", "s", ""]]} : (tensor<1x6x?x?xf32>, tensor<1x6x?x4xf32>) -> tensor<1x6x?x4xf32>
  return %5 : tensor<1x6x?x4xf32>
}

// CHECK-LABEL: func.func @repeated_keys
// CHECK: %[[K:.*]] = onnx.node "Reshape"
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%[[K]] : tensor<1x6x6x4xf32>)
func.func @repeated_keys(%q: tensor<1x6x6x4xf32>, %k: tensor<1x6x2x4xf32>, %v: tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32> {
  %c0 = arith.constant dense<[3]> : tensor<1xi64>
  %1 = onnx.node "Unsqueeze" since 13(%k, %c0) : (tensor<1x6x2x4xf32>, tensor<1xi64>) -> tensor<1x6x2x1x4xf32>
  %c2 = arith.constant dense<[1, 6, 2, 3, 4]> : tensor<5xi64>
  %3 = onnx.node "Expand" since 13(%1, %c2) : (tensor<1x6x2x1x4xf32>, tensor<5xi64>) -> tensor<1x6x2x3x4xf32>
  %c4 = arith.constant dense<[1, 6, 6, 4]> : tensor<4xi64>
  %5 = onnx.node "Reshape" since 14(%3, %c4) : (tensor<1x6x2x3x4xf32>, tensor<4xi64>) -> tensor<1x6x6x4xf32>
  %6 = onnx.node "Transpose" since 13(%5) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x6x6x4xf32>) -> tensor<1x6x4x6xf32>
  %7 = onnx.node "MatMul" since 13(%q, %6) : (tensor<1x6x6x4xf32>, tensor<1x6x4x6xf32>) -> tensor<1x6x6x6xf32>
  %8 = onnx.node "Softmax" since 13(%7) {node_attributes = {axis = -1 : i64}} : (tensor<1x6x6x6xf32>) -> tensor<1x6x6x6xf32>
  %9 = onnx.node "MatMul" since 13(%8, %v) : (tensor<1x6x6x6xf32>, tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
  return %9 : tensor<1x6x6x4xf32>
}

// CHECK-LABEL: func.func @batch_is_repeated_too
// CHECK: %[[K:.*]] = onnx.node "Reshape"
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%[[K]] : tensor<5x6x?x4xf32>)
func.func @batch_is_repeated_too(%q: tensor<5x6x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<5x6x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<5x6x?x4xf32> {
  %c0 = arith.constant dense<[2]> : tensor<1xi64>
  %1 = onnx.node "Unsqueeze" since 13(%k, %c0) {dims = [["", "", "", "s", ""]]} : (tensor<1x2x?x4xf32>, tensor<1xi64>) -> tensor<1x2x1x?x4xf32>
  %c2 = arith.constant dense<[5, 2, 3, 1, 4]> : tensor<5xi64>
  %3 = onnx.node "Expand" since 13(%1, %c2) {dims = [["", "", "", "s", ""]]} : (tensor<1x2x1x?x4xf32>, tensor<5xi64>) -> tensor<5x2x3x?x4xf32>
  %c4 = arith.constant dense<[5, 6, -1, 4]> : tensor<4xi64>
  %5 = onnx.node "Reshape" since 14(%3, %c4) {dims = [["", "", "s", ""]]} : (tensor<5x2x3x?x4xf32>, tensor<4xi64>) -> tensor<5x6x?x4xf32>
  %6 = onnx.node "Transpose" since 13(%5) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<5x6x?x4xf32>) -> tensor<5x6x4x?xf32>
  %7 = onnx.node "MatMul" since 13(%q, %6) {dims = [["", "", "s", "s"]]} : (tensor<5x6x?x4xf32>, tensor<5x6x4x?xf32>) -> tensor<5x6x?x?xf32>
  %8 = onnx.node "Softmax" since 13(%7) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<5x6x?x?xf32>) -> tensor<5x6x?x?xf32>
  %9 = onnx.node "MatMul" since 13(%8, %v) {dims = [["", "", "s", ""]]} : (tensor<5x6x?x?xf32>, tensor<5x6x?x4xf32>) -> tensor<5x6x?x4xf32>
  return %9 : tensor<5x6x?x4xf32>
}

// CHECK-LABEL: func.func @reshape_leaves_one_size_open
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : tensor<?x2x?x4xf32>)
func.func @reshape_leaves_one_size_open(%q: tensor<?x6x?x4xf32> {attune.dims = ["b", "", "s", ""]}, %k: tensor<?x2x?x4xf32> {attune.dims = ["b", "", "s", ""]}, %v: tensor<?x6x?x4xf32> {attune.dims = ["b", "", "s", ""]}) -> tensor<?x6x?x4xf32> {
  %c0 = arith.constant dense<[2]> : tensor<1xi64>
  %1 = onnx.node "Unsqueeze" since 13(%k, %c0) {dims = [["b", "", "", "s", ""]]} : (tensor<?x2x?x4xf32>, tensor<1xi64>) -> tensor<?x2x1x?x4xf32>
  %c2 = arith.constant dense<[1, 1, 3, 1, 1]> : tensor<5xi64>
  %3 = onnx.node "Expand" since 13(%1, %c2) {dims = [["b", "", "", "s", ""]]} : (tensor<?x2x1x?x4xf32>, tensor<5xi64>) -> tensor<?x2x3x?x4xf32>
  %c4 = arith.constant dense<[0, 6, -1, 4]> : tensor<4xi64>
  %5 = onnx.node "Reshape" since 14(%3, %c4) {dims = [["b", "", "", ""]]} : (tensor<?x2x3x?x4xf32>, tensor<4xi64>) -> tensor<?x6x?x4xf32>
  %6 = onnx.node "Transpose" since 13(%5) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["b", "", "", "s"]]} : (tensor<?x6x?x4xf32>) -> tensor<?x6x4x?xf32>
  %7 = onnx.node "MatMul" since 13(%q, %6) {dims = [["b", "", "s", "s"]]} : (tensor<?x6x?x4xf32>, tensor<?x6x4x?xf32>) -> tensor<?x6x?x?xf32>
  %8 = onnx.node "Softmax" since 13(%7) {node_attributes = {axis = -1 : i64}, dims = [["b", "", "s", "s"]]} : (tensor<?x6x?x?xf32>) -> tensor<?x6x?x?xf32>
  %9 = onnx.node "MatMul" since 13(%8, %v) {dims = [["b", "", "s", ""]]} : (tensor<?x6x?x?xf32>, tensor<?x6x?x4xf32>) -> tensor<?x6x?x4xf32>
  return %9 : tensor<?x6x?x4xf32>
}

// CHECK-LABEL: func.func @expand_changes_another_size
// CHECK: %[[K:.*]] = onnx.node "Reshape"
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%[[K]]
func.func @expand_changes_another_size(%q: tensor<?x6x?x4xf32> {attune.dims = ["b", "", "s", ""]}, %k: tensor<?x2x?x4xf32> {attune.dims = ["b", "", "s", ""]}, %v: tensor<?x6x?x4xf32> {attune.dims = ["b", "", "s", ""]}) -> tensor<?x6x?x4xf32> {
  %c0 = arith.constant dense<[2]> : tensor<1xi64>
  %1 = onnx.node "Unsqueeze" since 13(%k, %c0) {dims = [["b", "", "", "s", ""]]} : (tensor<?x2x?x4xf32>, tensor<1xi64>) -> tensor<?x2x1x?x4xf32>
  %c2 = arith.constant dense<[1, 1, 3, 1, 1]> : tensor<5xi64>
  %3 = onnx.node "Expand" since 13(%1, %c2) {dims = [["b", "", "", "t", ""]]} : (tensor<?x2x1x?x4xf32>, tensor<5xi64>) -> tensor<?x2x3x?x4xf32>
  %c4 = arith.constant dense<[0, 6, -1, 4]> : tensor<4xi64>
  %5 = onnx.node "Reshape" since 14(%3, %c4) {dims = [["b", "", "", ""]]} : (tensor<?x2x3x?x4xf32>, tensor<4xi64>) -> tensor<?x6x?x4xf32>
  %6 = onnx.node "Transpose" since 13(%5) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["b", "", "", "s"]]} : (tensor<?x6x?x4xf32>) -> tensor<?x6x4x?xf32>
  %7 = onnx.node "MatMul" since 13(%q, %6) {dims = [["b", "", "s", "s"]]} : (tensor<?x6x?x4xf32>, tensor<?x6x4x?xf32>) -> tensor<?x6x?x?xf32>
  %8 = onnx.node "Softmax" since 13(%7) {node_attributes = {axis = -1 : i64}, dims = [["b", "", "s", "s"]]} : (tensor<?x6x?x?xf32>) -> tensor<?x6x?x?xf32>
  %9 = onnx.node "MatMul" since 13(%8, %v) {dims = [["b", "", "s", ""]]} : (tensor<?x6x?x?xf32>, tensor<?x6x?x4xf32>) -> tensor<?x6x?x4xf32>
  return %9 : tensor<?x6x?x4xf32>
}
