// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An ONNX model as plain data: checked, functions inlined, shapes inferred.
// Neither protobuf nor MLIR is seen here, and no exception leaves.

#ifndef ATTUNE_FRONTENDS_ONNX_MODEL_H
#define ATTUNE_FRONTENDS_ONNX_MODEL_H

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace attune::model {

/// Element types, numbered as ONNX's TensorProto.DataType.
enum class ElementType : int {
  Undefined = 0,
  Float = 1,
  UInt8 = 2,
  Int8 = 3,
  UInt16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  String = 8,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  UInt32 = 12,
  UInt64 = 13,
  Complex64 = 14,
  Complex128 = 15,
  BFloat16 = 16,
  Float8E4M3FN = 17,
  Float8E4M3FNUZ = 18,
  Float8E5M2 = 19,
  Float8E5M2FNUZ = 20,
  UInt4 = 21,
  Int4 = 22,
  Float4E2M1 = 23,
  Float8E8M0 = 24,
  UInt2 = 25,
  Int2 = 26,
  Float6E2M3 = 27,
  Float6E3M2 = 28,
};

/// Why a model was refused. `opType` is empty if no node is at fault.
struct Problem {
  std::string node;
  std::string domain;
  std::string opType;
  int64_t version = 0;
  std::string reason;
  /// Whether `LoadOptions` are at fault, not the file.
  bool isOption = false;
  /// As `Node::place`.
  int64_t place = -1;
};
using Problems = std::vector<Problem>;

/// A size, or -1 and the symbol that stands for it ("" if it has none).
struct Dim {
  int64_t size = -1;
  std::string name;
};

struct Type {
  enum class Kind { Unknown, Tensor, Other };
  Kind kind = Kind::Unknown;
  ElementType element = ElementType::Undefined;
  /// False if the rank is unknown; `dims` is then empty.
  bool ranked = false;
  std::vector<Dim> dims;
};

/// A constant tensor. Its little-endian, row-major elements (of whole bytes
/// each: types of fewer bits are unpacked) are `bytes` where `file` is empty,
/// and `size` bytes at `offset` of `file` otherwise.
struct Tensor {
  std::string name;
  ElementType element = ElementType::Undefined;
  std::vector<int64_t> dims;
  std::string file;
  uint64_t offset = 0;
  uint64_t size = 0;
  std::string bytes;
  /// Why the tensor cannot be had; empty if it can. Reported where it is used.
  std::string problem;
};

struct Graph;

struct Attribute {
  enum class Kind {
    Float,
    Int,
    String,
    Tensor,
    Graph,
    Type,
    Floats,
    Ints,
    Strings,
    Tensors,
    Graphs,
    Other
  };
  std::string name;
  Kind kind = Kind::Other;
  /// The values of the kind; one where the kind is not a list.
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  std::vector<Tensor> tensors;
  std::vector<std::shared_ptr<Graph>> graphs;
  Type type;
};

struct Node {
  /// The file's name for the node, or that of its first output.
  std::string name;
  /// "" for ai.onnx.
  std::string domain;
  std::string opType;
  /// Version of the operator's schema; of the domain, if there is no schema.
  int64_t version = 0;
  /// The node of the file that this is, or of whose function body it is, as its
  /// number among `Summary::nodes`; -1 if it is of none.
  int64_t place = -1;
  /// Names of values; "" where an input or output is left out.
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<Attribute> attributes;
};

/// Nodes in an order in which values are defined before they are used.
/// `Constant` nodes are among the constants.
struct Graph {
  /// Inputs that no constant of the same name gives a value to.
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<Node> nodes;
  std::vector<Tensor> constants;
  std::unordered_map<std::string, Type> types;
};

struct Model {
  Graph graph;
  std::map<std::string, int64_t> opsets;
};

struct Summary;

struct LoadOptions {
  /// Sizes for named dimensions; each name must be one of an input.
  std::map<std::string, int64_t> fixedDims;
  /// Whether a node of this domain ("" for ai.onnx) and type has a lowering.
  /// One that has none is replaced by its schema's function body, if there is
  /// one. Absent: every node is kept.
  std::function<bool(const std::string &domain, const std::string &opType)>
      hasLowering;
  /// If given: gets what the file says of itself, even if it is refused later.
  Summary *summary = nullptr;
};

/// Reads, checks and normalises the model in the file `path`, external data
/// next to it. Returns null and says why in `problems` (of which there may be
/// several) if it cannot be had.
std::unique_ptr<Model> loadModel(const std::string &path,
                                 const LoadOptions &options,
                                 Problems &problems);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_MODEL_H
