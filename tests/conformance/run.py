#!/usr/bin/env python3
# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Runs ONNX's backend tests through compiled binaries.

    build/venv/bin/python tests/conformance/run.py --all --write-table

Prints what is wrong, what crashed, and what no longer passes although it is in
passing.txt; the exit code is 1 if there is any of it.
"""

import argparse
import fnmatch
import os
import sys

import batch
import cases as official
import runner
import table

HERE = os.path.dirname(os.path.abspath(__file__))
PASSING = os.path.join(HERE, "passing.txt")


def passing():
    """Names of the cases that have passed."""
    with open(PASSING) as file:
        return {line.strip() for line in file if not line.startswith("#")}


def identity(case):
    return f"{case.family}/{case.name}"


def subset(cases):
    """Of each operator's cases every fourth, beginning with the first, and no large
    model: a quick look."""
    chosen, seen = [], {}
    for case in cases:
        turn = seen.get(case.operator, 0)
        seen[case.operator] = turn + 1
        if case.family not in runner.ALONE and turn % 4 == 0:
            chosen.append(case)
    return chosen


def complaints(cases, results, known):
    """What may not be, as lines."""
    lines = []
    for case, result in zip(cases, results):
        if result.status in (batch.WRONG, batch.CRASH):
            lines.append(f"{result.status}: {identity(case)} ({case.operator}): {result.reason}")
        elif result.status != batch.PASS and identity(case) in known:
            lines.append(f"passed before: {identity(case)} ({case.operator}): {result.reason}")
    return lines


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--all", action="store_true", help="all cases, not the subset")
    parser.add_argument("--match", metavar="GLOB", help="cases whose name or operator matches")
    parser.add_argument("--write-table", action="store_true",
                        help="write docs/conformance.md and passing.txt (requires --all)")
    parser.add_argument("--refused", action="store_true", help="print what is refused and why")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if options.write_table and (options.match or not options.all):
        parser.error("--write-table requires --all, without --match")
    return options


def _select(options):
    cases = official.all_cases()
    if options.match:
        return [case for case in cases if fnmatch.fnmatch(case.name, options.match)
                or fnmatch.fnmatch(case.operator, options.match)]
    return cases if options.all else subset(cases)


def main():
    options = _arguments()
    cases = _select(options)
    results = runner.run(cases, options.jobs, sys.stderr.isatty())
    lines = complaints(cases, results, passing())
    if options.refused:
        for case, result in zip(cases, results):
            if result.status == batch.REFUSED:
                print(f"refused: {identity(case)} ({case.operator}): {result.reason}")
    print("\n".join([*lines, table.totals(results)]))
    if options.write_table:
        table.write_table(os.path.join(HERE, "..", "..", "docs", "conformance.md"), cases, results)
        table.write_passing(PASSING, [identity(case) for case, result in zip(cases, results)
                                      if result.status == batch.PASS])
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
