// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Models and files for tests of the loader.

#ifndef ATTUNE_FRONTENDS_ONNX_TESTMODELS_H
#define ATTUNE_FRONTENDS_ONNX_TESTMODELS_H

#include "frontends/onnx/Failure.h"
#include "frontends/onnx/Model.h"

#include "onnx/defs/parser.h"
#include "onnx/onnx_pb.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace attune::model {

/// A temporary folder that goes with the object.
class Folder {
public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "attuneXXXXXX";
    root = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(root); }
  Folder(const Folder &) = delete;

  std::string operator/(const std::string &name) const { return root / name; }
  std::string path() const { return root; }
  /// Writes a file and returns its path.
  std::string write(const std::string &name, const std::string &bytes) const {
    std::filesystem::create_directories((root / name).parent_path());
    std::ofstream(root / name, std::ios::binary) << bytes;
    return root / name;
  }

private:
  std::filesystem::path root;
};

/// A model in ONNX's text syntax, with a usual header.
inline onnx::ModelProto
parseModel(const std::string &text,
           const std::string &header = "<ir_version: 10, opset_import: "
                                       "[\"\" : 21, \"local\" : 1]>\n") {
  onnx::ModelProto model;
  std::string whole = header + text;
  onnx::OnnxParser parser(whole.c_str());
  auto status = parser.Parse(model);
  EXPECT_TRUE(status.IsOK()) << status.ErrorMessage();
  return model;
}

/// What came of loading a model.
struct Loaded {
  std::unique_ptr<Model> model;
  Problems problems;

  /// All reasons, a line each.
  std::string reasons() const {
    std::string text;
    for (const Problem &problem : problems)
      text += (problem.opType.empty() ? "" : problem.node + ": ") +
              problem.reason + "\n";
    return text;
  }
  const Type &type(const std::string &value) const {
    return model->graph.types.at(value);
  }
  const Tensor &constant(const std::string &name) const {
    for (const Tensor &tensor : model->graph.constants)
      if (tensor.name == name)
        return tensor;
    throw Failure("no constant '" + name + "'");
  }
};

inline Loaded load(const std::string &path, const LoadOptions &options = {}) {
  Loaded loaded;
  loaded.model = loadModel(path, options, loaded.problems);
  // Never both, never neither.
  EXPECT_EQ(loaded.model == nullptr, !loaded.problems.empty())
      << loaded.reasons();
  return loaded;
}

inline Loaded load(const Folder &folder, const onnx::ModelProto &model,
                   const LoadOptions &options = {}) {
  return load(folder.write("m.onnx", model.SerializeAsString()), options);
}

inline Loaded load(const onnx::ModelProto &model,
                   const LoadOptions &options = {}) {
  Folder folder;
  return load(folder, model, options);
}

/// The reasons for which a model is refused.
inline std::string refusal(const onnx::ModelProto &model,
                           const LoadOptions &options = {}) {
  return load(model, options).reasons();
}

/// The elements of a tensor that came as bytes.
template <typename Element>
std::vector<Element> elementsOf(const Tensor &tensor) {
  EXPECT_EQ(tensor.file, "");
  std::vector<Element> elements(tensor.bytes.size() / sizeof(Element));
  memcpy(elements.data(), tensor.bytes.data(), tensor.bytes.size());
  return elements;
}

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_TESTMODELS_H
