// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_LOOPTYPES_H
#define ATTUNE_FRONTENDS_ONNX_LOOPTYPES_H

#include "onnx/onnx_pb.h"

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace attune::model {

/// The types of what loops carry from trip to trip, which the library leaves
/// open. They are found by trial: a loop carries what it starts with until its
/// body gives something else; sizes that differ become unknown. When nothing
/// changes any more, every trip keeps what the types say.
class LoopTypes {
public:
  /// `model` is before inference; its inputs' dimensions have names.
  explicit LoopTypes(const onnx::ModelProto &model);

  bool hasLoops() const { return !loops.empty(); }
  /// Puts what is known so far where the library looks for it.
  void apply(onnx::ModelProto &model) const;
  /// Looks at what the library made of it; false if there is nothing new.
  bool learn(const onnx::ModelProto &model);

private:
  /// What one carried value is known to be. No shape: not known, or, once
  /// `isOpen`, of ranks that differ.
  struct Carried {
    onnx::TypeProto type;
    bool isOpen = false;
  };
  using Scope = std::unordered_map<std::string, const onnx::TypeProto *>;

  void find(const onnx::GraphProto &graph);
  void apply(onnx::GraphProto &graph, size_t &next) const;
  void applyTo(onnx::GraphProto &graph, onnx::NodeProto &loop,
               const std::vector<Carried> &carried) const;
  void learn(const onnx::GraphProto &graph, size_t &next);
  void learnFrom(const onnx::NodeProto &loop, std::vector<Carried> &carried);
  void join(Carried &carried, const onnx::TypeProto *seen);
  const onnx::TypeProto *typeOf(const std::string &name) const;

  /// Names of the inputs' dimensions. Others mean something else each time.
  std::set<std::string> names;
  /// In the order of a walk, outer loops first.
  std::vector<std::vector<Carried>> loops;
  std::vector<Scope> scopes;
  bool changed = false;
};

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_LOOPTYPES_H
