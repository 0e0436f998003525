// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @element(%x: tensor<1x2x5x3xf32>, %t: tensor<2x9xf64>) {
  // expected-error @+1 {{requires taps of 'f32', but got 'tensor<2x9xf64>'}}
  %y = attn.toeplitz %x taps(%t : tensor<2x9xf64>) : tensor<1x2x5x3xf32>
  return
}

// -----

// C2
func.func @heads(%x: tensor<1x4x5x3xf32>, %t: tensor<2x9xf32>) {
  // expected-error @+1 {{requires one row of taps, or 4, but got 2}}
  %y = attn.toeplitz %x taps(%t : tensor<2x9xf32>) : tensor<1x4x5x3xf32>
  return
}

// -----

// C2
func.func @lags(%x: tensor<1x2x5x3xf32>, %t: tensor<2x5xf32>) {
  // expected-error @+1 {{requires 9 taps for 5 rows, but got 5}}
  %y = attn.toeplitz %x taps(%t : tensor<2x5xf32>) : tensor<1x2x5x3xf32>
  return
}

// -----

// C2
func.func @causal(%x: tensor<1x2x5x3xf32>, %t: tensor<2x9xf32>) {
  // expected-error @+1 {{requires 5 taps for 5 rows, but got 9}}
  %y = attn.toeplitz %x taps(%t : tensor<2x9xf32>) {causal} : tensor<1x2x5x3xf32>
  return
}

// -----

// C3
func.func @length(%x: tensor<1x2x?x3xf32>, %t: tensor<2x?xf32>) {
  // expected-error @+1 {{requires a static length of at least 1 for 'fourier', but got 'tensor<1x2x?x3xf32>'}}
  %y = attn.toeplitz %x taps(%t : tensor<2x?xf32>) {method = 2 : i32} : tensor<1x2x?x3xf32>
  return
}
