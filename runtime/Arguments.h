// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of the tensors that a caller hands to a run.

#ifndef ATTUNE_RUNTIME_ARGUMENTS_H
#define ATTUNE_RUNTIME_ARGUMENTS_H

#include "attune/artifact.h"
#include "runtime/Manifest.h"

namespace attune {

/// Bytes of a tensor; false if the number does not fit 63 bits or a size is
/// negative.
bool tensorBytes(DLDataType dtype, int32_t rank, const int64_t *shape,
                 int64_t &bytes);

/// Checks `tensors` against `values`: types, ranks, sizes, equal names, bounds,
/// layout, alignment. Fills one argument for each, which borrows the tensor's
/// shape.
attune_status_t checkInputs(const std::vector<Value> &values,
                            const DLTensor *tensors,
                            std::vector<attune_argument> &arguments);

/// Checks what is known of the caller's own outputs before the run; entries of
/// `tensors` may be null. Shapes are compared when the model states them.
attune_status_t checkOutputs(const Manifest &manifest, const DLTensor *inputs,
                             DLManagedTensor *const *tensors);

/// "[2, 3]".
std::string shapeText(int32_t rank, const int64_t *shape);

} // namespace attune

#endif // ATTUNE_RUNTIME_ARGUMENTS_H
