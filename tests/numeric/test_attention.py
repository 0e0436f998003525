# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Attention kernels against float64 NumPy."""

import itertools
import unittest

import numpy as np

import artifact

CPUS = ["x86-64", "x86-64-v3", "x86-64-v4"]


def host_runs(cpu):
    with open("/proc/cpuinfo") as file:
        flags = file.read()
    needed = {"x86-64": "sse2", "x86-64-v3": "avx2", "x86-64-v4": "avx512vl"}
    return needed[cpu] in flags


def reference(q, k, v, bias, scale, causal):
    """q [B,H,L,D], k and v [B,Hk,S,*], bias [B,S]; a row without keys is 0."""
    groups = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, groups, 1), np.repeat(v, groups, 1)
    scores = q.astype(float) @ k.swapaxes(-1, -2) * scale + bias[:, None, None, :]
    rows, keys = scores.shape[-2:]
    if causal:
        seen = np.arange(keys) <= np.arange(rows)[:, None] + keys - rows
        scores = np.where(seen, scores, -np.inf)
    highest = scores.max(-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isfinite(highest), highest, 0))
    total = weights.sum(-1, keepdims=True)
    return (weights @ v) / np.where(total > 0, total, 1)


def model(heads, key_heads, width, value_width, causal):
    q = f"tensor<?x?x{heads}x{width}xf32>"
    k = f"tensor<?x{key_heads}x?x{width}xf32>"
    v = f"tensor<?x{key_heads}x?x{value_width}xf32>"
    o = f"tensor<?x{heads}x?x{value_width}xf32>"
    flag = "causal, " if causal else ""
    return f"""
#bj = affine_map<(b, h, i, j) -> (b, j)>
func.func @main(%q: {q}, %k: {k}, %v: {v}, %m: tensor<?x?xf32>) -> {o} {{
  %o = attn.attention query(%q : {q}) key(%k : {k}) value(%v : {v})
      captures(%m : tensor<?x?xf32>)
      attributes {{{flag}scale = 0.25 : f64, capture_maps = [#bj],
                   query_layout = array<i64: 0, 2, 1, 3>}} {{
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  }} -> {o}
  return %o : {o}
}}"""


class Attention(unittest.TestCase):
    LENGTHS = [(1, 1), (7, 7), (4, 300), (8, 40), (9, 40), (33, 65), (64, 513), (3, 2), (5, 257)]

    def check(self, cpu, heads, key_heads, width, value_width, causal):
        binary = artifact.compile_text(
            model(heads, key_heads, width, value_width, causal), "--cpu", cpu)
        random = np.random.default_rng(heads * 1000 + width)
        for rows, keys in self.LENGTHS:
            q = random.standard_normal((2, rows, heads, width))
            k = random.standard_normal((2, key_heads, keys, width))
            v = random.standard_normal((2, key_heads, keys, value_width))
            bias = random.standard_normal((2, keys))
            bias[random.random((2, keys)) < 0.3] = -np.inf
            q, k, v, bias = (x.astype(np.float32) for x in (q, k, v, bias))
            (result,) = binary(q, k, v, bias)
            expected = reference(q.swapaxes(1, 2), k, v, bias, 0.25, causal)
            np.testing.assert_allclose(result, expected, atol=2e-5, rtol=0,
                                       err_msg=f"{rows} queries, {keys} keys")

    def test_matches_reference(self):
        shapes = [(4, 2, 24, 20), (3, 3, 5, 1), (2, 1, 64, 64)]
        for cpu, shape, causal in itertools.product(CPUS, shapes, [False, True]):
            if not host_runs(cpu):
                continue
            with self.subTest(cpu=cpu, shape=shape, causal=causal):
                self.check(cpu, *shape, causal)

    def test_many_tasks_need_no_more_stack(self):
        binary = artifact.compile_text(model(8, 8, 4, 4, False))
        q = np.ones((64, 128, 8, 4), np.float32)
        k = np.ones((64, 8, 2, 4), np.float32)
        (result,) = binary(q, k, k, np.zeros((64, 2), np.float32))
        np.testing.assert_array_equal(result, np.ones((64, 8, 128, 4)))


if __name__ == "__main__":
    unittest.main()
