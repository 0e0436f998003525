# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Says a case of one node again in another opset: what is an input now may have been an
attribute then."""

import collections

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, checker, defs, helper
from onnx.reference import ReferenceEvaluator

from differential import Case

FIRST = 7
VARIADIC = defs.OpSchema.FormalParameterOption.Variadic
# Attributes that had other names than the inputs which took their place.
RENAMED = {("Pad", "constant_value"): "value", ("TopK", "K"): "k"}
# ONNX Runtime leaves the output_shape of the one out of account, and rounds places of
# the other to 32 bits, so that ties fall elsewhere.
UNLIKE_ONNXRUNTIME = {"MaxUnpool", "Resize"}
# Version 10 takes one scale, but ONNX Runtime several.
ONE_SCALE = {("QuantizeLinear", 10), ("DequantizeLinear", 10)}


def versions():
    """For each operator of ai.onnx the schemas that opsets from FIRST on can mean."""
    known = collections.defaultdict(list)
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            known[schema.name].append(schema)
    found = {}
    for name, schemas in known.items():
        schemas.sort(key=lambda schema: schema.since_version)
        ends = [schema.since_version for schema in schemas[1:]] + [10**6]
        found[name] = [schema for schema, end in zip(schemas, ends)
                       if end > FIRST and not schema.deprecated]
    return found


def _type_name(array):
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    return f"tensor({TensorProto.DataType.Name(kind).lower()})"


def _as_attribute(value, kind):
    items = [float(item) if value.dtype.kind == "f" else int(item) for item in value.ravel()]
    types = defs.OpSchema.AttrType
    return items[0] if kind in (types.INT, types.FLOAT) else items


def _fits(formal, array):
    return _type_name(array) in formal.types


def _arguments(node, schema, newest, arrays):
    """Inputs and attributes by which `schema` says what the node does, or None."""
    attributes = {given.name: helper.get_attribute_value(given) for given in node.attribute}
    inputs = []
    for position, name in enumerate(node.input):
        formal = newest.inputs[min(position, len(newest.inputs) - 1)].name
        formal = RENAMED.get((node.op_type, formal), formal)
        if formal in schema.attributes and formal not in newest.attributes:
            if name and arrays[name].size == 0:
                return None
            if name:
                attributes[formal] = _as_attribute(arrays[name], schema.attributes[formal].type)
            continue
        own = position < len(schema.inputs) or schema.inputs[-1].option == VARIADIC
        if not own or (name and not _fits(schema.inputs[min(position, len(schema.inputs) - 1)],
                                          arrays[name])):
            return None
        inputs.append(name)
    return inputs, attributes


def again(case, schema, newest):
    """The case in the first opset that has `schema`, or None if that cannot say it."""
    node = case.model.graph.node[0]
    names = [value.name for value in case.model.graph.input]
    given = case.arrays(5)
    arrays = dict(zip(names, given))
    found = _arguments(node, schema, newest, arrays)
    if found is None or ((node.op_type, schema.since_version) in ONE_SCALE and given[1].ndim):
        return None
    kept = [name for name in names if name in found[0]]
    made = helper.make_node(node.op_type, found[0], node.output, name=node.op_type, **found[1])
    opset = max(schema.since_version, FIRST)
    fed = [arrays[name] for name in kept]
    results = _expected(case, _model(made, kept, fed, [], opset), fed, given)
    if results is None:
        return None
    model = _model(made, kept, fed, results, opset)
    try:
        checker.check_model(model, full_check=True)
    except Exception:  # noqa: BLE001 - not what this version can say
        return None
    constant = [place for place, name in enumerate(kept) if names.index(name) in case.constant]
    return Case(f"{case.label} as opset {opset}", model, fed, constant, results, case.tolerance)


def _info(name, array):
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    return helper.make_tensor_value_info(name, kind, array.shape)


def _model(node, names, arrays, results, opset):
    outputs = [name for name in node.output if name]
    declared = ([_info(name, array) for name, array in zip(outputs, results)] if results
                else [onnx.ValueInfoProto(name=name) for name in outputs])
    graph = helper.make_graph([node], "case", [_info(*each) for each in zip(names, arrays)],
                              declared)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def _by_onnxruntime(model, fed):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return session.run(None, fed)


def _expected(case, model, fed, given):
    """ONNX Runtime keeps what each version means. Where it has no kernel for a type, what
    the case expects stands, or what ONNX's reference evaluator says."""
    named = dict(zip((value.name for value in model.graph.input), fed))
    own = (lambda: case.expected(*given)) if callable(case.expected) else lambda: case.expected
    sources = [lambda: _by_onnxruntime(model, named),
               own if case.expected is not None else
               lambda: ReferenceEvaluator(model).run(None, named)]
    if case.model.graph.node[0].op_type in UNLIKE_ONNXRUNTIME:
        sources.reverse()
    for source in sources:
        try:
            results = source()
        except Exception:  # noqa: BLE001 - it cannot tell
            continue
        tensors = all(isinstance(result, (np.ndarray, np.generic)) for result in results)
        return [np.asarray(result) for result in results] if tensors else None
    return None
