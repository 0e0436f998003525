# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Attention by hashing and sampling, against float64 NumPy."""

import unittest

import numpy as np

import artifact
import forms
from test_masked_forms import close, write
from test_select import draw, processors

hyper = forms.load("hyper")
SCALE = 0.4
# No vector may be this near to a plane.
MARGIN = 1e-6


def model(rows, keys, causal, heads=2, key_heads=1, batch="?", width=8, value_width=5,
          layout=(0, 1, 2, 3)):
    def kind(count, length, columns):
        sizes = [batch, count, length, columns]
        return "tensor<" + "x".join(str(sizes[dim]) for dim in layout) + "xf32>"
    q, k = kind(heads, rows, width), kind(key_heads, keys, width)
    v, o = kind(key_heads, keys, value_width), kind(heads, rows, value_width)
    order = f"array<i64: {', '.join(map(str, layout))}>"
    layouts = "".join(f", {name}_layout = {order}" for name in ("query", "key", "value", "output"))
    return f"""
func.func @main(%q: {q}, %k: {k}, %v: {v}) -> {o} {{
  %o = attn.attention query(%q : {q}) key(%k : {k}) value(%v : {v})
      attributes {{{"causal, " if causal else ""}scale = {SCALE} : f64, capture_maps = []{layouts}}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32
  }} -> {o}
  return %o : {o}
}}"""


def inputs(rows, keys, batch=1, heads=2, key_heads=1, width=8, value_width=5, seed=0):
    return (draw(seed, batch, heads, rows, width), draw(seed + 1, batch, key_heads, keys, width),
            draw(seed + 2, batch, key_heads, keys, value_width))


def compiled(parameters, rows, keys, causal, *options, **sizes):
    return artifact.compile_text(model(rows, keys, causal, **sizes), "--attention",
                                 write("hyper", parameters), *options)


class Hyper(unittest.TestCase):
    def wanted(self, arrays, causal, **parameters):
        q, k, v = (x.astype(float) for x in arrays)
        planes = hyper.normals(parameters.get("seed", 0), q.shape[-1],
                               parameters.get("planes", 7))
        self.assertGreater(min(hyper.margin(x, planes) for x in (q, k)), MARGIN,
                           "choose other numbers")
        group = q.shape[1] // k.shape[1]
        return np.array([[hyper.reference(q[b, h], k[b, h // group], v[b, h // group], SCALE,
                                          causal, h // group, **parameters)
                          for h in range(q.shape[1])] for b in range(len(q))])

    def test_every_case_of_the_reference(self):
        for parameters in hyper.CASES:
            for rows, keys, causal in [(1, 1, True), (40, 40, True), (64, 64, True),
                                       (131, 131, True), (50, 33, False), (33, 90, False)]:
                arrays = inputs(rows, keys, batch=2)
                close(compiled(parameters, rows, keys, causal)(*arrays)[0],
                      self.wanted(arrays, causal, **parameters),
                      f"{parameters} causal={causal} {rows} x {keys}")

    def test_every_processor(self):
        parameters = dict(block=16, samples=8, planes=4, least=32)
        for cpu in processors():
            for rows, keys, causal in [(150, 150, True), (90, 70, False)]:
                arrays = inputs(rows, keys)
                close(compiled(parameters, rows, keys, causal, "--cpu", cpu)(*arrays)[0],
                      self.wanted(arrays, causal, **parameters), f"{cpu} {causal}")

    def test_heads_and_layouts(self):
        parameters = dict(block=8, samples=6, planes=3, least=16)
        sizes = dict(heads=6, key_heads=3)
        arrays = inputs(70, 70, batch=2, **sizes)
        wanted = self.wanted(arrays, True, **parameters)
        for layout in [(0, 1, 2, 3), (0, 2, 1, 3), (2, 0, 3, 1)]:
            binary = compiled(parameters, 70, 70, True, layout=layout, batch=2, **sizes)
            got = binary(*(x.transpose(layout) for x in arrays))[0]
            close(got.transpose(np.argsort(layout)), wanted, f"{layout}")

    def dense(self, parameters, rows, keys, causal):
        arrays = inputs(rows, keys)
        close(compiled(parameters, rows, keys, causal)(*arrays)[0],
              artifact.compile_text(model(rows, keys, causal))(*arrays)[0], f"{parameters}")

    def test_one_block_is_dense(self):
        self.dense(dict(block=60, least=16, samples=5), 60, 60, False)
        self.dense(dict(block=32, least=16, samples=5), 60, 60, True)

    def test_short_sequences_are_dense(self):
        self.dense(dict(block=4, least=61), 60, 60, False)
        self.dense(dict(block=4, least=60), 60, 60, True)

    def test_changing_a_later_key_changes_no_earlier_row(self):
        binary = compiled(dict(block=8, samples=8, planes=3, least=16), 100, 100, True)
        q, k, v = inputs(100, 100)
        before = binary(q, k, v)[0]
        for at in (99, 60, 17):
            other, values = k.copy(), v.copy()
            other[:, :, at], values[:, :, at] = 3, 5
            after = binary(q, other, values)[0]
            np.testing.assert_array_equal(after[:, :, :at], before[:, :, :at])
            self.assertGreater(np.abs(after[:, :, at] - before[:, :, at]).max(), 0)

    def test_constant_values_come_back(self):
        """Weights are positive and sum to 1, whatever is sampled."""
        for causal in (False, True):
            binary = compiled(dict(block=8, samples=4, planes=3, least=16), 90, 90, causal)
            q, k, v = inputs(90, 90)
            close(binary(q, k, np.full_like(v, 2.5))[0], np.full((1, 2, 90, 5), 2.5))


class Reference(unittest.TestCase):
    """What must hold of the definition itself."""

    def test_each_key_once_as_a_sample_is_dense(self):
        q, k, v = (x[0, 0].astype(float) for x in inputs(50, 50))
        for causal in (False, True):
            got = hyper.reference(q, k, v, SCALE, causal, block=8, planes=3, least=8,
                                  draw=lambda seed, head, keys, count: np.arange(keys))
            i, j = np.ogrid[:50, :50]
            wanted = hyper.attention(q, k, v, SCALE, (j <= i) | (not causal))[0]
            np.testing.assert_allclose(got, wanted, atol=1e-12)

    def test_sums_of_weights_are_right_on_average(self):
        q, k, v = (x[0, 0].astype(float) for x in inputs(40, 40))
        planes, total = hyper.normals(0, 8, 3), 0
        random = np.random.default_rng(1)
        for _ in range(2000):
            drawn = random.integers(0, 40, 16)
            total = total + np.exp(hyper.core(q, k, v, SCALE, planes, 8, drawn)[1])
        wanted = np.exp(hyper.attention(q, k, v, SCALE, True)[1])
        np.testing.assert_allclose(total / 2000, wanted, rtol=0.1)

    def test_neighbouring_codes_differ_in_one_plane(self):
        sides = np.array([[(at >> c & 1) * 2 - 1 for c in range(5)] for at in range(32)], float)
        order = np.argsort(hyper.codes(sides, np.eye(5)))
        changes = (sides[order[1:]] != sides[order[:-1]]).sum(1)
        np.testing.assert_array_equal(changes, 1)


if __name__ == "__main__":
    unittest.main()
