// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ONNX_ONNXOPS
#define ATTUNE_DIALECTS_ONNX_ONNXOPS

include "mlir/IR/OpBase.td"

def OnnxDialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::attune::onnx";
  let summary = "Nodes of an ONNX graph, as the file has them";
  let description = [{
    One generic operation holds every node. What a node means is the ONNX
    library's business: schemas, type and shape rules were checked by it before
    the node came here. Nothing of this dialect is left after the raise stage.
  }];
}

class Onnx_Op<string mnemonic, list<Trait> traits = []>
    : Op<OnnxDialect, mnemonic, traits>;

def Onnx_NodeOp : Onnx_Op<"node"> {
  let summary = "A node: operator, attributes, inputs and outputs";
  let description = [{
    `version` is the version of the operator's schema that is in force, not the
    opset that the file imports. An input that the file leaves out is the result
    of `onnx.none`; an output that it leaves out has the type `none`.
    `node_attributes` holds the node's attributes: an integer as `i64`, a float as
    `f32`, a string as a string, lists of integers as `array<i64>`, lists of
    floats as `array<f32>`, lists of strings as an array, tensors as elements.
    `dims` names the dimensions of each result, one array a result: the
    symbol's name, or "" where the size is static or has no name.

    Example:
    ```mlir
    %0 = onnx.node "Softmax" since 13 (%x) {node_attributes = {axis = -1 : i64},
        node_name = "/layer.0/Softmax"} : (tensor<2x4xf32>) -> tensor<2x4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$op_type, I64Attr:$version,
                       Variadic<AnyType>:$inputs,
                       DefaultValuedStrAttr<StrAttr, "">:$domain,
                       DefaultValuedStrAttr<StrAttr, "">:$node_name,
                       DefaultValuedAttr<DictionaryAttr, "{}">:$node_attributes,
                       OptionalAttr<ArrayAttr>:$dims);
  let results = (outs Variadic<AnyType>:$outputs);
  let assemblyFormat = [{
    $op_type `since` $version `(` $inputs `)` attr-dict
    `:` functional-type($inputs, $outputs)
  }];
  let extraClassDeclaration = [{
    /// Whether the file gives input `index`.
    bool hasInput(unsigned index);
    /// Input `index`, or null where the file leaves it out.
    ::mlir::Value getInput(unsigned index);
    /// The attribute, or null where the file does not set it.
    ::mlir::Attribute getNodeAttr(::llvm::StringRef attribute);
    int64_t getInt(::llvm::StringRef attribute, int64_t otherwise);
    double getFloat(::llvm::StringRef attribute, double otherwise);
    ::llvm::StringRef getString(::llvm::StringRef attribute,
                                ::llvm::StringRef otherwise);
    /// The list of integers, or nothing where the file does not set it.
    std::optional<::llvm::SmallVector<int64_t>>
    getInts(::llvm::StringRef attribute);
    /// Reports `reason` with the node's name, operator and version.
    ::mlir::InFlightDiagnostic emitNodeError(const ::llvm::Twine &reason);
  }];
}

def Onnx_NoneOp : Onnx_Op<"none"> {
  let summary = "Stands for an optional input that the file leaves out";
  let results = (outs NoneType:$result);
  let assemblyFormat = "attr-dict";
}

#endif // ATTUNE_DIALECTS_ONNX_ONNXOPS
