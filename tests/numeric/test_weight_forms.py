# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Forms with other weights than softmax's, against their float64 references."""

import unittest

import numpy as np

import artifact
import forms
from test_attention import CPUS, host_runs
from test_masked_forms import close, compiled, inputs, write

LENGTHS = [(1, 1), (6, 6), (70, 70), (300, 300), (1, 300), (20, 90), (9, 4)]


def causal_mask(rows, keys):
    return np.arange(keys) <= np.arange(rows)[:, None] + keys - rows


def scores(q, k):
    return 0.5 * q.astype(np.float64) @ k.swapaxes(-1, -2)


class WeightForms(unittest.TestCase):
    def test_every_case_of_the_references(self):
        for form in ("clipped_softmax", "power"):
            definition = forms.load(form)
            for parameters in definition.CASES:
                for causal in (False, True):
                    binary = compiled(causal, write(form, parameters))
                    for rows, keys in LENGTHS:
                        q, k, v = inputs(rows, keys)
                        seen = causal_mask(rows, keys) if causal else np.ones((rows, keys), bool)
                        weights = definition.weights(scores(q, k), seen, **parameters)
                        close(binary(q, k, v)[0], weights @ v,
                              f"{form} {parameters} causal={causal} {rows} x {keys}")

    def test_with_masks_and_processors(self):
        for cpu in filter(host_runs, CPUS):
            for form in ("clipped_softmax", "power"):
                binary = artifact.compile_text(MASKED, "--attention", form, "--cpu", cpu)
                for rows, keys in ((3, 90), (130, 130)):
                    q, k, v = inputs(rows, keys)
                    flags = np.random.default_rng(5).random((1, keys)) < 0.7
                    seen = causal_mask(rows, keys) & flags[:, None]
                    weights = forms.load(form).weights(scores(q, k), seen)
                    close(binary(q, k, v, flags)[0], weights @ v, f"{form} {cpu} {rows}")

    def test_softmax_that_is_not_clipped(self):
        arrays = inputs(80, 80)
        for causal in (False, True):
            close(compiled(causal, "clipped_softmax{gamma=0,zeta=1}")(*arrays)[0],
                  compiled(causal)(*arrays)[0])

    def test_small_weights_are_exactly_zero(self):
        """All weights below -gamma / (zeta - gamma): with equal scores, 1 / 50 each."""
        q, k, v = inputs(50, 50)
        none, some = (abs(compiled(False, f"clipped_softmax{{gamma={gamma}}}")(0 * q, k, v)[0])
                      for gamma in (-0.025, -0.01))
        self.assertEqual(none.max(), 0)
        self.assertGreater(some.max(), 0)

    def test_clipped_rows_stay_below_the_largest_value(self):
        q, k, v = inputs(90, 90)
        got = compiled(False, "clipped_softmax{gamma=-0.03}")(3 * q, k, v)[0]
        self.assertLessEqual(abs(got).max(), abs(v).max())

    def test_powers_forget_the_size_and_sign_of_queries(self):
        q, k, v = inputs(90, 90)
        binary = compiled(True, "power{eps=0}")
        wanted = binary(q, k, v)[0]
        for factor in (-1, 1e-6, 1e9):
            close(binary(np.float32(factor) * q, k, v)[0], wanted)

    def test_powers_sum_to_one(self):
        q, k, v = inputs(90, 90)
        ones = np.ones_like(v)
        close(compiled(True, "power{p=8,eps=0}")(q, k, ones)[0], ones)

    def test_large_powers_pick_the_largest_score(self):
        q, k, v = inputs(9, 30)
        got = compiled(False, "power{p=4096,eps=0}")(q, k, v)[0]
        best = abs(scores(q, k)).argmax(-1)
        picked = np.take_along_axis(v, best[..., None], -2)
        first, second = -np.sort(-abs(scores(q, k)), -1)[..., :2].T
        clear = ((second / first) ** 4096 < 1e-7).T
        self.assertTrue(clear.any())
        close(got[clear], picked[clear])

    def test_shifted_powers_tend_to_softmax(self):
        """The error halves when p doubles."""
        q, k, v = inputs(60, 60)
        dense = compiled(True)(q, k, v)[0]
        errors = [abs(compiled(True, f"power{{p={p},eps=0,shift=true}}")(q, k, v)[0] - dense).max()
                  for p in (64, 128, 256)]
        for larger, smaller in zip(errors, errors[1:]):
            self.assertTrue(1.7 < larger / smaller < 2.3, errors)

    def test_powers_refuse_biases(self):
        with self.assertRaisesRegex(RuntimeError, "form 'power' takes .* but not of this "
                                                  "one: its scores are changed by other"):
            artifact.compile_text(
                MASKED.replace("arith.select %f, %s, %low", "arith.mulf %s, %low"),
                "--attention", "power")

    def test_parameters_out_of_range(self):
        for spec, message in (("power{p=6}", "power of two"), ("power{p=0}", "'p'"),
                              ("power{eps=-1}", "eps"), ("clipped_softmax{gamma=0.1}", "gamma"),
                              ("clipped_softmax{zeta=0.5}", "zeta")):
            with self.assertRaisesRegex(RuntimeError, message):
                compiled(True, spec)


MASKED = """
func.func @main(%q: tensor<1x2x?x8xf32>, %k: tensor<1x2x?x8xf32>, %v: tensor<1x2x?x8xf32>,
                %m: tensor<1x?xi1>) -> tensor<1x2x?x8xf32> {
  %o = attn.attention query(%q : tensor<1x2x?x8xf32>) key(%k : tensor<1x2x?x8xf32>)
      value(%v : tensor<1x2x?x8xf32>) captures(%m : tensor<1x?xi1>)
      attributes {causal, scale = 0.5 : f64,
                  capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %f: i1):
      %low = arith.constant 0xFF800000 : f32
      %r = arith.select %f, %s, %low : f32
      attn.yield %r : f32
  } -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}"""


if __name__ == "__main__":
    unittest.main()
