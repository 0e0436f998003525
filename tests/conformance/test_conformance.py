# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""ONNX's backend tests: nothing is wrong, nothing crashes, and what passed passes."""

import os
import unittest

import batch
import cases as official
import run
import runner


class Conformance(unittest.TestCase):
    def test_all(self):
        cases = official.all_cases()
        results = runner.run(cases, os.cpu_count(), show=False)
        lines = run.complaints(cases, results, run.passing())
        self.assertEqual(lines, [], "\n".join(lines))
        passed = sum(result.status == batch.PASS for result in results)
        self.assertGreater(passed, 1800)

    def test_passing_cases_exist(self):
        names = {run.identity(case) for case in official.all_cases()}
        self.assertEqual(run.passing() - names, set())


if __name__ == "__main__":
    unittest.main()
