// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_SURVEY_H
#define ATTUNE_COMPILER_SURVEY_H

#include "frontends/onnx/Summary.h"

#include "llvm/ADT/StringRef.h"

namespace attune {

/// How the nodes of one operator and version are compiled.
enum class Support { Lowered, Body, Function, Refused };
/// `lowered`, `by its function body`, `local function` or `refused`.
const char *nameOf(Support support);
/// How nodes of an operator ("" for ai.onnx) are compiled that is no local
/// function; `hasBody` says whether ONNX defines it by other operators.
Support supportOf(llvm::StringRef domain, llvm::StringRef opType, bool hasBody);

struct RefusedNode {
  std::string name;
  /// The local function in whose body it is, or "".
  std::string function;
  std::string reason;
};

/// The nodes of a file with one operator in one version.
struct OperatorUse {
  std::string domain, opType; ///< "" for ai.onnx
  int64_t version = 0;
  int64_t count = 0;
  /// `Refused` as soon as one node is.
  Support support = Support::Lowered;
  std::vector<RefusedNode> refused;
};

/// What is known of an ONNX file before anything is compiled.
struct Survey {
  model::Summary summary;
  /// The most frequent one first.
  std::vector<OperatorUse> operators;
  /// Reasons for which the file is refused that are not those of a node.
  std::vector<std::string> problems;
  bool isSupported = false;
};

/// Takes the ONNX file `path` through all that can refuse it, but makes no code
/// and reads no large weight. False if it is no valid model: `survey.problems`
/// are then the messages that compiling it gives.
bool surveyOnnx(const std::string &path, Survey &survey);

} // namespace attune

#endif // ATTUNE_COMPILER_SURVEY_H
