// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-protect-inputs | FileCheck %s

// CHECK-LABEL: func.func @no_loop
// CHECK-SAME: bufferization.writable = false
// CHECK-NOT: materialize_in_destination
// CHECK: return %arg1
func.func @no_loop(%state: tensor<4xf32>, %next: tensor<4xf32>) -> tensor<4xf32> {
  %0 = bufferization.materialize_in_destination %next in %state
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @loop
// CHECK: scf.for
// CHECK: materialize_in_destination
func.func @loop(%state: tensor<4xf32>, %next: tensor<?xf32>, %n: index) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %state) -> (tensor<4xf32>) {
    %dest = tensor.cast %s : tensor<4xf32> to tensor<?xf32>
    %1 = bufferization.materialize_in_destination %next in %dest
        : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %2 = tensor.cast %1 : tensor<?xf32> to tensor<4xf32>
    scf.yield %2 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
