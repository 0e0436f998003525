# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Sorting and transforms of long rows: whatever grows with the square of the length
would take many minutes here."""

import time
import unittest

import numpy as np

import differential
from cases_elementwise import F32, F64
from cases_sorting import distinct, top
from cases_transforms import EXACT, dft
from differential import single

COUNT, SECONDS = 10**6, 60


class Large(unittest.TestCase):
    def run_case(self, case, size):
        """The results for `size`, where the file has a name for it."""
        binary = differential.compile_cases([case])
        self.assertEqual(differential.compare(binary, [case], 7), [])
        begin = time.monotonic()
        results = binary(*case.fed(size))
        self.assertLess(time.monotonic() - begin, SECONDS)
        return case.fed(size), results

    def test_top_k(self):
        """Few and all of a million numbers, each of which is there about ten times."""
        numbers = lambda n: np.random.default_rng(n).integers(0, max(2, n // 10), n).astype(F32)
        for k in (lambda n: n // 3, lambda n: n, lambda n: 0):
            for largest in (0, 1):
                case = single("TopK", numbers, lambda n, k=k: np.array([k(n)]), outputs=2, largest=largest,
                              expected=top(-1, largest != 0))
                (x, count), (values, indices) = self.run_case(case, COUNT)
                order = np.argsort(-x if largest else x, kind="stable")[:count[0]]
                np.testing.assert_array_equal(indices, order)
                np.testing.assert_array_equal(values, x[order])

    def test_top_few(self):
        rows = lambda n: np.random.default_rng(n).integers(0, max(2, n // 10), (3, n)).astype(np.int32)
        case = single("TopK", rows, np.array([5]), outputs=2, expected=top(), constant=(1,))
        (x,), (values, indices) = self.run_case(case, COUNT)
        order = np.argsort(-x, kind="stable")[:, :5]
        np.testing.assert_array_equal(indices, order)

    def test_worst_orders(self):
        """Rows that are sorted already, either way, or all the same."""
        rows = lambda n: np.stack([np.arange(n), -np.arange(n), np.zeros(n)]).astype(F32)
        for k in (lambda n: n, lambda n: n // 20):
            case = single("TopK", rows, lambda n, k=k: np.array([k(n)]), outputs=2, expected=top())
            (x, count), (_, indices) = self.run_case(case, 10**5)
            np.testing.assert_array_equal(indices, np.argsort(-x, kind="stable")[:, :count[0]])

    def test_unique(self):
        numbers = lambda n: np.random.default_rng(n).integers(0, max(2, n // 10), n)
        case = single("Unique", numbers, outputs=4, expected=distinct())
        (x,), results = self.run_case(case, COUNT)
        wanted = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
        for result, array in zip(results, wanted):
            np.testing.assert_array_equal(result, array)

    def test_unique_rows(self):
        rows = lambda n: np.random.default_rng(n).integers(0, 7, (n, 5))
        case = single("Unique", rows, outputs=4, axis=0, expected=distinct(0))
        (x,), results = self.run_case(case, 10**5)
        wanted = np.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=0)
        for result, array in zip(results, wanted):
            np.testing.assert_array_equal(result, array.reshape(result.shape))

    def test_transforms(self):
        """A power of two, a prime, and a product of small primes."""
        signal = lambda n: np.random.default_rng(n).standard_normal((2, n, 2)).astype(F32)
        case = single("DFT", signal, expected=dft(1), tolerance=EXACT[F32])
        for size in (1 << 18, 100003, 3**10):
            (x,), (result,) = self.run_case(case, size)
            z = np.fft.fft(x[..., 0].astype(F64) + 1j * x[..., 1], axis=1)
            error = np.linalg.norm(result[..., 0] + 1j * result[..., 1] - z) / np.linalg.norm(z)
            self.assertLess(error, 1e-7)


if __name__ == "__main__":
    unittest.main()
