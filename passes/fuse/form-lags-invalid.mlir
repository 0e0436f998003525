// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-form-lags --split-input-file --verify-diagnostics

func.func @element(%x: tensor<1x3x50x7xf64>, %t: tensor<3x99xf64>) -> tensor<1x3x50x7xf64> {
  // expected-error @+1 {{sums over lags of 'tensor<1x3x50x7xf64>' have no kernel for this target yet; cast the operands to f32}}
  %y = attn.toeplitz %x taps(%t : tensor<3x99xf64>) : tensor<1x3x50x7xf64>
  return %y : tensor<1x3x50x7xf64>
}
