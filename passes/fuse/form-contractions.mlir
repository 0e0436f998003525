// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-form-contractions="panel=48" | FileCheck %s

#a = affine_map<(b, s, n, k) -> (b, s, k)>
#w = affine_map<(b, s, n, k) -> (k, n)>
#o = affine_map<(b, s, n, k) -> (b, s, n)>
#id = affine_map<(b, s, n) -> (b, s, n)>
#n = affine_map<(b, s, n) -> (n)>

// CHECK: kernel.weight @w.packed {{.*}}panel = 48{{.*}} : tensor<2x64x48xf32>
kernel.weight @w file "w" offset 0 size 15360 stored tensor<64x60xf32> : tensor<64x60xf32>

// The bias becomes the epilogue's, batch and sequence become one dimension.
// CHECK-LABEL: func.func @product_with_bias
// CHECK: kernel.contract lhs({{.*}} : tensor<1x?x64xf32>) rhs({{.*}} : tensor<2x64x48xf32>)
// CHECK-SAME: captures({{.*}} : tensor<60xf32>)
// CHECK-SAME: packed_columns = 60
// CHECK: arith.addf
// CHECK-NOT: linalg.generic
func.func @product_with_bias(%x: tensor<?x?x64xf32>, %bias: tensor<60xf32>,
                             %b: index, %s: index) -> tensor<?x?x60xf32> {
  %zero = arith.constant 0.0 : f32
  %w = kernel.load_weight @w : tensor<64x60xf32>
  %empty = tensor.empty(%b, %s) : tensor<?x?x60xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x?x60xf32>) -> tensor<?x?x60xf32>
  %m = linalg.generic {indexing_maps = [#a, #w, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x?x64xf32>, tensor<64x60xf32>) outs(%fill : tensor<?x?x60xf32>) {
    ^bb0(%p: f32, %q: f32, %r: f32):
      %1 = arith.mulf %p, %q : f32
      %2 = arith.addf %r, %1 : f32
      linalg.yield %2 : f32
  } -> tensor<?x?x60xf32>
  %y = linalg.generic {indexing_maps = [#id, #n, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%m, %bias : tensor<?x?x60xf32>, tensor<60xf32>) outs(%empty : tensor<?x?x60xf32>) {
    ^bb0(%p: f32, %q: f32, %r: f32):
      %1 = arith.addf %p, %q : f32
      linalg.yield %1 : f32
  } -> tensor<?x?x60xf32>
  return %y : tensor<?x?x60xf32>
}

// A sum that does not start from zero is not a product.
// CHECK-LABEL: func.func @starts_elsewhere
// CHECK-NOT: kernel.contract
func.func @starts_elsewhere(%x: tensor<4x8xf32>, %w: tensor<8x4xf32>, %init: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %m = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %m : tensor<4x4xf32>
}
