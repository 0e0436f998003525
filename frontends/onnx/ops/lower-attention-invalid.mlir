// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --attune-lower-onnx --verify-diagnostics

func.func @rank(%q: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // expected-error @below {{requires queries, keys and values of rank 3 or 4, but got 'tensor<8x8xf32>'}}
  %0 = onnx.node "Attention" since 24 (%q, %q, %q) : (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}

// -----

func.func @batch(%q: tensor<2x4x3x4xf32>, %k: tensor<1x4x5x4xf32>) -> tensor<2x4x3x4xf32> {
  // expected-error @below {{requires equal batch sizes of queries, keys and values, but got 1 and 2}}
  %0 = onnx.node "Attention" since 24 (%q, %k, %k)
      : (tensor<2x4x3x4xf32>, tensor<1x4x5x4xf32>, tensor<1x4x5x4xf32>) -> tensor<2x4x3x4xf32>
  return %0 : tensor<2x4x3x4xf32>
}

// -----

func.func @heads(%q: tensor<2x4x3x4xf32>, %k: tensor<2x3x5x4xf32>) -> tensor<2x4x3x4xf32> {
  // expected-error @below {{requires numbers of heads of which the query's is a multiple of the others', but got 4 and 3}}
  %0 = onnx.node "Attention" since 24 (%q, %k, %k)
      : (tensor<2x4x3x4xf32>, tensor<2x3x5x4xf32>, tensor<2x3x5x4xf32>) -> tensor<2x4x3x4xf32>
  return %0 : tensor<2x4x3x4xf32>
}

// -----

func.func @widths(%q: tensor<2x4x3x4xf32>, %k: tensor<2x4x5x6xf32>) -> tensor<2x4x3x6xf32> {
  // expected-error @below {{requires equal widths of heads of queries and keys, but got 6 and 4}}
  %0 = onnx.node "Attention" since 24 (%q, %k, %k)
      : (tensor<2x4x3x4xf32>, tensor<2x4x5x6xf32>, tensor<2x4x5x6xf32>) -> tensor<2x4x3x6xf32>
  return %0 : tensor<2x4x3x6xf32>
}

// -----

func.func @lengths(%q: tensor<2x4x3x4xf32>, %k: tensor<2x4x5x4xf32>, %v: tensor<2x4x6x4xf32>) -> tensor<2x4x3x4xf32> {
  // expected-error @below {{requires equal lengths of keys and values, but got 5 and 6}}
  %0 = onnx.node "Attention" since 24 (%q, %k, %v)
      : (tensor<2x4x3x4xf32>, tensor<2x4x5x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x3x4xf32>
  return %0 : tensor<2x4x3x4xf32>
}

// -----

func.func @past_rank(%q: tensor<2x4x3x4xf32>, %past: tensor<2x4x4xf32>) -> tensor<2x4x3x4xf32> {
  %none = onnx.none
  // expected-error @below {{requires a past of rank 4, but got 'tensor<2x4x4xf32>'}}
  %0 = onnx.node "Attention" since 24 (%q, %q, %q, %none, %past, %past)
      : (tensor<2x4x3x4xf32>, tensor<2x4x3x4xf32>, tensor<2x4x3x4xf32>, none, tensor<2x4x4xf32>, tensor<2x4x4xf32>)
      -> tensor<2x4x3x4xf32>
  return %0 : tensor<2x4x3x4xf32>
}

// -----

func.func @past(%q: tensor<2x4x3x4xf32>, %past: tensor<1x4x5x4xf32>) -> tensor<2x4x3x4xf32> {
  %none = onnx.none
  // expected-error @below {{requires equal sizes of the past and of new rows, but got 1 and 2}}
  %0 = onnx.node "Attention" since 24 (%q, %q, %q, %none, %past, %past)
      : (tensor<2x4x3x4xf32>, tensor<2x4x3x4xf32>, tensor<2x4x3x4xf32>, none, tensor<1x4x5x4xf32>, tensor<1x4x5x4xf32>)
      -> tensor<2x4x3x4xf32>
  return %0 : tensor<2x4x3x4xf32>
}

// -----

func.func @past_lengths(%q: tensor<2x4x3x4xf32>, %pk: tensor<2x4x5x4xf32>, %pv: tensor<2x4x6x4xf32>)
    -> tensor<2x4x3x4xf32> {
  %none = onnx.none
  // expected-error @below {{requires equal lengths of past_key and past_value, but got 5 and 6}}
  %0 = onnx.node "Attention" since 24 (%q, %q, %q, %none, %pk, %pv)
      : (tensor<2x4x3x4xf32>, tensor<2x4x3x4xf32>, tensor<2x4x3x4xf32>, none, tensor<2x4x5x4xf32>, tensor<2x4x6x4xf32>)
      -> tensor<2x4x3x4xf32>
  return %0 : tensor<2x4x3x4xf32>
}

// -----

func.func @counts(%q: tensor<2x4x3x4xf32>, %counts: tensor<2x1xi64>) -> tensor<2x4x3x4xf32> {
  %none = onnx.none
  // expected-error @below {{requires nonpad_kv_seqlen of rank 1, but got 'tensor<2x1xi64>'}}
  %0 = onnx.node "Attention" since 24 (%q, %q, %q, %none, %none, %none, %counts)
      : (tensor<2x4x3x4xf32>, tensor<2x4x3x4xf32>, tensor<2x4x3x4xf32>, none, none, none, tensor<2x1xi64>)
      -> tensor<2x4x3x4xf32>
  return %0 : tensor<2x4x3x4xf32>
}
