// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-decompose-forms | FileCheck %s

// No matrix of L x L, and no features of values for the whole length.
// CHECK-NOT: 70x70
// CHECK-NOT: 70x256x3

// A block of 64 queries and one of 6, with the keys that they may see.
// CHECK-LABEL: func.func @blocks
// CHECK: scf.for %[[FIRST:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args
// CHECK: %[[SEEN:.*]] = arith.addi %[[FIRST]], %{{.*}} : index
// CHECK: tensor.extract_slice %{{.*}}[0, 0, %[[FIRST]], 0] [1, 2, 64, 256]
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 0, 0] [1, 2, %[[SEEN]], 256]
// CHECK: tensor.insert_slice {{.*}}[0, 0, %[[FIRST]], 0] [1, 2, 64, 3]
// CHECK: scf.yield
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 64, 0] [1, 2, 6, 256]
// CHECK: tensor.insert_slice {{.*}}[0, 0, 64, 0] [1, 2, 6, 3]
// CHECK-NOT: attn.
// CHECK: return
func.func @blocks(%q: tensor<1x2x70x8xf32>, %k: tensor<1x1x70x8xf32>, %v: tensor<1x2x70x3xf32>, %w: tensor<256x8xf32>, %b: tensor<2x139xf32>) -> tensor<1x2x70x3xf32> {
  %o = attn.fft_rpe query(%q : tensor<1x2x70x8xf32>) key(%k : tensor<1x1x70x8xf32>) value(%v : tensor<1x2x70x3xf32>) projection(%w : tensor<256x8xf32>) bias(%b : tensor<2x139xf32>)
      {causal, scale = 0.5 : f64} -> tensor<1x2x70x3xf32>
  return %o : tensor<1x2x70x3xf32>
}

// 64 features of 3 values at a time, and all features for the sum of weights.
// CHECK-LABEL: func.func @transforms
// CHECK: scf.for
// CHECK: %[[X:.*]] = tensor.expand_shape {{.*}} : tensor<26880xf32> into tensor<1x2x70x192xf32>
// CHECK: attn.toeplitz %[[X]] taps(%[[T:.*]] : tensor<2x139xf32>) {method = 2 : i32}
// CHECK: scf.yield
// CHECK: attn.toeplitz %{{.*}} taps(%[[T]] : tensor<2x139xf32>) {method = 2 : i32} : tensor<1x2x70x256xf32>
// CHECK-NOT: attn.
// CHECK: return
func.func @transforms(%q: tensor<1x2x70x8xf32>, %k: tensor<1x1x70x8xf32>, %v: tensor<1x2x70x3xf32>, %w: tensor<256x8xf32>, %b: tensor<2x139xf32>) -> tensor<1x2x70x3xf32> {
  %o = attn.fft_rpe query(%q : tensor<1x2x70x8xf32>) key(%k : tensor<1x1x70x8xf32>) value(%v : tensor<1x2x70x3xf32>) projection(%w : tensor<256x8xf32>) bias(%b : tensor<2x139xf32>)
      {method = 2 : i32, scale = 0.5 : f64} -> tensor<1x2x70x3xf32>
  return %o : tensor<1x2x70x3xf32>
}

// The first 2 of 70 causal rows are a problem of their own.
// CHECK-LABEL: func.func @first_rows
// CHECK: attn.toeplitz {{.*}} {causal, method = 2 : i32} : tensor<1x1x70x4xf32>
// CHECK: attn.toeplitz {{.*}} {causal, method = 2 : i32} : tensor<1x1x2x4xf32>
// CHECK: tensor.insert_slice {{.*}} : tensor<1x1x2x3xf32> into tensor<1x1x70x3xf32>
// CHECK: return
func.func @first_rows(%q: tensor<1x1x70x4xf32>, %v: tensor<1x1x70x3xf32>, %b: tensor<1x139xf32>) -> tensor<1x1x70x3xf32> {
  %o = attn.fft_rpe query(%q : tensor<1x1x70x4xf32>) key(%q : tensor<1x1x70x4xf32>) value(%v : tensor<1x1x70x3xf32>) bias(%b : tensor<1x139xf32>)
      {causal, method = 2 : i32} -> tensor<1x1x70x3xf32>
  return %o : tensor<1x1x70x3xf32>
}

// Without biases the core makes the features.
// CHECK-LABEL: func.func @plain
// CHECK: %[[Q:.*]] = attn.features positive %arg0 projection
// CHECK: %[[K:.*]] = attn.features positive %arg0 projection({{.*}}) {keys}
// CHECK: attn.linear sum query(%[[Q]] {{.*}} key(%[[K]] {{.*}} {causal}
func.func @plain(%q: tensor<1x1x?x4xf32>, %w: tensor<9x4xf32>) -> tensor<1x1x?x4xf32> {
  %o = attn.fft_rpe query(%q : tensor<1x1x?x4xf32>) key(%q : tensor<1x1x?x4xf32>) value(%q : tensor<1x1x?x4xf32>) projection(%w : tensor<9x4xf32>)
      {causal} -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}

// Hidden keys have features of 0.
// CHECK-LABEL: func.func @padding
// CHECK-NOT: attn.features
// CHECK: attn.linear sum query(%{{.*}} : tensor<?x1x?x9xf32>)
func.func @padding(%q: tensor<?x1x?x4xf32>, %w: tensor<9x4xf32>, %m: tensor<?x?xf32>) -> tensor<?x1x?x4xf32> {
  %o = attn.fft_rpe query(%q : tensor<?x1x?x4xf32>) key(%q : tensor<?x1x?x4xf32>) value(%q : tensor<?x1x?x4xf32>) projection(%w : tensor<9x4xf32>) key_bias(%m : tensor<?x?xf32>)
      -> tensor<?x1x?x4xf32>
  return %o : tensor<?x1x?x4xf32>
}

// Rows without keys stay what they are asked to be.
// CHECK-LABEL: func.func @rows_without_keys
// CHECK: attn.linear sum
// CHECK-SAME: nan_empty_rows
func.func @rows_without_keys(%q: tensor<1x2x9x8xf32>, %k: tensor<1x1x7x8xf32>, %v: tensor<1x2x7x3xf32>, %w: tensor<16x8xf32>) -> tensor<1x2x9x3xf32> {
  %o = attn.fft_rpe query(%q : tensor<1x2x9x8xf32>) key(%k : tensor<1x1x7x8xf32>) value(%v : tensor<1x2x7x3xf32>) projection(%w : tensor<16x8xf32>)
      {causal, nan_empty_rows, scale = 0.5 : f64} -> tensor<1x2x9x3xf32>
  return %o : tensor<1x2x9x3xf32>
}
