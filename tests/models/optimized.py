# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Models in operators of com.microsoft: fixtures that ONNX Runtime's optimizer
rewrites, and decoders as onnxruntime-genai and the optimizer write them."""

import logging
import os
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import fixtures

CONTRIB = "com.microsoft"
HEADS = {"bert": 4, "gpt2": 3, "llama": 4, "vit": 3}
HIDDEN = {"bert": 36, "gpt2": 36, "llama": 40, "vit": 36}


def optimize(name, multi_head=False):
    """A fixture after onnxruntime.transformers.optimizer."""
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    family = name.split("_")[0]
    # It has no name for Llama; the fusions of GPT-2 look for what they know.
    kind = "gpt2" if family == "llama" else family
    options = FusionOptions(kind)
    options.use_multi_head_attention = multi_head
    logging.getLogger("onnxruntime.transformers").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.onnx")
        onnx.save(fixtures.load(name), path)
        optimizer.optimize_model(
            path, model_type=kind, num_heads=HEADS[family], hidden_size=HIDDEN[family], opt_level=0,
            use_gpu=False, optimization_options=options).save_model_to_file(path)
        return onnx.load(path)


def contrib_operators(model):
    """How many nodes of each operator there are that only ONNX Runtime has."""
    counts = {}
    for node in model.graph.node:
        if node.domain == CONTRIB or node.op_type == "SimplifiedLayerNormalization":
            counts[node.op_type] = counts.get(node.op_type, 0) + 1
    return counts


class Writer:
    """Collects nodes and seeded weights."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, *shape, mean=0.0, scale=0.3):
        name = f"w{len(self.weights)}"
        drawn = fixtures.generator(name).standard_normal(shape) * scale + mean
        return self.constant(drawn.astype(np.float32), name)

    def constant(self, array, name=None):
        name = name or f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, op, *inputs, outputs=1, domain="", **attributes):
        names = ([f"v{len(self.nodes)}_{i}" for i in range(outputs)] if isinstance(outputs, int)
                 else list(outputs))
        self.nodes.append(helper.make_node(op, inputs, names, name=f"{op}_{len(self.nodes)}",
                                           domain=domain, **attributes))
        return names[0] if len(names) == 1 else names

    def model(self, inputs, outputs):
        infos = [[helper.make_tensor_value_info(name, kind, shape)
                  for name, (kind, shape) in side.items()] for side in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, "decoder", *infos, self.weights)
        return helper.make_model(graph, ir_version=10, opset_imports=[
            helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)])


def angles(rows, pairs):
    turns = np.arange(rows)[:, None] * 100.0 ** (-np.arange(pairs) / pairs)[None]
    return np.cos(turns).astype(np.float32), np.sin(turns).astype(np.float32)


def genai_llama(packed=False, window=-1, layers=2):
    """Llama as onnxruntime-genai's model builder writes it: caches that grow, and
    lengths from the mask."""
    w, hidden, width, heads, key_heads = Writer(), 32, 16, 4, 2
    last = w.add("Sub", w.add("ReduceSum", "attention_mask", w.constant(np.array([1]))),
                 w.constant(np.array([1])))
    last = w.add("Cast", w.add("Squeeze", last, w.constant(np.array([1]))), to=TensorProto.INT32)
    total = w.add("Gather", w.add("Shape", "attention_mask"), w.constant(np.array(1)), axis=0)
    total = w.add("Cast", total, to=TensorProto.INT32)
    cos, sin = (w.constant(table) for table in angles(64, width // 2))
    row = w.add("Gather", w.weight(fixtures.VOCABULARY, hidden, scale=1.0), "input_ids")
    normal = w.add("SimplifiedLayerNormalization", row, w.weight(hidden, mean=1.0), axis=-1,
                   epsilon=1e-5, stash_type=1)

    def skip(row, added):
        return w.add("SkipSimplifiedLayerNormalization", row, added, w.weight(hidden, mean=1.0),
                     outputs=(f"n{len(w.nodes)}", "", "", f"s{len(w.nodes)}"), domain=CONTRIB, epsilon=1e-5)

    inputs = {"input_ids": (TensorProto.INT64, ["batch_size", "sequence_length"]),
              "attention_mask": (TensorProto.INT64, ["batch_size", "total_sequence_length"])}
    outputs = {"logits": (TensorProto.FLOAT, ["batch_size", "sequence_length", fixtures.VOCABULARY])}
    for layer in range(layers):
        sizes = [heads * width, key_heads * width, key_heads * width]
        if packed:
            given = [w.add("MatMul", normal, w.weight(hidden, sum(sizes))), "", ""]
        else:
            given = [w.add("MatMul", normal, w.weight(hidden, size)) for size in sizes]
        pasts, presents = ([f"{stem}.{layer}.{part}" for part in ("key", "value")]
                           for stem in ("past_key_values", "present"))
        attended = w.add("GroupQueryAttention", *given, *pasts, last, total, cos, sin,
                         outputs=(f"attended{layer}", *presents), domain=CONTRIB, num_heads=heads,
                         kv_num_heads=key_heads, scale=0.25, local_window_size=window, do_rotary=1,
                         rotary_interleaved=0)[0]
        for stem, side, names in (("past", inputs, pasts), ("total", outputs, presents)):
            for name in names:
                side[name] = (TensorProto.FLOAT,
                              ["batch_size", key_heads, f"{stem}_sequence_length", width])
        normal, _, _, row = skip(row, w.add("MatMul", attended, w.weight(heads * width, hidden)))
        gate = w.add("MatMul", normal, w.weight(hidden, 44))
        gate = w.add("Mul", gate, w.add("Sigmoid", gate))
        up = w.add("Mul", gate, w.add("MatMul", normal, w.weight(hidden, 44)))
        normal, _, _, row = skip(row, w.add("MatMul", up, w.weight(44, hidden)))
    w.add("MatMul", normal, w.weight(hidden, fixtures.VOCABULARY), outputs=("logits",))
    return w.model(inputs, outputs)


def optimized_gpt2(layers=2):
    """GPT-2 as the optimizer writes it: Attention with a past, FastGelu."""
    w, hidden, heads, width = Writer(), 32, 4, 8
    row = w.add("Add", w.add("Gather", w.weight(fixtures.VOCABULARY, hidden, scale=1.0), "input_ids"),
                w.add("Gather", w.weight(40, hidden), "position_ids"))
    mask = w.add("Cast", "attention_mask", to=TensorProto.INT32)
    normal = w.add("LayerNormalization", row, w.weight(hidden, mean=1.0), w.weight(hidden), epsilon=1e-5)
    inputs = {name: (TensorProto.INT64, ["batch", length]) for name, length in (
        ("input_ids", "seq"), ("position_ids", "seq"), ("attention_mask", "total"))}
    outputs = {"logits": (TensorProto.FLOAT, ["batch", "seq", fixtures.VOCABULARY])}
    for layer in range(layers):
        inputs[f"past_{layer}"] = (TensorProto.FLOAT, [2, "batch", heads, "past", width])
        outputs[f"present_{layer}"] = (TensorProto.FLOAT, [2, "batch", heads, "total", width])
        attended = w.add("Attention", normal, w.weight(hidden, 3 * hidden), w.weight(3 * hidden), mask,
                         f"past_{layer}", outputs=(f"attended{layer}", f"present_{layer}"),
                         domain=CONTRIB, num_heads=heads, unidirectional=1)[0]
        added = w.add("MatMul", attended, w.weight(hidden, hidden))
        normal, _, _, row = w.add(
            "SkipLayerNormalization", row, added, w.weight(hidden, mean=1.0), w.weight(hidden),
            w.weight(hidden), outputs=(f"n{layer}", "", "", f"s{layer}"), domain=CONTRIB, epsilon=1e-5)
        inner = w.add("FastGelu", w.add("MatMul", normal, w.weight(hidden, 44)), w.weight(44),
                      domain=CONTRIB)
        added = w.add("MatMul", inner, w.weight(44, hidden))
        normal, _, _, row = w.add(
            "SkipLayerNormalization", row, added, w.weight(hidden, mean=1.0), w.weight(hidden),
            w.weight(hidden), outputs=(f"m{layer}", "", "", f"t{layer}"), domain=CONTRIB, epsilon=1e-5)
    w.add("MatMul", normal, w.weight(hidden, fixtures.VOCABULARY), outputs=("logits",))
    return w.model(inputs, outputs)
