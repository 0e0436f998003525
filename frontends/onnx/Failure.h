// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_FAILURE_H
#define ATTUNE_FRONTENDS_ONNX_FAILURE_H

#include <stdexcept>
#include <string>

namespace attune::model {

/// Refuses the model. Thrown within the loader only; `loadModel` catches it.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Refuses the options.
struct OptionFailure : Failure {
  using Failure::Failure;
};

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_FAILURE_H
