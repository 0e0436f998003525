// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms=spec=linear --verify-diagnostics

// expected-error @+1 {{'linear' finds no dense attention to take the place of: the model has none, or none that was recognised}}
module {
}
