# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Single operators against ONNX's reference evaluator, one case a graph."""

import unittest

import cases_algebra
import cases_elementwise
import cases_runtime
import cases_resize
import cases_signal
import cases_sorting
import cases_quantized
import cases_recurrent
import cases_regions
import cases_structure
import cases_transforms
import cases_vision
import differential


class Operators(unittest.TestCase):
    def check(self, cases):
        problems = differential.check_all(cases)
        self.assertEqual(problems, [], f"{len(problems)} problems in {len(cases)} cases:\n"
                         + "\n".join(problems))

    def test_elementwise(self):
        self.check(cases_elementwise.CASES)

    def test_structure(self):
        self.check(cases_structure.CASES)

    def test_quantized(self):
        self.check(cases_quantized.CASES)

    def test_recurrent(self):
        self.check(cases_recurrent.CASES)

    def test_algebra(self):
        self.check(cases_algebra.CASES)

    def test_runtime_sizes(self):
        self.check(cases_runtime.CASES)

    def test_signal(self):
        self.check(cases_signal.CASES)

    def test_sorting(self):
        self.check(cases_sorting.CASES)

    def test_transforms(self):
        self.check(cases_transforms.CASES)

    def test_regions(self):
        self.check(cases_regions.CASES)

    def test_vision(self):
        self.check(cases_vision.CASES)

    def test_resize(self):
        self.check(cases_resize.CASES)


if __name__ == "__main__":
    unittest.main()
