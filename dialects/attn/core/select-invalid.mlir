// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// attn.merge C1
func.func @counts(%x: tensor<1x2x3x4xf32>, %l: tensor<1x2x3xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires one sum for each result, and one or more, but got 1 for 2}}
  %o, %s = attn.merge results(%x, %x : tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) sums(%l : tensor<1x2x3xf32>) -> tensor<1x2x3x4xf32>, tensor<1x2x3xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// attn.merge C2
func.func @layout(%x: tensor<1x2x3x4xf32>, %l: tensor<1x2x3xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires layouts that permute 0, 1, 2, 3}}
  %o, %s = attn.merge results(%x : tensor<1x2x3x4xf32>) sums(%l : tensor<1x2x3xf32>) {layout = array<i64: 0, 1, 1, 3>} -> tensor<1x2x3x4xf32>, tensor<1x2x3xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// attn.merge C3
func.func @parts(%x: tensor<1x2x3x4xf32>, %l: tensor<1x2x3xf32>) -> tensor<1x2x3x5xf32> {
  // expected-error @+1 {{requires results of the type 'tensor<1x2x3x5xf32>', but got 'tensor<1x2x3x4xf32>'}}
  %o, %s = attn.merge results(%x : tensor<1x2x3x4xf32>) sums(%l : tensor<1x2x3xf32>) -> tensor<1x2x3x5xf32>, tensor<1x2x3xf32>
  return %o : tensor<1x2x3x5xf32>
}

// -----

// attn.merge C4
func.func @sums(%x: tensor<1x2x3x4xf32>, %l: tensor<1x3x2xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires sums for each batch item, head and row of 'tensor<1x2x3x4xf32>', but got 'tensor<1x3x2xf32>'}}
  %o, %s = attn.merge results(%x : tensor<1x2x3x4xf32>) sums(%l : tensor<1x3x2xf32>) -> tensor<1x2x3x4xf32>, tensor<1x3x2xf32>
  return %o : tensor<1x2x3x4xf32>
}

// -----

// attn.pool C1
func.func @block(%x: tensor<1x2x9x4xf32>) -> tensor<1x2x9x4xf32> {
  // expected-error @+1 {{requires a block of at least 1, but got 0}}
  %y = attn.pool ["avg"] %x {block = 0 : i64} : tensor<1x2x9x4xf32> -> tensor<1x2x9x4xf32>
  return %y : tensor<1x2x9x4xf32>
}

// -----

// attn.pool C2
func.func @pool_layout(%x: tensor<1x2x9x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires layouts that permute 0, 1, 2, 3}}
  %y = attn.pool ["avg"] %x {block = 4 : i64, layout = array<i64: 0, 1, 2>} : tensor<1x2x9x4xf32> -> tensor<1x2x3x4xf32>
  return %y : tensor<1x2x3x4xf32>
}

// -----

// attn.pool C3
func.func @kinds(%x: tensor<1x2x9x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires kinds of "avg", "max" and "min", but got ["sum"]}}
  %y = attn.pool ["sum"] %x {block = 4 : i64} : tensor<1x2x9x4xf32> -> tensor<1x2x3x4xf32>
  return %y : tensor<1x2x3x4xf32>
}

// -----

// attn.pool C3
func.func @no_kind(%x: tensor<1x2x9x4xf32>) -> tensor<1x2x3x0xf32> {
  // expected-error @+1 {{requires kinds of "avg", "max" and "min", but got []}}
  %y = attn.pool [] %x {block = 4 : i64} : tensor<1x2x9x4xf32> -> tensor<1x2x3x0xf32>
  return %y : tensor<1x2x3x0xf32>
}

// -----

// attn.pool C4
func.func @pooled(%x: tensor<1x2x9x4xf32>) -> tensor<1x2x2x8xf32> {
  // expected-error @+1 {{requires a result of the type 'tensor<1x2x3x8xf32>', but got 'tensor<1x2x2x8xf32>'}}
  %y = attn.pool ["avg", "max"] %x {block = 4 : i64} : tensor<1x2x9x4xf32> -> tensor<1x2x2x8xf32>
  return %y : tensor<1x2x2x8xf32>
}

// -----

// attn.select C1
func.func @rules(%x: tensor<2x3xf32>) -> tensor<2x3xi1> {
  // expected-error @+1 {{requires one of 'threshold', 'top' and 'count'}}
  %m = attn.select %x {top = 1 : i64, threshold = 0.5 : f64} : tensor<2x3xf32> -> tensor<2x3xi1>
  return %m : tensor<2x3xi1>
}

// -----

// attn.select C2
func.func @top(%x: tensor<2x3xf32>) -> tensor<2x3xi1> {
  // expected-error @+1 {{requires 1 or more for 'top', but got 0}}
  %m = attn.select %x {top = 0 : i64} : tensor<2x3xf32> -> tensor<2x3xi1>
  return %m : tensor<2x3xi1>
}

// -----

// attn.select C2
func.func @threshold(%x: tensor<2x3xf32>) -> tensor<2x3xi1> {
  // expected-error @+1 {{requires a number for 'threshold', but got NaN}}
  %m = attn.select %x {threshold = 0x7ff8000000000000 : f64} : tensor<2x3xf32> -> tensor<2x3xi1>
  return %m : tensor<2x3xi1>
}

// -----

// attn.select C3
func.func @marks(%x: tensor<2x3xf32>) -> tensor<2x4xi1> {
  // expected-error @+1 {{requires rows and marks of one shape, but got 'tensor<2x3xf32>' and 'tensor<2x4xi1>'}}
  %m = attn.select %x {top = 1 : i64} : tensor<2x3xf32> -> tensor<2x4xi1>
  return %m : tensor<2x4xi1>
}

// -----

// attn.block_list C1
func.func @listed(%m: tensor<1x2x3x4xi1>) -> tensor<1x2x2xi32> {
  // expected-error @+1 {{requires counts for each row of 'tensor<1x2x3x4xi1>', but got 'tensor<1x2x2xi32>'}}
  %c, %l = attn.block_list %m : tensor<1x2x3x4xi1> -> tensor<1x2x2xi32>, tensor<1x2x3x4xi32>
  return %c : tensor<1x2x2xi32>
}

// -----

// attn.block_list C2
func.func @capacity(%m: tensor<1x2x3x4xi1>) -> tensor<1x2x3xi32> {
  // expected-error @+1 {{requires blocks for each row of 'tensor<1x2x3x4xi1>', but got 'tensor<1x2x3x?xi32>'}}
  %c, %l = attn.block_list %m : tensor<1x2x3x4xi1> -> tensor<1x2x3xi32>, tensor<1x2x3x?xi32>
  return %c : tensor<1x2x3xi32>
}

// -----

// attn.bucket C1
func.func @orders(%c: tensor<1x2x3xi32>) -> tensor<1x2x3xi32> {
  // expected-error @+1 {{failed to verify that all of {codes, order, inverse} have same type}}
  %o, %i = "attn.bucket"(%c) : (tensor<1x2x3xi32>) -> (tensor<1x2x3xi32>, tensor<1x2x4xi32>)
  return %o : tensor<1x2x3xi32>
}

// -----

// attn.hash_codes C1
func.func @hash_layout(%x: tensor<1x2x9x4xf32>, %r: tensor<4x5xf32>) -> tensor<1x2x9xi32> {
  // expected-error @+1 {{requires layouts that permute 0, 1, 2, 3}}
  %c = attn.hash_codes %x planes(%r : tensor<4x5xf32>) {layout = array<i64: 0, 1, 2>} : tensor<1x2x9x4xf32> -> tensor<1x2x9xi32>
  return %c : tensor<1x2x9xi32>
}

// -----

// attn.hash_codes C2
func.func @planes(%x: tensor<1x2x9x4xf32>, %r: tensor<4x32xf32>) -> tensor<1x2x9xi32> {
  // expected-error @+1 {{requires planes of width 4 and 1 to 31 of them, but got 'tensor<4x32xf32>'}}
  %c = attn.hash_codes %x planes(%r : tensor<4x32xf32>) : tensor<1x2x9x4xf32> -> tensor<1x2x9xi32>
  return %c : tensor<1x2x9xi32>
}

// -----

// attn.hash_codes C3
func.func @elements(%x: tensor<1x2x9x4xf32>, %r: tensor<4x5xf64>) -> tensor<1x2x9xi32> {
  // expected-error @+1 {{requires planes of the input's type of elements}}
  %c = attn.hash_codes %x planes(%r : tensor<4x5xf64>) : tensor<1x2x9x4xf32> -> tensor<1x2x9xi32>
  return %c : tensor<1x2x9xi32>
}

// -----

// attn.hash_codes C4
func.func @codes(%x: tensor<1x2x9x4xf32>, %r: tensor<4x5xf32>) -> tensor<1x2x8xi32> {
  // expected-error @+1 {{requires codes for each batch item, head and position of 'tensor<1x2x9x4xf32>', but got 'tensor<1x2x8xi32>'}}
  %c = attn.hash_codes %x planes(%r : tensor<4x5xf32>) : tensor<1x2x9x4xf32> -> tensor<1x2x8xi32>
  return %c : tensor<1x2x8xi32>
}
