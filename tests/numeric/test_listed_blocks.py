# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Attention over listed blocks, other weights than softmax's, and sums of weights."""

import unittest

import numpy as np

import artifact
from test_attention import CPUS, host_runs

HEADS, KEY_HEADS, WIDTH, VALUES = 4, 2, 20, 13


def model(flags="", lists="", lse=False, mapped=False):
    """`lists`: the batch and head sizes of the lists; `mapped`: with a bias per key."""
    q, k, v = (f"tensor<2x{heads}x?x{width}xf32>" for heads, width in
               ((HEADS, WIDTH), (KEY_HEADS, WIDTH), (KEY_HEADS, VALUES)))
    out = f"tensor<2x{HEADS}x?x{VALUES}xf32>"
    counts, blocks = f"tensor<{lists}x?xi32>", f"tensor<{lists}x?x?xi32>"
    sums = f"tensor<2x{HEADS}x?xf32>"
    results, named = (f"{out}, {sums}", "%o, %l") if lse else (out, "%o")
    extra = f", %c: {counts}, %n: {blocks}" if lists else ""
    operands = f"blocks(%c, %n : {counts}, {blocks})" if lists else ""
    capture = "captures(%b : tensor<?xf32>)" if mapped else ""
    maps = "affine_map<(b, h, i, j) -> (j)>" if mapped else ""
    body = ("""^bb0(%s: f32, %x: f32):
      %r = arith.addf %s, %x : f32
      attn.yield %r : f32""" if mapped else """^bb0(%s: f32):
      attn.yield %s : f32""")
    bias = ", %b: tensor<?xf32>" if mapped else ""
    return f"""
func.func @main(%q: {q}, %k: {k}, %v: {v}{bias}{extra}) -> ({results}) {{
  {named} = attn.attention query(%q : {q}) key(%k : {k}) value(%v : {v}) {capture} {operands}
      attributes {{scale = 0.3 : f64, capture_maps = [{maps}]{flags}}} {{
    {body}
  }} -> {results}
  return {named} : {results}
}}"""


def tensors(queries, keys, seed=0):
    draw = np.random.default_rng(seed).standard_normal
    return (draw((2, HEADS, queries, WIDTH)).astype(np.float32),
            draw((2, KEY_HEADS, keys, WIDTH)).astype(np.float32),
            draw((2, KEY_HEADS, keys, VALUES)).astype(np.float32))


def scores(q, k):
    return 0.3 * q.astype(float) @ np.repeat(k, 2, 1).swapaxes(-1, -2)


def apply(weights, v):
    return weights @ np.repeat(v, 2, 1)


def softmax(s, seen):
    """Weights, and the logarithm of their sums."""
    s = np.where(seen, s, -np.inf)
    highest = np.where(seen.any(-1, keepdims=True), s.max(-1, keepdims=True), 0)
    weights = np.exp(s - highest)
    total = weights.sum(-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return weights / np.where(total > 0, total, 1), (highest + np.log(total))[..., 0]


def causal(queries, keys):
    return np.arange(keys) <= np.arange(queries)[:, None] + keys - queries


class Tests(unittest.TestCase):
    def close(self, got, wanted, tolerance=2e-5):
        got, wanted = (x[0] if isinstance(x, (list, tuple)) else x for x in (got, wanted))
        np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)

    def lists(self, queries, keys, query_block, key_block, batch, heads, seed=1):
        """Random lists with room to spare that holds nonsense; what they show."""
        draw = np.random.default_rng(seed)
        rows, columns = -(-queries // query_block), -(-keys // key_block)
        marks = draw.random((batch, heads, rows, columns)) < 0.4
        counts = marks.sum(-1).astype(np.int32)
        blocks = np.full((*marks.shape[:-1], columns + 2), 2**30, np.int32)
        for at in np.ndindex(*marks.shape[:-1]):
            blocks[at][:counts[at]] = np.flatnonzero(marks[at])
        seen = np.repeat(np.repeat(marks, query_block, 2), key_block, 3)
        return counts, blocks, seen[:, :, :queries, :keys]

    def test_listed_blocks(self):
        for cpu in filter(host_runs, CPUS):
            for sizes, lists in (((64, 64), "2x4"), ((48, 8), "1x1"), ((7, 5), "2x1"),
                                 ((128, 512), "1x4"), ((67, 64), "1x1")):
                flags = f", query_block = {sizes[0]} : i64, key_block = {sizes[1]} : i64"
                plain, masked = (artifact.compile_text(
                    model(flags + also, lists), "--cpu", cpu) for also in ("", ", causal"))
                for queries, keys in ((1, 100), (130, 130), (70, 333), (260, 600)):
                    q, k, v = tensors(queries, keys)
                    counts, blocks, seen = self.lists(
                        queries, keys, *sizes, *map(int, lists.split("x")))
                    for binary, also in ((plain, True), (masked, causal(queries, keys))):
                        with self.subTest(cpu=cpu, sizes=sizes, lists=lists,
                                          queries=queries, causal=also is not True):
                            weights, _ = softmax(scores(q, k), seen & also)
                            self.close(binary(q, k, v, counts, blocks),
                                       apply(weights, v))

    def test_lists_are_bounded(self):
        """Counts above the room and blocks that there are not read nothing else."""
        binary = artifact.compile_text(model(", query_block = 8 : i64, key_block = 16 : i64",
                                             "1x1"))
        q, k, v = tensors(8, 40)
        counts = np.array([[[2**31 - 1]]], np.int32)
        blocks = np.array([[[[1, -1, 3, 2**31 - 1, -2**31]]]], np.int32)
        seen = np.broadcast_to((np.arange(40) // 16 == 1), (8, 40))
        weights, _ = softmax(scores(q, k), seen)
        self.close(binary(q, k, v, counts, blocks), apply(weights, v))

    def test_only_what_is_listed_is_computed(self):
        """Not a number shows wherever it is multiplied, with weight 0 as well."""
        for key_block in (64, 512):
            binary = artifact.compile_text(
                model(f", query_block = 64 : i64, key_block = {key_block} : i64", "1x1"))
            columns = 4
            q, k, v = tensors(130, columns * key_block)
            marks = np.array([[1, 0, 0, 1], [0, 0, 1, 0], [1, 0, 1, 1]], bool)
            hidden = slice(key_block, 2 * key_block)
            k[..., hidden, :] = v[..., hidden, :] = np.nan
            counts = marks.sum(-1).astype(np.int32)[None, None]
            blocks = np.zeros((1, 1, 3, columns), np.int32)
            for row in range(3):
                blocks[0, 0, row, :counts[0, 0, row]] = np.flatnonzero(marks[row])
            seen = np.repeat(np.repeat(marks, 64, 0), key_block, 1)[:130]
            weights, _ = softmax(np.where(seen, scores(q, k), 0), seen)
            self.close(binary(q, k, v, counts, blocks), apply(weights, np.nan_to_num(v)))

    def test_sizes_of_lists_are_checked(self):
        binary = artifact.compile_text(model(", query_block = 64 : i64, key_block = 64 : i64",
                                             "?x4"))
        q, k, v = tensors(130, 130)
        for counts, blocks in (((2, 4, 2), (2, 4, 2, 3)), ((2, 4, 3), (2, 4, 2, 3)),
                               ((3, 4, 3), (3, 4, 3, 3)), ((2, 4, 4), (2, 4, 4, 3))):
            with self.assertRaisesRegex(artifact.RunError, "lists of blocks have other sizes"):
                binary(q, k, v, np.zeros(counts, np.int32), np.zeros(blocks, np.int32))

    def test_no_queries_and_no_keys(self):
        """Also where keys have no rows to read."""
        q, o = "tensor<1x2x?x8xf32>", "tensor<1x2x?x5xf32>"
        for k, layout in ((q, "0, 1, 2, 3"), ("tensor<1x2x8x?xf32>", "0, 1, 3, 2")):
            binary = artifact.compile_text(f"""
func.func @main(%q: {q}, %k: {k}, %v: {o}) -> {o} {{
  %o = attn.attention query(%q : {q}) key(%k : {k}) value(%v : {o})
      attributes {{scale = 0.3 : f64, capture_maps = [], key_layout = array<i64: {layout}>}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32
  }} -> {o}
  return %o : {o}
}}""")
            for queries, keys in ((0, 5), (40, 0), (0, 0)):
                shape = (1, 2, keys, 8) if k == q else (1, 2, 8, keys)
                (result,) = binary(np.ones((1, 2, queries, 8), np.float32),
                                   np.ones(shape, np.float32),
                                   np.ones((1, 2, keys, 5), np.float32))
                self.assertEqual(result.shape, (1, 2, queries, 5))
                self.assertFalse(result.any())

    def test_widths_that_are_known_at_run_time(self):
        q, o = "tensor<1x2x?x?xf32>", "tensor<1x2x?x5xf32>"
        binary = artifact.compile_text(f"""
func.func @main(%q: {q}, %k: {q}, %v: {o}) -> {o} {{
  %o = attn.attention query(%q : {q}) key(%k : {q}) value(%v : {o})
      attributes {{scale = 0.01 : f64, capture_maps = []}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32
  }} -> {o}
  return %o : {o}
}}""")
        draw = np.random.default_rng(4).standard_normal
        for width in (3, 70000):
            q, k = (draw((1, 2, 9, width)).astype(np.float32) for _ in range(2))
            v = draw((1, 2, 9, 5)).astype(np.float32)
            s = 0.01 * q.astype(float) @ k.swapaxes(-1, -2)
            weights, _ = softmax(s, np.ones(s.shape, bool))
            self.close(binary(q, k, v), weights @ v, 1e-4)

    def test_sums_of_weights(self):
        for cpu in filter(host_runs, CPUS):
            binary = artifact.compile_text(
                model(", causal, mask = [affine_set<(i, j) : (j - 3 >= 0)>]", lse=True),
                "--cpu", cpu)
            for queries, keys in ((1, 100), (9, 9), (130, 130), (70, 333)):
                with self.subTest(cpu=cpu, queries=queries):
                    q, k, v = tensors(queries, keys)
                    weights, sums = softmax(scores(q, k),
                                            causal(queries, keys) & (np.arange(keys) >= 3))
                    result, lse = binary(q, k, v)
                    self.close(result, apply(weights, v))
                    self.close(lse, sums)

    def test_power(self):
        for cpu in filter(host_runs, CPUS):
            for degree in (2, 8):
                binary = artifact.compile_text(
                    model(f", causal, normaliser = #kernel.power<degree = {degree}, eps = 0.125>"),
                    "--cpu", cpu)
                for queries, keys in ((1, 100), (3, 40), (130, 130), (300, 333)):
                    with self.subTest(cpu=cpu, degree=degree, queries=queries):
                        q, k, v = tensors(queries, keys)
                        raised = np.where(causal(queries, keys), scores(q, k), 0) ** degree
                        weights = raised / (raised.sum(-1, keepdims=True) + 0.125)
                        self.close(binary(q, k, v), apply(weights, v))

    def test_power_of_extreme_scores(self):
        """What is divided by the largest score neither overflows nor vanishes."""
        binary = artifact.compile_text(model(", normaliser = #kernel.power<degree = 8, eps = 0.0>"))
        q, k, v = tensors(130, 150)
        wanted = binary(q, k, v)
        for factor in (1e-12, -1e15):
            self.close(binary(np.float32(factor) * q, k, v), wanted)
        self.assertEqual(abs(binary(0 * q, k, v)[0]).max(), 0)

    def test_power_sum(self):
        binary = artifact.compile_text(
            model(", causal, normaliser = #kernel.power_sum<degree = 4, bound = 2.5>",
                  mapped=True))
        for queries, keys in ((1, 100), (130, 130)):
            q, k, v = tensors(queries, keys)
            bias = np.linspace(-1, 1, keys, dtype=np.float32)
            weights = (np.where(causal(queries, keys), scores(q, k) + bias, 0) / 2.5) ** 4
            self.close(binary(q, k, v, bias), apply(weights, v), 2e-4)

    def test_clipped_softmax(self):
        for cpu in filter(host_runs, CPUS):
            for low, high in ((-0.02, 1.0), (-0.3, 1.5), (0.0, 1.0)):
                binary = artifact.compile_text(
                    model(", causal, mask = [affine_set<(i, j) : (i - 2 >= 0)>], normaliser = "
                          f"#kernel.clipped_softmax<low = {low}, high = {high}>"), "--cpu", cpu)
                for queries, keys in ((1, 100), (3, 3), (130, 130), (300, 333)):
                    with self.subTest(cpu=cpu, low=low, queries=queries):
                        q, k, v = tensors(queries, keys)
                        rows = np.arange(queries)[:, None] + keys - queries >= 2
                        weights, _ = softmax(scores(q, k), causal(queries, keys) & rows)
                        weights = np.clip((high - low) * weights + low, 0, 1)
                        self.close(binary(q, k, v), apply(weights, v))

    def test_layouts_of_values_and_results(self):
        """Columns that lie apart in memory."""
        k = "tensor<1x2x40x8xf32>"
        for queries in (3, 40):
            shape = f"tensor<1x2x5x{queries}xf32>"
            text = f"""
func.func @main(%q: tensor<1x2x{queries}x8xf32>, %k: {k}, %v: tensor<1x2x5x40xf32>) -> {shape} {{
  %o = attn.attention query(%q : tensor<1x2x{queries}x8xf32>) key(%k : {k})
      value(%v : tensor<1x2x5x40xf32>)
      attributes {{scale = 0.3 : f64, capture_maps = [], value_layout = array<i64: 0, 1, 3, 2>,
                   output_layout = array<i64: 0, 1, 3, 2>}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32
  }} -> {shape}
  return %o : {shape}
}}"""
            draw = np.random.default_rng(3).standard_normal
            q, keys, values = (draw(shape).astype(np.float32)
                               for shape in ((1, 2, queries, 8), (1, 2, 40, 8), (1, 2, 5, 40)))
            s = 0.3 * q.astype(float) @ keys.swapaxes(-1, -2)
            weights, _ = softmax(s, np.ones(s.shape, bool))
            self.close(artifact.compile_text(text)(q, keys, values),
                       (weights @ values.swapaxes(-1, -2)).swapaxes(-1, -2))


if __name__ == "__main__":
    unittest.main()
