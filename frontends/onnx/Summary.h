// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an ONNX file says of itself, before functions take the place of nodes.
// Plain data: neither protobuf nor MLIR is seen here.

#ifndef ATTUNE_FRONTENDS_ONNX_SUMMARY_H
#define ATTUNE_FRONTENDS_ONNX_SUMMARY_H

#include "frontends/onnx/Model.h"

namespace attune::model {

/// A node as the file has it.
struct FileNode {
  /// The file's name for the node, or that of its first output.
  std::string name;
  /// The local function in whose body it is, as `DOMAIN.NAME`; else "".
  std::string function;
  /// "" for ai.onnx.
  std::string domain;
  std::string opType;
  int64_t version = 0;
  /// Whether it calls a function of the file.
  bool isCall = false;
  /// Whether ONNX defines the operator by a function body.
  bool hasBody = false;
};

/// How much a file holds.
struct Weights {
  int64_t tensors = 0;
  int64_t elements = 0;
  int64_t bytes = 0;
};

struct Summary {
  int64_t irVersion = 0;
  std::string producer, producerVersion;
  std::map<std::string, int64_t> opsets;
  /// Inputs that no initializer gives a value to, and outputs, as declared.
  std::vector<std::pair<std::string, Type>> inputs, outputs;
  /// The initializers, and large `Constant` nodes, which are taken for some.
  Weights weights;
  /// Those of the main graph, of the graphs within them, and of the bodies of
  /// local functions that are called; each once.
  std::vector<FileNode> nodes;
  /// `Constant` nodes that are not among `nodes`, and their version.
  int64_t movedConstants = 0;
  int64_t constantVersion = 0;
};

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_SUMMARY_H
