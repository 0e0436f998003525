// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @sum(%t: memref<2x9xf64>, %x: memref<1x2x5x3xf32>, %y: memref<1x2x5x3xf32>) {
  // expected-error @+1 {{requires taps of rank 2, input and destination of rank 4, all of f32, but got 'memref<2x9xf64>'}}
  kernel.lag_sum taps(%t : memref<2x9xf64>) input(%x : memref<1x2x5x3xf32>) outs(%y : memref<1x2x5x3xf32>)
  return
}

// -----

// C2
func.func @sum(%t: memref<2x9xf32>, %x: memref<1x2x5x3xf32>, %y: memref<1x2x5x3xf32>) {
  // expected-error @+1 {{requires not both of 'causal' and 'by_column'}}
  kernel.lag_sum taps(%t : memref<2x9xf32>) input(%x : memref<1x2x5x3xf32>) outs(%y : memref<1x2x5x3xf32>) {causal, by_column}
  return
}

// -----

// C1
func.func @spectrum(%t: memref<9xf32>, %w: memref<2x9xf32>, %s: memref<2x9x2x1xf32>, %p: memref<4x9x2x8xf32>) {
  // expected-error @+1 {{requires matrices of taps and of two rows of twiddles of f32, but got 'memref<9xf32>'}}
  kernel.spectrum taps(%t : memref<9xf32>) twiddles(%w : memref<2x9xf32>) outs(%s, %p : memref<2x9x2x1xf32>, memref<4x9x2x8xf32>)
  return
}

// -----

// C2
func.func @spectrum(%t: memref<2x9xf32>, %w: memref<2x14xf32>, %s: memref<2x14x2x1xf32>, %p: memref<4x14x2x8xf32>) {
  // expected-error @+1 {{requires a length of factors 2, 3 and 5 that is at least 9, but got 'memref<2x14xf32>'}}
  kernel.spectrum taps(%t : memref<2x9xf32>) twiddles(%w : memref<2x14xf32>) outs(%s, %p : memref<2x14x2x1xf32>, memref<4x14x2x8xf32>)
  return
}

// -----

// C3
func.func @spectrum(%t: memref<2x9xf32>, %w: memref<2x9xf32>, %s: memref<2x9x2x4xf32>, %p: memref<4x9x2x8xf32>) {
  // expected-error @+1 {{requires spectra and scratch memory of 9 x 2 in panels of one width, or spectra of width 1}}
  kernel.spectrum taps(%t : memref<2x9xf32>) twiddles(%w : memref<2x9xf32>) outs(%s, %p : memref<2x9x2x4xf32>, memref<4x9x2x8xf32>)
  return
}

// -----

// C1
func.func @circulant(%s: memref<2x9x2x1xf32>, %w: memref<2x9xf32>, %x: memref<2x5x3xf32>, %p: memref<4x9x2x8xf32>) {
  // expected-error @+1 {{requires two rows of twiddles, input and destination of rank 4, all of f32}}
  kernel.circulant spectrum(%s : memref<2x9x2x1xf32>) twiddles(%w : memref<2x9xf32>) input(%x : memref<2x5x3xf32>) outs(%x, %p : memref<2x5x3xf32>, memref<4x9x2x8xf32>)
  return
}

// -----

// C2
func.func @circulant(%s: memref<2x9x2x1xf32>, %w: memref<2x9xf32>, %x: memref<1x2x10x3xf32>, %p: memref<4x9x2x8xf32>) {
  // expected-error @+1 {{requires a length of factors 2, 3 and 5 that is at least 10, but got 'memref<2x9xf32>'}}
  kernel.circulant spectrum(%s : memref<2x9x2x1xf32>) twiddles(%w : memref<2x9xf32>) input(%x : memref<1x2x10x3xf32>) outs(%x, %p : memref<1x2x10x3xf32>, memref<4x9x2x8xf32>)
  return
}

// -----

// C3
func.func @circulant(%s: memref<2x8x2x1xf32>, %w: memref<2x9xf32>, %x: memref<1x2x5x3xf32>, %p: memref<4x9x2x8xf32>) {
  // expected-error @+1 {{requires spectra and scratch memory of 9 x 2 in panels of one width, or spectra of width 1}}
  kernel.circulant spectrum(%s : memref<2x8x2x1xf32>) twiddles(%w : memref<2x9xf32>) input(%x : memref<1x2x5x3xf32>) outs(%x, %p : memref<1x2x5x3xf32>, memref<4x9x2x8xf32>)
  return
}
