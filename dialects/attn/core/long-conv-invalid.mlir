// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @element(%x: tensor<2x5x3xf32>, %t: tensor<3x4xf32>, %d: tensor<3xf64>) {
  // expected-error @+1 {{requires taps and skip weights of 'f32', but got 'tensor<3xf64>'}}
  %y = attn.long_conv %x taps(%t : tensor<3x4xf32>) skip(%d : tensor<3xf64>) : tensor<2x5x3xf32>
  return
}

// -----

// C2
func.func @channels(%x: tensor<2x5x3xf32>, %t: tensor<5x4xf32>) {
  // expected-error @+1 {{requires taps for 3 channels, but got 'tensor<5x4xf32>'}}
  %y = attn.long_conv %x taps(%t : tensor<5x4xf32>) : tensor<2x5x3xf32>
  return
}

// -----

// C2
func.func @skip(%x: tensor<2x5x3xf32>, %t: tensor<3x4xf32>, %d: tensor<5xf32>) {
  // expected-error @+1 {{requires 3 skip weights, but got 'tensor<5xf32>'}}
  %y = attn.long_conv %x taps(%t : tensor<3x4xf32>) skip(%d : tensor<5xf32>) : tensor<2x5x3xf32>
  return
}

// -----

// C3
func.func @length(%x: tensor<2x5x3xf32>, %t: tensor<3x?xf32>) {
  // expected-error @+1 {{requires static lengths of at least 1 for 'fourier', but got 'tensor<2x5x3xf32>' and 'tensor<3x?xf32>'}}
  %y = attn.long_conv %x taps(%t : tensor<3x?xf32>) {method = 2 : i32} : tensor<2x5x3xf32>
  return
}
