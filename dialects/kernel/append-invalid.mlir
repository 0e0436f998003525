// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

func.func @types(%s: tensor<?x4xf32>, %r: tensor<1x4xf16>, %i: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{requires one element type and one rank, but got 'tensor<?x4xf32>' and 'tensor<1x4xf16>'}}
  %0 = kernel.append %s : tensor<?x4xf32> rows %r : tensor<1x4xf16> outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

func.func @sizes(%s: tensor<?x4xf32>, %r: tensor<1x5xf32>, %i: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{requires equal sizes after the first, but got 'tensor<?x4xf32>' and 'tensor<1x5xf32>'}}
  %0 = kernel.append %s : tensor<?x4xf32> rows %r : tensor<1x5xf32> outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
