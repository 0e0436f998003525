// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --attune-match-state --verify-diagnostics

// expected-error @below {{there is no state: requires inputs named 'past_key_values.N.key', 'past_key_N', 'past_N' or the like, which outputs named 'present...' continue, but the inputs are 'x'}}
func.func @nothing(%x: tensor<2xf32> {attune.name = "x"}) -> (tensor<2xf32> {attune.name = "y"}) {
  return %x : tensor<2xf32>
}

// -----

// The order is the wrong one: rows go before.
// expected-error @below {{input 'past_0' cannot become state: output 'present_0' has the name of what continues it, but is not this input with new rows behind it}}
func.func @before(%new: tensor<1x2xf32> {attune.name = "new"},
    %past: tensor<?x2xf32> {attune.name = "past_0", attune.dims = ["past", ""]})
    -> (tensor<?x2xf32> {attune.name = "present_0"}) {
  %all = onnx.node "Concat" since 13 (%new, %past) {node_attributes = {axis = 0 : i64}}
      : (tensor<1x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %all : tensor<?x2xf32>
}

// -----

// expected-error @below {{input 'past_0' cannot become state: no output named 'present...' like it}}
func.func @alone(%past: tensor<?x2xf32> {attune.name = "past_0", attune.dims = ["past", ""]})
    -> (tensor<?x2xf32> {attune.name = "y"}) {
  return %past : tensor<?x2xf32>
}

// -----

// expected-error @below {{the size 'batch' of its dimension 1 is not that of another input; give it by --dim}}
func.func @unknown(%new: tensor<1x?xf32> {attune.name = "new", attune.dims = ["", "other"]},
    %past: tensor<?x?xf32> {attune.name = "past_0", attune.dims = ["past", "batch"]})
    -> (tensor<?x?xf32> {attune.name = "present_0"}) {
  %all = onnx.node "Concat" since 13 (%past, %new) {node_attributes = {axis = 0 : i64}}
      : (tensor<?x?xf32>, tensor<1x?xf32>) -> tensor<?x?xf32>
  return %all : tensor<?x?xf32>
}

// -----

// expected-error @below {{its dimension 0 grows, but has the size 5}}
func.func @fixed(%new: tensor<1x2xf32> {attune.name = "new"}, %past: tensor<5x2xf32> {attune.name = "past_0"})
    -> (tensor<6x2xf32> {attune.name = "present_0"}) {
  %all = onnx.node "Concat" since 13 (%past, %new) {node_attributes = {axis = 0 : i64}}
      : (tensor<5x2xf32>, tensor<1x2xf32>) -> tensor<6x2xf32>
  return %all : tensor<6x2xf32>
}
