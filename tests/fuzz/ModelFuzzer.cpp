// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Feeds the ONNX loader with anything; it must give a model or a reason.

#include "frontends/onnx/Model.h"

#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

using namespace attune::model;

// The ONNX library and protobuf are not instrumented: what they do with our
// vectors cannot be followed.
extern "C" const char *__asan_default_options() {
  return "detect_container_overflow=0";
}

static void require(bool condition) {
  if (!condition)
    abort();
}

/// What the importer relies on.
static void checkTensor(const Tensor &tensor, uint64_t fileSize) {
  if (!tensor.problem.empty())
    return;
  for (int64_t dim : tensor.dims)
    require(dim >= 0);
  if (tensor.file.empty())
    require(tensor.size == tensor.bytes.size());
  else
    require(tensor.offset <= fileSize &&
            tensor.size <= fileSize - tensor.offset);
}

static void checkGraph(const Graph &graph, uint64_t fileSize) {
  for (const Tensor &constant : graph.constants)
    checkTensor(constant, fileSize);
  for (const Node &node : graph.nodes)
    for (const Attribute &attribute : node.attributes) {
      for (const Tensor &tensor : attribute.tensors)
        checkTensor(tensor, fileSize);
      for (const auto &inner : attribute.graphs)
        checkGraph(*inner, fileSize);
    }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int file = memfd_create("model", MFD_CLOEXEC);
  require(file >= 0 && write(file, data, size) == static_cast<ssize_t>(size));
  std::string path = "/proc/self/fd/" + std::to_string(file);
  for (bool expand : {false, true}) {
    LoadOptions options;
    if (expand)
      options.hasLowering = [](const std::string &, const std::string &) {
        return false;
      };
    Problems problems;
    std::unique_ptr<Model> model = loadModel(path, options, problems);
    require((model == nullptr) != problems.empty());
    if (model)
      checkGraph(model->graph, size);
  }
  close(file);
  return 0;
}
