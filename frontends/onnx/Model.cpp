// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Model.h"
#include "frontends/onnx/Check.h"
#include "frontends/onnx/Convert.h"
#include "frontends/onnx/Failure.h"
#include "frontends/onnx/Functions.h"
#include "frontends/onnx/ModelFile.h"
#include "frontends/onnx/Places.h"
#include "frontends/onnx/Shapes.h"
#include "frontends/onnx/Subgraphs.h"
#include "frontends/onnx/Tensors.h"
#include "frontends/onnx/contrib/Schemas.h"

#include <unordered_set>

namespace attune::model {
namespace {

class Loader {
public:
  Loader(const std::string &path, const LoadOptions &options,
         Problems &problems)
      : path(path), options(options), problems(problems) {}

  std::unique_ptr<Model> load() {
    file = readModelFile(path);
    refuseSparse();
    file.payloads.resize(file.payloads.size() +
                         liftSubgraphs(*file.proto.mutable_graph()));
    readInitializers();
    normaliseDomains(file.proto);
    checkFunctions(file.proto);
    checkModel(file.proto, problems);
    if (!problems.empty())
      return nullptr;
    Summary summary = summarise(file.proto, constants, file.movedConstants);
    if (options.summary)
      *options.summary = std::move(summary);
    // From here on initializers need not be inputs, as before IR version 4.
    file.proto.set_ir_version(std::max<int64_t>(file.proto.ir_version(), 4));
    if (inlineFunctions(file.proto)) {
      readLifted();
      // Bodies were checked by themselves, not with what calls give them.
      checkModel(file.proto, problems);
      if (!problems.empty())
        return nullptr;
    }
    fixDims(file.proto, options.fixedDims);
    expandUnlowered(file.proto, options);
    inferShapes(file.proto, problems);
    if (!problems.empty())
      return nullptr;
    auto model = std::make_unique<Model>();
    model->opsets = importedOpsets(file.proto);
    model->graph =
        convertGraph(file.proto.graph(), model->opsets, std::move(constants));
    return model;
  }

private:
  void refuseSparse() {
    for (const auto &sparse : file.proto.graph().sparse_initializer())
      throw Failure("initializer '" + sparse.values().name() +
                    "' is sparse, which is not supported");
  }

  /// Initializers of subgraphs that came with functions.
  void readLifted() {
    onnx::GraphProto &graph = *file.proto.mutable_graph();
    int count = liftSubgraphs(graph);
    google::protobuf::RepeatedPtrField<onnx::TensorProto> before;
    before.Swap(graph.mutable_initializer());
    while (count-- > 0)
      graph.mutable_initializer()->AddAllocated(before.ReleaseLast());
    file.payloads.assign(graph.initializer_size(), Payload());
    readInitializers();
    graph.mutable_initializer()->MergeFrom(before);
  }

  /// Reads all initializers. Those whose data is not in the proto become
  /// inputs there, so that checks and inference see their types.
  void readInitializers() {
    onnx::GraphProto &graph = *file.proto.mutable_graph();
    std::unordered_map<std::string, onnx::ValueInfoProto *> inputs;
    for (onnx::ValueInfoProto &input : *graph.mutable_input())
      inputs[input.name()] = &input;
    std::unordered_set<std::string> names;
    google::protobuf::RepeatedPtrField<onnx::TensorProto> all, kept;
    all.Swap(graph.mutable_initializer());
    for (int i = 0; i < all.size(); ++i) {
      onnx::TensorProto &initializer = *all.Mutable(i);
      const std::string &name = initializer.name();
      if (name.empty() || !names.insert(name).second)
        throw Failure(name.empty()
                          ? "an initializer has no name"
                          : "initializer '" + name + "' is defined twice");
      readInitializer(initializer, file.payloads[i]);
      auto input = inputs.find(name);
      if (input != inputs.end())
        setType(*input->second, initializer);
      if (!constants.back().file.empty() && !hasData(initializer)) {
        if (input == inputs.end())
          setType(*graph.add_input(), initializer);
      } else {
        *kept.Add() = std::move(initializer);
      }
    }
    graph.mutable_initializer()->Swap(&kept);
  }

  void readInitializer(onnx::TensorProto &proto, const Payload &payload) {
    try {
      constants.push_back(model::readInitializer(proto, payload, path));
    } catch (const Failure &failure) {
      throw Failure("initializer '" + proto.name() + "': " + failure.what());
    }
  }

  static bool hasData(const onnx::TensorProto &proto) {
    return proto.has_raw_data() || !proto.float_data().empty() ||
           !proto.double_data().empty();
  }

  static void setType(onnx::ValueInfoProto &input,
                      const onnx::TensorProto &initializer) {
    input.set_name(initializer.name());
    auto &type = *input.mutable_type()->mutable_tensor_type();
    type.set_elem_type(initializer.data_type());
    type.mutable_shape()->clear_dim();
    for (int64_t size : initializer.dims())
      type.mutable_shape()->add_dim()->set_dim_value(size);
  }

  const std::string &path;
  const LoadOptions &options;
  Problems &problems;
  ModelFile file;
  std::vector<Tensor> constants;
};

} // namespace

std::unique_ptr<Model> loadModel(const std::string &path,
                                 const LoadOptions &options,
                                 Problems &problems) {
  try {
    registerContribSchemas();
    return Loader(path, options, problems).load();
  } catch (const std::bad_alloc &) {
    problems.push_back(
        {"", "", "", 0, "needs more memory than there is", false, -1});
  } catch (const OptionFailure &failure) {
    problems.push_back({"", "", "", 0, failure.what(), true, -1});
  } catch (const std::exception &failure) {
    problems.push_back({"", "", "", 0, failure.what(), false, -1});
  }
  return nullptr;
}

} // namespace attune::model
