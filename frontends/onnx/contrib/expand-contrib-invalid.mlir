// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --attune-expand-contrib --verify-diagnostics

func.func @heads(%x: tensor<2x4x8xf32>, %w: tensor<8x24xf32>) -> tensor<2x4x8xf32> {
  // expected-error @below {{node 'n' (com.microsoft.Attention, version 1): requires weights whose 24 columns are those of queries, keys (as many) and values, thirds or qkv_hidden_sizes, each a multiple of num_heads = 3}}
  %0 = onnx.node "Attention" since 1 (%x, %w)
      {domain = "com.microsoft", node_name = "n", node_attributes = {num_heads = 3 : i64}}
      : (tensor<2x4x8xf32>, tensor<8x24xf32>) -> tensor<2x4x8xf32>
  return %0 : tensor<2x4x8xf32>
}

// -----

func.func @list(%x: tensor<2x4x8xf32>, %w: tensor<8x24xf32>, %mask: tensor<?xi32>) -> tensor<2x4x8xf32> {
  %none = onnx.none
  // expected-error @below {{requires mask_index of rank 1 to have as many elements as the batch, twice as many or 3 * batch + 2, known when the model is compiled, but got 'tensor<?xi32>'}}
  %0 = onnx.node "Attention" since 1 (%x, %w, %none, %mask)
      {domain = "com.microsoft", node_attributes = {num_heads = 2 : i64}}
      : (tensor<2x4x8xf32>, tensor<8x24xf32>, none, tensor<?xi32>) -> tensor<2x4x8xf32>
  return %0 : tensor<2x4x8xf32>
}

// -----

func.func @window(%q: tensor<1x4x8xf32>, %kv: tensor<1x4x4xf32>, %last: tensor<1xi32>, %total: tensor<i32>) -> tensor<1x4x8xf32> {
  %none = onnx.none
  // expected-error @below {{requires sliding_window_cache = 0, but got 1: caches keep all positions}}
  %0 = onnx.node "GroupQueryAttention" since 1 (%q, %kv, %kv, %none, %none, %last, %total)
      {domain = "com.microsoft", node_attributes = {kv_num_heads = 1 : i64, num_heads = 2 : i64, sliding_window_cache = 1 : i64}}
      : (tensor<1x4x8xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>, none, none, tensor<1xi32>, tensor<i32>) -> tensor<1x4x8xf32>
  return %0 : tensor<1x4x8xf32>
}

// -----

func.func @past(%x: tensor<2x4x8xf32>, %w: tensor<8x24xf32>, %past: tensor<2x2x3x5x4xf32>) -> tensor<2x4x8xf32> {
  %none = onnx.none
  // expected-error @below {{requires equal numbers of heads of 'past' and of the node, but got 3 and 2}}
  %0 = onnx.node "Attention" since 1 (%x, %w, %none, %none, %past)
      {domain = "com.microsoft", node_attributes = {num_heads = 2 : i64}}
      : (tensor<2x4x8xf32>, tensor<8x24xf32>, none, none, tensor<2x2x3x5x4xf32>) -> tensor<2x4x8xf32>
  return %0 : tensor<2x4x8xf32>
}

// -----

func.func @keys(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x4x8xf32>) -> tensor<2x3x8xf32> {
  // expected-error @below {{requires equal lengths of keys and values, but got 5 and 4}}
  %0 = onnx.node "MultiHeadAttention" since 1 (%q, %k, %v)
      {domain = "com.microsoft", node_attributes = {num_heads = 2 : i64}}
      : (tensor<2x3x8xf32>, tensor<2x5x8xf32>, tensor<2x4x8xf32>) -> tensor<2x3x8xf32>
  return %0 : tensor<2x3x8xf32>
}

// -----

func.func @rank(%x: tensor<8xf32>, %gamma: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @below {{requires rank 3 or 2 of input 0, but got 1}}
  %0 = onnx.node "SkipLayerNormalization" since 1 (%x, %x, %gamma) {domain = "com.microsoft"}
      : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func @missing(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @below {{requires input 1}}
  %0 = onnx.node "BiasGelu" since 1 (%x) {domain = "com.microsoft"} : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func @unranked(%x: tensor<*xf32>) -> tensor<8xf32> {
  // expected-error @below {{requires tensors of a known rank}}
  %0 = onnx.node "Gelu" since 1 (%x) {domain = "com.microsoft"} : (tensor<*xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func @promise(%x: tensor<8xf32>) -> tensor<9xf32> {
  // expected-error @below {{gives 'tensor<8xf32>', but the model says 'tensor<9xf32>'}}
  %0 = onnx.node "Gelu" since 1 (%x) {domain = "com.microsoft"} : (tensor<8xf32>) -> tensor<9xf32>
  return %0 : tensor<9xf32>
}

// -----

func.func @result(%x: tensor<8x8xf32>) -> tensor<*xf32> {
  // expected-error @below {{requires tensors of a known rank}}
  %0 = onnx.node "FusedMatMul" since 1 (%x, %x) {domain = "com.microsoft"}
      : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
