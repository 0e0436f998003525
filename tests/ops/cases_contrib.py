# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operators of com.microsoft other than attention, as optimizers write them.

Their reference is ONNX Runtime; where it has no kernel for the CPU, a graph that
means the same.
"""

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from differential import Case

onnxruntime.set_default_logger_severity(4)
OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]


def floats(*shape, seed=0, scale=1.0):
    """Seeded numbers; a string among the sizes is n."""
    def make(sizes):
        return (np.random.default_rng([seed, *sizes]).standard_normal(sizes) * scale).astype(np.float32)
    return _of_size(make, shape)


def integers(*shape, low=0, high=5, seed=0, dtype=np.int32):
    """Seeded integers from `low` up to below `high`."""
    def make(sizes):
        return np.random.default_rng([seed, *sizes]).integers(low, high, sizes).astype(dtype)
    return _of_size(make, shape)


def _of_size(make, shape):
    if "n" not in shape:
        return make(shape)
    return lambda n: make(tuple(n if size == "n" else size for size in shape))


def runtime(model):
    """ONNX Runtime's results for arrays, of a model whose inputs have no types."""
    def expected(*arrays):
        typed = onnx.ModelProto()
        typed.CopyFrom(model)
        for value, array in zip(typed.graph.input, arrays):
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            value.CopyFrom(helper.make_tensor_value_info(value.name, kind, array.shape))
        session = onnxruntime.InferenceSession(typed.SerializeToString(),
                                               providers=["CPUExecutionProvider"])
        return session.run(None, {value.name: array
                                  for value, array in zip(typed.graph.input, arrays)})
    return expected


def graph(label, nodes, inputs, outputs, constant=(), expected=None, tolerance=None):
    """A case of nodes; `inputs` are arrays or functions of n by their names."""
    model = helper.make_model(
        helper.make_graph(nodes, "case", [onnx.ValueInfoProto(name=name) for name in inputs],
                          [onnx.ValueInfoProto(name=name) for name in outputs]),
        opset_imports=OPSETS, ir_version=10)
    positions = [list(inputs).index(name) for name in constant]
    return Case(label, model, list(inputs.values()), positions, expected or runtime(model), tolerance)


def named(operands):
    """Names for operands, "" for those that are left out."""
    return [f"x{i}" if value is not None else "" for i, value in enumerate(operands)]


def contrib(op, *operands, outputs=("y",), domain="com.microsoft", constant=(), expected=None,
            tolerance=None, **attributes):
    """A case of one node; `constant` lists the positions of initializers."""
    names = named(operands)
    node = helper.make_node(op, names, outputs, name=op, domain=domain, **attributes)
    inputs = {name: value for name, value in zip(names, operands) if name}
    shapes = [getattr(value(7) if callable(value) else value, "shape", None) for value in operands]
    return graph(f"{op} {attributes} on {shapes}", [node], inputs, [name for name in outputs if name],
                 [names[i] for i in constant], expected, tolerance)


GELUS = [
    contrib("Gelu", floats(2, "n", 8, scale=3)),
    contrib("BiasGelu", floats(2, "n", 8), floats(8, seed=1)),
    contrib("BiasGelu", floats("n"), floats("n", seed=1)),
    contrib("FastGelu", floats(2, "n", 8, scale=3)),
    contrib("FastGelu", floats(2, "n", 8), floats(8, seed=1)),
    contrib("FastGelu", floats(3, "n"), floats("n", seed=1)),
    contrib("QuickGelu", floats(2, "n", scale=3)),
    contrib("QuickGelu", floats(2, "n", scale=3), alpha=0.5),
    contrib("QuickGelu", floats(2, "n"), alpha=-1.0),
]


def bias_add(x, bias, skip):
    return [x + bias + skip]


SUMS = [contrib("BiasAdd", floats(2, "n", 8), floats(8, seed=1), floats(2, "n", 8, seed=2),
                expected=bias_add)]

NORMS = [
    contrib("SimplifiedLayerNormalization", floats(2, "n", 8), floats(8, seed=1), domain=""),
    contrib("SimplifiedLayerNormalization", floats(2, "n", 8), floats(8, seed=1), domain="",
            axis=-1, epsilon=0.1, stash_type=1),
    contrib("SimplifiedLayerNormalization", floats(2, "n", 8), floats(8, seed=1), domain="",
            outputs=("y", "root"), epsilon=0.01),
    contrib("SimplifiedLayerNormalization", floats("n", 3, 8), floats(3, 8, seed=1), domain="",
            outputs=("y", "root"), axis=1),
]
GAMMA, BETA, BIAS = (floats(8, seed=seed) for seed in (1, 2, 3))
for result in (("y",), ("y", "", "", "sum")):
    for beta in (BETA, None):
        for bias in (BIAS, None):
            NORMS.append(contrib("SkipLayerNormalization", floats(2, "n", 8), floats(2, "n", 8, seed=4),
                                 GAMMA, beta, bias, outputs=result, epsilon=0.01))
    for bias in (BIAS, None):
        NORMS.append(contrib("SkipSimplifiedLayerNormalization", floats(2, "n", 8),
                             floats(2, "n", 8, seed=4), GAMMA, bias, outputs=result, epsilon=0.01))
NORMS += [
    contrib("SkipLayerNormalization", floats(3, "n", 8), floats(1, "n", 8, seed=4), GAMMA, BETA),
    contrib("SkipLayerNormalization", floats(3, "n", 8), floats("n", 8, seed=4), GAMMA, BETA, BIAS,
            outputs=("y", "", "", "sum")),
    contrib("SkipLayerNormalization", floats("n", 8), floats("n", 8, seed=4), GAMMA, BETA),
    contrib("SkipSimplifiedLayerNormalization", floats("n", 8), floats("n", 8, seed=4), GAMMA),
]

TABLES = dict(words=floats(9, 8, seed=1), places=floats(20, 8, seed=2), kinds=floats(2, 8, seed=3))


def embed(kinds=True, mask=None, places=None, outputs=("y",), **attributes):
    return contrib("EmbedLayerNormalization", integers(2, "n", high=9),
                   integers(2, "n", high=2, seed=1) if kinds else None, TABLES["words"],
                   TABLES["places"], TABLES["kinds"] if kinds else None, GAMMA, BETA, mask, places,
                   outputs=outputs, **attributes)


EMBEDDINGS = [
    embed(mask_index_type=0),
    embed(kinds=False, mask_index_type=0),
    embed(mask=integers(2, "n", high=2, seed=5), outputs=("y", "index"), mask_index_type=1),
    embed(mask=integers(2, "n", low=-1, high=3, seed=5), outputs=("y", "index"), epsilon=0.1),
    embed(outputs=("y", "index")),
    embed(outputs=("y", "", "sum")),
    embed(kinds=False, outputs=("y", "", "sum"), mask_index_type=0),
    embed(places=integers(2, "n", high=20, seed=6, dtype=np.int32), mask_index_type=0),
    embed(places=integers(1, "n", high=20, seed=6, dtype=np.int32),
          mask=integers(2, "n", high=2, seed=5), outputs=("y", "index", "sum")),
]


def places(*shape, high=20):
    return integers(*shape, high=high, seed=7, dtype=np.int64)


def rotary(data, where, pairs, **attributes):
    return contrib("RotaryEmbedding", data, where, floats(40, pairs, seed=8), floats(40, pairs, seed=9),
                   **attributes)


ROTARIES = []
for interleaved in (0, 1):
    for where in (places(2, "n"), places(1)):
        ROTARIES += [
            rotary(floats(2, "n", 48), where, 8, interleaved=interleaved),
            rotary(floats(2, 3, "n", 16), where, 8, interleaved=interleaved),
            rotary(floats(2, "n", 48), where, 4, interleaved=interleaved, num_heads=3,
                   rotary_embedding_dim=8),
            rotary(floats(2, 3, "n", 16), where, 4, interleaved=interleaved, num_heads=3,
                   rotary_embedding_dim=8),
        ]
ROTARIES.append(rotary(floats(2, "n", 48), places(2, "n"), 8, num_heads=3, scale=1.0))

PRODUCTS = []
for swap_a in (0, 1):
    for swap_b in (0, 1):
        left = floats(2, 5, "n") if swap_a else floats(2, "n", 5)
        right = floats(2, 3, 5, seed=1) if swap_b else floats(2, 5, 3, seed=1)
        flags = dict(transA=swap_a, transB=swap_b)
        PRODUCTS.append(contrib("FusedMatMul", left, right, alpha=0.25, **flags))
        left = floats(5, 2, "n") if swap_a else floats("n", 2, 5)
        PRODUCTS.append(contrib("FusedMatMul", left, right, transBatchA=1, **flags))
        right = floats(3, 2, 5, seed=1) if swap_b else floats(5, 2, 3, seed=1)
        PRODUCTS.append(contrib("FusedMatMul", left, right, transBatchA=1, transBatchB=1, alpha=2.0,
                                **flags))
PRODUCTS += [
    contrib("FusedMatMul", floats("n", 5), floats(5, 3, seed=1)),
    contrib("FusedMatMul", floats(5), floats(2, 5, 3, seed=1), transA=1),
    contrib("FusedMatMul", floats(2, "n", 5), floats(5, seed=1), transB=1, alpha=-1.0),
    contrib("FusedMatMul", floats(2, 3, "n", 5), floats(3, 4, 5, seed=1), transB=1),
    contrib("FusedMatMul", floats(5, 2, 3, "n"), floats(2, 3, 5, 4, seed=1), transBatchA=1, transA=1),
]



def quantized(bits, block, width, rows, data=("n",), zeros=None, bias=False, **attributes):
    """A MatMulNBits; `zeros` are bytes or numbers."""
    count = -(-width // block)
    operands = [floats(*data, width), integers(rows, count, block * bits // 8, high=256, dtype=np.uint8),
                floats(rows * count, seed=3)]
    size = rows * (-(-count * bits // 8) if zeros == "bytes" else count)
    operands.append({None: None, "bytes": integers(size, high=256, dtype=np.uint8),
                     "numbers": floats(size, seed=4)}[zeros])
    if bias:
        operands += [None, floats(rows, seed=5)]
    given = [i for i, operand in enumerate(operands) if i > 0 and operand is not None]
    return contrib("MatMulNBits", *operands, constant=given, tolerance=(1e-3, 1e-3), K=width, N=rows,
                   bits=bits, block_size=block, **attributes)


PACKED = [
    quantized(4, 16, 32, 5),
    quantized(4, 32, 40, 3, data=(2, "n"), zeros="bytes", bias=True, accuracy_level=1),
    quantized(4, 16, 32, 5, zeros="numbers"),
    quantized(8, 16, 24, 4, data=(2, "n")),
    quantized(8, 16, 24, 4, zeros="bytes", bias=True),
]


def statistics(x, skip, gamma):
    """As documented; ONNX Runtime does not write them on the CPU."""
    total = x + skip
    mean = total.mean(-1, keepdims=True)
    inverse = 1 / np.sqrt(total.var(-1, keepdims=True) + np.float32(0.01))
    return [(total - mean) * inverse * gamma, mean, inverse]


NORMS.append(contrib("SkipLayerNormalization", floats(2, "n", 8), floats(2, "n", 8, seed=4), GAMMA,
                     outputs=("y", "mean", "inverse"), epsilon=0.01, expected=statistics))

CASES = GELUS + SUMS + NORMS + EMBEDDINGS + ROTARIES + PRODUCTS + PACKED
