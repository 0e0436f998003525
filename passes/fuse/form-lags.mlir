// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-form-lags=lanes=8 --split-input-file | FileCheck %s

// 99 lags of 50 rows fit a circle of 100; ranges of work share 32 panels.
// CHECK-LABEL: func.func @fourier
// CHECK-SAME: (%[[X:.*]]: tensor<?x3x50x7xf32>, %[[T:.*]]: tensor<3x99xf32>)
// CHECK: kernel.spectrum taps(%[[T]] : {{.*}}) twiddles(%{{.*}} : tensor<2x100xf32>) outs({{.*}}tensor<3x100x2x1xf32>, tensor<32x100x2x8xf32>) {origin = 49 : i64}
// CHECK: kernel.circulant
// CHECK-SAME: input(%[[X]] :
// CHECK-SAME: outs({{.*}}tensor<?x3x50x7xf32>, tensor<32x100x2x8xf32>)
func.func @fourier(%x: tensor<?x3x50x7xf32>, %t: tensor<3x99xf32>) -> tensor<?x3x50x7xf32> {
  %y = attn.toeplitz %x taps(%t : tensor<3x99xf32>) {method = 2 : i32} : tensor<?x3x50x7xf32>
  return %y : tensor<?x3x50x7xf32>
}

// -----

// Few rows, and lengths of run time, are summed directly.
// CHECK-LABEL: func.func @direct
// CHECK: kernel.lag_sum {{.*}} {causal}
// CHECK: kernel.lag_sum
// CHECK-NOT: kernel.spectrum
func.func @direct(%x: tensor<1x3x50x7xf32>, %t: tensor<1x50xf32>, %z: tensor<1x3x?x7xf32>, %s: tensor<1x?xf32>)
    -> (tensor<1x3x50x7xf32>, tensor<1x3x?x7xf32>) {
  %y = attn.toeplitz %x taps(%t : tensor<1x50xf32>) {causal} : tensor<1x3x50x7xf32>
  %w = attn.toeplitz %z taps(%s : tensor<1x?xf32>) : tensor<1x3x?x7xf32>
  return %y, %w : tensor<1x3x50x7xf32>, tensor<1x3x?x7xf32>
}

// -----

// What a loop does not change is transformed once.
// CHECK-LABEL: func.func @loop
// CHECK: kernel.spectrum
// CHECK: scf.for
// CHECK-NOT: kernel.spectrum
// CHECK: kernel.circulant
func.func @loop(%x: tensor<1x1x4096x8xf32>, %t: tensor<1x8191xf32>, %n: index) -> tensor<1x1x4096x8xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.for %i = %zero to %n step %one iter_args(%a = %x) -> tensor<1x1x4096x8xf32> {
    %y = attn.toeplitz %a taps(%t : tensor<1x8191xf32>) : tensor<1x1x4096x8xf32>
    scf.yield %y : tensor<1x1x4096x8xf32>
  }
  return %r : tensor<1x1x4096x8xf32>
}

// -----

// Skip weights join the first taps; each channel has a spectrum of its own.
// CHECK-LABEL: func.func @convolution
// CHECK: %[[H:.*]] = linalg.generic
// CHECK: kernel.spectrum taps(%[[H]] : {{.*}}) {{.*}}tensor<2x4096x2x8xf32>, tensor<32x4096x2x8xf32>)
// CHECK: kernel.circulant {{.*}} input(%{{.*}} : tensor<2x1x2048x10xf32>)
func.func @convolution(%x: tensor<2x2048x10xf32>, %h: tensor<10x2048xf32>, %d: tensor<10xf32>) -> tensor<2x2048x10xf32> {
  %y = attn.long_conv %x taps(%h : tensor<10x2048xf32>) skip(%d : tensor<10xf32>) : tensor<2x2048x10xf32>
  return %y : tensor<2x2048x10xf32>
}

// -----

// Few taps lie beside each other for all channels.
// CHECK-LABEL: func.func @taps
// CHECK: linalg.generic {{.*}} ins(%arg1 : tensor<10x4xf32>) outs(%{{.*}} : tensor<4x10xf32>)
// CHECK: kernel.lag_sum {{.*}} {by_column}
func.func @taps(%x: tensor<2x2048x10xf32>, %h: tensor<10x4xf32>) -> tensor<2x2048x10xf32> {
  %y = attn.long_conv %x taps(%h : tensor<10x4xf32>) : tensor<2x2048x10xf32>
  return %y : tensor<2x2048x10xf32>
}
