# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Results as text: a page for readers, and a list that the tests hold on to."""

import collections
import re

import batch

HEAD = """\
# ONNX conformance

What attune makes of the backend tests of the onnx package: the cases that it
generates for each operator, and the models that it ships. Inputs are run-time
inputs, shapes and axes among them. `tests/conformance/run.py --all --write-table`
writes this page.

- **pass**: values, types and shapes are as expected, within the case's tolerance
- **refused**: the compiler ends with exit code 1 and a reason
- **wrong**: values, a type or a shape differ, or the run ends with an error
- **crash**: the compiler has a bug or the binary ends by a signal

Three cases have a tolerance of our own, since what is expected is further from the exact
result than ours: `test_attention_4d_causal_fp16_expanded` by roundings to 16 bits,
`test_dft_inverse` and `test_dft_inverse_opset19` by 2e-7 where the exact result is 0.

"(body)" marks cases in which ONNX's function body stands for the operator.
"""


def totals(results):
    counts = collections.Counter(result.status for result in results)
    return ", ".join([f"{len(results)} cases"]
                     + [f"{counts[status]} {status}" for status in batch.STATUSES])


def _rows(groups):
    lines = ["| | pass | refused | wrong | crash |", "|---|---|---|---|---|"]
    for name, found in groups:
        counts = collections.Counter(found)
        numbers = [str(counts[status] or "") for status in batch.STATUSES]
        lines.append(f"| {name} | {' | '.join(numbers)} |")
    return lines


def _grouped(cases, results, attribute):
    groups = collections.defaultdict(list)
    for case, result in zip(cases, results):
        groups[getattr(case, attribute)].append(result.status)
    return sorted(groups.items())


def _general(reason):
    """A reason without names and numbers, so that like ones are counted together."""
    text = re.sub(r"'[^']*'", "'...'", reason)
    return re.sub(r"\b\d+\b", "N", text)


def _reasons(cases, results):
    found = collections.defaultdict(lambda: (set(), []))
    for case, result in zip(cases, results):
        if result.status == batch.REFUSED:
            operators, names = found[_general(result.reason)]
            operators.add(case.operator)
            names.append(case.name)
    lines = []
    for reason, (operators, names) in sorted(found.items(),
                                             key=lambda item: (-len(item[1][1]), item[0])):
        shown = ", ".join(sorted(operators))
        lines.append(f"- {len(names)}: {reason} ({shown})")
    return lines


def write_table(path, cases, results):
    node = [(case, result) for case, result in zip(cases, results) if case.family == "node"]
    lines = [HEAD, *_rows([*_grouped(cases, results, "family"),
                           ("all", [result.status for result in results])])]
    lines += ["", "## Operators", "", *_rows(_grouped(*zip(*node), "operator"))]
    lines += ["", "## Why cases are refused", "", *_reasons(cases, results)]
    bad = [f"- {case.name} ({case.operator}): {result.status}" for case, result
           in zip(cases, results) if result.status in (batch.WRONG, batch.CRASH)]
    lines += ["", "## Wrong or crashed", "", *(bad or ["None."])]
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")


def write_passing(path, names):
    with open(path, "w") as file:
        file.write("# Cases that pass, written by run.py --all --write-table.\n")
        file.write("".join(f"{name}\n" for name in sorted(names)))
