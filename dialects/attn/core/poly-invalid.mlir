// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @no_range(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires 'range' and one of 'steps' and 'degree', or none of them}}
  %y = attn.poly inverse %x {steps = 3 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// C1
func.func @only_range(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires 'range' and one of 'steps' and 'degree', or none of them}}
  %y = attn.poly gelu %x {range = array<f64: -1.0, 1.0>} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// C1
func.func @both(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires 'range' and one of 'steps' and 'degree', or none of them}}
  %y = attn.poly gelu %x {range = array<f64: -1.0, 1.0>, steps = 3 : i64, degree = 4 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// C2
func.func @steps_of_gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires 'degree' for 'gelu'}}
  %y = attn.poly gelu %x {range = array<f64: -1.0, 1.0>, steps = 3 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// C2
func.func @degree_of_inverse(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires 'steps' for 'inverse'}}
  %y = attn.poly inverse %x {range = array<f64: 1.0, 2.0>, degree = 3 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// C3
func.func @one_bound(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires a range of two numbers, but got 1}}
  %y = attn.poly exp %x {range = array<f64: 1.0>, degree = 3 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// C3
func.func @reversed(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires a lower bound below the upper one, but got 2}}
  %y = attn.poly exp %x {range = array<f64: 2.0, 1.0>, degree = 3 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// C3
func.func @infinite(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires finite bounds}}
  %y = attn.poly exp %x {range = array<f64: 2.0, 0x7FF0000000000000>, degree = 3 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// C3
func.func @over_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires bounds above 0 for 'inverse_sqrt'}}
  %y = attn.poly inverse_sqrt %x {range = array<f64: 0.0, 1.0>, steps = 3 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// C4
func.func @too_many_steps(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires 'steps' from 1 to 32, but got 33}}
  %y = attn.poly inverse %x {range = array<f64: 1.0, 2.0>, steps = 33 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// C4
func.func @no_degree(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires 'degree' from 1 to 255, but got 0}}
  %y = attn.poly tanh %x {range = array<f64: 1.0, 2.0>, degree = 0 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}
