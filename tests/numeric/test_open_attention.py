# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Softmax attention as a polynomial, against the kernel for softmax."""

import json
import os
import tempfile
import unittest

import numpy as np

import artifact

BHLD, BLHD = (0, 1, 2, 3), (0, 2, 1, 3)
ADDED = "%r = arith.addf %s, %m : f32\n attn.yield %r : f32"
CHOSEN = """%none = arith.constant 0xFF800000 : f32
      %r = arith.select %m, %s, %none : f32
      attn.yield %r : f32"""


def shape(sizes, layout):
    """Logical batch, heads, length, width as they lie in memory."""
    return [sizes[role] for role in layout]


def tensor(sizes, layout, open_dims=(2,)):
    return "tensor<" + "x".join("?" if role in open_dims else str(sizes[role])
                                for role in layout) + "xf32>"


def module(case, queries, keys):
    heads, key_heads = case.get("heads", (2, 2))
    layout = case.get("layout", BHLD)
    q = tensor((2, heads, queries, 5), layout)
    k = tensor((2, key_heads, keys, 5), layout)
    v = tensor((2, key_heads, keys, 7), layout)
    o = tensor((2, heads, queries, 7), layout)
    mask, body = case.get("capture", ("", "attn.yield %s : f32"))
    bias = f", %bias: {mask}" if mask else ""
    captured = f"captures(%bias : {mask})" if mask else ""
    element = f", %m: {mask.rstrip('>').split('x')[-1]}" if mask else ""
    maps = f"[{case['map']}]" if mask else "[]"
    names = "".join(f", {name}_layout = array<i64: {', '.join(map(str, layout))}>"
                    for name in ("query", "key", "value", "output"))
    return f"""
func.func @main(%q: {q}, %k: {k}, %v: {v}{bias}) -> {o} {{
  %o = attn.attention query(%q : {q}) key(%k : {k}) value(%v : {v}) {captured}
      attributes {{{case.get('flags', '')}scale = 0.4 : f64, capture_maps = {maps}{names}}} {{
    ^bb0(%s: f32{element}):
      {body}
  }} -> {o}
  return %o : {o}
}}"""


class Polynomial:
    """Compiled with these ranges for all that it has."""

    def __init__(self, text, degree):
        with tempfile.TemporaryDirectory() as folder:
            ranges = os.path.join(folder, "ranges.json")
            with open(ranges, "w") as file:
                json.dump(dict(version=1, degree=degree, tolerance=1e-7, ranges=[
                    dict(function="exp", low=-4, high=4),
                    dict(function="inverse", low=0.01, high=400)]), file)
            self.run = artifact.compile_text(text, "--polynomial", ranges)


CASES = dict(
    plain=dict(), causal=dict(flags="causal, "), top_left=dict(flags="causal, top_left, "),
    grouped=dict(heads=(6, 2)), positions_first=dict(layout=BLHD, heads=(4, 2)),
    window=dict(flags="mask = [affine_set<(i, j)[n] : (i - j >= 0, 3 - i + j >= 0)>, "
                      "affine_set<(i, j)[n] : (i - j >= 0, -j >= 0)>], "),
    padding=dict(capture=("tensor<2x?xi1>", CHOSEN), map="affine_map<(b, h, i, j) -> (b, j)>"),
    bias=dict(capture=("tensor<2x?x?xf32>", ADDED), map="affine_map<(b, h, i, j) -> (h, i, j)>"))


def draw(case, queries, keys):
    random = np.random.default_rng(queries + keys)
    heads, key_heads = case.get("heads", (2, 2))
    layout = case.get("layout", BHLD)
    arrays = [random.uniform(-1, 1, shape(sizes, layout)).astype(np.float32) for sizes in (
        (2, heads, queries, 5), (2, key_heads, keys, 5), (2, key_heads, keys, 7))]
    if "padding" == case.get("name"):
        shown = random.integers(0, 2, (2, keys)).astype(bool)
        shown[:, 0] = True
        arrays.append(shown)
    if "bias" == case.get("name"):
        arrays.append(np.where(random.integers(0, 3, (2, queries, keys)) == 0, np.float32(-1e9),
                               random.uniform(-1, 1, (2, queries, keys))).astype(np.float32))
        arrays[-1][..., 0] = 0
    return arrays


class Attention(unittest.TestCase):
    def test_is_near_to_softmax(self):
        for name, case in CASES.items():
            case = dict(case, name=name)
            text = module(case, 9, 9)
            exact = artifact.compile_text(text)
            if name == "bias":
                # A bias that is data cannot be told from a mask.
                with self.assertRaisesRegex(RuntimeError, "'arith.cmpf' of what inputs give"):
                    Polynomial(text, 24)
                continue
            found = Polynomial(text, 24).run
            for queries, keys in ((1, 1), (9, 9), (17, 17), (4, 13), (1, 33)):
                if queries != keys and name == "top_left":
                    continue
                arrays = draw(case, queries, keys)
                (wanted,), (result,) = exact(*arrays), found(*arrays)
                np.testing.assert_allclose(result, wanted, atol=3e-6, err_msg=f"{name} {queries} {keys}")

    def test_powers_take_the_place_of_exponentials(self):
        for flags, eps in (("", 0.01), ("causal, ", 0.5)):
            case = dict(flags=f"{flags}normaliser = #kernel.power<degree = 4, eps = {eps} : f64>, ")
            # Scores of 0.1 and more in size, which their fourth powers need.
            arrays = [np.copysign(0.5 + np.abs(array) / 2, array) if at < 2 else array
                      for at, array in enumerate(draw(case, 9, 9))]
            scores = 0.4 * arrays[0] @ arrays[1].swapaxes(2, 3)
            weights = scores.astype(float)**4
            if flags:
                weights = np.tril(weights)
            sums = weights.sum(-1, keepdims=True) + eps
            compiled = Polynomial(module(case, 9, 9), 24)
            self.assertLess(sums.max(), 400)
            self.assertGreater(sums.min(), 0.01)
            (found,) = compiled.run(*arrays)
            np.testing.assert_allclose(found, weights @ arrays[2] / sums, atol=3e-6)
            # The fourth power of a product, then values and the inverse as ever.
            steps = compiled.run.manifest["polynomial"]["functions"][0]["steps"]
            self.assertEqual(compiled.run.manifest["polynomial"]["degree"],
                             str(9 + 8 * (2**steps - 1)))

    def test_what_a_file_says_of_itself_is_not_told(self):
        text = "module attributes {attune.polynomial = {functions = [3]}} {" + module({}, 9, 9) + "}"
        self.assertNotIn("polynomial", artifact.compile_text(text).manifest)
        told = Polynomial(text, 5).run.manifest["polynomial"]
        self.assertEqual(len(told["functions"]), 2)

    def test_other_normalisers_are_errors(self):
        case = dict(flags="normaliser = #kernel.clipped_softmax<low = -0.1 : f64, high = 1.1 : f64>, ")
        with self.assertRaisesRegex(RuntimeError, "requires softmax or an even power"):
            Polynomial(module(case, 9, 9), 24)

    def test_error_falls_with_the_degree(self):
        text = module({}, 9, 9)
        arrays = draw({}, 9, 9)
        (exact,) = artifact.compile_text(text)(*arrays)
        before = np.inf
        for degree in (4, 8, 12):
            (found,) = Polynomial(text, degree).run(*arrays)
            error = np.abs(found - exact).max()
            self.assertLess(error, before / 5)
            before = error

    def test_degree_and_depth_are_told(self):
        told = Polynomial(module({}, 9, 9), 7).run.manifest["polynomial"]
        steps = next(each["steps"] for each in told["functions"] if "steps" in each)
        # Scores have degree 2, their exponentials 14, sums of values 15; the inverse
        # of the sum of 14 has 2^steps - 1 times that.
        self.assertEqual(told["degree"], str(15 + 14 * (2**steps - 1)))
        # Product, scale, 3 for degree 7, then the inverse and the last product.
        self.assertEqual(told["depth"], 2 + 3 + steps + 1 + 1)


if __name__ == "__main__":
    unittest.main()
