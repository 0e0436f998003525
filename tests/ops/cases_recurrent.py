# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of operators that step through a sequence."""

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
from onnx import helper

from cases_elementwise import F16, F32, F64, floats, integers
from differential import Case, single


def by_runtime(op, opset, names, outputs, attributes):
    """What ONNX Runtime computes, where the reference evaluator lacks attributes or versions."""
    def run(*arrays):
        given = iter(arrays)
        feeds = {name: next(given) for name in names if name}
        inputs = [helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in feeds.items()]
        results = [helper.make_tensor_value_info(f"y{i}", onnx.TensorProto.FLOAT, None)
                   for i in range(outputs)]
        node = helper.make_node(op, names, [value.name for value in results], **attributes)
        model = helper.make_model(helper.make_graph([node], "layer", inputs, results),
                                  opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
        session = onnxruntime.InferenceSession(model.SerializeToString(),
                                               providers=["CPUExecutionProvider"])
        return session.run(None, feeds)
    return run


def layer(op, steps, batch, hidden=5, width=4, opset=14, direction="forward", given="", **attributes):
    """One layer; `given` has b for biases, l for lengths, h and c for states, p for peepholes.
    -1 stands for n."""
    gates = dict(LSTM=4, GRU=3, RNN=1)[op]
    count = 2 if direction == "bidirectional" else 1
    outputs = 3 if op == "LSTM" else 2
    lengths = lambda n: np.random.default_rng(5).integers(
        1, (n if steps == -1 else steps) + 1, n if batch == -1 else batch).astype(np.int32)
    inputs = [floats(steps, batch, width), floats(count, gates * hidden, width, scale=0.4, seed=2),
              floats(count, gates * hidden, hidden, scale=0.4, seed=3),
              floats(count, 2 * gates * hidden, scale=0.3, seed=4) if "b" in given else None,
              lengths if "l" in given else None,
              floats(count, batch, hidden, seed=6) if "h" in given else None]
    if op == "LSTM":
        inputs += [floats(count, batch, hidden, seed=7) if "c" in given else None,
                   floats(count, 3 * hidden, scale=0.3, seed=8) if "p" in given else None]
    names = [f"x{i}" if value is not None else "" for i, value in enumerate(inputs)]
    attributes |= dict(direction=direction, hidden_size=hidden)
    expected = by_runtime(op, opset, names, outputs, attributes)
    return single(op, *inputs, opset=opset, outputs=outputs, expected=expected,
                  tolerance=(1e-4, 1e-5), **attributes)


def layers():
    cases = []
    for op in ("RNN", "GRU", "LSTM"):
        for direction in ("forward", "reverse", "bidirectional"):
            cases += [layer(op, -1, 3, direction=direction),
                      layer(op, 4, -1, direction=direction, given="blhcp", opset=22),
                      layer(op, -1, 2, direction=direction, given="bl", hidden=18),
                      layer(op, 3, 2, direction=direction, given="hc", hidden=16, opset=7)]
        cases.append(layer(op, -1, 2, given="bhcp", clip=0.4))
    for direction in ("forward", "bidirectional"):
        cases += [layer("GRU", -1, 2, direction=direction, given="blh", linear_before_reset=1),
                  layer("GRU", -1, 2, direction=direction, linear_before_reset=1)]
    cases.append(layer("LSTM", -1, 2, given="bcp", input_forget=1))
    return cases


def activations():
    cases = []
    for name, alpha, beta in [("Relu", [], []), ("Affine", [0.7], [0.1]), ("LeakyRelu", [0.2], []),
                              ("ThresholdedRelu", [0.3], []), ("ScaledTanh", [0.8], [0.6]),
                              ("HardSigmoid", [0.3], [0.4]), ("Elu", [0.7], []),
                              ("Softsign", [], []), ("Softplus", [], [])]:
        more = dict(activation_alpha=alpha) if alpha else {}
        more |= dict(activation_beta=beta) if beta else {}
        cases.append(layer("RNN", -1, 2, given="b", activations=[name], **more))
    cases.append(layer("GRU", -1, 2, direction="bidirectional", given="bl",
                       activations=["HardSigmoid", "Softsign", "Sigmoid", "LeakyRelu"],
                       activation_alpha=[0.3, 0.2], activation_beta=[0.4]))
    cases.append(layer("LSTM", -1, 2, direction="bidirectional", given="bp",
                       activations=["HardSigmoid", "Tanh", "Softsign", "Sigmoid", "Softsign", "Tanh"]))
    return cases


def linear_attention(steps, batch, heads, groups, key=4, value=6, dtype=F32, rule="gated_delta",
                     past=False, decay=None, beta=None, **attributes):
    """`decay` and `beta` are the widths of these inputs, if the rule has them."""
    shift = lambda make: lambda n: make(n) - dtype(1)
    rate = lambda make: lambda n: np.abs(make(n)) * dtype(0.3)
    inputs = [floats(batch, steps, heads * key, dtype=dtype, scale=0.5),
              floats(batch, steps, groups * key, dtype=dtype, scale=0.5, seed=2),
              floats(batch, steps, groups * value, dtype=dtype, seed=3),
              floats(batch, groups, key, value, dtype=dtype, seed=4) if past else None,
              shift(floats(batch, steps, decay, dtype=dtype, scale=0.2, seed=5)) if decay else None,
              rate(floats(batch, steps, beta, dtype=dtype, seed=6)) if beta else None]
    return single("LinearAttention", *inputs, opset=27, outputs=2, q_num_heads=heads,
                  kv_num_heads=groups, update_rule=rule, tolerance=(1e-4, 1e-5), **attributes)


def linear_attentions():
    return [linear_attention(-1, 2, 2, 2, rule="linear"),
            linear_attention(-1, 1, 4, 2, rule="linear", past=True, scale=0.3, value=17),
            linear_attention(-1, 2, 4, 2, rule="gated", decay=2),
            linear_attention(5, -1, 2, 1, rule="gated", decay=4, past=True),
            linear_attention(-1, 2, 3, 3, rule="delta", beta=3, value=16),
            linear_attention(-1, 2, 4, 1, decay=1, beta=1),
            linear_attention(-1, 2, 4, 2, decay=8, beta=1, past=True, key=4, value=33),
            linear_attention(-1, 2, 4, 2, decay=2, beta=2, dtype=F16),
            linear_attention(-1, 2, 4, 2, decay=2, beta=2, dtype=ml_dtypes.bfloat16)]


def caches():
    conv = lambda *inputs, **more: single("CausalConvWithState", *inputs, opset=27, outputs=2, **more)
    scatter = lambda *inputs, **more: single("TensorScatter", *inputs, **more)
    starts = lambda n: np.array([1, 0], np.int64)
    cases = [conv(floats(2, 3, -1), floats(3, 1, 4, seed=2)),
             conv(floats(2, 3, -1), floats(3, 1, 1, seed=2), None, floats(2, 3, 0)),
             conv(floats(-1, 5, 3), floats(5, 1, 3, seed=2), floats(5, seed=3),
                  floats(-1, 5, 2, seed=4), activation="silu"),
             conv(floats(2, 3, -1, dtype=F16), floats(3, 1, 4, dtype=F16, seed=2),
                  activation="swish"),
             scatter(floats(2, 3, 18, -1), floats(2, 3, 5, -1, seed=2)),
             scatter(floats(2, 3, 18, 4), floats(2, 3, -1, 4, seed=2), starts),
             scatter(floats(2, -1, 4, dtype=F16), floats(2, 1, 4, dtype=F16, seed=2),
                     lambda n: np.array([n - 1, 0], np.int64)),
             scatter(floats(2, -1, 4), floats(2, 1, 4, seed=2),
                     lambda n: np.array([n + 3, -2 * n - 1], np.int64), mode="circular", axis=1),
             scatter(integers(2, 5, -1, dtype=np.int8), integers(2, 5, 1, dtype=np.int8, seed=2),
                     None, axis=-1)]
    return cases


FLEX = """
<ir_version: 10, opset_import: ["": 26, "ai.onnx.preview": 1]>
flex (float[2,4,N,8] Q, float[2,2,M,8] K, float[2,2,M,6] V) => (float[2,4,N,6] Y) {
   Y = ai.onnx.preview.FlexAttention <scale: float = 0.4 %s> (Q, K, V)
}"""
CAPPED = """, score_mod: graph = score (float[B,H,L,S] s) => (float[B,H,L,S] t)
   <float cap = {2.0}> { u = Div (s, cap)  v = Tanh (u)  t = Mul (v, cap) }"""
HALVED = """, prob_mod: graph = prob (float[B,H,L,S] p) => (float[B,H,L,S] r)
   <float half = {0.5}> { r = Mul (p, half) }"""


def flex():
    cases = []
    for text in ("", CAPPED, HALVED, CAPPED + HALVED):
        model = onnx.parser.parse_model(FLEX % text)
        inputs = [floats(2, 4, -1, 8), floats(2, 2, -1, 8, seed=2), floats(2, 2, -1, 6, seed=3)]
        cases.append(Case(f"FlexAttention {text}", model, inputs, tolerance=(1e-4, 1e-5)))
    return cases


def losses():
    labels = integers(-1, 3, low=0, high=5, seed=3)
    cases = []
    for reduction in ("none", "sum", "mean"):
        for weights in (None, lambda n: np.abs(floats(5)(n)) + F32(0.1)):
            for more in ({}, dict(ignore_index=2)):
                cases += [single("SoftmaxCrossEntropyLoss", floats(-1, 5, 3), labels, weights, opset=13,
                                 outputs=2, reduction=reduction, **more),
                          single("NegativeLogLikelihoodLoss", floats(-1, 5, 3), labels, weights,
                                 opset=13, reduction=reduction, **more)]
    cases.append(single("SoftmaxCrossEntropyLoss", floats(-1, 5, dtype=F64),
                        integers(-1, low=0, high=5, dtype=np.int32), opset=12))
    return cases


CASES = layers() + activations() + linear_attentions() + caches() + flex() + losses()
