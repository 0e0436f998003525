// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --split-input-file --verify-diagnostics

// C1
// expected-error @+1 {{requires a degree that is a power of two, of 2 or more, but got 6}}
func.func private @degree() attributes {x = #kernel.power<degree = 6, eps = 0.0>}

// -----

// C1
// expected-error @+1 {{requires a degree that is a power of two, of 2 or more, but got 1}}
func.func private @one() attributes {x = #kernel.power_sum<degree = 1, bound = 2.0>}

// -----

// C2
// expected-error @+1 {{requires a finite eps of 0 or more, but got -1}}
func.func private @eps() attributes {x = #kernel.power<degree = 4, eps = -1.0>}

// -----

// C2
// expected-error @+1 {{requires a finite, positive bound, but got}}
func.func private @bound() attributes {x = #kernel.power_sum<degree = 4, bound = 0.0>}

// -----

// C1
// expected-error @+1 {{requires a low of at most 0 and a high of at least 1, but got 5.000000e-01}}
func.func private @low() attributes {x = #kernel.clipped_softmax<low = 0.5, high = 1.0>}
