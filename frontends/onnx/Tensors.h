// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_TENSORS_H
#define ATTUNE_FRONTENDS_ONNX_TENSORS_H

#include "frontends/onnx/Model.h"
#include "frontends/onnx/ModelFile.h"

namespace attune::model {

/// No tensor of a static shape may need more bytes than this (1 TiB).
constexpr uint64_t byteLimit = uint64_t(1) << 40;
constexpr int rankLimit = 64;

/// Bits of an element as files have it; 0 for types without a fixed size.
unsigned bitsOf(ElementType type);
/// Whether elements are integers or truth values.
bool isIntegral(ElementType type);

/// Elements in `dims`; throws `Failure` for a negative size, too high a rank,
/// or more bytes than `byteLimit`.
uint64_t countElements(const std::vector<int64_t> &dims, ElementType type);

/// Converts a tensor that holds its own data. Throws `Failure` if the data
/// does not fit the type and shape, or is external.
Tensor readTensor(const onnx::TensorProto &proto);

/// Converts an initializer of the model file `path`, whose data may have been
/// left there (`payload`) or in external files. What is small or not in a file
/// as it is needed comes as bytes; the rest as a place in a file. A small
/// external tensor gets its data into `proto`.
Tensor readInitializer(onnx::TensorProto &proto, const Payload &payload,
                       const std::string &path);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_TENSORS_H
