// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-attention=remarks --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @einsum_of_keys_first
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @einsum_of_keys_first(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Einsum" since 12(%q, %k) {node_attributes = {equation = "bhjd,bhid->bhij"}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the scores are no product of queries and keys}}
  %1 = onnx.node "Softmax" since 13(%0) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Einsum" since 12(%1, %v) {node_attributes = {equation = "bhij,bhjd->bhid"}, dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %2 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @einsum_sums_two_letters
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @einsum_sums_two_letters(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Einsum" since 12(%q, %k) {node_attributes = {equation = "bhid,bhjd->bhij"}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the weights are not multiplied with values}}
  %1 = onnx.node "Softmax" since 13(%0) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Einsum" since 12(%1, %v) {node_attributes = {equation = "bhij,bhid->bhid"}, dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %2 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @einsum_keeps_the_keys
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @einsum_keeps_the_keys(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Einsum" since 12(%q, %k) {node_attributes = {equation = "bhid,bhjd->bhij"}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the weights are not multiplied with values}}
  %1 = onnx.node "Softmax" since 13(%0) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Einsum" since 12(%1, %v) {node_attributes = {equation = "bhji,bhjd->bhid"}, dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %2 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @batches_of_two_names
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @batches_of_two_names(%q: tensor<?x2x?x4xf32> {attune.dims = ["b", "", "s", ""]}, %k: tensor<?x2x?x4xf32> {attune.dims = ["c", "", "s", ""]}, %v: tensor<?x2x?x4xf32> {attune.dims = ["b", "", "s", ""]}) -> tensor<?x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["c", "", "", "s"]]} : (tensor<?x2x?x4xf32>) -> tensor<?x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["b", "", "s", "s"]]} : (tensor<?x2x?x4xf32>, tensor<?x2x4x?xf32>) -> tensor<?x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: batch sizes or head counts of queries, keys and values are not known to agree}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["b", "", "s", "s"]]} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["b", "", "s", ""]]} : (tensor<?x2x?x?xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  return %3 : tensor<?x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @one_batch_of_keys
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @one_batch_of_keys(%q: tensor<3x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<3x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<3x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<3x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<3x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: batch sizes or head counts of queries, keys and values are not known to agree}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<3x2x?x?xf32>) -> tensor<3x2x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "", "s", ""]]} : (tensor<3x2x?x?xf32>, tensor<3x2x?x4xf32>) -> tensor<3x2x?x4xf32>
  return %3 : tensor<3x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @one_batch_of_queries
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @one_batch_of_queries(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<3x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<3x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<3x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<3x2x?x4xf32>) -> tensor<3x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<3x2x4x?xf32>) -> tensor<3x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: batch sizes or head counts of queries, keys and values are not known to agree}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<3x2x?x?xf32>) -> tensor<3x2x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "", "s", ""]]} : (tensor<3x2x?x?xf32>, tensor<3x2x?x4xf32>) -> tensor<3x2x?x4xf32>
  return %3 : tensor<3x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @one_head_of_queries
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @one_head_of_queries(%q: tensor<1x1x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x1x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: batch sizes or head counts of queries, keys and values are not known to agree}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %3 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @values_repeat_the_weights
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @values_repeat_the_weights(%q: tensor<1x1x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x1x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x1x?x4xf32>) -> tensor<1x1x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x1x?x4xf32>, tensor<1x1x4x?xf32>) -> tensor<1x1x?x?xf32>
  // expected-remark @+1 {{attention not raised: batch sizes or head counts of queries, keys and values are not known to agree}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x1x?x?xf32>) -> tensor<1x1x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "", "s", ""]]} : (tensor<1x1x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %3 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @widths_of_two_names
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @widths_of_two_names(%q: tensor<1x2x?x?xf32> {attune.dims = ["", "", "s", "d"]}, %k: tensor<1x2x?x?xf32> {attune.dims = ["", "", "s", "e"]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "e", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the widths of queries and keys are not known to agree}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %3 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @values_of_dynamic_width
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @values_of_dynamic_width(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x?xf32> {attune.dims = ["", "", "s", "e"]}) -> tensor<1x2x?x?xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the width of the values is not static and last}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "", "s", "e"]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  return %3 : tensor<1x2x?x?xf32>
}

// -----

// CHECK-LABEL: func.func @doubles
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @doubles(%q: tensor<1x2x3x4xf64>, %k: tensor<1x2x4x3xf64>, %v: tensor<1x2x3x4xf64>) -> tensor<1x2x3x4xf64> {
  %0 = onnx.node "MatMul" since 13(%q, %k) : (tensor<1x2x3x4xf64>, tensor<1x2x4x3xf64>) -> tensor<1x2x3x3xf64>
  // expected-remark @+1 {{attention not raised: the softmax is not f32 along the last of three or four dimensions}}
  %1 = onnx.node "Softmax" since 13(%0) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x3x3xf64>) -> tensor<1x2x3x3xf64>
  %2 = onnx.node "MatMul" since 13(%1, %v) : (tensor<1x2x3x3xf64>, tensor<1x2x3x4xf64>) -> tensor<1x2x3x4xf64>
  return %2 : tensor<1x2x3x4xf64>
}
