// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms=spec=linear --split-input-file --verify-diagnostics

func.func @queries(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xi8>) -> tensor<?x2x?x4xf32> {
  // expected-error @+1 {{its mask may hide different keys from different queries}}
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%m : tensor<?x?xi8>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (i, j)>]} {
    ^bb0(%s: f32, %c: i8):
      %zero = arith.constant 0 : i8
      %seen = arith.cmpi ne, %c, %zero : i8
      %none = arith.constant 0xFF800000 : f32
      %t = arith.select %seen, %s, %none : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// -----

func.func @small_number(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xi8>) -> tensor<?x2x?x4xf32> {
  // expected-error @+1 {{its scores are replaced by others than a number that hides keys}}
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%m : tensor<?x?xi8>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %c: i8):
      %zero = arith.constant 0 : i8
      %seen = arith.cmpi ne, %c, %zero : i8
      %none = arith.constant -1.0 : f32
      %t = arith.select %seen, %s, %none : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// -----

func.func @compared(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xi8>) -> tensor<?x2x?x4xf32> {
  // expected-error @+1 {{its mask is compared with other numbers than 0}}
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%m : tensor<?x?xi8>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %c: i8):
      %zero = arith.constant 1 : i8
      %seen = arith.cmpi ne, %c, %zero : i8
      %none = arith.constant 0xFF800000 : f32
      %t = arith.select %seen, %s, %none : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// -----

func.func @scaled(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xf32>) -> tensor<?x2x?x4xf32> {
  // expected-error @+1 {{its scores are changed by other operations than a mask}}
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%m : tensor<?x?xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.mulf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// -----

func.func @unknown(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xf32>) -> tensor<?x2x?x4xf32> {
  // expected-error @+1 {{what is added to its scores is not known to be 0 or to hide a key}}
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%m : tensor<?x?xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// -----

func.func @shifted(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xi1>) -> tensor<?x2x?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %m, %c0 : tensor<?x?xi1>
  %l = tensor.dim %m, %c1 : tensor<?x?xi1>
  %e = tensor.empty(%b, %l) : tensor<?x?xf32>
  %a = linalg.generic {indexing_maps = [affine_map<(b, j) -> (b, j)>, affine_map<(b, j) -> (b, j)>], iterator_types = ["parallel", "parallel"]} ins(%m : tensor<?x?xi1>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%in: i1, %out: f32):
    %shown = arith.constant 0.5 : f32
    %hidden = arith.constant 0xFF800000 : f32
    %y = arith.select %in, %shown, %hidden : f32
    linalg.yield %y : f32
  } -> tensor<?x?xf32>
  // expected-error @+1 {{what is added to its scores is not known to be 0 or to hide a key}}
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%a : tensor<?x?xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// -----

func.func @too_small(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xi64>) -> tensor<?x2x?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %m, %c0 : tensor<?x?xi64>
  %l = tensor.dim %m, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %l) : tensor<?x?xf32>
  %a = linalg.generic {indexing_maps = [affine_map<(b, j) -> (b, j)>, affine_map<(b, j) -> (b, j)>], iterator_types = ["parallel", "parallel"]} ins(%m : tensor<?x?xi64>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%in: i64, %out: f32):
    %one = arith.constant 1.0 : f32
    %large = arith.constant -10.0 : f32
    %number = arith.sitofp %in : i64 to f32
    %left = arith.subf %one, %number : f32
    %y = arith.mulf %left, %large : f32
    linalg.yield %y : f32
  } -> tensor<?x?xf32>
  // expected-error @+1 {{what is added to its scores is not known to be 0 or to hide a key}}
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%a : tensor<?x?xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// -----

func.func @upside_down(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xi64>) -> tensor<?x2x?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %m, %c0 : tensor<?x?xi64>
  %l = tensor.dim %m, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %l) : tensor<?x?xf32>
  %a = linalg.generic {indexing_maps = [affine_map<(b, j) -> (b, j)>, affine_map<(b, j) -> (b, j)>], iterator_types = ["parallel", "parallel"]} ins(%m : tensor<?x?xi64>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%in: i64, %out: f32):
    %one = arith.constant 1.0 : f32
    %large = arith.constant 1.0e+4 : f32
    %number = arith.sitofp %in : i64 to f32
    %left = arith.subf %one, %number : f32
    %y = arith.mulf %left, %large : f32
    linalg.yield %y : f32
  } -> tensor<?x?xf32>
  // expected-error @+1 {{what is added to its scores is not known to be 0 or to hide a key}}
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%a : tensor<?x?xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}
