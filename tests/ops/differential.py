# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Compiles many small ONNX graphs as one module and compares what the binary
computes with ONNX's reference evaluator: values, shapes and types.

A case whose inputs are functions of `n` has dimensions that are known at run
time only; one binary serves all sizes.
"""

import os
import sys
import tempfile

import numpy as np
import onnx
from onnx import compose, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "numeric"))
import artifact  # noqa: E402

SIZES = (1, 7, 8, 9, 17)
TOLERANCES = {"float64": (1e-9, 1e-12), "float32": (1e-5, 2e-6),
              "float16": (4e-3, 2e-3), "bfloat16": (4e-2, 2e-2)}


class Case:
    """One graph and what to feed it.

    `inputs` are arrays, functions of n, or None for an input that is left out;
    `constant` lists the positions that become initializers.
    """

    def __init__(self, label, model, inputs, constant=(), expected=None,
                 tolerance=None):
        self.label, self.model, self.inputs = label, model, inputs
        self.constant, self.expected, self.tolerance = constant, expected, tolerance

    def arrays(self, n):
        return [value(n) if callable(value) else value for value in self.inputs]

    def wanted(self, n):
        if self.expected is not None:
            return self.expected(*self.arrays(n)) if callable(self.expected) else self.expected
        names = [value.name for value in self.model.graph.input]
        return ReferenceEvaluator(self.model).run(None, dict(zip(names, self.arrays(n))))

    def declared(self):
        """The model with its inputs' types; dimensions that change have names."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        kept = []
        for position, value in enumerate(model.graph.input):
            first, second = self.arrays(5)[position], self.arrays(6)[position]
            if position in self.constant:
                model.graph.initializer.append(numpy_helper.from_array(first, value.name))
                continue
            kept.append(_type_of(value.name, first, second))
        outputs = [_type_of(value.name, np.asarray(first), np.asarray(second)) for value, first, second
                   in zip(model.graph.output, self.wanted(5), self.wanted(6))]
        for old, new in ((model.graph.input, kept), (model.graph.output, outputs)):
            del old[:]
            old.extend(new)
        return model

    def fed(self, n):
        return [array for position, array in enumerate(self.arrays(n))
                if position not in self.constant]


def _type_of(name, first, second):
    shape = [a if a == b else f"d{a}_{b}" for a, b in zip(first.shape, second.shape)]
    kind = helper.np_dtype_to_tensor_dtype(first.dtype)
    return helper.make_tensor_value_info(name, kind, shape)


def single(op, *inputs, opset=24, constant=(), outputs=1, tolerance=None, expected=None,
           **attributes):
    """A case of one node. Integer arrays in `constant` become initializers."""
    names = [f"x{i}" if value is not None else "" for i, value in enumerate(inputs)]
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, results, name=op, **attributes)
    graph = helper.make_graph(
        [node], "case", [onnx.ValueInfoProto(name=name) for name in names if name],
        [onnx.ValueInfoProto(name=name) for name in results])
    imports = [helper.make_opsetid("", opset)]
    if attributes.get("domain"):
        imports.append(helper.make_opsetid(attributes["domain"], 1))
    model = helper.make_model(graph, opset_imports=imports)
    given = [value for value in inputs if value is not None]
    kept = [position for position, value in enumerate(
        [i for i, value in enumerate(inputs) if value is not None]) if value in constant]
    shapes = [getattr(value(7) if callable(value) else value, "shape", None) for value in given]
    label = f"{op} opset {opset} {attributes} on {shapes}"
    return Case(label, model, given, kept, expected, tolerance)


def merge(cases):
    """One model of all cases; inputs and outputs in order."""
    nodes, inputs, outputs, initializers = [], [], [], []
    for number, case in enumerate(cases):
        prefixed = compose.add_prefix(case.declared(), f"c{number}_").graph
        nodes += prefixed.node
        inputs += prefixed.input
        outputs += prefixed.output
        initializers += prefixed.initializer
    graph = helper.make_graph(nodes, "cases", inputs, outputs, initializers)
    opsets = cases[0].model.opset_import
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def compile_cases(cases):
    with tempfile.TemporaryDirectory() as folder:
        path, binary = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.so")
        onnx.save(merge(cases), path)
        artifact.compile_file(path, binary)
        return artifact.Artifact(binary)


def difference(result, wanted, tolerance):
    """What is wrong with a result, or None."""
    wanted = np.asarray(wanted)
    if result.shape != wanted.shape:
        return f"shape {result.shape}, but the reference has {wanted.shape}"
    if result.dtype != wanted.dtype:
        return f"type {result.dtype}, but the reference has {wanted.dtype}"
    limits = TOLERANCES.get(str(result.dtype))
    if limits and tolerance:
        limits = [max(pair) for pair in zip(limits, tolerance)]
    if limits is None:
        # NaN of types that NumPy does not know is equal by the value.
        raw = result.dtype.kind == "V" or result.dtype.name.startswith("float")
        a, b = (value.astype(np.float32) if raw else value for value in (result, wanted))
        same = np.array_equal(a, b, equal_nan=raw)
        return None if same else f"{result.ravel()[:8]}, but the reference has {wanted.ravel()[:8]}"
    a, b = result.astype(np.float64), wanted.astype(np.float64)
    if np.allclose(a, b, rtol=limits[0], atol=limits[1], equal_nan=True):
        return None
    worst = np.nanargmax(np.abs(a - b)) if not np.isnan(a - b).all() else 0
    return f"{a.ravel()[worst]} at {worst}, but the reference has {b.ravel()[worst]}"


def compare(binary, cases, n):
    fed = [array for case in cases for array in case.fed(n)]
    results = iter(binary(*fed))
    problems = []
    for case in cases:
        for position, wanted in enumerate(case.wanted(n)):
            wrong = difference(next(results), wanted, case.tolerance)
            if wrong:
                problems.append(f"{case.label}: output {position}, n = {n}: {wrong}")
    return problems


def check(cases, sizes):
    """Problems of cases with the same opsets. Where compiling fails, halves of
    the cases are tried, down to the one that is at fault."""
    try:
        binary = compile_cases(cases)
    except RuntimeError as error:
        if len(cases) == 1:
            return [f"{cases[0].label}: {error}"]
        half = len(cases) // 2
        return check(cases[:half], sizes) + check(cases[half:], sizes)
    problems = []
    for n in sizes:
        try:
            problems += compare(binary, cases, n)
        except artifact.RunError as error:
            problems.append(f"{error}, n = {n}, among {[case.label for case in cases]}")
    return problems


def check_all(cases, sizes=SIZES):
    groups = {}
    for case in cases:
        key = str(sorted((opset.domain, opset.version) for opset in case.model.opset_import))
        groups.setdefault(key, []).append(case)
    problems = []
    for group in groups.values():
        for begin in range(0, len(group), 60):
            problems += check(group[begin:begin + 60], sizes)
    return problems
