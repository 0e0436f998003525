// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec='local{block=16}@heads=2-3'" --split-input-file --verify-diagnostics | FileCheck %s

// Each part reads its heads, and the keys that they share; the rest is dense.
// CHECK-LABEL: func.func @parts
// CHECK: %[[Q0:.*]] = tensor.extract_slice %arg0[0, 0, 0, 0] [1, 2,
// CHECK: %[[K0:.*]] = tensor.extract_slice %arg1[0, 0, 0, 0] [1, 1,
// CHECK: %[[V0:.*]] = tensor.extract_slice %arg2[0, 0, 0, 0] [1, 2,
// CHECK: %[[M0:.*]] = tensor.extract_slice %arg3[0] [2] [1]
// CHECK: attn.attention query(%[[Q0]] {{.*}}) key(%[[K0]] {{.*}}) value(%[[V0]] {{.*}}) captures(%[[M0]] {{.*}} attributes {capture_maps = [#map], scale
// CHECK: tensor.insert_slice {{.*}} into %{{.*}}[0, 0, 0, 0] [1, 2,
// CHECK: tensor.extract_slice %arg0[0, 2, 0, 0] [1, 2,
// CHECK: attn.attention
// CHECK-SAME: mask
// CHECK: tensor.insert_slice {{.*}} into %{{.*}}[0, 2, 0, 0] [1, 2,
// CHECK: tensor.extract_slice %arg0[0, 4, 0, 0] [1, 2,
// CHECK: attn.attention
// CHECK-SAME: attributes {capture_maps = [#map], scale
func.func @parts(%q: tensor<1x6x?x8xf32>, %k: tensor<1x3x?x8xf32>, %v: tensor<1x6x?x8xf32>, %m: tensor<6xf32>) -> tensor<1x6x?x8xf32> {
  // expected-remark @+1 {{layer 0, heads 2-3: attn.attention -> local (approximate)}}
  %o = attn.attention query(%q : tensor<1x6x?x8xf32>) key(%k : tensor<1x3x?x8xf32>) value(%v : tensor<1x6x?x8xf32>) captures(%m : tensor<6xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (h)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<1x6x?x8xf32>
  return %o : tensor<1x6x?x8xf32>
}

// -----

func.func @shared(%q: tensor<1x6x?x8xf32>, %k: tensor<1x2x?x8xf32>) -> tensor<1x6x?x8xf32> {
  // expected-error @+1 {{heads 2 to 3 share keys or values with other heads: forms are chosen for whole groups of 3 heads}}
  %o = attn.attention query(%q : tensor<1x6x?x8xf32>) key(%k : tensor<1x2x?x8xf32>) value(%k : tensor<1x2x?x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x6x?x8xf32>
  return %o : tensor<1x6x?x8xf32>
}

// -----

func.func @fewer(%q: tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32> {
  // expected-error @+1 {{'local{block=16}@heads=2-3' names head 3, but the heads of layer 0 are 0 to 1}}
  %o = attn.attention query(%q : tensor<1x2x?x8xf32>) key(%q : tensor<1x2x?x8xf32>) value(%q : tensor<1x2x?x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// -----

func.func @unknown(%q: tensor<1x6x?x8xf32>, %k: tensor<1x?x?x8xf32>) -> tensor<1x6x?x8xf32> {
  // expected-error @+1 {{requires known numbers of heads of queries, keys and values, to give some of them a form}}
  %o = attn.attention query(%q : tensor<1x6x?x8xf32>) key(%k : tensor<1x?x?x8xf32>) value(%k : tensor<1x?x?x8xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x6x?x8xf32>
  return %o : tensor<1x6x?x8xf32>
}
