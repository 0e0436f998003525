# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Masks as exporters write them, against ONNX Runtime.

Every model is compiled twice: as it is, where attention is raised, and with
the weights as a second output, where it cannot be.
"""

import os
import re
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import artifact

LENGTHS = (1, 2, 7, 16, 33, 70)
LOWEST = float(np.finfo(np.float32).min)
INFINITY = float("inf")
HEADS, WIDTH = 2, 8
MISSING = "no lowering yet|operators with subgraphs are not supported"


class Graph:
    """Builds attention over q [B,H,L,D], k and v [B,H,S,D]."""

    def __init__(self, inputs=(), keys="s"):
        self.nodes, self.constants, self.keys = [], [], keys
        self.inputs = [("q", TensorProto.FLOAT, ["b", HEADS, "s", WIDTH]),
                       ("k", TensorProto.FLOAT, ["b", HEADS, keys, WIDTH]),
                       ("v", TensorProto.FLOAT, ["b", HEADS, keys, WIDTH]), *inputs]

    def __call__(self, op, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def constant(self, value, dtype=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def size(self, tensor="q", dim=2):
        """Of shape [1]."""
        return self("Shape", tensor, start=dim, end=dim + 1)

    def positions(self, tensor, axis, first=None, dtype=None, dim=2):
        """0, 1, ... along the length of `tensor`, as a row (0) or a column (1)."""
        count = self("Squeeze", self.size(tensor, dim))
        found = self("Range", self.constant(0, np.int64), count, self.constant(1, np.int64))
        if first:
            found = self("Add", found, first)
        if dtype:
            found = self("Cast", found, to=dtype)
        return self("Unsqueeze", found, self.constant([axis], np.int64))

    def scores(self):
        product = self("MatMul", "q", self("Transpose", "k", perm=[0, 1, 3, 2]))
        return self("Mul", product, self.constant(WIDTH**-0.5))

    def finish(self, scores, escape, guard=False):
        weights = self("Softmax", scores, axis=-1)
        if guard:
            weights = self("Where", self("IsNaN", weights), self.constant(0.0), weights)
        result = self("MatMul", weights, "v")
        outputs = [(result, ["b", HEADS, "s", WIDTH])]
        if escape:
            outputs.append((weights, ["b", HEADS, "s", self.keys]))
        graph = helper.make_graph(
            self.nodes, "masks", [helper.make_tensor_value_info(*x) for x in self.inputs],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
             for name, shape in outputs], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
        model.ir_version = 9
        onnx.checker.check_model(model, full_check=True)
        return model


def compiled(model):
    with tempfile.TemporaryDirectory() as folder:
        source, binary = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.so")
        onnx.save(model, source)
        artifact.compile_file(source, binary)
        return artifact.Artifact(binary)


def raised_ir(model):
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.mlir")
        onnx.save(model, source)
        artifact.compile_file(source, result, "--emit", "raise")
        with open(result) as file:
            return file.read()


class MaskTest(unittest.TestCase):
    def check(self, build, causal, captures=0, extra=lambda *_: [], inputs=(), keys="s",
              guard=False, lengths=None, mask=False):
        """`build(graph, scores)` returns masked scores."""
        def model(escape):
            graph = Graph(inputs, keys)
            return graph.finish(build(graph, graph.scores()), escape, guard)

        text, plain = self.lowered(raised_ir, model(False)), None
        if not text:
            self.skipTest("an operator of the mask has no lowering yet")
        attention = next(line for line in text.splitlines() if "attn.attention" in line)
        self.assertEqual("causal" in attention, causal, attention)
        self.assertEqual("captures(" in attention, captures > 0, attention)
        self.assertEqual("mask = [" in attention, mask, attention)
        if unraised := self.lowered(raised_ir, model(True)):
            self.assertNotIn("attn.attention", unraised)
            plain = compiled(model(True))
        binary = compiled(model(False))
        session = onnxruntime.InferenceSession(model(True).SerializeToString(),
                                               providers=["CPUExecutionProvider"])
        random = np.random.default_rng(3)
        for rows, columns in lengths or [(n, n) for n in LENGTHS]:
            q = random.standard_normal((2, HEADS, rows, WIDTH)).astype(np.float32)
            k, v = (random.standard_normal((2, HEADS, columns, WIDTH)).astype(np.float32)
                    for _ in range(2))
            arrays = [q, k, v, *extra(random, rows, columns)]
            (expected, _) = session.run(None, {x.name: a for x, a in
                                               zip(session.get_inputs(), arrays)})
            message = f"{rows} queries, {columns} keys"
            np.testing.assert_allclose(binary(*arrays)[0], expected, atol=2e-5, rtol=2e-5,
                                       err_msg="raised, " + message)
            if plain:
                np.testing.assert_allclose(plain(*arrays)[0], expected, atol=2e-5,
                                           rtol=2e-5, err_msg="not raised, " + message)

    @staticmethod
    def lowered(compile_model, model):
        """Nothing where an operator of the mask can only be raised so far."""
        try:
            return compile_model(model)
        except RuntimeError as error:
            if not re.search(MISSING, str(error)):
                raise
            return None


def where_earlier(graph, low, query="q", key="k", first=None):
    """Where(j > i, low, s) by comparing positions."""
    def build(scores):
        later = graph("Greater", graph.positions(key, 0), graph.positions(query, 1, first))
        return graph("Where", later, graph.constant(low), scores)
    return build


class Causal(MaskTest):
    def test_triangle_of_ones(self):
        for low in (LOWEST, -INFINITY):
            def build(graph, scores):
                shape = graph("Concat", graph.size(), graph.size(), axis=0)
                ones = graph("Expand", graph.constant(1.0), shape)
                lower = graph("Trilu", ones, upper=0)
                hidden = graph("Equal", lower, graph.constant(0.0))
                mask = graph("Where", hidden, graph.constant(low), graph.constant(0.0))
                return graph("Add", scores, mask)
            with self.subTest(low=low):
                self.check(build, causal=True)

    def test_triangle_of_infinity(self):
        def build(graph, scores):
            shape = graph("Concat", graph.size(), graph.size(), axis=0)
            value = numpy_helper.from_array(np.array([-INFINITY], np.float32))
            filled = graph("ConstantOfShape", shape, value=value)
            return graph("Add", scores, graph("Trilu", filled, graph.constant(1, np.int64), upper=1))
        self.check(build, causal=True)

    def test_positions(self):
        for low in (LOWEST, -INFINITY):
            with self.subTest(low=low):
                self.check(lambda g, s: where_earlier(g, low)(s), causal=True)

    def test_positions_as_floats(self):
        def build(graph, scores):
            later = graph("Less", graph.positions("q", 1, dtype=TensorProto.FLOAT),
                          graph.positions("k", 0, dtype=TensorProto.FLOAT))
            return graph("Where", graph("Not", later), scores, graph.constant(LOWEST))
        self.check(build, causal=True)

    def buffer(self, keep):
        def build(graph, scores):
            table = np.tril(np.ones((16, 16), bool))
            mask = graph.constant(table if keep else ~table, bool)
            zero = graph.constant([0], np.int64)
            for axis in (0, 1):
                mask = graph("Slice", mask, zero, graph.size(), graph.constant([axis], np.int64))
            lowest = graph.constant(LOWEST)
            return graph("Where", mask, *((scores, lowest) if keep else (lowest, scores)))
        return build

    def test_buffer(self):
        lengths = [(n, n) for n in LENGTHS if n <= 16]
        for keep in (True, False):
            with self.subTest(keep=keep):
                self.check(self.buffer(keep), causal=True, lengths=lengths)

    def test_buffer_that_is_too_short_is_an_error(self):
        graph = Graph()
        binary = compiled(graph.finish(self.buffer(True)(graph, graph.scores()), False))
        arrays = [np.zeros((1, HEADS, 17, WIDTH), np.float32)] * 3
        with self.assertRaisesRegex(artifact.RunError, "must be equal"):
            binary(*arrays)

    def test_keys_of_the_past(self):
        def build(graph, scores):
            first = graph("Sub", graph.size("k"), graph.size("q"))
            return where_earlier(graph, -INFINITY, first=first)(scores)
        # With fewer keys than queries, the first rows see none.
        self.check(build, causal=True, keys="t",
                   lengths=[(1, 1), (1, 9), (5, 5), (5, 37), (33, 70), (5, 3)])

    def test_infinity_beside_padding(self):
        def build(graph, scores):
            return graph("Add", where_earlier(graph, -INFINITY)(scores), "m")
        def padding(random, _, columns):
            mask = np.where(random.random((2, 1, 1, columns)) < 0.4, LOWEST, 0)
            mask[0, 0, 0, :columns // 2] = LOWEST
            return [mask.astype(np.float32)]
        self.check(build, causal=True, captures=1, extra=padding,
                   inputs=[("m", TensorProto.FLOAT, ["b", 1, 1, "s"])])


class Captured(MaskTest):
    """Masks that are read as they are, with rows that see no key."""

    BIAS = [("m", TensorProto.FLOAT, ["b", 1, 1, "s"])]
    KEEP = [("m", TensorProto.BOOL, ["b", 1, "s", "s"])]

    @staticmethod
    def padding(low):
        def make(random, _, columns):
            mask = np.where(random.random((2, 1, 1, columns)) < 0.4, low, 0)
            mask[1] = low
            return [mask.astype(np.float32)]
        return make

    @staticmethod
    def seen(random, rows, columns):
        keep = random.random((2, 1, rows, columns)) < 0.6
        keep[1, 0, rows // 2] = False
        return [keep]

    def test_additive(self):
        for low in (LOWEST, -INFINITY, -1e4):
            with self.subTest(low=low):
                self.check(lambda g, s: g("Add", s, "m"), False, 1, self.padding(low), self.BIAS)

    def test_extended(self):
        def build(graph, scores):
            hidden = graph("Sub", graph.constant(1.0), graph("Cast", "m", to=TensorProto.FLOAT))
            bias = graph("Mul", graph("Unsqueeze", hidden, graph.constant([1, 2], np.int64)),
                         graph.constant(LOWEST))
            return graph("Add", bias, scores)
        def make(random, _, columns):
            mask = (random.random((2, columns)) < 0.6).astype(np.int64)
            mask[1] = 0
            return [mask]
        self.check(build, False, 1, make, [("m", TensorProto.INT64, ["b", "s"])])

    def test_boolean(self):
        for low in (LOWEST, -INFINITY):
            with self.subTest(low=low):
                self.check(lambda g, s: g("Where", "m", s, g.constant(low)), False, 1,
                           self.seen, self.KEEP)

    def test_boolean_with_rows_of_zero(self):
        def build(graph, scores):
            bias = graph("Where", "m", graph.constant(0.0), graph.constant(-INFINITY))
            return graph("Add", scores, bias)
        self.check(build, False, 1, self.seen, self.KEEP, guard=True)

    def test_lowest_twice(self):
        """Rows whose keys are all hidden spread over what both masks hide."""
        def build(graph, scores):
            table = np.tril(np.ones((16, 16), bool))
            mask = graph.constant(table, bool)
            for axis in (0, 1):
                mask = graph("Slice", mask, graph.constant([0], np.int64), graph.size(),
                             graph.constant([axis], np.int64))
            return graph("Add", graph("Where", mask, scores, graph.constant(LOWEST)), "m")
        def left_padding(_, __, columns):
            mask = np.zeros((2, 1, 1, columns), np.float32)
            mask[0, 0, 0, :columns // 2] = LOWEST
            return [mask]
        self.check(build, False, 1, left_padding, self.BIAS,
                   lengths=[(n, n) for n in LENGTHS if n <= 16])

    def test_soft_cap(self):
        def build(graph, scores):
            cap = graph.constant(2.0)
            return graph("Mul", graph("Tanh", graph("Div", scores, cap)), cap)
        self.check(build, False)

    def test_divisor_of_each_key(self):
        """What lies behind the last key must not count: it may divide by 0."""
        def divisors(random, _, columns):
            return [random.uniform(0.5, 2, (2, 1, 1, columns)).astype(np.float32)]
        self.check(lambda g, s: g("Div", s, "m"), False, 1, divisors, self.BIAS)

    def test_maximum_and_bias_of_heads(self):
        inputs = [("m", TensorProto.FLOAT, [HEADS, 1, "s"])]
        self.check(lambda g, s: g("Max", g("Sub", "m", s), g.constant(-0.25)), False, 1,
                   lambda r, _, n: [r.standard_normal((HEADS, 1, n)).astype(np.float32)], inputs)

    def test_lengths_that_differ_are_an_error(self):
        graph = Graph([("m", TensorProto.FLOAT, [1, 1, 1, "t"])])
        binary = compiled(graph.finish(graph("Add", graph.scores(), "m"), False))
        arrays = [np.zeros((1, HEADS, 9, WIDTH), np.float32)] * 3
        binary(*arrays, np.zeros((1, 1, 1, 9), np.float32))
        with self.assertRaisesRegex(artifact.RunError, "must be equal"):
            binary(*arrays, np.zeros((1, 1, 1, 8), np.float32))


if __name__ == "__main__":
    unittest.main()
