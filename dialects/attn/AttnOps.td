// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_ATTNOPS
#define ATTUNE_DIALECTS_ATTN_ATTNOPS

include "dialects/attn/AttnBase.td"
include "dialects/attn/core/Attention.td"
include "dialects/attn/core/BlockGate.td"
include "dialects/attn/core/Features.td"
include "dialects/attn/core/Linear.td"
include "dialects/attn/core/Merge.td"
include "dialects/attn/core/Neighbours.td"
include "dialects/attn/core/Poly.td"
include "dialects/attn/core/Pool.td"
include "dialects/attn/core/Select.td"
include "dialects/attn/core/Toeplitz.td"
include "dialects/attn/forms/Forms.td"

#endif // ATTUNE_DIALECTS_ATTN_ATTNOPS
