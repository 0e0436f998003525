// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-inline-bodies --split-input-file --verify-diagnostics | FileCheck %s

// Bodies go where they are called, from the inside out; kernels stay.
// CHECK-LABEL: func.func @model
// CHECK: scf.for {{.*}} iter_args(%[[STATE:.*]] = %arg0)
// CHECK-NEXT: %[[NEXT:.*]] = func.call @kernel(%[[STATE]])
// CHECK-NEXT: scf.yield %[[NEXT]]
// CHECK-NOT: @body
// CHECK-NOT: @inner
func.func @model(%x: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %0 = scf.for %i = %zero to %n step %one iter_args(%s = %x) -> (tensor<4xf32>) {
    %1 = func.call @body(%s) : (tensor<4xf32>) -> tensor<4xf32>
    scf.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
func.func private @body(%s: tensor<4xf32>) -> tensor<4xf32> {
  %0 = func.call @inner(%s) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @inner(%s: tensor<4xf32>) -> tensor<4xf32> {
  %0 = func.call @kernel(%s) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// CHECK: func.func private @kernel
func.func private @kernel(%s: tensor<4xf32>) -> tensor<4xf32> attributes {attune.kernel = 0 : i64} {
  return %s : tensor<4xf32>
}

// -----

func.func @endless(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = func.call @itself(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// expected-error @below {{calls itself, which is not supported}}
func.func private @itself(%s: tensor<4xf32>) -> tensor<4xf32> {
  %0 = func.call @itself(%s) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
