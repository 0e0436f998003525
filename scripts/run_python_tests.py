# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Runs the unittest files of a folder and prints `PASSED FAILED` last.

usage: run_python_tests.py FOLDER [FILE]

Each file is a process of its own; as many run at once as there are processors, the largest
first. What a file prints comes when it is done.
"""

import concurrent.futures
import glob
import os
import subprocess
import sys
import unittest


def run_file(folder, pattern):
    """Runs one file in this process. Returns how many tests passed and failed."""
    sys.path.insert(0, folder)
    suite = unittest.defaultTestLoader.discover(folder, pattern=pattern)
    result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
    failed = len(result.failures) + len(result.errors)
    return result.testsRun - failed - len(result.skipped), failed + len(result.skipped)


def start_file(folder, path):
    """Runs one file in a process. One that ends without a count is a failure."""
    done = subprocess.run([sys.executable, *(f"-W{option}" for option in sys.warnoptions),
                           __file__, folder, os.path.basename(path)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    *lines, last = done.stdout.splitlines() or [""]
    counts = last.split()
    if len(counts) == 2 and all(count.isdigit() for count in counts):
        return path, "\n".join(lines), int(counts[0]), int(counts[1])
    return path, done.stdout, 0, 1


def main(folder):
    passed = failed = 0
    paths = sorted(glob.glob(os.path.join(folder, "test_*.py")), key=os.path.getsize, reverse=True)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        started = [pool.submit(start_file, folder, path) for path in paths]
        for each in concurrent.futures.as_completed(started):
            path, text, good, bad = each.result()
            print(f"{path}:\n{text}", file=sys.stderr, flush=True)
            passed, failed = passed + good, failed + bad
    return passed, failed


if __name__ == "__main__":
    print(*(main(sys.argv[1]) if len(sys.argv) == 2 else run_file(*sys.argv[1:3])))
