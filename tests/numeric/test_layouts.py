# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Spellings of the products in attention, raised, against ONNX Runtime."""

import os
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import artifact

SIZES = [(1, 1), (2, 7), (3, 33)]


class Graph:
    def __init__(self):
        self.nodes, self.constants = [], []

    def __call__(self, op, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def constant(self, value, dtype=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def ints(self, *values):
        return self.constant(values, np.int64)

    def turn(self, tensor, *perm):
        return self("Transpose", tensor, perm=list(perm))

    def repeat(self, tensor, axis, times, heads, width):
        """Heads of [b,h,s,w] `times` times, spread along a new dimension."""
        shape = [1] * 5
        shape[axis] = times
        spread = self("Expand", self("Unsqueeze", tensor, self.ints(axis)), self.ints(*shape))
        return self("Reshape", spread, self.ints(0, heads, -1, width))


def run(build, shapes, result, opset=18):
    """Compiles, checks that attention was raised, and compares."""
    graph = Graph()
    output = build(graph)
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in shapes.items()]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "layouts", info, [helper.make_tensor_value_info(
            output, TensorProto.FLOAT, result)], graph.constants),
        opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    with tempfile.TemporaryDirectory() as folder:
        source, binary, raised = (os.path.join(folder, x) for x in ("m.onnx", "m.so", "m.mlir"))
        onnx.save(model, source)
        artifact.compile_file(source, raised, "--emit", "raise")
        with open(raised) as file:
            text = file.read()
        artifact.compile_file(source, binary)
        compiled = artifact.Artifact(binary)
    random = np.random.default_rng(17)
    for batch, length in SIZES:
        sizes = {"b": batch, "s": length}
        arrays = {name: random.standard_normal([sizes.get(d, d) for d in shape]).astype(np.float32)
                  for name, shape in shapes.items()}
        (expected,) = session.run(None, arrays)
        (found,) = compiled(*arrays.values())
        np.testing.assert_allclose(found, expected, atol=2e-5, rtol=2e-5,
                                   err_msg=f"batch {batch}, length {length}")
    return text


class Layouts(unittest.TestCase):
    BHLD, BLHD = ["b", 6, "s", 8], ["b", "s", 6, 8]

    def attend(self, build, shapes, result, head="attn.attention"):
        text = run(build, shapes, result)
        self.assertIn(head, text)
        return text

    def test_heads_after_the_length(self):
        def build(g):
            q, v = g.turn("q", 0, 2, 1, 3), g.turn("v", 0, 2, 1, 3)
            w = g("Softmax", g("MatMul", q, g.turn("k", 0, 2, 3, 1)), axis=-1)
            return g.turn(g("MatMul", w, v), 0, 2, 1, 3)
        text = self.attend(build, dict.fromkeys("qkv", self.BLHD), self.BLHD)
        self.assertNotIn("linalg.transpose", text)

    def test_keys_lie_transposed(self):
        def build(g):
            return g("MatMul", g("Softmax", g("MatMul", "q", "k"), axis=-1), "v")
        self.attend(build, dict(q=self.BHLD, k=["b", 6, 8, "s"], v=self.BHLD), self.BHLD)

    def test_queries_lie_transposed(self):
        def build(g):
            s = g("MatMul", g.turn("q", 0, 1, 3, 2), g.turn("k", 0, 1, 3, 2))
            return g.turn(g("MatMul", g("Softmax", s, axis=-1), "v"), 1, 0, 2, 3)
        self.attend(build, dict(q=["b", 6, 8, "s"], k=self.BHLD, v=self.BHLD), [6, "b", "s", 8])

    def test_roots_of_the_scale_and_joined_transpose(self):
        def build(g):
            root = g.constant(8**-0.25)
            joined = g("Reshape", "k", g.ints(-1, 33, 8))
            turned = g("Reshape", g.turn(joined, 0, 2, 1), g.ints(-1, 6, 8, 33))
            s = g("MatMul", g("Mul", "q", root), g("Mul", turned, root))
            return g("MatMul", g("Softmax", s, axis=-1), "v")
        shape = [3, 6, 33, 8]
        text = self.attend(build, dict.fromkeys("qkv", shape), shape)
        self.assertNotIn("linalg.transpose", text)

    def test_without_heads(self):
        def build(g):
            s = g("MatMul", g("Div", "q", g.constant(3.0)), g.turn("k", 0, 2, 1))
            return g("MatMul", g("Softmax", g("Add", s, "m"), axis=-1), "v")
        shapes = dict(dict.fromkeys("qkv", ["b", "s", 8]), m=["b", 1, "s"])
        self.attend(build, shapes, ["b", "s", 8])

    def test_first_dimension_is_no_batch(self):
        """Lengths first, as in multi-head attention of [L, B * H, E]."""
        def build(g):
            q, v = g.turn("q", 1, 0, 2), g.turn("v", 1, 0, 2)
            w = g("Softmax", g("MatMul", q, g.turn("k", 1, 2, 0)), axis=-1)
            return g.turn(g("MatMul", w, v), 1, 0, 2)
        self.attend(build, dict.fromkeys("qkv", ["s", "b", 8]), ["s", "b", 8])


class Groups(unittest.TestCase):
    def attend(self, key, value, head):
        def build(g):
            k = key(g) if key else "k"
            s = g("MatMul", "q", g.turn(k, 0, 1, 3, 2))
            return g("MatMul", g("Softmax", s, axis=-1), value(g) if value else "v")
        shapes = dict(q=["b", 6, "s", 8], k=["b", head if key else 1, "s", 8],
                      v=["b", head if value else 6, "s", 5])
        return run(build, shapes, ["b", 6, "s", 5])

    def test_heads_in_groups(self):
        text = self.attend(lambda g: g.repeat("k", 2, 3, 6, 8),
                           lambda g: g.repeat("v", 2, 3, 6, 5), 2)
        self.assertIn("key(%arg1 : tensor<?x2x?x8xf32>)", text)
        self.assertIn("value(%arg2 : tensor<?x2x?x5xf32>)", text)

    def test_keys_in_groups_alone(self):
        text = self.attend(lambda g: g.repeat("k", 2, 2, 6, 8), None, 3)
        self.assertIn("key(%arg1 : tensor<?x3x?x8xf32>)", text)

    def test_heads_in_turn(self):
        text = self.attend(lambda g: g.repeat("k", 1, 3, 6, 8),
                           lambda g: g.repeat("v", 2, 3, 6, 5), 2)
        self.assertNotIn("key(%arg1", text)

    def test_one_head_of_keys(self):
        text = self.attend(None, None, 1)
        self.assertIn("key(%arg1 : tensor<?x1x?x8xf32>)", text)


if __name__ == "__main__":
    unittest.main()
