# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operators of com.microsoft on 16-bit floats, which files for graphics processors
hold: as what ONNX Runtime computes in f32, rounded."""

import unittest

import numpy as np

import cases_contrib
import cases_contrib_attention
import differential

HALF = np.dtype(np.float16)


def halved(value):
    """An array, or a function of n, with floats of 16 bits."""
    if callable(value):
        return lambda n: halved(value(n))
    return value.astype(HALF) if value.dtype == np.float32 else value


def half(case):
    """A case with inputs and results of 16 bits."""
    def expected(*arrays):
        wide = [array.astype(np.float32) if array.dtype == HALF else array for array in arrays]
        return [halved(result) for result in case.expected(*wide)]

    return differential.Case(f"{case.label}, f16", case.model, [halved(value) for value in case.inputs],
                             case.constant, expected, (1e-2, 1e-2))


class Halves(unittest.TestCase):
    def test_some_of_each(self):
        a, b = cases_contrib, cases_contrib_attention
        cases = [half(case) for family, step in (
            (a.GELUS, 3), (a.NORMS[4:-1], 4), (a.EMBEDDINGS, 4), (a.ROTARIES, 5), (a.PRODUCTS, 6),
            (b.ATTENTIONS, 7), (b.MULTIS, 7), (b.GROUPS, 6)) for case in family[1::step]]
        problems = differential.check_all(cases, sizes=(1, 7))
        self.assertEqual(problems, [], "\n".join(problems))


if __name__ == "__main__":
    unittest.main()
