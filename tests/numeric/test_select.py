# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operations that choose keys, and the merge of what was chosen, against NumPy."""

import itertools
import unittest

import numpy as np

import artifact
from test_attention import CPUS, host_runs


def function(arguments, body, results):
    """MLIR of one function; `arguments` and `results` are names and types."""
    listed = ", ".join(f"%{name}: {kind}" for name, kind in arguments.items())
    kinds = ", ".join(results.values())
    names = ", ".join(f"%{name}" for name in results)
    return f"func.func @main({listed}) -> ({kinds}) {{\n{body}\nreturn {names} : {kinds}\n}}"


def processors():
    return [cpu for cpu in CPUS if host_runs(cpu)]


def draw(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


# -- attn.merge ---------------------------------------------------------------


def attention(q, k, v):
    """Softmax attention in float64 and the logarithms of the sums of its weights."""
    scores = q.astype(float) @ k.astype(float).swapaxes(-1, -2)
    if k.shape[-2] == 0:
        return np.zeros(q.shape[:-1] + v.shape[-1:]), np.full(q.shape[:-1], -np.inf)
    most = scores.max(-1, keepdims=True)
    weights = np.exp(scores - most)
    total = weights.sum(-1, keepdims=True)
    return weights @ v / total, (most + np.log(total))[..., 0]


def merge(parts, sums):
    sums = np.stack(sums).astype(float)
    most = sums.max(0)
    base = np.where(np.isfinite(most), most, 0)
    weights = np.exp(sums - base)
    total = weights.sum(0)
    shares = weights / np.where(total > 0, total, 1)
    seen = np.where(shares[..., None] > 0, np.stack(parts), 0)
    with np.errstate(divide="ignore"):
        return (shares[..., None] * seen).sum(0), base + np.log(total)


def merge_model(count, width, layout=(0, 1, 2, 3)):
    sizes = ["?", "?", "?", width]
    part = "tensor<" + "x".join(str(sizes[dim]) for dim in layout) + "xf32>"
    total = "tensor<?x?x?xf32>"
    parts, sums = [f"p{i}" for i in range(count)], [f"s{i}" for i in range(count)]
    operands = [", ".join(f"%{name}" for name in names) + " : " + ", ".join([kind] * count)
                for names, kind in ((parts, part), (sums, total))]
    order = ", ".join(map(str, layout))
    return function(
        {name: part for name in parts} | {name: total for name in sums},
        f"%o, %l = attn.merge results({operands[0]}) sums({operands[1]}) "
        f"{{layout = array<i64: {order}>}} -> {part}, {total}", {"o": part, "l": total})


class Merge(unittest.TestCase):
    def test_matches_reference_on_every_processor(self):
        for cpu, (count, width) in itertools.product(processors(), [(1, 4), (2, 5), (4, 17)]):
            binary = artifact.compile_text(merge_model(count, width), "--cpu", cpu)
            for shape in [(1, 1, 1), (2, 3, 7), (1, 2, 65)]:
                parts = [draw(i, *shape, width) for i in range(count)]
                sums = [20 * draw(50 + i, *shape) for i in range(count)]
                for got, wanted in zip(binary(*parts, *sums), merge(parts, sums)):
                    np.testing.assert_allclose(got, wanted, atol=3e-6, rtol=3e-6)

    def test_layouts(self):
        for layout in [(0, 2, 1, 3), (3, 1, 0, 2)]:
            binary = artifact.compile_text(merge_model(2, 6, layout))
            parts = [draw(i, 2, 3, 9, 6) for i in range(2)]
            sums = [draw(5 + i, 2, 3, 9) for i in range(2)]
            got = binary(*(part.transpose(layout) for part in parts), *sums)[0]
            np.testing.assert_allclose(got.transpose(np.argsort(layout)),
                                       merge(parts, sums)[0], atol=1e-6)

    def test_parts_of_keys_give_attention_over_all(self):
        q, k, v = draw(0, 2, 3, 21, 8), draw(1, 2, 3, 40, 8), draw(2, 2, 3, 40, 5)
        binary = artifact.compile_text(merge_model(3, 5))
        edges = [0, 1, 25, 40]
        pieces = [attention(q, k[:, :, a:b], v[:, :, a:b]) for a, b in zip(edges, edges[1:])]
        got = binary(*(piece[0] for piece in pieces), *(piece[1] for piece in pieces))
        for one, other in zip(got, attention(q, k, v)):
            np.testing.assert_allclose(one, other, atol=1e-5)

    def test_rows_without_keys(self):
        binary = artifact.compile_text(merge_model(2, 5))
        parts = [draw(i, 1, 2, 4, 5) for i in range(2)]
        sums = [draw(5 + i, 1, 2, 4) for i in range(2)]
        sums[0][0, 0, :2], sums[1][0, 0, 1] = -np.inf, -np.inf
        parts[0][0, 0, 0] = np.nan
        result, total = binary(*parts, *sums)
        np.testing.assert_array_equal(result[0, 0, 0], parts[1][0, 0, 0])
        np.testing.assert_allclose(total[0, 0, 0], sums[1][0, 0, 0], rtol=1e-6)
        np.testing.assert_array_equal(result[0, 0, 1], 0)
        self.assertEqual(total[0, 0, 1], -np.inf)
        self.assertFalse(np.isnan(result).any() or np.isnan(total).any())


# -- attn.pool ----------------------------------------------------------------


def pool(x, block, kinds):
    """x is [B,H,L,D]; the last block may be short."""
    codes = dict(avg=np.mean, max=np.max, min=np.min)
    parts = [x[:, :, at:at + block].astype(float) for at in range(0, x.shape[2], block)]
    return np.stack([np.concatenate([codes[kind](part, axis=2) for kind in kinds], -1)
                     for part in parts], 2)


class Pool(unittest.TestCase):
    def model(self, block, kinds, heads, width, layout=(0, 1, 2, 3)):
        sizes = ["?", heads, "?", width]
        given = "tensor<" + "x".join(str(sizes[dim]) for dim in layout) + "xf32>"
        result = f"tensor<?x{heads}x?x{len(kinds) * width}xf32>"
        listed = ", ".join(f'"{kind}"' for kind in kinds)
        order = ", ".join(map(str, layout))
        return function({"x": given}, f"%y = attn.pool [{listed}] %x {{block = {block} : i64, "
                        f"layout = array<i64: {order}>}} : {given} -> {result}", {"y": result})

    def test_matches_reference_on_every_processor(self):
        cases = [(1, ["avg"]), (4, ["max", "min", "avg"]), (7, ["avg", "max"]), (64, ["min"])]
        for cpu, (block, kinds) in itertools.product(processors(), cases):
            binary = artifact.compile_text(self.model(block, kinds, 3, 17), "--cpu", cpu)
            for batch, length in [(1, 1), (2, 6), (2, 7), (1, 64), (2, 130)]:
                x = draw(length, batch, 3, length, 17)
                np.testing.assert_allclose(binary(x)[0], pool(x, block, kinds), atol=1e-6,
                                           err_msg=f"{cpu} {block} {kinds} {length}")

    def test_layouts(self):
        x = draw(0, 2, 3, 10, 5)
        for layout in [(0, 2, 1, 3), (0, 1, 3, 2)]:
            binary = artifact.compile_text(self.model(4, ["avg", "min"], 3, 5, layout))
            np.testing.assert_allclose(binary(x.transpose(layout))[0],
                                       pool(x, 4, ["avg", "min"]), atol=1e-6)

    def test_blocks_of_one_position_are_the_input(self):
        x = draw(0, 1, 3, 9, 5)
        binary = artifact.compile_text(self.model(1, ["max", "avg"], 3, 5))
        np.testing.assert_array_equal(binary(x)[0], np.concatenate([x, x], -1))

    def test_nan_stays_in_its_block(self):
        x = draw(0, 1, 1, 9, 2)
        x[0, 0, 5, 1] = np.nan
        got = artifact.compile_text(self.model(4, ["max", "min", "avg"], 1, 2))(x)[0]
        np.testing.assert_array_equal(np.isnan(got), np.isnan(pool(x, 4, ["max", "min", "avg"])))


# -- attn.select --------------------------------------------------------------


def select(x, top):
    """Marks the `top` elements of each row that come first."""
    marks = np.zeros(x.shape, bool)
    order = np.argsort(np.where(np.isnan(x), np.inf, -x), -1, kind="stable")
    np.put_along_axis(marks, order[..., :top], True, -1)
    return marks


class Select(unittest.TestCase):
    def model(self, rule, shape="2x?x?", count=""):
        given, marks = f"tensor<{shape}xf32>", f"tensor<{shape}xi1>"
        arguments = {"x": given} | ({"n": "tensor<1xi64>"} if count else {})
        head = "" if not count else """
  %zero = arith.constant 0 : index
  %i = tensor.extract %n[%zero] : tensor<1xi64>
  %k = arith.index_cast %i : i64 to index
"""
        return function(arguments, f"{head}%m = attn.select %x {count} {rule} : {given} -> {marks}",
                        {"m": marks})

    def test_largest_elements(self):
        for top in (1, 2, 7, 40):
            binary = artifact.compile_text(self.model(f"{{top = {top} : i64}}"))
            for rows, length in [(1, 1), (3, 7), (5, 33), (2, 700)]:
                x = draw(length, 2, rows, length)
                np.testing.assert_array_equal(binary(x)[0], select(x, top))

    def test_equal_elements_go_by_place(self):
        x = np.random.default_rng(0).integers(0, 3, (2, 20, 31)).astype(np.float32)
        for top in (1, 5, 30, 31):
            binary = artifact.compile_text(self.model(f"{{top = {top} : i64}}"))
            np.testing.assert_array_equal(binary(x)[0], select(x, top))

    def test_counts_that_are_known_when_it_runs(self):
        binary = artifact.compile_text(self.model("", count="count %k"))
        x = draw(0, 2, 3, 9)
        for count in (-1, 0, 1, 5, 9, 100):
            np.testing.assert_array_equal(binary(x, [count])[0], select(x, max(count, 0)))

    def test_nan_and_infinity(self):
        inf, nan = np.inf, np.nan
        x = np.array([[nan, 1, -inf, nan], [inf, nan, 2, inf], [nan, nan, nan, nan]], np.float32)
        x = np.stack([x, x])
        for top in (1, 2, 3):
            binary = artifact.compile_text(self.model(f"{{top = {top} : i64}}"))
            np.testing.assert_array_equal(binary(x)[0][0, 1], select(x, top)[0, 1])
        got = artifact.compile_text(self.model("{top = 3 : i64}"))(x)[0][0]
        np.testing.assert_array_equal(got, [[1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 1, 0]])
        got = artifact.compile_text(self.model("{threshold = 1.0 : f64}"))(x)[0][0]
        np.testing.assert_array_equal(got, [[0, 0, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0]])

    def test_thresholds(self):
        for bound in (-10.0, 0.0, 0.25, 10.0):
            binary = artifact.compile_text(self.model(f"{{threshold = {bound} : f64}}"))
            x = draw(3, 2, 5, 33)
            x[0, 0, 0] = bound
            np.testing.assert_array_equal(binary(x)[0], x > bound)

    def test_one_row(self):
        binary = artifact.compile_text(self.model("{top = 2 : i64}", "5"))
        np.testing.assert_array_equal(binary(np.float32([1, 3, 2, 3, 0]))[0], [0, 1, 0, 1, 0])


# -- attn.block_list ----------------------------------------------------------


def block_list(mask, capacity):
    counts = np.minimum(mask.sum(-1), capacity)
    order = np.argsort(~mask, -1, kind="stable")[..., :capacity]
    return counts, np.where(np.arange(order.shape[-1]) < counts[..., None], order, 0)


class BlockList(unittest.TestCase):
    def model(self, shape, capacity):
        mask, rows = f"tensor<{shape}xi1>", shape.rsplit("x", 1)[0]
        counts, blocks = f"tensor<{rows}xi32>", f"tensor<{rows}x{capacity}xi32>"
        return function({"m": mask}, f"%c, %b = attn.block_list %m : {mask} -> {counts}, {blocks}",
                        {"c": counts, "b": blocks})

    def check(self, binary, mask, capacity):
        for got, wanted in zip(binary(mask), block_list(mask, capacity)):
            np.testing.assert_array_equal(got, wanted)

    def test_matches_reference(self):
        binary = artifact.compile_text(self.model("?x?x?x?", "?"))
        random = np.random.default_rng(0)
        for shape in [(1, 1, 1, 1), (1, 3, 5, 8), (2, 1, 7, 33), (2, 3, 4, 130)]:
            for share in (0, 0.1, 0.9, 1):
                self.check(binary, random.random(shape) < share, shape[-1])

    def test_capacity(self):
        binary = artifact.compile_text(self.model("1x2x6x20", 5))
        for share in (0.05, 0.3, 1):
            mask = np.random.default_rng(1).random((1, 2, 6, 20)) < share
            self.check(binary, mask, 5)

    def test_constant_masks(self):
        mask = np.random.default_rng(2).random((1, 2, 3, 4)) < 0.5
        counts, blocks = "tensor<1x2x3xi32>", "tensor<1x2x3x4xi32>"
        listed = str(mask.astype(int).tolist())
        text = function({"x": "tensor<1xf32>"}, f"""
  %m = arith.constant dense<{listed}> : tensor<1x2x3x4xi1>
  %c, %b = attn.block_list %m : tensor<1x2x3x4xi1> -> {counts}, {blocks}""",
                        {"c": counts, "b": blocks})
        binary = artifact.compile_text(text)
        for got, wanted in zip(binary(np.zeros(1, np.float32)), block_list(mask, 4)):
            np.testing.assert_array_equal(got, wanted)


# -- attn.bucket and attn.hash_codes ------------------------------------------


def gray_sequence(bits):
    """Rank by code: each code differs from the one of the rank before in one bit."""
    codes = np.arange(2**bits)
    ranks = np.empty_like(codes)
    ranks[codes ^ (codes >> 1)] = codes
    return ranks


class Buckets(unittest.TestCase):
    def test_orders_are_stable_and_inverse(self):
        kind = "tensor<?x?x?xi32>"
        binary = artifact.compile_text(function(
            {"c": kind}, f"%o, %i = attn.bucket %c : {kind}", {"o": kind, "i": kind}))
        random = np.random.default_rng(0)
        for shape in [(1, 1, 1), (2, 3, 9), (1, 2, 128), (3, 1, 1001)]:
            for most in (1, 3, 200):
                codes = random.integers(-most, most, shape).astype(np.int32)
                order, inverse = binary(codes)
                np.testing.assert_array_equal(order, np.argsort(codes, -1, kind="stable"))
                np.testing.assert_array_equal(inverse, np.argsort(order, -1))

    def model(self, width, planes, layout=(0, 1, 2, 3)):
        sizes = ["?", 2, "?", width]
        x = "tensor<" + "x".join(str(sizes[dim]) for dim in layout) + "xf32>"
        r, c = f"tensor<{width}x{planes}xf32>", "tensor<?x2x?xi32>"
        order = ", ".join(map(str, layout))
        return function({"x": x, "r": r}, f"%c = attn.hash_codes %x planes(%r : {r}) "
                        f"{{layout = array<i64: {order}>}} : {x} -> {c}", {"c": c})

    def test_codes_of_vectors(self):
        for (width, planes), layout in itertools.product(
                [(1, 1), (5, 3), (16, 7), (64, 31)], [(0, 1, 2, 3), (0, 2, 1, 3)]):
            binary = artifact.compile_text(self.model(width, planes, layout))
            for batch, length in [(1, 1), (2, 33)]:
                x, r = draw(length, batch, 2, length, width), draw(7, width, planes)
                sides = x.astype(float) @ r.astype(float)
                self.assertGreater(np.abs(sides).min(), 1e-6)
                codes = ((sides > 0) << np.arange(planes)).sum(-1)
                ranks, shifted = codes.copy(), codes >> 1
                while shifted.any():
                    ranks, shifted = ranks ^ shifted, shifted >> 1
                np.testing.assert_array_equal(binary(x.transpose(layout), r)[0], ranks)

    def test_codes_are_ranks_of_the_gray_sequence(self):
        # Planes along the axes: the signs of a vector are the bits of its code.
        signs = np.arange(32)[:, None] >> np.arange(5) & 1
        x = np.broadcast_to(2 * signs - 1, (1, 2, 32, 5)).astype(np.float32)
        got = artifact.compile_text(self.model(5, 5))(x, np.eye(5, dtype=np.float32))[0]
        np.testing.assert_array_equal(got[0, 0], gray_sequence(5))


if __name__ == "__main__":
    unittest.main()
