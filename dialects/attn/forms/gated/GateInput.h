// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_GATED_GATEINPUT_H
#define ATTUNE_DIALECTS_ATTN_FORMS_GATED_GATEINPUT_H

#include "dialects/attn/Attn.h"

namespace attune::attn {

/// The tensor, batch x queries x (heads * width), that queries, keys and values
/// of `dense` are all computed from; null if there is none.
mlir::Value findGateInput(AttentionOp dense);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_GATED_GATEINPUT_H
