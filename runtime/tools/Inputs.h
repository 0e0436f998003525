// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inputs of a run, from files or made up.

#ifndef ATTUNE_RUNTIME_TOOLS_INPUTS_H
#define ATTUNE_RUNTIME_TOOLS_INPUTS_H

#include "attune/attune.hpp"
#include "runtime/io/Arrays.h"

#include <map>

namespace attune {

/// Inputs in the model's order; the tensors point into the arrays.
struct Inputs {
  std::vector<Array> arrays;
  std::vector<DLTensor> tensors;
  std::vector<std::string> names; ///< of the tensors
};

/// Whether `text` is FILE.npz or NAME=FILE.
bool isInputArgument(const std::string &text);

/// Reads the files that such arguments name; a name twice is an Error.
std::vector<Array> readArrays(const std::vector<std::string> &arguments);

/// Reads the files that such arguments name; an array for each input, no more.
/// Throws Error, which lists the names expected, where they differ.
Inputs readInputs(const Model &model,
                  const std::vector<std::string> &arguments);

/// Makes inputs from a fixed seed: floats in [-1, 1), integers and booleans 0
/// or 1, so that they are valid indices and masks. `sizes` gives the dynamic
/// sizes by name, or as INPUT[DIM] where one has no name. Throws Error if one
/// is missing or names none.
Inputs makeInputs(const Model &model,
                  const std::map<std::string, int64_t> &sizes);

} // namespace attune

#endif // ATTUNE_RUNTIME_TOOLS_INPUTS_H
