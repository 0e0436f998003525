// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_LAGREADER_H
#define ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_LAGREADER_H

#include "dialects/attn/forms/fft_rpe/ToeplitzBias.h"
#include "mlir/IR/AffineMap.h"

namespace attune::attn {

/// Reads a tensor that is met by query i and key j of head h at map(b,h,i,j),
/// and that is made of constants: its elements by j - i, for the heads that the
/// map tells apart or for all of them. Elements that are linear in i and j
/// count as functions of j - i, as what depends on i only cancels in a softmax.
/// Fails, with the reason, if elements depend on anything else.
mlir::FailureOr<ToeplitzBias> readLags(mlir::Value tensor, mlir::AffineMap map,
                                       int64_t heads, int64_t length,
                                       std::string &reason);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_LAGREADER_H
