# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Forms without scores in the place of attention that hides keys of padding."""

import functools
import itertools
import unittest

import numpy as np

import artifact
import forms
from test_attention import CPUS, host_runs
from test_features import draw, head

linear, performer, based = (forms.load(name) for name in ("linear", "performer", "based"))

# Each flag, the reference of it, and the reference's arguments.
FORMS = [("linear{eps=1e-3}", linear.reference, dict(eps=1e-3)),
         ("performer{m=21,seed=3,eps=1e-3}", performer.reference, dict(m=21, seed=3, eps=1e-3)),
         ("based", based.reference, {})]


def dense(shape, causal=False, empty="zero", mask="tensor<?x?xi8>", condition="ne",
          at="(b, j)"):
    """Attention that shows keys where a byte of %m is not 0."""
    heads, key_heads, value_heads, width, value_width = shape
    q, k, v = head(heads, width), head(key_heads, width), head(value_heads, value_width)
    rows = {"zero": "", "nan": "nan_empty_rows, ", "mean": "mean_empty_rows, "}[empty]
    return f"""
func.func @main(%q: {q}, %k: {k}, %v: {v}, %m: {mask}) -> {head(heads, value_width)} {{
  %o = attn.attention query(%q : {q}) key(%k : {k}) value(%v : {v}) captures(%m : {mask})
      attributes {{{"causal, " * causal}{rows}scale = {width**-0.5:.17e} : f64,
                  capture_maps = [affine_map<(b, h, i, j) -> {at}>]}} {{
    ^bb0(%s: f32, %c: i8):
      %zero = arith.constant 0 : i8
      %seen = arith.cmpi {condition}, %c, %zero : i8
      %none = arith.constant 0xFF800000 : f32
      %t = arith.select %seen, %s, %none : f32
      attn.yield %t : f32
  }} -> {head(heads, value_width)}
  return %o : {head(heads, value_width)}
}}"""


def mask_of(lengths, size, left=False):
    """Ones where there is a token: [B,S]."""
    positions = np.arange(size)[::-1] if left else np.arange(size)
    return (positions < np.array(lengths)[:, None]).astype(np.int8)


class AgainstReferences(unittest.TestCase):
    def check(self, binary, reference, shape, sizes, tolerance=1e-4, **arguments):
        for rows, keys in sizes:
            heads = draw(shape, rows, keys, batch=3)
            for left in (False, True):
                mask = mask_of([keys, max(keys // 3, 1), max(keys - 1, 1)], keys, left)
                np.testing.assert_allclose(
                    binary(*heads, mask)[0], reference(*heads, visible=mask, **arguments),
                    atol=tolerance, rtol=tolerance,
                    err_msg=f"{rows} queries, {keys} keys, padding {'left' if left else 'right'}")

    def test_every_processor(self):
        sizes = [(1, 1), (5, 5), (17, 17), (64, 64), (65, 65), (130, 130), (1, 70), (40, 100)]
        for cpu, (shape, causal) in itertools.product(
                CPUS, [((4, 2, 1, 16, 20), True), ((2, 1, 2, 9, 70), False)]):
            if not host_runs(cpu):
                continue
            text = dense(shape, causal)
            for spec, reference, arguments in FORMS:
                with self.subTest(cpu=cpu, shape=shape, causal=causal, form=spec):
                    binary = artifact.compile_text(text, "--attention", spec, "--cpu", cpu)
                    self.check(binary, reference, shape, sizes, causal=causal, **arguments)

    def test_rows_that_see_nothing(self):
        shape = (2, 2, 2, 8, 5)
        for causal, empty in itertools.product([False, True], ["zero", "nan", "mean"]):
            text = dense(shape, causal, empty)
            for spec, reference, arguments in FORMS:
                with self.subTest(causal=causal, empty=empty, form=spec):
                    binary = artifact.compile_text(text, "--attention", spec)
                    for rows, keys in [(1, 1), (5, 5), (70, 70), (70, 9), (9, 70)]:
                        heads = draw(shape, rows, keys, batch=3)
                        # With a causal mask, padding in front leaves rows without keys.
                        mask = mask_of([0, keys // 2, keys], keys, left=True)
                        np.testing.assert_allclose(
                            binary(*heads, mask)[0],
                            reference(*heads, visible=mask, causal=causal, empty=empty,
                                      **arguments),
                            atol=1e-4, rtol=1e-4, err_msg=f"{rows} queries, {keys} keys")

    def test_masks_of_other_shapes(self):
        shape, rows = (4, 2, 2, 8, 5), 66
        heads = draw(shape, rows, rows, batch=3)
        mask = mask_of([66, 20, 1], rows)
        for spec, reference, arguments in FORMS:
            def result(given, **text):
                return artifact.compile_text(dense(shape, **text), "--attention", spec)(
                    *heads, given)[0]
            wanted = reference(*heads, visible=mask, **arguments)
            for given, text in [
                    (1 - mask, dict(condition="eq", mask="tensor<?x?xi8>")),
                    (mask[:, None, None], dict(mask="tensor<?x1x1x?xi8>", at="(b, 0, 0, j)")),
                    (np.repeat(mask[:, None], 4, 1), dict(mask="tensor<?x4x?xi8>", at="(b, h, j)"))]:
                np.testing.assert_allclose(result(given, **text), wanted, atol=1e-4, rtol=1e-4)
            # One mask for all of the batch, which hides no key of the first head.
            each = np.stack([np.ones(rows), mask[1], mask[1], mask[1]]).astype(np.int8)
            found = result(each, mask="tensor<4x?xi8>", at="(h, j)")
            for h in range(4):
                q, k, v = heads[0][:, h:h + 1], *(x[:, h // 2:h // 2 + 1] for x in heads[1:])
                np.testing.assert_allclose(
                    found[:, h:h + 1],
                    reference(q, k, v, visible=np.broadcast_to(each[h], (3, rows)), **arguments),
                    atol=1e-4, rtol=1e-4)


class ExactnessLimits(unittest.TestCase):
    shape = (2, 2, 2, 8, 5)

    @staticmethod
    @functools.cache
    def compiled(spec, causal, masked=True):
        """Lengths are those of a run."""
        text = dense(ExactnessLimits.shape, causal) if masked else f"""
func.func @main(%q: {head(2, 8)}, %k: {head(2, 8)}, %v: {head(2, 5)}) -> {head(2, 5)} {{
  %o = attn.attention query(%q : {head(2, 8)}) key(%k : {head(2, 8)}) value(%v : {head(2, 5)})
      attributes {{{"causal, " * causal}scale = {8**-0.5:.17e} : f64, capture_maps = []}} {{
    ^bb0(%s: f32):
      attn.yield %s : f32
  }} -> {head(2, 5)}
  return %o : {head(2, 5)}
}}"""
        return artifact.compile_text(text, "--attention", spec)

    def binaries(self, causal=False):
        for spec, _, _ in FORMS:
            yield spec, self.compiled(spec, causal)

    def test_a_mask_that_hides_nothing_is_none(self):
        for causal, rows in itertools.product([False, True], [1, 70, 130]):
            heads = draw(self.shape, rows, rows)
            for spec, binary in self.binaries(causal):
                plain = self.compiled(spec, causal, masked=False)
                ones = np.ones((2, rows), np.int8)
                np.testing.assert_array_equal(binary(*heads, ones)[0], plain(*heads)[0])

    def test_what_is_hidden_does_not_matter(self):
        for causal, rows in itertools.product([False, True], [9, 70, 130]):
            q, k, v = draw(self.shape, rows, rows)
            mask = mask_of([rows, rows // 2], rows)
            for spec, binary in self.binaries(causal):
                base = binary(q, k, v, mask)[0]
                for bad in (np.nan, np.inf, -np.inf, 1e38):
                    k2, v2 = k.copy(), v.copy()
                    k2[1, :, rows // 2:], v2[1, :, rows // 2:] = bad, bad
                    with self.subTest(form=spec, causal=causal, rows=rows, hidden=bad):
                        np.testing.assert_array_equal(binary(q, k2, v2, mask)[0], base)

    def test_padding_changes_nothing(self):
        # A batch of texts of different lengths gives what each gives by itself.
        for causal, rows in itertools.product([False, True], [17, 130]):
            heads = draw(self.shape, rows, rows, batch=3)
            lengths = [rows, rows // 2, 1]
            mask = mask_of(lengths, rows)
            for spec, binary in self.binaries(causal):
                together = binary(*heads, mask)[0]
                for item, length in enumerate(lengths):
                    alone = binary(*(x[item:item + 1, :, :length] for x in heads),
                                   mask[item:item + 1, :length])[0]
                    np.testing.assert_allclose(together[item:item + 1, :, :length], alone,
                                               atol=2e-5, rtol=2e-5)


if __name__ == "__main__":
    unittest.main()
