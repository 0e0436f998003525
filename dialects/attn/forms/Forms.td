// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

include "dialects/attn/forms/fft_rpe/FftRpe.td"
include "dialects/attn/forms/linear/Linear.td"
