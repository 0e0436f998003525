# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random graphs against ONNX's reference evaluator: what fuses, and how."""

import unittest

import differential
from random_graphs import random_case


class Random(unittest.TestCase):
    def test_graphs(self):
        cases = [random_case(seed) for seed in range(40)]
        problems = differential.check_all(cases)
        self.assertEqual(problems, [], "\n".join(problems))


if __name__ == "__main__":
    unittest.main()
