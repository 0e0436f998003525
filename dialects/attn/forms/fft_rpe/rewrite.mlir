// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms="spec=fft_rpe{m=3}" | FileCheck %s
// RUN: attune-opt %s --attune-apply-forms="spec=fft_rpe{m=3,by=fft,normalize=true}@layers=2" | FileCheck %s --check-prefix=FFT
// RUN: attune-opt %s --attune-apply-forms="spec=fft_rpe{m=3}" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Without a bias there is nothing but features, of any length.
// CHECK-LABEL: func.func @plain
// CHECK: %[[W:.*]] = arith.constant dense<{{.*}}> : tensor<3x4xf32>
// CHECK: attn.fft_rpe query(%arg0 : {{.*}}) key(%arg0 : {{.*}}) value(%arg0 : {{.*}}) projection(%[[W]] : tensor<3x4xf32>) {causal, scale = 2.500000e-01 : f64} -> tensor<1x2x?x4xf32>
func.func @plain(%q: tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x?x4xf32>) key(%q : tensor<1x2x?x4xf32>) value(%q : tensor<1x2x?x4xf32>)
      attributes {causal, scale = 0.25 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x?x4xf32>
  return %o : tensor<1x2x?x4xf32>
}

// Hidden keys, by bytes and by numbers, of any length too; one number for all
// scores cancels.
// CHECK-LABEL: func.func @padding
// CHECK: %[[M:.*]] = linalg.generic
// CHECK-DAG: tensor.extract %arg1[%{{.*}}, %{{.*}}] : tensor<3x?xi8>
// CHECK-DAG: tensor.extract %arg2[%{{.*}}, %{{.*}}, %{{.*}}] : tensor<1x1x?xf32>
// CHECK: attn.fft_rpe {{.*}} key_bias(%[[M]] : tensor<3x?xf32>) {scale = 2.500000e-01 : f64}
func.func @padding(%q: tensor<3x2x?x4xf32>, %m: tensor<3x?xi8>, %n: tensor<1x1x?xf32>) -> tensor<3x2x?x4xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %o = attn.attention query(%q : tensor<3x2x?x4xf32>) key(%q : tensor<3x2x?x4xf32>) value(%q : tensor<3x2x?x4xf32>)
      captures(%m, %n, %one : tensor<3x?xi8>, tensor<1x1x?xf32>, tensor<f32>)
      attributes {scale = 0.25 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>, affine_map<(b, h, i, j) -> (0, 0, j)>, affine_map<(b, h, i, j) -> ()>]} {
    ^bb0(%s: f32, %c: i8, %d: f32, %e: f32):
      %zero = arith.constant 0 : i8
      %none = arith.constant 0xFF800000 : f32
      %t = arith.addf %d, %s : f32
      %u = arith.addf %t, %e : f32
      %is = arith.cmpi ne, %c, %zero : i8
      %r = arith.select %is, %none, %u : f32
      attn.yield %r : f32
  } -> tensor<3x2x?x4xf32>
  return %o : tensor<3x2x?x4xf32>
}

// A constant of L x L: its diagonals.
// CHECK-LABEL: func.func @constant
// CHECK: %[[B:.*]] = arith.constant dense<{{\[\[}}4.000000e+00, 3.000000e+00, 0.000000e+00, 1.000000e+00, 2.000000e+00]]> : tensor<1x5xf32>
// CHECK: attn.fft_rpe {{.*}} bias(%[[B]] : tensor<1x5xf32>) {method = 1 : i32, scale = 2.500000e-01 : f64}
// FFT: attn.fft_rpe {{.*}} bias({{.*}} : tensor<1x5xf32>) {method = 2 : i32, normalize, scale = 2.500000e-01 : f64}
// REMARK: form 'fft_rpe': with 3 features, transforms cost less than blocks of queries from a length of about {{[0-9]+}} on; sums over 3 keys are taken by blocks
func.func @constant(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %b = arith.constant dense<[[0.0, 1.0, 2.0], [3.0, 0.0, 1.0], [4.0, 3.0, 0.0]]> : tensor<3x3xf32>
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      captures(%b : tensor<3x3xf32>)
      attributes {scale = 0.25 : f64, capture_maps = [affine_map<(b, h, i, j) -> (i, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// ALiBi by head and key: linear in j is linear in j - i, but for a number that
// all keys of a query share. Added twice, and hidden behind the query.
// CHECK-LABEL: func.func @slopes
// CHECK: %[[B:.*]] = arith.constant dense<{{\[\[}}-1.000000e+00, -5.000000e-01, 0.000000e+00, 0xFF800000, 0xFF800000], [-4.000000e+00, -2.000000e+00, 0.000000e+00, 0xFF800000, 0xFF800000]]> : tensor<2x5xf32>
// CHECK: attn.fft_rpe {{.*}} bias(%[[B]] : tensor<2x5xf32>) {causal, method = 1 : i32, scale = 2.500000e-01 : f64}
func.func @slopes(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %b = arith.constant dense<[[[0.0, 0.5, 1.0]], [[0.0, 2.0, 4.0]]]> : tensor<2x1x3xf32>
  %m = arith.constant dense<[[0.0, 0xFF800000, 0xFF800000], [0.0, 0.0, 0xFF800000], [0.0, 0.0, 0.0]]> : tensor<3x3xf32>
  %e = tensor.empty() : tensor<2x3x3xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(h, i, j) -> (h, 0, j)>, affine_map<(h, i, j) -> (i, j)>, affine_map<(h, i, j) -> (h, i, j)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%b, %m : tensor<2x1x3xf32>, tensor<3x3xf32>) outs(%e : tensor<2x3x3xf32>) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %t = arith.addf %x, %y : f32
      linalg.yield %t : f32
  } -> tensor<2x3x3xf32>
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      captures(%sum : tensor<2x3x3xf32>)
      attributes {scale = 0.25 : f64, capture_maps = [affine_map<(b, h, i, j) -> (h, i, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %c, %s : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// Buckets of distances that a graph computes and looks up.
// CHECK-LABEL: func.func @buckets
// CHECK: arith.constant dense<{{\[\[}}3.000000e+01, 2.000000e+01, 1.000000e+01, 2.000000e+01, 3.000000e+01], [3.100000e+01, 2.100000e+01, 1.100000e+01, 2.100000e+01, 3.100000e+01]]> : tensor<2x5xf32>
// CHECK: attn.fft_rpe {{.*}} bias({{.*}} : tensor<2x5xf32>)
func.func @buckets(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %table = arith.constant dense<[[10.0, 11.0], [20.0, 21.0], [30.0, 31.0]]> : tensor<3x2xf32>
  %i = arith.constant dense<[[0], [1], [2]]> : tensor<3x1xi64>
  %j = arith.constant dense<[[0, 1, 2]]> : tensor<1x3xi64>
  %e = tensor.empty() : tensor<3x3xi64>
  %d = linalg.generic {indexing_maps = [affine_map<(i, j) -> (0, j)>, affine_map<(i, j) -> (i, 0)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%j, %i : tensor<1x3xi64>, tensor<3x1xi64>) outs(%e : tensor<3x3xi64>) {
    ^bb0(%x: i64, %y: i64, %z: i64):
      %t = arith.subi %x, %y : i64
      %n = arith.subi %y, %x : i64
      %a = arith.maxsi %t, %n : i64
      linalg.yield %a : i64
  } -> tensor<3x3xi64>
  %f = tensor.empty() : tensor<3x3x2xf32>
  %g = linalg.generic {indexing_maps = [affine_map<(i, j, h) -> (i, j)>, affine_map<(i, j, h) -> (i, j, h)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%d : tensor<3x3xi64>) outs(%f : tensor<3x3x2xf32>) {
    ^bb0(%x: i64, %z: f32):
      %at = arith.index_cast %x : i64 to index
      %h = linalg.index 2 : index
      %t = tensor.extract %table[%at, %h] : tensor<3x2xf32>
      linalg.yield %t : f32
  } -> tensor<3x3x2xf32>
  %u = tensor.empty() : tensor<2x3x3xf32>
  %w = linalg.transpose ins(%g : tensor<3x3x2xf32>) outs(%u : tensor<2x3x3xf32>) permutation = [2, 0, 1]
  %b = tensor.expand_shape %w [[0, 1], [2], [3]] output_shape [1, 2, 3, 3] : tensor<2x3x3xf32> into tensor<1x2x3x3xf32>
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      captures(%b : tensor<1x2x3x3xf32>)
      attributes {scale = 0.25 : f64, capture_maps = [affine_map<(b, h, i, j) -> (0, h, i, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %c, %s : f32
      attn.yield %t : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}

// A window, which depends on distances, becomes a bias that hides.
// CHECK-LABEL: func.func @window
// CHECK: arith.constant dense<{{\[\[}}0xFF800000, 0.000000e+00, 0.000000e+00, 0xFF800000, 0xFF800000]]> : tensor<1x5xf32>
// CHECK: attn.fft_rpe {{.*}} bias({{.*}} : tensor<1x5xf32>) {causal
func.func @window(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x3x4xf32>) key(%q : tensor<1x2x3x4xf32>) value(%q : tensor<1x2x3x4xf32>)
      attributes {mask = [affine_set<(i, j) : (i - j >= 0, 1 - i + j >= 0)>], scale = 0.25 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x3x4xf32>
  return %o : tensor<1x2x3x4xf32>
}
