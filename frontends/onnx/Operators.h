// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the ONNX library knows of operators. Plain data.

#ifndef ATTUNE_FRONTENDS_ONNX_OPERATORS_H
#define ATTUNE_FRONTENDS_ONNX_OPERATORS_H

#include "frontends/onnx/Model.h"

namespace attune::model {

/// The oldest opset of ai.onnx whose operators are looked after.
constexpr int64_t oldestOpset = 7;

struct KnownOperator {
  std::string domain; ///< "" for ai.onnx
  std::string opType;
  /// The versions of its schema that opsets from `oldestOpset` on can mean, in
  /// order.
  std::vector<int64_t> versions;
  /// The version that withdrew it, or 0.
  int64_t deprecatedSince = 0;
  /// Whether a version has a function body.
  bool hasBody = false;
  /// Element types of the first input of the last version, or, if there is no
  /// input, of the first output. Types that are no tensors are left out.
  std::vector<ElementType> elements;
};

/// All operators that the library has schemas of, by domain and name.
std::vector<KnownOperator> knownOperators();

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_OPERATORS_H
