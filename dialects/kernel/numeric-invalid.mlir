// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1 of fft
func.func @halves(%t: tensor<2x16xf16>, %x: tensor<3x16xf16>) {
  // expected-error @+1 {{requires matrices of f32 or f64, but got}}
  %0:2 = kernel.fft twiddles(%t : tensor<2x16xf16>) outs(%x, %x : tensor<3x16xf16>, tensor<3x16xf16>)
      -> tensor<3x16xf16>, tensor<3x16xf16>
  return
}

// -----

// C1 of fft
func.func @one_part(%t: tensor<2x16xf32>, %x: tensor<3x16xf32>) {
  // expected-error @+1 {{requires two destinations, but got 1}}
  %0 = kernel.fft twiddles(%t : tensor<2x16xf32>) outs(%x : tensor<3x16xf32>) -> tensor<3x16xf32>
  return
}

// -----

// C2 of fft
func.func @no_power(%t: tensor<2x24xf32>, %x: tensor<3x24xf32>) {
  // expected-error @+1 {{requires a power of two of at least 16 columns, but got 24}}
  %0:2 = kernel.fft twiddles(%t : tensor<2x24xf32>) outs(%x, %x : tensor<3x24xf32>, tensor<3x24xf32>)
      -> tensor<3x24xf32>, tensor<3x24xf32>
  return
}

// -----

// C2 of fft
func.func @short(%t: tensor<2x8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @+1 {{requires a power of two of at least 16 columns, but got 8}}
  %0:2 = kernel.fft twiddles(%t : tensor<2x8xf32>) outs(%x, %x : tensor<3x8xf32>, tensor<3x8xf32>)
      -> tensor<3x8xf32>, tensor<3x8xf32>
  return
}

// -----

// C3 of fft
func.func @twiddles(%t: tensor<2x16xf64>, %x: tensor<3x16xf32>) {
  // expected-error @+1 {{requires 2 x 16 twiddles of 'f32', but got 'tensor<2x16xf64>'}}
  %0:2 = kernel.fft twiddles(%t : tensor<2x16xf64>) outs(%x, %x : tensor<3x16xf32>, tensor<3x16xf32>)
      -> tensor<3x16xf32>, tensor<3x16xf32>
  return
}

// -----

// C3 of fft
func.func @few_twiddles(%t: tensor<2x16xf32>, %x: tensor<3x32xf32>) {
  // expected-error @+1 {{requires 2 x 32 twiddles of 'f32', but got 'tensor<2x16xf32>'}}
  %0:2 = kernel.fft twiddles(%t : tensor<2x16xf32>) outs(%x, %x : tensor<3x32xf32>, tensor<3x32xf32>)
      -> tensor<3x32xf32>, tensor<3x32xf32>
  return
}

// -----

// C1 of determinant
func.func @integers(%x: tensor<3x4x4xi32>, %y: tensor<3xi32>) {
  // expected-error @+1 {{requires square matrices and a list of one type of float, but got}}
  %0:2 = kernel.determinant outs(%x, %y : tensor<3x4x4xi32>, tensor<3xi32>) -> tensor<3x4x4xi32>, tensor<3xi32>
  return
}

// -----

// C1 of determinant
func.func @oblong(%x: tensor<3x4x5xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{requires square matrices and a list of one type of float, but got}}
  %0:2 = kernel.determinant outs(%x, %y : tensor<3x4x5xf32>, tensor<3xf32>) -> tensor<3x4x5xf32>, tensor<3xf32>
  return
}

// -----

// C1 of sort
func.func @positions(%x: tensor<3x4x1xf32>, %p: tensor<3x4xi32>, %s: tensor<3x8xi64>) {
  // expected-error @+1 {{requires destinations of rank 2 that hold i64, but got 'tensor<3x4xi32>'}}
  %0:2 = kernel.sort keys(%x : tensor<3x4x1xf32>) outs(%p, %s : tensor<3x4xi32>, tensor<3x8xi64>) {
    ^bb0(%a: f32, %b: f32):
      %1 = arith.cmpf olt, %a, %b : f32
      kernel.yield %1 : i1
  } -> tensor<3x4xi32>, tensor<3x8xi64>
  return
}

// -----

// C1 of sort
func.func @keys(%x: tensor<3x4xf32>, %p: tensor<3x4xi64>) {
  // expected-error @+1 {{requires keys of rank 3, but got 'tensor<3x4xf32>'}}
  %0:2 = kernel.sort keys(%x : tensor<3x4xf32>) outs(%p, %p : tensor<3x4xi64>, tensor<3x4xi64>) {
    ^bb0(%a: f32, %b: f32):
      %1 = arith.cmpf olt, %a, %b : f32
      kernel.yield %1 : i1
  } -> tensor<3x4xi64>, tensor<3x4xi64>
  return
}

// -----

// C2 of sort
func.func @region(%x: tensor<3x4x1xf32>, %p: tensor<3x4xi64>) {
  // expected-error @+1 {{requires a region from two keys to an i1}}
  %0:2 = kernel.sort keys(%x : tensor<3x4x1xf32>) outs(%p, %p : tensor<3x4xi64>, tensor<3x4xi64>) {
    ^bb0(%a: f32, %b: f32):
      kernel.yield %a : f32
  } -> tensor<3x4xi64>, tensor<3x4xi64>
  return
}
