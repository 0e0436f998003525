# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Masks of integer sets against float64 NumPy."""

import unittest

import numpy as np

import artifact
from test_attention import CPUS, host_runs

# Each: the sets as MLIR, and which of the positions i and keys j of n they hold.
MASKS = {
    "window": ("affine_set<(i, j) : (i - j >= 0, 37 - i + j >= 0)>",
               lambda i, j, n: (i - j >= 0) & (i - j <= 37)),
    "window and first": ("affine_set<(i, j) : (i - j >= 0, 70 - i + j >= 0)>, "
                         "affine_set<(i, j) : (i - j >= 0, 3 - j >= 0)>",
                         lambda i, j, n: (i >= j) & ((i - j <= 70) | (j < 4))),
    "both sides": ("affine_set<(i, j) : (i - j + 5 >= 0, 9 - i + j >= 0)>",
                   lambda i, j, n: (j - i <= 5) & (i - j <= 9)),
    "global": ("affine_set<(i, j) : (1 - i >= 0)>, affine_set<(i, j)[n] : (j - n + 2 >= 0)>, "
               "affine_set<(i, j) : (i - j + 20 >= 0, 20 - i + j >= 0)>",
               lambda i, j, n: (i < 2) | (j >= n - 2) | (abs(i - j) <= 20)),
    "blocks": ("affine_set<(i, j) : (i floordiv 24 - j floordiv 24 == 0)>",
               lambda i, j, n: i // 24 == j // 24),
    "causal blocks": ("affine_set<(i, j) : (i floordiv 24 - j floordiv 24 >= 0, "
                      "1 - i floordiv 24 + j floordiv 24 >= 0)>",
                      lambda i, j, n: (i // 24 >= j // 24) & (i // 24 - j // 24 <= 1)),
    "strides": ("affine_set<(i, j) : ((i - j) mod 7 == 0, i - j >= 0)>, "
                "affine_set<(i, j) : (i - j >= 0, 3 - i + j >= 0)>",
                lambda i, j, n: (i >= j) & (((i - j) % 7 == 0) | (i - j <= 3))),
    "ends of blocks": ("affine_set<(i, j) : (j mod 16 - 13 >= 0, i - j >= 0)>",
                       lambda i, j, n: (j % 16 >= 13) & (i >= j)),
    "multiples": ("affine_set<(i, j) : (i - j * 3 >= 0, j * 2 - i + 60 >= 0)>",
                  lambda i, j, n: (i >= 3 * j) & (2 * j - i + 60 >= 0)),
    "far apart": ("affine_set<(i, j) : (40 - j >= 0, 30 - i >= 0)>, "
                  "affine_set<(i, j) : (j - 600 >= 0, 640 - j >= 0)>",
                  lambda i, j, n: ((j <= 40) & (i <= 30)) | ((j >= 600) & (j <= 640))),
    "farther than 32 bits": ("affine_set<(i, j) : (i - j >= 0, 5000000000 - i + j >= 0)>",
                             lambda i, j, n: i >= j),
    "steps of more than 32 bits": ("affine_set<(i, j) : (i * 20000000 - j * 40000000 >= 0)>",
                                   lambda i, j, n: i >= 2 * j),
    "nothing": ("affine_set<(i, j) : (-1 >= 0)>", lambda i, j, n: (i < 0) & (i > 0) & (j > 0)),
}
LENGTHS = [(1, 1), (1, 700), (5, 300), (33, 33), (50, 700), (290, 290), (40, 9)]


def reference(q, k, v, seen, scale=0.3):
    """q [..,L,D], k and v [..,S,D]; seen [L,S]. A row without keys is 0."""
    scores = np.where(seen, q.astype(float) @ k.swapaxes(-1, -2) * scale, -np.inf)
    highest = scores.max(-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isfinite(highest), highest, 0))
    total = weights.sum(-1, keepdims=True)
    return (weights @ v) / np.where(total > 0, total, 1)


def model(sets, flags):
    tensor = "tensor<1x3x?x8xf32>"
    return f"""
func.func @main(%q: {tensor}, %k: {tensor}, %v: {tensor}) -> {tensor} {{
  %o = attn.attention query(%q : {tensor}) key(%k : {tensor}) value(%v : {tensor})
      attributes {{{flags}scale = 0.3 : f64, capture_maps = [], mask = [{sets}]}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32
  }} -> {tensor}
  return %o : {tensor}
}}"""


class MaskSets(unittest.TestCase):
    def check(self, name, cpu, flags=""):
        sets, inside = MASKS[name]
        binary = artifact.compile_text(model(sets, flags), "--cpu", cpu)
        random = np.random.default_rng(len(name))
        for rows, keys in LENGTHS:
            q = random.standard_normal((3, rows, 8)).astype(np.float32)
            k, v = random.standard_normal((2, 3, keys, 8)).astype(np.float32)
            i = np.arange(rows)[:, None] + (0 if "top_left" in flags else keys - rows)
            j = np.arange(keys)[None]
            seen = inside(i, j, keys) & ((i >= j) if "causal" in flags else True)
            (result,) = binary(q[None], k[None], v[None])
            np.testing.assert_allclose(
                result[0], reference(q, k, v, seen), atol=2e-5, rtol=0,
                err_msg=f"{name} {flags}, {rows} queries, {keys} keys, {cpu}")

    def test_every_mask(self):
        for name in MASKS:
            self.check(name, "native")

    def test_other_processors(self):
        for cpu in filter(host_runs, CPUS):
            self.check("window and first", cpu)

    def test_with_causal_and_from_the_top_left(self):
        for flags in ("causal, ", "causal, top_left, "):
            self.check("both sides", "native", flags)
            self.check("strides", "native", flags)

    def test_keys_out_of_range_are_not_read(self):
        """Not a number shows wherever it is multiplied, with weight 0 as well."""
        binary = artifact.compile_text(model(MASKS["window and first"][0], ""), "--cpu", "native")
        rows = 1500
        random = np.random.default_rng(0)
        q, k, v = random.standard_normal((3, 1, 3, rows, 8)).astype(np.float32)
        v[..., 300:400, :] = np.nan
        (result,) = binary(q, k, v)
        # A block of 256 keys and a window: what is far behind sees no such value.
        self.assertTrue(np.isfinite(result[..., 800:, :]).all())
        self.assertTrue(np.isnan(result[..., 300:400, :]).all())


if __name__ == "__main__":
    unittest.main()
