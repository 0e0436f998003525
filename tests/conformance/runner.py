# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Gives each case its status. Cases are compiled many to a module; those that are
refused are left out and the rest is compiled again; what fails otherwise is halved,
down to the case that is at fault."""

import concurrent.futures
import multiprocessing
import sys
import tempfile
from dataclasses import dataclass

import batch

SIZE = 40
# Models that are large by themselves.
ALONE = ("light",)

_cases = []


@dataclass
class Result:
    status: str
    reason: str = ""


def _halves(numbers):
    middle = len(numbers) // 2
    return {**judge(numbers[:middle]), **judge(numbers[middle:])}


def _everyone(numbers, status, reason):
    """The status of a case that is alone; otherwise those of the halves."""
    if len(numbers) > 1:
        return _halves(numbers)
    return {numbers[0]: Result(status, reason)}


def judge(numbers):
    """Results of cases with the same opsets, by their numbers."""
    results = {}
    while numbers:
        cases = [_cases[number] for number in numbers]
        with tempfile.TemporaryDirectory() as folder:
            compilation = batch.Compilation(batch.merge(cases), folder)
            if compilation.code == 0:
                status, problems = batch.execute(compilation.binary, cases, folder)
                if isinstance(problems, str):
                    return {**results, **_everyone(numbers, status, problems)}
                for number, problem in zip(numbers, problems):
                    results[number] = (Result(batch.WRONG, problem) if problem
                                       else Result(batch.PASS))
                return results
        if compilation.code == 1 and not compilation.refused:
            return {**results, **_everyone(numbers, batch.REFUSED, compilation.message)}
        if compilation.code != 1:
            return {**results, **_everyone(numbers, batch.CRASH, compilation.message)}
        for at, reason in compilation.refused.items():
            results[numbers[at]] = Result(batch.REFUSED, reason)
        numbers = [number for at, number in enumerate(numbers) if at not in compilation.refused]
    return results


def _batches(cases):
    groups = {}
    for number, case in enumerate(cases):
        key = number if case.family in ALONE else case.key()
        groups.setdefault(key, []).append(number)
    # Cases of one operator are neighbours; so are batches of like contents.
    for group in groups.values():
        count = -(-len(group) // SIZE)
        size = -(-len(group) // count)
        for begin in range(0, len(group), size):
            yield group[begin:begin + size]


def run(cases, jobs, show):
    """The results of `cases`, in their order."""
    global _cases
    _cases = cases  # what the workers inherit
    batches = sorted(_batches(cases), key=lambda numbers: (
        _cases[numbers[0]].family not in ALONE, -len(numbers)))
    results = {}
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context) as pool:
        running = {pool.submit(judge, numbers): numbers for numbers in batches}
        for future in concurrent.futures.as_completed(running):
            results.update(future.result())
            if show:
                print(f"\r{len(results)} of {len(cases)}", end="", file=sys.stderr, flush=True)
    if show:
        print(file=sys.stderr)
    return [results[number] for number in range(len(cases))]
