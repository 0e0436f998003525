// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-append-state --verify-diagnostics

// expected-error @below {{output 0 does not put rows behind the state of input 1}}
func.func @before(%new: tensor<1x2xf32>, %past: tensor<?x2xf32> {attune.state = 0 : i64}) -> tensor<?x2xf32> {
  %all = tensor.concat dim(0) %new, %past : (tensor<1x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %all : tensor<?x2xf32>
}
