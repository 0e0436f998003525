# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The cases of ONNX's own backend tests: those that the onnx package generates, one
for each use of an operator, and the models that it ships with their data."""

import glob
import json
import os
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

DATA = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data")
# Relative and absolute ones, where what is expected is further from the exact result than
# ours. Attention's body scales queries and keys in 16 bits: these outputs are 9e-4 from the
# exact ones, ours 7e-4 on the other side. Those of the inverse DFT are up to 2e-7 where the
# exact ones are 0, and ours within 3e-15.
TOLERANCES = {"test_attention_4d_causal_fp16_expanded": (2**-9, 1e-7),
              "test_dft_inverse": (1e-3, 3e-7), "test_dft_inverse_opset19": (1e-3, 3e-7)}
STORED = ("simple", "pytorch-converted", "pytorch-operator")


@dataclass
class Case:
    """A model, and inputs with the outputs that are expected for them. Values that are
    no tensors stay as ONNX has them; their models are refused."""

    name: str
    family: str
    operator: str
    model: onnx.ModelProto
    data: list = field(repr=False)
    rtol: float = 1e-3
    atol: float = 1e-7

    def key(self):
        """What models need in common to become one."""
        return tuple(sorted((opset.domain, opset.version)
                            for opset in self.model.opset_import))


def _array(value):
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return np.asarray(value) if isinstance(value, (int, float, np.generic)) else value


def _shown(node):
    return f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type


def _operators(tests):
    """The operator that each test is about. One that holds an operator's body is
    about that operator."""
    single = {test.name: _shown(test.model.graph.node[0]) for test in tests
              if len(test.model.graph.node) == 1}
    names = {}
    for test in tests:
        base = test.name.split("_expanded")[0]
        if base != test.name and base in single:
            names[test.name] = single[base] + " (body)"
        else:
            nodes = [node for node in test.model.graph.node if node.op_type != "Constant"]
            names[test.name] = single.get(test.name) or _shown(nodes[0])
    return names


def node_cases():
    tests = collect_testcases(None)
    operators = _operators(tests)
    return [Case(test.name, "node", operators[test.name], test.model,
                 [([_array(value) for value in inputs], [_array(value) for value in outputs])
                  for inputs, outputs in test.data_sets],
                 *TOLERANCES.get(test.name, (test.rtol, test.atol)))
            for test in tests]


def _load(path, declared):
    with open(path, "rb") as file:
        content = file.read()
    if declared.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(content))
    if declared.HasField("optional_type"):
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(content))
    return numpy_helper.to_array(onnx.TensorProto.FromString(content))


def _data_set(folder, model):
    def load(kind, values):
        return [_load(os.path.join(folder, f"{kind}_{i}.pb"), value.type)
                for i, value in enumerate(values)]

    kept = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in kept]
    return load("input", inputs), load("output", model.graph.output)


def _options(folder):
    path = os.path.join(folder, "data.json")
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return json.load(file)


def stored_cases(family):
    cases = []
    for folder in sorted(glob.glob(os.path.join(DATA, family, "test_*"))):
        model = onnx.load(os.path.join(folder, "model.onnx"))
        options = _options(folder)
        data = [_data_set(part, model)
                for part in sorted(glob.glob(os.path.join(folder, "test_data_set_*")))]
        cases.append(Case(os.path.basename(folder), family, family, model, data,
                          options.get("rtol", 1e-3), options.get("atol", 1e-7)))
    return cases


def light_cases():
    """Whole networks whose weights are computed; their input is a ramp."""
    cases = []
    for folder in sorted(glob.glob(os.path.join(DATA, "real", "test_*"))):
        options = _options(folder)
        path = os.path.join(DATA, "light", os.path.basename(options["url"]))
        model = onnx.load(path)
        kept = {tensor.name for tensor in model.graph.initializer}
        inputs = []
        for value in model.graph.input:
            if value.name in kept:
                continue
            shape = [dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim]
            count = int(np.prod(shape))
            inputs.append((np.arange(count).reshape(shape) / count).astype(np.float32))
        outputs = [_load(f"{path[:-5]}_output_{i}.pb", value.type)
                   for i, value in enumerate(model.graph.output)]
        cases.append(Case(os.path.basename(folder), "light", "light", model, [(inputs, outputs)],
                          options.get("rtol", 1e-3), options.get("atol", 1e-7)))
    return cases


def all_cases():
    """Every case, ordered by family and name."""
    cases = node_cases() + light_cases()
    for family in STORED:
        cases += stored_cases(family)
    return sorted(cases, key=lambda case: (case.family, case.name))
