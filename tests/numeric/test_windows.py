# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Files whose masks hide keys by their positions."""

import unittest

import numpy as np
from onnx import TensorProto, numpy_helper

from test_masks import INFINITY, LENGTHS, LOWEST, MaskTest


class Windows(MaskTest):
    """Masks of positions that hide more than later keys."""

    def distance(self, graph, keys="k"):
        """i - j."""
        return graph("Sub", graph.positions("q", 1), graph.positions(keys, 0))

    def near(self, graph, left, right):
        distance = self.distance(graph)
        behind = graph("LessOrEqual", distance, graph.constant(left, np.int64))
        before = graph("GreaterOrEqual", distance, graph.constant(-right, np.int64))
        return graph("And", behind, before)

    def test_comparisons(self):
        for low, right in ((LOWEST, 0), (-INFINITY, 0), (LOWEST, 3)):
            with self.subTest(low=low, right=right):
                self.check(lambda g, s, low=low, right=right: g(
                    "Where", self.near(g, 5, right), s, g.constant(low)),
                    causal=right == 0, mask=True)

    def test_hidden_keys(self):
        def build(graph, scores):
            hidden = graph("Not", self.near(graph, 7, 0))
            bias = graph("Where", hidden, graph.constant(-INFINITY), graph.constant(0.0))
            return graph("Add", scores, bias)
        self.check(build, causal=True, mask=True)

    def test_two_additions(self):
        def build(graph, scores):
            distance, zero = self.distance(graph), graph.constant(0.0)
            for hidden in (graph("Less", distance, graph.constant(0, np.int64)),
                           graph("Greater", distance, graph.constant(9, np.int64))):
                bias = graph("Where", hidden, graph.constant(-INFINITY), zero)
                scores = graph("Add", scores, bias)
            return scores
        self.check(build, causal=True, mask=True)

    def test_two_triangles(self):
        def build(graph, scores):
            ones = graph("Expand", graph.constant(1.0),
                         graph("Concat", graph.size(), graph.size(), axis=0))
            band = graph("Trilu", ones, graph.constant(-4, np.int64), upper=1)
            band = graph("Trilu", band, upper=0)
            hidden = graph("Equal", band, graph.constant(0.0))
            return graph("Where", hidden, graph.constant(LOWEST), scores)
        self.check(build, causal=True, mask=True)

    def test_first_keys_stay(self):
        def build(graph, scores):
            first = graph("Less", graph.positions("k", 0), graph.constant(3, np.int64))
            near = graph("LessOrEqual", self.distance(graph), graph.constant(4, np.int64))
            earlier = graph("GreaterOrEqual", self.distance(graph), graph.constant(0, np.int64))
            keep = graph("And", earlier, graph("Or", near, first))
            return graph("Where", keep, scores, graph.constant(LOWEST))
        self.check(build, causal=True, mask=True)

    def test_buffer(self):
        def build(graph, scores):
            place = np.arange(16)
            mask = graph.constant((place[:, None] >= place) & (place[:, None] - place < 6), bool)
            for axis in (0, 1):
                mask = graph("Slice", mask, graph.constant([0], np.int64), graph.size(),
                             graph.constant([axis], np.int64))
            return graph("Where", mask, scores, graph.constant(LOWEST))
        self.check(build, causal=True, mask=True,
                   lengths=[(n, n) for n in LENGTHS if n <= 16])

    def test_rows_without_keys_get_the_mean(self):
        """A finite number hides nothing in a row where it is everywhere."""
        def build(graph, scores):
            behind = graph("GreaterOrEqual", self.distance(graph), graph.constant(2, np.int64))
            return graph("Where", behind, scores, graph.constant(LOWEST))
        self.check(build, causal=False, mask=True)

    def padded(self, low, window=None):
        """As decoders write it: one boolean of positions and of padding."""
        def build(graph, scores):
            seen = graph("GreaterOrEqual", self.distance(graph), graph.constant(0, np.int64))
            if window:
                near = graph("Less", self.distance(graph), graph.constant(window, np.int64))
                seen = graph("And", seen, near)
            seen = graph("And", seen, "m")
            bias = graph("Where", seen, graph.constant(0.0), graph.constant(low))
            return graph("Add", scores, bias)
        return build

    def test_padding_beside_positions(self):
        def padding(random, _, columns):
            seen = random.random((2, 1, 1, columns)) < 0.7
            seen[0, 0, 0, :columns // 2] = False
            return [seen]
        for low, window in ((LOWEST, None), (-INFINITY, None), (LOWEST, 6)):
            with self.subTest(low=low, window=window):
                self.check(self.padded(low, window), causal=True, captures=1, mask=bool(window),
                           extra=padding, inputs=[("m", TensorProto.BOOL, ["b", 1, 1, "s"])])

    def test_padding_that_is_negated(self):
        def build(graph, scores):
            later = graph("Less", self.distance(graph), graph.constant(0, np.int64))
            hidden = graph("Or", later, "m")
            return graph("Where", hidden, graph.constant(LOWEST), scores)
        self.check(build, causal=True, captures=1,
                   extra=lambda random, _, n: [random.random((2, 1, 1, n)) < 0.4],
                   inputs=[("m", TensorProto.BOOL, ["b", 1, 1, "s"])])

    def test_padding_of_more_keys_is_cut(self):
        """What is cut from a longer flag is captured, not the flag."""
        def build(graph, scores):
            seen = graph("GreaterOrEqual", graph("Sub", graph.positions("q", 1),
                                                 graph.positions("m", 0, dim=3)),
                         graph.constant(0, np.int64))
            bias = graph("Where", graph("And", seen, "m"), graph.constant(0.0),
                         graph.constant(LOWEST))
            cut = graph("Slice", bias, graph.constant([0], np.int64), graph.size(),
                        graph.constant([3], np.int64))
            return graph("Add", scores, cut)
        self.check(build, causal=False, captures=1,
                   extra=lambda random, _, n: [random.random((2, 1, 1, n + 3)) < 0.7],
                   inputs=[("m", TensorProto.BOOL, ["b", 1, 1, "more"])])

    def test_either_positions_or_a_flag(self):
        def build(graph, scores):
            near = graph("LessOrEqual", self.distance(graph), graph.constant(2, np.int64))
            return graph("Where", graph("Or", near, "m"), scores, graph.constant(LOWEST))
        self.check(build, causal=False, captures=1,
                   extra=lambda random, _, n: [random.random((2, 1, 1, n)) < 0.4],
                   inputs=[("m", TensorProto.BOOL, ["b", 1, 1, "s"])])

    def test_unsigned_distances_are_none(self):
        """A negative one wraps, which hides later keys as well."""
        def build(graph, scores):
            distance = graph("Cast", self.distance(graph), to=TensorProto.UINT32)
            near = graph("Less", distance, graph.constant(5, np.uint32))
            return graph("Where", near, scores, graph.constant(-INFINITY))
        self.check(build, causal=False, captures=1)

    def test_halves_of_positions_are_none(self):
        def build(graph, scores):
            count = graph("Cast", graph("Squeeze", graph.size()), to=TensorProto.FLOAT)
            half, one = graph.constant(0.5), graph.constant(1.0)
            places = graph("Range", half, graph("Add", count, half), one)
            key = graph("Unsqueeze", places, graph.constant([0], np.int64))
            earlier = graph("LessOrEqual", key, graph.positions("q", 1, dtype=TensorProto.FLOAT))
            return graph("Where", earlier, scores, graph.constant(-INFINITY))
        self.check(build, causal=False, captures=1)

    def test_negative_fillings_keep_their_sign(self):
        def build(graph, scores):
            value = numpy_helper.from_array(np.array([-1], np.int64))
            shape = graph("Concat", graph.size(), graph.size(), axis=0)
            near = graph("Less", graph("ConstantOfShape", shape, value=value), self.distance(graph))
            return graph("Where", near, scores, graph.constant(LOWEST))
        self.check(build, causal=True)

    def test_infinity_below_a_finite_mask(self):
        """In a row where all earlier keys are padded, the file sees padded later ones."""
        def build(graph, scores):
            earlier = graph("GreaterOrEqual", self.distance(graph), graph.constant(0, np.int64))
            scores = graph("Where", earlier, scores, graph.constant(-INFINITY))
            return graph("Where", "m", scores, graph.constant(LOWEST))
        def padding(random, _, columns):
            seen = random.random((2, 1, 1, columns)) < 0.7
            seen[0, 0, 0, :columns // 2] = False
            return [seen]
        self.check(build, causal=False, captures=1, extra=padding,
                   inputs=[("m", TensorProto.BOOL, ["b", 1, 1, "s"])])

    def test_finite_masks_that_overflow(self):
        """They end as -inf: rows of them are no numbers."""
        def build(graph, scores):
            behind = graph("GreaterOrEqual", self.distance(graph), graph.constant(2, np.int64))
            masked = graph("Where", behind, scores, graph.constant(LOWEST))
            return graph("Mul", masked, graph.constant(8.0))
        self.check(build, causal=False, captures=1)

    def test_rows_without_keys(self):
        def build(graph, scores):
            behind = graph("GreaterOrEqual", self.distance(graph), graph.constant(2, np.int64))
            return graph("Where", behind, scores, graph.constant(-INFINITY))
        self.check(build, causal=False, mask=True)

    def test_another_position_is_another_mask(self):
        """Products of positions, and sizes that are not the number of keys."""
        def build(graph, scores):
            row = graph.positions("q", 1)
            keep = graph("LessOrEqual", graph.positions("k", 0), graph("Mul", row, row))
            return graph("Where", keep, scores, graph.constant(LOWEST))
        self.check(build, causal=False, captures=1)


if __name__ == "__main__":
    unittest.main()
