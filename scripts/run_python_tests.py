# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Runs the unittest files of a folder and prints `PASSED FAILED` last.

usage: run_python_tests.py FOLDER
"""

import sys
import unittest


def main(folder):
    sys.path.insert(0, folder)
    suite = unittest.defaultTestLoader.discover(folder, pattern="test_*.py")
    result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(result.testsRun - failed - len(result.skipped), failed + len(result.skipped))


if __name__ == "__main__":
    main(sys.argv[1])
