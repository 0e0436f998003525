# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Linear attention kernels against the form's NumPy reference."""

import itertools
import unittest

import numpy as np

import artifact
import forms
from test_attention import CPUS, host_runs

linear = forms.load("linear")

MAPS = {"elu1": linear.features, "relu": lambda x: np.maximum(x, 0), "exp": np.exp,
        "identity": lambda x: x}
# A chunk has 64 rows, a register tile 4, a vector 4, 8 or 16 lanes.
LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 130, 200]


def tensor(layout, heads, width):
    """A type with dynamic batch and length, and its dimensions' order."""
    sizes = ["?", heads, "?", width]
    return "tensor<" + "x".join(str(sizes[dim]) for dim in layout) + "xf32>"


def model(heads, key_heads, value_heads, width, value_width, *, maps=("elu1", "elu1"),
          normaliser="sum", attributes="eps = 1.0e-6 : f64", layouts=((0, 1, 2, 3),) * 4):
    q, k, v, o = (tensor(layout, *sizes) for layout, sizes in zip(layouts, [
        (heads, width), (key_heads, width), (value_heads, value_width), (heads, value_width)]))
    names = ["query", "key", "value", "output"]
    text = ", ".join([attributes] * bool(attributes) + [
        f"{name}_layout = array<i64: {', '.join(map(str, layout))}>"
        for name, layout in zip(names, layouts)])
    return f"""
func.func @main(%q: {q}, %k: {k}, %v: {v}) -> {o} {{
  %f = attn.features {maps[0]} %q : {q} -> {q}
  %g = attn.features {maps[1]} %k : {k} -> {k}
  %o = attn.linear {normaliser} query(%f : {q}) key(%g : {k}) value(%v : {v})
      {{{text}}} -> {o}
  return %o : {o}
}}"""


def draw(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


def flags(causal, eps):
    return f"{'causal, ' * causal}eps = {eps:.9e} : f64"


class Linear(unittest.TestCase):
    def check(self, binary, shape, lengths, tolerance=1e-4, batch=2, **arguments):
        heads, key_heads, value_heads, width, value_width = shape
        random = np.random.default_rng(heads * 1000 + width)
        for rows, keys in lengths:
            q = draw(random, batch, heads, rows, width)
            k = draw(random, batch, key_heads, keys, width)
            v = draw(random, batch, value_heads, keys, value_width)
            (result,) = binary(q, k, v)
            expected = linear.reference(q, k, v, **arguments)
            np.testing.assert_allclose(result, expected, atol=tolerance, rtol=tolerance,
                                       err_msg=f"{rows} queries, {keys} keys")

    def test_matches_reference_on_every_processor(self):
        # Widths that fill vectors and that do not; grouped heads of both kinds.
        shapes = [(3, 3, 3, 5, 1), (4, 2, 1, 24, 20), (2, 1, 2, 17, 70), (1, 1, 1, 64, 64)]
        for cpu, shape, causal in itertools.product(CPUS, shapes, [False, True]):
            if not host_runs(cpu):
                continue
            with self.subTest(cpu=cpu, shape=shape, causal=causal):
                binary = artifact.compile_text(
                    model(*shape, attributes=flags(causal, 1e-6)), "--cpu", cpu)
                self.check(binary, shape, [(n, n) for n in LENGTHS], causal=causal, eps=1e-6)

    def test_all_cases_of_the_reference(self):
        shape = (2, 2, 2, 8, 6)
        for case in linear.CASES:
            with self.subTest(**case):
                binary = artifact.compile_text(model(*shape, attributes=flags(**case)))
                self.check(binary, shape, [(1, 1), (65, 65)], **case)

    def test_queries_and_keys_of_different_length(self):
        shape, lengths = (2, 2, 2, 6, 10), [(1, 1), (1, 90), (70, 5), (3, 131), (131, 67), (64, 128)]
        for name, arguments in {"": {}, "causal": dict(causal=True),
                                "causal, top_left": dict(causal=True, top_left=True)}.items():
            with self.subTest(attributes=name):
                text = ", ".join(filter(None, [name, "eps = 0.001 : f64"]))
                binary = artifact.compile_text(model(*shape, attributes=text))
                self.check(binary, shape, lengths, eps=0.001, **arguments)

    def test_rows_without_keys_are_zero(self):
        shape = (2, 2, 2, 6, 10)
        for attributes in ("eps = 0.0 : f64", "causal", "causal, top_left"):
            with self.subTest(attributes=attributes):
                binary = artifact.compile_text(model(*shape, attributes=attributes))
                random = np.random.default_rng(0)
                none = draw(random, 1, 2, 0, 6), draw(random, 1, 2, 0, 10)
                (result,) = binary(draw(random, 1, 2, 5, 6), *none)
                np.testing.assert_array_equal(result, np.zeros((1, 2, 5, 10)))
                self.assertEqual(binary(draw(random, 1, 2, 0, 6), *none)[0].shape, (1, 2, 0, 10))

    def test_layouts(self):
        shape = (3, 3, 3, 10, 12)
        for layouts in [((0, 2, 1, 3),) * 4,
                        ((0, 1, 3, 2), (0, 1, 3, 2), (0, 1, 3, 2), (0, 2, 1, 3)),
                        ((2, 0, 1, 3), (3, 1, 0, 2), (1, 2, 0, 3), (2, 1, 0, 3))]:
            with self.subTest(layouts=layouts):
                plain = artifact.compile_text(
                    model(*shape, attributes="causal, eps = 1.0e-6 : f64", layouts=layouts))
                inverse = np.argsort(layouts[3])

                def binary(*heads):
                    given = [x.transpose(layout) for x, layout in zip(heads, layouts)]
                    return [plain(*given)[0].transpose(inverse)]
                self.check(binary, shape, [(1, 1), (37, 37), (66, 66)], causal=True)

    def test_maps_and_no_normaliser(self):
        shape = (2, 1, 1, 7, 9)
        for maps in [("relu", "relu"), ("exp", "exp"), ("identity", "elu1")]:
            for causal in (False, True):
                with self.subTest(maps=maps, causal=causal):
                    binary = artifact.compile_text(model(
                        *shape, maps=maps, normaliser="none", attributes="causal" * causal))
                    random = np.random.default_rng(5)
                    q, k = draw(random, 1, 2, 70, 7) / 2, draw(random, 1, 1, 70, 7) / 2
                    v = draw(random, 1, 1, 70, 9)
                    (result,) = binary(q, k, v)
                    expected = linear.reference(
                        MAPS[maps[0]](q.astype(float)), MAPS[maps[1]](k.astype(float)), v,
                        causal=causal, features=MAPS["identity"], normalise=False)
                    np.testing.assert_allclose(result, expected, rtol=1e-5,
                                               atol=1e-6 * np.abs(expected).max())

    def test_features_by_themselves(self):
        x = np.array([[-np.inf, -100, -1, -0.0, 0, 1e-30, 2, 80, np.nan]], np.float32)
        for name, code in MAPS.items():
            with self.subTest(map=name):
                binary = artifact.compile_text(f"""
func.func @main(%x: tensor<?x9xf32>) -> tensor<?x9xf32> {{
  %f = attn.features {name} %x : tensor<?x9xf32> -> tensor<?x9xf32>
  return %f : tensor<?x9xf32>
}}""")
                (result,) = binary(x)
                np.testing.assert_allclose(result, code(x.astype(float)), rtol=1e-6, atol=1e-37)


class ExactnessLimits(unittest.TestCase):
    """What must hold whatever the numbers are."""

    def run_on(self, q, k, v, causal=False, eps=0.0):
        shape = (q.shape[1], k.shape[1], v.shape[1], q.shape[3], v.shape[3])
        return artifact.compile_text(model(*shape, attributes=flags(causal, eps)))(q, k, v)[0]

    def heads(self, rows, width, value_width):
        random = np.random.default_rng(rows)
        return (draw(random, 1, 2, rows, width), draw(random, 1, 2, rows, width),
                draw(random, 1, 2, rows, value_width))

    def test_equal_keys_give_uniform_attention(self):
        q, k, v = self.heads(40, 8, 6)
        k[:] = k[:, :, :1]
        np.testing.assert_allclose(self.run_on(q, k, v), np.broadcast_to(
            v.mean(2, keepdims=True, dtype=float), v.shape), atol=1e-5)
        running = v.cumsum(2, dtype=float) / np.arange(1, 41)[:, None]
        np.testing.assert_allclose(self.run_on(q, k, v, causal=True), running, atol=1e-5)

    def test_values_of_one_give_one(self):
        q, k, v = self.heads(70, 8, 5)
        for causal in (False, True):
            result = self.run_on(q, k, np.ones_like(v), causal)
            np.testing.assert_allclose(result, np.ones_like(v), atol=1e-5)

    def test_order_of_keys_does_not_matter(self):
        q, k, v = self.heads(70, 8, 5)
        order = np.random.default_rng(0).permutation(70)
        base = self.run_on(q, k, v)
        np.testing.assert_allclose(self.run_on(q, k[:, :, order], v[:, :, order]), base, atol=1e-5)
        np.testing.assert_allclose(self.run_on(q[:, :, order], k, v), base[:, :, order], atol=1e-6)

    def test_later_keys_do_not_reach_earlier_rows(self):
        q, k, v = self.heads(130, 8, 5)
        base = self.run_on(q, k, v, causal=True)
        k[:, :, 101:], v[:, :, 101:] = 30, -1000
        changed = self.run_on(q, k, v, causal=True)
        np.testing.assert_array_equal(changed[:, :, :101], base[:, :, :101])
        self.assertTrue((changed[:, :, 101:] < -100).all())


if __name__ == "__main__":
    unittest.main()
