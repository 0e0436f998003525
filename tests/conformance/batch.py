# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Many cases as one module: how they are put together, what the compiler says of
them, and what a binary computes for them."""

import os
import pickle
import re
import signal
import subprocess
import sys
import time

import numpy as np
import onnx
from onnx import compose, helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "numeric"))
import artifact  # noqa: E402

PASS, REFUSED, WRONG, CRASH = "pass", "refused", "wrong", "crash"
STATUSES = (PASS, REFUSED, WRONG, CRASH)
# Seconds for one compilation, and for one run.
LIMIT = 600


def _rename_dims(graph, prefix):
    """Equal names would say that sizes of different cases are equal."""
    for value in [*graph.input, *graph.output, *graph.value_info]:
        if value.type.HasField("tensor_type"):
            for dim in value.type.tensor_type.shape.dim:
                if dim.dim_param:
                    dim.dim_param = prefix + dim.dim_param


def merge(cases):
    """One model of all cases, inputs and outputs in order. Names of case i begin
    with `case<i>_`."""
    parts = dict(node=[], input=[], output=[], initializer=[], value_info=[],
                 sparse_initializer=[])
    for number, case in enumerate(cases):
        prefix = f"case{number}_"
        graph = compose.add_prefix(case.model, prefix).graph
        _rename_dims(graph, prefix)
        for position, node in enumerate(graph.node):
            node.name = f"{prefix}{node.op_type}_{position}"
        for part, values in parts.items():
            values += getattr(graph, part)
    graph = onnx.GraphProto(name="cases", **parts)
    version = max(case.model.ir_version for case in cases)
    return helper.make_model(graph, opset_imports=cases[0].model.opset_import,
                             ir_version=version)


def _reason(line):
    """What a message says, without the names that differ between cases."""
    text = re.sub(r"^attune: error: ", "", line)
    text = re.sub(r"^\S*\.onnx'?: ", "", text)
    text = re.sub(r"^node '[^']*' \([^)]*\): ", "", text)
    return re.sub(r"case\d+_", "", text)


class Compilation:
    """What became of a compilation: `refused` maps the numbers of cases to reasons."""

    def __init__(self, model, folder):
        path, self.binary = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.so")
        onnx.save(model, path)
        self.refused = {}
        try:
            done = subprocess.run(
                [artifact.ATTUNE, "compile", path, "-o", self.binary, "--error-limit", "0"],
                capture_output=True, text=True, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.code, self.message = -1, f"does not compile in {LIMIT} s"
            return
        self.code = done.returncode
        lines = [line for line in done.stderr.splitlines() if line.startswith("attune: error: ")]
        self.message = _reason(lines[0]) if lines else f"exit code {self.code} without a message"
        for line in lines if self.code == 1 else []:
            for number in re.findall(r"\bcase(\d+)_", line)[:1]:
                self.refused.setdefault(int(number), _reason(line))


def difference(result, wanted, case):
    """What is wrong with an output, or None."""
    if not isinstance(wanted, np.ndarray):
        return f"a tensor, but {type(wanted).__name__} is expected"
    if result.shape != wanted.shape:
        return f"shape {result.shape}, but {wanted.shape} is expected"
    if result.dtype != wanted.dtype:
        return f"type {result.dtype}, but {wanted.dtype} is expected"
    # Types of NumPy's own are compared as they are, others by their values.
    rtol = max(case.rtol, 2**-6) if result.dtype.name == "bfloat16" else case.rtol
    if result.dtype.kind not in "?biufc":
        result, wanted = result.astype(np.float32), wanted.astype(np.float32)
    close = np.isclose(result, wanted, rtol=rtol, atol=case.atol, equal_nan=True)
    if close.all():
        return None
    at = tuple(int(index[0]) for index in np.nonzero(~close))
    return (f"{int((~close).sum())} of {close.size} elements differ: "
            f"{result[at]} at {at}, but {wanted[at]} is expected")


def _check(binary, cases):
    """Runs a binary on all the data of its cases; the problems of each, or None."""
    problems = [None] * len(cases)
    loaded = artifact.Artifact(binary)
    for turn in range(max(len(case.data) for case in cases)):
        sets = [case.data[min(turn, len(case.data) - 1)] for case in cases]
        fed = [array for inputs, _ in sets for array in inputs]
        for array, declared in zip(fed, loaded.manifest["inputs"]):
            if array.dtype != np.dtype(artifact.DTYPES[declared["dtype"]]):
                raise TypeError(f"input {declared['name']} is {array.dtype}, but the binary "
                                f"takes {declared['dtype']}")
        results = iter(loaded(*fed))
        for number, (_, outputs) in enumerate(sets):
            found = [difference(next(results), wanted, cases[number]) for wanted in outputs]
            wrong = next((text for text in found if text), None)
            problems[number] = problems[number] or wrong
    return problems


def execute(binary, cases, folder):
    """The problems of the cases; an error text instead if the run gives no results.
    It happens in a process of its own, which may die."""
    path = os.path.join(folder, "problems")
    child = os.fork()
    if child == 0:
        try:
            problems = _check(binary, cases)
        except artifact.RunError as error:
            problems = f"the run fails: {error}"
        except Exception as error:  # noqa: BLE001 - told to the parent
            problems = f"{type(error).__name__}: {error}"
        with open(path, "wb") as file:
            pickle.dump(problems, file)
        os._exit(0)
    end = time.monotonic() + LIMIT
    done, status = os.waitpid(child, os.WNOHANG)
    while not done and time.monotonic() < end:
        time.sleep(0.01)
        done, status = os.waitpid(child, os.WNOHANG)
    if not done:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return CRASH, f"does not run in {LIMIT} s"
    if status != 0:
        return CRASH, f"the run ends by signal {os.WTERMSIG(status)}"
    with open(path, "rb") as file:
        problems = pickle.load(file)
    return (WRONG if isinstance(problems, str) else PASS), problems
