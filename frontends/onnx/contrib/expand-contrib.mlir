// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-expand-contrib | FileCheck %s
// RUN: attune-opt %s --attune-stages=stop-after=raise | FileCheck %s --check-prefix=RAISED

// CHECK-LABEL: func.func @skip
// CHECK: %[[SUM:.+]] = onnx.node "Add" since 14(%arg0, %arg1)
// CHECK: %[[ALL:.+]] = onnx.node "Add" since 14(%[[SUM]], %arg3)
// CHECK: onnx.node "LayerNormalization" since 17(%[[ALL]], %arg2)
// CHECK-SAME: axis = -1
// CHECK-SAME: epsilon = 9.99999996E-13
// CHECK-NOT: com.microsoft
// CHECK: return %{{.+}}, %[[ALL]]
func.func @skip(%x: tensor<?x?x8xf32> {attune.dims = ["b", "s", ""]},
    %skip: tensor<?x?x8xf32> {attune.dims = ["b", "s", ""]}, %gamma: tensor<8xf32>,
    %bias: tensor<8xf32>) -> (tensor<?x?x8xf32>, tensor<?x?x8xf32>) {
  %none = onnx.none
  %0:4 = onnx.node "SkipLayerNormalization" since 1 (%x, %skip, %gamma, %none, %bias)
      {domain = "com.microsoft", dims = [["b", "s", ""], [], [], ["b", "s", ""]]}
      : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<8xf32>, none, tensor<8xf32>)
      -> (tensor<?x?x8xf32>, none, none, tensor<?x?x8xf32>)
  return %0#0, %0#3 : tensor<?x?x8xf32>, tensor<?x?x8xf32>
}

// CHECK-LABEL: func.func @fast_gelu
// CHECK: %[[SUM:.+]] = onnx.node "Add" since 14(%arg0, %arg1)
// CHECK: onnx.node "Gelu" since 20(%[[SUM]]) {{.*}}approximate = "tanh"
func.func @fast_gelu(%x: tensor<4x8xf32>, %bias: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = onnx.node "FastGelu" since 1 (%x, %bias) {domain = "com.microsoft"}
      : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// What is named alike in ai.onnx stays.
// CHECK-LABEL: func.func @own
// CHECK: onnx.node "Gelu" since 20(%arg0) :
func.func @own(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = onnx.node "Gelu" since 20 (%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @attention
// CHECK: %[[ALL:.+]] = onnx.node "MatMul" since 13(%arg0, %arg1)
// CHECK: %[[PARTS:.+]]:3 = onnx.node "Split" since 18(%[[ALL]]
// CHECK: %[[SEEN:.+]] = onnx.node "Unsqueeze"
// CHECK: %[[MASK:.+]] = onnx.node "Where" since 16(%[[SEEN]]
// CHECK: onnx.node "Attention" since 25(%[[PARTS]]#0, %[[PARTS]]#1, %[[PARTS]]#2, %[[MASK]]
// CHECK-SAME: is_causal = 1
// CHECK-SAME: q_num_heads = 2
// RAISED-LABEL: func.func @attention
// RAISED: attn.attention
// RAISED-SAME: causal
func.func @attention(%x: tensor<?x?x8xf32> {attune.dims = ["b", "s", ""]}, %w: tensor<8x24xf32>,
    %mask: tensor<?x?xi32> {attune.dims = ["b", "s"]}) -> tensor<?x?x8xf32> {
  %none = onnx.none
  %0 = onnx.node "Attention" since 1 (%x, %w, %none, %mask)
      {domain = "com.microsoft", node_attributes = {num_heads = 2 : i64, unidirectional = 1 : i64},
       dims = [["b", "s", ""]]}
      : (tensor<?x?x8xf32>, tensor<8x24xf32>, none, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// A prompt needs neither cache nor lengths.
// CHECK-LABEL: func.func @prompt
// CHECK-NOT: TensorScatter
// CHECK: %[[CHECKED:.+]] = onnx.node "Require" since 1(%arg0
// CHECK: onnx.node "Attention" since 25(%[[CHECKED]], %arg1, %arg1
// CHECK-SAME: kv_num_heads = 1
// RAISED-LABEL: func.func @prompt
// RAISED: attn.attention
// RAISED-SAME: causal
func.func @prompt(%q: tensor<?x?x8xf32> {attune.dims = ["b", "s", ""]},
    %kv: tensor<?x?x4xf32> {attune.dims = ["b", "s", ""]},
    %last: tensor<?xi32> {attune.dims = ["b"]}, %total: tensor<i32>) -> tensor<?x?x8xf32> {
  %none = onnx.none
  %0 = onnx.node "GroupQueryAttention" since 1 (%q, %kv, %kv, %none, %none, %last, %total)
      {domain = "com.microsoft", node_attributes = {kv_num_heads = 1 : i64, num_heads = 2 : i64},
       dims = [["b", "s", ""]]}
      : (tensor<?x?x8xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, none, none, tensor<?xi32>,
         tensor<i32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}
