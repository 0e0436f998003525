// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
func.func @type(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x5xf32> {
  // expected-error @+1 {{requires a result of the operand's type 'tensor<1x2x3x4xf32>', but got 'tensor<1x2x3x5xf32>'}}
  %f = attn.features elu1 %q : tensor<1x2x3x4xf32> -> tensor<1x2x3x5xf32>
  return %f : tensor<1x2x3x5xf32>
}

// -----

// C2
func.func @nothing_to_project_by(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a projection for 'positive'}}
  %f = attn.features positive %q : tensor<1x2x3x4xf32> -> tensor<1x2x3x4xf32>
  return %f : tensor<1x2x3x4xf32>
}

// -----

// C2
func.func @nothing_to_project(%q: tensor<1x2x3x4xf32>, %w: tensor<5x4xf32>) -> tensor<1x2x3x15xf32> {
  // expected-error @+1 {{requires no projection for 'taylor2'}}
  %f = attn.features taylor2 %q projection(%w : tensor<5x4xf32>) : tensor<1x2x3x4xf32> -> tensor<1x2x3x15xf32>
  return %f : tensor<1x2x3x15xf32>
}

// -----

// C3
func.func @rank(%q: tensor<3x4xf32>) -> tensor<3x15xf32> {
  // expected-error @+1 {{requires an operand of rank 4, but got 'tensor<3x4xf32>'}}
  %f = attn.features taylor2 %q : tensor<3x4xf32> -> tensor<3x15xf32>
  return %f : tensor<3x15xf32>
}

// -----

// C3
func.func @layout(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x15xf32> {
  // expected-error @+1 {{requires layouts that permute 0, 1, 2, 3}}
  %f = attn.features taylor2 %q {layout = array<i64: 0, 1, 1, 3>} : tensor<1x2x3x4xf32> -> tensor<1x2x3x15xf32>
  return %f : tensor<1x2x3x15xf32>
}

// -----

// C3
func.func @projection(%q: tensor<1x2x3x4xf32>, %w: tensor<5x3xf32>) -> tensor<1x2x3x5xf32> {
  // expected-error @+1 {{requires a projection of vectors of width 4, but got 'tensor<5x3xf32>'}}
  %f = attn.features relu %q projection(%w : tensor<5x3xf32>) : tensor<1x2x3x4xf32> -> tensor<1x2x3x5xf32>
  return %f : tensor<1x2x3x5xf32>
}

// -----

// C3
func.func @count(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x16xf32> {
  // expected-error @+1 {{requires a result of type 'tensor<1x2x3x15xf32>', but got 'tensor<1x2x3x16xf32>'}}
  %f = attn.features taylor2 %q : tensor<1x2x3x4xf32> -> tensor<1x2x3x16xf32>
  return %f : tensor<1x2x3x16xf32>
}

// -----

// C3: the layout says which dimension widens.
func.func @widened(%q: tensor<1x4x3x2xf32>, %w: tensor<5x4xf32>) -> tensor<1x4x3x5xf32> {
  // expected-error @+1 {{requires a result of type 'tensor<1x5x3x2xf32>', but got 'tensor<1x4x3x5xf32>'}}
  %f = attn.features relu %q projection(%w : tensor<5x4xf32>) {layout = array<i64: 0, 3, 2, 1>} : tensor<1x4x3x2xf32> -> tensor<1x4x3x5xf32>
  return %f : tensor<1x4x3x5xf32>
}

// -----

// C4
func.func @eps(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires a finite eps of at least 0, and 0 for 'taylor2', but got -1}}
  %f = attn.features relu %q {eps = -1.0 : f64} : tensor<1x2x3x4xf32> -> tensor<1x2x3x4xf32>
  return %f : tensor<1x2x3x4xf32>
}

// -----

// C4
func.func @eps_of_taylor(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x15xf32> {
  // expected-error @+1 {{and 0 for 'taylor2', but got 1}}
  %f = attn.features taylor2 %q {eps = 1.0 : f64} : tensor<1x2x3x4xf32> -> tensor<1x2x3x15xf32>
  return %f : tensor<1x2x3x15xf32>
}

// -----

// C4
func.func @scale(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x15xf32> {
  // expected-error @+1 {{requires a finite scale that is not 0, but got 0}}
  %f = attn.features taylor2 %q {scale = 0.0 : f64} : tensor<1x2x3x4xf32> -> tensor<1x2x3x15xf32>
  return %f : tensor<1x2x3x15xf32>
}

// -----

// C5
func.func @keys(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{requires the map 'positive' beside 'keys'}}
  %f = attn.features relu %q {keys} : tensor<1x2x3x4xf32> -> tensor<1x2x3x4xf32>
  return %f : tensor<1x2x3x4xf32>
}

// -----

func.func @unknown(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{expected string or keyword containing one of the following enum values for attribute 'map'}}
  %f = attn.features gelu %q : tensor<1x2x3x4xf32> -> tensor<1x2x3x4xf32>
  return %f : tensor<1x2x3x4xf32>
}
