// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1 of the norms
func.func @norm_axis(%x: tensor<4x8xf32>, %s: tensor<8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{requires an axis of 'tensor<4x8xf32>', but got 2}}
  %y = attn.layer_norm %x scale(%s : tensor<8xf32>) {axis = 2 : i64, epsilon = 1.0e-5 : f64} : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// C1 of the norms
func.func @negative_axis(%x: tensor<4x8xf32>, %s: tensor<8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{requires an axis of 'tensor<4x8xf32>', but got -1}}
  %y = attn.rms_norm %x scale(%s : tensor<8xf32>) {axis = -1 : i64, epsilon = 1.0e-5 : f64} : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// C2 of the norms
func.func @norm_scale(%x: tensor<4x8xf32>, %s: tensor<4xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{requires parameters of the dimensions from axis 1 of 'tensor<4x8xf32>', but got 'tensor<4xf32>'}}
  %y = attn.rms_norm %x scale(%s : tensor<4xf32>) {axis = 1 : i64, epsilon = 1.0e-5 : f64} : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// C2 of the norms
func.func @norm_bias(%x: tensor<4x8xf32>, %s: tensor<8xf32>, %b: tensor<1xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{requires parameters of the dimensions from axis 1 of 'tensor<4x8xf32>', but got 'tensor<1xf32>'}}
  %y = attn.layer_norm %x scale(%s : tensor<8xf32>) bias(%b : tensor<1xf32>) {axis = 1 : i64, epsilon = 1.0e-5 : f64} : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// C3 of the norms
func.func @norm_epsilon(%x: tensor<4x8xf32>, %s: tensor<8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{requires an epsilon of at least 0, but got -1.000000e-05}}
  %y = attn.layer_norm %x scale(%s : tensor<8xf32>) {axis = 1 : i64, epsilon = -1.0e-5 : f64} : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// C3 of the norms
func.func @epsilon_is_no_number(%x: tensor<4x8xf32>, %s: tensor<8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{requires an epsilon of at least 0, but got}}
  %y = attn.rms_norm %x scale(%s : tensor<8xf32>) {axis = 1 : i64, epsilon = 0x7FF8000000000000 : f64} : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// C1 of rotary positions
func.func @odd_width(%x: tensor<2x7xf32>, %c: tensor<2x7xf32>) -> tensor<2x7xf32> {
  // expected-error @+1 {{requires a last dimension of even size, but got 'tensor<2x7xf32>'}}
  %y = attn.rotary %x angles(%c, %c : tensor<2x7xf32>) {angle_map = affine_map<(i) -> (i)>} : tensor<2x7xf32>
  return %y : tensor<2x7xf32>
}

// -----

// C1 of rotary positions
func.func @dynamic_width(%x: tensor<2x?xf32>, %c: tensor<2x4xf32>) -> tensor<2x?xf32> {
  // expected-error @+1 {{requires a last dimension of even size, but got 'tensor<2x?xf32>'}}
  %y = attn.rotary %x angles(%c, %c : tensor<2x4xf32>) {angle_map = affine_map<(i) -> (i)>} : tensor<2x?xf32>
  return %y : tensor<2x?xf32>
}

// -----

// C2 of rotary positions
func.func @width_of_angles(%x: tensor<2x8xf32>, %c: tensor<2x2xf32>) -> tensor<2x8xf32> {
  // expected-error @+1 {{requires angles of width 8 or 4, but got 'tensor<2x2xf32>'}}
  %y = attn.rotary %x angles(%c, %c : tensor<2x2xf32>) {angle_map = affine_map<(i) -> (i)>} : tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// C3 of rotary positions
func.func @results_of_the_map(%x: tensor<2x8xf32>, %c: tensor<4xf32>) -> tensor<2x8xf32> {
  // expected-error @+1 {{requires a map from 1 dimensions to 0, but got}}
  %y = attn.rotary %x angles(%c, %c : tensor<4xf32>) {angle_map = affine_map<(i) -> (i)>} : tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// C3 of rotary positions
func.func @constant_in_the_map(%x: tensor<2x8xf32>, %c: tensor<3x4xf32>) -> tensor<2x8xf32> {
  // expected-error @+1 {{requires a map from 1 dimensions to 1, but got}}
  %y = attn.rotary %x angles(%c, %c : tensor<3x4xf32>) {angle_map = affine_map<(i) -> (1)>} : tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// C4 of rotary positions
func.func @length_of_angles(%x: tensor<5x8xf32>, %c: tensor<3x4xf32>) -> tensor<5x8xf32> {
  // expected-error @+1 {{requires angles of size 5 at dimension 0, but got 'tensor<3x4xf32>'}}
  %y = attn.rotary %x angles(%c, %c : tensor<3x4xf32>) {angle_map = affine_map<(i) -> (i)>} : tensor<5x8xf32>
  return %y : tensor<5x8xf32>
}
