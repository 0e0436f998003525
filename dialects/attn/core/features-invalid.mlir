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

func.func @unknown(%q: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error @+1 {{expected string or keyword containing one of the following enum values for attribute 'map'}}
  %f = attn.features gelu %q : tensor<1x2x3x4xf32> -> tensor<1x2x3x4xf32>
  return %f : tensor<1x2x3x4xf32>
}
