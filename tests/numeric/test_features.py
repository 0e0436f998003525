# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Linear attention over features of several elements: random ones and Taylor's."""

import itertools
import unittest

import numpy as np

import artifact
import forms
from test_attention import CPUS, host_runs

performer, based = forms.load("performer"), forms.load("based")

# A chunk has 64, 32 or 16 rows, a register tile 4, a vector 4, 8 or 16 lanes.
LENGTHS = [(1, 1), (3, 3), (5, 5), (16, 16), (17, 17), (63, 63), (65, 65), (130, 130), (1, 70),
           (40, 100)]
SHAPES = [(3, 3, 3, 5, 1), (4, 2, 1, 16, 20), (2, 1, 2, 9, 70)]


def head(count, width):
    return f"tensor<?x{count}x?x{width}xf32>"


def dense(heads, key_heads, value_heads, width, value_width, causal, scale=None):
    q, k, v = head(heads, width), head(key_heads, width), head(value_heads, value_width)
    scale = width**-0.5 if scale is None else scale
    return f"""
func.func @main(%q: {q}, %k: {k}, %v: {v}) -> {head(heads, value_width)} {{
  %o = attn.attention query(%q : {q}) key(%k : {k}) value(%v : {v})
      attributes {{{"causal, " * causal}scale = {scale:.17e} : f64, capture_maps = []}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32
  }} -> {head(heads, value_width)}
  return %o : {head(heads, value_width)}
}}"""


def draw(shape, rows, keys, batch=2, size=1.0, seed=0):
    heads, key_heads, value_heads, width, value_width = shape
    random = np.random.default_rng(seed + rows)
    q, k, v = (random.standard_normal(sizes).astype(np.float32) for sizes in [
        (batch, heads, rows, width), (batch, key_heads, keys, width),
        (batch, value_heads, keys, value_width)])
    return q * np.float32(size), k * np.float32(size), v


def softmax(q, k, v):
    s = q.astype(float) @ k.swapaxes(-1, -2) * q.shape[-1] ** -0.5
    weights = np.exp(s - s.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


class AgainstReferences(unittest.TestCase):
    def check(self, binary, reference, shape, lengths, tolerance=1e-4, **arguments):
        for rows, keys in lengths:
            heads = draw(shape, rows, keys)
            np.testing.assert_allclose(
                binary(*heads)[0], reference(*heads, **arguments), atol=tolerance,
                rtol=tolerance, err_msg=f"{rows} queries, {keys} keys")

    def test_every_processor(self):
        for cpu, shape, causal in itertools.product(CPUS, SHAPES, [False, True]):
            if not host_runs(cpu):
                continue
            text = dense(*shape, causal)
            for reference, spec, arguments in [
                    (performer.reference, "performer{m=37,seed=3,eps=1e-3}",
                     dict(m=37, seed=3, eps=1e-3)), (based.reference, "based", {})]:
                with self.subTest(cpu=cpu, shape=shape, causal=causal, form=spec):
                    binary = artifact.compile_text(text, "--attention", spec, "--cpu", cpu)
                    self.check(binary, reference, shape, LENGTHS, causal=causal, **arguments)

    def test_all_cases_of_the_references(self):
        shape = (2, 2, 2, 8, 6)
        for form, case in [(performer, case) for case in performer.CASES] + [
                (based, case) for case in based.CASES]:
            with self.subTest(**case):
                given = {name: case[name] for name in ("m", "eps", "kind") if name in case}
                listed = ",".join(f"{name}={value}" for name, value in given.items())
                spec = f"performer{{{listed}}}" if form is performer else "based"
                binary = artifact.compile_text(
                    dense(*shape, case["causal"], case.get("scale")), "--attention", spec)
                self.check(binary, form.reference, shape, [(1, 1), (65, 65)], **case)

    def test_many_features(self):
        # 2145 and 1500 features: shorter chunks and narrower blocks of values.
        shape = (1, 1, 1, 64, 70)
        for causal in (False, True):
            text = dense(*shape, causal)
            self.check(artifact.compile_text(text, "--attention", "based"), based.reference,
                       shape, [(1, 1), (33, 33), (70, 70)], causal=causal)
            binary = artifact.compile_text(text, "--attention", "performer{m=1500}")
            self.check(binary, performer.reference, shape, [(1, 1), (70, 70)], m=1500,
                       causal=causal)

    def test_projection_of_the_file(self):
        width, m = 6, 11
        q, w = head(2, width), f"tensor<{m}x{width}xf32>"
        layout = "layout = array<i64: 0, 2, 1, 3>"
        t, f = f"tensor<?x?x2x{width}xf32>", f"tensor<?x?x2x{m}xf32>"
        binary = artifact.compile_text(f"""
func.func @main(%q: {t}, %k: {t}, %v: {t}, %w: {w}) -> {t} {{
  %f = attn.features positive %q projection(%w : {w}) {{{layout}, eps = 0.01 : f64, scale = 0.5 : f64}} : {t} -> {f}
  %g = attn.features positive %k projection(%w : {w}) {{keys, {layout}, eps = 0.01 : f64, scale = 0.5 : f64}} : {t} -> {f}
  %o = attn.linear sum query(%f : {f}) key(%g : {f}) value(%v : {t})
      {{query_{layout}, key_{layout}, value_{layout}, output_{layout}}} -> {t}
  return %o : {t}
}}""")
        random = np.random.default_rng(0)
        given = [random.standard_normal((2, 9, 2, width)) for _ in "qkv"]
        w = random.standard_normal((m, width))
        wanted = performer.reference(*(x.swapaxes(1, 2) for x in given), w=w, eps=0.01, scale=0.25)
        np.testing.assert_allclose(binary(*given, w)[0], wanted.swapaxes(1, 2), atol=1e-5)


class ExactnessLimits(unittest.TestCase):
    shape = (2, 2, 2, 8, 5)

    def both(self, causal=False, performed="performer{m=64}"):
        text = dense(*self.shape, causal)
        return [artifact.compile_text(text, "--attention", spec) for spec in (performed, "based")]

    def test_equal_keys_give_uniform_attention(self):
        q, k, v = draw(self.shape, 40, 40)
        k[:] = k[:, :, :1]
        running = v.cumsum(2, dtype=float) / np.arange(1, 41)[:, None]
        for binary in self.both(causal=True):
            np.testing.assert_allclose(binary(q, k, v)[0], running, atol=1e-5)

    def test_values_of_one_give_one(self):
        q, k, v = draw(self.shape, 70, 70)
        for causal in (False, True):
            for binary in self.both(causal):
                np.testing.assert_allclose(binary(q, k, np.ones_like(v))[0], 1, atol=1e-5)

    def test_large_inputs_stay_finite(self):
        q, k, v = draw(self.shape, 70, 70, size=30)
        for causal in (False, True):
            self.assertTrue(np.isfinite(self.both(causal)[0](q, k, v)[0]).all())

    def test_order_of_keys_does_not_matter(self):
        q, k, v = draw(self.shape, 70, 70)
        order = np.random.default_rng(0).permutation(70)
        for binary in self.both():
            np.testing.assert_allclose(binary(q, k[:, :, order], v[:, :, order])[0],
                                       binary(q, k, v)[0], atol=1e-5)

    def test_more_random_features_come_closer_to_softmax(self):
        q, k, v = draw(self.shape, 40, 40, size=0.5)

        def error(m):
            return np.mean([np.abs(self.both(performed=f"performer{{m={m},seed={seed},eps=0}}")[0](
                q, k, v)[0] - softmax(q, k, v)).mean() for seed in range(4)])
        # The error is proportional to 1 / sqrt(m): a quarter.
        self.assertLess(error(1024), error(64) / 2.5)

    def test_error_of_taylor_falls_with_the_third_power_of_scores(self):
        q, k, v = draw(self.shape, 40, 40)
        binary = self.both()[1]
        errors = [np.abs(binary(q * np.float32(c), k, v)[0] - softmax(q * np.float32(c), k, v)).max()
                  for c in (0.4, 0.2)]
        self.assertGreater(errors[0] / errors[1], 5.5)
        self.assertLess(errors[0] / errors[1], 10)

    def test_later_keys_do_not_reach_earlier_rows(self):
        q, k, v = draw(self.shape, 130, 130)
        binary = self.both(causal=True)[1]
        base = binary(q, k, v)[0]
        k[:, :, 101:], v[:, :, 101:] = 3, -1000
        np.testing.assert_array_equal(binary(q, k, v)[0][:, :, :101], base[:, :, :101])

    def test_products_of_taylor_features(self):
        # Values that are a unit matrix show the weights themselves.
        t = head(1, 8)
        f = head(1, 45)
        binary = artifact.compile_text(f"""
func.func @main(%q: {t}, %k: {t}, %v: {t}) -> {t} {{
  %f = attn.features taylor2 %q : {t} -> {f}
  %g = attn.features taylor2 %k : {t} -> {f}
  %o = attn.linear none query(%f : {f}) key(%g : {f}) value(%v : {t}) -> {t}
  return %o : {t}
}}""")
        q, k, _ = draw((1, 1, 1, 8, 8), 8, 8, batch=1)
        s = q.astype(float) @ k.swapaxes(-1, -2)
        np.testing.assert_allclose(binary(q, k, np.eye(8)[None, None])[0], 1 + s + s * s / 2,
                                   rtol=1e-5, atol=1e-5)


if __name__ == "__main__":
    unittest.main()
