// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads a model file without copying its weights.

#ifndef ATTUNE_FRONTENDS_ONNX_MODELFILE_H
#define ATTUNE_FRONTENDS_ONNX_MODELFILE_H

#include "onnx/onnx_pb.h"

#include <cstdint>
#include <string>
#include <vector>

namespace attune::model {

/// Where the file has a tensor's `raw_data`, `float_data` or `double_data`.
/// `size` is 0 if it has none of them, or not in one piece.
struct Payload {
  enum class Field { Raw, Float, Double };
  Field field = Field::Raw;
  /// Whether the proto went without the data.
  bool isLeftOut = false;
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// A model whose large tensors have lost their data. Large `Constant` nodes
/// of the main graph have become initializers.
struct ModelFile {
  onnx::ModelProto proto;
  /// One for each initializer of the main graph.
  std::vector<Payload> payloads;
  /// How many of the initializers were nodes.
  int64_t movedConstants = 0;
};

/// Tensors up to this many bytes keep their data in the proto, where shape
/// inference may look at it.
constexpr uint64_t inlineLimit = 8192;

/// Throws `Failure` if `path` is not a model.
ModelFile readModelFile(const std::string &path);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_MODELFILE_H
