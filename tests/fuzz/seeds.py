# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Writes the files that fuzzing starts from: seeds.py FOLDER"""

import json
import os
import sys

import onnx
import onnx.parser

HEADER = '<ir_version: 10, opset_import: ["" : 21, "local" : 1]>\n'
FUNCTION = '<domain: "local", opset_import: ["" : 21]>\n'
MODELS = [
    "g (float[N,4] x) => (float[N,2] y) <float[4,2] w = {1,2,3,4,5,6,7,8}>"
    "{ h = MatMul(x, w) y = Relu(h) }",
    "g (float[N,4] x) => (float[N,2,2] y) <int64[3] s = {0, 2, 2}> { y = Reshape(x, s) }",
    "g (float[A,B] x) => (float[B,A] y) { y = Transpose<perm = [1, 0]>(x) }",
    "g (float[N] x) => (float[N] y) { c = Constant<value_float: float = 0.5>()"
    "k = Constant<value = float[1] {2.0}>() m = Mul(x, k) y = Add(m, c) }",
    "g (float[N] x) => (float[N] y) { y = local.f<a = 0.5>(x) }\n" + FUNCTION +
    "f <a> (x) => (y) { y = LeakyRelu<alpha: float = @a>(x) }",
    "g (bool c, float[2] x) => (float[2] y) { y = If(c) <"
    "then_branch = t () => (float[2] a) { a = Relu(x) },"
    "else_branch = e () => (float[2] b) { b = Neg(x) }> }",
    "g (float[N,8] x, float[8] s) => (float[N,8] y) { y = LayerNormalization(x, s) }",
    "g (float[N,4] x) => (float[M,2] y) <int64[1] a = {2}, int64[1] z = {0}, int64[1] i = {1}>"
    "{ s = Shape(x) d = Slice(s, i, a) e = Mul(d, a) n = Concat<axis = 0>(e, a)"
    "r = ConstantOfShape(n) y = Expand(r, n) }",
    "g (uint8[N] x, float s, uint8 z) => (float[N] y) { y = DequantizeLinear(x, s, z) }",
    "g (float[B,L,8] q, float[B,L,8] k, float[B,L,8] v) => (float[B,L,8] y)"
    "{ t = Transpose<perm = [0, 2, 1]>(k) s = MatMul(q, t) p = Softmax<axis = -1>(s)"
    "y = MatMul(p, v) }",
]
MANIFESTS = [
    {"attune": 1, "name": "m", "target": {"triple": "x86_64-pc-linux-gnu", "features": ["a"]},
     "inputs": [{"name": "x", "dtype": "f32", "shape": ["N", 4, "?"]}],
     "outputs": [{"name": "y", "dtype": "i64", "shape": []}],
     "dims": {"N": {"min": 1, "max": -1}}, "weights": {"file": "w.bin"}, "producer": "p"},
]


def external(proto):
    """The model with its first weight in a file."""
    weight = proto.graph.initializer[0]
    weight.ClearField("float_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", "w.bin"), ("offset", "0"), ("length", "32")):
        entry = weight.external_data.add()
        entry.key, entry.value = key, value
    return proto


def main(folder):
    models = [onnx.parser.parse_model(HEADER + text) for text in MODELS]
    models.append(external(onnx.parser.parse_model(HEADER + MODELS[0])))
    contents = {"model": [model.SerializeToString() for model in models],
                "manifest": [json.dumps(manifest).encode() for manifest in MANIFESTS]}
    for kind, seeds in contents.items():
        os.makedirs(os.path.join(folder, kind), exist_ok=True)
        for i, seed in enumerate(seeds):
            with open(os.path.join(folder, kind, f"seed{i}"), "wb") as file:
                file.write(seed)

    with open(os.path.join(folder, "model.dict"), "w") as file:
        for name in sorted({schema.name for schema in onnx.defs.get_all_schemas()}):
            # As a message has it: its length, then its letters.
            file.write(f'"\\x{len(name):02x}{name}"\n')
    with open(os.path.join(folder, "manifest.dict"), "w") as file:
        for word in ("min", "max", "dims", "dtype", "shape", "bf16", "u64", "weights"):
            file.write(f'"\\"{word}\\""\n')


if __name__ == "__main__":
    main(sys.argv[1])
