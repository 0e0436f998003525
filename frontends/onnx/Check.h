// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_CHECK_H
#define ATTUNE_FRONTENDS_ONNX_CHECK_H

#include "frontends/onnx/Model.h"

#include "onnx/defs/schema.h"
#include "onnx/onnx_pb.h"

namespace attune::model {

/// "" for the standard domain, whichever way it is spelled.
std::string normalDomain(const std::string &domain);

/// Spells the standard domain "" everywhere: the library's checks and inference
/// know its operators by that name only.
void normaliseDomains(onnx::ModelProto &model);

/// The domains that the model imports, with their versions. Throws `Failure`
/// if one is imported twice or has no such version.
std::map<std::string, int64_t> importedOpsets(const onnx::ModelProto &model);

/// The schema in force for `node`, or null if the library knows none.
const onnx::OpSchema *schemaOf(const onnx::NodeProto &node,
                               const std::map<std::string, int64_t> &opsets);

/// A problem of `node`, which `reason` describes.
Problem problemAt(const onnx::NodeProto &node,
                  const std::map<std::string, int64_t> &opsets,
                  const std::string &reason);

/// Checks versions, names, single assignment, order, and every node against its
/// schema. Initializers may have given their place to inputs.
/// Throws `Failure` where the model as a whole is wrong; adds all that is wrong
/// in nodes to `problems`.
void checkModel(const onnx::ModelProto &model, Problems &problems);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_CHECK_H
