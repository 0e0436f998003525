// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ModelFile.h"
#include "frontends/onnx/ExternalData.h"
#include "frontends/onnx/Wire.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <google/protobuf/stubs/logging.h>
#include <optional>
#include <sys/mman.h>

namespace attune::model {
namespace {

/// Field numbers of onnx.proto.
namespace field {
constexpr uint32_t modelGraph = 7;
constexpr uint32_t graphNode = 1, graphInitializer = 5;
constexpr uint32_t nodeInput = 1, nodeOutput = 2, nodeOpType = 4,
                   nodeAttribute = 5, nodeDomain = 7;
constexpr uint32_t attributeName = 1, attributeTensor = 5;
constexpr uint32_t tensorFloats = 4, tensorRaw = 9, tensorDoubles = 10;
} // namespace field

class Mapping {
public:
  explicit Mapping(const File &file) : size(file.size()) {
    if (size == 0)
      throw Failure("is empty");
    // Protobuf's own limit for a message.
    if (size > INT_MAX)
      throw Failure("requires a model file below 2 GiB (weights beyond that "
                    "go to external data), but got " +
                    std::to_string(size) + " bytes");
    address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (address == MAP_FAILED)
      throw Failure(std::string("cannot be mapped: ") + strerror(errno));
  }
  ~Mapping() { munmap(address, size); }
  Mapping(const Mapping &) = delete;
  Mapping &operator=(const Mapping &) = delete;

  std::string_view bytes() const {
    return {static_cast<const char *>(address), size};
  }

private:
  size_t size;
  void *address = nullptr;
};

class Reader {
public:
  explicit Reader(std::string_view bytes) : bytes(bytes) {}

  ModelFile read() {
    std::string rest;
    std::optional<std::string_view> graph;
    WireReader reader(bytes);
    for (WireField part; reader.next(part);) {
      if (!part.is(field::modelGraph)) {
        rest += part.whole;
        continue;
      }
      if (graph)
        throw Failure("has two graphs");
      graph = part.value;
    }
    if (!graph)
      throw Failure("is not an ONNX model: it has no graph");
    parse(rest, result.proto);
    readGraph(*graph);
    return std::move(result);
  }

private:
  /// Merges `message` into `proto`. Protobuf bounds the depth (100 messages).
  template <typename Proto>
  static void parse(std::string_view message, Proto &proto) {
    if (!proto.ParseFromArray(message.data(), static_cast<int>(message.size())))
      throw Failure("is not an ONNX model, or is damaged or nested too deeply");
  }

  void readGraph(std::string_view message) {
    std::string rest;
    onnx::GraphProto nodes;
    std::vector<onnx::TensorProto> constants;
    WireReader reader(message);
    for (WireField part; reader.next(part);) {
      if (part.is(field::graphInitializer)) {
        result.payloads.emplace_back();
        constants.push_back(readTensor(part.value, result.payloads.back()));
      } else if (!part.is(field::graphNode)) {
        rest += part.whole;
      } else if (!readConstant(part.value, constants)) {
        parse(part.value, *nodes.add_node());
      }
    }
    onnx::GraphProto &graph = *result.proto.mutable_graph();
    parse(rest, graph);
    graph.mutable_node()->Swap(nodes.mutable_node());
    for (onnx::TensorProto &constant : constants)
      *graph.add_initializer() = std::move(constant);
  }

  /// Parses a tensor; finds data in one piece and leaves it out if it is large.
  onnx::TensorProto readTensor(std::string_view message, Payload &payload) {
    std::string rest;
    unsigned pieces = 0;
    WireReader reader(message);
    for (WireField part; reader.next(part);) {
      bool isData = part.is(field::tensorRaw) || part.is(field::tensorFloats) ||
                    part.is(field::tensorDoubles);
      bool isLarge = part.value.size() > inlineLimit;
      if (!isData || !isLarge)
        rest += part.whole;
      if (!isData)
        continue;
      ++pieces;
      payload.isLeftOut = isLarge;
      payload.field = part.is(field::tensorRaw)      ? Payload::Field::Raw
                      : part.is(field::tensorFloats) ? Payload::Field::Float
                                                     : Payload::Field::Double;
      payload.offset = static_cast<uint64_t>(part.value.data() - bytes.data());
      payload.size = part.value.size();
    }
    onnx::TensorProto tensor;
    if (pieces > 1)
      payload = Payload();
    parse(pieces > 1 ? message : std::string_view(rest), tensor);
    return tensor;
  }

  /// Turns a `Constant` node with a large `value` into an initializer. False,
  /// changing nothing, if the node is anything else.
  bool readConstant(std::string_view message,
                    std::vector<onnx::TensorProto> &constants) {
    if (message.size() <= inlineLimit)
      return false;
    std::string_view opType, domain, output, attribute;
    unsigned outputs = 0, attributes = 0, inputs = 0;
    WireReader reader(message);
    for (WireField part; reader.next(part);) {
      inputs += part.number == field::nodeInput;
      if (part.is(field::nodeOpType))
        opType = part.value;
      else if (part.is(field::nodeDomain))
        domain = part.value;
      else if (part.is(field::nodeOutput) && ++outputs)
        output = part.value;
      else if (part.is(field::nodeAttribute) && ++attributes)
        attribute = part.value;
    }
    bool isStandard = domain.empty() || domain == "ai.onnx";
    if (opType != "Constant" || !isStandard || inputs || outputs != 1 ||
        attributes != 1 || output.empty())
      return false;
    std::string_view name, tensor;
    unsigned tensors = 0;
    WireReader attributeReader(attribute);
    for (WireField part; attributeReader.next(part);) {
      if (part.is(field::attributeName))
        name = part.value;
      else if (part.is(field::attributeTensor) && ++tensors)
        tensor = part.value;
    }
    if (name != "value" || tensors != 1)
      return false;
    result.payloads.emplace_back();
    constants.push_back(readTensor(tensor, result.payloads.back()));
    constants.back().set_name(std::string(output));
    ++result.movedConstants;
    return true;
  }

  std::string_view bytes;
  ModelFile result;
};

} // namespace

ModelFile readModelFile(const std::string &path) {
  // Protobuf would print what is wrong; the caller reports it.
  google::protobuf::LogSilencer silencer;
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    throw Failure(std::string("cannot be opened: ") + strerror(errno));
  File file(descriptor, path);
  Mapping mapping(file);
  return Reader(mapping.bytes()).read();
}

} // namespace attune::model
