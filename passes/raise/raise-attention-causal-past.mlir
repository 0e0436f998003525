// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-refine-sizes --attune-unify-symbols --attune-raise-attention | FileCheck %s

// Queries are the last of past and new keys: row i sees p + i + 1 of them.

// CHECK-LABEL: func.func @past
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @past(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %past: tensor<1x2x?x4xf32> {attune.dims = ["", "", "p", ""]}, %new: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %zero = arith.constant dense<0> : tensor<i64>
  %one = arith.constant dense<1> : tensor<i64>
  %first = arith.constant dense<0> : tensor<1xi64>
  %second = arith.constant dense<1> : tensor<1xi64>
  %k = onnx.node "Concat" since 13(%past, %new) {node_attributes = {axis = 2 : i64}} : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  %0 = onnx.node "Shape" since 15(%past) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %p = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %1 = onnx.node "Shape" since 15(%k) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %all = onnx.node "Squeeze" since 13(%1) : (tensor<1xi64>) -> tensor<i64>
  %2 = onnx.node "Range" since 11(%p, %all, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.node "Unsqueeze" since 13(%2, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %3 = onnx.node "Range" since 11(%zero, %all, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %columns = onnx.node "Unsqueeze" since 13(%3, %first) : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %later = onnx.node "Greater" since 13(%columns, %rows) : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %4 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %5 = onnx.node "MatMul" since 13(%q, %4) : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %least = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %6 = onnx.node "Where" since 16(%later, %least, %5) : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %7 = onnx.node "Softmax" since 13(%6) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %8 = onnx.node "MatMul" since 13(%7, %k) : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %8 : tensor<1x2x?x4xf32>
}

// Rows that count from 0 see fewer keys: that mask is another.

// CHECK-LABEL: func.func @rows_from_the_first
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures
// CHECK-NOT: causal
// CHECK: return
func.func @rows_from_the_first(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %past: tensor<1x2x?x4xf32> {attune.dims = ["", "", "p", ""]}, %new: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %zero = arith.constant dense<0> : tensor<i64>
  %one = arith.constant dense<1> : tensor<i64>
  %first = arith.constant dense<0> : tensor<1xi64>
  %second = arith.constant dense<1> : tensor<1xi64>
  %k = onnx.node "Concat" since 13(%past, %new) {node_attributes = {axis = 2 : i64}} : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  %0 = onnx.node "Shape" since 15(%past) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %p = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %1 = onnx.node "Shape" since 15(%k) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %all = onnx.node "Squeeze" since 13(%1) : (tensor<1xi64>) -> tensor<i64>
  %queries = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %count = onnx.node "Squeeze" since 13(%queries) : (tensor<1xi64>) -> tensor<i64>
  %2 = onnx.node "Range" since 11(%zero, %count, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.node "Unsqueeze" since 13(%2, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %3 = onnx.node "Range" since 11(%zero, %all, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %columns = onnx.node "Unsqueeze" since 13(%3, %first) : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %later = onnx.node "Greater" since 13(%columns, %rows) : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %4 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %5 = onnx.node "MatMul" since 13(%q, %4) : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %least = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %6 = onnx.node "Where" since 16(%later, %least, %5) : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %7 = onnx.node "Softmax" since 13(%6) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %8 = onnx.node "MatMul" since 13(%7, %k) : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %8 : tensor<1x2x?x4xf32>
}

// There may be fewer keys than queries: rows without any get the mean of all.

// CHECK-LABEL: func.func @fewer_keys
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal, mean_empty_rows
func.func @fewer_keys(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %past: tensor<1x2x?x4xf32> {attune.dims = ["", "", "p", ""]}, %new: tensor<1x2x?x4xf32> {attune.dims = ["", "", "n", ""]}) -> tensor<1x2x?x4xf32> {
  %zero = arith.constant dense<0> : tensor<i64>
  %one = arith.constant dense<1> : tensor<i64>
  %first = arith.constant dense<0> : tensor<1xi64>
  %second = arith.constant dense<1> : tensor<1xi64>
  %k = onnx.node "Concat" since 13(%past, %new) {node_attributes = {axis = 2 : i64}} : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  %0 = onnx.node "Shape" since 15(%past) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %p = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %1 = onnx.node "Shape" since 15(%k) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %all = onnx.node "Squeeze" since 13(%1) : (tensor<1xi64>) -> tensor<i64>
  %queries = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %count = onnx.node "Squeeze" since 13(%queries) : (tensor<1xi64>) -> tensor<i64>
  %start = onnx.node "Sub" since 14(%all, %count) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %2 = onnx.node "Range" since 11(%start, %all, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.node "Unsqueeze" since 13(%2, %second) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %3 = onnx.node "Range" since 11(%zero, %all, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %columns = onnx.node "Unsqueeze" since 13(%3, %first) : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %later = onnx.node "Greater" since 13(%columns, %rows) : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %4 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %5 = onnx.node "MatMul" since 13(%q, %4) : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %least = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %6 = onnx.node "Where" since 16(%later, %least, %5) : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %7 = onnx.node "Softmax" since 13(%6) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %8 = onnx.node "MatMul" since 13(%7, %k) : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %8 : tensor<1x2x?x4xf32>
}
