// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-outline-dispatches | FileCheck %s

#map = affine_map<(i) -> (i)>

// Loops in the bodies of operations move into kernels with them.
// CHECK: func.func private @[[FIRST:generic_[0-9]+]]
// CHECK: scf.for
// CHECK: func.func private @[[SECOND:generic_[0-9]+]]
// CHECK: scf.for
// CHECK-LABEL: func.func @loops_in_bodies
// CHECK: call @[[FIRST]]
// CHECK: call @[[SECOND]]
// CHECK-NOT: linalg.generic
func.func @loops_in_bodies(%n: index, %x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %a = tensor.empty() : tensor<4xf32>
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%a : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f32) {
        %t = arith.addf %s, %in : f32
        scf.yield %t : f32
      }
      linalg.yield %sum : f32
  } -> tensor<4xf32>
  %b = tensor.empty() : tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%b : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %product = scf.for %i = %c0 to %n step %c1 iter_args(%s = %in) -> (f32) {
        %t = arith.mulf %s, %in : f32
        scf.yield %t : f32
      }
      linalg.yield %product : f32
  } -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}
