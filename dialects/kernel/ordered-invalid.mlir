// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1 of scan
func.func @axis(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  // expected-error @+1 {{requires an axis below 2, but got 2}}
  %0 = kernel.scan ins(%x : tensor<3x4xf32>) outs(%x : tensor<3x4xf32>)
      attributes {axis = 2 : i64, start = 0.0 : f32} {
    ^bb0(%a: f32, %b: f32):
      kernel.yield %a : f32
  } -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

// C2 of scan
func.func @arguments(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  // expected-error @+1 {{requires a region with 2 arguments}}
  %0 = kernel.scan ins(%x : tensor<3x4xf32>) outs(%x : tensor<3x4xf32>)
      attributes {axis = 1 : i64, start = 0.0 : f32} {
    ^bb0(%a: f32):
      kernel.yield %a : f32
  } -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

// C1 of scatter
func.func @maps(%x: tensor<3x4xf32>, %i: tensor<2xi64>) -> tensor<3x4xf32> {
  // expected-error @+1 {{requires one map and one mark for each dimension}}
  %0 = kernel.scatter indices(%i : tensor<2xi64>) updates(%x : tensor<3x4xf32>) outs(%x : tensor<3x4xf32>)
      attributes {positions = [affine_map<(a, b) -> (a)>], indexed = array<i1: false>} {
    ^bb0(%a: f32, %b: f32):
      kernel.yield %a : f32
  } -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

// C1 of scatter
func.func @results(%x: tensor<4xf32>, %i: tensor<2x2xi64>) -> tensor<4xf32> {
  // expected-error @+1 {{requires maps from updates to places}}
  %0 = kernel.scatter indices(%i : tensor<2x2xi64>) updates(%x : tensor<4xf32>) outs(%x : tensor<4xf32>)
      attributes {positions = [affine_map<(a) -> (a)>], indexed = array<i1: true>} {
    ^bb0(%a: f32, %b: f32):
      kernel.yield %a : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// C2 of scatter
func.func @one_argument(%x: tensor<4xf32>, %i: tensor<4xi64>) -> tensor<4xf32> {
  // expected-error @+1 {{requires a region with 2 arguments}}
  %0 = kernel.scatter indices(%i : tensor<4xi64>) updates(%x : tensor<4xf32>) outs(%x : tensor<4xf32>)
      attributes {positions = [affine_map<(a) -> (a)>], indexed = array<i1: true>} {
    ^bb0(%a: f32):
      kernel.yield %a : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// C1 of suppress
func.func @ranks(%x: tensor<2x6x4xf32>, %t: f32, %k: tensor<2x3xi64>, %a: tensor<2x1x6xi1>) {
  // expected-error @+1 {{requires ranks 3, 3, 3, 2 and 3}}
  %0:3 = kernel.suppress boxes(%x : tensor<2x6x4xf32>) scores(%x : tensor<2x6x4xf32>) above(%t, %t)
      outs(%k, %k, %a : tensor<2x3xi64>, tensor<2x3xi64>, tensor<2x1x6xi1>)
      -> tensor<2x3xi64>, tensor<2x3xi64>, tensor<2x1x6xi1>
  return
}

// -----

func.func @destinations(%x: tensor<2x6x4xf32>, %t: f32, %k: tensor<2x3xi64>) {
  // expected-error @+1 {{requires three destinations, but got 1}}
  %0 = kernel.suppress boxes(%x : tensor<2x6x4xf32>) scores(%x : tensor<2x6x4xf32>) above(%t, %t)
      outs(%k : tensor<2x3xi64>) -> tensor<2x3xi64>
  return
}
