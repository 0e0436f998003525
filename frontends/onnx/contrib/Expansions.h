// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_CONTRIB_EXPANSIONS_H
#define ATTUNE_FRONTENDS_ONNX_CONTRIB_EXPANSIONS_H

#include "frontends/onnx/contrib/NodeBuilder.h"

#include <map>

namespace attune {

struct ExpansionOptions {
  /// A cache holds nothing but what was appended to it.
  bool growingCaches = false;
};

/// How to turn a node of another domain into nodes of ai.onnx.
struct Expansion {
  using Expand = mlir::LogicalResult (*)(NodeBuilder &,
                                         const ExpansionOptions &);
  Expand expand = nullptr;
  /// Inputs that cannot be left out, from the first on.
  unsigned required = 1;
};
/// By domain and operator.
using Expansions = std::map<std::pair<std::string, std::string>, Expansion>;

// One family a file: each adds its operators.
void addAttention(Expansions &table);
void addElementwise(Expansions &table);
void addEmbedding(Expansions &table);
void addGroupQuery(Expansions &table);
void addMultiHead(Expansions &table);
void addNormalization(Expansions &table);
void addProducts(Expansions &table);
void addQuantizedWeights(Expansions &table);
void addRotary(Expansions &table);

constexpr const char *contribDomain = "com.microsoft";

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_CONTRIB_EXPANSIONS_H
